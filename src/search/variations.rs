//! Searches that start at given latents: to generate one latent as it is, or to find variations of it.
//!
//! Variations are samples of `exp(−β·loss)` near the latent, by Hamiltonian Monte Carlo as in Amos's code. All
//! candidates start at the latent, each moves in a random direction, and the temperature falls, so that they end in
//! agreement with the known pixels. The result is the last latent of each candidate, even where its start had a lower
//! loss.

use burn::tensor::{Tensor, TensorData};

use super::optimizer::{Hmc, Optimizer};
use super::search_loop::Search;
use super::{HmcSettings, OptimizerKind, Settings};
use crate::model::read_values;

/// Candidates of a search for variations.
const VARIATION_COUNT: u32 = 4;
/// Number of trajectories, and leapfrog steps (L) in each: a few seconds of work. With fewer, longer trajectories more
/// candidates stay at their start.
const TRAJECTORIES: u32 = 10;
const LEAPFROG_STEPS: u32 = 10;
/// ε. At this size most trajectories are accepted; at twice the size hardly any.
const STEP_SIZE: f32 = 0.01;
/// β for a latent whose loss is 1: see [`Search::start_variations`]. Lets the loss rise by about half at first.
const BETA: f32 = 40.0;
/// β is multiplied by this after each trajectory, so the final loss is only slightly above the latent's.
const ANNEAL: f32 = 1.1;
/// Largest β, for latents whose loss is nearly zero.
const MAX_BETA: f32 = 1e6;

impl Settings {
    /// The settings for variations of one latent of a search with these settings.
    #[must_use]
    pub fn for_variations(self) -> Self {
        Self {
            steps: TRAJECTORIES,
            optimizer: OptimizerKind::Hmc,
            noise: 0.0,
            candidates: VARIATION_COUNT,
            hmc: HmcSettings { leapfrog_steps: LEAPFROG_STEPS, step_size: STEP_SIZE, beta: BETA, anneal: ANNEAL },
            ..self
        }
    }

    /// The settings that only generate and score one latent: one iteration without noise.
    #[must_use]
    pub fn without_search(self) -> Self {
        Self { steps: 1, optimizer: OptimizerKind::Adam, noise: 0.0, candidates: 1, ..self }
    }
}

impl Search {
    /// Starts at these latents (those of all candidates, one after the other) instead of the starts in the settings.
    /// Call it before the first iteration.
    ///
    /// # Panics
    /// When there are not `candidates × latent_dim` values.
    pub fn start_at(&mut self, latents: &[f32]) {
        let shape = self.latents.dims();
        let data = TensorData::new(latents.to_vec(), shape);
        self.latents = Tensor::from_data(data, &self.latents.device());
        // Hold the latents to these starts, not to the encoder's guess.
        self.anchors = Some(self.latents.clone());
        self.optimizer = Optimizer::new(&self.settings, &self.latents);
    }

    /// Starts all candidates at this latent and returns the last latent of each as the result. Call it before the first
    /// iteration.
    ///
    /// Divides β of the settings by the latent's loss, because losses may be sums or means, and good and bad fits
    /// should move equally far. Waits for the device.
    ///
    /// # Panics
    /// When there are not `latent_dim` values.
    pub fn start_variations(&mut self, latent: &[f32]) {
        let [candidates, _] = self.latents.dims();
        self.start_at(&latent.repeat(candidates));
        self.uses_last_latents = true;
        if self.settings.optimizer == OptimizerKind::Hmc {
            let loss = read_values(self.evaluate().scored.losses.total).first().map_or(1.0, |total| total.abs());
            let beta = (self.settings.hmc.beta / loss).min(MAX_BETA);
            self.optimizer = Optimizer::Hmc(Box::new(Hmc::new(beta)));
        }
    }

    /// Call after the last step of a search that was not stopped: variations and edits have a result of their own. Does
    /// nothing for other searches or when called again.
    pub fn finish(&mut self) {
        self.finish_variations();
        self.finish_edit();
    }

    /// Makes the last latents the best ones.
    fn finish_variations(&mut self) {
        if std::mem::take(&mut self.uses_last_latents)
            && let Some(best) = &mut self.best
        {
            best.latents = self.latents.clone();
            self.rescore_best();
        }
    }
}
