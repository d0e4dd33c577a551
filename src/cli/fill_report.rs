//! The JSON report of `fill --report`. Other programs read it, so fields must keep their names and meanings.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::faces_to_fill::{FaceToFill, share};
use super::fill_plan::{FillPlan, enlarges_by};
use super::inputs::FillTask;
use super::outputs::write_or_print;
use crate::blend::Blend;
use crate::geometry::FrameNumbers;
use crate::job::{Certainty, FillOutcome, PartSpread, Uncertainty, completion_network};
use crate::mask::Mask;
use crate::search::{LatentEdit, Losses, Settings};

/// The result of every photo, in input order.
#[derive(Debug, Serialize)]
pub(super) struct FillReport {
    version: &'static str,
    pub(super) photos: Vec<PhotoReport>,
    /// Whether the sheet of all photos could not be written.
    #[serde(skip)]
    pub(super) has_sheet_failed: bool,
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
    /// What was invented. Left out without `--maps`.
    #[serde(skip_serializing_if = "Option::is_none")]
    uncertainty: Option<UncertaintyReport>,
}

/// The spread of many completions that agree with the known pixels, in grey levels (0 to 255).
#[derive(Clone, Debug, PartialEq, Serialize)]
struct UncertaintyReport {
    /// Mean standard deviation in the hole.
    spread: f32,
    /// The spread in words.
    certainty: &'static str,
    /// The completions' mean difference to the known pixels, divided by that of the fill.
    misfit_ratio: Option<f32>,
    /// The parts of the face that the hole covers.
    parts: Vec<PartReport>,
}

/// The spread in one part of the face.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct PartReport {
    /// Its name, as `--mask` takes it.
    part: &'static str,
    spread: f32,
    certainty: &'static str,
}

impl UncertaintyReport {
    fn new(uncertainty: &Uncertainty) -> Self {
        let certainty = |spread: f32| Certainty::of(spread).id();
        let part = |part: &PartSpread| PartReport {
            part: part.region.id(),
            spread: part.spread,
            certainty: certainty(part.spread),
        };
        Self {
            spread: uncertainty.spread,
            certainty: certainty(uncertainty.spread),
            misfit_ratio: uncertainty.misfit_ratio,
            parts: uncertainty.parts.iter().map(part).collect(),
        }
    }
}

/// The result of one search. Fields are null without a result.
#[derive(Clone, Debug, Default, Serialize)]
struct SearchReport {
    /// Iterations done.
    steps: Option<u32>,
    /// Duration of the search only.
    seconds: Option<f32>,
    stopped_early: Option<bool>,
    /// The iteration that became the fill; null for the best one.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<u32>,
    /// Amounts of --edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    edit: Option<EditReport>,
    context_loss: Option<LossRange>,
    prior_loss: Option<LossRange>,
    total_loss: Option<LossRange>,
}

/// How a face was changed after its search.
#[derive(Clone, Debug, Serialize)]
struct EditReport {
    #[serde(flatten)]
    amounts: BTreeMap<String, f32>,
    #[serde(rename = "other-half")]
    other_half: f32,
}

impl EditReport {
    fn new(edit: &LatentEdit) -> Option<Self> {
        let LatentEdit { amounts, other_half, .. } = edit;
        (!edit.is_empty()).then(|| Self { amounts: amounts.clone(), other_half: *other_half })
    }
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
        Self { version: env!("CARGO_PKG_VERSION"), photos, has_sheet_failed: false }
    }

    /// Whether every hole was filled and the sheet written without an error.
    pub(super) fn all_succeeded(&self) -> bool {
        !self.has_sheet_failed && self.photos.iter().all(|photo| photo.error.is_none() && !photo.is_incomplete)
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
    pub(super) fn set_frame(&mut self, plan: &FillPlan, face: Option<&FaceToFill>) {
        self.frame = face.map(|face| frame_numbers(plan, face));
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
    pub(super) fn new(plan: &FillPlan, face: &FaceToFill, whole: usize) -> Self {
        Self {
            face: face.number,
            frame: frame_numbers(plan, face),
            hole_share: share(face.hole.hole_count(), whole),
            error: None,
            search: SearchReport::default(),
            uncertainty: None,
        }
    }

    /// The face has a fill.
    pub(super) fn filled(&mut self, outcome: &FillOutcome, uncertainty: Option<&Uncertainty>) {
        self.search = SearchReport::new(outcome);
        self.uncertainty = uncertainty.map(UncertaintyReport::new);
    }
}

/// The frame of a face as `--frame` takes it: in the photo before it is enlarged.
fn frame_numbers(plan: &FillPlan, face: &FaceToFill) -> FrameNumbers {
    face.frame.scaled(1.0 / f32::from(enlarges_by(plan.settings.task))).numbers()
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
            edit: outcome.candidates.get(outcome.best).and_then(|best| EditReport::new(best.edit.as_deref()?)),
            context_loss: Some(LossRange::from_losses(&first, &last, |losses| losses.context)),
            prior_loss: Some(LossRange::from_losses(&first, &last, |losses| losses.prior)),
            total_loss: Some(LossRange::from_losses(&first, &last, |losses| losses.total)),
        }
    }
}
