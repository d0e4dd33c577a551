//! The optimizers of the latents. All values are `[candidates, latent_dim]`, on the device that computes.

mod adam;
mod hmc;
mod momentum;

use burn::tensor::Tensor;

use super::{OptimizerKind, Settings};
use adam::Adam;
pub(super) use hmc::Hmc;
use momentum::Momentum;

/// What moves the latents, with its state.
pub(super) enum Optimizer {
    Adam(Box<Adam>),
    Momentum(Box<Momentum>),
    Hmc(Box<Hmc>),
}

impl Optimizer {
    /// In its initial state.
    pub fn new(settings: &Settings, latents: &Tensor<2>) -> Self {
        match settings.optimizer {
            OptimizerKind::Adam => Self::Adam(Box::new(Adam::new(latents))),
            OptimizerKind::Momentum => Self::Momentum(Box::new(Momentum::new(latents))),
            OptimizerKind::Hmc => Self::Hmc(Box::new(Hmc::new(settings.hmc.beta))),
        }
    }

    /// Whether the next evaluation begins an iteration: for HMC, a trajectory.
    pub fn begins_iteration(&self) -> bool {
        match self {
            Self::Adam(_) | Self::Momentum(_) => true,
            Self::Hmc(hmc) => hmc.is_between_trajectories(),
        }
    }

    pub fn is_hmc(&self) -> bool {
        matches!(self, Self::Hmc(_))
    }
}
