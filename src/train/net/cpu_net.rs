//! A network in training on the CPU, with hand-written forward and backward passes.

use burn::tensor::{Device, Tensor, TensorData};

use super::cpu_layer::{CpuBatchNorm, CpuTrainLayer, LayerContext, LayerScratch};
use super::cpu_parameter::{CpuParameter, RunningStatistic};
use super::net_state::{NetState, TensorState};
use super::{AdamSettings, GradientTargets};
use crate::train::network_plan::{KERNEL_AREA, LayerKind, LayerPlan, NetPlan};

/// The network with its parameters.
pub(super) struct CpuTrainNet {
    plan: NetPlan,
    layers: Vec<CpuTrainLayer>,
    scratch: LayerScratch,
    /// Used activation buffers, kept for reuse.
    spare_contexts: Vec<CpuContext>,
    device: Device,
    /// Adam steps done.
    adam_steps: u64,
}

/// The activations of a forward pass that the backward pass needs.
#[derive(Default)]
pub(super) struct CpuContext {
    batch: usize,
    /// The input, channels last, like all activations.
    input: Vec<f32>,
    layers: Vec<LayerContext>,
}

impl CpuTrainNet {
    /// Copies a state, which must match the plan.
    pub fn new(plan: &NetPlan, state: &NetState, device: Device) -> Self {
        let layers = plan.layers.iter().map(|layer| load_layer(layer, state)).collect();
        let (scratch, spare_contexts) = Default::default();
        Self { plan: plan.clone(), layers, scratch, spare_contexts, device, adam_steps: state.adam_steps }
    }

