//! A trained tensor as burn tensors, and its Adam step: for all networks on a GPU, and for the small ones on every
//! device.

use burn::tensor::{Device, Tensor};

use super::state::TensorState;
use super::{AdamSettings, leaf, read, upload};

/// A trained tensor with its optimiser state; everything flat and without autodiff.
pub(in crate::train) struct Learned {
    values: Tensor<1>,
    averaged: Tensor<1>,
    first: Tensor<1>,
    second: Tensor<1>,
    /// Sum of the gradients since the last Adam step.
    gradient: Option<Tensor<1>>,
}

impl Learned {
    pub fn new(state: &TensorState, device: &Device) -> Self {
        let zeros = || [vec![0.0; state.values.len()], vec![0.0; state.values.len()]];
        let [first, second] = state.moments.clone().unwrap_or_else(zeros);
        Self {
            values: upload(&state.values, device),
            averaged: upload(&state.averaged, device),
            first: upload(&first, device),
            second: upload(&second, device),
            gradient: None,
        }
    }

    /// The values as the leaf of an autodiff graph.
    pub fn leaf(&self) -> Tensor<1> {
        leaf(self.values.clone())
    }

    /// The values, without autodiff.
    pub fn values(&self) -> Tensor<1> {
        self.values.clone()
    }

    /// Adds the gradient of a pass, if there is one.
    pub fn add_gradient(&mut self, gradient: Option<Tensor<1>>) {
        self.gradient = match (self.gradient.take(), gradient) {
            (Some(sum), Some(gradient)) => Some(sum + gradient),
            (sum, gradient) => sum.or(gradient),
        };
    }

    /// `Σ gradient²`, `[1]`.
    pub fn gradient_square(&self) -> Option<Tensor<1>> {
        self.gradient.clone().map(|gradient| gradient.square().sum())
    }

    /// One Adam step with the collected gradient, which is then cleared. `count` is the number of this step, from 1.
    pub fn step(&mut self, adam: &AdamSettings, rate: f32, count: u64) {
        let Some(gradient) = self.gradient.take() else { return };
        let adam = adam.at(rate, count);
        self.first = self.first.clone().mul_scalar(adam.keep1) + gradient.clone().mul_scalar(adam.take1);
        self.second = self.second.clone().mul_scalar(adam.keep2) + gradient.square().mul_scalar(adam.take2);
        let denominator = self.second.clone().sqrt().mul_scalar(adam.inverse_correction).add_scalar(adam.epsilon);
        self.values = self.values.clone() - (self.first.clone() / denominator).mul_scalar(adam.rate);
    }

    /// Updates the moving average.
    pub fn average(&mut self, keep: f32) {
        let difference = self.values.clone() - self.averaged.clone();
        self.averaged = self.averaged.clone() + difference.mul_scalar(1.0 - keep);
    }

    /// Reads the state. Waits for the device.
    pub fn state(&self) -> TensorState {
        TensorState {
            values: read(self.values.clone()),
            averaged: read(self.averaged.clone()),
            moments: Some([read(self.first.clone()), read(self.second.clone())]),
        }
    }
}
