//! Context weights: how much each known pixel counts (CVPR 2017, section 3.2).

use std::collections::VecDeque;

/// Context weights of a crop: `W = (1 − focus)·M + focus·W_paper`, each 0 to 1. `known` is the paper's `M`: `[size,
/// size]`, 1 where known and 0 in the hole. The result has the same shape.
///
/// `W_paper` of a known pixel is the share of hole pixels in the square window around it (`window_px` wide, odd; the
/// paper's is 7). It is zero in the hole. The share is always of `window_px²`, and pixels outside the crop count as
/// known. (The paper's formula can also be read as a share of the `window_px² − 1` neighbours without the pixel itself;
/// the reference numbers use `window_px²`.)
///
/// `focus` 0 is plain `M`, 1 is the paper. An even `window_px` is rounded up to the next odd number.
///
/// # Panics
/// If `known` does not hold `size_px²` values.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of pixels in a window, far below 2^24")]
pub fn context_weights(known: &[f32], size_px: usize, window_px: usize, focus: f32) -> Vec<f32> {
    assert_eq!(known.len(), size_px * size_px, "`known` must be a square crop");
    let radius = window_px / 2;
    let window_area = (2 * radius + 1).pow(2) as f32;
    let sums = hole_sums(known, size_px);
    let stride = size_px + 1;
    let mut weights = Vec::with_capacity(known.len());
    for y in 0..size_px {
        let (top, bottom) = (y.saturating_sub(radius), (y + radius + 1).min(size_px));
        for x in 0..size_px {
            let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(size_px));
            let holes = sums[bottom * stride + right] + sums[top * stride + left]
                - sums[top * stride + right]
                - sums[bottom * stride + left];
            let known = known[y * size_px + x];
            weights.push(known * (1.0 - focus) + known * focus * (holes as f32 / window_area));
        }
    }
    weights
}

/// Weights of neighbour pairs: of each pixel with the pixel to its right, then of each pixel with the pixel below,
/// `[size, size]` each. A weight is the mean of the two pixels' `weights`, and zero unless both are known and the
/// neighbour exists.
#[must_use]
pub fn pair_weights(weights: &[f32], known: &[f32], size_px: usize) -> [Vec<f32>; 2] {
    let pair = |pixel: usize, neighbour: Option<usize>| match neighbour {
        Some(next) if known[pixel] > 0.0 && known[next] > 0.0 => f32::midpoint(weights[pixel], weights[next]),
        _ => 0.0,
    };
    let right = (0..weights.len()).map(|pixel| pair(pixel, ((pixel + 1) % size_px > 0).then_some(pixel + 1)));
    let below = (0..weights.len()).map(|pixel| pair(pixel, Some(pixel + size_px).filter(|&next| next < weights.len())));
    [right.collect(), below.collect()]
}

/// Summed-area table of hole pixels, `[size + 1, size + 1]`: entry `(y, x)` counts those above and left of it.
fn hole_sums(known: &[f32], size_px: usize) -> Vec<u32> {
    let stride = size_px + 1;
    let mut sums = vec![0; stride * stride];
    for y in 0..size_px {
        let mut in_row = 0;
        for x in 0..size_px {
            in_row += u32::from(known[y * size_px + x] == 0.0);
            sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + in_row;
        }
    }
    sums
}

