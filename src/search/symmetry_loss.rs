//! The symmetry loss: compares hidden pixels with the mirrored photo, since faces are nearly symmetric.
//!
//! A pixel is compared if it is hidden, not near a known pixel, and its mirror image is known. Light from one side
//! makes the halves differ smoothly, so the local mean of the differences is subtracted first.

use super::cpu_evaluator::loss_and_derivative;
use super::{ContextSettings, Norm, SearchProblem};
use crate::mask::distance_to_known;

/// Hidden pixels up to this distance (in steps) from a known pixel are not compared: the known pixel says more.
const NEAR_KNOWN_PX: u32 = 2;

/// The compared pixels and the mirrored photo.
pub(super) struct SymmetryTarget {
    side_px: usize,
    /// `[side, side]`: 1 for each compared pixel, else 0.
    compared: Vec<f32>,
    /// `[side, side]`: 1 / number of compared pixels in the window around each pixel.
    inverse_counts: Vec<f32>,
    /// `[3, side, side]`: the mirrored photo at the compared pixels, else 0.
    pixels: Vec<f32>,
}

/// Radius of the window.
pub(super) fn window_radius(side_px: usize) -> usize {
    side_px / 4
}

impl SymmetryTarget {
    /// `None` if `context` has no symmetry loss or there is no pixel to compare.
    pub(super) fn for_problem(problem: &SearchProblem, context: &ContextSettings) -> Option<Self> {
        if context.symmetry == 0.0 {
            return None;
        }
        let side_px = problem.size_px;
        let area = side_px * side_px;
        let mirrored = |pixel: usize| pixel - pixel % side_px + (side_px - 1 - pixel % side_px);
        let distances = distance_to_known(&problem.known, side_px);
        let is_compared = |pixel: usize| distances[pixel] > NEAR_KNOWN_PX && problem.known[mirrored(pixel)] > 0.0;
        let compared: Vec<f32> = (0..area).map(|pixel| f32::from(u8::from(is_compared(pixel)))).collect();
        if !compared.contains(&1.0) {
            return None;
        }
        let value = |channel: usize, pixel: usize| {
            if is_compared(pixel) { problem.pixels[channel * area + mirrored(pixel)] } else { 0.0 }
        };
        let pixels = (0..3).flat_map(|channel| (0..area).map(move |pixel| value(channel, pixel))).collect();
        // No compared pixel in the window: the mean is unused.
        let inverse = |count: f32| if count > 0.5 { 1.0 / count } else { 0.0 };
        let inverse_counts = window_sums(side_px, &compared).into_iter().map(inverse).collect();
        Some(Self { side_px, compared, inverse_counts, pixels })
    }

    /// `[side, side, 4]`: the mirrored photo at the compared pixels and 1, else 0.
    pub(super) fn pixels_and_compared(&self) -> Vec<[f32; 4]> {
        let area = self.compared.len();
        let pixel = |index: usize| {
            let [red, green, blue] = [0, 1, 2].map(|channel| self.pixels[channel * area + index]);
            [red, green, blue, self.compared[index]]
        };
        (0..area).map(pixel).collect()
    }

    /// `[side, side]`: 1 / number of compared pixels in the window around each pixel.
    pub(super) fn inverse_counts(&self) -> &[f32] {
        &self.inverse_counts
    }

    /// The loss of a picture `[side, side, 3]`, times `scale`; adds its gradient.
    pub(super) fn loss(&self, norm: Norm, scale: f32, picture: &[f32], gradient: &mut [f32]) -> f32 {
        let Self { side_px, compared, inverse_counts, pixels } = self;
        let times = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).collect::<Vec<f32>>();
        let mut sum = 0.0;
        for (channel, pixels) in pixels.chunks_exact(side_px * side_px).enumerate() {
            let values = picture.iter().skip(channel).step_by(3);
            let differences: Vec<f32> = values.zip(pixels).map(|(value, pixel)| value - pixel).collect();
            let means = times(&window_sums(*side_px, &times(&differences, compared)), inverse_counts);
            let mut slopes = Vec::with_capacity(compared.len());
            for ((difference, mean), weight) in differences.iter().zip(means).zip(compared) {
                let (loss, slope) = loss_and_derivative(norm, difference - mean);
                sum += f64::from(weight * loss);
                slopes.push(scale * weight * slope);
            }
            // Each difference also contributes to the means around it.
            let through_means = window_sums(*side_px, &times(&slopes, inverse_counts));
            let gradient = gradient.iter_mut().skip(channel).step_by(3);
            for (((gradient, slope), through_mean), weight) in gradient.zip(&slopes).zip(through_means).zip(compared) {
                *gradient += slope - weight * through_mean;
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "summed in f64, returned in f32")]
        let sum = sum as f32;
        scale * sum
    }
}

