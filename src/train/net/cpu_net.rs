//! A network in training on the CPU, with hand-written forward and backward passes.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};

use super::cpu_layer::{CpuBatchNorm, CpuTrainLayer, LayerContext, Scratch};
use super::cpu_parameter::{CpuParameter, RunningStatistic};
use super::net_state::{NetState, TensorState};
use super::{AdamSettings, GradientTargets, read_values, upload_shaped};
use crate::train::network_plan::{KERNEL_AREA, LayerKind, LayerPlan, NetPlan};

/// The network with its parameters.
pub(super) struct CpuTrainNet {
    plan: NetPlan,
    layers: Vec<CpuTrainLayer>,
    scratch: Scratch,
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

    /// Runs the network on `[batch, inputs, side, side]`. Returns the output and, if requested, the inner layers'
    /// outputs: `[batch, values]`, channels last.
    pub fn forward(&mut self, input: Tensor<4>, wants_maps: bool) -> (Tensor<4>, Vec<Tensor<2>>, CpuContext) {
        let [batch, _, _, _] = input.dims();
        let mut context = self.spare_contexts.pop().unwrap_or_default();
        context.batch = batch;
        context.input = to_channels_last(input);
        context.layers.resize_with(self.layers.len(), LayerContext::default);
        let mut side = self.plan.input_side;
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let (before, after) = context.layers.split_at_mut(index);
            let input = before.last().map_or(&context.input, |previous| &previous.output);
            if let Some(layer_context) = after.first_mut() {
                layer.forward(batch, side, input, &mut self.scratch, layer_context);
            }
            side = layer.plan.output_side(side);
        }
        let (last, inner) =
            context.layers.split_last().map_or((&[][..], &[][..]), |(last, inner)| (&last.output[..], inner));
        let channels = self.plan.layers.last().map_or(0, |layer| layer.outputs);
        let output = self.to_tensor(last, [batch, channels, side]);
        let maps = inner.iter().filter(|_| wants_maps).map(|LayerContext { output, .. }| {
            upload_shaped(output.clone(), [batch, output.len() / batch.max(1)], &self.device)
        });
        (output, maps.collect(), context)
    }

    /// Returns the input gradient, given the gradients of the output and of the inner layers' outputs (same layout).
    pub fn backward(
        &mut self,
        context: CpuContext,
        gradient: Tensor<4>,
        map_gradients: &[Tensor<2>],
        targets: GradientTargets,
    ) -> Option<Tensor<4>> {
        let mut sides = vec![self.plan.input_side];
        for layer in &self.plan.layers {
            sides.extend(sides.last().map(|side| layer.output_side(*side)));
        }
        let mut gradient = Some(to_channels_last(gradient));
        for (index, layer) in self.layers.iter_mut().enumerate().rev() {
            let Some(mut to_output) = gradient.take() else { break };
            if let Some(map_gradient) = map_gradients.get(index) {
                to_output.iter_mut().zip(read_values(map_gradient.clone())).for_each(|(sum, value)| *sum += value);
            }
            let (before, after) = context.layers.split_at(index);
            let input = before.last().map_or(&context.input, |previous| &previous.output);
            let targets = GradientTargets { input: targets.input || index > 0, ..targets };
            gradient = after.first().and_then(|layer_context| {
                let shape = (context.batch, sides[index]);
                layer.backward(shape, input, layer_context, to_output, targets, &mut self.scratch)
            });
        }
        let channels = self.plan.layers.first().map_or(0, |layer| layer.inputs);
        let shape = [context.batch, channels, self.plan.input_side];
        let to_input = gradient.map(|values| self.to_tensor(&values, shape));
        self.spare_contexts.push(context);
        to_input
    }

    /// Norm of the gradient collected since the last Adam step.
    pub fn gradient_norm(&self) -> f32 {
        let parameters = self.layers.iter().flat_map(CpuTrainLayer::parameters);
        let square: f64 = parameters.map(CpuParameter::gradient_square_sum).sum();
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
            layer.parameters_mut().for_each(|parameter| parameter.update_average(keep));
            layer.statistics_mut().for_each(|statistic| statistic.update_average(keep_statistics));
        }
    }

    /// The whole state, in the order and layout of [`NetState`].
    pub fn state(&self) -> NetState {
        let mut tensors = BTreeMap::new();
        for layer in &self.layers {
            let names = layer.plan.parameter_lengths();
            for (index, ((name, _), parameter)) in names.into_iter().zip(layer.parameters()).enumerate() {
                let to_file = |values: &[f32]| match index {
                    0 => convert_layout(&layer.plan, values, WeightLayout::ToFile),
                    _ => values.to_vec(),
                };
                let (values, averaged) = (to_file(&parameter.values), to_file(&parameter.averaged));
                let moments = Some([to_file(&parameter.first_moment), to_file(&parameter.second_moment)]);
                tensors.insert(name, TensorState { values, averaged, moments });
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
        upload_shaped(values, [batch, side, side, channels], &self.device).permute([0, 3, 1, 2])
    }
}

/// Builds a layer from a state.
fn load_layer(plan: &LayerPlan, state: &NetState) -> CpuTrainLayer {
    let parameter = |index: usize| {
        let Some((name, length)) = plan.parameter_lengths().into_iter().nth(index) else {
            return CpuParameter::default();
        };
        let tensor = state.tensor(&name, length);
        let to_matrix = |values: &[f32]| match index {
            0 => convert_layout(plan, values, WeightLayout::ToMatrix),
            _ => values.to_vec(),
        };
        let [first, second] = tensor.moments.unwrap_or_else(|| [vec![0.0; length], vec![0.0; length]]);
        CpuParameter {
            values: to_matrix(&tensor.values),
            gradient: Vec::new(),
            first_moment: to_matrix(&first),
            second_moment: to_matrix(&second),
            averaged: to_matrix(&tensor.averaged),
        }
    };
    let statistic = |index: usize| {
        let Some(name) = plan.statistic_names().into_iter().nth(index) else { return RunningStatistic::default() };
        let TensorState { values, averaged, .. } = state.tensor(&name, plan.outputs);
        RunningStatistic { values, averaged }
    };
    let norm = plan.has_norm.then(|| CpuBatchNorm { scale: parameter(2), mean: statistic(0), variance: statistic(1) });
    CpuTrainLayer { plan: plan.clone(), weight: parameter(0), shift: parameter(1), norm }
}

#[derive(Clone, Copy, PartialEq)]
enum WeightLayout {
    /// From a file's `[first, second, 16]` to the matrix of [`CpuTrainLayer::weight`].
    ToMatrix,
    ToFile,
}

/// Converts a weight between the file's layout and the matrix layout.
fn convert_layout(plan: &LayerPlan, values: &[f32], layout: WeightLayout) -> Vec<f32> {
    let LayerPlan { inputs, outputs, .. } = *plan;
    let mut converted = vec![0.0; values.len()];
    for input in 0..inputs {
        for output in 0..outputs {
            for tap in 0..KERNEL_AREA {
                let (in_matrix, in_file) = match plan.kind {
                    LayerKind::Project | LayerKind::Upsample => {
                        ((input * KERNEL_AREA + tap) * outputs + output, (input * outputs + output) * KERNEL_AREA + tap)
                    }
                    LayerKind::Downsample | LayerKind::Collapse => {
                        ((tap * inputs + input) * outputs + output, (output * inputs + input) * KERNEL_AREA + tap)
                    }
                };
                let (to, from) =
                    if layout == WeightLayout::ToMatrix { (in_matrix, in_file) } else { (in_file, in_matrix) };
                converted[to] = values[from];
            }
        }
    }
    converted
}

/// Reads `[batch, channels, side, side]` as values in channels-last order.
fn to_channels_last(tensor: Tensor<4>) -> Vec<f32> {
    read_values(tensor.permute([0, 2, 3, 1]))
}
