//! A network under training, on whichever device.
//!
//! There are two ways to compute one: [`host`](HostNet) by hand on the CPU, where general autodiff is several times slower, and
//! [`device`](DeviceNet) through burn on a GPU. Both do the same, which tests hold them to, and both are used the same way: a
//! forward pass gives plain tensors and a tape; whoever computes a loss from them differentiates it to these tensors and
//! hands the gradients back with the tape. So the losses are written once, with burn's autodiff.
//!
//! What would surprise: `BatchNorm` always uses the batch's own statistics in here. Where the running ones are needed (samples,
//! quality), the network is exported first and runs as [`crate::model`] does.

mod device;
mod host;
mod layer;
mod learned;
mod norm;
mod parameter;
mod state;
#[cfg(test)]
mod tests;

use burn::tensor::{Device, Tensor, TensorData};

use super::plan::NetPlan;
use device::DeviceNet;
pub(super) use device::normalised;
use host::HostNet;
pub(super) use learned::Learned;
pub(super) use norm::EPSILON as NORM_EPSILON;
pub(super) use state::{NetState, TensorState};

/// What Adam is told (Kingma & Ba 2015).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AdamSettings {
    pub beta1: f64,
    pub beta2: f64,
}

/// ε of Adam, as `PyTorch` has it.
const ADAM_EPSILON: f32 = 1e-8;

/// Adam's numbers for one step. Computed in double precision: 1 − β2 loses four digits in single.
#[derive(Clone, Copy)]
struct AdamStep {
    keep1: f32,
    take1: f32,
    keep2: f32,
    take2: f32,
    rate: f32,
    inverse_correction: f32,
    epsilon: f32,
}

impl AdamSettings {
    #[expect(clippy::cast_possible_truncation, reason = "computed in double precision, used in single")]
    fn at(&self, rate: f32, count: u64) -> AdamStep {
        let Self { beta1, beta2 } = *self;
        let power = |beta: f64| beta.powi(i32::try_from(count).unwrap_or(i32::MAX));
        AdamStep {
            keep1: beta1 as f32,
            take1: (1.0 - beta1) as f32,
            keep2: beta2 as f32,
            take2: (1.0 - beta2) as f32,
            rate: (f64::from(rate) / (1.0 - power(beta1))) as f32,
            inverse_correction: (1.0 / (1.0 - power(beta2)).sqrt()) as f32,
            epsilon: ADAM_EPSILON,
        }
    }
}

/// Which gradients a backward pass is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wants {
    /// Added to those of the passes since the last step.
    pub parameters: bool,
    pub input: bool,
}

impl Wants {
    pub const PARAMETERS: Self = Self { parameters: true, input: false };
    pub const INPUT: Self = Self { parameters: false, input: true };
    pub const BOTH: Self = Self { parameters: true, input: true };
}

/// A network under training.
pub(super) struct Net(Way);

/// How it is computed.
enum Way {
    Host(Box<HostNet>),
    Device(Box<DeviceNet>),
}

/// A forward pass.
pub(super) struct Pass {
    /// The network's output, `[batch, outputs, side, side]`, without autodiff.
    pub output: Tensor<4>,
    /// The outputs of the layers before the last, from the input on, if they were wanted: `[batch, values]`, the values in an
    /// order that depends on the device. Without autodiff.
    pub levels: Vec<Tensor<2>>,
    tape: Tape,
}

enum Tape {
    Host(host::Tape),
    Device(Box<device::Tape>),
}

impl Net {
    /// Puts a state, which must be that of the plan, on a device.
    pub fn new(plan: &NetPlan, state: &NetState, place: &Place) -> Self {
        let device = place.device.clone();
        if place.by_hand {
            Self(Way::Host(Box::new(HostNet::new(plan, state, device))))
        } else {
            Self(Way::Device(Box::new(DeviceNet::new(plan, state, &device))))
        }
    }

    /// A forward pass with the batch's own statistics, which move the running ones.
    pub fn forward(&mut self, input: Tensor<4>) -> Pass {
        self.pass(input, false)
    }

    /// As [`forward`](Self::forward), with the levels.
    pub fn forward_with_levels(&mut self, input: Tensor<4>) -> Pass {
        self.pass(input, true)
    }

    fn pass(&mut self, input: Tensor<4>, wants_levels: bool) -> Pass {
        match &mut self.0 {
            Way::Host(net) => {
                let (output, levels, tape) = net.forward(input, wants_levels);
                Pass { output, levels, tape: Tape::Host(tape) }
            }
            Way::Device(net) => {
                let (output, levels, tape) = net.forward(input, wants_levels);
                Pass { output, levels, tape: Tape::Device(Box::new(tape)) }
            }
        }
    }

    /// The way back of a pass: from the gradients to its output and to its levels (none, or one each). Answers that to the input
    /// if it is wanted.
    pub fn backward(
        &mut self,
        pass: Pass,
        output: Tensor<4>,
        levels: Vec<Tensor<2>>,
        wants: Wants,
    ) -> Option<Tensor<4>> {
        match (&mut self.0, pass.tape) {
            (Way::Host(net), Tape::Host(tape)) => net.backward(tape, output, &levels, wants),
            (Way::Device(net), Tape::Device(tape)) => net.backward(*tape, output, levels, wants),
            _ => None,
        }
    }

    /// Norm of the gradient since the last step, `[1]`.
    pub fn gradient_norm(&self, device: &Device) -> Tensor<1> {
        match &self.0 {
            Way::Host(net) => upload(&[net.gradient_norm()], device),
            Way::Device(net) => net.gradient_norm().unwrap_or_else(|| Tensor::zeros([1], device)),
        }
    }

    /// One step of Adam with the gradient of the passes since the last, which is then gone.
    pub fn step(&mut self, adam: &AdamSettings, rate: f32) {
        match &mut self.0 {
            Way::Host(net) => net.step(adam, rate),
            Way::Device(net) => net.step(adam, rate),
        }
    }

    /// Moves the running averages of weights and statistics towards the present ones; each keeps this share of itself.
    pub fn average(&mut self, keep: f32, keep_statistics: f32) {
        match &mut self.0 {
            Way::Host(net) => net.average(keep, keep_statistics),
            Way::Device(net) => net.average(keep, keep_statistics),
        }
    }

    /// Everything as plain numbers. Waits for the device.
    pub fn state(&self) -> NetState {
        match &self.0 {
            Way::Host(net) => net.state(),
            Way::Device(net) => net.state(),
        }
    }
}

/// Where to compute.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Without autodiff.
    pub device: Device,
    /// The networks are computed by hand, on the CPU.
    pub by_hand: bool,
}

/// A tensor as the leaf of a new graph.
pub(super) fn leaf<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    tensor.autodiff().require_grad()
}

/// Values as a tensor.
pub(super) fn upload(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

/// Waits for the device and reads a tensor's values, row by row.
pub(super) fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data = tensor.into_data();
    data.try_to_vec::<f32>().unwrap_or_else(|_| data.iter::<f32>().collect())
}
