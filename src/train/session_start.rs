//! The start of a run: its faces, its first state, and the memory warning.

use std::path::Path;

use super::face_images::{FaceImages, FaceSubset, split_held_out};
use super::metrics_log::MetricSeries;
use super::net::TrainBackend;
use super::run_folder::RunFolder;
use super::settings::TrainSettings;
use super::trainer::TrainState;
use super::{TrainError, TrainObserver, TrainRequest, checkpoint, memory_estimate, metrics_log};

/// Returns the training faces and the held-out faces. Notes when there are few.
pub(super) fn split_faces<'a>(
    settings: &TrainSettings,
    pictures: &'a dyn FaceImages,
    held_out: Option<&'a dyn FaceImages>,
    observer: &mut dyn TrainObserver,
) -> (FaceSubset<'a>, FaceSubset<'a>) {
    let all = FaceSubset::whole(pictures);
    let (faces, measured) = match held_out {
        Some(others) => (all, FaceSubset::whole(others)),
        None => match split_held_out(pictures) {
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
pub(super) fn load_or_initial_state(
    request: &TrainRequest,
    folder: &RunFolder,
    observer: &mut dyn TrainObserver,
) -> Result<TrainState, TrainError> {
    let settings = &request.settings;
    if let Some(previous_settings) = folder.read_settings()? {
        let path = folder.path().to_path_buf();
        if !request.resume {
            return Err(TrainError::FolderHasRun { folder: path });
        }
        if let Some((what, here, there)) = settings.first_conflict(&previous_settings) {
            return Err(TrainError::SettingsConflict { folder: path, what, here, there });
        }
        if let Some((state, notes)) = checkpoint::load_newest(folder.path(), settings)? {
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
pub(super) fn warn_if_low_memory(settings: &TrainSettings, place: &TrainBackend, observer: &mut dyn TrainObserver) {
    let needed_bytes = memory_estimate::estimated_bytes(settings, place.uses_cpu_net);
    if let Some(available) =
        memory_estimate::available_bytes().filter(|available| place.uses_cpu_net && needed_bytes > *available)
    {
        observer.note(&format!(
            "about {} MB of memory are needed, {} MB are free: choose a smaller batch or width if it does not fit",
            needed_bytes / 1_000_000,
            available / 1_000_000
        ));
    }
}

/// The last value of a log column, 0 if there is none.
pub(super) fn last_value(path: &Path, name: &str) -> Result<f64, TrainError> {
    let curves = metrics_log::read_series(path)?;
    let last = |curve: &MetricSeries| curve.points.last().map(|(_, value)| *value);
    Ok(curves.iter().find(|curve| curve.name == name).and_then(last).unwrap_or(0.0))
}

/// An error and its causes in one line.
pub(super) fn error_chain(error: &TrainError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
