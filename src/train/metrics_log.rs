//! The metrics of a run by step, as CSV: `log.csv` for training metrics, `quality.csv` for quality metrics.
//!
//! The first column is `step`; the first line names the others. A resumed run removes the rows after its checkpoint, so
//! that no step has two rows.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use super::TrainError;
use super::run_folder::RunFolder;
use crate::fs;

/// The values of one column, by step.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSeries {
    pub name: String,
    /// Step and value, in ascending order of steps.
    pub points: Vec<(u64, f64)>,
}

/// A CSV file, open for appending.
pub(super) struct MetricsLog {
    file: File,
    path: PathBuf,
    is_empty: bool,
}

impl MetricsLog {
    /// Opens or creates a file. Keeps only the rows up to `last_step`.
    pub fn open(path: &Path, last_step: u64) -> Result<Self, TrainError> {
        let failed = |source| TrainError::Write { path: path.to_path_buf(), source };
        if path.exists() {
            RunFolder::write_file(path, &rows_up_to(path, last_step)?)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        let is_empty = file.metadata().map_err(failed)?.len() == 0;
        Ok(Self { file, path: path.to_path_buf(), is_empty })
    }

    /// Appends a row. The first call on an empty file also writes the column names.
    pub fn append_row(&mut self, step: u64, values: &[(&str, f64)]) -> Result<(), TrainError> {
        let mut text = String::new();
        if self.is_empty {
            text.push_str("step");
            text.extend(values.iter().flat_map(|(name, _)| [",", name]));
            text.push('\n');
        }
        text.push_str(&step.to_string());
        text.extend(values.iter().map(|(_, value)| format!(",{value:.6}")));
        text.push('\n');
        let written = fs::append(&mut self.file, &self.path, text.as_bytes());
        written.map_err(|source| TrainError::Save { path: self.path.clone(), source: source.into() })?;
        self.is_empty = false;
        Ok(())
    }
}

/// The header and the rows up to a step, unchanged. An incomplete last row is dropped.
fn rows_up_to(path: &Path, last_step: u64) -> Result<Vec<u8>, TrainError> {
    let bytes = std::fs::read(path).map_err(|source| TrainError::Read { path: path.to_path_buf(), source })?;
    let text = String::from_utf8_lossy(&bytes);
    let mut kept = String::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let step = line.split(',').next().and_then(|step| step.parse::<u64>().ok());
        if line.ends_with('\n') && (index == 0 || step.is_some_and(|step| step <= last_step)) {
            kept.push_str(line);
        }
    }
    Ok(kept.into_bytes())
}

/// Reads the columns of a file; empty if it does not exist. Incomplete rows are skipped.
///
/// # Errors
/// When the file cannot be read as CSV.
pub(super) fn read_series(path: &Path) -> Result<Vec<MetricSeries>, TrainError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let failed = |source| TrainError::InvalidLog { path: path.to_path_buf(), source };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(failed)?;
    let empty = |name: &str| MetricSeries { name: name.to_string(), points: Vec::new() };
    let mut series: Vec<MetricSeries> = reader.headers().map_err(failed)?.iter().skip(1).map(empty).collect();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        let Some(step) = row.get(0).and_then(|step| step.parse().ok()).filter(|_| row.len() == series.len() + 1) else {
            continue;
        };
        for (column, value) in series.iter_mut().zip(row.iter().skip(1)) {
            column.points.extend(value.parse().ok().map(|value| (step, value)));
        }
    }
    Ok(series)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resuming_removes_later_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        assert_eq!(read_series(&path).unwrap(), []);
        let mut table = MetricsLog::open(&path, 0).unwrap();
        for step in [10, 20, 30] {
            table.append_row(step, &[("a", 0.5), ("b", -1.25)]).unwrap();
        }
        // A row that a crash cut off.
        std::fs::write(&path, [&std::fs::read(&path).unwrap()[..], b"40,0."].concat()).unwrap();
        let mut table = MetricsLog::open(&path, 20).unwrap();
        table.append_row(25, &[("a", 1.0), ("b", 2.0)]).unwrap();
        let expected = [("a", [0.5, 0.5, 1.0]), ("b", [-1.25, -1.25, 2.0])].map(|(name, values)| MetricSeries {
            name: name.into(),
            points: [10, 20, 25].into_iter().zip(values).collect(),
        });
        assert_eq!(read_series(&path).unwrap(), expected);
    }

    #[test]
    fn a_full_disk_leaves_whole_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        let mut table = MetricsLog::open(&path, 0).unwrap();
        table.append_row(10, &[("a", 0.5)]).unwrap();
        let disk = fs::faults::FullDisk::new(folder.path(), 5);
        let error = table.append_row(20, &[("a", 0.5)]).unwrap_err();
        assert!(matches!(error, TrainError::Save { .. }), "{error:?}");
        drop(disk);
        table.append_row(30, &[("a", 1.5)]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "step,a\n10,0.500000\n30,1.500000\n");
    }
}
