//! A network in training on the CPU, with hand-written forward and backward passes.

use burn::tensor::{Device, Tensor, TensorData};

use super::layer::{Layer, Norm, Room, Saved};
use super::parameter::{Parameter, Statistic};
use super::state::{NetState, TensorState};
use super::{AdamSettings, Wants};
use crate::train::plan::{Join, LayerPlan, NetPlan, TAPS};

/// The network with its parameters.
pub(super) struct HostNet {
    plan: NetPlan,
    layers: Vec<Layer>,
    room: Room,
    /// Used activation buffers, kept for reuse.
    spare: Vec<Tape>,
    device: Device,
    /// Adam steps done.
    steps: u64,
}

/// The activations of a forward pass that the backward pass needs.
#[derive(Default)]
pub(super) struct Tape {
    batch: usize,
    /// The input, channels last, like all activations.
    input: Vec<f32>,
    layers: Vec<Saved>,
}

impl HostNet {
    /// Copies a state, which must match the plan.
    pub fn new(plan: &NetPlan, state: &NetState, device: Device) -> Self {
        let layers = plan.layers.iter().map(|layer| load(layer, state)).collect();
        let (room, spare) = Default::default();
        Self { plan: plan.clone(), layers, room, spare, device, steps: state.steps }
    }

    /// Runs the network on `[batch, inputs, side, side]`. Returns the output and, if requested, the outputs of the
    /// layers before the last: `[batch, values]`, channels last.
    pub fn forward(&mut self, input: Tensor<4>, wants_levels: bool) -> (Tensor<4>, Vec<Tensor<2>>, Tape) {
        let [batch, _, _, _] = input.dims();
        let mut tape = self.spare.pop().unwrap_or_default();
        tape.batch = batch;
        tape.input = to_host(input);
        tape.layers.resize_with(self.layers.len(), Saved::default);
        let mut side = self.plan.input_side;
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let (before, after) = tape.layers.split_at_mut(index);
            let input = before.last().map_or(&tape.input, |saved| &saved.output);
            if let Some(saved) = after.first_mut() {
                layer.forward(batch, side, input, &mut self.room, saved);
            }
            side = layer.plan.side_after(side);
        }
        let (last, before) =
            tape.layers.split_last().map_or((&[][..], &[][..]), |(last, rest)| (&last.output[..], rest));
        let channels = self.plan.layers.last().map_or(0, |layer| layer.outputs);
        let output = self.to_tensor(last, [batch, channels, side]);
        let levels = before.iter().filter(|_| wants_levels).map(|saved| {
            let shape = [batch, saved.output.len() / batch.max(1)];
            Tensor::from_data(TensorData::new(saved.output.clone(), shape), &self.device)
        });
        (output, levels.collect(), tape)
    }

    /// Runs the backward pass: from the gradients to the output and to the inner layers' outputs (in their layout) to
    /// that of the input.
    pub fn backward(&mut self, tape: Tape, output: Tensor<4>, levels: &[Tensor<2>], wants: Wants) -> Option<Tensor<4>> {
        let mut sides = vec![self.plan.input_side];
        for layer in &self.plan.layers {
            sides.extend(sides.last().map(|side| layer.side_after(*side)));
        }
        let mut coming = Some(to_host(output));
        for (index, layer) in self.layers.iter_mut().enumerate().rev() {
            let Some(mut gradient) = coming.take() else { break };
            if let Some(level) = levels.get(index) {
                gradient.iter_mut().zip(super::read(level.clone())).for_each(|(sum, own)| *sum += own);
            }
            let (before, after) = tape.layers.split_at(index);
            let input = before.last().map_or(&tape.input, |saved| &saved.output);
            let wants = Wants { input: wants.input || index > 0, ..wants };
            coming = after.first().and_then(|saved| {
                let at = (tape.batch, sides[index]);
                layer.backward(at, input, saved, gradient, wants, &mut self.room)
            });
        }
        let channels = self.plan.layers.first().map_or(0, |layer| layer.inputs);
        let answer = coming.map(|values| self.to_tensor(&values, [tape.batch, channels, self.plan.input_side]));
        self.spare.push(tape);
        answer
    }

    /// Norm of the gradient collected since the last Adam step.
    pub fn gradient_norm(&self) -> f32 {
        let square: f64 = self.layers.iter().flat_map(Layer::parameters).map(Parameter::gradient_square).sum();
        #[expect(clippy::cast_possible_truncation, reason = "summed in double precision, needed in single")]
        let norm = square.sqrt() as f32;
        norm
    }

    /// One Adam step with the collected gradient.
    pub fn step(&mut self, adam: &AdamSettings, rate: f32) {
        self.steps += 1;
        for parameter in self.layers.iter_mut().flat_map(Layer::parameters_mut) {
            parameter.step(adam, rate, self.steps);
        }
    }

    /// Updates the moving averages.
    pub fn average(&mut self, keep: f32, keep_statistics: f32) {
        for layer in &mut self.layers {
            layer.parameters_mut().for_each(|parameter| parameter.average(keep));
            layer.statistics_mut().for_each(|statistic| statistic.average(keep_statistics));
        }
    }

    /// The whole state, in the order and layout of [`NetState`].
    pub fn state(&self) -> NetState {
        let mut tensors = std::collections::BTreeMap::new();
        for layer in &self.layers {
            let names = layer.plan.parameters();
            for (index, ((name, _), parameter)) in names.into_iter().zip(layer.parameters()).enumerate() {
                let of = |values: &[f32]| {
                    if index == 0 { reorder(&layer.plan, values, Order::ToFile) } else { values.to_vec() }
                };
                tensors.insert(
                    name,
                    TensorState {
                        values: of(&parameter.values),
                        averaged: of(&parameter.averaged),
                        moments: Some([of(&parameter.first), of(&parameter.second)]),
                    },
                );
            }
            for (name, statistic) in layer.plan.statistics().into_iter().zip(layer.statistics()) {
                let (values, averaged) = (statistic.values.clone(), statistic.averaged.clone());
                tensors.insert(name, TensorState { values, averaged, moments: None });
            }
        }
        NetState { tensors, steps: self.steps }
    }

    /// Converts values `[batch, side, side, channels]` to a tensor `[batch, channels, side, side]`.
    fn to_tensor(&self, values: &[f32], [batch, channels, side]: [usize; 3]) -> Tensor<4> {
        let values = values[..batch * side * side * channels].to_vec();
        Tensor::<4>::from_data(TensorData::new(values, [batch, side, side, channels]), &self.device)
            .permute([0, 3, 1, 2])
    }
}

