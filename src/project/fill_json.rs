//! The fill of one face in the JSON document.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::json_formats::{LossesJson, MaskJson};
use super::{ProjectError, ProjectFace};
use crate::blend::{Blend, MAX_SOFT_EDGE_PX};
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::job::{
    Candidate, DeviceInfo, FaceFill, FillLook, FillOutcome, FillRecord, IterationLosses, LatentHistory, SearchStart,
    StopReason,
};
use crate::mask::Mask;
use crate::model::ModelInfo;
use crate::search::{LatentEdit, Losses, Settings};
use crate::serde_floats;

/// Most points of a loss curve in a file: more than the plot in the settings panel can show.
pub(super) const MAX_CURVE_POINTS: usize = 300;
/// Largest accepted side of a candidate's picture: far above any model of this architecture.
const MAX_PICTURE_SIDE_PX: usize = 1024;
/// Most accepted iterations. Each change of the hole extends a search by up to half of its steps.
const MAX_ITERATIONS: u32 = 1000 * Settings::MAX_STEPS;
/// Losses per candidate: context, prior and total.
const LOSSES_PER_CANDIDATE: usize = 3;
/// Most memory of the latents of all iterations that a file keeps: about as much as the candidates' pictures.
const MAX_LATENT_BYTES: usize = 2 << 20;

#[derive(Serialize, Deserialize)]
pub(super) struct FillJson {
    /// Left out when it equals the project's mask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hole: Option<MaskJson>,
    frame: FaceFrame,
    candidate: usize,
    #[serde(default)]
    blend: Blend,
    settings: Settings,
    #[serde(default, skip_serializing_if = "SearchStart::is_from_settings")]
    start: SearchStart,
    model: ModelInfo,
    device: DeviceInfo,
    steps: u32,
    #[serde(default)]
    evaluations: u32,
    #[serde(default, rename = "changed_on_the_way")]
    changed_during_search: bool,
    seconds: f32,
    #[serde(default)]
    stopped: Option<StopReason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    explained: Option<f32>,
    best: usize,
    first_losses: LossesJson,
    size_px: usize,
    candidates: Vec<CandidateJson>,
    #[serde(default)]
    curves: LossCurvesJson,
    #[serde(default, skip_serializing_if = "LatentsJson::is_empty")]
    history: LatentsJson,
}

#[derive(Serialize, Deserialize)]
struct CandidateJson {
    #[serde(with = "serde_floats")]
    latent: Vec<f32>,
    #[serde(with = "serde_floats")]
    pixels: Vec<f32>,
    losses: LossesJson,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mixed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept_at: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edit: Option<LatentEdit>,
}

/// The latents of each iteration: those of all searched candidates at the first one, then at the next one, and so on.
#[derive(Default, Serialize, Deserialize)]
struct LatentsJson {
    candidates: usize,
    iterations: Vec<u32>,
    #[serde(with = "serde_floats")]
    latents: Vec<f32>,
}

/// Loss curves. `losses` holds context, prior and total of every searched candidate at the first iteration, then at the
/// next one, and so on.
#[derive(Default, Serialize, Deserialize)]
struct LossCurvesJson {
    iterations: Vec<u32>,
    #[serde(with = "serde_floats")]
    losses: Vec<f32>,
}

