//! The networks on the CPU, written out by hand: forwards, and backwards to the latent.
//!
//! All weights are frozen, so everything about them is prepared at load, and the way back is known: no graph is recorded
//! and nothing is allocated in the loop. Each layer is one matrix product and a fold: a transposed convolution multiplies
//! first and folds its columns into the picture, a convolution unfolds first, and the way back of the one is the way
//! forward of the other. The layers that cost most take fewer multiplications, by Winograd's algorithm.
//!
//! Of a step with eight candidates of face-128 in single precision, the products of those layers take 54 % of the time, the sums before
//! and after them 14 %, the first and last layers' products 7 %; the rest is activations, losses and threads waiting for each other.
//! (`perf record countenance bench --candidates 8`, built with `-C strip=none`; AMD Zen 4, two threads.) The products run at the
//! speed of the vector unit: 105 of 110 GFLOP/s on each of its cores. In bfloat16, where that is twice as much, they take a third.
//!
//! What would surprise: pictures are channels-last in here, `[batch, side, side, channels]`, so that a column of the fold is one
//! run of memory. Activations live in a [`Tape`], which is reused from step to step.
//!
//! | file | what |
//! | --- | --- |
//! | `product` | matrix products |
//! | `panels` | matrix products with weights packed at load |
//! | `bf16` | the same in bfloat16, where the processor can |
//! | `fold` | between pictures and the columns of a 4×4 kernel with stride 2 |
//! | `winograd` | the convolution in fewer multiplications |
//! | `convolution` | the convolution both ways, by what pays |
//! | `generator` | G, and from a picture's gradient to the latent's |
//! | `judge` | D and E, and from their outputs' gradient to the picture's |

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

/// The three networks of a model.
pub struct HostNetworks {
    generator: Generator,
    discriminator: Option<Judge>,
    encoder: Option<Judge>,
    side_px: usize,
}

/// What a pass keeps for the way back, and room to work in.
#[derive(Default)]
pub struct Tape {
    /// Outputs of G's layers; the last is the pictures, channels last.
    drawn: Vec<Vec<f32>>,
    /// Outputs of D's layers but the last.
    judged: Vec<Vec<f32>>,
    room: Room,
    /// The gradient on its way back, and where it goes next.
    gradient: Vec<f32>,
    next_gradient: Vec<f32>,
}

/// Room that layers share.
#[derive(Default)]
struct Room {
    columns: Vec<f32>,
    rounded: Vec<u32>,
    products: Vec<f32>,
}

impl HostNetworks {
    /// Prepares a model's weights, for many passes or for some.
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

    /// G of `batch` latents, one after the other, each value in [-1, 1]. The
    /// [pictures](Tape::pictures) stay on the tape.
    pub fn draw(&self, batch: usize, latents: &[f32], tape: &mut Tape) {
        self.generator.forward(batch, latents, tape);
    }

    /// D of the pictures just drawn: a logit each. `None` without a discriminator.
    pub fn judge_drawn(&self, batch: usize, tape: &mut Tape) -> Option<Vec<f32>> {
        let discriminator = self.discriminator.as_ref()?;
        let pictures = tape.drawn.pop().unwrap_or_default();
        let logits = discriminator.forward(batch, self.side_px, &pictures, tape);
        tape.drawn.push(pictures);
        Some(logits)
    }

    /// From the logits' gradient of the pictures just judged, and the pictures' own, to the gradient to the latents just
    /// drawn.
    ///
    /// `look` gets each picture and what the logits' gradient comes to there, both `[side, side, 3]`, adds to the latter,
    /// and answers a number, which is passed on.
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

    /// How D's layers see pictures `[batch, side, side, 3]` in [-1, 1]: the mean of each channel over the picture, layer after
    /// layer, one row for each picture. `None` without a discriminator.
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
                #[expect(clippy::cast_precision_loss, reason = "some thousand pixels")]
                let pixels = (length / channels) as f32;
                rows.extend(sums.into_iter().map(|sum| sum / pixels));
            }
        }
        Some(rows)
    }

    /// E: latents from pictures `[batch, side, side, 3]` in [-1, 1] and their known masks `[batch, side, side]` (0 or 1),
    /// each value in [-1, 1]. What lies in the hole is not read. `None` without an encoder.
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
    /// The pictures just drawn: `[batch, side, side, 3]` in [-1, 1].
    #[must_use]
    pub fn pictures(&self) -> &[f32] {
        self.drawn.last().map_or(&[], Vec::as_slice)
    }
}

/// What E gets: of each pixel `[…, 3]` the colour where it is known, else zeros, and its value in the mask. What lies in the hole is
/// not read.
pub(super) fn seen(pictures: &[f32], known: &[f32]) -> Vec<f32> {
    let pixels = pictures.as_chunks::<3>().0.iter().zip(known);
    let pixel = |(pixel, known): (&[f32; 3], &f32)| {
        let [red, green, blue] = pixel.map(|value| if *known > 0.0 { value * known } else { 0.0 });
        [red, green, blue, *known]
    };
    pixels.flat_map(pixel).collect()
}

/// Bits of the vectors that the heavy layers compute with here: what the processor has.
#[must_use]
pub fn vector_bits() -> usize {
    panels::vector_width(pulp::Arch::new()) * 32
}

/// The first `length` values of a buffer that grows when it must. What they hold is of no meaning.
fn room<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) -> &mut [T] {
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
    &mut buffer[..length]
}
