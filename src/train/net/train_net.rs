//! The forward and backward pass of a network, and its training step.

use burn::tensor::activation::{leaky_relu, relu, tanh};
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, Gradients, Tensor};

use super::net_state::{NetState, TensorState};
use super::parameter::Parameter;
use super::{AdamSettings, GradientTargets, graph_leaf, read_values, upload};
use crate::model::plan::LEAKY_SLOPE;
use crate::model::{Activation, BATCH_NORM_EPSILON, LayerKind, LayerPlan, NetworkPlan};
use crate::train::layer_tensors::{parameter_lengths, statistic_names};

/// Share of a new batch in the running statistics, `PyTorch`'s default.
const MOMENTUM: f32 = 0.1;

/// A network in training, with its parameters.
pub(in crate::train) struct TrainNet {
    plan: NetworkPlan,
    layers: Vec<TrainLayer>,
    device: Device,
    adam_steps: u64,
}

struct TrainLayer {
    /// In the order of [`parameter_lengths`].
    parameters: Vec<Parameter>,
    /// Mean and variance, each with its moving average, in the order of [`statistic_names`].
    statistics: Vec<[Tensor<1>; 2]>,
}

/// The result of a forward pass.
pub(in crate::train) struct ForwardPass {
    /// The output, `[batch, outputs, side, side]`, without autodiff.
    pub output: Tensor<4>,
    /// The outputs of all layers but the last, from input to output, if requested: `[batch, channels · side · side]`.
    /// Without autodiff.
    pub feature_maps: Vec<Tensor<2>>,
    graph: Graph,
}

/// The autodiff graph of a forward pass.
struct Graph {
    input: Tensor<4>,
    /// The parameters of each layer: leaves, or constants.
    parameters: Vec<Vec<Tensor<1>>>,
    feature_maps: Vec<Tensor<4>>,
    output: Tensor<4>,
}

impl TrainNet {
    /// Uploads a state, which must match the plan.
    pub fn new(plan: &NetworkPlan, state: &NetState, device: &Device) -> Self {
        let layers = plan.layers.iter().map(|layer| {
            let parameter = |(name, length): (String, usize)| Parameter::new(&state.tensor(&name, length), device);
            let statistic = |name: String| {
                let tensor = state.tensor(&name, layer.outputs);
                [upload(&tensor.values, device), upload(&tensor.averaged, device)]
            };
            TrainLayer {
                parameters: parameter_lengths(layer).into_iter().map(parameter).collect(),
                statistics: statistic_names(layer).into_iter().map(statistic).collect(),
            }
        });
        Self { plan: plan.clone(), layers: layers.collect(), device: device.clone(), adam_steps: state.adam_steps }
    }

    /// Runs a forward pass on `[batch, inputs, side, side]` with batch statistics, and updates the running statistics.
    pub fn forward(&mut self, input: Tensor<4>, targets: GradientTargets) -> ForwardPass {
        self.run_forward(input, targets, false)
    }

    /// As [`forward`](Self::forward), and also returns the outputs of the inner layers.
    pub fn forward_with_feature_maps(&mut self, input: Tensor<4>, targets: GradientTargets) -> ForwardPass {
        self.run_forward(input, targets, true)
    }

    fn run_forward(&mut self, input: Tensor<4>, targets: GradientTargets, wants_maps: bool) -> ForwardPass {
        let [batch, _, _, _] = input.dims();
        let input = if targets.input { graph_leaf(input) } else { input.autodiff() };
        let mut x = input.clone();
        let (mut feature_maps, mut parameters) = (Vec::new(), Vec::new());
        for (plan, layer) in self.plan.layers.iter().zip(&mut self.layers) {
            let tensor = if targets.parameters { Parameter::leaf } else { Parameter::constant };
            let leaves: Vec<Tensor<1>> = layer.parameters.iter().map(tensor).collect();
            x = layer.forward(plan, x, &leaves);
            feature_maps.push(x.clone());
            parameters.push(leaves);
        }
        feature_maps.pop();
        let flat = |map: &Tensor<4>| {
            let [_, channels, height, width] = map.dims();
            map.clone().without_autodiff().reshape([batch, channels * height * width])
        };
        let requested_maps = feature_maps.iter().filter(|_| wants_maps).map(flat).collect();
        let output = x.clone().without_autodiff();
        let graph = Graph { input, parameters, feature_maps, output: x };
        ForwardPass { output, feature_maps: requested_maps, graph }
    }

    /// Runs the backward pass from the output gradient. `map_gradients` holds the gradients of the inner layers'
    /// outputs, either none or one each. Returns the input gradient, if it was a target of the forward pass.
    pub fn backward(
        &mut self,
        pass: ForwardPass,
        gradient: Tensor<4>,
        map_gradients: Vec<Tensor<2>>,
    ) -> Option<Tensor<4>> {
        let graph = pass.graph;
        // The backward pass differentiates Σ output·gradient, with the gradient as a constant.
        let mut sum = (graph.output * gradient.autodiff()).sum();
        for (map, gradient) in graph.feature_maps.into_iter().zip(map_gradients) {
            let shape = map.dims();
            sum = sum + (map * gradient.autodiff().reshape(shape)).sum();
        }
        let gradients: Gradients = sum.backward();
        for (layer, leaves) in self.layers.iter_mut().zip(&graph.parameters) {
            for (parameter, leaf) in layer.parameters.iter_mut().zip(leaves) {
                parameter.add_gradient(leaf.grad(&gradients));
            }
        }
        graph.input.grad(&gradients)
    }

