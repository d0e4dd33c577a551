//! The three networks of a model, ready to use where the work is done.

use std::sync::Arc;

use super::gpu::GpuNetworks;
use super::host::{Arithmetic, HostNetworks, Purpose, Tape};
use super::{ModelError, ModelFile, ModelInfo};
use crate::device::Gpu;

/// A model ready to use. Its weights are constants: only latents get gradients.
pub struct Networks {
    pub info: ModelInfo,
    pub place: Place,
    /// Of one candidate's step ([`Architecture::step_flop`](super::Architecture::step_flop)).
    pub step_flop: usize,
}

/// Where networks are.
#[derive(Clone)]
pub enum Place {
    Host(Arc<HostNetworks>),
    Gpu(Arc<GpuNetworks>),
}

impl Networks {
    /// Puts a model on the CPU.
    ///
    /// # Errors
    /// Never for a file that was parsed.
    pub fn load_on_host(file: &ModelFile, arithmetic: Arithmetic) -> Result<Self, ModelError> {
        let host = HostNetworks::load(file, Purpose::Search(arithmetic))?;
        Ok(Self::new(file, Place::Host(Arc::new(host))))
    }

    /// Puts a model on a GPU.
    ///
    /// # Errors
    /// Never for a file that was parsed.
    ///
    /// # Panics
    /// When the GPU is lost, or its memory does not suffice.
    pub fn load_on_gpu(file: &ModelFile, gpu: &Gpu) -> Result<Self, ModelError> {
        Ok(Self::new(file, Place::Gpu(Arc::new(GpuNetworks::load(file, gpu)?))))
    }

    fn new(file: &ModelFile, place: Place) -> Self {
        Self { info: file.info.clone(), place, step_flop: file.architecture.step_flop() }
    }

    /// Whether they are gone with the GPU that they were on.
    #[must_use]
    pub fn are_lost(&self) -> bool {
        match &self.place {
            Place::Host(_) => false,
            Place::Gpu(networks) => networks.gpu().is_lost(),
        }
    }

    /// G of `batch` latents, one after the other, each value in [-1, 1]: `[batch, side, side, 3]` in [-1, 1].
    ///
    /// # Panics
    /// When a GPU is lost, or its memory does not suffice.
    #[must_use]
    pub fn draw(&self, batch: usize, latents: &[f32], tape: &mut Tape) -> Vec<f32> {
        match &self.place {
            Place::Host(networks) => {
                networks.draw(batch, latents, tape);
                tape.pictures().to_vec()
            }
            Place::Gpu(networks) => networks.draw(batch, latents),
        }
    }
}
