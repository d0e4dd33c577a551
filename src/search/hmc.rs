//! Hamiltonian Monte Carlo over the latents, as in the blog's code: samples of `exp(−β·loss)` instead of one optimum.

use burn::tensor::Tensor;

use super::search_loop::Search;

/// State of the sampler: the inverse temperature and the current trajectory.
pub(super) struct HmcState {
    beta: f32,
    trajectory: Option<LeapfrogTrajectory>,
}

struct LeapfrogTrajectory {
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
    /// One leapfrog step. Returns whether it began a trajectory.
    pub(super) fn hmc_step(&mut self, trajectory: HmcState) -> (HmcState, bool) {
        let HmcState { beta, trajectory: under_way } = trajectory;
        let Some(leapfrog) = under_way else {
            let leapfrog = self.begin_trajectory();
            return (HmcState { beta, trajectory: Some(leapfrog) }, true);
        };
        let leapfrog = self.leapfrog_step(leapfrog, beta);
        if leapfrog.steps_done < self.settings.hmc.leapfrog_steps {
            return (HmcState { beta, trajectory: Some(leapfrog) }, false);
        }
        self.metropolis_test(leapfrog, beta);
        self.iterations_done += 1;
        (HmcState::new(beta * self.settings.hmc.anneal), false)
    }

    /// Evaluates the latents and samples a velocity.
    fn begin_trajectory(&mut self) -> LeapfrogTrajectory {
        let evaluation = self.evaluate();
        self.record_losses(&evaluation);
        let velocity = self.rng.sample_normal(self.latents.dims());
        let (start_latents, start_total) = (self.latents.clone(), evaluation.scored.total.clone());
        self.evaluation = Some(evaluation);
        LeapfrogTrajectory {
            steps_done: 0,
            start_latents,
            start_total,
            start_kinetic: kinetic_energy(&velocity),
            velocity,
        }
    }

    /// Half a velocity step, a position step, half a velocity step.
    fn leapfrog_step(&mut self, leapfrog: LeapfrogTrajectory, beta: f32) -> LeapfrogTrajectory {
        let step_size = self.settings.hmc.step_size;
        let half_step = step_size / 2.0 * beta;
        let gradient = self
            .evaluation
            .as_ref()
            .map_or_else(|| self.latents.zeros_like(), |evaluation| evaluation.gradient.clone());
        let velocity = leapfrog.velocity - gradient.mul_scalar(half_step);
        self.latents = self.clip_to_prior(self.latents.clone() + velocity.clone().mul_scalar(step_size));
        let evaluation = self.evaluate();
        let velocity = velocity - evaluation.gradient.clone().mul_scalar(half_step);
        self.evaluation = Some(evaluation);
        LeapfrogTrajectory { steps_done: leapfrog.steps_done + 1, velocity, ..leapfrog }
    }

    /// Metropolis test: accepts the end of the trajectory with probability `min(1, exp(H₀ − H))`, else returns to its
    /// start.
    fn metropolis_test(&mut self, leapfrog: LeapfrogTrajectory, beta: f32) {
        let Some(end) = &self.evaluation else { return };
        let before = leapfrog.start_total.mul_scalar(beta) + leapfrog.start_kinetic;
        let after = end.scored.total.clone().mul_scalar(beta) + kinetic_energy(&leapfrog.velocity);
        let [candidates, latent_dim] = self.latents.dims();
        let refused = (before - after).exp().lower(self.rng.sample_unit(candidates));
        let refused = refused.reshape([candidates, 1]).expand([candidates, latent_dim]);
        self.latents = self.latents.clone().mask_where(refused, leapfrog.start_latents);
    }
}

/// Kinetic energy `Σ v²/2` of each candidate: `[candidates, latent_dim]` to `[candidates]`.
fn kinetic_energy(velocity: &Tensor<2>) -> Tensor<1> {
    let [candidates, _] = velocity.dims();
    velocity.clone().square().sum_dim(1).reshape([candidates]).div_scalar(2.0)
}
