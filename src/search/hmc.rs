//! Hamiltonian Monte Carlo over the latents, in the form of the blog's code: completions drawn from
//! `exp(−β·loss)` rather than one optimum.

use burn::tensor::Tensor;

use super::run::{Evaluation, OnDevice, Search};

/// Where a Hamiltonian Monte Carlo trajectory stands.
pub(super) struct Trajectory {
    beta: f32,
    under_way: Option<Leapfrog>,
}

struct Leapfrog {
    steps_done: u32,
    velocity: Tensor<2>,
    start: OnDevice,
    start_kinetic: Tensor<1>,
}

impl Trajectory {
    pub fn new(beta: f32) -> Self {
        Self { beta, under_way: None }
    }
}

impl Search {
    /// One leapfrog step of Hamiltonian Monte Carlo in the form of the blog's code. Answers whether a trajectory began.
    pub(super) fn advance_trajectory(&mut self, trajectory: &mut Trajectory) -> bool {
        let kick = self.settings.hmc.step_size / 2.0 * trajectory.beta;
        let Some(mut leapfrog) = trajectory.under_way.take() else {
            let evaluation = self.evaluate();
            self.record(&evaluation);
            let velocity = self.draws.normal(self.latents.dims());
            trajectory.under_way = Some(Leapfrog {
                steps_done: 0,
                start_kinetic: kinetic(&velocity),
                velocity,
                start: OnDevice {
                    latents: self.latents.clone(),
                    context: evaluation.context.clone(),
                    prior: evaluation.prior.clone(),
                    total: evaluation.total.clone(),
                },
            });
            self.evaluation = Some(evaluation);
            return true;
        };
        let gradient = self
            .evaluation
            .as_ref()
            .map_or_else(|| self.latents.zeros_like(), |evaluation| evaluation.gradient.clone());
        leapfrog.velocity = leapfrog.velocity - gradient.mul_scalar(kick);
        self.latents =
            self.clip(self.latents.clone() + leapfrog.velocity.clone().mul_scalar(self.settings.hmc.step_size));
        let evaluation = self.evaluate();
        leapfrog.velocity = leapfrog.velocity - evaluation.gradient.clone().mul_scalar(kick);
        leapfrog.steps_done += 1;
        if leapfrog.steps_done < self.settings.hmc.leapfrog_steps {
            trajectory.under_way = Some(leapfrog);
        } else {
            self.accept_or_refuse(leapfrog, &evaluation, trajectory.beta);
            trajectory.beta *= self.settings.hmc.anneal;
            self.iterations_done += 1;
        }
        self.evaluation = Some(evaluation);
        false
    }

    /// Metropolis: keeps the end of the trajectory with probability `min(1, exp(H₀ − H))`, else goes back to its start.
    fn accept_or_refuse(&mut self, leapfrog: Leapfrog, end: &Evaluation, beta: f32) {
        let before = leapfrog.start.total.mul_scalar(beta) + leapfrog.start_kinetic;
        let after = end.total.clone().mul_scalar(beta) + kinetic(&leapfrog.velocity);
        let [candidates, latent_dim] = self.latents.dims();
        let refused = (before - after).exp().lower(self.draws.unit(candidates));
        let refused = refused.reshape([candidates, 1]).expand([candidates, latent_dim]);
        self.latents = self.latents.clone().mask_where(refused, leapfrog.start.latents);
    }
}

/// `Σ v²/2` of each candidate: `[candidates, latent_dim]` to `[candidates]`.
fn kinetic(velocity: &Tensor<2>) -> Tensor<1> {
    let [candidates, _] = velocity.dims();
    velocity.clone().square().sum_dim(1).reshape([candidates]).div_scalar(2.0)
}
