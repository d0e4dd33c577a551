//! Evaluates latents on the CPU or on a GPU.

use burn::tensor::Tensor;

use super::Settings;
use super::cpu_evaluator::CpuEvaluator;
use super::gpu_evaluator::GpuEvaluator;
use super::problem::SearchProblem;
use super::total_loss::GradientEvaluation;
use crate::model::{NetworkBackend, Networks};

pub(super) enum Evaluator {
    Cpu(Box<CpuEvaluator>),
    Gpu(Box<GpuEvaluator>),
}

impl Evaluator {
    /// Prepares a problem.
    pub fn new(networks: &Networks, problem: &SearchProblem, settings: &Settings) -> Self {
        match &networks.backend {
            NetworkBackend::Cpu(cpu) => Self::Cpu(Box::new(CpuEvaluator::new(cpu.clone(), problem, settings))),
            NetworkBackend::Gpu(gpu) => Self::Gpu(Box::new(GpuEvaluator::new(gpu.clone(), problem, settings))),
        }
    }

    /// The encoder's guess, `[latent_dim]`. `None` without an encoder.
    pub fn encode(&self) -> Option<Vec<f32>> {
        match self {
            Self::Cpu(cpu) => cpu.encode(),
            Self::Gpu(gpu) => gpu.encode(),
        }
    }

    /// Generates the pictures and computes the losses and the gradient of the total loss with respect to the latents.
    pub fn evaluate(&mut self, settings: &Settings, latents: &Tensor<2>) -> GradientEvaluation {
        match self {
            Self::Cpu(cpu) => cpu.evaluate(settings, latents),
            Self::Gpu(gpu) => gpu.evaluate(settings, latents),
        }
    }

    /// Generator forward: `[candidates, side, side, 3]`. Pictures of the last evaluation are reused.
    pub fn generate(&mut self, latents: &Tensor<2>) -> Vec<f32> {
        match self {
            Self::Cpu(cpu) => cpu.generate(latents),
            Self::Gpu(gpu) => gpu.generate(latents),
        }
    }
}
