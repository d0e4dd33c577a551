//! D and E: from pictures to outputs, and from the outputs' gradient to the pictures'.

use rayon::prelude::*;

use super::fold::{TAPS, fold, unfold};
use super::generator::{sized, through};
use super::product::Weights;
use super::{Tape, room};
use crate::model::{ModelError, ModelFile};

/// Slope of `LeakyReLU` below zero (DCGAN, section 3).
const LEAKY_SLOPE: f32 = 0.2;
/// Pixels that one thread handles at least.
const GRAIN: usize = 64;

pub(super) struct Judge {
    /// Each halves the side.
    layers: Vec<Layer>,
    /// Over all of the last layer's 4×4 pixels: `[16 · channels, outputs]`.
    score: Layer,
}

struct Layer {
    inputs: usize,
    outputs: usize,
    /// `[16 · inputs, outputs]`, the taps row by row.
    weights: Weights,
    bias: Vec<f32>,
}

impl Layer {
    fn load(file: &ModelFile, name: &str) -> Result<Self, ModelError> {
        let weight = file.tensor(&format!("{name}.weight"))?;
        let (outputs, inputs) = (weight.shape[0], weight.shape[1]);
        let value = |row: usize, output: usize| {
            let (tap, input) = (row / inputs, row % inputs);
            weight.values[(output * inputs + input) * TAPS + tap]
        };
        let weights = Weights::new(TAPS * inputs, outputs, value);
        Ok(Self { inputs, outputs, weights, bias: file.tensor(&format!("{name}.bias"))?.values.clone() })
    }
}

impl Judge {
    pub(super) fn load(file: &ModelFile, network: &str, layers: usize) -> Result<Self, ModelError> {
        let name = |index: usize| match index.checked_sub(1) {
            None => format!("{network}.from_rgb"),
            Some(index) => format!("{network}.down.{index}"),
        };
        Ok(Self {
            layers: (0..layers).map(|index| Layer::load(file, &name(index))).collect::<Result<_, _>>()?,
            score: Layer::load(file, &format!("{network}.score"))?,
        })
    }

    /// Channels of each layer's output.
    pub(super) fn channels(&self) -> impl Iterator<Item = usize> {
        self.layers.iter().map(|layer| layer.outputs)
    }

    /// `[batch, side, side, channels]` to `[batch, outputs]`; the outputs of the layers stay on the tape.
    pub(super) fn forward(&self, batch: usize, side_px: usize, pictures: &[f32], tape: &mut Tape) -> Vec<f32> {
        let Tape { judged, columns, .. } = tape;
        judged.resize_with(self.layers.len(), Vec::new);
        let mut side = side_px;
        for (index, layer) in self.layers.iter().enumerate() {
            side /= 2;
            let pixels = batch * side * side;
            let (before, after) = judged.split_at_mut(index);
            let columns = room(columns, pixels * TAPS * layer.inputs);
            unfold(side, layer.inputs, before.last().map_or(pictures, Vec::as_slice), columns);
            let out = sized(&mut after[0], pixels * layer.outputs);
            layer.weights.multiply(pixels, columns, out);
            out.par_chunks_mut(GRAIN * layer.outputs).for_each(|pixels| {
                for pixel in pixels.chunks_exact_mut(layer.outputs) {
                    for (value, bias) in pixel.iter_mut().zip(&layer.bias) {
                        let sum = *value + bias;
                        *value = sum.max(LEAKY_SLOPE * sum);
                    }
                }
            });
        }
        let mut outputs = vec![0.0; batch * self.score.outputs];
        if let Some(last) = judged.last() {
            self.score.weights.multiply(batch, last, &mut outputs);
        }
        for outputs in outputs.chunks_exact_mut(self.score.outputs) {
            for (output, bias) in outputs.iter_mut().zip(&self.score.bias) {
                *output += bias;
            }
        }
        outputs
    }

    /// From the outputs' gradient to the pictures', which is left in `tape.gradient`.
    pub(super) fn backward(&self, batch: usize, outputs_gradient: &[f32], tape: &mut Tape) {
        let Tape { judged, columns, gradient, next_gradient, .. } = tape;
        let last = judged.last().map_or(0, Vec::len);
        self.score.weights.multiply_back(batch, outputs_gradient, room(gradient, last));
        // Where the last layer ends: 4×4 pixels.
        let mut side = 4;
        for (layer, output) in self.layers.iter().zip(judged.iter()).rev() {
            let pixels = batch * side * side;
            let own = &mut gradient[..pixels * layer.outputs];
            through(own, output, |gradient, output| if output > 0.0 { gradient } else { LEAKY_SLOPE * gradient });
            let columns = room(columns, pixels * TAPS * layer.inputs);
            layer.weights.multiply_back(pixels, own, columns);
            let next = room(next_gradient, pixels * 4 * layer.inputs);
            fold(side, layer.inputs, columns, next, |_| {});
            std::mem::swap(gradient, next_gradient);
            side *= 2;
        }
    }
}
