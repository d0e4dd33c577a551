//! The networks of a model, loaded on the CPU or on a GPU.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::cpu::{CpuActivations, CpuNetworks, CpuPrecision, LoadMode};
use super::gpu::GpuNetworks;
use super::{LatentDirection, ModelError, ModelFile, ModelInfo};
use crate::device::Gpu;

/// A loaded model. Its weights are constants: only latents get gradients.
pub struct Networks {
    pub info: ModelInfo,
    pub backend: NetworkBackend,
    /// The model's directions in latent space.
    pub directions: Vec<LatentDirection>,
    /// See [`Architecture::flop_per_step`](super::Architecture::flop_per_step).
    pub flop_per_step: usize,
}

/// The device implementation of the networks.
#[derive(Clone)]
pub enum NetworkBackend {
    Cpu(Arc<CpuNetworks>),
    Gpu(Arc<GpuNetworks>),
}

impl Networks {
    /// Loads a model on the CPU.
    ///
    /// # Errors
    /// None in practice: [`ModelFile::parse`] has checked every tensor.
    pub fn load_on_cpu(file: &ModelFile, precision: CpuPrecision) -> Result<Self, ModelError> {
        let networks = CpuNetworks::load(file, LoadMode::Optimized(precision))?;
        Ok(Self::new(file, NetworkBackend::Cpu(Arc::new(networks))))
    }

    /// Loads a model on a GPU.
    ///
    /// # Errors
    /// None in practice: [`ModelFile::parse`] has checked every tensor.
    ///
    /// # Panics
    /// When the GPU is lost or out of memory.
    pub fn load_on_gpu(file: &ModelFile, gpu: &Gpu) -> Result<Self, ModelError> {
        Ok(Self::new(file, NetworkBackend::Gpu(Arc::new(GpuNetworks::load(file, gpu)?))))
    }

    fn new(file: &ModelFile, backend: NetworkBackend) -> Self {
        let (info, directions) = (file.info.clone(), file.directions.clone());
        Self { info, backend, directions, flop_per_step: file.architecture.flop_per_step() }
    }

    /// Whether the networks are on a GPU that is lost.
    #[must_use]
    pub fn is_gpu_lost(&self) -> bool {
        match &self.backend {
            NetworkBackend::Cpu(_) => false,
            NetworkBackend::Gpu(networks) => networks.gpu().is_lost(),
        }
    }

    /// Has their GPU, if they are on one, opened anew for the next networks, because work on it has failed.
    pub(crate) fn give_up_gpu(&self) {
        if let NetworkBackend::Gpu(networks) = &self.backend {
            networks.gpu().give_up();
        }
    }

    /// The device that computes, for burn's tensors.
    #[must_use]
    pub fn device(&self) -> Device {
        match &self.backend {
            NetworkBackend::Cpu(_) => Device::flex(),
            NetworkBackend::Gpu(networks) => networks.gpu().burn.clone(),
        }
    }

    /// Whether the model has a discriminator, which the prior loss needs.
    #[must_use]
    pub fn has_discriminator(&self) -> bool {
        match &self.backend {
            NetworkBackend::Cpu(networks) => networks.has_discriminator(),
            NetworkBackend::Gpu(networks) => networks.has_discriminator(),
        }
    }

    /// Encoder forward: a picture `[side, side, 3]` in [-1, 1] and its known mask `[side, side]` (0 or 1) to a latent,
    /// each value in [-1, 1]. Hole pixels are not read. `None` without an encoder.
    ///
    /// # Panics
    /// When a GPU is lost or out of memory.
    #[must_use]
    pub fn encode(&self, picture: &[f32], known: &[f32]) -> Option<Vec<f32>> {
        match &self.backend {
            NetworkBackend::Cpu(networks) => networks.encode(1, picture, known),
            NetworkBackend::Gpu(networks) => networks.encode(1, picture, known),
        }
    }

    /// Generator forward: latents `[batch, latent_dim]` to pictures `[batch, side, side, 3]`, all in [-1, 1].
    ///
    /// # Panics
    /// When a GPU is lost or out of memory.
    #[must_use]
    pub fn generate(&self, batch: usize, latents: &[f32], activations: &mut CpuActivations) -> Vec<f32> {
        match &self.backend {
            NetworkBackend::Cpu(networks) => networks.generate(batch, latents, activations),
            NetworkBackend::Gpu(networks) => networks.generate(batch, latents),
        }
    }
}

/// Reads a tensor's values in row-major order. Waits for the device.
pub(crate) fn read_values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data = tensor.into_data();
    data.try_to_vec::<f32>().unwrap_or_else(|_| data.iter::<f32>().collect())
}
