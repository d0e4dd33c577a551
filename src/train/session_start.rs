//! The start of a run: its faces, its first state, and the memory warning.

use std::path::Path;

use super::face_images::{FaceImages, FaceSubset, split_held_out};
use super::metrics_log::MetricSeries;
use super::run_folder::RunFolder;
use super::settings::TrainSettings;
use super::trainer::TrainState;
use super::{TrainError, TrainObserver, TrainRequest, checkpoint, memory_estimate, metrics_log};

/// Returns the training faces and the held-out faces. Tells the observer if there are few.
pub(super) fn split_faces<'a>(
    settings: &TrainSettings,
    faces: &'a dyn FaceImages,
    held_out: Option<&'a dyn FaceImages>,
    observer: &mut dyn TrainObserver,
) -> (FaceSubset<'a>, FaceSubset<'a>) {
    let all = FaceSubset::whole(faces);
    let (training, held_out) = match held_out {
        Some(held_out) => (all, FaceSubset::whole(held_out)),
        None => match split_held_out(faces) {
            (training, Some(held_out)) => (training, held_out),
            (training, None) => {
                observer.note("too few faces to hold some out: quality is measured on the training faces");
                (training, all)
            }
        },
    };
    if training.len() < settings.batch as usize {
        observer.note(&format!(
            "{} faces are fewer than a batch of {}: batches repeat faces, and the generator will memorise them",
            training.len(),
            settings.batch
        ));
    }
    (training, held_out)
}

/// Loads the newest checkpoint of the run, or returns the state before the first step.
pub(super) fn load_or_initial_state(
    request: &TrainRequest,
    folder: &RunFolder,
    observer: &mut dyn TrainObserver,
) -> Result<TrainState, TrainError> {
    let settings = &request.settings;
    if let Some(saved) = folder.read_settings()? {
        let path = folder.path().to_path_buf();
        if !request.resume {
            return Err(TrainError::FolderHasRun { folder: path });
        }
        if let Some((what, requested, saved)) = settings.first_conflict(&saved) {
            return Err(TrainError::SettingsConflict { folder: path, what, requested, saved });
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

/// Tells the observer if the estimated memory use exceeds the free memory.
pub(super) fn warn_if_low_memory(settings: &TrainSettings, observer: &mut dyn TrainObserver) {
    let needed = memory_estimate::estimated_bytes(settings);
    if let Some(available) = memory_estimate::available_bytes().filter(|available| needed > *available) {
        observer.note(&format!(
            "about {} MB of memory are needed, {} MB are free: choose a smaller batch or width if it does not fit",
            needed / 1_000_000,
            available / 1_000_000
        ));
    }
}

/// The last value of a log column, 0 if there is none.
pub(super) fn last_value(path: &Path, name: &str) -> Result<f64, TrainError> {
    let series = metrics_log::read_series(path)?;
    let last = |series: &MetricSeries| series.points.last().map(|(_, value)| *value);
    Ok(series.iter().find(|series| series.name == name).and_then(last).unwrap_or(0.0))
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
