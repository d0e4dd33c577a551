//! Finds the picture files of a folder and its subfolders.

use std::fs;
use std::path::{Path, PathBuf};

use super::PrepareError;
use crate::photo::{PassedOver, is_hidden, sort_out_files};

/// The result of [`find_pictures`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundPictures {
    /// Picture files: sorted paths relative to the folder. Those of kinds that cannot be opened are among them.
    pub files: Vec<PathBuf>,
    /// All other files.
    pub passed_over: PassedOver,
    /// Subfolders that cannot be listed.
    pub unlistable_folders: Vec<PathBuf>,
}

/// Finds every picture file. Skips hidden files and folders, and the folder `skipped`. Does not follow
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
        let mut names = Vec::new();
        for entry in entries.filter_map(Result::ok).filter(|entry| !is_hidden(&entry.file_name())) {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders_to_visit.push(relative.join(entry.file_name()));
            } else if entry.path().is_file() {
                names.push(entry.file_name());
            }
        }
        let sorted_out = sort_out_files(&path, names);
        let relative_path = |photo: PathBuf| photo.file_name().map(|name| relative.join(name));
        found.files.extend(sorted_out.photos.into_iter().filter_map(relative_path));
        found.passed_over.add(sorted_out.passed_over);
    }
    found.files.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_and_results_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in
            ["b.JPG", "a/deep/er/c.png", "a/notes.txt", ".thumbs/d.png", "a/.e.png", "out/f.png", "z", "a/g.heic"]
        {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        fs::create_dir(root.join("folder.png")).unwrap();
        let found = find_pictures(root, &root.join("out")).unwrap();
        assert_eq!(found.files, ["a/deep/er/c.png", "a/g.heic", "b.JPG"].map(PathBuf::from));
        assert_eq!((found.passed_over.to_string().as_str(), found.unlistable_folders.len()), ("2 other files", 0));
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
