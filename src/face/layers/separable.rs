//! Separable convolutions.

#![expect(clippy::inline_always, reason = "target features apply only to code that is inlined into their function")]

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use safetensors::SafeTensors;

use super::{Convolution, FeatureMap, pool_rows, read_values, vector_at};

/// Rows that one task computes. What lies between the two convolutions stays in the cache.
const BAND_ROWS: usize = 8;

/// A 1×1 convolution followed by a 3×3 convolution of each channel (Howard et al. 2017, section 3.1, in reverse order).
pub struct SeparableConvolution {
    pointwise: Convolution,
    /// `[9, channels]`.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// [`SeparableConvolution::apply_to_band`] with the processor's widest vectors.
struct SeparableTask<'a> {
    layer: &'a SeparableConvolution,
    map: &'a FeatureMap,
    first_row: usize,
    min: f32,
    outputs: &'a mut [f32],
}

impl WithSimd for SeparableTask<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.layer.apply_to_band(simd, self.map, self.first_row, self.min, self.outputs);
    }
}

impl SeparableConvolution {
    /// Reads `name.pointwise` and `name.depthwise`, `[channels, 1, 3, 3]`.
    pub fn load(file: &SafeTensors<'_>, name: &str) -> Self {
        let pointwise = Convolution::load(file, &format!("{name}.pointwise"));
        let weight = read_values(file, &format!("{name}.depthwise.weight"));
        let bias = read_values(file, &format!("{name}.depthwise.bias"));
        let channels = bias.len();
        let weight = (0..weight.len()).map(|index| weight[index % channels * 9 + index / channels]).collect();
        Self { pointwise, weight, bias }
    }

    /// The convolution, limited to `min` from below. Beyond the map are zeros.
    pub fn apply(&self, map: &FeatureMap, min: f32) -> FeatureMap {
        let (side, channels) = (map.side, self.bias.len());
        let mut values = vec![0.0; side * side * channels];
        values.par_chunks_mut(BAND_ROWS * side * channels).enumerate().for_each(|(band, outputs)| {
            Arch::new().dispatch(SeparableTask { layer: self, map, first_row: band * BAND_ROWS, min, outputs });
        });
        FeatureMap { side, channels, values }
    }

    /// The convolution with `ReLU`, then the largest value of every 2×2 pixels. Needs less memory than both in turn.
    pub fn apply_and_pool(&self, map: &FeatureMap) -> FeatureMap {
        let (side, channels) = (map.side, self.bias.len());
        let mut values = vec![0.0; side * side * channels / 4];
        values.par_chunks_mut(BAND_ROWS * side * channels / 4).enumerate().for_each(|(band, pooled)| {
            let mut outputs = vec![0.0; 4 * pooled.len()];
            let task = SeparableTask { layer: self, map, first_row: band * BAND_ROWS, min: 0.0, outputs: &mut outputs };
            Arch::new().dispatch(task);
            pool_rows(&outputs, side, channels, pooled);
        });
        FeatureMap { side: side / 2, channels, values }
    }

    #[inline(always)]
    fn apply_to_band<S: Simd>(&self, simd: S, map: &FeatureMap, first_row: usize, min: f32, outputs: &mut [f32]) {
        let (side, channels) = (map.side, self.bias.len());
        let (input_length, output_length, padded) = (side * map.channels, side * channels, (side + 2) * channels);
        let rows = outputs.len() / output_length;
        // Output of the 1×1 convolution, with a border of one pixel.
        let mut projected = vec![0.0; (rows + 2) * padded];
        for (index, row) in projected.chunks_exact_mut(padded).enumerate() {
            if (1..=side).contains(&(first_row + index)) {
                let inputs = &map.values[(first_row + index - 1) * input_length..][..input_length];
                self.pointwise.apply(simd, inputs, &mut row[channels..channels + output_length]);
            }
        }
        for (index, row) in outputs.chunks_exact_mut(output_length).enumerate() {
            let around: [&[f32]; 3] = std::array::from_fn(|k| &projected[(index + k) * padded..][..padded]);
            for vector in 0..channels / S::F32_LANES {
                self.apply_to_vector(simd, vector, around, min, row);
            }
        }
    }

    /// One vector of channels of one row, from three padded rows.
    #[inline(always)]
    fn apply_to_vector<S: Simd>(&self, simd: S, vector: usize, rows: [&[f32]; 3], min: f32, outputs: &mut [f32]) {
        let channels = self.bias.len();
        let mut weights = [vector_at::<S>(&self.bias, vector); 9];
        for (weight, weights) in weights.iter_mut().zip(self.weight.chunks_exact(channels)) {
            *weight = vector_at::<S>(weights, vector);
        }
        let (bias, min) = (vector_at::<S>(&self.bias, vector), simd.splat_f32s(min));
        for (x, output) in outputs.chunks_exact_mut(channels).enumerate() {
            let mut sum = bias;
            for k in 0..9 {
                let input = vector_at::<S>(&rows[k / 3][(x + k % 3) * channels..], vector);
                sum = simd.mul_add_f32s(weights[k], input, sum);
            }
            S::as_mut_simd_f32s(output).0[vector] = simd.max_f32s(sum, min);
        }
    }
}
