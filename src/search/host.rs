//! One evaluation on the CPU: the networks by hand, and the two losses with their gradients to the pictures.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::mirror::Mirror;
use super::problem::Problem;
use super::readback::to_host;
use super::run::Evaluation;
use super::{Norm, PriorForm, Reduction, Settings};
use crate::mask::{context_weights, pair_weights};
use crate::model::host::{HostNetworks, Tape};

/// A problem in memory, and room to work in.
pub(super) struct HostWork {
    side_px: usize,
    /// `[side, side, 3]`, zero in the hole.
    pixels: Vec<f32>,
    /// `[side, side]`: 0 or 1.
    known: Vec<f32>,
    /// `[side, side]`: W, zero in the hole.
    weights: Vec<f32>,
    /// What a weighted difference counts in the context loss: 1, or `1 / Σ W` over pixels and channels.
    scale: f32,
    /// `[side, side]` each: of a pixel with the one to its right, and with the one below.
    pair_weights: [Vec<f32>; 2],
    /// As `scale`, for differences between neighbours.
    pair_scale: f32,
    /// What the other half of the face says, if it is asked.
    mirror: Option<Mirror>,
    /// As `scale`, for the differences to it.
    mirror_scale: f32,
    tape: Tape,
}

impl HostWork {
    pub(super) fn new(problem: &Problem, settings: &Settings) -> Self {
        let (side_px, context) = (problem.size_px, settings.context);
        let area = side_px * side_px;
        // Blanked here, so that no value from under the hole is at hand later.
        let value = |index: usize| {
            let (pixel, channel) = (index / 3, index % 3);
            if problem.known[pixel] > 0.0 { problem.pixels[channel * area + pixel] } else { 0.0 }
        };
        let weights = context_weights(&problem.known, side_px, context.window_px as usize, context.focus);
        let pair_weights = pair_weights(&weights, &problem.known, side_px);
        let scale = |sum: f32| match context.reduction {
            Reduction::Sum => 1.0,
            Reduction::Mean if sum > 0.0 => 1.0 / (3.0 * sum),
            // Without a single weighted pixel nothing is to be counted.
            Reduction::Mean => 0.0,
        };
        let (pixels_scale, pair_sum) = (scale(weights.iter().sum()), pair_weights.iter().flatten().sum());
        Self {
            side_px,
            pixels: (0..3 * area).map(value).collect(),
            known: problem.known.clone(),
            weights,
            scale: pixels_scale,
            pair_weights,
            pair_scale: context.gradient * scale(pair_sum),
            mirror: Mirror::of(problem, &context),
            mirror_scale: context.symmetry * pixels_scale,
            tape: Tape::default(),
        }
    }

    /// The encoder's guess, `[latent_dim]`.
    pub(super) fn encode(&self, networks: &HostNetworks) -> Option<Vec<f32>> {
        networks.encode(1, &self.pixels, &self.known)
    }

    /// Draws the latents and differentiates the total loss to them.
    pub(super) fn evaluate(&mut self, networks: &HostNetworks, settings: &Settings, latents: &Tensor<2>) -> Evaluation {
        let [candidates, latent_dim] = latents.dims();
        let device = &latents.device();
        networks.draw(candidates, &to_host(latents.clone()), &mut self.tape);
        let judged = settings.asks_discriminator().then(|| networks.judge_drawn(candidates, &mut self.tape)).flatten();
        let prior: Vec<f32> = match &judged {
            Some(logits) => logits.iter().map(|logit| prior(*logit, settings.prior)).collect(),
            None => vec![0.0; candidates],
        };
        let logit_gradient = judged.map(|logits| {
            logits.iter().map(|logit| settings.lambda * prior_gradient(*logit, settings.prior)).collect::<Vec<_>>()
        });
        let Self { side_px, pixels, weights, scale, pair_weights, pair_scale, mirror, mirror_scale, tape, .. } = self;
        let (norm, logits) = (settings.context.norm, logit_gradient.as_deref());
        let look = |picture: &[f32], gradient: &mut [f32]| {
            let differences: Vec<f32> = picture.iter().zip(&*pixels).map(|(picture, pixel)| picture - pixel).collect();
            let mut loss = pixel_loss(norm, *scale, &differences, weights, gradient);
            if *pair_scale > 0.0 {
                for (weights, to_neighbour) in pair_weights.iter().zip([1, *side_px]) {
                    loss += pair_loss(norm, *pair_scale, &differences, to_neighbour, weights, gradient);
                }
            }
            if let Some(mirror) = &*mirror {
                loss += mirror.loss(norm, *mirror_scale, picture, gradient);
            }
            loss
        };
        let (context, gradient) = networks.pull_back(candidates, logits, tape, look);
        let total = context.iter().zip(&prior).map(|(context, prior)| context + settings.lambda * prior).collect();
        let row = |values: Vec<f32>| Tensor::from_data(TensorData::new(values, [candidates]), device);
        Evaluation {
            pictures: self.pictures(candidates, device),
            gradient: Tensor::from_data(TensorData::new(gradient, [candidates, latent_dim]), device),
            context: row(context),
            prior: row(prior),
            total: row(total),
        }
    }

