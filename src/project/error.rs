//! Errors of project files.

use std::io;
use std::path::PathBuf;

use crate::fs::WriteError;

/// Why a project cannot be opened or saved.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    #[error("cannot read {path}: check that the file exists and can be read", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is larger than {max_megabytes} MB, too large for a project: choose another file", path = path.display())]
    TooLarge { path: PathBuf, max_megabytes: u64 },
    #[error("this is not a project file: choose a file that was saved with Save project")]
    NotAProject,
    #[error("the project was saved by a newer program ({format}): update Countenance to open it")]
    Newer { format: String },
    #[error("the project file is broken or cut short: open another copy of it")]
    Broken { source: serde_json::Error },
    #[error("the project file has invalid values ({what}): open another copy of it")]
    Invalid { what: String },
    #[error(
        "the photo of this project is not at {path}: put it there, or beside the project in {folder}, and open the project again",
        path = path.display(),
        folder = folder.display()
    )]
    PhotoMissing { path: PathBuf, folder: PathBuf },
    #[error(
        "{path} is {width}×{height} pixels now, but the project was made for {project_width}×{project_height}: restore the original photo",
        path = path.display()
    )]
    PhotoSize { path: PathBuf, width: u32, height: u32, project_width: u32, project_height: u32 },
    #[error("the project cannot be written as text")]
    Encode { source: serde_json::Error },
    #[error(transparent)]
    Save(#[from] WriteError),
}

impl ProjectError {
    pub(super) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }
}
