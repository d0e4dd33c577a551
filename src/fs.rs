//! Atomic file writing: a file is written completely or not at all.

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
        let mut builder = tempfile::Builder::new();
        builder.prefix(".countenance-").suffix(".part");
        let file = with_usual_permissions(&mut builder)
            .tempfile_in(parent_folder(path))
            .map_err(|source| WriteError::from_io(path, source))?;
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

/// Parent folder of a file; `.` for a bare name.
fn parent_folder(path: &Path) -> &Path {
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