    /// The pictures just drawn, planar.
    fn pictures(&self, candidates: usize, device: &Device) -> Tensor<4> {
        let area = self.side_px * self.side_px;
        let planes = |picture: &[f32]| {
            let pixels = picture.as_chunks::<3>().0;
            (0..3).flat_map(|channel| pixels.iter().map(move |pixel| pixel[channel])).collect::<Vec<_>>()
        };
        let values: Vec<f32> = self.tape.pictures().par_chunks(3 * area).flat_map_iter(planes).collect();
        Tensor::from_data(TensorData::new(values, [candidates, 3, self.side_px, self.side_px]), device)
    }
}

/// The context loss of one picture's pixels; adds its gradient. Differences to the photo `[side, side, 3]`, weights
/// `[side, side]`.
fn pixel_loss(norm: Norm, scale: f32, differences: &[f32], weights: &[f32], gradient: &mut [f32]) -> f32 {
    let mut sum = 0.0;
    let pixels = differences.as_chunks::<3>().0.iter().zip(gradient.as_chunks_mut::<3>().0);
    for ((difference, gradient), weight) in pixels.zip(weights) {
        let mut row = 0.0;
        for channel in 0..3 {
            let (loss, slope) = loss_and_slope(norm, difference[channel]);
            row += loss;
            gradient[channel] += scale * weight * slope;
        }
        sum += f64::from(weight * row);
    }
    scale * single(sum)
}

/// The same of each pixel's difference to a neighbour, so many pixels on, whose weight is not zero.
fn pair_loss(
    norm: Norm,
    scale: f32,
    differences: &[f32],
    to_neighbour: usize,
    weights: &[f32],
    gradient: &mut [f32],
) -> f32 {
    let mut sum = 0.0;
    let (differences, gradient) = (differences.as_chunks::<3>().0, gradient.as_chunks_mut::<3>().0);
    for (pixel, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        let neighbour = pixel + to_neighbour;
        let mut row = 0.0;
        for channel in 0..3 {
            let (loss, slope) = loss_and_slope(norm, differences[neighbour][channel] - differences[pixel][channel]);
            row += loss;
            gradient[neighbour][channel] += scale * weight * slope;
            gradient[pixel][channel] -= scale * weight * slope;
        }
        sum += f64::from(weight * row);
    }
    scale * single(sum)
}

/// What a difference costs, and the derivative.
pub(super) fn loss_and_slope(norm: Norm, difference: f32) -> (f32, f32) {
    match norm {
        // Level at zero, as autodiff has it.
        Norm::L1 if difference == 0.0 => (0.0, 0.0),
        Norm::L1 => (difference.abs(), difference.signum()),
        Norm::L2 => (difference * difference, 2.0 * difference),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "summed in double precision, needed in single")]
fn single(sum: f64) -> f32 {
    sum as f32
}

fn prior(logit: f32, form: PriorForm) -> f32 {
    match form {
        PriorForm::NonSaturating => softplus(-logit),
        PriorForm::Saturating => -softplus(logit),
    }
}

/// Its derivative to the logit.
fn prior_gradient(logit: f32, form: PriorForm) -> f32 {
    match form {
        PriorForm::NonSaturating => -sigmoid(-logit),
        PriorForm::Saturating => -sigmoid(logit),
    }
}

/// `ln(1 + eˣ)`, without overflow.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
