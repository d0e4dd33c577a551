//! Hamiltonian Monte Carlo over the latents, as in the blog's code: samples of `exp(−β·loss)` instead of one optimum.

use burn::tensor::Tensor;

use super::search_loop::Search;

/// State of the sampler: the inverse temperature and the current trajectory.
pub(super) struct HmcState {
    beta: f32,
    trajectory: Option<Trajectory>,
}

/// A trajectory of leapfrog steps.
struct Trajectory {
    steps_done: u32,
    velocity: Tensor<2>,
    start_latents: Tensor<2>,
    start_total: Tensor<1>,
    start_kinetic: Tensor<1>,
}

impl HmcState {
    pub fn new(beta: f32) -> Self {
        Self { beta, trajectory: None }
    }

    /// Drops the current trajectory and keeps the temperature.
    pub fn drop_trajectory(&mut self) {
        self.trajectory = None;
    }

    /// Moves the state out and leaves one without a trajectory.
    pub fn take(&mut self) -> Self {
        Self { beta: self.beta, trajectory: self.trajectory.take() }
    }
}

impl Search {
    /// Begins a trajectory or does its next leapfrog step. Returns whether it began one.
    pub(super) fn hmc_step(&mut self, HmcState { beta, trajectory }: HmcState) -> (HmcState, bool) {
        let Some(trajectory) = trajectory else {
            return (HmcState { beta, trajectory: Some(self.begin_trajectory()) }, true);
        };
        let trajectory = self.leapfrog_step(trajectory, beta);
        if trajectory.steps_done < self.settings.hmc.leapfrog_steps {
            return (HmcState { beta, trajectory: Some(trajectory) }, false);
        }
        self.metropolis_test(trajectory, beta);
        self.iterations_done += 1;
        (HmcState::new(beta * self.settings.hmc.anneal), false)
    }

    /// Evaluates the latents and samples a velocity.
    fn begin_trajectory(&mut self) -> Trajectory {
        let evaluation = self.evaluate();
        self.record_losses(&evaluation);
        let velocity = self.rng.sample_normal(self.latents.dims());
        let (start_latents, start_total) = (self.latents.clone(), evaluation.scored.losses.total.clone());
        self.evaluation = Some(evaluation);
        Trajectory { steps_done: 0, start_latents, start_total, start_kinetic: kinetic_energy(&velocity), velocity }
    }

    /// Half a velocity step, a position step, half a velocity step.
    fn leapfrog_step(&mut self, trajectory: Trajectory, beta: f32) -> Trajectory {
        let step_size = self.settings.hmc.step_size;
        let half_step = step_size / 2.0 * beta;
        let evaluation = self.evaluation.as_ref();
        let gradient = evaluation.map_or_else(|| self.latents.zeros_like(), |evaluation| evaluation.gradient.clone());
        let velocity = trajectory.velocity - gradient.mul_scalar(half_step);
        self.latents = self.clip_to_prior(self.latents.clone() + velocity.clone().mul_scalar(step_size));
        let evaluation = self.evaluate();
        let velocity = velocity - evaluation.gradient.clone().mul_scalar(half_step);
        self.evaluation = Some(evaluation);
        Trajectory { steps_done: trajectory.steps_done + 1, velocity, ..trajectory }
    }

    /// Metropolis test: accepts the end of the trajectory with probability `min(1, exp(H₀ − H))`, else returns to its
    /// start.
    fn metropolis_test(&mut self, trajectory: Trajectory, beta: f32) {
        let Some(end) = &self.evaluation else { return };
        let start_energy = trajectory.start_total.mul_scalar(beta) + trajectory.start_kinetic;
        let end_energy = end.scored.losses.total.clone().mul_scalar(beta) + kinetic_energy(&trajectory.velocity);
        let [candidates, latent_dim] = self.latents.dims();
        let refused = (start_energy - end_energy).exp().lower(self.rng.sample_unit(candidates));
        let refused = refused.reshape([candidates, 1]).expand([candidates, latent_dim]);
        self.latents = self.latents.clone().mask_where(refused, trajectory.start_latents);
    }
}

/// Kinetic energy `Σ v²/2` of each candidate: `[candidates, latent_dim]` to `[candidates]`.
fn kinetic_energy(velocity: &Tensor<2>) -> Tensor<1> {
    let [candidates, _] = velocity.dims();
    velocity.clone().square().sum_dim(1).reshape([candidates]).div_scalar(2.0)
}
