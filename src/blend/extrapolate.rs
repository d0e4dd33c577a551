//! Extrapolates the generated image beyond its square, for holes that leave the frame.
//!
//! Each point outside is the mean of the pixels along the square's edge, weighted by the inverse square of their
//! distances. This is Poisson's kernel for a straight edge. Close to the edge the result is the pixel beside it;
//! further out the edge's colours mix.

use std::ops::Range;

use rayon::prelude::*;

use super::FILL_MARGIN_SHARE;
use super::sampled_image::SampledImage;

/// Resolution of the extrapolation: points per side of the square.
const POINTS_PER_SIDE: usize = 64;

/// Margin around the needed part, in points: blending also samples beside the hole, at the known pixels.
const EXTRA_POINTS: f32 = 4.0;

/// The extrapolation of one image, with the image itself in the middle.
pub(super) struct Extrapolation {
    /// An image of the whole fillable area, computed only within `computed_part` (across and down).
    extended: SampledImage,
    computed_part: [Range<f32>; 2],
}

impl Extrapolation {
    /// Extrapolates an image to the part that is needed, across and down in its unit square.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundred points"
    )]
    pub(super) fn new(image: &SampledImage, needed: &[Range<f32>; 2]) -> Self {
        let margin = (FILL_MARGIN_SHARE * POINTS_PER_SIDE as f32).ceil() as usize;
        let side = POINTS_PER_SIDE + 2 * margin;
        let unit = |index: usize| (index as f32 + 0.5 - margin as f32) / POINTS_PER_SIDE as f32;
        let image_range = margin..margin + POINTS_PER_SIDE;
        let edge: Vec<([f32; 2], [f32; 4])> = (image_range.clone().map(unit))
            .flat_map(|along| [[along, 0.0], [along, 1.0], [0.0, along], [1.0, along]])
            .map(|point| (point, image.at(point)))
            .collect();
        let extra = EXTRA_POINTS / POINTS_PER_SIDE as f32;
        let computed_part = needed.clone().map(|along| along.start - extra..along.end + extra);
        let color = |index: usize| {
            let (column, row) = (index % side, index / side);
            let [u, v] = [unit(column), unit(row)];
            if image_range.contains(&column) && image_range.contains(&row) {
                return image.at([u, v]);
            }
            if !computed_part[0].contains(&u) || !computed_part[1].contains(&v) {
                return [0.0; 4];
            }
            let (mut sum, mut weights) = ([0.0; 4], 0.0);
            for ([x, y], color) in &edge {
                let weight = 1.0 / ((u - x) * (u - x) + (v - y) * (v - y));
                weights += weight;
                for (sum, value) in sum.iter_mut().zip(color) {
                    *sum += weight * value;
                }
            }
            sum.map(|value| value / weights)
        };
        let pixels: Vec<[f32; 4]> = (0..side * side).into_par_iter().map(color).collect();
        Self { extended: SampledImage::new(&pixels, side), computed_part }
    }

    /// Adds the extrapolation as a border to an image of the same content, which may have a higher resolution.
    pub(super) fn with_extrapolated_border(&self, image: SampledImage) -> SampledImage {
        image.with_border(FILL_MARGIN_SHARE, |point| self.at(point))
    }

    /// The colour at a point in or around the image's unit square; black outside the computed part.
    #[expect(clippy::cast_precision_loss, reason = "some hundred points")]
    fn at(&self, point: [f32; 2]) -> [f32; 4] {
        if !self.computed_part[0].contains(&point[0]) || !self.computed_part[1].contains(&point[1]) {
            return [0.0; 4];
        }
        let margin = (self.extended.side_px() / POINTS_PER_SIDE as f32 - 1.0) / 2.0;
        self.extended.at(point.map(|along| (along + margin) / (1.0 + 2.0 * margin)))
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "tests: numbers are small")]
mod tests {
    use super::*;

    const SIDE: usize = 64;
    const ALL: [Range<f32>; 2] =
        [-FILL_MARGIN_SHARE..1.0 + FILL_MARGIN_SHARE, -FILL_MARGIN_SHARE..1.0 + FILL_MARGIN_SHARE];

    fn image(value: impl Fn(f32, f32) -> f32) -> SampledImage {
        let unit = |index: usize| (index as f32 + 0.5) / SIDE as f32;
        let pixels = (0..SIDE * SIDE).map(|index| [value(unit(index % SIDE), unit(index / SIDE)); 4]);
        SampledImage::new(&pixels.collect::<Vec<[f32; 4]>>(), SIDE)
    }

    #[test]
    fn extrapolation_fades_from_edge_pixels_to_their_mean() {
        let stripes = image(|u, _| if (u * 4.0).fract() < 0.5 { -0.5 } else { 0.5 });
        let extrapolation = Extrapolation::new(&stripes, &ALL);
        // Four stripes of each colour cross the upper edge.
        let contrast = |v: f32| {
            let row: Vec<f32> = (0..8).map(|stripe| extrapolation.at([(stripe as f32 + 0.5) / 8.0, v])[0]).collect();
            (row[3] - row[2] + row[5] - row[4]) / 2.0
        };
        assert!((contrast(0.02) - 1.0).abs() < 0.05, "{}", contrast(0.02));
        assert!(contrast(-0.5 / 64.0) > 0.75, "{}", contrast(-0.5 / 64.0));
        assert!((0.1..0.6).contains(&contrast(-0.06)), "{}", contrast(-0.06));
        assert!(contrast(-FILL_MARGIN_SHARE).abs() < 0.05, "{}", contrast(-FILL_MARGIN_SHARE));
    }

    #[test]
    fn a_part_equals_the_whole_there() {
        let image = image(|u, v| (u * 9.0).sin() * (v * 7.0).cos());
        let (whole, part) = (Extrapolation::new(&image, &ALL), Extrapolation::new(&image, &[0.3..0.6, -0.2..0.4]));
        for u in 0..20u8 {
            for v in 0..20u8 {
                let point = [0.3 + 0.015 * f32::from(u), -0.2 + 0.03 * f32::from(v)];
                assert_eq!(whole.at(point).map(f32::to_bits), part.at(point).map(f32::to_bits), "{point:?}");
            }
        }
    }

    #[test]
    fn a_uniform_image_extrapolates_to_itself() {
        let extrapolation = Extrapolation::new(&image(|_, _| 0.25), &ALL);
        for point in [[0.5, -0.3], [-0.2, -0.2], [1.0, 1.0], [1.25, 0.1], [0.4, 0.4]] {
            assert!((extrapolation.at(point)[1] - 0.25).abs() < 1e-4, "{point:?}");
        }
    }
}
