//! A network in training: burn's operations and autodiff.
//!
//! A forward pass returns plain tensors and its autodiff graph. The caller computes a loss, differentiates it by these
//! tensors, and passes the gradients to the backward pass.
//!
//! `BatchNorm` always uses the statistics of the batch here. For samples and quality metrics, which need the running
//! statistics, the network is exported and runs as in [`crate::model`].

mod net_state;
mod parameter;
#[cfg(test)]
mod tests;
mod train_net;

use burn::tensor::{Device, Tensor, TensorData};

pub(super) use crate::model::read_values;
pub(super) use net_state::{NetState, TensorState};
pub(super) use parameter::Parameter;
pub(super) use train_net::{ForwardPass, TrainNet, batch_norm};

/// The settings of Adam (Kingma & Ba 2015).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AdamSettings {
    pub beta1: f64,
    pub beta2: f64,
}

/// ε of Adam, `PyTorch`'s default.
const ADAM_EPSILON: f32 = 1e-8;

/// The coefficients of one Adam step. Computed in double precision: in single precision, 1 − β2 loses four digits.
#[derive(Clone, Copy)]
struct AdamCoefficients {
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    rate: f32,
    inverse_bias_correction: f32,
}

impl AdamSettings {
    #[expect(clippy::cast_possible_truncation, reason = "computed in double precision, used in single")]
    fn coefficients(&self, rate: f32, count: u64) -> AdamCoefficients {
        let Self { beta1, beta2 } = *self;
        let power = |beta: f64| beta.powi(i32::try_from(count).unwrap_or(i32::MAX));
        AdamCoefficients {
            beta1: beta1 as f32,
            one_minus_beta1: (1.0 - beta1) as f32,
            beta2: beta2 as f32,
            one_minus_beta2: (1.0 - beta2) as f32,
            rate: (f64::from(rate) / (1.0 - power(beta1))) as f32,
            inverse_bias_correction: (1.0 / (1.0 - power(beta2)).sqrt()) as f32,
        }
    }
}

/// The gradients that a backward pass computes. The forward pass records only what they need.
#[derive(Clone, Copy, Debug)]
pub(super) struct GradientTargets {
    /// Gradients of the parameters, added to those collected since the last Adam step.
    pub parameters: bool,
    pub input: bool,
}

impl GradientTargets {
    pub const NONE: Self = Self { parameters: false, input: false };
    pub const PARAMETERS: Self = Self { parameters: true, input: false };
    pub const INPUT: Self = Self { parameters: false, input: true };
    pub const BOTH: Self = Self { parameters: true, input: true };
}

/// Makes a tensor the leaf of a new autodiff graph.
pub(super) fn graph_leaf<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.autodiff().require_grad()
}

/// Uploads values as a vector.
pub(super) fn upload(values: &[f32], device: &Device) -> Tensor<1> {
    upload_shaped(values.to_vec(), [values.len()], device)
}

/// Uploads values as a tensor of this shape.
pub(super) fn upload_shaped<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}
