//! Runs a whole fill: crop, search, result.
//!
//! [`run_fill`] runs one fill and reports to a [`FillObserver`], [`run_fills`] several at once; the command line calls
//! them directly. The editor runs it on the background thread of [`WorkerHandle`]: commands go in, [`WorkerEvent`]s come
//! out, of pictures only the newest.
//!
//! A cancelled or failed search still returns the best fill so far. A [`Provenance`] records how a fill was made; it is
//! stored in the exported file.

mod best_so_far;
mod channels;
mod crop_preview;
mod draw_faces;
mod edited_fill;
mod editor_observer;
mod error;
mod export_file;
mod export_search;
mod face_maps;
mod faces_in_turn;
mod fill_composer;
mod fill_observer;
mod fill_place;
mod fill_record;
mod fit_quality;
mod frame_recorder;
mod heap;
mod hole_split;
mod kept_iteration;
mod latent_history;
mod low_priority;
mod mailbox;
mod network_cache;
#[cfg(test)]
mod panic_stage;
mod photo_fill;
mod provenance;
mod quick_preview;
mod render;
mod run_ahead;
mod run_fill;
mod running_fill;
mod search_start;
#[cfg(test)]
mod tests;
mod validate;
mod worker;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::blend::{Blend, FillPatch};
use crate::device::DeviceChoice;
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::model::{ModelChoice, ModelInfo};
use crate::photo::Photo;
use crate::search::{LatentEdit, Losses, Settings};

pub use channels::{RepaintUrgency, WorkerHandle};
#[cfg(test)]
pub(crate) use channels::{WorkerChannels, worker_channels};
pub use crop_preview::CropPreview;
pub use draw_faces::{FacesId, FacesRequest, GeneratedFaces};
pub use error::FillError;
pub use export_file::{ExportFile, check_export};
pub use export_search::export_search;
pub use face_maps::{
    Certainty, FaceMap, FaceMapSet, MapColors, MapGroup, MapKind, MapRequest, MapRequestId, PartSpread, Uncertainty,
    color_bar, draw_maps, paint_map, part_in_crop,
};
pub use faces_in_turn::FacesInTurn;
pub use fill_composer::FillComposer;
pub use fill_observer::{FillControl, FillObserver};
pub use fill_place::FillPlace;
pub use fill_record::{FillLook, FillRecord};
pub use frame_recorder::{FRAME_PREFIX, FrameOutputs, FramePlace, FrameRecorder};
pub use heap::{share_one_heap, trim_heap};
pub use hole_split::{FacePart, SplitFace, split_hole};
pub use latent_history::LatentHistory;
pub use low_priority::{lower_thread_priority, start_low_priority_pool};
pub use network_cache::NetworkCache;
pub use photo_fill::{FaceFill, FinishedPhoto, PhotoFill, search_input};
#[cfg(test)]
pub(crate) use provenance::ProvenanceError;
pub use provenance::{CompletionId, ExportContent, FaceRecord, ModelId, Provenance, png_metadata};
pub use quick_preview::{QuickPreview, QuickPreviewId};
pub use render::{completion_network, picture_to_blend};
pub use run_fill::{run_fill, run_fills};
pub use search_start::SearchStart;

/// The input of one fill.
#[derive(Clone, Debug)]
pub struct FillRequest {
    pub photo: Arc<Photo>,
    /// The same size as the photo.
    pub hole: Mask,
    pub frame: FaceFrame,
    pub settings: Settings,
    pub start: SearchStart,
    pub blend: Blend,
    pub model: ModelChoice,
    pub device: DeviceChoice,
}

/// Settings that the user can change while a search runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveSettings {
    pub lambda: f32,
    pub steps: u32,
}

/// The device a fill ran on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// For example "CPU" or "NVIDIA RTX 4070 (Vulkan)".
    pub name: String,
    pub is_gpu: bool,
    /// For the user: why this device is used, for example "No GPU found: using the CPU".
    pub notice: Option<String>,
}

/// One latent and the picture that the generator draws from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub latent: Vec<f32>,
    /// G(latent).
    pub picture: Arc<FacePicture>,
    pub losses: Losses,
    /// The user mixed it from other candidates: it was drawn directly, without a search.
    pub is_mix: bool,
    /// The iteration of the search at which the user kept it; `None` for its best one.
    pub kept_at: Option<u32>,
    /// How the user has edited it; `None` for one that was not edited.
    pub edit: Option<Arc<LatentEdit>>,
}

/// Why a search ended before its last step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// The user stopped it.
    Cancelled,
    /// An error stopped it. The result is the best one before the error.
    Failed(String),
}

/// The result of a fill.
#[derive(Clone, Debug, PartialEq)]
pub struct FillOutcome {
    /// The settings at the end: the user may have changed λ and steps during the search.
    pub settings: Settings,
    /// Where the search began.
    pub start: SearchStart,
    pub model: ModelInfo,
    pub device: DeviceInfo,
    /// Iterations done: more than in the settings when the hole changed during the search.
    pub steps: u32,
    /// Gradient evaluations done. Equal to the iterations, except with HMC.
    pub evaluations: u32,
    /// λ, the number of steps or the hole changed during the search. A new search with the final values may give
    /// another fill.
    pub changed_during_search: bool,
    /// Duration of the search, without loading and compiling. Of searches that run together, each counts the whole time.
    pub search_secs: f32,
    pub stopped: Option<StopReason>,
    /// Share of the known pixels' deviation from their mean colour that the best candidate explains, at most 1. `None`
    /// when the known pixels have one colour. See [`FillOutcome::fit_warning`].
    pub explained_share: Option<f32>,
    /// In start order, each at its own best iteration. Mixes follow.
    pub candidates: Vec<Candidate>,
    /// Index of the candidate with the lowest total loss.
    pub best: usize,
    /// Losses of the best candidate at the first iteration.
    pub first_losses: Losses,
    /// The latents of every iteration.
    pub latent_history: LatentHistory,
}

