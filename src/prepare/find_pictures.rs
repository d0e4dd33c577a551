//! Finds the picture files of a folder and its subfolders.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::PrepareError;
use crate::photo::PHOTO_EXTENSIONS;

/// The result of [`find_pictures`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundPictures {
    /// Picture files: sorted paths relative to the folder.
    pub files: Vec<PathBuf>,
    /// Number of files without a picture extension.
    pub other_files: usize,
    /// Subfolders that cannot be listed.
    pub unlistable_folders: Vec<PathBuf>,
}

/// Finds every file with a picture extension. Skips hidden files and folders, and the folder `skipped`. Does not follow
/// links to folders, because they may form a cycle.
///
/// # Errors
/// When the folder itself cannot be listed.
pub fn find_pictures(folder: &Path, skipped: &Path) -> Result<FoundPictures, PrepareError> {
    let mut found = FoundPictures::default();
    let mut folders_to_visit = vec![PathBuf::new()];
    let skipped = skipped.canonicalize().ok();
    while let Some(relative) = folders_to_visit.pop() {
        // Joining an empty path would add a slash.
        let path = if relative.as_os_str().is_empty() { folder.to_path_buf() } else { folder.join(&relative) };
        if !relative.as_os_str().is_empty() && skipped.is_some() && path.canonicalize().ok() == skipped {
            continue;
        }
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(source) if relative.as_os_str().is_empty() => return Err(PrepareError::List { path, source }),
            Err(_) => {
                found.unlistable_folders.push(relative);
                continue;
            }
        };
        for entry in entries.filter_map(Result::ok) {
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let relative = relative.join(entry.file_name());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders_to_visit.push(relative);
            } else if entry.path().is_file() {
                if has_photo_extension(&relative) {
                    found.files.push(relative);
                } else {
                    found.other_files += 1;
                }
            }
        }
    }
    found.files.sort();
    Ok(found)
}

fn has_photo_extension(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|extension| PHOTO_EXTENSIONS.iter().any(|photo| photo.eq_ignore_ascii_case(extension)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_and_results_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["b.JPG", "a/deep/er/c.png", "a/notes.txt", ".thumbs/d.png", "a/.e.png", "out/f.png", "z"] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        fs::create_dir(root.join("folder.png")).unwrap();
        let found = find_pictures(root, &root.join("out")).unwrap();
        assert_eq!(found.files, [PathBuf::from("a/deep/er/c.png"), PathBuf::from("b.JPG")]);
        assert_eq!((found.other_files, found.unlistable_folders.len()), (2, 0));
    }

    #[cfg(unix)]
    #[test]
    fn cyclic_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.png"), b"").unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        let found = find_pictures(folder.path(), Path::new("nowhere")).unwrap();
        assert_eq!(found.files, [PathBuf::from("a.png")]);
    }

    #[test]
    fn missing_folder_is_an_error() {
        let error = find_pictures(Path::new("no/such/folder"), Path::new("out")).unwrap_err().to_string();
        insta::assert_snapshot!(error, @"cannot list the folder no/such/folder: check that it exists and can be read");
    }
}
