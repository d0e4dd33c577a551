//! The networks on a GPU, by our own compute shaders: forward, and backward to the latent.
//!
//! As on the [CPU](super::cpu), all weights are frozen, so the backward pass is fixed. Each layer is one GEMM with an
//! implicit im2col: the shader gathers the rows of the input matrix from a picture as it loads them. An epilogue adds
//! the bias and applies the activation, or multiplies a gradient by the activation's derivative. Nothing is autotuned: a
//! few shaders serve any number of candidates.
//!
//! burn's tensors and these shaders share one device and queue. The search runs the passes as operations on tensors.
//!
//! A GEMM tile keeps its sums in registers and loads the next values from memory while it multiplies. To check the
//! register use on AMD without such a GPU: `RADV_FORCE_FAMILY=NAVI21 RADV_DEBUG=shaderstats,nocache` with Mesa.
//!
//! Layers with few pixels split the inner dimension of the GEMM (split-K) so that there are enough workgroups for a
//! large GPU. A second dispatch adds up the partial sums.
//!
//! Pictures are channels-last, `[batch, side, side, channels]`. Channels are counted in vectors of four values; the
//! fourth channel of a picture is zero.
//!
//! | file | purpose |
//! | --- | --- |
//! | `kernel` | compute pipelines, dispatches, buffers, readback |
//! | `gemm_shader` | generates the GEMM shader |
//! | `gemm.wgsl` | bindings and epilogue, shared by the GEMM and the sum of its parts (`sum_parts.wgsl`) |
//! | `dense.wgsl`; `conv.wgsl` and `conv_transpose.wgsl`, with `load_pixel.wgsl` | load the input rows: dense, convolution, transposed convolution |
//! | `gpu_layer` | weights of a layer |
//! | `dispatch_plan` | buffers and dispatches for a number of candidates |
//! | `tensor_dispatches` | runs dispatches on tensors of burn |

mod dispatch_plan;
mod gemm_shader;
mod gpu_layer;
mod kernel;
mod tensor_dispatches;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

pub use dispatch_plan::DispatchPlan;
pub use kernel::{Dispatch, Kernel, constant_buffer, storage_buffer, uniform_buffer};
pub use tensor_dispatches::TensorDispatches;

use gpu_layer::GpuLayer;

use super::{ModelError, ModelFile, NetworkPlan};
use crate::device::Gpu;

/// Values per vector (`vec4`).
pub const VECTOR_LEN: usize = 4;

/// Number of vectors that hold `length` values.
#[must_use]
pub fn vector_count(length: usize) -> usize {
    length.div_ceil(VECTOR_LEN)
}

/// A model's networks on a GPU.
pub struct GpuNetworks {
    gpu: Gpu,
    /// Compiled kernels by name. Each is compiled on first use.
    kernels: Mutex<HashMap<String, Kernel>>,
    generator: Vec<GpuLayer>,
    discriminator: Option<Vec<GpuLayer>>,
    encoder: Option<Vec<GpuLayer>>,
    side_px: usize,
    latent_dim: usize,
}

impl GpuNetworks {
    /// Uploads a model's weights to a GPU.
    ///
    /// # Errors
    /// None in practice: [`ModelFile::parse`] has checked every tensor.
    ///
    /// # Panics
    /// When the GPU is lost or out of memory.
    pub fn load(file: &ModelFile, gpu: &Gpu) -> Result<Self, ModelError> {
        let load = |plan: &NetworkPlan| {
            plan.layers.iter().map(|layer| GpuLayer::load(gpu, file, layer)).collect::<Result<Vec<_>, _>>()
        };
        let architecture = &file.architecture;
        Ok(Self {
            gpu: gpu.clone(),
            kernels: Mutex::default(),
            generator: load(&architecture.generator)?,
            discriminator: architecture.discriminator.as_ref().map(load).transpose()?,
            encoder: architecture.encoder.as_ref().map(load).transpose()?,
            side_px: file.info.image_size_px as usize,
            latent_dim: file.info.latent_dim,
        })
    }

    /// The kernel with this name, compiled from `source` on first use.
    ///
    /// # Panics
    /// When the shader is not valid.
    #[must_use]
    pub fn kernel(&self, name: &str, function: &str, source: impl FnOnce() -> String) -> Kernel {
        let mut kernels = self.kernels.lock().unwrap_or_else(PoisonError::into_inner);
        let compile = || Kernel::new(&self.gpu, &source(), function);
        kernels.entry(name.into()).or_insert_with(compile).clone()
    }

    /// Whether the model has a discriminator, which the prior loss needs.
    #[must_use]
    pub fn has_discriminator(&self) -> bool {
        self.discriminator.is_some()
    }

    /// The GPU that holds the networks.
    #[must_use]
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Side of the pictures in pixels.
    #[cfg(test)]
    pub(crate) fn side_px(&self) -> usize {
        self.side_px
    }

    /// Number of values in a latent.
    #[must_use]
    pub fn latent_dim(&self) -> usize {
        self.latent_dim
    }
}

/// Pads rows of `length` values with zeros to whole vectors.
#[must_use]
pub fn pad_rows(values: &[f32], length: usize) -> Vec<f32> {
    let width = vector_count(length) * VECTOR_LEN;
    let row = |row: &[f32]| {
        let mut row = row.to_vec();
        row.resize(width, 0.0);
        row
    };
    values.chunks(length).flat_map(row).collect()
}

/// Removes the padding of rows: the inverse of [`pad_rows`].
#[must_use]
pub fn unpad_rows(values: &[f32], length: usize) -> Vec<f32> {
    values.chunks(vector_count(length) * VECTOR_LEN).flat_map(|row| &row[..length]).copied().collect()
}
