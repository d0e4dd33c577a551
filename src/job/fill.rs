//! One fill from request to outcome.

use super::{DeviceInfo, FillOutcome, FillRequest, LiveSettings};
use crate::device::DeviceChoice;
use crate::model::{ModelChoice, ModelInfo};
use crate::search::Losses;

/// Opened devices and loaded networks, kept between fills. Stays on the thread that made it.
#[derive(Default)]
pub struct Engine {}

/// What an observer wants next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flow {
    Continue,
    /// End now and return the best so far.
    Stop,
}

/// Follows a fill. Called on the thread that runs it, between gradient evaluations.
pub trait Observer {
    /// The device is open, the model loaded, the search about to start. `notes` are for the user, as in "this model
    /// has no discriminator: the prior loss is off".
    fn started(&mut self, device: &DeviceInfo, model: &ModelInfo, notes: &[String]);

    /// Asked before every gradient evaluation; may block (pause).
    fn flow(&mut self) -> Flow;

    /// λ and steps for the next iteration.
    fn live_settings(&mut self) -> Option<LiveSettings> {
        None
    }

    /// Whether the losses of this iteration (from 1) must be handed over now rather than in a batch later.
    fn wants_losses(&mut self, iteration: u32) -> bool;

    /// The losses of every candidate at an iteration. Every iteration comes once, in order.
    fn losses(&mut self, iteration: u32, losses: &[Losses]);

    /// Whether the pictures of this iteration are wanted. They are the pictures at the start of the iteration, which
    /// its losses describe.
    fn wants_pictures(&mut self, iteration: u32) -> bool;

    /// `pictures[k]` is G(z) of candidate k, planar RGB in [-1, 1], `[3, size_px, size_px]`; `best` has the least
    /// total loss.
    fn pictures(&mut self, iteration: u32, size_px: u32, pictures: Vec<Vec<f32>>, best: usize);
}

/// Why a fill gave no result at all.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    #[error("nothing to fill: paint over the part of the face to replace")]
    EmptyHole,
    #[error("the hole lies outside the face frame: move the frame over it, or paint inside the frame")]
    HoleOutsideFrame,
    #[error("nothing is left to agree with: leave some of the face inside the frame unpainted")]
    NothingKnown,
}

impl Engine {
    /// Opens the device and loads the model, or finds them in the cache.
    ///
    /// # Errors
    /// When either cannot be had.
    pub fn prepare(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(DeviceInfo, ModelInfo), FillError> {
        let _ = (device, model);
        unimplemented!()
    }
}

/// Runs one fill to its end.
///
/// # Errors
/// Only when there is no result at all. A search that breaks or is stopped after its first iteration is an outcome with
/// [`FillOutcome::stopped`] set.
pub fn run_fill(
    engine: &mut Engine,
    request: &FillRequest,
    observer: &mut dyn Observer,
) -> Result<FillOutcome, FillError> {
    let _ = (engine, request, observer);
    unimplemented!()
}
