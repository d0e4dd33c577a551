//! The next and the previous photo in a folder.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::photo::{has_photo_extension, is_hidden};

/// What the editor appends to a photo's name when it writes something beside it.
const WRITTEN_SUFFIXES: [&str; 3] = ["-filled", "-layer", "-mask"];

/// The photo after this one in its folder, or the one before. `None` at the end. Names are compared as people count:
/// `face 9` comes before `face 10`. What was exported from a photo of the folder under the suggested name is skipped.
///
/// # Errors
/// When the folder cannot be read.
pub fn neighbour_photo(path: &Path, is_forward: bool) -> std::io::Result<Option<PathBuf>> {
    let path = std::path::absolute(path)?;
    let Some(folder) = path.parent() else { return Ok(None) };
    let mut photos: Vec<PathBuf> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    photos.retain(|photo| {
        has_photo_extension(photo) && !is_hidden(photo.file_name().unwrap_or_default()) && photo.is_file()
    });
    let names: HashSet<String> = photos.iter().map(|photo| stem(photo)).collect();
    photos.retain(|photo| !written_from(&stem(photo)).is_some_and(|source| names.contains(source)));
    // The photo itself may be gone, but its place is known.
    let is_beyond = |photo: &PathBuf| {
        let order = compare_names(photo, &path);
        order == if is_forward { Ordering::Greater } else { Ordering::Less }
    };
    let beyond = photos.into_iter().filter(is_beyond);
    let by_name = |a: &PathBuf, b: &PathBuf| compare_names(a, b);
    Ok(if is_forward { beyond.min_by(by_name) } else { beyond.max_by(by_name) })
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The name of the photo from which a file of this name was written: `a` for `a-filled` and `a-filled-2`.
fn written_from(name: &str) -> Option<&str> {
    let without_number = name.trim_end_matches(|letter: char| letter.is_ascii_digit()).strip_suffix('-');
    let sources = [Some(name), without_number].into_iter().flatten();
    sources.flat_map(|name| WRITTEN_SUFFIXES.map(|suffix| name.strip_suffix(suffix))).flatten().next()
}

/// Compares file names: numbers by value, letters without regard to case first.
fn compare_names(a: &Path, b: &Path) -> Ordering {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (a, b) = (name(a), name(b));
    name_parts(&a).cmp(&name_parts(&b)).then_with(|| a.cmp(&b))
}

/// A name as texts in lower case and numbers without leading zeros, by turns.
fn name_parts(name: &str) -> Vec<(String, usize, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text_end = rest.find(|letter: char| letter.is_ascii_digit()).unwrap_or(rest.len());
        let (text, digits) = rest.split_at(text_end);
        let number_end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
        let number = digits[..number_end].trim_start_matches('0');
        // A longer number is a larger one.
        parts.push((text.to_lowercase(), number.len(), number.to_owned()));
        rest = &digits[number_end..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exported_files_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let names =
            ["a.jpg", "a-filled.png", "a-filled-2.png", "a-mask.png", "b-filled.png", "c-12.png", "d-layer.png"];
        for name in names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let mut path = folder.path().join("a.jpg");
        let mut order = Vec::new();
        while let Some(next) = neighbour_photo(&path, true).unwrap() {
            order.push(next.file_name().unwrap().to_string_lossy().into_owned());
            path = next;
        }
        assert_eq!(order, ["b-filled.png", "c-12.png", "d-layer.png"], "their photos are not in the folder");
    }

    #[test]
    fn photos_follow_each_other_by_name_and_number() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["A 2.jpg", "a 10.PNG", "a 9.jpeg", "b.webp", "notes.txt", "a 11.countenance"];
        for name in names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("a 9b.jpg")).unwrap();
        let neighbour = |name: &str, is_forward: bool| {
            let found = neighbour_photo(&folder.path().join(name), is_forward).unwrap();
            found.map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        };
        let order = ["A 2.jpg", "a 9.jpeg", "a 10.PNG", "b.webp"];
        for pair in order.windows(2) {
            assert_eq!(neighbour(pair[0], true).as_deref(), Some(pair[1]));
            assert_eq!(neighbour(pair[1], false).as_deref(), Some(pair[0]));
        }
        assert_eq!((neighbour("b.webp", true), neighbour("A 2.jpg", false)), (None, None));
        assert_eq!(neighbour("a 9z.jpg", true).as_deref(), Some("a 10.PNG"), "a photo that was deleted");
        assert!(neighbour_photo(Path::new("/no/such/folder/a.jpg"), true).is_err());
    }
}
