//! The last iterations: a private copy of the generator adapts to the known pixels around ẑ, and is dropped with the search.
//!
//! What an adapted generator draws can be trusted beside known pixels, and less and less away from them: there it goes on
//! fitting by drawing no face. Further in, the pictures therefore stay what they were before.
//!
//! What would surprise: this happens on the CPU whatever computes the search. The copy is one for all candidates, which
//! pull it together, so that memory and time do not grow with them.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use super::host::HostWork;
use super::optimizer::Adam;
use super::problem::Problem;
use super::run::Search;
use crate::mask::steps_to_known;
use crate::model::host::{Adapted, HostNetworks};

/// A generator that adapts, and what moves the latents meanwhile.
pub(super) struct Refinement {
    adapted: Adapted,
    adam: Adam,
    /// What the best latents drew before.
    pub(super) before: Tensor<4>,
    /// `[1, 1, side, side]`: how much of what the adapted generator draws is taken.
    trust: Tensor<4>,
}

/// The latents' learning rate while the generator adapts, as a share of that of the search.
const REFINING_SHARE: f32 = 0.25;
/// Over so many crop pixels away from known ones the trust falls to a third (1/e). On portraits, eyes and mouths filled from
/// more than that were smeared.
const TRUST_PX: f32 = 1.5;

/// The trust for each pixel of a problem.
fn trust(problem: &Problem, device: &Device) -> Tensor<4> {
    #[expect(clippy::cast_precision_loss, reason = "crops are some hundred pixels wide")]
    let share = |steps: u32| (-(steps.saturating_sub(1) as f32) / TRUST_PX).exp();
    let values: Vec<f32> = steps_to_known(&problem.known, problem.size_px).into_iter().map(share).collect();
    Tensor::from_data(TensorData::new(values, [1, 1, problem.size_px, problem.size_px]), device)
}

impl Search {
    /// One iteration in which the generator adapts, on the CPU. It starts from the best latents.
    pub(super) fn refine(&mut self) {
        self.adapt();
        self.iterations_done += 1;
    }

    /// `None` when there is nothing to adapt with.
    fn adapt(&mut self) -> Option<()> {
        let networks = Arc::clone(&self.networks);
        let host_networks = networks.host.as_ref()?;
        let mut refinement = self.refinement.take().or_else(|| self.begin_refinement(host_networks))?;
        let host = self.host.get_or_insert_with(|| HostWork::new(&self.problem, &self.settings));
        let (adapted, device) = (&mut refinement.adapted, self.latents.device());
        let mut evaluation = host.evaluate(host_networks, Some(adapted), &self.settings, &self.latents, &device);
        let Refinement { before, trust, .. } = &refinement;
        evaluation.pictures = before.clone() + (evaluation.pictures - before.clone()) * trust.clone();
        self.record(&evaluation);
        let rate = REFINING_SHARE * self.settings.learning_rate;
        let moved = refinement.adam.step(self.latents.clone(), evaluation.gradient.clone(), rate);
        self.latents = self.clip(moved);
        self.evaluation = Some(evaluation);
        self.refinement = Some(refinement);
        Some(())
    }

    /// From the best latents; `None` when there are none, after no steps at all.
    fn begin_refinement(&mut self, networks: &HostNetworks) -> Option<Refinement> {
        self.settle();
        let best = self.best.as_ref()?;
        self.latents = best.latents.clone();
        Some(Refinement {
            adapted: Adapted::new(networks),
            adam: Adam::new(&self.latents),
            before: best.pictures.clone(),
            trust: trust(&self.problem, &self.latents.device()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trust_is_whole_beside_known_pixels_and_gone_where_nothing_is_known() {
        let problem = |known: Vec<f32>| Problem { size_px: 4, pixels: vec![0.0; 48], known };
        let of =
            |known: Vec<f32>| trust(&problem(known), &Device::flex()).into_data().iter::<f32>().collect::<Vec<_>>();
        let mut known = vec![0.0; 16];
        known[0] = 1.0;
        let found = of(known);
        assert!((found[0] - 1.0).abs() < 1e-6 && (found[1] - 1.0).abs() < 1e-6, "{found:?}");
        assert!((found[2] - (-1.0f32 / TRUST_PX).exp()).abs() < 1e-6, "{found:?}");
        assert!(found[15] < 0.04, "six steps away: {found:?}");
        assert!(of(vec![0.0; 16]).iter().all(|trust| *trust < f32::MIN_POSITIVE));
    }
}
