//! Evaluates losses and gradients on the CPU, hand-written.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::context_target::ContextTarget;
use super::prior_loss::{prior_gradient, prior_loss};
use super::problem::SearchProblem;
use super::results::tensor_values;
use super::total_loss::GradientEvaluation;
use super::{Norm, Settings};
use crate::model::cpu::{CpuActivations, CpuNetworks};

/// A problem on the CPU, with buffers.
pub(super) struct CpuEvaluator {
    networks: Arc<CpuNetworks>,
    target: ContextTarget,
    activations: CpuActivations,
    /// The latents whose pictures the activations hold.
    generated_latents: Vec<f32>,
}

impl CpuEvaluator {
    pub(super) fn new(networks: Arc<CpuNetworks>, problem: &SearchProblem, settings: &Settings) -> Self {
        let target = ContextTarget::new(problem, &settings.context);
        Self { networks, target, activations: CpuActivations::default(), generated_latents: Vec::new() }
    }

    /// The encoder's guess, `[latent_dim]`.
    pub(super) fn encode(&self) -> Option<Vec<f32>> {
        self.networks.encode(1, &self.target.pixels, &self.target.known)
    }

    /// Generates the pictures and computes the losses and the gradient of the total loss with respect to the latents.
    pub(super) fn evaluate(&mut self, settings: &Settings, latents: &Tensor<2>) -> GradientEvaluation {
        let Self { networks, target, activations, generated_latents } = self;
        let [candidates, _] = latents.dims();
        *generated_latents = tensor_values(latents.clone());
        networks.generate(candidates, generated_latents, activations);
        let logits = settings.uses_discriminator().then(|| networks.discriminate(candidates, activations)).flatten();
        let prior: Vec<f32> = match &logits {
            Some(logits) => logits.iter().map(|logit| prior_loss(*logit, settings.prior)).collect(),
            None => vec![0.0; candidates],
        };
        let logit_gradient = |logit: f32| settings.lambda * prior_gradient(logit, settings.prior);
        let logit_gradients = logits.map(|logits| logits.into_iter().map(logit_gradient).collect::<Vec<_>>());
        let norm = settings.context.norm;
        let picture_loss = |picture: &[f32], gradient: &mut [f32]| {
            let pixels = picture.iter().zip(&target.pixels);
            let differences: Vec<f32> = pixels.map(|(picture, pixel)| picture - pixel).collect();
            let mut loss = pixel_loss(norm, target.pixel_scale, &differences, &target.weights, gradient);
            if target.pair_scale > 0.0 {
                for (weights, offset) in target.pair_weights.iter().zip([1, target.side_px]) {
                    loss += pair_loss(norm, target.pair_scale, &differences, offset, weights, gradient);
                }
            }
            loss
        };
        let (context, gradient) = networks.backward(candidates, logit_gradients.as_deref(), activations, picture_loss);
        GradientEvaluation::new(latents, gradient, context, prior, settings.lambda)
    }

    /// Generator forward: `[candidates, side, side, 3]`.
    pub(super) fn generate(&mut self, latents: &Tensor<2>) -> Vec<f32> {
        let values = tensor_values(latents.clone());
        if values != self.generated_latents {
            self.networks.generate(latents.dims()[0], &values, &mut self.activations);
            self.generated_latents = values;
        }
        self.activations.pictures().to_vec()
    }
}

/// Context loss of one picture's pixels; adds its gradient. Differences to the photo are `[side, side, 3]`, weights
/// `[side, side]`.
fn pixel_loss(norm: Norm, scale: f32, differences: &[f32], weights: &[f32], gradient: &mut [f32]) -> f32 {
    let mut sum = 0.0;
    let pixels = differences.as_chunks::<3>().0.iter().zip(gradient.as_chunks_mut::<3>().0);
    for ((difference, gradient), weight) in pixels.zip(weights) {
        let mut pixel_sum = 0.0;
        for channel in 0..3 {
            let (loss, slope) = loss_and_derivative(norm, difference[channel]);
            pixel_sum += loss;
            gradient[channel] += scale * weight * slope;
        }
        sum += f64::from(weight * pixel_sum);
    }
    scale * to_f32(sum)
}

/// As [`pixel_loss`], for the difference of each pixel to the neighbour `offset` pixels further on.
fn pair_loss(norm: Norm, scale: f32, differences: &[f32], offset: usize, weights: &[f32], gradient: &mut [f32]) -> f32 {
    let mut sum = 0.0;
    let (differences, gradient) = (differences.as_chunks::<3>().0, gradient.as_chunks_mut::<3>().0);
    for (pixel, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        let neighbour = pixel + offset;
        let mut pixel_sum = 0.0;
        for channel in 0..3 {
            let (loss, slope) =
                loss_and_derivative(norm, differences[neighbour][channel] - differences[pixel][channel]);
            pixel_sum += loss;
            gradient[neighbour][channel] += scale * weight * slope;
            gradient[pixel][channel] -= scale * weight * slope;
        }
        sum += f64::from(weight * pixel_sum);
    }
    scale * to_f32(sum)
}

/// Loss of a difference, and its derivative.
fn loss_and_derivative(norm: Norm, difference: f32) -> (f32, f32) {
    match norm {
        // The subgradient 0, as in autodiff.
        Norm::L1 if difference == 0.0 => (0.0, 0.0),
        Norm::L1 => (difference.abs(), difference.signum()),
        Norm::L2 => (difference * difference, 2.0 * difference),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "summed in f64, returned in f32")]
fn to_f32(sum: f64) -> f32 {
    sum as f32
}
