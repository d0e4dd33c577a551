//! The discriminators on pretrained features: one small network per level, which scores each position as real or
//! generated.
//!
//! They see fixed random projections of the features, not the features. So a discriminator cannot rely on a single
//! feature and ignore the rest (Sauer et al. 2021, section 3.2). Their weights are divided by their largest singular
//! value (spectral normalisation, Miyato et al. 2018, arXiv 1802.05957), which one power iteration per step estimates.

use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::model::plan::LEAKY_SLOPE;
use crate::perceptual::level_channels;
use crate::train::net::{
    AdamSettings, NetState, Parameter, TensorState, batch_norm, read_values, upload, upload_shaped,
};
use crate::train::rng::{RngStream, rng_for, standard_normal};

/// Number of random projections per level.
const PROJECTION_COUNT: usize = 64;
/// Prevents division by zero for a zero vector.
const LENGTH_EPSILON: f32 = 1e-12;

/// The shape of one convolution.
struct ConvShape {
    name: &'static str,
    inputs: usize,
    outputs: usize,
    side: usize,
    stride: usize,
    /// Ends in a `BatchNorm` and a leaky `ReLU`. Otherwise it has a bias.
    has_norm: bool,
}

const CONV_SHAPES: [ConvShape; 3] = [
    ConvShape { name: "first", inputs: PROJECTION_COUNT, outputs: 96, side: 4, stride: 2, has_norm: true },
    ConvShape { name: "second", inputs: 96, outputs: 128, side: 3, stride: 1, has_norm: true },
    ConvShape { name: "last", inputs: 128, outputs: 1, side: 3, stride: 1, has_norm: false },
];

impl ConvShape {
    fn weight_shape(&self) -> [usize; 4] {
        [self.outputs, self.inputs, self.side, self.side]
    }

    /// Number of inputs per output value.
    fn inputs_per_output(&self) -> usize {
        self.inputs * self.side * self.side
    }

    /// Names and lengths of the tensors: the weight, the bias or shift, then the scale if there is a `BatchNorm`.
    fn parameter_lengths(&self) -> Vec<(&'static str, usize)> {
        let weight = ("weight", self.outputs * self.inputs_per_output());
        if self.has_norm {
            vec![weight, ("norm.shift", self.outputs), ("norm.scale", self.outputs)]
        } else {
            vec![weight, ("bias", self.outputs)]
        }
    }
}

/// All convolutions of all levels, with the prefixes of their tensors' names.
fn named_conv_shapes() -> impl Iterator<Item = (String, &'static ConvShape)> {
    let levels = level_channels().len();
    (0..levels).flat_map(|level| CONV_SHAPES.iter().map(move |shape| (format!("{level}.{}", shape.name), shape)))
}

/// Names and lengths of the trained tensors.
pub(in crate::train) fn parameter_lengths() -> Vec<(String, usize)> {
    let named = |(name, shape): (String, &ConvShape)| {
        shape.parameter_lengths().into_iter().map(move |(part, length)| (format!("{name}.{part}"), length))
    };
    named_conv_shapes().flat_map(named).collect()
}

/// Names and lengths of the singular vectors, which the power iteration updates.
pub(in crate::train) fn statistic_lengths() -> Vec<(String, usize)> {
    named_conv_shapes().map(|(name, shape)| (format!("{name}.singular"), shape.outputs)).collect()
}

pub(in crate::train) struct ProjectedDiscriminators {
    /// `[PROJECTION_COUNT, channels, 1, 1]` for each level.
    projections: Vec<Tensor<4>>,
    convolutions: Vec<SpectralConv>,
    /// Adam steps done.
    adam_steps: u64,
}

struct SpectralConv {
    shape: &'static ConvShape,
    /// In the order of [`ConvShape::parameter_lengths`].
    parameters: Vec<Parameter>,
    /// The left singular vector, `[outputs]`, and the right one, `[taps]`, of the weight's largest singular value.
    singular_vectors: [Tensor<1>; 2],
}

