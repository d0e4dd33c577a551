//! The networks of a model, loaded on the CPU or on a GPU.

use std::sync::Arc;

use super::gpu::GpuNetworks;
use super::host::{Arithmetic, HostNetworks, Purpose, Tape};
use super::{ModelError, ModelFile, ModelInfo};
use crate::device::Gpu;

/// A loaded model. Its weights are constants: only latents get gradients.
pub struct Networks {
    pub info: ModelInfo,
    pub place: Place,
    /// Floating-point operations of one step for one candidate
    /// ([`Architecture::step_flop`](super::Architecture::step_flop)).
    pub step_flop: usize,
}

/// The device implementation of the networks.
#[derive(Clone)]
pub enum Place {
    Host(Arc<HostNetworks>),
    Gpu(Arc<GpuNetworks>),
}

impl Networks {
    /// Loads a model on the CPU.
    ///
    /// # Errors
    /// Never for a file that was parsed.
    pub fn load_on_host(file: &ModelFile, arithmetic: Arithmetic) -> Result<Self, ModelError> {
        let host = HostNetworks::load(file, Purpose::Search(arithmetic))?;
        Ok(Self::new(file, Place::Host(Arc::new(host))))
    }

    /// Loads a model on a GPU.
    ///
    /// # Errors
    /// Never for a file that was parsed.
    ///
    /// # Panics
    /// When the GPU is lost or out of memory.
    pub fn load_on_gpu(file: &ModelFile, gpu: &Gpu) -> Result<Self, ModelError> {
        Ok(Self::new(file, Place::Gpu(Arc::new(GpuNetworks::load(file, gpu)?))))
    }

    fn new(file: &ModelFile, place: Place) -> Self {
        Self { info: file.info.clone(), place, step_flop: file.architecture.step_flop() }
    }

    /// Whether the networks were on a GPU that is lost.
    #[must_use]
    pub fn are_lost(&self) -> bool {
        match &self.place {
            Place::Host(_) => false,
            Place::Gpu(networks) => networks.gpu().is_lost(),
        }
    }

    /// Generator forward: `batch` latents, one after the other, each value in [-1, 1], to pictures `[batch, side, side,
    /// 3]` in [-1, 1].
    ///
    /// # Panics
    /// When a GPU is lost or out of memory.
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