/// Sums over the window around each pixel, cut at the border, `[side, side]`.
fn window_sums(side_px: usize, plane: &[f32]) -> Vec<f32> {
    let along_rows = |plane: &[f32]| {
        let radius = window_radius(side_px);
        let mut sums = vec![0.0; plane.len()];
        for (y, row) in plane.chunks_exact(side_px).enumerate() {
            let mut sum: f32 = row[..radius].iter().sum();
            for x in 0..side_px {
                sum += row.get(x + radius).unwrap_or(&0.0);
                sum -= x.checked_sub(radius + 1).map_or(0.0, |left| row[left]);
                // Transposed: the second call sums along the columns and transposes back.
                sums[x * side_px + y] = sum;
            }
        }
        sums
    };
    along_rows(&along_rows(plane))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Preset;

    const SIDE_PX: usize = 16;
    const AREA: usize = SIDE_PX * SIDE_PX;

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn photo(channel: usize, pixel: usize) -> f32 {
        ((channel * 31 + pixel * 7) % 23) as f32 / 11.5 - 1.0
    }

    /// The columns `hidden` are hidden in the upper half. Hidden values must not be read.
    fn problem(hidden: std::ops::Range<usize>) -> SearchProblem {
        let hides = |pixel: usize| hidden.contains(&(pixel % SIDE_PX)) && pixel < AREA / 2;
        let values = (0..3).flat_map(|channel| (0..AREA).map(move |pixel| (channel, pixel)));
        let pixels = values.map(|(channel, pixel)| if hides(pixel) { f32::NAN } else { photo(channel, pixel) });
        let known = (0..AREA).map(|pixel| if hides(pixel) { 0.0 } else { 1.0 });
        SearchProblem { size_px: SIDE_PX, pixels: pixels.collect(), known: known.collect() }
    }

    fn mirrored(channel: usize, pixel: usize) -> f32 {
        photo(channel, pixel - pixel % SIDE_PX + SIDE_PX - 1 - pixel % SIDE_PX)
    }

    fn picture(value: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        (0..3 * AREA).map(|index| value(index % 3, index / 3)).collect()
    }

    #[test]
    fn mirrored_photo_has_no_loss_in_any_light() {
        let mirror = SymmetryTarget::for_problem(&problem(1..7), &Preset::Best.settings().context).unwrap();
        let loss = |picture: &[f32]| mirror.loss(Norm::L1, 0.5, picture, &mut vec![0.0; 3 * AREA]);
        assert!(loss(&picture(mirrored)) < 1e-6);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let light = |channel: usize| 0.1 * channel as f32 - 0.3;
        assert!(loss(&picture(|channel, pixel| mirrored(channel, pixel) + light(channel))) < 1e-4);
        // Known pixels and pixels near them are not compared.
        let far = |pixel: usize| (3..5).contains(&(pixel % SIDE_PX)) && pixel / SIDE_PX < 6;
        assert!(loss(&picture(|c, pixel| if far(pixel) { mirrored(c, pixel) } else { 9.0 })) < 1e-6);
        // A single pixel that is off by one: it differs from its window's mean and shifts the means of the others.
        let spot = 3 * SIDE_PX + 4;
        let with_spot = loss(&picture(|c, pixel| mirrored(c, pixel) + f32::from(u8::from(c == 1 && pixel == spot))));
        assert!((0.8..1.2).contains(&with_spot), "{with_spot}");
    }

    #[test]
    fn symmetric_or_narrow_holes_have_nothing_to_compare() {
        let best = Preset::Best.settings().context;
        assert!(SymmetryTarget::for_problem(&problem(4..12), &best).is_none());
        assert!(SymmetryTarget::for_problem(&problem(2..6), &best).is_none());
        assert!(SymmetryTarget::for_problem(&problem(1..7), &ContextSettings { symmetry: 0.0, ..best }).is_none());
    }

    #[test]
    fn window_sums_are_cut_at_the_border() {
        let plane: Vec<f32> = (0..AREA).map(|pixel| photo(0, pixel)).collect();
        for (pixel, sum) in window_sums(SIDE_PX, &plane).into_iter().enumerate() {
            let near = |other: &usize| {
                (other % SIDE_PX).abs_diff(pixel % SIDE_PX) <= 4 && (other / SIDE_PX).abs_diff(pixel / SIDE_PX) <= 4
            };
            let expected: f32 = (0..AREA).filter(near).map(|other| plane[other]).sum();
            assert!((sum - expected).abs() < 1e-4, "{pixel}: {sum} for {expected}");
        }
    }
}
