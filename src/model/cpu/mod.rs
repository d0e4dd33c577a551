//! The networks on the CPU, hand-written: forward, and backward to the latent.
//!
//! All weights are frozen, so they are prepared at load and the backward pass is fixed. No graph is recorded, and the
//! loop allocates nothing. Each layer is one GEMM: a convolution applies im2col before it, a transposed convolution
//! col2im after it. Each of the two is the backward pass of the other. The most expensive layers use Winograd's
//! algorithm, which needs fewer multiplications.
//!
//! Most of a step's time goes into the GEMMs of those layers, which run close to the peak of the vector unit. To
//! profile: `perf record countenance bench --candidates 8`, built with `-C strip=none`.
//!
//! Pictures are channels-last, `[batch, side, side, channels]`, so that a column of im2col is contiguous in memory.
//! Activations live in a [`CpuActivations`], which is reused from step to step.
//!
//! | file | purpose |
//! | --- | --- |
//! | `gemm` | GEMM |
//! | `packed_gemm` | GEMM with weights packed at load |
//! | `bf16` | the same in bfloat16, where the processor supports it |
//! | `im2col` | im2col and col2im for a kernel with stride 2 |
//! | `winograd` | convolution with fewer multiplications |
//! | `convolution` | convolution and its transpose, by the fastest algorithm |
//! | `generator` | G, forward and backward |
//! | `conv_stack` | D and E, forward and backward |

mod bf16;
mod conv_stack;
mod convolution;
mod gemm;
mod generator;
mod im2col;
mod packed_gemm;
#[cfg(test)]
pub(super) mod tests;
mod winograd;

use super::{ModelError, ModelFile, NetworkPlan};
use conv_stack::ConvStack;
pub use convolution::{CpuPrecision, LoadMode};
use generator::Generator;

/// A model's networks on the CPU.
pub struct CpuNetworks {
    generator: Generator,
    discriminator: Option<ConvStack>,
    encoder: Option<ConvStack>,
}

/// Activations that the backward pass needs, and scratch buffers.
#[derive(Default)]
pub struct CpuActivations {
    /// Outputs of G's layers, without the pictures.
    generator_outputs: Vec<Vec<f32>>,
    /// Outputs of D's layers, without the logits.
    discriminator_outputs: Vec<Vec<f32>>,
    scratch: CpuScratch,
    /// The gradient at the current layer and at the next one of the backward pass.
    gradient: Vec<f32>,
    next_gradient: Vec<f32>,
}

/// Scratch buffers that the layers share.
#[derive(Default)]
struct CpuScratch {
    columns: Vec<f32>,
    bf16_columns: Vec<u32>,
    gemm_output: Vec<f32>,
}

impl CpuNetworks {
    /// Loads a model's weights and prepares them for `mode`.
    ///
    /// # Errors
    /// None in practice: [`ModelFile::parse`] has checked every tensor.
    pub fn load(file: &ModelFile, mode: LoadMode) -> Result<Self, ModelError> {
        let load_stack = |plan: &Option<NetworkPlan>, mode: LoadMode| {
            plan.as_ref().map(|plan| ConvStack::load(file, plan, mode)).transpose()
        };
        Ok(Self {
            generator: Generator::load(file, mode)?,
            discriminator: load_stack(&file.architecture.discriminator, mode)?,
            encoder: load_stack(&file.architecture.encoder, LoadMode::ForwardOnly)?,
        })
    }

    /// Generator forward: latents `[batch, latent_dim]` to pictures `[batch, side, side, 3]`, all in [-1, 1].
    pub fn generate(&self, batch: usize, latents: &[f32], activations: &mut CpuActivations) -> Vec<f32> {
        self.generator.forward(batch, latents, activations)
    }

    /// Generator backward: the gradient of the pictures of the last forward pass to the gradient of its latents. The
    /// picture gradient is overwritten.
    pub fn generate_backward(
        &self,
        batch: usize,
        pictures: &[f32],
        gradient: &mut [f32],
        activations: &mut CpuActivations,
    ) -> Vec<f32> {
        self.generator.backward(batch, pictures, gradient, activations)
    }

    /// Whether the model has a discriminator, which the prior loss needs.
    #[must_use]
    pub fn has_discriminator(&self) -> bool {
        self.discriminator.is_some()
    }

