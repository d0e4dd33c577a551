//! A fill as a whole: crop, search, result, on a thread of its own.
//!
//! [`run_fill`] does one fill and reports to an [`Observer`]; the command line calls it directly. [`Worker`] is the
//! editor's named background thread around it: commands go in, small [`Event`]s come out, and the newest [`Preview`]
//! waits in a slot that holds just one.
//!
//! Nothing is lost once there is a result: a cancelled or failed search still returns the best fill so far. A [`Recipe`]
//! says how a fill was made, and travels in the file that is exported.

mod background;
mod brief;
mod caught;
mod engine;
mod error;
mod faces;
mod fill;
pub mod floats;
mod follow;
mod likeness;
mod line;
mod memory;
mod recipe;
mod sketch;
mod slot;
mod start;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::blend::{Blend, Patch};
use crate::device::DeviceChoice;
use crate::face::FaceFrame;
use crate::mask::Mask;
use crate::model::{ModelChoice, ModelInfo};
use crate::photo::Photo;
use crate::search::{Losses, Settings};

pub use background::start_pool_in_background;
pub use engine::Engine;
pub use error::FillError;
pub use faces::{Faces, FacesId, FacesRequest};
pub use fill::{Flow, Observer, run_fill};
pub use likeness::Doubt;
pub use line::Urgency;
pub use memory::{give_memory_back, share_one_heap};
pub use recipe::{Content, Made, ModelMark, PhotoMark, Recipe, RecipeError};
pub use sketch::{Sketch, SketchId};
pub use slot::Slot;
pub use start::Start;
pub use worker::Worker;

/// Everything that one fill needs.
#[derive(Clone, Debug)]
pub struct FillRequest {
    pub photo: Arc<Photo>,
    /// Of the photo's size.
    pub hole: Arc<Mask>,
    pub frame: FaceFrame,
    pub settings: Settings,
    pub start: Start,
    pub blend: Blend,
    pub model: ModelChoice,
    pub device: DeviceChoice,
}

/// What may change while a search runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveSettings {
    pub lambda: f32,
    pub steps: u32,
}

/// The device a fill ran on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// As in "CPU" or "NVIDIA RTX 4070 (Vulkan)".
    pub name: String,
    pub is_gpu: bool,
    /// Why it is not what one might expect, as in "No GPU here: the CPU does the work".
    pub notice: Option<String>,
}

/// One latent and what it draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub latent: Vec<f32>,
    /// G(latent): planar RGB in [-1, 1], `[3, size, size]`.
    pub pixels: Vec<f32>,
    pub losses: Losses,
    /// A mix of others that the user has made: drawn as it is, not searched.
    pub mixed: bool,
}

/// Why a search ended before its last step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// The user stopped it.
    Cancelled,
    /// Something broke; what follows is the best up to then.
    Failed(String),
}

/// What a fill came to.
#[derive(Clone, Debug, PartialEq)]
pub struct FillOutcome {
    /// As they were at the end (λ and steps may have been changed on the way).
    pub settings: Settings,
    /// Where the search began.
    pub start: Start,
    pub model: ModelInfo,
    pub device: DeviceInfo,
    /// Iterations done; more than the settings say when the hole was changed on the way.
    pub steps: u32,
    /// Gradient evaluations done: as many as iterations, but for HMC.
    pub evaluations: u32,
    /// λ, the number of steps or the hole was changed while the search ran: what they were in the end, from the start on, may
    /// give another fill.
    pub changed_on_the_way: bool,
    /// The search alone, without loading and compiling.
    pub seconds: f32,
    pub stopped: Option<StopReason>,
    /// The share of the known pixels' differences that the best candidate explains, at most 1; see [`FillOutcome::doubt`]. `None`
    /// when there are no differences.
    pub explained: Option<f32>,
    /// In the order they were started, each at its own best iteration; mixes after them.
    pub candidates: Vec<Candidate>,
    /// The candidate with the least total loss.
    pub best: usize,
    /// Losses of the best candidate at the first iteration.
    pub first_losses: Losses,
    /// Side of the candidates' pictures.
    pub size_px: u32,
}

