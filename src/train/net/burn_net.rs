//! A network in training on a GPU: burn's operations and autodiff.

use burn::tensor::activation::{leaky_relu, relu, tanh};
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, Gradients, Tensor};

use super::batch_norm::{EPSILON, MOMENTUM};
use super::burn_parameter::BurnParameter;
use super::cpu_layer::LEAKY_SLOPE;
use super::net_state::{NetState, TensorState};
use super::{AdamSettings, GradientTargets, graph_leaf, upload};
use crate::train::network_plan::{LayerActivation, LayerKind, LayerPlan, NetPlan};

/// The network with its parameters.
pub(super) struct BurnTrainNet {
    plan: NetPlan,
    layers: Vec<BurnTrainLayer>,
    adam_steps: u64,
}

struct BurnTrainLayer {
    /// In the order of [`LayerPlan::parameter_lengths`].
    parameters: Vec<BurnParameter>,
    /// Mean and variance, each with its moving average, in the order of [`LayerPlan::statistic_names`].
    statistics: Vec<[Tensor<1>; 2]>,
}

/// The autodiff graph of a forward pass.
pub(super) struct BurnContext {
    input: Tensor<4>,
    /// The parameters of each layer as leaves of this graph.
    parameters: Vec<Vec<Tensor<1>>>,
    feature_maps: Vec<Tensor<4>>,
    output: Tensor<4>,
}

impl BurnTrainNet {
    /// Uploads a state, which must match the plan.
    pub fn new(plan: &NetPlan, state: &NetState, device: &Device) -> Self {
        let layers = plan.layers.iter().map(|layer| {
            let parameter = |(name, length): (String, usize)| BurnParameter::new(&state.tensor(&name, length), device);
            let statistic = |name: String| {
                let tensor = state.tensor(&name, layer.outputs);
                [upload(&tensor.values, device), upload(&tensor.averaged, device)]
            };
            BurnTrainLayer {
                parameters: layer.parameter_lengths().into_iter().map(parameter).collect(),
                statistics: layer.statistic_names().into_iter().map(statistic).collect(),
            }
        });
        Self { plan: plan.clone(), layers: layers.collect(), adam_steps: state.adam_steps }
    }

    /// See `CpuTrainNet::forward`, but the inner layers' outputs are channels first.
    pub fn forward(&mut self, input: Tensor<4>, wants_maps: bool) -> (Tensor<4>, Vec<Tensor<2>>, BurnContext) {
        let [batch, _, _, _] = input.dims();
        let input = graph_leaf(input);
        let mut x = input.clone();
        let (mut feature_maps, mut parameters) = (Vec::new(), Vec::new());
        for (plan, layer) in self.plan.layers.iter().zip(&mut self.layers) {
            let leaves: Vec<Tensor<1>> = layer.parameters.iter().map(BurnParameter::leaf).collect();
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
        (output, requested_maps, BurnContext { input, parameters, feature_maps, output: x })
    }

    /// See `CpuTrainNet::backward`.
    pub fn backward(
        &mut self,
        context: BurnContext,
        gradient: Tensor<4>,
        map_gradients: Vec<Tensor<2>>,
        targets: GradientTargets,
    ) -> Option<Tensor<4>> {
        // The backward pass differentiates Σ output·gradient, with the gradient as a constant.
        let mut sum = (context.output * gradient.autodiff()).sum();
        for (map, gradient) in context.feature_maps.into_iter().zip(map_gradients) {
            let shape = map.dims();
            sum = sum + (map * gradient.autodiff().reshape(shape)).sum();
        }
        let gradients: Gradients = sum.backward();
        if targets.parameters {
            for (layer, leaves) in self.layers.iter_mut().zip(&context.parameters) {
                for (parameter, leaf) in layer.parameters.iter_mut().zip(leaves) {
                    parameter.add_gradient(leaf.grad(&gradients));
                }
            }
        }
        if targets.input { context.input.grad(&gradients) } else { None }
    }

    /// Norm of the collected gradient, `[1]`, still on the device. `None` without a gradient.
    pub fn gradient_norm(&self) -> Option<Tensor<1>> {
        let parameters = self.layers.iter().flat_map(|layer| &layer.parameters);
        let squares = parameters.filter_map(BurnParameter::gradient_square_sum);
        squares.reduce(|sum, square| sum + square).map(Tensor::sqrt)
    }

    /// One Adam step with the collected gradient.
    pub fn adam_step(&mut self, adam: &AdamSettings, rate: f32) {
        self.adam_steps += 1;
        for parameter in self.layers.iter_mut().flat_map(|layer| &mut layer.parameters) {
            parameter.adam_step(adam, rate, self.adam_steps);
        }
    }

    /// Updates the moving averages.
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
            for ((name, _), parameter) in plan.parameter_lengths().into_iter().zip(&layer.parameters) {
                state.tensors.insert(name, parameter.state());
            }
            for (name, [values, averaged]) in plan.statistic_names().into_iter().zip(&layer.statistics) {
                let [values, averaged] = [values, averaged].map(|tensor| super::read_values(tensor.clone()));
                state.tensors.insert(name, TensorState { values, averaged, moments: None });
            }
        }
        state
    }
}

impl BurnTrainLayer {
    fn forward(&mut self, plan: &LayerPlan, x: Tensor<4>, parameters: &[Tensor<1>]) -> Tensor<4> {
        let [weight, shift, ..] = parameters else { return x };
        let weight = weight.clone().reshape(plan.weight_shape());
        let (stride, padding) = match plan.kind {
            LayerKind::Project | LayerKind::Collapse => ([1; 2], [0; 2]),
            LayerKind::Upsample | LayerKind::Downsample => ([2; 2], [1; 2]),
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
            LayerActivation::Relu => relu(sums),
            LayerActivation::LeakyRelu => leaky_relu(sums, f64::from(LEAKY_SLOPE)),
            LayerActivation::Tanh => tanh(sums),
            LayerActivation::Identity => sums,
        }
    }

    /// `BatchNorm` with batch statistics. Updates the running ones.
    fn normalise(&mut self, x: Tensor<4>, scale: Tensor<1>, shift: Tensor<1>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let (normalised, [mean, variance]) = batch_normalised(x);
        let per_channel = |tensor: Tensor<4>| tensor.without_autodiff().reshape([channels]);
        #[expect(clippy::cast_precision_loss, reason = "counts of pixels, far below 2^24")]
        let count = (batch * height * width) as f32;
        let unbiased = per_channel(variance.clone()).mul_scalar(count / (count - 1.0).max(1.0));
        for ([running, _], batch) in self.statistics.iter_mut().zip([per_channel(mean), unbiased]) {
            *running = running.clone() + (batch - running.clone()).mul_scalar(MOMENTUM);
        }
        normalised * scale.reshape([1, channels, 1, 1]) + shift.reshape([1, channels, 1, 1])
    }
}

/// Normalises each channel over the batch to mean 0 and deviation 1. Also returns the mean and the biased variance,
/// `[1, channels, 1, 1]`.
pub(in crate::train) fn batch_normalised(x: Tensor<4>) -> (Tensor<4>, [Tensor<4>; 2]) {
    let mean_of = |x: Tensor<4>| x.mean_dim(3).mean_dim(2).mean_dim(0);
    let mean = mean_of(x.clone());
    let centred = x - mean.clone();
    let variance = mean_of(centred.clone().square());
    (centred / variance.clone().add_scalar(EPSILON).sqrt(), [mean, variance])
}