    /// Runs the network on `[batch, inputs, side, side]`. Returns the output and, if requested, the outputs of the
    /// layers before the last: `[batch, values]`, channels last.
    pub fn forward(&mut self, input: Tensor<4>, wants_levels: bool) -> (Tensor<4>, Vec<Tensor<2>>, CpuContext) {
        let [batch, _, _, _] = input.dims();
        let mut tape = self.spare_contexts.pop().unwrap_or_default();
        tape.batch = batch;
        tape.input = to_channels_last(input);
        tape.layers.resize_with(self.layers.len(), LayerContext::default);
        let mut side = self.plan.input_side;
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let (before, after) = tape.layers.split_at_mut(index);
            let input = before.last().map_or(&tape.input, |saved| &saved.output);
            if let Some(saved) = after.first_mut() {
                layer.forward(batch, side, input, &mut self.scratch, saved);
            }
            side = layer.plan.output_side(side);
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
    pub fn backward(
        &mut self,
        tape: CpuContext,
        output: Tensor<4>,
        levels: &[Tensor<2>],
        wants: GradientTargets,
    ) -> Option<Tensor<4>> {
        let mut sides = vec![self.plan.input_side];
        for layer in &self.plan.layers {
            sides.extend(sides.last().map(|side| layer.output_side(*side)));
        }
        let mut gradient_to_output = Some(to_channels_last(output));
        for (index, layer) in self.layers.iter_mut().enumerate().rev() {
            let Some(mut gradient) = gradient_to_output.take() else { break };
            if let Some(level) = levels.get(index) {
                gradient.iter_mut().zip(super::read_values(level.clone())).for_each(|(sum, own)| *sum += own);
            }
            let (before, after) = tape.layers.split_at(index);
            let input = before.last().map_or(&tape.input, |saved| &saved.output);
            let wants = GradientTargets { input: wants.input || index > 0, ..wants };
            gradient_to_output = after.first().and_then(|saved| {
                let at = (tape.batch, sides[index]);
                layer.backward(at, input, saved, gradient, wants, &mut self.scratch)
            });
        }
        let channels = self.plan.layers.first().map_or(0, |layer| layer.inputs);
        let input_gradient =
            gradient_to_output.map(|values| self.to_tensor(&values, [tape.batch, channels, self.plan.input_side]));
        self.spare_contexts.push(tape);
        input_gradient
    }

    /// Norm of the gradient collected since the last Adam step.
    pub fn gradient_norm(&self) -> f32 {
        let square: f64 =
            self.layers.iter().flat_map(CpuTrainLayer::parameters).map(CpuParameter::gradient_square_sum).sum();
        #[expect(clippy::cast_possible_truncation, reason = "summed in double precision, needed in single")]
        let norm = square.sqrt() as f32;
        norm
    }

    /// One Adam step with the collected gradient.
    pub fn adam_step(&mut self, adam: &AdamSettings, rate: f32) {
        self.adam_steps += 1;
        for parameter in self.layers.iter_mut().flat_map(CpuTrainLayer::parameters_mut) {
            parameter.adam_step(adam, rate, self.adam_steps);
        }
    }

    /// Updates the moving averages.
    pub fn update_averages(&mut self, keep: f32, keep_statistics: f32) {
        for layer in &mut self.layers {
            layer.parameters_mut().for_each(|parameter| parameter.average(keep));
            layer.statistics_mut().for_each(|statistic| statistic.average(keep_statistics));
        }
    }

    /// The whole state, in the order and layout of [`NetState`].
    pub fn state(&self) -> NetState {
        let mut tensors = std::collections::BTreeMap::new();
        for layer in &self.layers {
            let names = layer.plan.parameter_lengths();
            for (index, ((name, _), parameter)) in names.into_iter().zip(layer.parameters()).enumerate() {
                let of = |values: &[f32]| {
                    if index == 0 {
                        convert_weight_layout(&layer.plan, values, WeightLayout::ToFile)
                    } else {
                        values.to_vec()
                    }
                };
                tensors.insert(
                    name,
                    TensorState {
                        values: of(&parameter.values),
                        averaged: of(&parameter.averaged),
                        moments: Some([of(&parameter.first_moment), of(&parameter.second_moment)]),
                    },
                );
            }
            for (name, statistic) in layer.plan.statistic_names().into_iter().zip(layer.statistics()) {
                let (values, averaged) = (statistic.values.clone(), statistic.averaged.clone());
                tensors.insert(name, TensorState { values, averaged, moments: None });
            }
        }
        NetState { tensors, adam_steps: self.adam_steps }
    }

    /// Converts values `[batch, side, side, channels]` to a tensor `[batch, channels, side, side]`.
    fn to_tensor(&self, values: &[f32], [batch, channels, side]: [usize; 3]) -> Tensor<4> {
        let values = values[..batch * side * side * channels].to_vec();
        Tensor::<4>::from_data(TensorData::new(values, [batch, side, side, channels]), &self.device)
            .permute([0, 3, 1, 2])
    }
}

/// Builds a layer from a state.
fn load_layer(plan: &LayerPlan, state: &NetState) -> CpuTrainLayer {
    let parameter = |index: usize| {
        let Some((name, length)) = plan.parameter_lengths().into_iter().nth(index) else {
            return CpuParameter::default();
        };
        let tensor = state.tensor(&name, length);
        let of = |values: &[f32]| {
            if index == 0 { convert_weight_layout(plan, values, WeightLayout::ToMatrix) } else { values.to_vec() }
        };
        let [first, second] = tensor.moments.unwrap_or_else(|| [vec![0.0; length], vec![0.0; length]]);
        CpuParameter {
            values: of(&tensor.values),
            gradient: Vec::new(),
            first_moment: of(&first),
            second_moment: of(&second),
            averaged: of(&tensor.averaged),
        }
    };
    let statistic = |index: usize| {
        let Some(name) = plan.statistic_names().into_iter().nth(index) else { return RunningStatistic::default() };
        let TensorState { values, averaged, .. } = state.tensor(&name, plan.outputs);
        RunningStatistic { values, averaged }
    };
    let norm =
        plan.has_batch_norm.then(|| CpuBatchNorm { scale: parameter(2), mean: statistic(0), variance: statistic(1) });
    CpuTrainLayer { plan: plan.clone(), weight: parameter(0), shift: parameter(1), norm }
}

#[derive(Clone, Copy, PartialEq)]
enum WeightLayout {
    /// From a file's `[first, second, taps]` to the matrix of [`CpuTrainLayer::weight`].
    ToMatrix,
    ToFile,
}

/// Converts a weight between the file's layout and the matrix layout.
fn convert_weight_layout(plan: &LayerPlan, values: &[f32], order: WeightLayout) -> Vec<f32> {
    let LayerPlan { inputs, outputs, .. } = *plan;
    let mut out = vec![0.0; values.len()];
    for input in 0..inputs {
        for output in 0..outputs {
            for tap in 0..KERNEL_AREA {
                let (in_rows, in_file) = match plan.kind {
                    LayerKind::Project | LayerKind::Upsample => {
                        ((input * KERNEL_AREA + tap) * outputs + output, (input * outputs + output) * KERNEL_AREA + tap)
                    }
                    LayerKind::Downsample | LayerKind::Collapse => {
                        ((tap * inputs + input) * outputs + output, (output * inputs + input) * KERNEL_AREA + tap)
                    }
                };
                let (to, from) = if order == WeightLayout::ToMatrix { (in_rows, in_file) } else { (in_file, in_rows) };
                out[to] = values[from];
            }
        }
    }
    out
}

/// Reads `[batch, channels, side, side]` as values in channels-last order.
fn to_channels_last(tensor: Tensor<4>) -> Vec<f32> {
    super::read_values(tensor.permute([0, 2, 3, 1]))
}
