//! Results of a search: losses, latents and pictures.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::Losses;
use super::search_loop::Search;

/// Best latents of the candidates with their losses.
#[derive(Clone, Debug)]
pub struct BestCandidates {
    pub latents: Vec<Vec<f32>>,
    pub losses: Vec<Losses>,
}

impl Search {
    /// The losses of all iterations since the last call, oldest first: `(iteration from 1, one per candidate)`.
    pub fn take_losses(&mut self) -> Vec<(u32, Vec<Losses>)> {
        if self.unread_losses.is_empty() {
            return Vec::new();
        }
        let (iterations, tensors): (Vec<_>, Vec<_>) = self.unread_losses.drain(..).unzip();
        let [_, candidates] = tensors[0].dims();
        let values = tensor_values(Tensor::cat(tensors, 0));
        let rows = values.chunks(3 * candidates).map(|row| {
            (0..candidates)
                .map(|k| Losses { context: row[k], prior: row[candidates + k], total: row[2 * candidates + k] })
                .collect()
        });
        iterations.into_iter().zip(rows).collect()
    }

    /// Pictures of all candidates at the newest evaluation: planar RGB in [-1, 1].
    #[must_use]
    pub fn pictures(&mut self) -> Vec<Vec<f32>> {
        let Some(evaluation) = &self.evaluation else { return Vec::new() };
        to_planar(&self.evaluator.generate(&evaluation.scored.latents), self.problem.size_px)
    }

    /// The best latents so far with their losses.
    #[must_use]
    pub fn best(&self) -> Option<BestCandidates> {
        let best = self.best.as_ref()?;
        let latent_dim = best.latents.dims()[1];
        let latents = tensor_values(best.latents.clone()).chunks(latent_dim).map(<[f32]>::to_vec).collect();
        let context = tensor_values(best.context.clone());
        let prior = tensor_values(best.prior.clone());
        let total = tensor_values(best.total.clone());
        let losses = context
            .into_iter()
            .zip(prior)
            .zip(total)
            .map(|((context, prior), total)| Losses { context, prior, total })
            .collect();
        Some(BestCandidates { latents, losses })
    }

    /// Pictures of the best latents: planar RGB in [-1, 1].
    #[must_use]
    pub fn best_pictures(&mut self) -> Vec<Vec<f32>> {
        let Some(best) = &self.best else { return Vec::new() };
        to_planar(&self.evaluator.generate(&best.latents), self.problem.size_px)
    }
}

/// Converts pictures `[candidates, side, side, 3]` to planar RGB.
fn to_planar(pictures: &[f32], side_px: usize) -> Vec<Vec<f32>> {
    let planes = |picture: &[f32]| {
        let pixels = picture.as_chunks::<3>().0;
        (0..3).flat_map(|channel| pixels.iter().map(move |pixel| pixel[channel])).collect()
    };
    pictures.par_chunks(3 * side_px * side_px).map(planes).collect()
}

/// A tensor's values, row-major.
pub(super) fn tensor_values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data: TensorData = tensor.into_data();
    data.iter::<f32>().collect()
}
