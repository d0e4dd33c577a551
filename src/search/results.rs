//! Results of a search: losses, latents and pictures.

use burn::tensor::Tensor;
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
    /// The losses of all iterations since the last call, oldest first: `(iteration from 1, losses of each candidate)`.
    pub fn take_losses(&mut self) -> Vec<(u32, Vec<Losses>)> {
        std::mem::take(&mut self.unread_losses)
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
        Some(BestCandidates { latents, losses: best.losses() })
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
    tensor.into_data().iter::<f32>().collect()
}
