//! G: latents to pictures, and backward from the picture gradient to the latent gradient.

use rayon::prelude::*;

use super::convolution::{Convolution, LoadMode, load_gemm_weights};
use super::gemm::GemmWeights;
use super::{CpuActivations, scratch_slice};
use crate::model::plan::LayerPlan;
use crate::model::{ModelError, ModelFile};

/// Values per rayon task.
const VALUES_PER_TASK: usize = 4096;

pub(super) struct Generator {
    latent_dim: usize,
    /// Latent to 4×4 pixels: `[latent, 16 · channels]`.
    project: GemmWeights,
    /// One value per channel, or per pixel and channel.
    project_bias: Vec<f32>,
    /// Each doubles the side. The last one makes the picture.
    layers: Vec<CpuConvLayer>,
}

pub(super) struct CpuConvLayer {
    /// Side of the smaller picture.
    pub(super) side: usize,
    pub(super) convolution: Convolution,
    pub(super) bias: Vec<f32>,
}

impl CpuConvLayer {
    pub(super) fn load(file: &ModelFile, layer: &LayerPlan, mode: LoadMode) -> Result<Self, ModelError> {
        let convolution = Convolution::load(file, layer, mode)?;
        let bias = file.tensor(&layer.bias_name())?.values.clone();
        Ok(Self { side: layer.smaller_side(), convolution, bias })
    }
}

impl Generator {
    pub(super) fn load(file: &ModelFile, mode: LoadMode) -> Result<Self, ModelError> {
        let layers = &file.architecture.generator.layers;
        let (project, layers) = (&layers[0], &layers[1..]);
        Ok(Self {
            latent_dim: project.inputs,
            project: load_gemm_weights(file, project, mode)?,
            project_bias: file.channels_last_bias(project)?,
            layers: layers.iter().map(|layer| CpuConvLayer::load(file, layer, mode)).collect::<Result<_, _>>()?,
        })
    }

    /// Forward pass to the pictures. Keeps the outputs of the layers before.
    pub(super) fn forward(&self, batch: usize, latents: &[f32], activations: &mut CpuActivations) -> Vec<f32> {
        let CpuActivations { generator_outputs: outputs, scratch, .. } = activations;
        outputs.resize_with(self.layers.len(), Vec::new);
        let mut pictures = Vec::new();
        let first = resized(&mut outputs[0], batch * self.project.columns());
        self.project.multiply(batch, latents, first);
        add_bias_and_activate(first, &self.project_bias, relu);
        for (index, CpuConvLayer { side, convolution, bias }) in self.layers.iter().enumerate() {
            let (previous, next) = outputs.split_at_mut(index + 1);
            let length = batch * 4 * side * side * convolution.large_channels;
            if let Some(output) = next.first_mut() {
                let output = resized(output, length);
                convolution.conv_transpose(*side, &previous[index], output, scratch, |pixels| {
                    add_bias_and_activate(pixels, bias, relu);
                });
            } else {
                pictures = vec![0.0; length];
                convolution.conv_transpose(*side, &previous[index], &mut pictures, scratch, |pixels| {
                    add_bias_and_activate(pixels, bias, |sum| sum);
                    for value in pixels {
                        *value = tanh(*value);
                    }
                });
            }
        }
        pictures
    }

    /// Backward pass: from the gradient of these pictures, which is overwritten, to the latent gradient.
    pub(super) fn backward(
        &self,
        batch: usize,
        pictures: &[f32],
        picture_gradient: &mut [f32],
        activations: &mut CpuActivations,
    ) -> Vec<f32> {
        let CpuActivations { generator_outputs: outputs, scratch, gradient, next_gradient, .. } = activations;
        activation_backward(picture_gradient, pictures, |gradient, output| gradient * (1.0 - output * output));
        let mut output_gradient = &*picture_gradient;
        for (CpuConvLayer { side, convolution, .. }, output) in self.layers.iter().zip(outputs.iter()).rev() {
            let input_gradient = scratch_slice(next_gradient, output.len());
            convolution.conv(*side, output_gradient, input_gradient, scratch, |_| {});
            activation_backward(input_gradient, output, relu_backward);
            std::mem::swap(gradient, next_gradient);
            output_gradient = &gradient[..output.len()];
        }
        let mut latent_gradient = vec![0.0; batch * self.latent_dim];
        self.project.multiply_transposed(batch, output_gradient, &mut latent_gradient);
        latent_gradient
    }
}

/// Epilogue: adds the bias and applies the activation.
pub(super) fn add_bias_and_activate(pixels: &mut [f32], bias: &[f32], activation: impl Fn(f32) -> f32) {
    for pixel in pixels.chunks_exact_mut(bias.len()) {
        for (value, bias) in pixel.iter_mut().zip(bias) {
            *value = activation(*value + bias);
        }
    }
}

/// tanh with an error below 2e-7, without branches or calls, so that the compiler can vectorise it.
/// Evaluates Lambert's continued fraction at a quarter of the value, then applies
/// `tanh 2x = 2 tanh x / (1 + tanh² x)` twice.
fn tanh(value: f32) -> f32 {
    let quarter = value.clamp(-10.0, 10.0) / 4.0;
    let square = quarter * quarter;
    let numerator = quarter * (135_135.0 + square * (17_325.0 + square * (378.0 + square)));
    let denominator = 135_135.0 + square * (62_370.0 + square * (3150.0 + square * 28.0));
    let double = |tanh: f32| 2.0 * tanh / (1.0 + tanh * tanh);
    double(double(numerator / denominator))
}

fn relu(value: f32) -> f32 {
    value.max(0.0)
}

fn relu_backward(gradient: f32, output: f32) -> f32 {
    if output > 0.0 { gradient } else { 0.0 }
}

/// Backward pass of an activation, in place: `backward(gradient, output)` for each value.
pub(super) fn activation_backward(gradient: &mut [f32], output: &[f32], backward: impl Fn(f32, f32) -> f32 + Sync) {
    gradient.par_chunks_mut(VALUES_PER_TASK).zip(output.par_chunks(VALUES_PER_TASK)).for_each(|(gradient, output)| {
        for (gradient, output) in gradient.iter_mut().zip(output) {
            *gradient = backward(*gradient, *output);
        }
    });
}

/// Resizes a buffer to exactly `length` values.
pub(super) fn resized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    buffer.resize(length, 0.0);
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tanh_matches_the_library() {
        for step in -15_000..=15_000i16 {
            let value = f32::from(step) / 1000.0;
            let error = f64::from(tanh(value)) - f64::from(value).tanh();
            assert!(error.abs() < 2e-7, "{value}: {error}");
        }
        assert!(tanh(f32::NAN).is_nan());
    }
}
