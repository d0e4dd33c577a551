//! The last iterations: a private copy of the generator adapts to the known pixels around ẑ, and is dropped with the search.
//!
//! What would surprise: this happens on the CPU whatever computes the search. The copy is one for all candidates, which
//! pull it together, so that memory and time do not grow with them.

use std::sync::Arc;

use super::host::HostWork;
use super::optimizer::Adam;
use super::run::Search;
use crate::model::host::Adapted;

/// A generator that adapts, and what moves the latents meanwhile.
pub(super) struct Refinement {
    adapted: Adapted,
    adam: Adam,
}

/// The latents' learning rate while the generator adapts, as a share of that of the search.
const REFINING_SHARE: f32 = 0.25;
impl Search {
    /// One iteration in which the generator adapts, on the CPU. It starts from the best latents.
    pub(super) fn refine(&mut self) {
        let networks = Arc::clone(&self.networks);
        let Some(host_networks) = &networks.host else {
            self.iterations_done += 1;
            return;
        };
        let mut refinement = self.refinement.take().unwrap_or_else(|| {
            if let Some(best) = &self.best {
                self.latents = best.latents.clone();
            }
            Refinement { adapted: Adapted::new(host_networks), adam: Adam::new(&self.latents) }
        });
        let host = self.host.get_or_insert_with(|| HostWork::new(&self.problem, &self.settings));
        let (adapted, device) = (&mut refinement.adapted, self.latents.device());
        let evaluation = host.evaluate(host_networks, Some(adapted), &self.settings, &self.latents, &device);
        self.record(&evaluation);
        self.iterations_done += 1;
        let rate = REFINING_SHARE * self.settings.learning_rate;
        let moved = refinement.adam.step(self.latents.clone(), evaluation.gradient.clone(), rate);
        self.latents = self.clip(moved);
        self.evaluation = Some(evaluation);
        self.refinement = Some(refinement);
    }
}
