//! Removes the temporary files of programs that were killed while they wrote.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub(super) const PREFIX: &str = ".countenance-";
pub(super) const SUFFIX: &str = ".part";

/// A temporary file that nobody has written for this long is a leftover, if nobody has locked it either. A running
/// program writes far more often; the age alone protects it on disks without locks.
const MIN_AGE: Duration = Duration::from_mins(10);

/// Removes the leftovers in a folder. Does so once for each folder, because some folders hold many files.
pub(super) fn remove_once(folder: &Path) {
    static DONE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    if DONE.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.clone()) {
        remove(&folder);
    }
}

/// Removes the leftovers in a folder. What cannot be read or removed stays.
fn remove(folder: &Path) {
    let paths = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    for path in paths.filter(|path| is_temporary(path) && is_unused(path)) {
        if let Err(error) = fs::remove_file(&path) {
            tracing::debug!("{} cannot be removed: {error}", path.display());
        }
    }
}

fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// Whether the file is a real file, old enough, and locked by nobody. A file from the future (the clock was set back)
/// counts as new.
fn is_unused(path: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else { return false };
    let age = metadata.modified().ok().and_then(|modified| modified.elapsed().ok());
    metadata.is_file()
        && age.is_some_and(|age| age >= MIN_AGE)
        && File::options().read(true).write(true).open(path).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::{AtomicFile, Overwrite};
    use std::io::Write as _;
    use std::time::SystemTime;

    fn set_modified(path: &Path, time: SystemTime) {
        File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }

    #[test]
    fn only_old_unlocked_temporary_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, "half a picture").unwrap();
            path
        };
        let (old, young, future) =
            (file(".countenance-1.part"), file(".countenance-2.part"), file(".countenance-3.part"));
        let others = [file("work.part"), file(".countenance-notes")];
        let now = SystemTime::now();
        for path in others.iter().chain([&old]) {
            set_modified(path, now - MIN_AGE);
        }
        set_modified(&future, now + Duration::from_hours(1));
        remove(folder.path());
        assert!(!old.exists());
        assert!(young.exists() && future.exists() && others.iter().all(|path| path.exists()));
    }

    #[test]
    fn a_file_that_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let mut file = AtomicFile::create(&path, Overwrite::Refuse).unwrap();
        file.write_all(b"slow").unwrap();
        let temporary = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        assert!(is_temporary(&temporary));
        set_modified(&temporary, SystemTime::now() - 2 * MIN_AGE);
        remove(folder.path());
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"slow");
    }

    #[test]
    fn the_first_write_removes_leftovers() {
        let folder = tempfile::tempdir().unwrap();
        let leftover = folder.path().join(".countenance-1.part");
        fs::write(&leftover, "").unwrap();
        set_modified(&leftover, SystemTime::now() - MIN_AGE);
        crate::fs::write_atomically(&folder.path().join("a"), b"", Overwrite::Allow).unwrap();
        assert!(!leftover.exists());
    }
}
