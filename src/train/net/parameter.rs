//! A trained tensor on the device, and its Adam step.

use burn::tensor::{Device, Tensor};

use super::net_state::TensorState;
use super::{ADAM_EPSILON, AdamSettings, graph_leaf, read_values, upload};

/// A trained tensor with its optimiser state. All tensors are flat and without autodiff.
pub(in crate::train) struct Parameter {
    values: Tensor<1>,
    averaged: Tensor<1>,
    first_moment: Tensor<1>,
    second_moment: Tensor<1>,
    /// Sum of the gradients since the last Adam step.
    gradient: Option<Tensor<1>>,
}

impl Parameter {
    pub fn new(state: &TensorState, device: &Device) -> Self {
        let zeros = || [vec![0.0; state.values.len()], vec![0.0; state.values.len()]];
        let [first, second] = state.moments.clone().unwrap_or_else(zeros);
        Self {
            values: upload(&state.values, device),
            averaged: upload(&state.averaged, device),
            first_moment: upload(&first, device),
            second_moment: upload(&second, device),
            gradient: None,
        }
    }

    /// The values as the leaf of an autodiff graph.
    pub fn leaf(&self) -> Tensor<1> {
        graph_leaf(self.values.clone())
    }

    /// The values, without autodiff.
    pub fn values(&self) -> Tensor<1> {
        self.values.clone()
    }

    /// The values as a constant of an autodiff graph.
    pub fn constant(&self) -> Tensor<1> {
        self.values.clone().autodiff()
    }

    /// Adds the gradient of a pass, if there is one.
    pub fn add_gradient(&mut self, gradient: Option<Tensor<1>>) {
        self.gradient = match (self.gradient.take(), gradient) {
            (Some(sum), Some(gradient)) => Some(sum + gradient),
            (sum, gradient) => sum.or(gradient),
        };
    }

    /// `Σ gradient²`, `[1]`.
    pub fn gradient_square_sum(&self) -> Option<Tensor<1>> {
        self.gradient.clone().map(|gradient| gradient.square().sum())
    }

    /// One Adam step with the collected gradient, which is then cleared. `count` is the number of this step, from 1.
    pub fn adam_step(&mut self, adam: &AdamSettings, rate: f32, count: u64) {
        let Some(gradient) = self.gradient.take() else { return };
        let adam = adam.coefficients(rate, count);
        self.first_moment =
            self.first_moment.clone().mul_scalar(adam.beta1) + gradient.clone().mul_scalar(adam.one_minus_beta1);
        self.second_moment =
            self.second_moment.clone().mul_scalar(adam.beta2) + gradient.square().mul_scalar(adam.one_minus_beta2);
        let deviation = self.second_moment.clone().sqrt().mul_scalar(adam.inverse_bias_correction);
        self.values = self.values.clone()
            - (self.first_moment.clone() / deviation.add_scalar(ADAM_EPSILON)).mul_scalar(adam.rate);
    }

    /// Updates the moving average.
    pub fn update_average(&mut self, keep: f32) {
        let difference = self.values.clone() - self.averaged.clone();
        self.averaged = self.averaged.clone() + difference.mul_scalar(1.0 - keep);
    }

    /// Reads the state. Waits for the device.
    pub fn state(&self) -> TensorState {
        TensorState {
            values: read_values(self.values.clone()),
            averaged: read_values(self.averaged.clone()),
            moments: Some([read_values(self.first_moment.clone()), read_values(self.second_moment.clone())]),
        }
    }
}
