//! Adam (Kingma & Ba 2015, arXiv 1412.6980).

use burn::tensor::Tensor;

/// β1 of Adam (Kingma & Ba 2015; the blog's `--beta1`). In f64, because 1 − β2 loses four digits in f32.
const BETA1: f64 = 0.9;
/// β2 of Adam.
const BETA2: f64 = 0.999;
/// ε of Adam, as in `PyTorch` and TensorFlow.
const ADAM_EPSILON: f64 = 1e-8;

/// The moments of Adam.
pub struct Adam {
    first_moment: Tensor<2>,
    second_moment: Tensor<2>,
    step_count: i32,
}

impl Adam {
    pub fn new(latents: &Tensor<2>) -> Self {
        Self { first_moment: latents.zeros_like(), second_moment: latents.zeros_like(), step_count: 0 }
    }

    /// One gradient descent step.
    pub fn step(&mut self, latents: Tensor<2>, gradient: Tensor<2>, learning_rate: f32) -> Tensor<2> {
        self.step_count = self.step_count.saturating_add(1);
        self.first_moment = self.first_moment.clone().mul_scalar(BETA1) + gradient.clone().mul_scalar(1.0 - BETA1);
        self.second_moment = self.second_moment.clone().mul_scalar(BETA2) + gradient.square().mul_scalar(1.0 - BETA2);
        let mean_correction = 1.0 - BETA1.powi(self.step_count);
        let square_correction = (1.0 - BETA2.powi(self.step_count)).sqrt();
        let denominator = self.second_moment.clone().sqrt().div_scalar(square_correction).add_scalar(ADAM_EPSILON);
        latents - (self.first_moment.clone() / denominator).mul_scalar(f64::from(learning_rate) / mean_correction)
    }
}
