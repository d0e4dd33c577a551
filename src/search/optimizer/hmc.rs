//! Hamiltonian Monte Carlo over the latents, as in the blog's code: samples of `exp(−β·loss)` instead of one optimum.

use burn::tensor::Tensor;

use crate::search::initial_latents::SearchRng;
use crate::search::{Clipping, HmcSettings};

/// State of the sampler: the inverse temperature and the current trajectory.
pub struct Hmc {
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

impl Hmc {
    pub fn new(beta: f32) -> Self {
        Self { beta, trajectory: None }
    }

    /// Drops the current trajectory and keeps the temperature.
    pub fn drop_trajectory(&mut self) {
        self.trajectory = None;
    }

    /// Whether the next step begins a trajectory.
    pub fn is_between_trajectories(&self) -> bool {
        self.trajectory.is_none()
    }

    /// Moves the latents, given their gradient and their total losses. Returns whether this ended a trajectory.
    ///
    /// A leapfrog step is half a velocity step, a position step, and half a velocity step with the next gradient.
    pub fn step(
        &mut self,
        latents: Tensor<2>,
        (gradient, total): (Tensor<2>, Tensor<1>),
        settings: &HmcSettings,
        clipping: Clipping,
        rng: &mut SearchRng,
    ) -> (Tensor<2>, bool) {
        let half_step = gradient.mul_scalar(settings.step_size / 2.0 * self.beta);
        let mut trajectory = match self.trajectory.take() {
            None => Trajectory::begin(latents.clone(), total, rng),
            Some(mut trajectory) => {
                trajectory.velocity = trajectory.velocity - half_step.clone();
                trajectory.steps_done += 1;
                if trajectory.steps_done >= settings.leapfrog_steps {
                    let end = trajectory.metropolis_test(latents, total, self.beta, rng);
                    self.beta *= settings.anneal;
                    return (end, true);
                }
                trajectory
            }
        };
        trajectory.velocity = trajectory.velocity - half_step;
        let moved = latents + trajectory.velocity.clone().mul_scalar(settings.step_size);
        self.trajectory = Some(trajectory);
        (rng.clip_to_prior(moved, clipping), false)
    }
}

impl Trajectory {
    /// Samples a velocity.
    fn begin(latents: Tensor<2>, total: Tensor<1>, rng: &mut SearchRng) -> Self {
        let velocity = rng.sample_normal(latents.dims());
        Self {
            steps_done: 0,
            start_latents: latents,
            start_total: total,
            start_kinetic: kinetic_energy(&velocity),
            velocity,
        }
    }

    /// Metropolis test: accepts the end of the trajectory with probability `min(1, exp(H₀ − H))`, else returns to its
    /// start.
    fn metropolis_test(self, latents: Tensor<2>, total: Tensor<1>, beta: f32, rng: &mut SearchRng) -> Tensor<2> {
        let start_energy = self.start_total.mul_scalar(beta) + self.start_kinetic;
        let end_energy = total.mul_scalar(beta) + kinetic_energy(&self.velocity);
        let [candidates, latent_dim] = latents.dims();
        let refused = (start_energy - end_energy).exp().lower(rng.sample_unit(candidates));
        let refused = refused.reshape([candidates, 1]).expand([candidates, latent_dim]);
        latents.mask_where(refused, self.start_latents)
    }
}

/// Kinetic energy `Σ v²/2` of each candidate: `[candidates, latent_dim]` to `[candidates]`.
fn kinetic_energy(velocity: &Tensor<2>) -> Tensor<1> {
    let [candidates, _] = velocity.dims();
    velocity.clone().square().sum_dim(1).reshape([candidates]).div_scalar(2.0)
}
