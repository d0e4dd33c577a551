//! Evaluates losses and gradients on the CPU, hand-written.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::problem::Problem;
use super::readback::to_host;
use super::run::Evaluation;
use super::terms::{Terms, prior};
use super::{Norm, PriorForm, Settings};
use crate::model::host::{HostNetworks, Tape};

/// A problem in memory, with scratch buffers.
pub(super) struct HostWork {
    networks: Arc<HostNetworks>,
    terms: Terms,
    tape: Tape,
    /// The latents whose pictures the activations hold.
    drawn: Vec<f32>,
}

impl HostWork {
    pub(super) fn new(networks: Arc<HostNetworks>, problem: &Problem, settings: &Settings) -> Self {
        let terms = Terms::new(problem, &settings.context);
        Self { networks, terms, tape: Tape::default(), drawn: Vec::new() }
    }

    /// The encoder's guess, `[latent_dim]`.
    pub(super) fn encode(&self) -> Option<Vec<f32>> {
        self.networks.encode(1, &self.terms.pixels, &self.terms.known)
    }

    /// Generates the pictures and computes the losses and the gradient of the total loss with respect to the latents.
    pub(super) fn evaluate(&mut self, settings: &Settings, latents: &Tensor<2>) -> Evaluation {
        let Self { networks, terms, tape, drawn } = self;
        let [candidates, _] = latents.dims();
        *drawn = to_host(latents.clone());
        networks.draw(candidates, drawn, tape);
        let judged = settings.uses_discriminator().then(|| networks.judge_drawn(candidates, tape)).flatten();
        let prior: Vec<f32> = match &judged {
            Some(logits) => logits.iter().map(|logit| prior(*logit, settings.prior)).collect(),
            None => vec![0.0; candidates],
        };
        let logit_gradient = judged.map(|logits| {
            logits.iter().map(|logit| settings.lambda * prior_gradient(*logit, settings.prior)).collect::<Vec<_>>()
        });
        let (norm, logits) = (settings.context.norm, logit_gradient.as_deref());
        let look = |picture: &[f32], gradient: &mut [f32]| {
            let pixels = picture.iter().zip(&terms.pixels);
            let differences: Vec<f32> = pixels.map(|(picture, pixel)| picture - pixel).collect();
            let mut loss = pixel_loss(norm, terms.scale, &differences, &terms.weights, gradient);
            if terms.pair_scale > 0.0 {
                for (weights, to_neighbour) in terms.pair_weights.iter().zip([1, terms.side_px]) {
                    loss += pair_loss(norm, terms.pair_scale, &differences, to_neighbour, weights, gradient);
                }
            }
            if let Some(mirror) = &terms.mirror {
                loss += mirror.loss(norm, terms.mirror_scale, picture, gradient);
            }
            loss
        };
        let (context, gradient) = networks.pull_back(candidates, logits, tape, look);
        Evaluation::new(latents, gradient, context, prior, settings.lambda)
    }

    /// Generator forward: `[candidates, side, side, 3]`.
    pub(super) fn draw(&mut self, latents: &Tensor<2>) -> Vec<f32> {
        let Self { networks, tape, drawn, .. } = self;
        let wanted = to_host(latents.clone());
        if wanted != *drawn {
            networks.draw(latents.dims()[0], &wanted, tape);
            *drawn = wanted;
        }
        tape.pictures().to_vec()
    }
}

/// Context loss of one picture's pixels; adds its gradient. Differences to the photo are `[side, side, 3]`, weights
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

/// The same for the difference of each pixel to the neighbour `to_neighbour` pixels further on, where the weight is not
/// zero.
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

/// Loss of a difference, and its derivative.
pub(super) fn loss_and_slope(norm: Norm, difference: f32) -> (f32, f32) {
    match norm {
        // The subgradient 0, as in autodiff.
        Norm::L1 if difference == 0.0 => (0.0, 0.0),
        Norm::L1 => (difference.abs(), difference.signum()),
        Norm::L2 => (difference * difference, 2.0 * difference),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "summed in f64, returned in f32")]
fn single(sum: f64) -> f32 {
    sum as f32
}

/// Derivative of the prior loss with respect to the logit.
fn prior_gradient(logit: f32, form: PriorForm) -> f32 {
    match form {
        PriorForm::NonSaturating => -sigmoid(-logit),
        PriorForm::Saturating => -sigmoid(logit),
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
