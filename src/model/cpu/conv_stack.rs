//! The body of D and E: a stack of convolutions, forward to the outputs and backward to the picture gradient.

use super::convolution::{LoadMode, load_gemm_weights};
use super::gemm::GemmWeights;
use super::generator::{CpuConvLayer, activation_backward, add_bias_and_activate, resized};
use super::{CpuActivations, scratch_slice};
use crate::model::{ModelError, ModelFile};

/// Slope of `LeakyReLU` below zero (DCGAN, section 3).
const LEAKY_SLOPE: f32 = 0.2;

pub(super) struct ConvStack {
    /// Each halves the side.
    layers: Vec<CpuConvLayer>,
    /// Dense layer over the 4×4 pixels of the last layer: `[outputs, 16 · channels]`.
    score: GemmWeights,
    score_bias: Vec<f32>,
}

impl ConvStack {
    pub(super) fn load(file: &ModelFile, network: &str, layers: usize, purpose: LoadMode) -> Result<Self, ModelError> {
        let layer = |index: usize| {
            let name = match index.checked_sub(1) {
                None => format!("{network}.from_rgb"),
                Some(index) => format!("{network}.down.{index}"),
            };
            CpuConvLayer::load(file, &name, purpose)
        };
        let score = format!("{network}.score");
        Ok(Self {
            layers: (0..layers).map(layer).collect::<Result<_, ModelError>>()?,
            score: load_gemm_weights(file, &score, purpose)?,
            score_bias: file.tensor(&format!("{score}.bias"))?.values.clone(),
        })
    }

    /// Output channels of each layer.
    pub(super) fn output_channels(&self) -> impl Iterator<Item = usize> {
        self.layers.iter().map(|layer| layer.convolution.small_channels)
    }

    /// Forward pass: `[batch, side, side, channels]` to `[batch, outputs]`. Keeps the outputs of the layers in the
    /// activations.
    pub(super) fn forward(
        &self,
        batch: usize,
        side_px: usize,
        pictures: &[f32],
        tape: &mut CpuActivations,
    ) -> Vec<f32> {
        let CpuActivations { discriminator_outputs: judged, scratch: room, .. } = tape;
        judged.resize_with(self.layers.len(), Vec::new);
        let mut side = side_px;
        for (index, CpuConvLayer { convolution, bias }) in self.layers.iter().enumerate() {
            side /= 2;
            let (before, after) = judged.split_at_mut(index);
            let out = resized(&mut after[0], batch * side * side * convolution.small_channels);
            let input = before.last().map_or(pictures, Vec::as_slice);
            convolution.conv(side, input, out, room, |pixels| add_bias_and_activate(pixels, bias, leaky_relu));
        }
        let mut outputs = vec![0.0; batch * self.score_bias.len()];
        if let Some(last) = judged.last() {
            self.score.multiply_transposed(batch, last, &mut outputs);
        }
        add_bias_and_activate(&mut outputs, &self.score_bias, |sum| sum);
        outputs
    }

    /// Backward pass: from the output gradient to the picture gradient, which is left in `tape.gradient`.
    pub(super) fn backward(&self, batch: usize, outputs_gradient: &[f32], tape: &mut CpuActivations) {
        let CpuActivations { discriminator_outputs: judged, scratch: rooms, gradient, next_gradient, .. } = tape;
        let last = judged.last().map_or(0, Vec::len);
        self.score.multiply(batch, outputs_gradient, scratch_slice(gradient, last));
        // The last layer's output has 4×4 pixels.
        let mut side = 4;
        for (CpuConvLayer { convolution, .. }, output) in self.layers.iter().zip(judged.iter()).rev() {
            let pixels = batch * side * side;
            let own = &mut gradient[..pixels * convolution.small_channels];
            activation_backward(
                own,
                output,
                |gradient, output| if output > 0.0 { gradient } else { LEAKY_SLOPE * gradient },
            );
            let next = scratch_slice(next_gradient, pixels * 4 * convolution.large_channels);
            convolution.conv_transpose(side, own, next, rooms, |_| {});
            std::mem::swap(gradient, next_gradient);
            side *= 2;
        }
    }
}

fn leaky_relu(value: f32) -> f32 {
    value.max(LEAKY_SLOPE * value)
}