/// For each pixel of a crop of side `size`, the number of steps left, right, up or down to the nearest known pixel. 0
/// for a known pixel; `u32::MAX` when no pixel is known. `known` is `[size, size]`, 1 where known.
#[must_use]
pub fn distance_to_known(known: &[f32], size: usize) -> Vec<u32> {
    let mut distances: Vec<u32> = known.iter().map(|&known| if known > 0.0 { 0 } else { u32::MAX }).collect();
    let mut queue: VecDeque<usize> = (0..distances.len()).filter(|&pixel| distances[pixel] == 0).collect();
    while let Some(pixel) = queue.pop_front() {
        let (x, y) = (pixel % size, pixel / size);
        let neighbours = [
            (x > 0).then(|| pixel - 1),
            (x + 1 < size).then(|| pixel + 1),
            pixel.checked_sub(size),
            (y + 1 < size).then(|| pixel + size),
        ];
        let distance = distances[pixel] + 1;
        for next in neighbours.into_iter().flatten() {
            if let Some(steps) = distances.get_mut(next).filter(|steps| **steps > distance) {
                *steps = distance;
                queue.push_back(next);
            }
        }
    }
    distances
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mask::MaskPreset;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

        #[test]
        fn weights_equal_the_share_of_hole_pixels(
            size in 1usize..12, radius in 0usize..7, focus in 0.0f32..=1.0, bits in prop::collection::vec(any::<bool>(), 144),
        ) {
            let known: Vec<f32> = bits[..size * size].iter().map(|&bit| f32::from(u8::from(bit))).collect();
            let window = 2 * radius + 1;
            let weights = context_weights(&known, size, window, focus);
            for (index, weight) in weights.iter().enumerate() {
                let (x, y) = (index % size, index / size);
                let near = |position: usize, center: usize| position.abs_diff(center) <= radius;
                let holes = (0..size * size).filter(|i| known[*i] == 0.0 && near(i % size, x) && near(i / size, y)).count();
                let share = holes as f32 / (window * window) as f32;
                prop_assert!((weight - known[index] * (1.0 - focus + focus * share)).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn weights_match_a_hand_worked_example() {
        let mut known = [1.0; 25];
        for hole in [11, 12, 16] {
            known[hole] = 0.0;
        }
        let weights = context_weights(&known, 5, 3, 1.0);
        #[rustfmt::skip]
        let ninths = [
            0.0, 0.0, 0.0, 0.0, 0.0,
            1.0, 2.0, 2.0, 1.0, 0.0,
            2.0, 0.0, 0.0, 1.0, 0.0,
            2.0, 0.0, 3.0, 1.0, 0.0,
            1.0, 1.0, 1.0, 0.0, 0.0,
        ];
        for (weight, ninth) in weights.iter().zip(ninths) {
            assert!((weight - ninth / 9.0).abs() < 1e-6, "{weights:?}");
        }
        assert_eq!(context_weights(&known, 5, 3, 0.0), known);
        assert!((context_weights(&known, 5, 3, 0.25)[5] - (0.75 + 0.25 / 9.0)).abs() < 1e-6);
    }

    #[test]
    fn pair_weights_are_means_of_two_known_pixels() {
        #[rustfmt::skip]
        let (known, weights) = ([
            1.0, 1.0, 0.0,
            1.0, 1.0, 1.0,
            0.0, 1.0, 1.0,
        ], [
            0.2, 0.4, 0.0,
            0.6, 0.8, 1.0,
            0.0, 0.5, 0.3,
        ]);
        let [right, below] = pair_weights(&weights, &known, 3);
        let near = |found: &[f32], expected: [f32; 9]| found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near(&right, [0.3, 0.0, 0.0, 0.7, 0.9, 0.0, 0.0, 0.4, 0.0]), "{right:?}");
        assert!(near(&below, [0.4, 0.6, 0.0, 0.0, 0.65, 0.65, 0.0, 0.0, 0.0]), "{below:?}");
    }

    #[test]
    fn paper_weights_keep_only_pixels_near_the_hole() {
        let hole = MaskPreset::Center.hole_in_crop(64, 0);
        let known: Vec<f32> = hole.iter().map(|&hole| if hole { 0.0 } else { 1.0 }).collect();
        let weights = context_weights(&known, 64, 7, 1.0);
        // The hole is 32×32, and known pixels up to three away have hole in their window: 38² − 32² of 64² − 32².
        assert_eq!(weights.iter().filter(|&&weight| weight > 0.0).count(), 420);
        // Beside the middle of an edge the window holds 3 × 7 hole pixels.
        assert!((weights[32 * 64 + 15] - 21.0 / 49.0).abs() < 1e-6);
    }

    #[test]
    fn distances_to_known_pixels_are_axis_steps() {
        #[rustfmt::skip]
        let known = [
            1.0, 0.0, 0.0, 0.0,
            0.0, 0.0, 0.0, 0.0,
            0.0, 0.0, 0.0, 0.0,
            0.0, 0.0, 0.0, 1.0,
        ];
        assert_eq!(distance_to_known(&known, 4), [0, 1, 2, 3, 1, 2, 3, 2, 2, 3, 2, 1, 3, 2, 1, 0]);
        assert_eq!(distance_to_known(&[0.0; 4], 2), [u32::MAX; 4]);
    }
}
