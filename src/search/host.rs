//! One evaluation on the CPU: the networks by hand, and the two losses with their gradients to the pictures.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::problem::Problem;
use super::readback::to_host;
use super::run::Evaluation;
use super::{Norm, PriorForm, Reduction, Settings};
use crate::mask::context_weights;
use crate::model::host::{Adapted, HostNetworks, Tape};

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
        let scale = match context.reduction {
            Reduction::Sum => 1.0,
            // Without a single weighted pixel the sum is zero too.
            Reduction::Mean => 1.0 / (3.0 * weights.iter().sum::<f32>()).max(f32::MIN_POSITIVE),
        };
        Self {
            side_px,
            pixels: (0..3 * area).map(value).collect(),
            known: problem.known.clone(),
            weights,
            scale,
            tape: Tape::default(),
        }
    }

    /// The encoder's guess, `[latent_dim]`.
    pub(super) fn encode(&self, networks: &HostNetworks) -> Option<Vec<f32>> {
        networks.encode(1, &self.pixels, &self.known)
    }

    /// Draws the latents and differentiates the total loss to them. An `adapted` generator draws in place of the model's,
    /// and moves.
    pub(super) fn evaluate(
        &mut self,
        networks: &HostNetworks,
        adapted: Option<&mut Adapted>,
        settings: &Settings,
        latents: &Tensor<2>,
        device: &Device,
    ) -> Evaluation {
        let [candidates, latent_dim] = latents.dims();
        let values = to_host(latents.clone());
        match adapted.as_deref() {
            Some(adapted) => adapted.draw(candidates, &values, &mut self.tape),
            None => networks.draw(candidates, &values, &mut self.tape),
        }
        let judged = settings.asks_discriminator().then(|| networks.judge_drawn(candidates, &mut self.tape)).flatten();
        let prior: Vec<f32> = match &judged {
            Some(logits) => logits.iter().map(|logit| prior(*logit, settings.prior)).collect(),
            None => vec![0.0; candidates],
        };
        let logit_gradient = judged.map(|logits| {
            logits.iter().map(|logit| settings.lambda * prior_gradient(*logit, settings.prior)).collect::<Vec<_>>()
        });
        let Self { pixels, weights, scale, tape, .. } = self;
        let (norm, logits) = (settings.context.norm, logit_gradient.as_deref());
        let look = |picture: &[f32], gradient: &mut [f32]| context(norm, *scale, picture, pixels, weights, gradient);
        let (context, gradient) = match adapted {
            Some(adapted) => networks.pull_back_and_adapt(adapted, &values, logits, tape, settings.refine_rate, look),
            None => networks.pull_back(candidates, logits, tape, look),
        };
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

/// The context loss of one picture; adds its gradient. All `[side, side, 3]`, the weights `[side, side]`.
fn context(norm: Norm, scale: f32, picture: &[f32], pixels: &[f32], weights: &[f32], gradient: &mut [f32]) -> f32 {
    let mut sum = 0.0;
    let pairs = picture.as_chunks::<3>().0.iter().zip(pixels.as_chunks::<3>().0);
    for (((picture, pixel), weight), gradient) in pairs.zip(weights).zip(gradient.as_chunks_mut::<3>().0) {
        let mut row = 0.0;
        for channel in 0..3 {
            let difference = picture[channel] - pixel[channel];
            let (loss, slope) = match norm {
                // Level at zero, as autodiff has it.
                Norm::L1 if difference == 0.0 => (0.0, 0.0),
                Norm::L1 => (difference.abs(), difference.signum()),
                Norm::L2 => (difference * difference, 2.0 * difference),
            };
            row += loss;
            gradient[channel] += scale * weight * slope;
        }
        sum += f64::from(weight * row);
    }
    #[expect(clippy::cast_possible_truncation, reason = "summed in double precision, needed in single")]
    let sum = sum as f32;
    scale * sum
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
