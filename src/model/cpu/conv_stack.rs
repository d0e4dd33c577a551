//! The body of D and E: a stack of convolutions, forward to the outputs and backward to the picture gradient.

use super::convolution::{LoadMode, load_gemm_weights};
use super::gemm::GemmWeights;
use super::generator::{CpuConvLayer, activation_backward, add_bias_and_activate, resized};
use super::{CpuActivations, scratch_slice};
use crate::model::plan::{LEAKY_SLOPE, NetworkPlan};
use crate::model::{ModelError, ModelFile};

pub(super) struct ConvStack {
    /// Each halves the side.
    layers: Vec<CpuConvLayer>,
    /// Dense layer over the 4×4 pixels of the last layer: `[outputs, 16 · channels]`.
    score: GemmWeights,
    score_bias: Vec<f32>,
}

impl ConvStack {
    pub(super) fn load(file: &ModelFile, plan: &NetworkPlan, mode: LoadMode) -> Result<Self, ModelError> {
        let (layers, score) = plan.layers.split_at(plan.layers.len() - 1);
        Ok(Self {
            layers: layers.iter().map(|layer| CpuConvLayer::load(file, layer, mode)).collect::<Result<_, _>>()?,
            score: load_gemm_weights(file, &score[0], mode)?,
            score_bias: file.tensor(&score[0].bias_name())?.values.clone(),
        })
    }

    /// Output channels of each layer.
    pub(super) fn output_channels(&self) -> impl Iterator<Item = usize> {
        self.layers.iter().map(|layer| layer.convolution.small_channels)
    }

    /// Forward pass: `[batch, side, side, channels]` to `[batch, outputs]`. Keeps the outputs of the layers.
    pub(super) fn forward(&self, batch: usize, pictures: &[f32], activations: &mut CpuActivations) -> Vec<f32> {
        let CpuActivations { discriminator_outputs: outputs, scratch, .. } = activations;
        outputs.resize_with(self.layers.len(), Vec::new);
        for (index, CpuConvLayer { side, convolution, bias }) in self.layers.iter().enumerate() {
            let (previous, next) = outputs.split_at_mut(index);
            let output = resized(&mut next[0], batch * side * side * convolution.small_channels);
            let input = previous.last().map_or(pictures, Vec::as_slice);
            convolution.conv(*side, input, output, scratch, |pixels| add_bias_and_activate(pixels, bias, leaky_relu));
        }
        let mut scores = vec![0.0; batch * self.score_bias.len()];
        if let Some(last) = outputs.last() {
            self.score.multiply_transposed(batch, last, &mut scores);
        }
        add_bias_and_activate(&mut scores, &self.score_bias, |sum| sum);
        scores
    }

    /// Backward pass: from the score gradient to the picture gradient.
    pub(super) fn backward(&self, batch: usize, score_gradient: &[f32], activations: &mut CpuActivations) -> Vec<f32> {
        let CpuActivations { discriminator_outputs: outputs, scratch, gradient, next_gradient, .. } = activations;
        let length = outputs.last().map_or(0, Vec::len);
        self.score.multiply(batch, score_gradient, scratch_slice(gradient, length));
        let mut picture_gradient = Vec::new();
        for (index, CpuConvLayer { side, convolution, .. }) in self.layers.iter().enumerate().rev() {
            let output = &outputs[index];
            let output_gradient = &mut gradient[..output.len()];
            activation_backward(output_gradient, output, leaky_relu_backward);
            let length = batch * 4 * side * side * convolution.large_channels;
            if index == 0 {
                picture_gradient = vec![0.0; length];
                convolution.conv_transpose(*side, output_gradient, &mut picture_gradient, scratch, |_| {});
            } else {
                let input_gradient = scratch_slice(next_gradient, length);
                convolution.conv_transpose(*side, output_gradient, input_gradient, scratch, |_| {});
                std::mem::swap(gradient, next_gradient);
            }
        }
        picture_gradient
    }
}

fn leaky_relu_backward(gradient: f32, output: f32) -> f32 {
    if output > 0.0 { gradient } else { LEAKY_SLOPE * gradient }
}

fn leaky_relu(value: f32) -> f32 {
    value.max(LEAKY_SLOPE * value)
}
