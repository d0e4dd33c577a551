//! Broken disks for tests: a folder on a full disk, and a folder that nobody can write to.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes that still fit on the disk of each folder.
static FREE_BYTES: Mutex<BTreeMap<PathBuf, usize>> = Mutex::new(BTreeMap::new());

/// While it lives, only this many bytes fit into a folder and those below it, as [`super::AtomicFile`] writes them.
pub(crate) struct FullDisk {
    folder: PathBuf,
}

impl FullDisk {
    pub(crate) fn new(folder: &Path, free_bytes: usize) -> Self {
        disks().insert(folder.to_path_buf(), free_bytes);
        Self { folder: folder.to_path_buf() }
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        disks().remove(&self.folder);
    }
}

fn disks() -> MutexGuard<'static, BTreeMap<PathBuf, usize>> {
    FREE_BYTES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The part of `bytes` that fits, as the next write of the file at `path`.
pub(super) fn fitting<'a>(path: &Path, bytes: &'a [u8]) -> io::Result<&'a [u8]> {
    let mut disks = disks();
    let Some((_, free)) = disks.iter_mut().find(|(folder, _)| path.starts_with(folder)) else { return Ok(bytes) };
    if *free == 0 && !bytes.is_empty() {
        return Err(io::ErrorKind::StorageFull.into());
    }
    let count = bytes.len().min(*free);
    *free -= count;
    Ok(&bytes[..count])
}

/// A folder in which this process, even as root, cannot create a file; `None` where none is known. The first value
/// keeps it alive.
pub(crate) fn read_only_folder() -> Option<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("read-only");
    std::fs::create_dir(&path).unwrap();
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    // Permission bits do not bind root, but the kernel's own folder does.
    let found = [path, PathBuf::from("/sys")].into_iter().find(|path| {
        let file = tempfile::tempfile_in(path);
        let kinds = [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem];
        file.is_err_and(|error| kinds.contains(&error.kind()))
    });
    found.map(|path| (folder, path))
}

/// The names in a folder.
pub(crate) fn file_names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn full_disk_keeps_the_old_file() {
    use super::{Overwrite, WriteError, write_atomically};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    write_atomically(&path, b"old", Overwrite::Allow).unwrap();
    let disk = FullDisk::new(folder.path(), 5);
    let error = write_atomically(&path, b"longer", Overwrite::Allow).unwrap_err();
    assert!(matches!(error, WriteError::DiskFull { .. }), "{error:?}");
    assert_eq!((std::fs::read(&path).unwrap(), file_names(folder.path())), (b"old".to_vec(), vec!["a".to_owned()]));
    drop(disk);
    write_atomically(&path, b"longer", Overwrite::Allow).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"longer");
}
