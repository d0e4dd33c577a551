//! What the rounding of a JPEG leaves open: each coefficient of an 8 × 8 block was rounded to a multiple of its step.
//!
//! The blocks start at the photo's corner, so the photo must not have been cut since it was a JPEG. Colours are taken
//! to have half the resolution, as most programs save them.

use std::f32::consts::{PI, SQRT_2};

use rayon::prelude::*;

use super::region::Region;
use crate::restore::luma;

/// Side of a block of coefficients.
const BLOCK: usize = 8;
/// Side of the photo pixels under a block of colour coefficients.
pub(super) const CHROMA_BLOCK_PX: u32 = 16;

/// How far a coefficient may go from the photo's, as a share of its step. The rounding leaves half a step open, but the
/// ends are unlikely: small coefficients are nearer to zero, and the face is not exactly this face.
const OPEN_SHARE: f32 = 0.3;

/// Steps of the luma at quality 50, row by row (ITU-T T.81, table K.1).
#[rustfmt::skip]
const LUMA_STEPS: [f32; 64] = [
    16.0, 11.0, 10.0, 16.0, 24.0, 40.0, 51.0, 61.0,
    12.0, 12.0, 14.0, 19.0, 26.0, 58.0, 60.0, 55.0,
    14.0, 13.0, 16.0, 24.0, 40.0, 57.0, 69.0, 56.0,
    14.0, 17.0, 22.0, 29.0, 51.0, 87.0, 80.0, 62.0,
    18.0, 22.0, 37.0, 56.0, 68.0, 109.0, 103.0, 77.0,
    24.0, 35.0, 55.0, 64.0, 81.0, 104.0, 113.0, 92.0,
    49.0, 64.0, 78.0, 87.0, 103.0, 121.0, 120.0, 101.0,
    72.0, 92.0, 95.0, 98.0, 112.0, 100.0, 103.0, 99.0,
];

/// Steps of the colours at quality 50: the first rows and columns of table K.2. All others are 99.
#[rustfmt::skip]
const CHROMA_STEPS: [[f32; 4]; 4] = [
    [17.0, 18.0, 24.0, 47.0],
    [18.0, 21.0, 26.0, 66.0],
    [24.0, 26.0, 56.0, 99.0],
    [47.0, 66.0, 99.0, 99.0],
];

/// The steps to which a JPEG's coefficients were rounded.
#[derive(Debug)]
pub(super) struct JpegRounding {
    luma: [f32; 64],
    chroma: [f32; 64],
}

impl JpegRounding {
    /// The steps of a quality from 1 to 100, as libjpeg scales them.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    pub(super) fn of_quality(quality: u32) -> Self {
        let quality = quality.clamp(1, 100) as f32;
        let percent = if quality < 50.0 { 5000.0 / quality } else { 200.0 - 2.0 * quality };
        let scaled = |step: f32| ((step * percent + 50.0) / 100.0).floor().clamp(1.0, 255.0);
        let chroma = |index: usize| {
            let row = CHROMA_STEPS.get(index / BLOCK);
            row.and_then(|row| row.get(index % BLOCK)).copied().unwrap_or(99.0)
        };
        Self { luma: LUMA_STEPS.map(scaled), chroma: std::array::from_fn(|index| scaled(chroma(index))) }
    }

    /// The region nearest to the face that would have been rounded to the photo's coefficients.
    pub(super) fn within_rounding(&self, photo: &Region, face: &Region) -> Region {
        let difference = face.minus(photo);
        let luma_plane: Vec<f32> = difference.pixels.iter().map(|pixel| luma(*pixel)).collect();
        let allowed_luma = clamped(&luma_plane, difference.width, 1, &self.luma);
        let hues = |channel: usize| -> Vec<f32> {
            let hue = difference.pixels.iter().zip(&luma_plane).map(|(pixel, luma)| pixel[channel] - luma);
            clamped(&hue.collect::<Vec<_>>(), difference.width, 2, &self.chroma)
        };
        // Cb and Cr are B − Y and R − Y, scaled; the scales are near 1/2, and so are the errors of decoding.
        let (red, blue) = (hues(0), hues(2));
        photo.map(|index, pixel| {
            let [red, blue] = [red[index], blue[index]];
            // The luma of the hues is zero.
            let green = -(0.299 * red + 0.114 * blue) / 0.587;
            let hue = [red, green, blue];
            std::array::from_fn(|channel| pixel[channel] + allowed_luma[index] + hue[channel])
        })
    }
}

