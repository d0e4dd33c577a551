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
//! Activations live in a [`Tape`], which is reused from step to step.
//!
//! | file | purpose |
//! | --- | --- |
//! | `product` | GEMM |
//! | `panels` | GEMM with weights packed at load |
//! | `bf16` | the same in bfloat16, where the processor supports it |
//! | `fold` | im2col and col2im for a 4×4 kernel with stride 2 |
//! | `winograd` | convolution with fewer multiplications |
//! | `convolution` | convolution and its transpose, by the fastest algorithm |
//! | `generator` | G, forward and backward |
//! | `judge` | D and E, forward and backward |

mod bf16;
mod convolution;
mod fold;
mod generator;
mod judge;
mod panels;
mod product;
#[cfg(test)]
pub(super) mod tests;
mod winograd;

use rayon::prelude::*;

use super::{ModelError, ModelFile};
pub use convolution::{Arithmetic, Purpose};
pub(crate) use fold::{fold, unfold};
use generator::Generator;
use judge::Judge;
pub(crate) use product::{MatrixStride, matrix_product};

/// A model's networks on the CPU.
pub struct HostNetworks {
    generator: Generator,
    discriminator: Option<Judge>,
    encoder: Option<Judge>,
    side_px: usize,
}

/// Activations that the backward pass needs, and scratch buffers.
#[derive(Default)]
pub struct Tape {
    /// Outputs of G's layers. The last one is the pictures, channels-last.
    drawn: Vec<Vec<f32>>,
    /// Outputs of D's layers, without the logits.
    judged: Vec<Vec<f32>>,
    room: Room,
    /// The gradient at the current layer and at the next one of the backward pass.
    gradient: Vec<f32>,
    next_gradient: Vec<f32>,
}

/// Scratch buffers that the layers share.
#[derive(Default)]
struct Room {
    columns: Vec<f32>,
    rounded: Vec<u32>,
    products: Vec<f32>,
}

impl HostNetworks {
    /// Loads a model's weights and prepares them for `purpose`.
    ///
    /// # Errors
    /// Never for a file that was parsed.
    pub fn load(file: &ModelFile, purpose: Purpose) -> Result<Self, ModelError> {
        let judge = |network: &str, channels: &Option<Vec<usize>>, purpose: Purpose| {
            channels.as_ref().map(|channels| Judge::load(file, network, channels.len(), purpose)).transpose()
        };
        Ok(Self {
            generator: Generator::load(file, purpose)?,
            discriminator: judge("discriminator", &file.architecture.discriminator_channels, purpose)?,
            encoder: judge("encoder", &file.architecture.encoder_channels, Purpose::Guess)?,
            side_px: file.architecture.image_size_px as usize,
        })
    }

    /// Generator forward: `batch` latents, one after the other, each value in [-1, 1]. The result is in
    /// [`pictures`](Tape::pictures).
    pub fn draw(&self, batch: usize, latents: &[f32], tape: &mut Tape) {
        self.generator.forward(batch, latents, tape);
    }

    /// Discriminator forward on the pictures of the last generator pass: one logit each. `None` without a
    /// discriminator.
    pub fn judge_drawn(&self, batch: usize, tape: &mut Tape) -> Option<Vec<f32>> {
        let discriminator = self.discriminator.as_ref()?;
        let pictures = tape.drawn.pop().unwrap_or_default();
        let logits = discriminator.forward(batch, self.side_px, &pictures, tape);
        tape.drawn.push(pictures);
        Some(logits)
    }

    /// Backward pass to the latents. `logits_gradient` is the gradient of the loss with respect to the logits of the
    /// last discriminator pass.
    ///
    /// `look` is called for each picture with its pixels and the gradient that arrives from the logits, both `[side,
    /// side, 3]`. It adds the picture's own gradient to the latter and returns a loss. Returns these losses and the
    /// latent gradient.
    pub fn pull_back(
        &self,
        batch: usize,
        logits_gradient: Option<&[f32]>,
        tape: &mut Tape,
        look: impl Fn(&[f32], &mut [f32]) -> f32 + Sync,
    ) -> (Vec<f32>, Vec<f32>) {
        let picture = self.side_px * self.side_px * 3;
        match (&self.discriminator, logits_gradient) {
            (Some(discriminator), Some(gradient)) => discriminator.backward(batch, gradient, tape),
            _ => room(&mut tape.gradient, batch * picture).fill(0.0),
        }
        let gradients = room(&mut tape.gradient, batch * picture).par_chunks_exact_mut(picture);
        let pictures = tape.drawn.last().map_or(&[][..], Vec::as_slice).par_chunks_exact(picture);
        let answers = pictures.zip(gradients).map(|(picture, gradient)| look(picture, gradient)).collect();
        (answers, self.generator.backward(batch, tape))
    }

    /// Discriminator features of pictures `[batch, side, side, 3]` in [-1, 1]: the mean of each channel of each layer,
    /// one row per picture. `None` without a discriminator.
    #[must_use]
    pub fn discriminator_features(&self, batch: usize, pictures: &[f32]) -> Option<Vec<f32>> {
        let discriminator = self.discriminator.as_ref()?;
        let mut tape = Tape::default();
        discriminator.forward(batch, self.side_px, pictures, &mut tape);
        let mut rows = Vec::new();
        for picture in 0..batch {
            for (output, channels) in tape.judged.iter().zip(discriminator.channels()) {
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

    /// Encoder forward: pictures `[batch, side, side, 3]` in [-1, 1] and their known masks `[batch, side, side]` (0 or
    /// 1) to latents, each value in [-1, 1]. Hole pixels are not read. `None` without an encoder.
    #[must_use]
    pub fn encode(&self, batch: usize, pictures: &[f32], known: &[f32]) -> Option<Vec<f32>> {
        let encoder = self.encoder.as_ref()?;
        let mut latents = encoder.forward(batch, self.side_px, &seen(pictures, known), &mut Tape::default());
        for value in &mut latents {
            *value = value.tanh();
        }
        Some(latents)
    }
}

impl Tape {
    /// Pictures of the last generator pass: `[batch, side, side, 3]` in [-1, 1].
    #[must_use]
    pub fn pictures(&self) -> &[f32] {
        self.drawn.last().map_or(&[], Vec::as_slice)
    }
}

/// The encoder's input: per pixel its colour (zero in the hole) and its mask value. Hole pixels are not read.
pub(super) fn seen(pictures: &[f32], known: &[f32]) -> Vec<f32> {
    let pixels = pictures.as_chunks::<3>().0.iter().zip(known);
    let pixel = |(pixel, known): (&[f32; 3], &f32)| {
        let [red, green, blue] = pixel.map(|value| if *known > 0.0 { value * known } else { 0.0 });
        [red, green, blue, *known]
    };
    pixels.flat_map(pixel).collect()
}

/// Width in bits of the processor's vector unit.
#[must_use]
pub fn vector_bits() -> usize {
    panels::vector_width(pulp::Arch::new()) * 32
}

/// The first `length` values of a buffer, which grows if needed. Their contents are arbitrary.
fn room<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) -> &mut [T] {
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
    &mut buffer[..length]
}
