//! Results of a search: losses, latents and pictures.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::Losses;
use super::operations::generate;
use super::search_loop::Search;
use super::total_loss::LossTensors;
use crate::face_picture::FacePicture;
use crate::model::read_values;

/// Best latents of the candidates with their losses.
#[derive(Clone, Debug)]
pub struct BestCandidates {
    pub latents: Vec<Vec<f32>>,
    pub losses: Vec<Losses>,
}

impl Search {
    /// The losses of all iterations since the last call, oldest first: `(iteration from 1, losses of each candidate)`.
    pub fn take_losses(&mut self) -> Vec<(u32, Vec<Losses>)> {
        let (iterations, losses): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unread_losses).into_iter().unzip();
        iterations.into_iter().zip(LossTensors::read(&losses)).collect()
    }

    /// Pictures of all candidates at the newest evaluation.
    #[must_use]
    pub fn pictures(&self) -> Vec<Arc<FacePicture>> {
        let Some(evaluation) = &self.evaluation else { return Vec::new() };
        read_pictures(evaluation.pictures.clone())
    }

    /// The best latents so far with their losses.
    #[must_use]
    pub fn best(&self) -> Option<BestCandidates> {
        let best = self.best.as_ref()?;
        let latent_dim = best.latents.dims()[1];
        let latents = read_values(best.latents.clone()).chunks(latent_dim).map(<[f32]>::to_vec).collect();
        Some(BestCandidates { latents, losses: LossTensors::read([&best.losses]).pop()? })
    }

    /// Pictures of the best latents.
    #[must_use]
    pub fn best_pictures(&self) -> Vec<Arc<FacePicture>> {
        let Some(best) = &self.best else { return Vec::new() };
        self.pass
            .batches(best.latents.clone())
            .into_iter()
            .flat_map(|latents| read_pictures(generate(latents, &self.pass)))
            .collect()
    }
}

/// Reads pictures `[candidates, side, side, channels]`, RGB first.
pub(super) fn read_pictures(pictures: Tensor<4>) -> Vec<Arc<FacePicture>> {
    let [_, side_px, _, channels] = pictures.dims();
    FacePicture::of_batch(&read_values(pictures), side_px, channels)
}
