//! The blog's projected gradient with momentum.

use burn::tensor::Tensor;

/// The blog's `--momentum`.
const MOMENTUM: f32 = 0.9;

/// Nesterov momentum in the form of the blog's code.
pub struct Momentum {
    velocity: Tensor<2>,
}

impl Momentum {
    pub fn new(latents: &Tensor<2>) -> Self {
        Self { velocity: latents.zeros_like() }
    }

    /// One step: `v′ = μv − ηg`, `z′ = z − μv + (1 + μ)v′`.
    pub fn step(&mut self, latents: Tensor<2>, gradient: Tensor<2>, learning_rate: f32) -> Tensor<2> {
        let previous = self.velocity.clone();
        self.velocity = previous.clone().mul_scalar(MOMENTUM) - gradient.mul_scalar(learning_rate);
        latents - previous.mul_scalar(MOMENTUM) + self.velocity.clone().mul_scalar(1.0 + MOMENTUM)
    }
}
