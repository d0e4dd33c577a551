//! From a folder of photos to a dataset: find the faces, align each to the template, keep the good ones once each.
//!
//! | file | what |
//! | --- | --- |
//! | `find` | the pictures of a folder and of the folders in it |
//! | `measure` | one photo: its faces with all that decides about them |
//! | `quality` | yaw, sharpness, and the fingerprint that tells the same picture again |
//! | `journal` | what was measured so far, on disk |
//! | `work` | many photos at once, within a limit of memory |
//! | `select` | which faces are kept, and why the others are not |
//! | `output` | the dataset, the table, the sheet |
//!
//! What would surprise: every face is measured and cut out first, whatever the thresholds say, and all deciding happens
//! at the end over all faces. A run that was stopped therefore goes on where it was, and may do so with other thresholds;
//! and which of two equal pictures is kept does not depend on which was seen first.

mod find;
mod journal;
mod measure;
mod output;
mod quality;
mod run;
mod select;
#[cfg(test)]
mod tests;
mod work;

use std::path::PathBuf;

pub use find::{Pictures, find_pictures};
pub use journal::JournalError;
pub use run::{CROPS, DATASET, JOURNAL, Prepared, SHEET, TABLE, Watcher, prepare};
pub use select::{Reason, Thresholds};

use crate::dataset::{About, DatasetError};
use crate::photo::{Overwrite, SaveError};

/// What to make, and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Holds the photos, also in folders of its own.
    pub folder: PathBuf,
    /// Where the results go; a folder that is there.
    pub out: PathBuf,
    /// Side of the pictures in the dataset: 64 or 128.
    pub size_px: u32,
    pub thresholds: Thresholds,
    pub about: About,
    /// Of the sheet's sample.
    pub seed: u64,
    /// Whether a dataset that is there may be replaced.
    pub overwrite: Overwrite,
}

/// Why no dataset was made.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error("cannot list the folder {path}: check that it exists and can be read", path = path.display())]
    List { path: PathBuf, source: std::io::Error },
    #[error("the thread that looks for faces cannot be started: close other programs and run it again")]
    Threads(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("none of {faces} faces in {photos} photos can be kept: {reasons}; run it again with other thresholds, nothing is measured twice", reasons = told(reasons))]
    NothingKept { photos: usize, faces: usize, reasons: Vec<(Reason, usize)> },
    #[error("the dataset cannot be written")]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Save(#[from] SaveError),
    #[error("the table cannot be written")]
    Table(#[from] csv::Error),
}

/// "12 blurred, 3 without a face".
fn told(reasons: &[(Reason, usize)]) -> String {
    let parts: Vec<_> = reasons.iter().map(|(reason, count)| format!("{count} {}", reason.told())).collect();
    if parts.is_empty() { "there are none".into() } else { parts.join(", ") }
}