impl FillJson {
    /// `mask` is the project's.
    pub fn new(face: &ProjectFace, mask: &Mask) -> Self {
        let FillRecord { hole, frame, outcome, look: FillLook { candidate: shown, blend } } = &face.fill.record;
        let candidate = |candidate: &Candidate| CandidateJson {
            latent: candidate.latent.clone(),
            pixels: candidate.picture.to_planes(),
            losses: candidate.losses.into(),
            mixed: candidate.is_mix,
            kept_at: candidate.kept_at,
            edit: candidate.edit.as_deref().cloned(),
        };
        Self {
            hole: (hole != mask).then(|| MaskJson(hole.clone())),
            frame: *frame,
            candidate: *shown,
            blend: *blend,
            settings: outcome.settings,
            start: outcome.start.clone(),
            model: outcome.model.clone(),
            device: outcome.device.clone(),
            steps: outcome.steps,
            evaluations: outcome.evaluations,
            changed_during_search: outcome.changed_during_search,
            seconds: outcome.search_secs,
            stopped: outcome.stopped.clone(),
            explained: outcome.explained_share,
            best: outcome.best,
            first_losses: outcome.first_losses.into(),
            size_px: outcome.candidates.first().map_or(0, |candidate| candidate.picture.side_px),
            candidates: outcome.candidates.iter().map(candidate).collect(),
            curves: LossCurvesJson::new(&face.loss_curves),
            history: LatentsJson::new(&outcome.latent_history.within(MAX_LATENT_BYTES)),
        }
    }

    /// Checks everything except the hole's size and the frame, which `ProjectJson::into_project` checks. `mask` is the
    /// project's.
    pub fn into_face(self, mask: &Mask) -> Result<ProjectFace, ProjectError> {
        let invalid = |what: String| Err(ProjectError::invalid(what));
        if let Err(error) = self.settings.validate() {
            return invalid(format!("the fill's {error}"));
        }
        if !(1..=MAX_PICTURE_SIDE_PX).contains(&self.size_px) {
            return invalid(format!("its pictures are {} pixels wide", self.size_px));
        }
        let count = self.candidates.len();
        if !(1..=Settings::MAX_CANDIDATES as usize).contains(&count) {
            return invalid(format!("{count} candidates"));
        }
        if self.best >= count || self.candidate >= count {
            return invalid(format!("candidate {} of {count}", self.best.max(self.candidate).saturating_add(1)));
        }
        let searched = self.candidates.iter().filter(|candidate| !candidate.mixed).count();
        if searched == 0 {
            return invalid("mixes without candidates".to_owned());
        }
        if !self.start.fits(&self.settings, self.model.latent_dim) {
            return invalid("the start latents do not fit the model".to_owned());
        }
        if self.steps > MAX_ITERATIONS || !(0.0..=f32::MAX).contains(&self.seconds) {
            return invalid(format!("{} iterations in {} seconds", self.steps, self.seconds));
        }
        if self.blend.detail_percent > 100 {
            return invalid(format!("detail of {} %", self.blend.detail_percent));
        }
        if self.blend.soft_edge_px > MAX_SOFT_EDGE_PX {
            return invalid(format!("a soft edge of {} pixels", self.blend.soft_edge_px));
        }
        let loss_curves = self.curves.into_loss_curves(searched)?;
        let (size_px, latent_dim) = (self.size_px, self.model.latent_dim);
        let latent_history = self.history.into_history(latent_dim)?;
        let candidates = self.candidates.into_iter().enumerate();
        let candidates = candidates.map(|(index, json)| json.into_candidate(index, size_px, latent_dim));
        let outcome = FillOutcome {
            settings: self.settings,
            start: self.start,
            model: self.model,
            device: self.device,
            steps: self.steps,
            evaluations: self.evaluations,
            changed_during_search: self.changed_during_search,
            search_secs: self.seconds,
            stopped: self.stopped,
            explained_share: self.explained,
            candidates: candidates.collect::<Result<_, _>>()?,
            best: self.best,
            first_losses: self.first_losses.into(),
            latent_history,
        };
        let record = FillRecord {
            hole: self.hole.map_or_else(|| mask.clone(), |hole| hole.0),
            frame: self.frame,
            outcome: Arc::new(outcome),
            look: FillLook { candidate: self.candidate, blend: self.blend },
        };
        Ok(ProjectFace { fill: FaceFill::of_whole_hole(record), loss_curves })
    }
}