    /// Discriminator forward: pictures `[batch, side, side, 3]` to one logit each. `None` without a discriminator.
    pub fn discriminate(&self, batch: usize, pictures: &[f32], activations: &mut CpuActivations) -> Option<Vec<f32>> {
        Some(self.discriminator.as_ref()?.forward(batch, pictures, activations))
    }

    /// Discriminator backward: the gradient of the logits of the last forward pass to the gradient of its pictures.
    /// `None` without a discriminator.
    pub fn discriminate_backward(&self, gradient: &[f32], activations: &mut CpuActivations) -> Option<Vec<f32>> {
        Some(self.discriminator.as_ref()?.backward(gradient.len(), gradient, activations))
    }

    /// Discriminator features of pictures `[batch, side, side, 3]` in [-1, 1]: the mean of each channel of each layer,
    /// one row per picture. `None` without a discriminator.
    #[must_use]
    pub fn discriminator_features(&self, batch: usize, pictures: &[f32]) -> Option<Vec<f32>> {
        let discriminator = self.discriminator.as_ref()?;
        let mut activations = CpuActivations::default();
        discriminator.forward(batch, pictures, &mut activations);
        let mut rows = Vec::new();
        for picture in 0..batch {
            for (output, channels) in activations.discriminator_outputs.iter().zip(discriminator.output_channels()) {
                let length = output.len() / batch;
                let mut sums = vec![0.0f32; channels];
                for pixel in output[picture * length..(picture + 1) * length].chunks_exact(channels) {
                    sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
                }
                #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^24 pixels")]
                let pixels = (length / channels) as f32;
                rows.extend(sums.into_iter().map(|sum| sum / pixels));
            }
        }
        Some(rows)
    }

    /// Generator forward of one latent: the output of each layer, `[side, side, channels]`, the picture last.
    #[must_use]
    pub fn generator_layers(&self, latent: &[f32]) -> Vec<Vec<f32>> {
        let mut activations = CpuActivations::default();
        let picture = self.generator.forward(1, latent, &mut activations);
        activations.generator_outputs.into_iter().chain([picture]).collect()
    }

    /// Discriminator forward of one picture `[side, side, 3]`: the output of each layer, `[side, side, channels]`, the
    /// logit last. `None` without a discriminator.
    #[must_use]
    pub fn discriminator_layers(&self, picture: &[f32]) -> Option<Vec<Vec<f32>>> {
        let mut activations = CpuActivations::default();
        let logit = self.discriminator.as_ref()?.forward(1, picture, &mut activations);
        Some(activations.discriminator_outputs.into_iter().chain([logit]).collect())
    }

    /// Encoder forward: pictures `[batch, side, side, 3]` in [-1, 1] and their known masks `[batch, side, side]` (0 or
    /// 1) to latents, each value in [-1, 1]. Hole pixels are not read. `None` without an encoder.
    #[must_use]
    pub fn encode(&self, batch: usize, pictures: &[f32], known: &[f32]) -> Option<Vec<f32>> {
        let encoder = self.encoder.as_ref()?;
        let mut latents = encoder.forward(batch, &encoder_input(pictures, known), &mut CpuActivations::default());
        for value in &mut latents {
            *value = value.tanh();
        }
        Some(latents)
    }
}

/// The encoder's input: per pixel its colour (zero in the hole) and its mask value. Hole pixels are not read.
pub(super) fn encoder_input(pictures: &[f32], known: &[f32]) -> Vec<f32> {
    let pixels = pictures.as_chunks::<3>().0.iter().zip(known);
    let pixel = |(pixel, known): (&[f32; 3], &f32)| {
        let [red, green, blue] = pixel.map(|value| if *known > 0.0 { value * known } else { 0.0 });
        [red, green, blue, *known]
    };
    pixels.flat_map(pixel).collect()
}

/// Width in bits of the processor's vector unit.
#[must_use]
pub fn simd_bits() -> usize {
    packed_gemm::simd_lanes(pulp::Arch::new()) * 32
}

/// The first `length` values of a buffer, which grows if needed. Their contents are arbitrary.
fn scratch_slice<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) -> &mut [T] {
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
    &mut buffer[..length]
}