/// The parameters of a convolution within one autodiff graph.
type ConvTensors = Vec<Tensor<1>>;

impl ProjectedDiscriminators {
    /// The state before the first step: normal weights, scaled so that outputs have the variance of the inputs.
    pub fn initial(rng: &mut ChaCha8Rng) -> NetState {
        let mut state = NetState::default();
        for (name, shape) in named_conv_shapes() {
            for (part, length) in shape.parameter_lengths() {
                let values = match part {
                    "weight" => normal_values(length, (1.0 / to_f32(shape.inputs_per_output())).sqrt(), rng),
                    "norm.scale" => vec![1.0; length],
                    _ => vec![0.0; length],
                };
                state.tensors.insert(format!("{name}.{part}"), TensorState::new(values, true));
            }
            let singular = normal_values(shape.outputs, 1.0, rng);
            state.tensors.insert(format!("{name}.singular"), TensorState::new(singular, false));
        }
        state
    }

    /// Uploads a state. The seed determines the projections.
    pub fn new(seed: u64, state: &NetState, device: &Device) -> Self {
        let mut rng = rng_for(seed, RngStream::FeatureProjections);
        let projections = level_channels().map(|channels| {
            let values = normal_values(PROJECTION_COUNT * channels, (2.0 / to_f32(channels)).sqrt(), &mut rng);
            upload_shaped(values, [PROJECTION_COUNT, channels, 1, 1], device)
        });
        let convolutions = named_conv_shapes().map(|(name, shape)| {
            let tensor = |part: &str, length: usize| state.tensor(&format!("{name}.{part}"), length);
            let parameter = |(part, length)| Parameter::new(&tensor(part, length), device);
            let left = upload(&tensor("singular", shape.outputs).values, device);
            SpectralConv {
                shape,
                parameters: shape.parameter_lengths().into_iter().map(parameter).collect(),
                singular_vectors: [left, Tensor::zeros([shape.inputs_per_output()], device)],
            }
        });
        Self { projections: projections.into(), convolutions: convolutions.collect(), adam_steps: state.adam_steps }
    }

    /// Replaces the projections: `values(level, channels)`.
    #[cfg(test)]
    pub fn with_projections(self, values: impl Fn(usize, usize) -> Vec<f32>) -> Self {
        let projections = level_channels().into_iter().enumerate().map(|(level, channels)| {
            upload_shaped(values(level, channels), [PROJECTION_COUNT, channels, 1, 1], &Device::flex())
        });
        Self { projections: projections.collect(), ..self }
    }

    /// One Adam step on the hinge loss of real and generated features without autodiff. Returns the loss, `[1]`.
    pub fn train_step(&mut self, real: &[Tensor<4>], fake: &[Tensor<4>], adam: &AdamSettings, rate: f32) -> Tensor<1> {
        for convolution in &mut self.convolutions {
            convolution.power_iteration();
        }
        let tensors = self.graph_tensors(Parameter::leaf);
        let losses = real.iter().zip(fake).enumerate().map(|(level, (real, fake))| {
            let logits = |features: &Tensor<4>| self.level_logits(level, &tensors, features.clone().autodiff());
            let (real, fake) = (logits(real), logits(fake));
            relu(-real.sub_scalar(1.0)).mean() + relu(fake.add_scalar(1.0)).mean()
        });
        let Some(loss) = losses.reduce(|sum, loss| sum + loss) else { return Tensor::zeros([1], &Device::flex()) };
        let gradients = loss.backward();
        self.adam_steps += 1;
        for (convolution, leaves) in self.convolutions.iter_mut().zip(&tensors) {
            for (parameter, leaf) in convolution.parameters.iter_mut().zip(leaves) {
                parameter.add_gradient(leaf.grad(&gradients));
                parameter.adam_step(adam, rate, self.adam_steps);
            }
        }
        loss.without_autodiff()
    }

