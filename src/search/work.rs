//! Evaluates latents on the CPU or on a GPU.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::Settings;
use super::gpu::GpuWork;
use super::host::HostWork;
use super::problem::Problem;
use super::run::Evaluation;
use crate::model::{Networks, Place};

pub(super) enum Work {
    Host(Box<HostWork>),
    Gpu(Box<GpuWork>),
}

impl Work {
    /// Prepares a problem.
    pub fn new(networks: &Networks, problem: &Problem, settings: &Settings) -> Self {
        match &networks.place {
            Place::Host(networks) => Self::Host(Box::new(HostWork::new(Arc::clone(networks), problem, settings))),
            Place::Gpu(networks) => Self::Gpu(Box::new(GpuWork::new(Arc::clone(networks), problem, settings))),
        }
    }

    /// The encoder's guess, `[latent_dim]`. `None` without an encoder.
    pub fn encode(&self) -> Option<Vec<f32>> {
        match self {
            Self::Host(work) => work.encode(),
            Self::Gpu(work) => work.encode(),
        }
    }

    /// Generates the pictures and computes the losses and the gradient of the total loss with respect to the latents.
    pub fn evaluate(&mut self, settings: &Settings, latents: &Tensor<2>) -> Evaluation {
        match self {
            Self::Host(work) => work.evaluate(settings, latents),
            Self::Gpu(work) => work.evaluate(settings, latents),
        }
    }

    /// Generator forward: `[candidates, side, side, 3]`. Pictures of the last evaluation are reused.
    pub fn draw(&mut self, latents: &Tensor<2>) -> Vec<f32> {
        match self {
            Self::Host(work) => work.draw(latents),
            Self::Gpu(work) => work.draw(latents),
        }
    }
}
