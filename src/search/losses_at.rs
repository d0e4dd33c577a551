//! The losses of given latents and pictures, without a search.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use super::operations::{SearchPass, context_loss, generate, prior_loss};
use super::problem::SearchProblem;
use super::total_loss::LossTensors;
use super::{Losses, Settings};
use crate::model::Networks;

/// Latents in one forward pass.
const BATCH: usize = 16;

impl SearchProblem {
    /// The losses of latents. Unlike in a search, the prior loss is computed for λ = 0 too. `progress` gets the number of
    /// latents that are done, and returns whether to go on. `None` when it did not.
    ///
    /// # Panics
    /// When a latent has another length than the model's, or a GPU is lost or out of memory.
    #[must_use]
    pub fn losses_at(
        &self,
        networks: &Arc<Networks>,
        settings: &Settings,
        latents: &[Vec<f32>],
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> Option<Vec<Losses>> {
        let dim = networks.info.latent_dim;
        let mut losses = Vec::with_capacity(latents.len());
        for batch in latents.chunks(BATCH) {
            if !progress(losses.len()) {
                return None;
            }
            let settings = Settings { candidates: u32::try_from(batch.len()).unwrap_or(u32::MAX), ..*settings };
            let pass = SearchPass::new(networks.clone(), self, &settings);
            let data = TensorData::new(batch.concat(), [batch.len(), dim]);
            for latents in pass.batches(Tensor::from_data(data, &networks.device())) {
                let pictures = generate(latents, &pass);
                let context = context_loss(pass.observe(pictures.clone()), &pass);
                let prior =
                    if networks.has_discriminator() { prior_loss(pictures, &pass) } else { context.zeros_like() };
                let total = context.clone() + prior.clone().mul_scalar(settings.lambda);
                losses.extend(LossTensors::read([&LossTensors { context, prior, total }]).into_iter().flatten());
            }
        }
        Some(losses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cpu::CpuPrecision;
    use crate::model::{ModelFile, TINY_MODEL};
    use crate::search::tests::rules::one_sided;
    use crate::search::{Preset, Search};

    fn tiny_networks() -> Arc<Networks> {
        let file = ModelFile::parse("tiny", TINY_MODEL).unwrap();
        Arc::new(Networks::load_on_cpu(&file, CpuPrecision::Single).unwrap())
    }

    #[test]
    fn losses_are_those_of_the_search() {
        let (networks, problem) = (tiny_networks(), one_sided());
        let settings = Settings { steps: 3, candidates: 2, ..Preset::Best.settings() };
        let mut search = Search::new(networks.clone(), &problem, settings);
        while !search.is_done() {
            search.advance();
        }
        let best = search.best().unwrap();
        let losses = problem.losses_at(&networks, &settings, &best.latents, &mut |_| true).unwrap();
        for (at, of_search) in losses.iter().zip(&best.losses) {
            assert!((at.context - of_search.context).abs() < 1e-4, "{at:?} {of_search:?}");
            assert!((at.prior - of_search.prior).abs() < 1e-4 && (at.total - of_search.total).abs() < 1e-4);
        }
        let without = Settings { lambda: 0.0, ..settings };
        let losses = problem.losses_at(&networks, &without, &best.latents[..1], &mut |_| true).unwrap();
        assert!((losses[0].prior - best.losses[0].prior).abs() < 1e-4, "the prior loss does not need λ");
    }

    #[test]
    fn more_latents_than_a_batch_are_done_in_order() {
        let (networks, problem) = (tiny_networks(), one_sided());
        let settings = Preset::Best.settings();
        let latents: Vec<Vec<f32>> = (0..40u8).map(|index| vec![f32::from(index) / 40.0; 8]).collect();
        let mut calls = Vec::new();
        let all = problem.losses_at(&networks, &settings, &latents, &mut |done| {
            calls.push(done);
            true
        });
        let all = all.unwrap();
        assert_eq!((all.len(), calls), (40, vec![0, 16, 32]));
        let alone = problem.losses_at(&networks, &settings, &latents[33..34], &mut |_| true).unwrap();
        assert!((alone[0].total - all[33].total).abs() < 1e-4);
        assert!(problem.losses_at(&networks, &settings, &latents, &mut |done| done < 16).is_none());
    }
}
