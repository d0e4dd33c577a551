//! The total loss: `total = context + λ·prior`.

use std::ops::Range;

use burn::tensor::{Bool, Tensor};
use serde::Serialize;

use crate::model::read_values;

/// Losses of one candidate at one iteration, in the form that the settings choose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Losses {
    pub context: f32,
    /// Without the factor λ. 0 if λ is 0 (D is not evaluated) or the model has no discriminator.
    pub prior: f32,
    /// `context + λ·prior`.
    pub total: f32,
}

/// The losses of all candidates, `[candidates]` each.
#[derive(Clone)]
pub(super) struct LossTensors {
    pub context: Tensor<1>,
    pub prior: Tensor<1>,
    pub total: Tensor<1>,
}

/// Latents `[candidates, latent_dim]` with their losses.
#[derive(Clone)]
pub(super) struct ScoredLatents {
    pub latents: Tensor<2>,
    pub losses: LossTensors,
}

impl LossTensors {
    /// Computes the total losses with another λ.
    pub fn set_lambda(&mut self, lambda: f32) {
        self.total = self.context.clone() + self.prior.clone().mul_scalar(lambda);
    }

    /// Reads the losses of each candidate, of several iterations at once.
    pub fn read<'a>(iterations: impl IntoIterator<Item = &'a Self>) -> Vec<Vec<Losses>> {
        let (mut candidates, mut tensors) = (1, Vec::new());
        for Self { context, prior, total } in iterations {
            candidates = total.dims()[0];
            tensors.extend([context, prior, total].map(Clone::clone));
        }
        if tensors.is_empty() {
            return Vec::new();
        }
        let losses = |rows: &[f32]| {
            let (context, rest) = rows.split_at(candidates);
            let (prior, total) = rest.split_at(candidates);
            (0..candidates).map(|k| Losses { context: context[k], prior: prior[k], total: total[k] }).collect()
        };
        read_values(Tensor::cat(tensors, 0)).chunks_exact(3 * candidates).map(losses).collect()
    }

    /// For each candidate, those losses of `newer` where `is_newer` holds.
    fn mask_where(self, is_newer: &Tensor<1, Bool>, newer: Self) -> Self {
        Self {
            context: self.context.mask_where(is_newer.clone(), newer.context),
            prior: self.prior.mask_where(is_newer.clone(), newer.prior),
            total: self.total.mask_where(is_newer.clone(), newer.total),
        }
    }
}

impl ScoredLatents {
    /// The part of these candidates.
    pub fn rows(&self, rows: Range<usize>) -> Self {
        let LossTensors { context, prior, total } = &self.losses;
        let [context, prior, total] = [context, prior, total].map(|losses| losses.clone().slice(rows.clone()));
        Self { latents: self.latents.clone().slice([rows]), losses: LossTensors { context, prior, total } }
    }

    /// For each candidate, whichever has the lower total loss. A NaN in `newer` never counts as lower.
    pub fn min_by_total(self, newer: Self) -> Self {
        let [candidates, latent_dim] = self.latents.dims();
        let is_lower = newer.losses.total.clone().lower(self.losses.total.clone());
        let rows = is_lower.clone().reshape([candidates, 1]).expand([candidates, latent_dim]);
        Self {
            latents: self.latents.mask_where(rows, newer.latents),
            losses: self.losses.mask_where(&is_lower, newer.losses),
        }
    }
}