impl FillOutcome {
    /// Candidate indices by total loss, best first. Candidates with a NaN loss come last.
    #[must_use]
    pub fn ranked_candidates(&self) -> Vec<usize> {
        let total = |&index: &usize| self.candidates.get(index).map_or(f32::NAN, |candidate| candidate.losses.total);
        let mut ranked: Vec<usize> = (0..self.candidates.len()).collect();
        ranked.sort_by(|a, b| {
            let (a, b) = (total(a), total(b));
            a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(&b))
        });
        ranked
    }

    /// Number of candidates from the search, without mixes.
    #[cfg(test)]
    pub(crate) fn searched_count(&self) -> usize {
        self.candidates.iter().filter(|candidate| !candidate.is_mix).count()
    }

    /// Stores a mix: it replaces the mix at `replaced_mix`, or becomes a new candidate. Returns its index.
    pub fn store_mix(&mut self, mix: Candidate, replaced_mix: Option<usize>) -> usize {
        let mix = Candidate { is_mix: true, ..mix };
        let replaced = replaced_mix.filter(|&index| self.candidates.get(index).is_some_and(|old| old.is_mix));
        let index = replaced.unwrap_or(self.candidates.len());
        match self.candidates.get_mut(index) {
            Some(old) => *old = mix,
            None => self.candidates.push(mix),
        }
        self.best = best_so_far::lowest_total(self.candidates.iter().map(|candidate| candidate.losses));
        index
    }
}

/// Identifies a fill, so that late events of an old one can be ignored.
pub type JobId = u64;

/// Sent to the worker.
pub enum WorkerCommand {
    /// Start this fill. A running one is stopped first.
    Start(JobId, Box<FillRequest>),
    Pause,
    Resume,
    /// Run one iteration, then pause again.
    StepOnce,
    /// Stop and keep the best so far.
    Cancel,
    /// Takes effect at the next iteration.
    SetLiveSettings(LiveSettings),
    /// Continue with another hole from the current latents. A hole that cannot be filled is ignored.
    SetHole(Mask),
    /// Use this blend mode from now on.
    SetBlend(Blend),
    /// Show this candidate in the preview; `None` shows the current best.
    ShowCandidate(Option<usize>),
    /// Open the device and load the model now, so that the first fill starts without delay.
    WarmUp(DeviceChoice, ModelChoice),
    /// Draw a quick preview ([`FillRequest::into_first_guess`], [`FillRequest::into_latent_drawing`]). Ignored while a
    /// search runs. A newer one or a start replaces one that waits.
    QuickPreview(QuickPreviewId, Box<FillRequest>),
    /// Draw faces from latents, without a photo. During a search it waits for the end, and a newer one replaces it.
    DrawFaces(FacesId, Box<FacesRequest>),
    /// Compute maps of a candidate. They wait until nothing else is to be done; a newer request replaces an older one.
    DrawMaps(MapRequestId, Box<MapRequest>),
    /// The requested maps are no longer wanted.
    CancelMaps,
}

/// Sent by the worker.
#[derive(Clone, Debug)]
pub enum WorkerEvent {
    /// The device and the model are ready.
    WarmedUp {
        device: DeviceInfo,
        model: ModelInfo,
    },
    /// Warm-up failed. The next fill will fail in the same way.
    WarmUpFailed {
        message: String,
    },
    Started {
        job: JobId,
        device: DeviceInfo,
        notes: Vec<String>,
    },
    Progress(FillProgress),
    /// The latest pictures of the search.
    Preview(SearchPreview),
    /// The search ended, was stopped, or failed after it had a result.
    Finished {
        job: JobId,
        outcome: Arc<FillOutcome>,
        /// The hole that was filled.
        hole: Mask,
    },
    QuickPreview(Box<QuickPreview>),
    /// The quick preview failed. A first guess without an encoder in the model is skipped without an event.
    QuickPreviewFailed {
        id: QuickPreviewId,
        message: String,
    },
    Faces(GeneratedFaces),
    /// The faces cannot be drawn.
    FacesFailed {
        id: FacesId,
        message: String,
    },
    /// The share of the requested maps that is done, 0 to 1.
    MapProgress {
        id: MapRequestId,
        share: f32,
    },
    Maps {
        id: MapRequestId,
        maps: Arc<FaceMapSet>,
    },
    /// The maps cannot be computed.
    MapsFailed {
        id: MapRequestId,
        message: String,
    },
    /// The search gave no result. `causes` starts with the outermost.
    Failed {
        job: JobId,
        message: String,
        causes: Vec<String>,
    },
}

/// Progress of a search.
#[derive(Clone, Debug)]
pub struct FillProgress {
    pub job: JobId,
    pub iterations: Vec<IterationLosses>,
    /// `None` until the speed is known.
    pub remaining_secs: Option<f32>,
    /// Iterations added to those in the settings because the hole changed.
    pub extended_by: u32,
    pub paused: bool,
}

/// Losses of every candidate at one iteration, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct IterationLosses {
    pub iteration: u32,
    pub candidates: Vec<Losses>,
}

/// The latest pictures of a running search.
#[derive(Clone, Debug)]
pub struct SearchPreview {
    pub job: JobId,
    /// G(z) of every candidate.
    pub candidates: Vec<Arc<FacePicture>>,
    /// Index of the candidate with the lowest total loss at this iteration.
    pub best: usize,
    /// The shown candidate, blended into the photo.
    pub patch: Arc<FillPatch>,
    /// The hole that the patch fills.
    pub hole: Mask,
}
