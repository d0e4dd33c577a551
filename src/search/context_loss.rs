//! The context loss, `Σ W⊙|G(z) − y|` over the known pixels (arXiv 1607.07539, equation 2): target, weights, and the
//! arithmetic on the CPU. The GPU's is in `operations/losses.wgsl`.

use super::problem::SearchProblem;
use super::{ContextSettings, Norm, Reduction};
use crate::mask::{context_weights, pair_weights};

/// The known pixels, and the weight of a difference to each of them.
pub(super) struct ContextTarget {
    pub norm: Norm,
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
            norm: context.norm,
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

impl ContextTarget {
    /// Context loss of one picture `[side, side, 3]`, whose gradient is added to `gradient`.
    pub fn loss(&self, picture: &[f32], gradient: &mut [f32]) -> f32 {
        let differences = self.differences(picture);
        let gradient = gradient.as_chunks_mut::<3>().0;
        let mut sum = 0.0;
        for ((gradient, pixel), weight) in gradient.iter_mut().zip(&differences).zip(&self.weights) {
            let terms = pixel.map(|difference| self.term(difference));
            sum += weighted_sum(*weight, terms);
            let factor = self.pixel_scale * weight;
            *gradient = std::array::from_fn(|channel| gradient[channel] + factor * terms[channel].slope);
        }
        let mut total = self.pixel_scale * to_f32(sum);
        for (weights, offset) in self.neighbours() {
            let mut sum = 0.0;
            for (weight, pixel, change) in pairs(&differences, weights, offset) {
                let terms = change.map(|change| self.term(change));
                sum += weighted_sum(weight, terms);
                let factor = self.pair_scale * weight;
                for (channel, term) in terms.into_iter().enumerate() {
                    gradient[pixel + offset][channel] += factor * term.slope;
                    gradient[pixel][channel] -= factor * term.slope;
                }
            }
            total += self.pair_scale * to_f32(sum);
        }
        total
    }

    fn term(&self, difference: f32) -> Term {
        match self.norm {
            // At 0, the subgradient 0, as in autodiff.
            Norm::L1 => {
                Term { loss: difference.abs(), slope: if difference == 0.0 { 0.0 } else { difference.signum() } }
            }
            Norm::L2 => Term { loss: difference * difference, slope: 2.0 * difference },
        }
    }

    /// Picture minus photo, per pixel.
    fn differences(&self, picture: &[f32]) -> Vec<[f32; 3]> {
        let pixels = picture.as_chunks::<3>().0.iter().zip(self.pixels.as_chunks::<3>().0);
        pixels.map(|(picture, photo)| std::array::from_fn(|channel| picture[channel] - photo[channel])).collect()
    }

    /// Weights and offset of the neighbours on the right and of those below; none if their differences do not count.
    fn neighbours(&self) -> impl Iterator<Item = (&[f32], usize)> {
        let counted = if self.pair_scale > 0.0 { 2 } else { 0 };
        self.pair_weights.iter().map(Vec::as_slice).zip([1, self.side_px]).take(counted)
    }
}

/// What one difference adds to the loss, and the derivative of that.
#[derive(Clone, Copy)]
struct Term {
    loss: f32,
    slope: f32,
}

fn weighted_sum(weight: f32, terms: [Term; 3]) -> f64 {
    f64::from(weight * terms.into_iter().map(|term| term.loss).sum::<f32>())
}

/// Each pair of neighbours with a weight: the weight, the first pixel, and the change from it to the second.
fn pairs<'a>(
    differences: &'a [[f32; 3]],
    weights: &'a [f32],
    offset: usize,
) -> impl Iterator<Item = (f32, usize, [f32; 3])> + 'a {
    weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0).map(move |(pixel, weight)| {
        let (first, second) = (differences[pixel], differences[pixel + offset]);
        (*weight, pixel, std::array::from_fn(|channel| second[channel] - first[channel]))
    })
}

#[expect(clippy::cast_possible_truncation, reason = "summed in f64, returned in f32")]
fn to_f32(sum: f64) -> f32 {
    sum as f32
}
