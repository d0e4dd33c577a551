//! Searches that begin at latents which are known: at one that is to be drawn as it is, or around one, to find more like it.
//!
//! More like it are samples of `exp(−β·loss)` near that latent, by Hamiltonian Monte Carlo as in Amos's code: all candidates stand
//! there at first, each leaves in a direction of its own, and the temperature falls so that they end in agreement with the known
//! pixels. What would surprise: where a candidate ends counts, although the place it came from was better.

use burn::tensor::{Tensor, TensorData};

use super::hmc::Trajectory;
use super::optimizer::Motion;
use super::readback::to_host;
use super::run::Search;
use super::{HmcSettings, OptimizerKind, Settings};

/// Candidates of one such search.
const CANDIDATES: u32 = 4;
/// Trajectories and L: with [`CANDIDATES`] about a hundred gradients, two seconds on two CPU cores. Fewer and longer trajectories
/// leave more of the candidates where they began.
const TRAJECTORIES: u32 = 10;
const LEAPFROG_STEPS: u32 = 10;
/// ε: with it, more than half of the trajectories of held-out faces are accepted; with twice as much, hardly any.
const STEP_SIZE: f32 = 0.01;
/// β for a latent whose loss is 1: see [`Search::begin_around`]. At first the loss may rise by a half or so.
const BETA: f32 = 40.0;
/// What β is multiplied by after each trajectory: in the end the loss of held-out faces is a tenth to a fifth above that of the
/// latent.
const ANNEAL: f32 = 1.1;
/// Largest β: a face that is explained without any loss is none to scale by.
const MAX_BETA: f32 = 1e6;

impl Settings {
    /// The settings that find more like one latent, for the problem that these have found it for.
    #[must_use]
    pub fn to_sample_around(self) -> Self {
        Self {
            steps: TRAJECTORIES,
            optimizer: OptimizerKind::Hmc,
            noise: 0.0,
            candidates: CANDIDATES,
            hmc: HmcSettings { leapfrog_steps: LEAPFROG_STEPS, step_size: STEP_SIZE, beta: BETA, anneal: ANNEAL },
            ..self
        }
    }

    /// The settings that draw one latent as it is and weigh it: one iteration, without noise.
    #[must_use]
    pub fn to_draw_one(self) -> Self {
        Self { steps: 1, optimizer: OptimizerKind::Adam, noise: 0.0, candidates: 1, ..self }
    }
}

impl Search {
    /// Begins at these latents, those of all candidates one after the other, in place of where the settings say. Only before the
    /// first iteration.
    ///
    /// # Panics
    /// When there are not `candidates × latent_dim` values.
    pub fn begin_at(&mut self, latents: &[f32]) {
        let shape = self.latents.dims();
        let data = TensorData::new(latents.to_vec(), shape);
        self.latents = Tensor::from_data(data, &self.latents.device());
        // What is handed in is to stay near itself, not near the guess.
        self.anchors = Some(self.latents.clone());
        self.motion = Motion::new(&self.settings, &self.latents);
    }

    /// Begins with all candidates at this latent, and keeps where each of them ends. Only before the first iteration.
    ///
    /// β of the settings is divided by the loss there: losses are summed or averaged, and faces that are explained well or badly are
    /// to be left equally far. Waits for the device.
    ///
    /// # Panics
    /// When there are not `latent_dim` values.
    pub fn begin_around(&mut self, latent: &[f32]) {
        let [candidates, _] = self.latents.dims();
        self.begin_at(&latent.repeat(candidates));
        self.keeps_last = true;
        if self.settings.optimizer == OptimizerKind::Hmc {
            let loss = to_host(self.evaluate().weighed.total).first().map_or(1.0, |total| total.abs());
            let beta = (self.settings.hmc.beta / loss).min(MAX_BETA);
            self.motion = Motion::Hmc(Box::new(Trajectory::new(beta)));
        }
    }

    /// After the last trajectory of a search around a latent: takes its ends as the best. Does nothing to other searches, or a
    /// second time.
    pub fn settle(&mut self) {
        if std::mem::take(&mut self.keeps_last)
            && let Some(best) = &mut self.best
        {
            best.latents = self.latents.clone();
            self.weigh_best_anew();
        }
    }
}
