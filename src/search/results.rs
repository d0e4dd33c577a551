//! Results of a search: losses, latents and pictures.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::Losses;
use super::operations::generate;
use super::search_loop::Search;
use super::total_loss::LossTensors;
use crate::face_picture::FacePicture;
use crate::model::read_values;

/// One iteration of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchIteration {
    /// Counted from 1.
    pub number: u32,
    /// The losses of each candidate.
    pub losses: Vec<Losses>,
    /// The latents that have these losses: those of all candidates, one after the other.
    pub latents: Vec<f32>,
}

/// Best latents of the candidates with their losses.
#[derive(Clone, Debug)]
pub struct BestCandidates {
    pub latents: Vec<Vec<f32>>,
    pub losses: Vec<Losses>,
}

impl Search {
    /// All iterations since the last call, oldest first.
    pub fn take_iterations(&mut self) -> Vec<SearchIteration> {
        let unread = std::mem::take(&mut self.unread);
        if unread.is_empty() {
            return Vec::new();
        }
        let losses = LossTensors::read(unread.iter().map(|(_, scored)| &scored.losses));
        let latents = read_values(Tensor::cat(unread.iter().map(|(_, scored)| scored.latents.clone()).collect(), 0));
        let rows = latents.chunks_exact(latents.len() / unread.len());
        unread
            .iter()
            .zip(losses.into_iter().zip(rows))
            .map(|((number, _), (losses, latents))| SearchIteration {
                number: *number,
                losses,
                latents: latents.to_vec(),
            })
            .collect()
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
        // Any pass over the networks draws the same.
        let pass = self.joint_pass.as_ref().unwrap_or(&self.pass);
        let batches = pass.batches(best.latents.clone()).into_iter();
        batches.flat_map(|latents| read_pictures(generate(latents, pass))).collect()
    }
}

/// Reads pictures `[candidates, side, side, channels]`, RGB first.
pub(super) fn read_pictures(pictures: Tensor<4>) -> Vec<Arc<FacePicture>> {
    let [_, side_px, _, channels] = pictures.dims();
    FacePicture::of_batch(&read_values(pictures), side_px, channels)
}
