//! Files written whole or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Whether a file that is there already may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    Refuse,
    Allow,
}

/// Why a picture cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error("{path} is there already: choose another name, or allow replacing it", path = path.display())]
    Exists { path: PathBuf },
    #[error("there is no folder {folder}: create it or choose another one", folder = folder.display())]
    NoFolder { folder: PathBuf, source: io::Error },
    #[error("{folder} may not be written to: choose another folder", folder = folder.display())]
    ReadOnly { folder: PathBuf, source: io::Error },
    #[error("the disk is full: free some space, or save {path} on another disk", path = path.display())]
    DiskFull { path: PathBuf, source: io::Error },
    #[error("{path} is a folder: choose a file name", path = path.display())]
    IsFolder { path: PathBuf },
    #[error("cannot write {path}: try another folder or name", path = path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("the picture cannot be made a PNG")]
    Encode(#[from] png::EncodingError),
    #[error("pixels of type {name} cannot be saved: convert the photo to 8 or 16 bits")]
    ColorType { name: String },
}

/// Writes a file through a temporary one beside it, so that a crash or a full disk leaves the old file or none.
///
/// # Errors
/// When the file exists and must not be replaced, or cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8], overwrite: Overwrite) -> Result<(), SaveError> {
    if path.is_dir() {
        return Err(SaveError::IsFolder { path: path.into() });
    }
    // Asked before anything is written; asked again, without a gap, when the file gets its name.
    if overwrite == Overwrite::Refuse && path.exists() {
        return Err(SaveError::Exists { path: path.into() });
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let failed = |source: io::Error| SaveError::from_io(path, folder, source);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".countenance-").suffix(".part");
    let mut file = with_usual_permissions(&mut builder).tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    let named = match overwrite {
        Overwrite::Allow => file.persist(path),
        Overwrite::Refuse => file.persist_noclobber(path),
    };
    named.map_err(|error| failed(error.error))?;
    Ok(())
}

/// Temporary files are private to the user unless told otherwise; a saved picture is as readable as any new file.
#[cfg(unix)]
fn with_usual_permissions<'a, 'b>(builder: &'a mut tempfile::Builder<'b, 'b>) -> &'a tempfile::Builder<'b, 'b> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn with_usual_permissions<'a, 'b>(builder: &'a mut tempfile::Builder<'b, 'b>) -> &'a tempfile::Builder<'b, 'b> {
    builder
}

impl SaveError {
    fn from_io(path: &Path, folder: &Path, source: io::Error) -> Self {
        let (path, folder) = (path.to_path_buf(), folder.to_path_buf());
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoFolder { folder, source },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { folder, source },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, source },
            _ => Self::Write { path, source },
        }
    }
}
