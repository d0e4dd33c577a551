//! A whole run: from a folder of photos to a dataset.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::find::Pictures;
use super::journal::{Entry, Found, Journal, Stamp};
use super::measure::measure;
use super::output::{write_dataset, write_sheet, write_table};
use super::select::{Reason, select};
use super::{PrepareError, Request, work};

/// File name of the dataset.
pub const DATASET: &str = "faces.safetensors";
/// File name of the table with the outcome of every face.
pub const TABLE: &str = "kept.csv";
/// File name of the contact sheet with a sample of the faces.
pub const SHEET: &str = "sheet.png";
/// File name of the resume log. It exists until a run is finished.
pub const JOURNAL: &str = "prepare.journal";
/// File name of the crops of the resume log.
pub const CROPS: &str = "prepare.crops";

/// Receives the progress of a run, on the thread that started it.
pub trait Watcher {
    /// The run starts. An earlier run has measured `measured_before` of all photos.
    fn begin(&mut self, measured_before: usize, photos: usize);

    /// A photo cannot be read. The run continues.
    fn unreadable(&mut self, file: &Path, error: &str);

    /// Another photo was measured.
    fn photo_done(&mut self);
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub photos: usize,
    /// Number of faces found.
    pub faces: usize,
    /// Number of faces in the dataset.
    pub kept: usize,
    /// Number of rejected faces (or photos without a face) per reason. Reasons without any are left out.
    pub reasons: Vec<(Reason, usize)>,
    /// Captions of the contact sheet's rows, from the top.
    pub sheet_rows: Vec<String>,
}

/// Makes a dataset from a folder's faces: writes [`DATASET`], [`TABLE`] and [`SHEET`] to the folder of results. A photo
/// that an earlier, stopped run has measured is measured again only if it has changed.
///
/// # Errors
/// When the results cannot be written, or no face can be kept. In the second case table and contact sheet are still
/// written.
pub fn prepare(request: &Request, pictures: &Pictures, watcher: &mut dyn Watcher) -> Result<Prepared, PrepareError> {
    let place = |name: &str| request.out.join(name);
    let folder = request.folder.canonicalize().unwrap_or_else(|_| request.folder.clone());
    let (mut journal, mut entries) = Journal::open(&place(JOURNAL), &place(CROPS), &folder, request.size_px)?;
    measure_all(request, pictures, &mut journal, &mut entries, watcher)?;

    let in_order: Vec<&Entry> = pictures.files.iter().filter_map(|file| entries.get(file)).collect();
    let rows = select(&in_order, &request.thresholds);
    let count = |reason: Option<Reason>| rows.iter().filter(|row| row.reason == reason).count();
    let reasons = Reason::ALL.map(|reason| (reason, count(Some(reason)))).into_iter();
    let reasons: Vec<_> = reasons.filter(|(_, count)| *count > 0).collect();
    write_table(&place(TABLE), &rows)?;
    let sheet_rows = write_sheet(&place(SHEET), &rows, &mut journal, request)?;
    let (photos, faces) = (pictures.files.len(), rows.iter().filter(|row| row.face.is_some()).count());
    if count(None) == 0 {
        // Keep the resume log: another run with other thresholds may keep some faces.
        return Err(PrepareError::NothingKept { photos, faces, reasons });
    }
    let kept = write_dataset(&place(DATASET), &rows, &mut journal, request)?;
    journal.delete()?;
    Ok(Prepared { photos, faces, kept, reasons, sheet_rows })
}

/// Measures every photo that is not in the resume log or has changed since.
fn measure_all(
    request: &Request,
    pictures: &Pictures,
    journal: &mut Journal,
    entries: &mut HashMap<PathBuf, Entry>,
    watcher: &mut dyn Watcher,
) -> Result<(), PrepareError> {
    let stamp = |file: &Path| Stamp::of(&request.folder.join(file));
    let is_known = |file: &PathBuf| entries.get(file).is_some_and(|entry| entry.stamp == stamp(file));
    let (known, missing): (Vec<_>, Vec<_>) = pictures.files.iter().cloned().partition(is_known);
    watcher.begin(known.len(), pictures.files.len());
    for file in &known {
        if let Some(Found::Error(error)) = entries.get(file).map(|entry| &entry.found) {
            watcher.unreadable(file, error);
        }
    }
    let measure = |path: &Path| measure(path, request.size_px).map_err(|error| error.to_string());
    work::for_each(&request.folder, &missing, measure, |file, measured| {
        let (found, crops) = match measured {
            Ok(faces) => {
                let (faces, crops): (Vec<_>, Vec<_>) = faces.into_iter().unzip();
                (Found::Faces(faces), crops.concat())
            }
            Err(error) => {
                watcher.unreadable(file, &error);
                (Found::Error(error), Vec::new())
            }
        };
        let entry = journal.add(file, stamp(file), found, &crops)?;
        entries.insert(entry.file.clone(), entry);
        watcher.photo_done();
        Ok(())
    })
}
