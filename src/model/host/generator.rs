//! G: from latents to pictures, and from the pictures' gradient to the latents'.

use rayon::prelude::*;

use super::fold::{TAPS, fold, unfold};
use super::product::Weights;
use super::{Tape, room};
use crate::model::{ModelError, ModelFile};

/// Values that one thread handles at least.
const GRAIN: usize = 4096;
/// Side of the picture that `project` draws.
const FIRST_SIDE: usize = 4;

#[derive(Clone)]
pub(super) struct Generator {
    /// From a latent to 4×4 pixels.
    project: Layer,
    /// Each doubles the side; the last draws the picture.
    layers: Vec<Layer>,
}

#[derive(Clone)]
pub(super) struct Layer {
    inputs: usize,
    outputs: usize,
    /// `[inputs, 16 · outputs]`, the taps row by row.
    pub(super) weights: Weights,
    pub(super) bias: Vec<f32>,
}

/// The gradient to a layer's weights and bias.
#[derive(Default)]
pub(super) struct LayerGradient {
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

impl Layer {
    fn load(file: &ModelFile, name: &str) -> Result<Self, ModelError> {
        let weight = file.tensor(&format!("{name}.weight"))?;
        let (inputs, outputs) = (weight.shape[0], weight.shape[1]);
        let value = |input: usize, column: usize| {
            let (tap, output) = (column / outputs, column % outputs);
            weight.values[(input * outputs + output) * TAPS + tap]
        };
        let weights = Weights::new(inputs, TAPS * outputs, value);
        Ok(Self { inputs, outputs, weights, bias: file.tensor(&format!("{name}.bias"))?.values.clone() })
    }

    /// The gradient to its parameters: from its inputs, the gradient to the product with the weights, and that to its output
    /// before the activation.
    fn gradient(&self, inputs: &[f32], columns: &[f32], outputs: &[f32]) -> LayerGradient {
        let mut weights = vec![0.0; self.weights.values().len()];
        self.weights.gradient(inputs.len() / self.inputs, inputs, columns, &mut weights);
        let mut bias = vec![0.0; self.outputs];
        for pixel in outputs.chunks_exact(self.outputs) {
            for (sum, value) in bias.iter_mut().zip(pixel) {
                *sum += value;
            }
        }
        LayerGradient { weights, bias }
    }

    /// Adds the bias to some pixels and applies a function.
    fn finish(&self, pixels: &mut [f32], activation: impl Fn(f32) -> f32) {
        for pixel in pixels.chunks_exact_mut(self.outputs) {
            for (value, bias) in pixel.iter_mut().zip(&self.bias) {
                *value = activation(*value + bias);
            }
        }
    }
}

impl Generator {
    pub(super) fn load(file: &ModelFile) -> Result<Self, ModelError> {
        let depth = file.architecture.generator_channels.len() - 1;
        let mut layers: Vec<Layer> =
            (0..depth).map(|i| Layer::load(file, &format!("generator.up.{i}"))).collect::<Result<_, _>>()?;
        layers.push(Layer::load(file, "generator.to_rgb")?);
        Ok(Self { project: Layer::load(file, "generator.project")?, layers })
    }

    /// Draws; the outputs of all layers stay on the tape.
    pub(super) fn forward(&self, batch: usize, latents: &[f32], tape: &mut Tape) {
        let Tape { drawn, columns, .. } = tape;
        drawn.resize_with(self.layers.len() + 1, Vec::new);
        let first = sized(&mut drawn[0], batch * self.project.weights.columns());
        self.project.weights.multiply(batch, latents, first);
        self.project.finish(first, relu);
        let mut side = FIRST_SIDE;
        for (index, layer) in self.layers.iter().enumerate() {
            let pixels = batch * side * side;
            let columns = room(columns, pixels * layer.weights.columns());
            let (before, after) = drawn.split_at_mut(index + 1);
            layer.weights.multiply(pixels, &before[index], columns);
            let out = sized(&mut after[0], pixels * 4 * layer.outputs);
            if index + 1 == self.layers.len() {
                fold(side, layer.outputs, columns, out, |row| layer.finish(row, f32::tanh));
            } else {
                fold(side, layer.outputs, columns, out, |row| layer.finish(row, relu));
            }
            side *= 2;
        }
    }

    /// All layers, from the latent on.
    pub(super) fn layers_mut(&mut self) -> impl Iterator<Item = &mut Layer> {
        std::iter::once(&mut self.project).chain(&mut self.layers)
    }

    /// From the pictures' gradient in `tape.gradient` to the latents'.
    pub(super) fn backward(&self, batch: usize, tape: &mut Tape) -> Vec<f32> {
        self.backward_with(batch, tape, |_, _, _, _| {})
    }

    /// As [`backward`](Self::backward), and to the layers' parameters, from the latent on.
    pub(super) fn backward_to_weights(
        &self,
        batch: usize,
        latents: &[f32],
        tape: &mut Tape,
    ) -> (Vec<f32>, Vec<LayerGradient>) {
        let mut gradients = Vec::with_capacity(self.layers.len() + 1);
        let latents_gradient = self.backward_with(batch, tape, |layer, inputs, columns, outputs| {
            gradients.push(layer.gradient(inputs.unwrap_or(latents), columns, outputs));
        });
        gradients.reverse();
        (latents_gradient, gradients)
    }

    /// The way back. `look` gets each layer with its inputs (`None` for the latents), the gradient to the product with its weights
    /// and that to its outputs.
    fn backward_with(
        &self,
        batch: usize,
        tape: &mut Tape,
        mut look: impl FnMut(&Layer, Option<&[f32]>, &[f32], &[f32]),
    ) -> Vec<f32> {
        let Tape { drawn, columns, gradient, next_gradient, .. } = tape;
        let mut side = FIRST_SIDE << self.layers.len();
        for (index, layer) in self.layers.iter().enumerate().rev() {
            side /= 2;
            let pixels = batch * side * side;
            let own = &mut gradient[..pixels * 4 * layer.outputs];
            if index + 1 == self.layers.len() {
                through(own, &drawn[index + 1], |gradient, drawn| gradient * (1.0 - drawn * drawn));
            } else {
                through(own, &drawn[index + 1], through_relu);
            }
            let columns = room(columns, pixels * layer.weights.columns());
            unfold(side, layer.outputs, own, columns);
            look(layer, Some(&drawn[index]), columns, own);
            layer.weights.multiply_back(pixels, columns, room(next_gradient, pixels * layer.inputs));
            std::mem::swap(gradient, next_gradient);
        }
        let own = &mut gradient[..batch * self.project.weights.columns()];
        through(own, &drawn[0], through_relu);
        look(&self.project, None, own, own);
        let mut latents = vec![0.0; batch * self.project.inputs];
        self.project.weights.multiply_back(batch, own, &mut latents);
        latents
    }
}

fn relu(value: f32) -> f32 {
    value.max(0.0)
}

fn through_relu(gradient: f32, drawn: f32) -> f32 {
    if drawn > 0.0 { gradient } else { 0.0 }
}

/// Takes a gradient from a function's output to its input, given the output.
pub(super) fn through(gradient: &mut [f32], output: &[f32], back: impl Fn(f32, f32) -> f32 + Sync) {
    gradient.par_chunks_mut(GRAIN).zip(output.par_chunks(GRAIN)).for_each(|(gradient, output)| {
        for (gradient, output) in gradient.iter_mut().zip(output) {
            *gradient = back(*gradient, *output);
        }
    });
}

/// A buffer with just so many values.
pub(super) fn sized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    buffer.resize(length, 0.0);
    buffer
}
