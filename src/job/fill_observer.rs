//! What a running fill reports, and how it is controlled.

use std::sync::Arc;

use super::{DeviceInfo, LiveSettings};
use crate::face_picture::FacePicture;
use crate::mask::Mask;
use crate::model::ModelInfo;
use crate::search::Losses;

/// Whether an observer lets the search continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillControl {
    Continue,
    /// End now and return the best result so far.
    Stop,
}

/// Receives progress of a fill and controls it. Called on the search thread, between gradient evaluations. Losses and
/// pictures are read from the device only when the observer wants them.
pub trait FillObserver {
    /// The device is open, the model is loaded, and the search is about to start. `notes` are for the user, for example
    /// "This model has no discriminator: the prior loss is off".
    fn started(&mut self, device: &DeviceInfo, model: &ModelInfo, notes: &[String]);

    /// Called before every gradient evaluation. May block to pause the search.
    fn control(&mut self) -> FillControl;

    /// λ and steps for the next iteration.
    fn live_settings(&mut self) -> Option<LiveSettings> {
        None
    }

    /// A new hole to continue with, if there is one. It must have the photo's size, and a part of it must lie in the
    /// frame.
    fn take_new_hole(&mut self) -> Option<Mask> {
        None
    }

    /// The search continues, with a new hole or from an earlier search, and runs this many iterations more than its
    /// settings say.
    fn search_extended(&mut self, _by: u32) {}

    /// Whether the losses of this iteration (from 1) are needed now, rather than later in a batch.
    fn wants_losses(&mut self, _iteration: u32) -> bool {
        false
    }

    /// Losses of every candidate at an iteration. Called once for every iteration, in order.
    fn losses(&mut self, _iteration: u32, _losses: &[Losses]) {}

    /// Whether the pictures of this iteration are wanted. They belong to its losses: both come from the latents at the
    /// start of the iteration.
    fn wants_pictures(&mut self, _iteration: u32) -> bool {
        false
    }

    /// `pictures[k]` is G(z) of candidate k. `best` is the index of the lowest total loss.
    fn pictures(&mut self, _iteration: u32, _pictures: Vec<Arc<FacePicture>>, _best: usize) {}
}
