//! Opening and saving project files.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::{PROJECT_EXTENSION, Project, ProjectError};
use crate::fs::{Overwrite, write_atomically};
use crate::hash::sha256_of_bytes;

/// Larger files are refused unread. Projects with the most candidates of the largest model are several times smaller.
const MAX_MEGABYTES: u64 = 256;

/// Whether the file name has the project extension.
#[must_use]
pub fn is_project_path(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(PROJECT_EXTENSION))
}

/// Reads a project file and checks it.
///
/// # Errors
/// When the file cannot be read, or the errors of [`Project::from_json`].
pub fn open(path: &Path) -> Result<Project, ProjectError> {
    let read_error = |source| ProjectError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(read_error)?;
    let mut bytes = Vec::new();
    let too_large = || ProjectError::TooLarge { path: path.to_owned(), max_megabytes: MAX_MEGABYTES };
    if file.metadata().map_err(read_error)?.len() > MAX_MEGABYTES << 20 {
        return Err(too_large());
    }
    // Limit the bytes that are really read too, because pipes and devices report no size.
    file.take((MAX_MEGABYTES << 20) + 1).read_to_end(&mut bytes).map_err(read_error)?;
    if bytes.len() as u64 > MAX_MEGABYTES << 20 {
        return Err(too_large());
    }
    Project::from_json(&String::from_utf8(bytes).map_err(|_| ProjectError::NotAProject)?)
}

/// Writes a project file atomically. Returns its [`content_hash`].
///
/// # Errors
/// When the file exists and must not be replaced, or cannot be written, or the errors of [`Project::to_json`].
pub fn save(path: &Path, project: &Project, overwrite: Overwrite) -> Result<String, ProjectError> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let json = project.to_json(path.parent())?;
    write_atomically(&path, json.as_bytes(), overwrite)?;
    Ok(sha256_of_bytes(json.as_bytes()))
}

/// SHA-256 of a project file, which tells whether another window has saved it meanwhile. `None` when it cannot be read.
#[must_use]
pub fn content_hash(path: &Path) -> Option<String> {
    let is_readable = std::fs::metadata(path).is_ok_and(|metadata| metadata.len() <= MAX_MEGABYTES << 20);
    if is_readable { std::fs::read(path).ok().map(|bytes| sha256_of_bytes(&bytes)) } else { None }
}
