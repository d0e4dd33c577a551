//! The JSON report of `fill --report`. Other programs read it, so fields must keep their names and meanings.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::faces_to_fill::{FaceToFill, share};
use super::fill_plan::FillPlan;
use super::inputs::FillTask;
use super::outputs::write_or_print;
use crate::blend::Blend;
use crate::geometry::{FaceFrame, FrameNumbers};
use crate::job::{FillOutcome, completion_network};
use crate::mask::Mask;
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
    /// Faults of the file and doubts about the mask and the fill.
    pub(super) warnings: Vec<String>,
    /// Share of the hole that stayed as it was, 0 to 1.
    unfilled_share: Option<f64>,
    /// Share of the photo that was ignored, 0 to 1. Left out when nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored_share: Option<f64>,
    /// More than stray pixels stayed as they were.
    #[serde(skip)]
    is_incomplete: bool,
    /// The frame of the first face. Given to `--frame`, it makes the same fill.
    frame: Option<FrameNumbers>,
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
    /// The search of the first filled face.
    #[serde(flatten)]
    search: SearchReport,
    /// Every face that was to be filled, in order.
    pub(super) fills: Vec<FaceReport>,
}

/// The result of one face.
#[derive(Debug, Serialize)]
pub(super) struct FaceReport {
    /// Number of the face as `--face` takes it; null for a frame that was not detected.
    face: Option<usize>,
    frame: FrameNumbers,
    /// Share of the hole that this fill covers, 0 to 1.
    hole_share: f64,
    /// As for the photo.
    pub(super) error: Option<String>,
    #[serde(flatten)]
    search: SearchReport,
}

/// The result of one search. Fields are null without a result.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct SearchReport {
    /// Iterations done.
    steps: Option<u32>,
    /// Duration of the search only.
    seconds: Option<f32>,
    stopped_early: Option<bool>,
    /// The iteration that became the fill; null for the best one.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<u32>,
    context_loss: Option<LossRange>,
    prior_loss: Option<LossRange>,
    total_loss: Option<LossRange>,
}

/// A hole counts as filled when no more than this share of it stays as it was: masks of other programs have stray pixels.
const MAX_STRAY_SHARE: f64 = 0.001;
/// The same as a number of pixels, for small holes.
const MAX_STRAY_PIXELS: usize = 8;

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

    /// Whether every hole was filled without an error.
    pub(super) fn all_succeeded(&self) -> bool {
        self.photos.iter().all(|photo| photo.error.is_none() && !photo.is_incomplete)
    }

    /// How many photos failed or are filled only in part; `None` when all are well.
    pub(super) fn failures(&self) -> Option<String> {
        let count = self.photos.len();
        let failed = self.photos.iter().filter(|photo| photo.error.is_some()).count();
        let incomplete = self.photos.iter().filter(|photo| photo.error.is_none() && photo.is_incomplete).count();
        match (failed, incomplete) {
            (0, 0) => None,
            (_, 0) => Some(format!("{failed} of {count} photos failed")),
            (0, _) => Some(format!("{incomplete} of {count} photos filled only in part")),
            _ => Some(format!("{failed} of {count} photos failed, {incomplete} filled only in part")),
        }
    }

    /// Writes the report atomically; `-` is standard output.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let json = serde_json::to_string_pretty(self).context("cannot write the report")? + "\n";
        write_or_print(path, &json, "the report")
    }
}

impl PhotoReport {
    /// A photo that is not filled yet.
    pub(super) fn new(plan: &FillPlan, task: &FillTask) -> Self {
        Self {
            photo: task.photo.to_string_lossy().into_owned(),
            out: None,
            error: None,
            warnings: Vec::new(),
            unfilled_share: None,
            ignored_share: None,
            is_incomplete: false,
            frame: None,
            preset: plan.preset.id(),
            settings: plan.settings,
            seed: plan.settings.seed,
            blend: plan.blend,
            model_sha256: None,
            completion_sha256: None,
            device: None,
            search: SearchReport::default(),
            fills: Vec::new(),
        }
    }

    /// The photo could not be filled.
    pub(super) fn failed(self, error: String) -> Self {
        Self { error: Some(error), ..self }
    }

    /// Sets the frame of the first face.
    pub(super) fn set_frame(&mut self, frame: Option<FaceFrame>) {
        self.frame = frame.as_ref().map(FaceFrame::numbers);
    }

    /// Sets the mask with the ignored pixels.
    pub(super) fn set_mask(&mut self, mask: &Mask) {
        self.ignored_share = mask.has_ignored().then(|| mask.ignored().hole_share());
    }

    /// The picture is saved. `outcome` is that of the first filled face.
    pub(super) fn saved(&mut self, task: &FillTask, outcome: &FillOutcome) {
        let completion = completion_network(self.blend, &outcome.model);
        self.out = Some(task.out.to_string_lossy().into_owned());
        self.model_sha256 = Some(outcome.model.sha256.clone());
        self.completion_sha256 = completion.map(|network| network.sha256().to_owned());
        self.device = Some(outcome.device.name.clone());
        self.search = SearchReport::new(outcome);
    }

    /// Sets how many pixels of the whole hole stayed as they were.
    pub(super) fn set_unfilled(&mut self, unfilled: usize, whole: usize) {
        let unfilled_share = share(unfilled, whole);
        self.unfilled_share = Some(unfilled_share);
        self.is_incomplete = unfilled > MAX_STRAY_PIXELS && unfilled_share > MAX_STRAY_SHARE;
    }
}

impl FaceReport {
    /// A face that is not filled yet, in a hole of this many pixels.
    pub(super) fn new(face: &FaceToFill, whole: usize) -> Self {
        Self {
            face: face.number,
            frame: face.frame.numbers(),
            hole_share: share(face.hole.hole_count(), whole),
            error: None,
            search: SearchReport::default(),
        }
    }

    /// The face has a fill.
    pub(super) fn filled(&mut self, outcome: &FillOutcome) {
        self.search = SearchReport::new(outcome);
    }
}

impl SearchReport {
    fn new(outcome: &FillOutcome) -> Self {
        let first = outcome.first_losses;
        let last = outcome.candidates.get(outcome.best).map_or(first, |best| best.losses);
        Self {
            steps: Some(outcome.steps),
            seconds: Some(outcome.search_secs),
            stopped_early: Some(outcome.stopped.is_some()),
            at: outcome.candidates.get(outcome.best).and_then(|best| best.kept_at),
            context_loss: Some(LossRange::from_losses(&first, &last, |losses| losses.context)),
            prior_loss: Some(LossRange::from_losses(&first, &last, |losses| losses.prior)),
            total_loss: Some(LossRange::from_losses(&first, &last, |losses| losses.total)),
        }
    }
}