impl CandidateJson {
    fn into_candidate(self, index: usize, size_px: usize, latent_dim: usize) -> Result<Candidate, ProjectError> {
        let number = index + 1;
        let picture_len = 3 * size_px * size_px;
        for (name, values, length) in [("latent", &self.latent, latent_dim), ("picture", &self.pixels, picture_len)] {
            if values.len() != length {
                let found = values.len();
                let what = format!("the {name} of candidate {number} has {found} numbers instead of {length}");
                return Err(ProjectError::invalid(what));
            }
            if !values.iter().all(|value| value.is_finite()) {
                return Err(ProjectError::invalid(format!("the {name} of candidate {number} is not finite")));
            }
        }
        let is_edit_possible =
            |edit: &LatentEdit| SearchStart::Edited(edit.clone()).fits(&Settings::default(), latent_dim);
        if !self.edit.as_ref().is_none_or(is_edit_possible) {
            return Err(ProjectError::invalid(format!("the edit of candidate {number} does not fit the model")));
        }
        let picture = Arc::new(FacePicture::from_planes(&self.pixels));
        Ok(Candidate {
            latent: self.latent,
            picture,
            losses: self.losses.into(),
            is_mix: self.mixed,
            kept_at: self.kept_at,
            edit: self.edit.map(Arc::new),
        })
    }
}

impl LatentsJson {
    fn new(history: &LatentHistory) -> Self {
        Self {
            candidates: history.candidates(),
            iterations: history.numbers().collect(),
            latents: history.numbers().filter_map(|number| history.latents(number)).flatten().copied().collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.iterations.is_empty()
    }

    fn into_history(self, latent_dim: usize) -> Result<LatentHistory, ProjectError> {
        let invalid = || ProjectError::invalid("the latents of the iterations do not fit the model");
        if self.is_empty() {
            return Ok(LatentHistory::default());
        }
        let row = latent_dim.checked_mul(self.candidates).filter(|row| *row > 0).ok_or_else(invalid)?;
        let in_range = self.latents.iter().all(|value| value.is_finite());
        if !in_range || Some(self.latents.len()) != row.checked_mul(self.iterations.len()) {
            return Err(invalid());
        }
        let rows = self.latents.chunks_exact(row).map(<[f32]>::to_vec);
        LatentHistory::from_iterations(self.candidates, self.iterations.into_iter().zip(rows)).ok_or_else(invalid)
    }
}

impl LossCurvesJson {
    fn new(points: &[IterationLosses]) -> Self {
        let points = downsampled(points);
        let values = |losses: &Losses| [losses.context, losses.prior, losses.total];
        Self {
            iterations: points.iter().map(|point| point.iteration).collect(),
            losses: points.iter().flat_map(|point| point.candidates.iter().flat_map(values)).collect(),
        }
    }

    fn into_loss_curves(self, candidates: usize) -> Result<Vec<IterationLosses>, ProjectError> {
        let row_len = candidates * LOSSES_PER_CANDIDATE;
        let in_order = self.iterations.windows(2).all(|pair| pair[0] < pair[1]);
        if !in_order || Some(self.losses.len()) != self.iterations.len().checked_mul(row_len) {
            return Err(ProjectError::invalid("the loss curves do not fit the candidates"));
        }
        let losses = |&[context, prior, total]: &[f32; LOSSES_PER_CANDIDATE]| Losses { context, prior, total };
        let point = |(&iteration, row): (&u32, &[f32])| {
            let candidates = row.as_chunks().0.iter().map(losses).collect();
            IterationLosses { iteration, candidates }
        };
        Ok(self.iterations.iter().zip(self.losses.chunks_exact(row_len)).map(point).collect())
    }
}

/// At most [`MAX_CURVE_POINTS`] evenly spaced points, including the first, plus the last one.
pub(super) fn downsampled(points: &[IterationLosses]) -> Vec<&IterationLosses> {
    let stride = points.len().saturating_sub(1).div_ceil(MAX_CURVE_POINTS).max(1);
    let mut kept: Vec<_> = points.iter().step_by(stride).collect();
    if let Some(last) = points.last().filter(|last| kept.last().is_none_or(|kept| kept.iteration != last.iteration)) {
        kept.push(last);
    }
    kept
}
