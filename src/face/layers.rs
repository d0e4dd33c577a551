//! The layers of the face networks, on the CPU.
//!
//! Maps are channels-last, so that the channels of a pixel are contiguous in memory and a vector instruction computes
//! several of them.

#![expect(clippy::inline_always, reason = "target features apply only to code that is inlined into their function")]

mod convolution;
mod separable;

use pulp::Simd;
use rayon::prelude::*;
use safetensors::SafeTensors;

pub(super) use convolution::Convolution;
pub(super) use separable::SeparableConvolution;

/// A square map, channels-last: `[side, side, channels]`.
#[derive(Default)]
pub struct FeatureMap {
    pub side: usize,
    pub channels: usize,
    pub values: Vec<f32>,
}

impl FeatureMap {
    /// The largest value of every 2×2 pixels. None of them is negative.
    pub fn max_pooled(&self) -> Self {
        let (side, channels) = (self.side, self.channels);
        let mut values = vec![0.0; side * side * channels / 4];
        let bands = values.par_chunks_mut(side * channels / 2).zip(self.values.par_chunks(2 * side * channels));
        bands.for_each(|(pooled, rows)| pool_rows(rows, side, channels, pooled));
        Self { side: side / 2, channels, values }
    }

    /// Adds a map of half the side, each pixel of it to 2×2 pixels.
    pub fn add_enlarged(&mut self, small: &Self) {
        let channels = self.channels;
        self.values.par_chunks_mut(self.side * channels).enumerate().for_each(|(y, row)| {
            let source = small.values[y / 2 * small.side * channels..].chunks_exact(channels);
            for (pair, pixel) in row.chunks_exact_mut(2 * channels).zip(source) {
                for half in pair.chunks_exact_mut(channels) {
                    half.iter_mut().zip(pixel).for_each(|(value, added)| *value += added);
                }
            }
        });
    }
}

/// The largest value of every 2×2 pixels of these rows, and zero: all maps that are pooled come from a `ReLU`.
fn pool_rows(rows: &[f32], side: usize, channels: usize, pooled: &mut [f32]) {
    let row_length = side * channels;
    for (rows, pooled) in rows.chunks_exact(2 * row_length).zip(pooled.chunks_exact_mut(row_length / 2)) {
        let (above, below) = rows.split_at(row_length);
        let pairs = above.chunks_exact(2 * channels).zip(below.chunks_exact(2 * channels));
        for (output, (above, below)) in pooled.chunks_exact_mut(channels).zip(pairs) {
            for pixel in [above, below].into_iter().flat_map(|row| row.chunks_exact(channels)) {
                output.iter_mut().zip(pixel).for_each(|(largest, value)| *largest = largest.max(*value));
            }
        }
    }
}

/// Reads a tensor of f32 values.
///
/// # Panics
/// If there is none: the files are embedded in the program, and tests load them.
fn read_values(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let tensor = file.tensor(name).expect("an embedded network is complete");
    tensor.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// A vector of a pixel's channels.
#[inline(always)]
fn vector_at<S: Simd>(channels: &[f32], index: usize) -> S::f32s {
    S::as_simd_f32s(channels).0[index]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Outputs of another implementation (see the README of the fixtures).
    static GOLDEN: &[u8] = include_bytes!("../../assets/fixtures/face-networks-golden.safetensors");

    pub fn golden_values(name: &str) -> Vec<f32> {
        read_values(&SafeTensors::deserialize(GOLDEN).unwrap(), name)
    }

    /// The input of the golden outputs: value i is `from_byte((i² + 7 i) mod 256)`.
    #[expect(clippy::cast_precision_loss, reason = "bytes")]
    pub fn test_map(side: usize, channels: usize, from_byte: impl Fn(f32) -> f32) -> FeatureMap {
        let value = |index: usize| from_byte(((index * index + 7 * index) % 256) as f32);
        FeatureMap { side, channels, values: (0..side * side * channels).map(value).collect() }
    }
}
