//! Hamiltonian Monte Carlo over the latents, as in the blog's code: samples of `exp(−β·loss)` instead of one optimum.

use burn::tensor::Tensor;

use super::run::Search;

/// State of the sampler: the inverse temperature and the current trajectory.
pub(super) struct Trajectory {
    beta: f32,
    under_way: Option<Leapfrog>,
}

struct Leapfrog {
    steps_done: u32,
    velocity: Tensor<2>,
    start_latents: Tensor<2>,
    start_total: Tensor<1>,
    start_kinetic: Tensor<1>,
}

impl Trajectory {
    pub fn new(beta: f32) -> Self {
        Self { beta, under_way: None }
    }

    /// Drops the current trajectory and keeps the temperature.
    pub fn restart(&mut self) {
        self.under_way = None;
    }

    /// Moves the state out and leaves one without a trajectory.
    pub fn take(&mut self) -> Self {
        Self { beta: self.beta, under_way: self.under_way.take() }
    }
}

impl Search {
    /// One leapfrog step. Returns whether it began a trajectory.
    pub(super) fn leap(&mut self, trajectory: Trajectory) -> (Trajectory, bool) {
        let Trajectory { beta, under_way } = trajectory;
        let Some(leapfrog) = under_way else {
            let leapfrog = self.begin_trajectory();
            return (Trajectory { beta, under_way: Some(leapfrog) }, true);
        };
        let leapfrog = self.step_trajectory(leapfrog, beta);
        if leapfrog.steps_done < self.settings.hmc.leapfrog_steps {
            return (Trajectory { beta, under_way: Some(leapfrog) }, false);
        }
        self.accept_or_refuse(leapfrog, beta);
        self.iterations_done += 1;
        (Trajectory::new(beta * self.settings.hmc.anneal), false)
    }

    /// Evaluates the latents and samples a velocity.
    fn begin_trajectory(&mut self) -> Leapfrog {
        let evaluation = self.evaluate();
        self.record(&evaluation);
        let velocity = self.draws.normal(self.latents.dims());
        let (start_latents, start_total) = (self.latents.clone(), evaluation.weighed.total.clone());
        self.evaluation = Some(evaluation);
        Leapfrog { steps_done: 0, start_latents, start_total, start_kinetic: kinetic(&velocity), velocity }
    }

    /// Half a velocity step, a position step, half a velocity step.
    fn step_trajectory(&mut self, leapfrog: Leapfrog, beta: f32) -> Leapfrog {
        let step_size = self.settings.hmc.step_size;
        let kick = step_size / 2.0 * beta;
        let gradient = self
            .evaluation
            .as_ref()
            .map_or_else(|| self.latents.zeros_like(), |evaluation| evaluation.gradient.clone());
        let velocity = leapfrog.velocity - gradient.mul_scalar(kick);
        self.latents = self.clip(self.latents.clone() + velocity.clone().mul_scalar(step_size));
        let evaluation = self.evaluate();
        let velocity = velocity - evaluation.gradient.clone().mul_scalar(kick);
        self.evaluation = Some(evaluation);
        Leapfrog { steps_done: leapfrog.steps_done + 1, velocity, ..leapfrog }
    }

    /// Metropolis test: accepts the end of the trajectory with probability `min(1, exp(H₀ − H))`, else returns to its
    /// start.
    fn accept_or_refuse(&mut self, leapfrog: Leapfrog, beta: f32) {
        let Some(end) = &self.evaluation else { return };
        let before = leapfrog.start_total.mul_scalar(beta) + leapfrog.start_kinetic;
        let after = end.weighed.total.clone().mul_scalar(beta) + kinetic(&leapfrog.velocity);
        let [candidates, latent_dim] = self.latents.dims();
        let refused = (before - after).exp().lower(self.draws.unit(candidates));
        let refused = refused.reshape([candidates, 1]).expand([candidates, latent_dim]);
        self.latents = self.latents.clone().mask_where(refused, leapfrog.start_latents);
    }
}

/// Kinetic energy `Σ v²/2` of each candidate: `[candidates, latent_dim]` to `[candidates]`.
fn kinetic(velocity: &Tensor<2>) -> Tensor<1> {
    let [candidates, _] = velocity.dims();
    velocity.clone().square().sum_dim(1).reshape([candidates]).div_scalar(2.0)
}
