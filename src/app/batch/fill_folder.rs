//! The folder of a batch's fills. It is deleted when the program ends, and after a crash by the next batch.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

/// Prefix of the folders' names.
const PREFIX: &str = "batch-";
/// The file in a folder that its program keeps locked.
const LOCK_FILE: &str = "lock";
/// A folder without that file is a leftover at this age: its program may be about to write it.
const MIN_AGE_WITHOUT_LOCK: Duration = Duration::from_hours(24);

/// A folder that is deleted when this is dropped.
pub struct FillFolder {
    folder: tempfile::TempDir,
    _lock: File,
}

impl FillFolder {
    /// Makes a folder. Not in memory, as the system's temporary folder may be.
    pub fn new() -> anyhow::Result<Self> {
        let parent = match directories::ProjectDirs::from("", "", "Countenance") {
            Some(dirs) if !cfg!(test) => dirs.cache_dir().to_owned(),
            _ => std::env::temp_dir().join("countenance-batches"),
        };
        Self::new_in(&parent)
    }

    fn new_in(parent: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
        remove_leftovers(parent);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::create(folder.path().join(LOCK_FILE))?;
        // On disks without locks, the folder may be deleted by another window: its batch then says so.
        if let Err(error) = lock.try_lock() {
            tracing::debug!("{} cannot be locked: {error}", folder.path().display());
        }
        Ok(Self { folder, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of programs that have ended without doing so. What cannot be removed stays.
fn remove_leftovers(parent: &Path) {
    let paths = fs::read_dir(parent).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    for path in paths.filter(|path| is_batch(path) && is_unused(path)) {
        if let Err(error) = fs::remove_dir_all(&path) {
            tracing::debug!("{} cannot be removed: {error}", path.display());
        }
    }
}

fn is_batch(path: &Path) -> bool {
    let is_named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    is_named && fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn is_unused(path: &PathBuf) -> bool {
    if let Ok(lock) = File::options().write(true).open(path.join(LOCK_FILE)) {
        return lock.try_lock().is_ok();
    }
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age >= MIN_AGE_WITHOUT_LOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_batch_deletes_what_a_crash_has_left() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        for name in ["batch-crashed", "batch-new", "other"] {
            fs::create_dir(at(name)).unwrap();
        }
        for file in ["batch-crashed/lock", "batch-crashed/1.countenance", "other/lock"] {
            fs::write(at(file), "").unwrap();
        }
        let running = FillFolder::new_in(parent.path()).unwrap();
        assert!(!at("batch-crashed").exists() && at("batch-new").exists() && at("other").exists());
        let second = FillFolder::new_in(parent.path()).unwrap();
        assert!(running.path().exists() && second.path().exists(), "it is in use");
        let path = running.path().to_path_buf();
        drop(running);
        assert!(!path.exists());
    }
}