impl FillOutcome {
    /// The candidates by their total loss, the best first; what has no loss comes last.
    #[must_use]
    pub fn ranked(&self) -> Vec<usize> {
        let total = |&index: &usize| self.candidates.get(index).map_or(f32::NAN, |candidate| candidate.losses.total);
        let mut ranked: Vec<usize> = (0..self.candidates.len()).collect();
        ranked.sort_by(|a, b| {
            let (a, b) = (total(a), total(b));
            a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(&b))
        });
        ranked
    }

    /// How many candidates the search has found: all but the mixes.
    #[must_use]
    pub fn searched(&self) -> usize {
        self.candidates.iter().filter(|candidate| !candidate.mixed).count()
    }

    /// Keeps a mix: in place of an earlier one, or as a further candidate. Answers its index.
    pub fn keep_mix(&mut self, mix: Candidate, in_place_of: Option<usize>) -> usize {
        let mix = Candidate { mixed: true, ..mix };
        let earlier = in_place_of.filter(|&index| self.candidates.get(index).is_some_and(|earlier| earlier.mixed));
        let index = earlier.unwrap_or(self.candidates.len());
        match self.candidates.get_mut(index) {
            Some(place) => *place = mix,
            None => self.candidates.push(mix),
        }
        self.best = fill::least_total(self.candidates.iter().map(|candidate| candidate.losses));
        index
    }
}

/// Names a fill, so that late news of an old one can be told apart.
pub type JobId = u64;

/// To the worker.
pub enum Command {
    /// Start this fill; a running one is stopped first.
    Start(JobId, Box<FillRequest>),
    Pause,
    Resume,
    /// One iteration, then pause again.
    StepOnce,
    /// Stop and keep the best so far.
    Cancel,
    /// From the next iteration on.
    Update(LiveSettings),
    /// Go on with another hole from the present latents. Holes are counted: the request's is 0, each that follows has a larger
    /// number. One that cannot be filled is left aside.
    SetHole(u64, Arc<Mask>),
    /// How the fill joins the photo from now on.
    SetBlend(Blend),
    /// Which candidate the preview shows; `None` is the best at the moment.
    Show(Option<usize>),
    /// Open the device and load the model now, so that the first fill starts at once.
    WarmUp(DeviceChoice, ModelChoice),
    /// Draw one picture at once ([`FillRequest::into_first_guess`], [`FillRequest::into_drawing_of`]), if no search runs. A newer
    /// one, or a start, takes the place of one that waits.
    Sketch(SketchId, Box<FillRequest>),
    /// Draw faces from nothing but their latents. While a search runs it waits for the end, and a newer one takes its place.
    Draw(FacesId, Box<FacesRequest>),
}

/// From the worker.
#[derive(Clone, Debug)]
pub enum Event {
    /// The device and the model are ready.
    Ready {
        device: DeviceInfo,
        model: ModelInfo,
    },
    /// Warm-up failed; the next fill will say the same.
    NotReady {
        message: String,
    },
    Started {
        job: JobId,
        device: DeviceInfo,
        model: ModelInfo,
        notes: Vec<String>,
    },
    /// Some iterations are done.
    Progress {
        job: JobId,
        iterations: Vec<IterationLosses>,
        elapsed_secs: f32,
        /// `None` until the speed is known.
        remaining_secs: Option<f32>,
        /// Iterations that the search takes on top of those that its settings say, as the hole was changed.
        extended_by: u32,
        paused: bool,
    },
    /// The search ended, was stopped, or broke after it had a result.
    Finished {
        job: JobId,
        outcome: Arc<FillOutcome>,
        /// The number of the hole that was filled, and the hole.
        hole_number: u64,
        hole: Arc<Mask>,
    },
    /// There is no sketch. Silence means the same for the guess of an encoder that the model does not have.
    NotSketched {
        sketch: SketchId,
        message: String,
    },
    /// The faces cannot be drawn.
    NotDrawn {
        faces: FacesId,
        message: String,
    },
    /// The search could not give any result. `causes` from the outermost inwards.
    Failed {
        job: JobId,
        message: String,
        causes: Vec<String>,
    },
}

/// The losses of every candidate at one iteration (counted from 1).
#[derive(Clone, Debug, PartialEq)]
pub struct IterationLosses {
    pub iteration: u32,
    pub candidates: Vec<Losses>,
}

/// The newest pictures of a running search.
#[derive(Clone, Debug)]
pub struct Preview {
    pub job: JobId,
    pub iteration: u32,
    pub size_px: u32,
    /// G(z) of every candidate: planar RGB in [-1, 1].
    pub candidates: Vec<Vec<f32>>,
    /// The candidate with the least total loss now.
    pub best: usize,
    /// The shown candidate, in place in the photo.
    pub patch: Patch,
    /// The number of the hole that it is drawn into.
    pub hole_number: u64,
}
