//! Labels of photos: a CSV with a column of file names, and columns of values.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::cli::usage_error;
use crate::model::is_direction_name;

/// Column titles that are taken for the file names; without any of them, the first column is.
const NAME_COLUMNS: [&str; 4] = ["name", "file", "filename", "path"];
/// Spreadsheets turn ages such as 3-9 and 10-19 into dates.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A direction that comes from a column: `NAME=COLUMN` or `NAME=COLUMN:HIGH/LOW`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LabelDirection {
    pub(super) name: String,
    column: String,
    /// The texts that count as 1 and 0, in small letters. `None` for numbers.
    ends: Option<(String, String)>,
}

impl LabelDirection {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, source) =
            text.split_once('=').ok_or("give a name and a column, for example age=age or gender=sex:female/male")?;
        if !is_direction_name(name) {
            return Err(format!("'{name}' is no name: use up to 32 small letters, digits and hyphens"));
        }
        let (column, ends) = match source.split_once(':') {
            None => (source, None),
            Some((column, ends)) => {
                let (high, low) = ends.split_once('/').ok_or("give both ends of the direction: HIGH/LOW")?;
                (column, Some((high.to_lowercase(), low.to_lowercase())))
            }
        };
        Ok(Self { name: name.into(), column: column.into(), ends })
    }

    /// The value of a cell; `None` if it says nothing about this direction.
    fn value(&self, cell: &str) -> Option<f32> {
        let cell = cell.trim().to_lowercase();
        match &self.ends {
            None => number(&cell),
            Some((high, _)) if cell == *high => Some(1.0),
            Some((_, low)) if cell == *low => Some(0.0),
            Some(_) => None,
        }
    }
}

/// A number, or the middle of a range. `more than 70` and `70+` are 70.
fn number(cell: &str) -> Option<f32> {
    let month = |text: &str| MONTHS.iter().position(|month| *month == text).and_then(|at| u8::try_from(at + 1).ok());
    let parse = |text: &str| -> Option<f32> {
        let text = text.trim();
        month(text).map(f32::from).or_else(|| text.parse().ok()).filter(|value: &f32| value.is_finite())
    };
    let bare = cell.trim_start_matches("more than").trim_end_matches('+');
    parse(bare).or_else(|| {
        let (from, to) = bare.split_once('-')?;
        Some(parse(from)?.midpoint(parse(to)?))
    })
}

/// The values of all directions for each photo of a table.
pub(super) struct Labels {
    /// By file name, one value for each direction.
    by_file: HashMap<String, Vec<Option<f32>>>,
}

impl Labels {
    pub(super) fn read(path: &Path, directions: &[LabelDirection]) -> anyhow::Result<Self> {
        let named = || path.display().to_string();
        let mut reader = csv::Reader::from_path(path).with_context(|| format!("{} cannot be read", named()))?;
        let titles = reader.headers().with_context(named)?.clone();
        let column = |wanted: &str| titles.iter().position(|title| title.trim().eq_ignore_ascii_case(wanted));
        let name_column = NAME_COLUMNS.iter().find_map(|title| column(title)).unwrap_or(0);
        let columns = directions.iter().map(|direction| {
            column(&direction.column).ok_or_else(|| {
                let titles: Vec<&str> = titles.iter().collect();
                usage_error(format!("{} has no column '{}': it has {}", named(), direction.column, titles.join(", ")))
            })
        });
        let columns = columns.collect::<anyhow::Result<Vec<_>>>()?;
        let mut by_file = HashMap::new();
        for record in reader.records() {
            let record = record.with_context(named)?;
            let values =
                directions.iter().zip(&columns).map(|(direction, column)| direction.value(record.get(*column)?));
            by_file.insert(file_name(Path::new(record.get(name_column).unwrap_or_default())), values.collect());
        }
        let labels = Self { by_file };
        for (index, direction) in directions.iter().enumerate() {
            if !labels.by_file.values().any(|values| values[index].is_some()) {
                let what = if direction.ends.is_some() { "neither of the two texts" } else { "no number" };
                bail!("the column '{}' of {} has {what}: check --direction", direction.column, named());
            }
        }
        Ok(labels)
    }

    /// The values of a photo; `None` if the table does not have it.
    pub(super) fn of(&self, photo: &Path) -> Option<&[Option<f32>]> {
        self.by_file.get(&file_name(photo)).map(Vec::as_slice)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_dates_are_numbers() {
        let cells = ["31", " 2.5", "3-9", "20-29", "more than 70", "70+", "03-sep", "oct-19", "-3"];
        let expected = [31.0, 2.5, 6.0, 24.5, 70.0, 70.0, 6.0, 14.5, -3.0];
        for (cell, expected) in cells.into_iter().zip(expected) {
            assert!(number(cell).is_some_and(|value| (value - expected).abs() < 1e-6), "{cell}: {:?}", number(cell));
        }
        assert!(["", "old", "a-b", "inf", "3-"].into_iter().all(|cell| number(cell).is_none()));
    }

    #[test]
    fn two_texts_are_the_ends_of_a_direction() {
        let direction = LabelDirection::parse("gender=Sex:Female/Male").unwrap();
        assert_eq!(["female", " MALE ", "unknown"].map(|cell| direction.value(cell)), [Some(1.0), Some(0.0), None]);
        for text in ["gender", "Gender=sex", "=sex", "gender=sex:female"] {
            assert!(LabelDirection::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn labels_are_found_by_file_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        std::fs::write(&path, "score,Name,age,sex\n0.5,train/1.jpg,20-29,Male\n0.7,2.jpg,,Female\n").unwrap();
        let read = |texts: &[&str]| {
            let directions: Vec<_> = texts.iter().map(|text| LabelDirection::parse(text).unwrap()).collect();
            Labels::read(&path, &directions)
        };
        let labels = read(&["age=AGE", "gender=sex:female/male"]).unwrap();
        assert_eq!(labels.of(Path::new("photos/1.jpg")), Some(&[Some(24.5), Some(0.0)][..]));
        assert_eq!(labels.of(Path::new("2.jpg")), Some(&[None, Some(1.0)][..]));
        assert_eq!(labels.of(Path::new("3.jpg")), None);
        let error = |texts: &[&str]| {
            let error = format!("{:#}", read(texts).err().unwrap());
            error.replace(&path.display().to_string(), "labels.csv")
        };
        insta::assert_snapshot!(error(&["hair=hair"]), @"labels.csv has no column 'hair': it has score, Name, age, sex");
        insta::assert_snapshot!(error(&["gender=sex"]), @"the column 'sex' of labels.csv has no number: check --direction");
    }
}
