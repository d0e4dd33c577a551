//! The JSON report of `fill --report`. Other programs read it, so fields must keep their names and meanings.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::fill_plan::FillPlan;
use super::inputs::FillTask;
use super::outputs::write_or_print;
use crate::blend::Blend;
use crate::geometry::FaceFrame;
use crate::job::{FillOutcome, completion_network};
use crate::search::{Losses, Settings};

/// The result of every photo, in input order.
#[derive(Debug, Serialize)]
pub(super) struct FillReport {
    version: &'static str,
    pub(super) photos: Vec<PhotoReport>,
}

/// The result of one photo. Fields without a value are null if it failed.
#[derive(Debug, Serialize)]
pub(super) struct PhotoReport {
    photo: String,
    out: Option<String>,
    /// Null on success. A search that failed after it had a result has both an error and a fill.
    pub(super) error: Option<String>,
    /// The face frame as `--frame` takes it: centre, side and clockwise degrees. With these numbers, `--frame` gives the
    /// same fill.
    frame: Option<(f32, f32, f32, f64)>,
    preset: &'static str,
    /// Requested settings.
    settings: Settings,
    seed: u64,
    /// How the fill was blended into the photo.
    blend: Blend,
    model_sha256: Option<String>,
    /// SHA-256 of the completion network, if it redrew the hole.
    completion_sha256: Option<String>,
    device: Option<String>,
    /// Iterations done.
    steps: Option<u32>,
    /// Duration of the search only.
    seconds: Option<f32>,
    stopped_early: Option<bool>,
    context_loss: Option<LossRange>,
    prior_loss: Option<LossRange>,
    total_loss: Option<LossRange>,
}

/// One loss of the best candidate, at the start and at the end of the search.
#[derive(Clone, Copy, Debug, Serialize)]
struct LossRange {
    start: f32,
    end: f32,
}

impl LossRange {
    fn from_losses(first: &Losses, last: &Losses, loss: fn(&Losses) -> f32) -> Self {
        Self { start: loss(first), end: loss(last) }
    }
}

impl FillReport {
    pub(super) fn new(photos: Vec<PhotoReport>) -> Self {
        Self { version: env!("CARGO_PKG_VERSION"), photos }
    }

    /// Whether every photo was filled without an error.
    pub(super) fn all_succeeded(&self) -> bool {
        self.photos.iter().all(|photo| photo.error.is_none())
    }

    /// Writes the report atomically; `-` is standard output.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let json = serde_json::to_string_pretty(self).context("cannot write the report")? + "\n";
        write_or_print(path, &json, "the report")
    }
}

impl PhotoReport {
    /// A photo that is not filled yet. `frame` is its face frame, if it was found.
    pub(super) fn new(plan: &FillPlan, task: &FillTask, frame: Option<FaceFrame>) -> Self {
        let numbers = |FaceFrame { center_in_photo: [x, y], side_px, angle_radians }| {
            // In double precision, so that reading the degrees gives the same angle.
            (x, y, side_px, f64::from(angle_radians).to_degrees())
        };
        Self {
            photo: task.photo.to_string_lossy().into_owned(),
            out: None,
            error: None,
            frame: frame.map(numbers),
            preset: plan.preset.id(),
            settings: plan.settings,
            seed: plan.settings.seed,
            blend: plan.blend,
            model_sha256: None,
            completion_sha256: None,
            device: None,
            steps: None,
            seconds: None,
            stopped_early: None,
            context_loss: None,
            prior_loss: None,
            total_loss: None,
        }
    }

    /// The photo could not be filled.
    pub(super) fn failed(self, error: String) -> Self {
        Self { error: Some(error), ..self }
    }

    /// The photo has a fill, possibly also an error.
    pub(super) fn filled(self, task: &FillTask, outcome: &FillOutcome, error: Option<String>) -> Self {
        let first = outcome.first_losses;
        let last = outcome.candidates.get(outcome.best).map_or(first, |best| best.losses);
        Self {
            out: Some(task.out.to_string_lossy().into_owned()),
            error,
            model_sha256: Some(outcome.model.sha256.clone()),
            completion_sha256: completion_network(self.blend, &outcome.model)
                .map(|network| network.sha256().to_owned()),
            device: Some(outcome.device.name.clone()),
            steps: Some(outcome.steps),
            seconds: Some(outcome.search_secs),
            stopped_early: Some(outcome.stopped.is_some()),
            context_loss: Some(LossRange::from_losses(&first, &last, |losses| losses.context)),
            prior_loss: Some(LossRange::from_losses(&first, &last, |losses| losses.prior)),
            total_loss: Some(LossRange::from_losses(&first, &last, |losses| losses.total)),
            ..self
        }
    }
}
