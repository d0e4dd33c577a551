//! Makes a dataset from a folder of photos: finds the faces, aligns each to the template, and keeps the good ones
//! without duplicates.
//!
//! | file | content |
//! | --- | --- |
//! | `find_pictures` | the picture files of a folder and its subfolders |
//! | `measure` | the faces of one photo, with their measurements |
//! | `quality` | sharpness, and the fingerprint that finds duplicates |
//! | `resume_log` | the measurements so far, on disk |
//! | `shares` | shares that machines measure at once |
//! | `worker_pool` | parallel work on photos within a memory budget |
//! | `select` | which faces are kept, and why the others are rejected |
//! | `results` | the dataset, the table, the contact sheet |
//! | `prepare_dataset` | the whole run |
//!
//! Every face is measured and cropped before any threshold is applied; the selection happens at the end, over all
//! faces. So a stopped run can resume, even with other thresholds, and the choice between duplicates does not depend on
//! their order.

mod find_pictures;
mod measure;
mod prepare_dataset;
mod quality;
mod results;
mod resume_log;
mod select;
mod shares;
#[cfg(test)]
mod tests;
mod worker_pool;

use std::path::PathBuf;

pub use find_pictures::{FoundPictures, find_pictures};
pub use prepare_dataset::{
    CONTACT_SHEET_FILE, DATASET_FILE, PrepareObserver, PrepareSummary, RESUME_CROPS_FILE, RESUME_LOG_FILE, TABLE_FILE,
    prepare_dataset,
};
pub use resume_log::ResumeLogError;
pub use select::{RejectReason, Thresholds};
pub use shares::measure_share;

use crate::dataset::{DatasetError, DatasetInfo};
use crate::fs::Overwrite;
use crate::photo::SaveError;

/// A request for a run.
#[derive(Clone, Debug)]
pub struct PrepareRequest {
    /// Folder with the photos, also in subfolders.
    pub folder: PathBuf,
    /// Existing folder for the results.
    pub results_folder: PathBuf,
    /// Side of the pictures in the dataset: 64 or 128.
    pub size_px: u32,
    pub thresholds: Thresholds,
    pub dataset_info: DatasetInfo,
    /// Seed for the random sample on the contact sheet.
    pub seed: u64,
    /// Whether an existing dataset may be replaced.
    pub overwrite: Overwrite,
}

/// Why no dataset was made.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error("cannot list the folder {path}: check that it exists and can be read", path = path.display())]
    List { path: PathBuf, source: std::io::Error },
    #[error("cannot start the threads that look for faces: close other programs and run it again")]
    Threads(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    ResumeLog(#[from] ResumeLogError),
    #[error(
        "none of {faces} faces in {photos} photos can be kept: {reasons}; run it again with other thresholds, no photo \
         is measured twice",
        reasons = reasons_text(reasons)
    )]
    NothingKept { photos: usize, faces: usize, reasons: Vec<(RejectReason, usize)> },
    #[error("the dataset cannot be written")]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Save(#[from] SaveError),
    #[error("the table cannot be written")]
    Table(#[from] csv::Error),
}

/// For example "12 blurred, 3 without a face".
fn reasons_text(reasons: &[(RejectReason, usize)]) -> String {
    let parts: Vec<_> = reasons.iter().map(|(reason, count)| format!("{count} {}", reason.description())).collect();
    if parts.is_empty() { "there are none".into() } else { parts.join(", ") }
}
