//! A network in training, on any device.
//!
//! There are two implementations: [`cpu_net`](CpuTrainNet) has hand-written passes for the CPU, where burn's autodiff
//! is several times slower, and [`burn_net`](BurnTrainNet) uses burn on a GPU. They have the same interface: a forward
//! pass returns plain tensors and the saved activations. The caller computes a loss, differentiates it by these
//! tensors, and passes the gradients to the backward pass. So the losses are written once, with burn's autodiff.
//!
//! `BatchNorm` always uses the statistics of the batch here. For samples and quality metrics, which need the running
//! statistics, the network is exported and runs as in [`crate::model`].

mod batch_norm;
mod burn_net;
mod burn_parameter;
mod cpu_layer;
mod cpu_net;
mod cpu_parameter;
mod net_state;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor, TensorData};

use super::network_plan::NetPlan;
pub(super) use batch_norm::EPSILON as NORM_EPSILON;
use burn_net::BurnTrainNet;
pub(super) use burn_net::batch_normalised;
pub(super) use burn_parameter::BurnParameter;
use cpu_net::CpuTrainNet;
pub(super) use net_state::{NetState, TensorState};

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

/// The gradients that a backward pass computes.
#[derive(Clone, Copy, Debug)]
pub(super) struct GradientTargets {
    /// Gradients of the parameters, added to those collected since the last Adam step.
    pub parameters: bool,
    pub input: bool,
}

impl GradientTargets {
    pub const PARAMETERS: Self = Self { parameters: true, input: false };
    pub const INPUT: Self = Self { parameters: false, input: true };
    pub const BOTH: Self = Self { parameters: true, input: true };
}

/// A network in training.
pub(super) struct TrainNet(NetImpl);

/// The implementation of a network.
enum NetImpl {
    Cpu(Box<CpuTrainNet>),
    Burn(Box<BurnTrainNet>),
}

/// The result of a forward pass.
pub(super) struct ForwardPass {
    /// The output, `[batch, outputs, side, side]`, without autodiff.
    pub output: Tensor<4>,
    /// The outputs of all layers but the last, from input to output, if requested: `[batch, values]`. The order of the
    /// values depends on the device. Without autodiff.
    pub feature_maps: Vec<Tensor<2>>,
    context: BackwardContext,
}

enum BackwardContext {
    Cpu(cpu_net::CpuContext),
    Burn(Box<burn_net::BurnContext>),
}

impl TrainNet {
    /// Uploads a state, which must match the plan.
    pub fn new(plan: &NetPlan, state: &NetState, backend: &TrainBackend) -> Self {
        let device = backend.device.clone();
        if backend.uses_cpu_net {
            Self(NetImpl::Cpu(Box::new(CpuTrainNet::new(plan, state, device))))
        } else {
            Self(NetImpl::Burn(Box::new(BurnTrainNet::new(plan, state, &device))))
        }
    }

    /// Runs a forward pass with batch statistics, and updates the running statistics.
    pub fn forward(&mut self, input: Tensor<4>) -> ForwardPass {
        self.run_forward(input, false)
    }

    /// As [`forward`](Self::forward), and also returns the outputs of the inner layers.
    pub fn forward_with_feature_maps(&mut self, input: Tensor<4>) -> ForwardPass {
        self.run_forward(input, true)
    }

    fn run_forward(&mut self, input: Tensor<4>, wants_maps: bool) -> ForwardPass {
        match &mut self.0 {
            NetImpl::Cpu(net) => {
                let (output, feature_maps, context) = net.forward(input, wants_maps);
                ForwardPass { output, feature_maps, context: BackwardContext::Cpu(context) }
            }
            NetImpl::Burn(net) => {
                let (output, feature_maps, context) = net.forward(input, wants_maps);
                ForwardPass { output, feature_maps, context: BackwardContext::Burn(Box::new(context)) }
            }
        }
    }

    /// Runs the backward pass from the output gradient. `map_gradients` holds the gradients of the inner layers'
    /// outputs, either none or one each. Returns the input gradient, if requested.
    pub fn backward(
        &mut self,
        pass: ForwardPass,
        gradient: Tensor<4>,
        map_gradients: Vec<Tensor<2>>,
        targets: GradientTargets,
    ) -> Option<Tensor<4>> {
        match (&mut self.0, pass.context) {
            (NetImpl::Cpu(net), BackwardContext::Cpu(context)) => {
                net.backward(context, gradient, &map_gradients, targets)
            }
            (NetImpl::Burn(net), BackwardContext::Burn(context)) => {
                net.backward(*context, gradient, map_gradients, targets)
            }
            _ => None,
        }
    }

    /// Norm of the gradient collected since the last Adam step, `[1]`.
    pub fn gradient_norm(&self, device: &Device) -> Tensor<1> {
        match &self.0 {
            NetImpl::Cpu(net) => upload(&[net.gradient_norm()], device),
            NetImpl::Burn(net) => net.gradient_norm().unwrap_or_else(|| Tensor::zeros([1], device)),
        }
    }

    /// One Adam step with the collected gradient, which is then cleared.
    pub fn adam_step(&mut self, adam: &AdamSettings, rate: f32) {
        match &mut self.0 {
            NetImpl::Cpu(net) => net.adam_step(adam, rate),
            NetImpl::Burn(net) => net.adam_step(adam, rate),
        }
    }

    /// Updates the moving averages of weights and running statistics: `average = keep · average + (1 − keep) · value`.
    pub fn update_averages(&mut self, keep: f32, keep_statistics: f32) {
        match &mut self.0 {
            NetImpl::Cpu(net) => net.update_averages(keep, keep_statistics),
            NetImpl::Burn(net) => net.update_averages(keep, keep_statistics),
        }
    }

    /// Reads the whole state. Waits for the device.
    pub fn state(&self) -> NetState {
        match &self.0 {
            NetImpl::Cpu(net) => net.state(),
            NetImpl::Burn(net) => net.state(),
        }
    }
}

/// The device for training, and the implementation of the networks.
#[derive(Clone, Debug)]
pub(super) struct TrainBackend {
    /// The device, without autodiff.
    pub device: Device,
    /// Uses the hand-written passes on the CPU instead of burn's autodiff.
    pub uses_cpu_net: bool,
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

/// Reads a tensor's values in row-major order. Waits for the device.
pub(super) fn read_values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data = tensor.into_data();
    data.try_to_vec::<f32>().unwrap_or_else(|_| data.iter::<f32>().collect())
}
