//! The start of a run: its faces, its first state, and the memory warning.

use std::path::Path;

use super::data::{Part, Pictures, split};
use super::folder::RunFolder;
use super::log::Curve;
use super::net::Place;
use super::settings::TrainSettings;
use super::trainer::TrainState;
use super::{Observer, TrainError, TrainRequest, checkpoint, log, memory};

/// Returns the training faces and the held-out faces. Notes when there are few.
pub(super) fn parts<'a>(
    settings: &TrainSettings,
    pictures: &'a dyn Pictures,
    held_out: Option<&'a dyn Pictures>,
    observer: &mut dyn Observer,
) -> (Part<'a>, Part<'a>) {
    let all = Part::whole(pictures);
    let (faces, measured) = match held_out {
        Some(others) => (all, Part::whole(others)),
        None => match split(pictures) {
            (kept, Some(held_out)) => (kept, held_out),
            (kept, None) => {
                observer.note("too few faces to hold some out: quality is measured on the training faces");
                (kept, all)
            }
        },
    };
    if faces.len() < settings.batch as usize {
        observer.note(&format!(
            "{} faces are fewer than a batch of {}: batches repeat faces, and the generator will memorise them",
            faces.len(),
            settings.batch
        ));
    }
    (faces, measured)
}

/// Loads the newest checkpoint of the run, or returns the state before the first step.
pub(super) fn first_state(
    request: &TrainRequest,
    folder: &RunFolder,
    observer: &mut dyn Observer,
) -> Result<TrainState, TrainError> {
    let settings = &request.settings;
    if let Some(former) = folder.settings()? {
        let path = folder.path().to_path_buf();
        if !request.resume {
            return Err(TrainError::Occupied { folder: path });
        }
        if let Some((what, here, there)) = settings.conflict(&former) {
            return Err(TrainError::Conflict { folder: path, what, here, there });
        }
        if let Some((state, notes)) = checkpoint::newest(folder.path(), settings)? {
            for note in &notes {
                observer.note(note);
            }
            return Ok(state);
        }
        observer.note("the run has no checkpoint yet: it starts from the first step");
    }
    Ok(TrainState::initial(settings))
}

/// Notes when the estimated memory use exceeds the free memory. CPU only.
pub(super) fn warn_of_memory(settings: &TrainSettings, place: &Place, observer: &mut dyn Observer) {
    let needed = memory::needed(settings, place.by_hand);
    if let Some(available) = memory::available().filter(|available| place.by_hand && needed > *available) {
        observer.note(&format!(
            "about {} MB of memory are needed, {} MB are free: choose a smaller batch or width if it does not fit",
            needed / 1_000_000,
            available / 1_000_000
        ));
    }
}

/// The last value of a log column, 0 if there is none.
pub(super) fn last_value(path: &Path, name: &str) -> Result<f64, TrainError> {
    let curves = log::curves(path)?;
    let last = |curve: &Curve| curve.points.last().map(|(_, value)| *value);
    Ok(curves.iter().find(|curve| curve.name == name).and_then(last).unwrap_or(0.0))
}

/// An error and its causes in one line.
pub(super) fn told(error: &TrainError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
