//! The target and the weights of the context loss.

use super::problem::SearchProblem;
use super::{ContextSettings, Reduction};
use crate::mask::{context_weights, pair_weights};

/// The known pixels, and the weight of a difference to each of them.
pub(super) struct ContextTarget {
    pub side_px: usize,
    /// `[side, side, 3]`, zero in the hole.
    pub pixels: Vec<f32>,
    /// `[side, side]`: 0 or 1.
    pub known: Vec<f32>,
    /// `[side, side]`: W, zero in the hole.
    pub weights: Vec<f32>,
    /// Factor of the weighted differences: 1 for the sum, `1 / Σ W` over pixels and channels for the mean.
    pub pixel_scale: f32,
    /// `[side, side]` each: the weight of a pixel's difference to the pixel on its right, and to the pixel below.
    pub pair_weights: [Vec<f32>; 2],
    /// As `pixel_scale`, for differences between neighbours. Includes the weight of these differences.
    pub pair_scale: f32,
}

impl ContextTarget {
    pub fn new(problem: &SearchProblem, context: &ContextSettings) -> Self {
        let side_px = problem.size_px;
        let area = side_px * side_px;
        // Hole pixels are set to zero here, so no later code can read them.
        let value = |index: usize| {
            let (pixel, channel) = (index / 3, index % 3);
            if problem.known[pixel] > 0.0 { problem.pixels[channel * area + pixel] } else { 0.0 }
        };
        let weights = context_weights(&problem.known, side_px, context.window_px as usize, context.focus);
        let pair_weights = pair_weights(&weights, &problem.known, side_px);
        let scale = |sum: f32| match context.reduction {
            Reduction::Sum => 1.0,
            Reduction::Mean if sum > 0.0 => 1.0 / (3.0 * sum),
            // No pixel has a weight: the loss is zero.
            Reduction::Mean => 0.0,
        };
        let (pixel_scale, pair_sum) = (scale(weights.iter().sum()), pair_weights.iter().flatten().sum());
        Self {
            side_px,
            pixels: (0..3 * area).map(value).collect(),
            known: problem.known.clone(),
            weights,
            pixel_scale,
            pair_weights,
            pair_scale: context.gradient * scale(pair_sum),
        }
    }
}