/// Builds a layer from a state.
fn load(plan: &LayerPlan, state: &NetState) -> Layer {
    let parameter = |index: usize| {
        let Some((name, length)) = plan.parameters().into_iter().nth(index) else { return Parameter::default() };
        let tensor = state.tensor(&name, length);
        let of = |values: &[f32]| if index == 0 { reorder(plan, values, Order::ToRows) } else { values.to_vec() };
        let [first, second] = tensor.moments.unwrap_or_else(|| [vec![0.0; length], vec![0.0; length]]);
        Parameter {
            values: of(&tensor.values),
            gradient: Vec::new(),
            first: of(&first),
            second: of(&second),
            averaged: of(&tensor.averaged),
        }
    };
    let statistic = |index: usize| {
        let Some(name) = plan.statistics().into_iter().nth(index) else { return Statistic::default() };
        let TensorState { values, averaged, .. } = state.tensor(&name, plan.outputs);
        Statistic { values, averaged }
    };
    let norm = plan.has_norm.then(|| Norm { scale: parameter(2), mean: statistic(0), variance: statistic(1) });
    Layer { plan: plan.clone(), weight: parameter(0), shift: parameter(1), norm }
}

#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// From a file's `[first, second, taps]` to the matrix of [`Layer::weight`].
    ToRows,
    ToFile,
}

/// Converts a weight between the file's layout and the matrix layout.
fn reorder(plan: &LayerPlan, values: &[f32], order: Order) -> Vec<f32> {
    let LayerPlan { inputs, outputs, .. } = *plan;
    let mut out = vec![0.0; values.len()];
    for input in 0..inputs {
        for output in 0..outputs {
            for tap in 0..TAPS {
                let (in_rows, in_file) = match plan.join {
                    Join::Project | Join::Up => {
                        ((input * TAPS + tap) * outputs + output, (input * outputs + output) * TAPS + tap)
                    }
                    Join::Down | Join::Score => {
                        ((tap * inputs + input) * outputs + output, (output * inputs + input) * TAPS + tap)
                    }
                };
                let (to, from) = if order == Order::ToRows { (in_rows, in_file) } else { (in_file, in_rows) };
                out[to] = values[from];
            }
        }
    }
    out
}

/// Reads `[batch, channels, side, side]` as values in channels-last order.
fn to_host(tensor: Tensor<4>) -> Vec<f32> {
    super::read(tensor.permute([0, 2, 3, 1]))
}
