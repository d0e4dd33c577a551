//! The networks on a GPU, by shaders of our own: forwards, and backwards to the latent.
//!
//! As on the [CPU](super::host), all weights are frozen and the way back is known. Each layer is one matrix product that gathers its
//! rows from a picture as it loads them, adds the bias and applies the activation, or takes a gradient through it. So a whole step is
//! 30 to 50 dispatches that are recorded at once, and nothing is read back but the gradient to the latents and the losses.
//! There is nothing to tune: a handful of shaders are compiled in all, whatever the number of candidates.
//!
//! Compiled for AMD (RADV, Navi 21), the largest shader keeps all in 158 registers of 256, none in memory, and its compilation takes
//! 0.03 s. Of the instructions of its loop 73 % multiply and add. For a tile of 64 rows and 16 vectors it is estimated at 37,900
//! cycles, where one that loads only when it has multiplied is estimated at 55,200. (`RADV_FORCE_FAMILY=NAVI21
//! RADV_DEBUG=shaderstats,nocache`, which needs no such GPU; Mesa 22.3.)
//!
//! Where a layer has few pixels, what is multiplied over is cut into parts, so that there is work for a few hundred workgroups,
//! and the parts are added up in a dispatch of their own.
//!
//! What would surprise: pictures are channels-last, `[batch, side, side, channels]`, and their channels are counted in vectors of
//! four values; a picture's fourth channel is zero.
//!
//! | file | what |
//! | --- | --- |
//! | `kernel` | compiled shaders, what is asked of them, reading back |
//! | `shader` | writes the matrix product's shader |
//! | `product.wgsl` | what products and the sum of their parts, `total.wgsl`, share |
//! | `plain.wgsl`; `down.wgsl` and `up.wgsl`, with `picture.wgsl` | how a row is gathered |
//! | `layer` | a layer's weights |
//! | `pass` | the networks for a number of candidates: room, and dispatches |

mod kernel;
mod layer;
mod pass;
mod shader;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

pub use kernel::{Dispatch, Kernel, Reader, Recorded, constants, room, uniform};
pub use pass::Pass;

use layer::{Layer, Side, Ways};

use super::{ModelError, ModelFile};
use crate::device::Gpu;

/// Values that are read, multiplied and written together.
pub const VECTOR: usize = 4;

/// So many vectors hold `length` values.
#[must_use]
pub fn vectors(length: usize) -> usize {
    length.div_ceil(VECTOR)
}

/// The networks of a model on a GPU.
pub struct GpuNetworks {
    gpu: Gpu,
    /// Those that were compiled, when they were first wanted.
    kernels: Mutex<HashMap<String, Kernel>>,
    generator: Vec<Layer>,
    discriminator: Option<Vec<Layer>>,
    encoder: Option<Vec<Layer>>,
    side_px: usize,
    latent_dim: usize,
}

impl GpuNetworks {
    /// Brings a model's weights to a GPU.
    ///
    /// # Errors
    /// Never for a file that was parsed.
    ///
    /// # Panics
    /// When the GPU is lost, or its memory does not suffice.
    pub fn load(file: &ModelFile, gpu: &Gpu) -> Result<Self, ModelError> {
        let depth = file.architecture.generator_channels.len() - 1;
        let load = |name: String, side, ways| Layer::load(gpu, file, &name, side, ways);
        let mut generator = vec![load("generator.project".into(), Side::Whole, Ways::Spread)?];
        for index in 0..depth {
            generator.push(load(format!("generator.up.{index}"), Side::Twofold, Ways::Spread)?);
        }
        generator.push(load("generator.to_rgb".into(), Side::Twofold, Ways::Spread)?);
        let judge = |network: &str, channels: &Option<Vec<usize>>, ways| -> Result<_, ModelError> {
            let Some(channels) = channels else { return Ok(None) };
            let mut layers = vec![load(format!("{network}.from_rgb"), Side::Twofold, ways)?];
            for index in 0..channels.len() - 1 {
                layers.push(load(format!("{network}.down.{index}"), Side::Twofold, ways)?);
            }
            layers.push(load(format!("{network}.score"), Side::Whole, ways)?);
            Ok(Some(layers))
        };
        let discriminator = judge("discriminator", &file.architecture.discriminator_channels, Ways::Gather)?;
        let encoder = judge("encoder", &file.architecture.encoder_channels, Ways::GatherOnly)?;
        Ok(Self {
            gpu: gpu.clone(),
            kernels: Mutex::default(),
            generator,
            discriminator,
            encoder,
            side_px: file.info.image_size_px as usize,
            latent_dim: file.info.latent_dim,
        })
    }

    /// A function of a shader under a name of its own, compiled when it is first asked for.
    ///
    /// # Panics
    /// When the shader is not valid.
    #[must_use]
    pub fn kernel(&self, name: &str, function: &str, source: impl FnOnce() -> String) -> Kernel {
        let mut kernels = self.kernels.lock().unwrap_or_else(PoisonError::into_inner);
        let compile = || Kernel::new(&self.gpu, &source(), function);
        kernels.entry(name.into()).or_insert_with(compile).clone()
    }

    /// Whether the prior loss can be had.
    #[must_use]
    pub fn has_discriminator(&self) -> bool {
        self.discriminator.is_some()
    }

    /// Where they are.
    #[must_use]
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Side of the pictures in pixels.
    #[must_use]
    pub fn side_px(&self) -> usize {
        self.side_px
    }

    /// Values of a latent.
    #[must_use]
    pub fn latent_dim(&self) -> usize {
        self.latent_dim
    }
}

/// Latents `[batch, latent_dim]`, their ends filled up with zeros to whole vectors.
#[must_use]
pub fn widened(values: &[f32], length: usize) -> Vec<f32> {
    let width = vectors(length) * VECTOR;
    let row = |row: &[f32]| {
        let mut row = row.to_vec();
        row.resize(width, 0.0);
        row
    };
    values.chunks(length).flat_map(row).collect()
}

/// Rows of whole vectors without their ends: the reverse of [`widened`].
#[must_use]
pub fn narrowed(values: &[f32], length: usize) -> Vec<f32> {
    values.chunks(vectors(length) * VECTOR).flat_map(|row| &row[..length]).copied().collect()
}
