//! Convolutions over all channels, as matrix products.

#![expect(clippy::inline_always, reason = "target features apply only to code that is inlined into their function")]

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use safetensors::SafeTensors;

use super::{FeatureMap, read_values, vector_at};

/// Pixels that the matrix product computes together, so that sums need not wait for each other.
const TILE: usize = 8;

/// A convolution over the whole depth, for squares of any side.
pub struct Convolution {
    /// `[side · side · inputs, outputs]`, with the inputs of one pixel side by side.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// [`Convolution::apply`] with the processor's widest vectors.
struct ConvolutionTask<'a> {
    layer: &'a Convolution,
    inputs: &'a [f32],
    outputs: &'a mut [f32],
}

impl WithSimd for ConvolutionTask<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.layer.apply(simd, self.inputs, self.outputs);
    }
}

impl Convolution {
    /// Reads `name.weight`, `[outputs, inputs, side, side]`, and `name.bias`.
    pub fn load(file: &SafeTensors<'_>, name: &str) -> Self {
        let weight = read_values(file, &format!("{name}.weight"));
        let bias = read_values(file, &format!("{name}.bias"));
        let shape = file.tensor(&format!("{name}.weight")).map(|tensor| tensor.shape().to_vec()).unwrap_or_default();
        let (inputs, area) = (shape[1], shape[2] * shape[3]);
        let value = |index: usize| {
            let (output, position) = (index % bias.len(), index / bias.len());
            weight[(output * inputs + position % inputs) * area + position / inputs]
        };
        Self { weight: (0..weight.len()).map(value).collect(), bias }
    }

    /// For every row of `inputs`, one row of `outputs`. The number of outputs is a multiple of 16, the longest vector.
    #[inline(always)]
    pub fn apply<S: Simd>(&self, simd: S, inputs: &[f32], outputs: &mut [f32]) {
        let width = self.weight.len() / self.bias.len();
        let tiles = inputs.chunks(TILE * width).zip(outputs.chunks_mut(TILE * self.bias.len()));
        for (inputs, outputs) in tiles {
            if inputs.len() == TILE * width {
                self.apply_to_rows::<S, TILE>(simd, inputs, outputs);
            } else {
                for (inputs, outputs) in inputs.chunks(width).zip(outputs.chunks_mut(self.bias.len())) {
                    self.apply_to_rows::<S, 1>(simd, inputs, outputs);
                }
            }
        }
    }

    #[inline(always)]
    fn apply_to_rows<S: Simd, const ROWS: usize>(&self, simd: S, inputs: &[f32], outputs: &mut [f32]) {
        let (channels, width) = (self.bias.len(), inputs.len() / ROWS);
        for index in 0..channels / S::F32_LANES {
            let mut sums = [vector_at::<S>(&self.bias, index); ROWS];
            for (input, weight) in self.weight.chunks_exact(channels).enumerate() {
                let weight = vector_at::<S>(weight, index);
                for row in 0..ROWS {
                    sums[row] = simd.mul_add_f32s(weight, simd.splat_f32s(inputs[row * width + input]), sums[row]);
                }
            }
            for (output, sum) in outputs.chunks_exact_mut(channels).zip(sums) {
                S::as_mut_simd_f32s(output).0[index] = sum;
            }
        }
    }

    /// A 3×3 convolution with stride 2 and `ReLU`. Beyond the map are zeros.
    pub fn halve(&self, map: &FeatureMap) -> FeatureMap {
        let (side, channels) = (map.side.div_ceil(2), self.bias.len());
        let mut values = vec![0.0; side * side * channels];
        values.par_chunks_mut(side * channels).enumerate().for_each(|(y, row)| {
            let columns = patches(map, y, side);
            Arch::new().dispatch(ConvolutionTask { layer: self, inputs: &columns, outputs: row });
            for value in row {
                *value = value.max(0.0);
            }
        });
        FeatureMap { side, channels, values }
    }

    /// The output at one place, for an input of the weight's own size. With it, a dense layer is a convolution too.
    pub fn at_one_place(&self, input: &[f32]) -> Vec<f32> {
        let mut sums = self.bias.clone();
        for (value, weight) in input.iter().zip(self.weight.chunks_exact(self.bias.len())) {
            sums.iter_mut().zip(weight).for_each(|(sum, weight)| *sum += value * weight);
        }
        sums
    }
}

/// The 3×3 pixels around every second pixel of row `2 · y`, `[side, 9 · channels]`.
fn patches(map: &FeatureMap, y: usize, side: usize) -> Vec<f32> {
    let channels = map.channels;
    let mut columns = vec![0.0; side * 9 * channels];
    for (x, patch) in columns.chunks_exact_mut(9 * channels).enumerate() {
        for (position, pixel) in patch.chunks_exact_mut(channels).enumerate() {
            let (row, column) = (2 * y + position / 3, 2 * x + position % 3);
            if (1..=map.side).contains(&row) && (1..=map.side).contains(&column) {
                pixel.copy_from_slice(&map.values[((row - 1) * map.side + column - 1) * channels..][..channels]);
            }
        }
    }
    columns
}
