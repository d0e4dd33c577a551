//! The photos and projects that were opened or saved last.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The most files that are remembered.
const MAX_FILES: usize = 10;

/// Absolute paths of photos and projects, the last used first, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<PathBuf>", into = "Vec<PathBuf>")]
pub struct RecentFiles(Vec<PathBuf>);

impl From<Vec<PathBuf>> for RecentFiles {
    fn from(paths: Vec<PathBuf>) -> Self {
        let mut files = Self::default();
        for path in paths.iter().rev().filter(|path| !path.as_os_str().is_empty()) {
            files.add(path);
        }
        files
    }
}

impl From<RecentFiles> for Vec<PathBuf> {
    fn from(files: RecentFiles) -> Self {
        files.0
    }
}

impl RecentFiles {
    pub fn paths(&self) -> &[PathBuf] {
        &self.0
    }

    /// Puts a file in front. Drops the oldest file when there are too many.
    pub fn add(&mut self, path: &Path) {
        // Preferences are text, so a path that is none cannot be kept.
        let Some(path) = std::path::absolute(path).ok().filter(|path| path.to_str().is_some()) else { return };
        self.remove(&path);
        self.0.insert(0, path);
        self.0.truncate(MAX_FILES);
    }

    /// Removes a file, such as one that cannot be opened any more.
    pub fn remove(&mut self, path: &Path) {
        let absolute = std::path::absolute(path);
        let path = absolute.as_deref().unwrap_or(path);
        self.0.retain(|file| file != path);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tasks::file_name;

    fn names(files: &RecentFiles) -> Vec<String> {
        files.paths().iter().map(|path| file_name(path)).collect()
    }

    #[test]
    fn the_last_used_file_comes_first_and_once() {
        let mut files = RecentFiles::default();
        for name in ["/p/a.png", "/p/b.png", "/q/../q/a.png", "/p/a.png"] {
            files.add(Path::new(name));
        }
        assert_eq!(names(&files), ["a.png", "a.png", "b.png"]);
        assert_eq!(files.paths()[0], Path::new("/p/a.png"));
        files.remove(Path::new("/p/a.png"));
        assert_eq!(names(&files), ["a.png", "b.png"]);
        (0..20).for_each(|index| files.add(Path::new(&format!("/r/{index}.png"))));
        assert_eq!((files.paths().len(), names(&files)[0].as_str()), (MAX_FILES, "19.png"));
    }

    #[test]
    fn relative_paths_become_absolute() {
        let mut files = RecentFiles::default();
        files.add(Path::new("a.png"));
        assert!(files.paths()[0].is_absolute());
        files.remove(Path::new("a.png"));
        assert!(files.paths().is_empty());
    }

    #[test]
    fn lists_edited_by_hand_are_limited() {
        let paths: Vec<_> = (0..30).map(|index| format!("/r/{}.png", index % 15)).collect();
        let files: RecentFiles = serde_json::from_value(serde_json::json!(paths)).unwrap();
        let expected: Vec<_> = (0..10).map(|index| format!("{index}.png")).collect();
        assert_eq!(names(&files), expected);
    }
}
