//! Evaluates latents on the CPU or on a GPU.

use std::sync::Arc;

use burn::tensor::Tensor;

use super::Settings;
use super::cpu_evaluator::CpuEvaluator;
use super::gpu_evaluator::GpuEvaluator;
use super::problem::SearchProblem;
use super::search_loop::GradientEvaluation;
use crate::model::{NetworkBackend, Networks};

pub(super) enum Evaluator {
    Cpu(Box<CpuEvaluator>),
    Gpu(Box<GpuEvaluator>),
}

impl Evaluator {
    /// Prepares a problem.
    pub fn new(networks: &Networks, problem: &SearchProblem, settings: &Settings) -> Self {
        match &networks.backend {
            NetworkBackend::Cpu(networks) => {
                Self::Cpu(Box::new(CpuEvaluator::new(Arc::clone(networks), problem, settings)))
            }
            NetworkBackend::Gpu(networks) => {
                Self::Gpu(Box::new(GpuEvaluator::new(Arc::clone(networks), problem, settings)))
            }
        }
    }

    /// The encoder's guess, `[latent_dim]`. `None` without an encoder.
    pub fn encode(&self) -> Option<Vec<f32>> {
        match self {
            Self::Cpu(work) => work.encode(),
            Self::Gpu(work) => work.encode(),
        }
    }

    /// Generates the pictures and computes the losses and the gradient of the total loss with respect to the latents.
    pub fn evaluate(&mut self, settings: &Settings, latents: &Tensor<2>) -> GradientEvaluation {
        match self {
            Self::Cpu(work) => work.evaluate(settings, latents),
            Self::Gpu(work) => work.evaluate(settings, latents),
        }
    }

    /// Generator forward: `[candidates, side, side, 3]`. Pictures of the last evaluation are reused.
    pub fn generate(&mut self, latents: &Tensor<2>) -> Vec<f32> {
        match self {
            Self::Cpu(work) => work.generate(latents),
            Self::Gpu(work) => work.generate(latents),
        }
    }
}
