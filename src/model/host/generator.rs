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

pub(super) struct Generator {
    /// From a latent to 4×4 pixels.
    project: Layer,
    /// Each doubles the side; the last draws the picture.
    layers: Vec<Layer>,
}

struct Layer {
    inputs: usize,
    outputs: usize,
    /// `[inputs, 16 · outputs]`, the taps row by row.
    weights: Weights,
    bias: Vec<f32>,
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

    /// From the pictures' gradient in `tape.gradient` to the latents'.
    pub(super) fn backward(&self, batch: usize, tape: &mut Tape) -> Vec<f32> {
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
            layer.weights.multiply_back(pixels, columns, room(next_gradient, pixels * layer.inputs));
            std::mem::swap(gradient, next_gradient);
        }
        let own = &mut gradient[..batch * self.project.weights.columns()];
        through(own, &drawn[0], through_relu);
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
