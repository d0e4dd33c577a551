//! Atomic file writing: a file is written completely or not at all.
//!
//! A program that is killed while it writes leaves its temporary file; the next program that writes into the folder
//! removes it (see `leftovers`).

#[cfg(test)]
pub(crate) mod faults;
#[cfg(test)]
pub(crate) mod kills;
mod leftovers;

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Whether an existing file may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    Refuse,
    Allow,
}

/// Why a file cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("{path} already exists: choose another name, or allow replacing it", path = path.display())]
    Exists { path: PathBuf },
    #[error("there is no folder {folder}: create it or choose another one", folder = folder.display())]
    NoFolder { folder: PathBuf, source: io::Error },
    #[error("you have no permission to write to {folder}: choose another folder", folder = folder.display())]
    ReadOnly { folder: PathBuf, source: io::Error },
    #[error("the disk is full: free some space, or save {path} on another disk", path = path.display())]
    DiskFull { path: PathBuf, source: io::Error },
    #[error("{path} is a folder: choose a file name", path = path.display())]
    IsFolder { path: PathBuf },
    #[error("cannot write {path}: try another folder or name", path = path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// A file that is being written: a temporary file in the same folder, which gets its final name when it is complete.
/// Dropping it earlier deletes the temporary file.
pub struct AtomicFile {
    file: tempfile::NamedTempFile,
    path: PathBuf,
    overwrite: Overwrite,
}

impl AtomicFile {
    /// Creates the temporary file.
    ///
    /// # Errors
    /// When `path` exists and must not be replaced, is a folder, or its folder cannot be written to.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Self, WriteError> {
        if path.is_dir() {
            return Err(WriteError::IsFolder { path: path.into() });
        }
        // An early check before anything is written. `commit` checks again, atomically.
        if overwrite == Overwrite::Refuse && path.exists() {
            return Err(WriteError::Exists { path: path.into() });
        }
        let folder = parent_folder(path);
        leftovers::remove_once(folder);
        let mut builder = tempfile::Builder::new();
        builder.prefix(leftovers::PREFIX).suffix(leftovers::SUFFIX);
        let file = with_usual_permissions(&mut builder)
            .tempfile_in(folder)
            .map_err(|source| WriteError::from_io(path, source))?;
        // The lock tells other programs that the file is in use. Where a disk has no locks, the file's age does.
        let _ = file.as_file().try_lock();
        Ok(Self { file, path: path.into(), overwrite })
    }

    /// Flushes the file to the disk and gives it its final name.
    ///
    /// # Errors
    /// When the disk is full, or another file got this name meanwhile and must not be replaced.
    pub fn commit(self) -> Result<(), WriteError> {
        let Self { file, path, overwrite } = self;
        let write_error = |source: io::Error| WriteError::from_io(&path, source);
        file.as_file().sync_all().map_err(write_error)?;
        // Windows would hinder others from reading a locked file.
        let _ = file.as_file().unlock();
        let persisted = match overwrite {
            Overwrite::Allow => file.persist(&path),
            Overwrite::Refuse => file.persist_noclobber(&path),
        };
        persisted.map(drop).map_err(|error| write_error(error.error))
    }

    /// Converts an I/O error of this file.
    #[must_use]
    pub fn error_from_io(&self, source: io::Error) -> WriteError {
        WriteError::from_io(&self.path, source)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(test)]
        let bytes = faults::fitting(&self.path, bytes)?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

/// Writes a file with [`AtomicFile`], so that a crash or a full disk leaves the old file or none.
///
/// # Errors
/// When the file exists and must not be replaced, or cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8], overwrite: Overwrite) -> Result<(), WriteError> {
    let mut file = AtomicFile::create(path, overwrite)?;
    file.write_all(bytes).map_err(|source| file.error_from_io(source))?;
    file.commit()
}

/// Appends to a file, completely or not at all: when the disk is full, what was written of `bytes` is cut off again.
/// `path` is the file's path.
///
/// # Errors
/// When the bytes cannot be written.
pub fn append(file: &mut File, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let write_error = |source| WriteError::from_io(path, source);
    let length = file.metadata().map_err(write_error)?.len();
    #[cfg(test)]
    let written = faults::fitting(path, bytes).and_then(|fitting| {
        file.write_all(fitting)?;
        if fitting.len() < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    });
    #[cfg(not(test))]
    let written = file.write_all(bytes);
    written.map_err(|source| {
        // When this fails too, the reader meets an incomplete end, as after a crash.
        let _ = file.set_len(length);
        write_error(source)
    })
}

/// Parent folder of a file; `.` for a bare name.
#[must_use]
pub fn parent_folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Gives the file the usual permissions of a new file. Temporary files are private to the user by default.
#[cfg(unix)]
fn with_usual_permissions<'a, 'b>(builder: &'a mut tempfile::Builder<'b, 'b>) -> &'a tempfile::Builder<'b, 'b> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn with_usual_permissions<'a, 'b>(builder: &'a mut tempfile::Builder<'b, 'b>) -> &'a tempfile::Builder<'b, 'b> {
    builder
}

impl WriteError {
    fn from_io(path: &Path, source: io::Error) -> Self {
        let (path, folder) = (path.to_path_buf(), parent_folder(path).to_path_buf());
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoFolder { folder, source },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { folder, source },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, source },
            _ => Self::Write { path, source },
        }
    }
}
