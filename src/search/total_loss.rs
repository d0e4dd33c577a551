//! The total loss: `total = context + λ·prior`.
//!
//! The context loss is described in `context_target`, the prior loss in `prior_loss`. The evaluators compute both and
//! the gradient of their total: there λ is a factor of the logits' gradient.

use burn::tensor::{Tensor, TensorData};
use serde::Serialize;

use super::results::tensor_values;

/// Losses of one candidate at one iteration, in the form that the settings choose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Losses {
    pub context: f32,
    /// Without the factor λ. 0 if λ is 0 (D is not evaluated) or the model has no discriminator.
    pub prior: f32,
    /// `context + λ·prior`.
    pub total: f32,
}

/// Latents `[candidates, latent_dim]` with their losses `[candidates]`.
#[derive(Clone)]
pub(super) struct ScoredLatents {
    pub latents: Tensor<2>,
    pub context: Tensor<1>,
    pub prior: Tensor<1>,
    pub total: Tensor<1>,
}

/// Latents with their losses, and the gradient of the total loss with respect to the latents.
pub(super) struct GradientEvaluation {
    pub scored: ScoredLatents,
    pub gradient: Tensor<2>,
}

impl GradientEvaluation {
    /// From latents `[candidates, latent_dim]`, the gradient of the total loss with respect to them, and both losses of
    /// each.
    pub fn new(latents: &Tensor<2>, gradient: Vec<f32>, context: Vec<f32>, prior: Vec<f32>, lambda: f32) -> Self {
        let (shape, device) = (latents.dims(), &latents.device());
        let row = |values: Vec<f32>| Tensor::<1>::from_data(TensorData::new(values, [shape[0]]), device);
        let total = context.iter().zip(&prior).map(|(context, prior)| context + lambda * prior).collect();
        let scored =
            ScoredLatents { latents: latents.clone(), context: row(context), prior: row(prior), total: row(total) };
        Self { scored, gradient: Tensor::from_data(TensorData::new(gradient, shape), device) }
    }
}

impl ScoredLatents {
    /// Computes the total losses with another λ.
    pub fn set_lambda(&mut self, lambda: f32) {
        self.total = self.context.clone() + self.prior.clone().mul_scalar(lambda);
    }

    /// The losses of each candidate.
    pub fn losses(&self) -> Vec<Losses> {
        let [context, prior, total] = [&self.context, &self.prior, &self.total].map(|loss| tensor_values(loss.clone()));
        (0..total.len()).map(|k| Losses { context: context[k], prior: prior[k], total: total[k] }).collect()
    }

    /// For each candidate, whichever has the lower total loss. A NaN in `newer` never counts as lower.
    pub fn min_by_total(self, newer: Self) -> Self {
        let [candidates, latent_dim] = self.latents.dims();
        let is_lower = newer.total.clone().lower(self.total.clone());
        let rows = is_lower.clone().reshape([candidates, 1]).expand([candidates, latent_dim]);
        Self {
            latents: self.latents.mask_where(rows, newer.latents),
            context: self.context.mask_where(is_lower.clone(), newer.context),
            prior: self.prior.mask_where(is_lower.clone(), newer.prior),
            total: self.total.mask_where(is_lower, newer.total),
        }
    }
}
