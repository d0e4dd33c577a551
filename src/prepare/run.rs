//! The whole way from a folder to a dataset.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::find::Pictures;
use super::journal::{Entry, Found, Journal, Stamp};
use super::measure::measure;
use super::output::{write_dataset, write_sheet, write_table};
use super::select::{Reason, select};
use super::{PrepareError, Request, work};

/// The dataset, in the folder of results.
pub const DATASET: &str = "faces.safetensors";
/// What became of every face.
pub const TABLE: &str = "kept.csv";
/// A sample to look at.
pub const SHEET: &str = "sheet.png";
/// What was measured so far; there while a run is not finished.
pub const JOURNAL: &str = "prepare.journal";
/// The crops to the journal.
pub const CROPS: &str = "prepare.crops";

/// Follows a run, on the thread that started it.
pub trait Watcher {
    /// So many of all photos were measured by an earlier run.
    fn begin(&mut self, measured_before: usize, photos: usize);

    /// A photo cannot be read; the rest goes on.
    fn unreadable(&mut self, file: &Path, error: &str);

    /// One more photo is measured.
    fn photo_done(&mut self);
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub photos: usize,
    /// Faces that were found.
    pub faces: usize,
    /// Faces in the dataset.
    pub kept: usize,
    /// How many faces (or photos without one) each reason turned away; only those that did.
    pub reasons: Vec<(Reason, usize)>,
    /// What the rows of the sheet show, from the top.
    pub sheet_rows: Vec<String>,
}

/// Makes a dataset of a folder's faces: [`DATASET`], [`TABLE`] and [`SHEET`] in the folder of results. Photos that an earlier
/// run over the same folder measured before it was stopped are not measured again, unless they have changed.
///
/// # Errors
/// When the results cannot be written, or no face can be kept; table and sheet are written then too.
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
        // The journal stays: with other thresholds there may be some.
        return Err(PrepareError::NothingKept { photos, faces, reasons });
    }
    let kept = write_dataset(&place(DATASET), &rows, &mut journal, request)?;
    journal.delete()?;
    Ok(Prepared { photos, faces, kept, reasons, sheet_rows })
}

/// Measures every photo that the journal does not know as it is now.
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