    /// Norm of the gradient collected since the last Adam step, `[1]`, still on the device.
    pub fn gradient_norm(&self) -> Tensor<1> {
        let parameters = self.layers.iter().flat_map(|layer| &layer.parameters);
        let squares = parameters.filter_map(Parameter::gradient_square_sum);
        squares.reduce(|sum, square| sum + square).map_or_else(|| Tensor::zeros([1], &self.device), Tensor::sqrt)
    }

    /// One Adam step with the collected gradient, which is then cleared.
    pub fn adam_step(&mut self, adam: &AdamSettings, rate: f32) {
        self.adam_steps += 1;
        for parameter in self.layers.iter_mut().flat_map(|layer| &mut layer.parameters) {
            parameter.adam_step(adam, rate, self.adam_steps);
        }
    }

    /// Updates the moving averages of weights and running statistics: `average = keep · average + (1 − keep) · value`.
    pub fn update_averages(&mut self, keep: f32, keep_statistics: f32) {
        for layer in &mut self.layers {
            layer.parameters.iter_mut().for_each(|parameter| parameter.update_average(keep));
            for [value, averaged] in &mut layer.statistics {
                *averaged = averaged.clone() + (value.clone() - averaged.clone()).mul_scalar(1.0 - keep_statistics);
            }
        }
    }

    /// Reads the whole state. Waits for the device.
    pub fn state(&self) -> NetState {
        let mut state = NetState { adam_steps: self.adam_steps, ..NetState::default() };
        for (plan, layer) in self.plan.layers.iter().zip(&self.layers) {
            for ((name, _), parameter) in parameter_lengths(plan).into_iter().zip(&layer.parameters) {
                state.tensors.insert(name, parameter.state());
            }
            for (name, [values, averaged]) in statistic_names(plan).into_iter().zip(&layer.statistics) {
                let [values, averaged] = [values, averaged].map(|tensor| read_values(tensor.clone()));
                state.tensors.insert(name, TensorState { values, averaged, moments: None });
            }
        }
        state
    }
}

impl TrainLayer {
    fn forward(&mut self, plan: &LayerPlan, x: Tensor<4>, parameters: &[Tensor<1>]) -> Tensor<4> {
        let [weight, shift, ..] = parameters else { return x };
        let weight = weight.clone().reshape(plan.weight_shape());
        let (stride, padding) = match plan.kind {
            LayerKind::Project | LayerKind::Collapse => ([1; 2], [0; 2]),
            LayerKind::Upsample | LayerKind::Downsample => ([2; 2], [plan.kernel.padding(); 2]),
        };
        let bias = (!plan.has_norm).then(|| shift.clone());
        let sums = match plan.kind {
            LayerKind::Project | LayerKind::Upsample => {
                let options = ConvTransposeOptions::new(stride, padding, [0, 0], [1, 1], 1);
                conv_transpose2d(x, weight, bias, options)
            }
            LayerKind::Downsample | LayerKind::Collapse => {
                conv2d(x, weight, bias, ConvOptions::new(stride, padding, [1, 1], 1))
            }
        };
        let sums = match parameters.get(2) {
            Some(scale) => self.normalise(sums, scale.clone(), shift.clone()),
            None => sums,
        };
        match plan.activation {
            Activation::Relu => relu(sums),
            Activation::LeakyRelu => leaky_relu(sums, f64::from(LEAKY_SLOPE)),
            Activation::Tanh => tanh(sums),
            Activation::Identity => sums,
        }
    }

    /// `BatchNorm` with batch statistics. Updates the running ones.
    fn normalise(&mut self, x: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let (output, [mean, variance]) = batch_norm(x, scale, shift);
        let per_channel = |tensor: Tensor<4>| tensor.without_autodiff().reshape([channels]);
        #[expect(clippy::cast_precision_loss, reason = "counts of pixels, far below 2^24")]
        let count = (batch * height * width) as f32;
        let unbiased = per_channel(variance.clone()).mul_scalar(count / (count - 1.0).max(1.0));
        for ([running, _], batch) in self.statistics.iter_mut().zip([per_channel(mean), unbiased]) {
            *running = running.clone() + (batch - running.clone()).mul_scalar(MOMENTUM);
        }
        output
    }
}

/// `BatchNorm` with batch statistics (Ioffe & Szegedy 2015): `scale · (x − mean) / √(variance + ε) + shift` per channel.
/// Also returns the mean and the biased variance, `[1, channels, 1, 1]`.
pub(in crate::train) fn batch_norm(x: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>) -> (Tensor<4>, [Tensor<4>; 2]) {
    let [_, channels, _, _] = x.dims();
    let mean_of = |x: Tensor<4>| x.mean_dim(3).mean_dim(2).mean_dim(0);
    let mean = mean_of(x.clone());
    let centred = x - mean.clone();
    let variance = mean_of(centred.clone().square());
    let [scale, shift] = [scale, shift].map(|values| values.reshape([1, channels, 1, 1]));
    // The factor is per channel: multiplying it once saves passes over the whole batch.
    let factor = scale / variance.clone().add_scalar(BATCH_NORM_EPSILON).sqrt();
    (centred * factor + shift, [mean, variance])
}