/// A plane of differences whose coefficients are within [`OPEN_SHARE`] of their steps. `scale` is the number of pixels per sample, along
/// each side.
fn clamped(plane: &[f32], width: usize, scale: usize, steps: &[f32; 64]) -> Vec<f32> {
    let height = plane.len() / width.max(1);
    let (columns, side) = (width.div_ceil(BLOCK * scale), BLOCK * scale);
    let block_count = columns * height.div_ceil(side);
    let at = |x: usize, y: usize| plane[y.min(height - 1) * width + x.min(width - 1)];
    #[expect(clippy::cast_precision_loss, reason = "1 or 4")]
    let sample = |x: usize, y: usize| {
        let pixels = (0..scale).flat_map(|j| (0..scale).map(move |i| (x + i, y + j)));
        pixels.map(|(x, y)| at(x, y)).sum::<f32>() / (scale * scale) as f32
    };
    let block = |index: usize| {
        let (left, top) = (index % columns * side, index / columns * side);
        let samples = std::array::from_fn(|i| sample(left + i % BLOCK * scale, top + i / BLOCK * scale));
        let mut coefficients = transform(&samples, false);
        for (coefficient, step) in coefficients.iter_mut().zip(steps) {
            *coefficient = coefficient.clamp(-OPEN_SHARE * step, OPEN_SHARE * step);
        }
        transform(&coefficients, true)
    };
    let blocks: Vec<[f32; 64]> = (0..block_count).into_par_iter().map(block).collect();
    let value = |index: usize| {
        let (x, y) = (index % width, index / width);
        blocks[y / side * columns + x / side][y % side / scale * BLOCK + x % side / scale]
    };
    (0..plane.len()).map(value).collect()
}

/// The orthonormal cosine transform of a block, as a JPEG has it, or its inverse.
fn transform(block: &[f32; 64], inverse: bool) -> [f32; 64] {
    #[expect(clippy::cast_precision_loss, reason = "below 8")]
    let basis = |frequency: usize, position: usize| {
        let scale = if frequency == 0 { 0.5 / SQRT_2 } else { 0.5 };
        scale * (PI / 16.0 * (2 * position + 1) as f32 * frequency as f32).cos()
    };
    let matrix: [f32; 64] =
        std::array::from_fn(|i| if inverse { basis(i % BLOCK, i / BLOCK) } else { basis(i / BLOCK, i % BLOCK) });
    let multiply_rows = |block: &[f32; 64]| -> [f32; 64] {
        // Transposes, so that twice gives rows and columns.
        std::array::from_fn(|i| {
            let (to, row) = (i / BLOCK, i % BLOCK);
            (0..BLOCK).map(|k| matrix[to * BLOCK + k] * block[row * BLOCK + k]).sum()
        })
    };
    multiply_rows(&multiply_rows(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_orthonormal() {
        let block: [f32; 64] = std::array::from_fn(|i| f32::from(u8::try_from(i * 37 % 101).unwrap()) - 50.0);
        let coefficients = transform(&block, false);
        let energy = |values: &[f32; 64]| values.iter().map(|value| value * value).sum::<f32>();
        assert!((energy(&coefficients) / energy(&block) - 1.0).abs() < 1e-4);
        assert!((coefficients[0] - block.iter().sum::<f32>() / 8.0).abs() < 1e-2, "the first is 8 times the mean");
        let back = transform(&coefficients, true);
        assert!(back.iter().zip(&block).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    #[test]
    fn quality_scales_the_steps() {
        let steps = |quality| JpegRounding::of_quality(quality).luma[..3].to_vec();
        assert_eq!(steps(50), [16.0, 11.0, 10.0]);
        assert_eq!(steps(10), [80.0, 55.0, 50.0]);
        assert_eq!(steps(90), [3.0, 2.0, 2.0]);
        assert_eq!(JpegRounding::of_quality(50).chroma[24..29], [47.0, 66.0, 99.0, 99.0, 99.0]);
    }
}