    /// Mean logit of features with autodiff, summed over the levels, `[1]`. Larger means more real.
    pub fn realness(&self, levels: &[Tensor<4>]) -> Tensor<1> {
        let tensors = self.graph_tensors(Parameter::constant);
        let logits =
            levels.iter().enumerate().map(|(level, map)| self.level_logits(level, &tensors, map.clone()).mean());
        logits.reduce(|sum, logit| sum + logit).unwrap_or_else(|| Tensor::zeros([1], &Device::flex()).autodiff())
    }

    /// The logits of one level at each position, `[batch, 1, height, width]`.
    fn level_logits(&self, level: usize, tensors: &[ConvTensors], features: Tensor<4>) -> Tensor<4> {
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        let mut x = conv2d(features, self.projections[level].clone().autodiff(), None, options);
        let range = level * CONV_SHAPES.len()..(level + 1) * CONV_SHAPES.len();
        for (convolution, tensors) in self.convolutions[range.clone()].iter().zip(&tensors[range]) {
            x = convolution.forward(tensors, x);
        }
        x
    }

    /// The parameters of all convolutions as tensors of one graph.
    fn graph_tensors(&self, to_graph: fn(&Parameter) -> Tensor<1>) -> Vec<ConvTensors> {
        self.convolutions.iter().map(|convolution| convolution.parameters.iter().map(to_graph).collect()).collect()
    }

    /// Reads the whole state. Waits for the device.
    pub fn state(&self) -> NetState {
        let mut state = NetState { adam_steps: self.adam_steps, ..NetState::default() };
        for ((name, shape), convolution) in named_conv_shapes().zip(&self.convolutions) {
            for ((part, _), parameter) in shape.parameter_lengths().into_iter().zip(&convolution.parameters) {
                state.tensors.insert(format!("{name}.{part}"), parameter.state());
            }
            let values = read_values(convolution.singular_vectors[0].clone());
            state.tensors.insert(format!("{name}.singular"), TensorState::new(values, false));
        }
        state
    }
}

impl SpectralConv {
    /// One power iteration for the largest singular value.
    fn power_iteration(&mut self) {
        let Some(weight) = self.parameters.first().map(Parameter::values) else { return };
        let (outputs, taps) = (self.shape.outputs, self.shape.inputs_per_output());
        let weight = weight.reshape([outputs, taps]);
        let left = self.singular_vectors[0].clone().reshape([1, outputs]);
        let right = normalized(left.matmul(weight.clone()).reshape([taps]));
        let left = normalized(weight.matmul(right.clone().reshape([taps, 1])).reshape([outputs]));
        self.singular_vectors = [left, right];
    }

    fn forward(&self, tensors: &ConvTensors, x: Tensor<4>) -> Tensor<4> {
        let [weight, shift, ..] = &tensors[..] else { return x };
        let (outputs, taps) = (self.shape.outputs, self.shape.inputs_per_output());
        let [left, right] = self.singular_vectors.clone().map(Tensor::autodiff);
        let product = left.reshape([1, outputs]).matmul(weight.clone().reshape([outputs, taps]));
        let singular_value = product.matmul(right.reshape([taps, 1])).reshape([1]);
        let weight = (weight.clone() / singular_value).reshape(self.shape.weight_shape());
        let bias = (!self.shape.has_norm).then(|| shift.clone());
        let sums = conv2d(x, weight, bias, ConvOptions::new([self.shape.stride; 2], [1, 1], [1, 1], 1));
        let Some(scale) = tensors.get(2) else { return sums };
        leaky_relu(batch_norm(sums, scale.clone(), shift.clone()).0, f64::from(LEAKY_SLOPE))
    }
}

/// Scales a vector to length one.
fn normalized(vector: Tensor<1>) -> Tensor<1> {
    let length = vector.clone().square().sum().sqrt().add_scalar(LENGTH_EPSILON);
    vector / length
}

fn normal_values(length: usize, std: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..length).map(|_| std * standard_normal(rng)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of inputs, far below 2^24")]
fn to_f32(count: usize) -> f32 {
    count as f32
}
