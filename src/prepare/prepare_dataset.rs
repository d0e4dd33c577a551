//! A whole run: from a folder of photos to a dataset.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::find_pictures::FoundPictures;
use super::measure::{MeasuredPhoto, measure};
use super::results::{write_dataset, write_sheet, write_table};
use super::resume_log::{FileStamp, PhotoFaces, ResumeLog, ResumeLogEntry};
use super::select::{RejectReason, select};
use super::shares::take_over_shares;
use super::{PrepareError, PrepareRequest, worker_pool};

/// File name of the dataset.
pub const DATASET_FILE: &str = "faces.safetensors";
/// File name of the table with the outcome of every face.
pub const TABLE_FILE: &str = "kept.csv";
/// File name of the contact sheet with a sample of the faces.
pub const CONTACT_SHEET_FILE: &str = "sheet.png";
/// File name of the resume log, which is deleted once the dataset is written.
pub const RESUME_LOG_FILE: &str = "prepare.journal";
/// File name of the resume log's crops.
pub const RESUME_CROPS_FILE: &str = "prepare.crops";

/// Receives the progress of a run, on the thread that started it.
pub trait PrepareObserver {
    /// The run starts. Earlier runs have measured `measured_before` of the photos.
    fn started(&mut self, measured_before: usize, photos: usize);

    /// A photo cannot be read. The run continues.
    fn unreadable(&mut self, file: &Path, error: &str);

    /// A photo was damaged, and opened all the same.
    fn warned(&mut self, file: &Path, warning: &str);

    /// Another photo was measured.
    fn photo_done(&mut self);
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrepareSummary {
    pub photos: usize,
    /// Number of faces found.
    pub faces: usize,
    /// Number of faces in the dataset.
    pub kept: usize,
    /// Number of rejected faces (or photos without a face) per reason. Only reasons that occurred.
    pub reasons: Vec<(RejectReason, usize)>,
    /// Captions of the contact sheet's rows, from the top.
    pub sheet_captions: Vec<String>,
}

/// Makes a dataset from a folder's faces: writes [`DATASET_FILE`], [`TABLE_FILE`] and [`CONTACT_SHEET_FILE`] to the
/// folder of results. A photo that an earlier, stopped run measured is only measured again if it has changed.
///
/// # Errors
/// When the results cannot be written, or no face is kept. Without a kept face, the table and the contact sheet are
/// still written.
pub fn prepare_dataset(
    request: &PrepareRequest,
    pictures: &FoundPictures,
    observer: &mut dyn PrepareObserver,
) -> Result<PrepareSummary, PrepareError> {
    let result_path = |name: &str| request.results_folder.join(name);
    let folder = absolute_folder(request);
    let (lines_path, crops_path) = (result_path(RESUME_LOG_FILE), result_path(RESUME_CROPS_FILE));
    let (mut log, mut entries) = ResumeLog::open(&lines_path, &crops_path, &folder, request.size_px)?;
    let shares = take_over_shares(request, &mut log, &mut entries)?;
    measure_all(request, pictures, &mut log, &mut entries, observer)?;

    let entries: Vec<&ResumeLogEntry> = pictures.files.iter().filter_map(|file| entries.get(file)).collect();
    let rows = select(&entries, &request.thresholds);
    let count = |reason: Option<RejectReason>| rows.iter().filter(|row| row.reason == reason).count();
    let reasons = RejectReason::ALL.map(|reason| (reason, count(Some(reason)))).into_iter();
    let reasons: Vec<_> = reasons.filter(|(_, count)| *count > 0).collect();
    write_table(&result_path(TABLE_FILE), &rows)?;
    let sheet_captions = write_sheet(&result_path(CONTACT_SHEET_FILE), &rows, &mut log, request)?;
    let (photos, faces) = (pictures.files.len(), rows.iter().filter(|row| row.face.is_some()).count());
    if count(None) == 0 {
        // Keep the resume log: another run with other thresholds may keep some faces.
        return Err(PrepareError::NothingKept { photos, faces, reasons });
    }
    let kept = write_dataset(&result_path(DATASET_FILE), &rows, &mut log, request)?;
    for log in std::iter::once(log).chain(shares) {
        log.delete()?;
    }
    Ok(PrepareSummary { photos, faces, kept, reasons, sheet_captions })
}

/// The folder of photos, as resume logs name it.
pub(super) fn absolute_folder(request: &PrepareRequest) -> PathBuf {
    request.folder.canonicalize().unwrap_or_else(|_| request.folder.clone())
}

/// Measures every photo that is not in the resume log or has changed since.
pub(super) fn measure_all(
    request: &PrepareRequest,
    pictures: &FoundPictures,
    log: &mut ResumeLog,
    entries: &mut HashMap<PathBuf, ResumeLogEntry>,
    observer: &mut dyn PrepareObserver,
) -> Result<(), PrepareError> {
    let stamp = |file: &Path| FileStamp::of(&request.folder.join(file));
    let is_measured = |file: &PathBuf| entries.get(file).is_some_and(|entry| entry.stamp == stamp(file));
    let (measured, remaining): (Vec<_>, Vec<_>) = pictures.files.iter().cloned().partition(is_measured);
    observer.started(measured.len(), pictures.files.len());
    for file in &measured {
        if let Some(PhotoFaces::Error(error)) = entries.get(file).map(|entry| &entry.found) {
            observer.unreadable(file, error);
        }
    }
    let measure = |path: &Path| measure(path, request.size_px).map_err(|error| error.to_string());
    worker_pool::measure_in_parallel(&request.folder, &remaining, measure, |file, measured| {
        let (faces, crops) = match measured {
            Ok(MeasuredPhoto { faces, warnings }) => {
                for warning in &warnings {
                    observer.warned(file, warning);
                }
                let (faces, crops): (Vec<_>, Vec<_>) = faces.into_iter().unzip();
                (PhotoFaces::Faces(faces), crops.concat())
            }
            Err(error) => {
                observer.unreadable(file, &error);
                (PhotoFaces::Error(error), Vec::new())
            }
        };
        let entry = log.append(file, stamp(file), faces, &crops)?;
        entries.insert(entry.file.clone(), entry);
        observer.photo_done();
        Ok(())
    })
}
