//! Extrapolates the generated image beyond its square, for holes that leave the frame.
//!
//! Each point outside is the mean of the pixels along the square's edge, weighted by the inverse square of their
//! distances. This is Poisson's kernel for a straight edge. Close to the edge the result is the pixel beside it;
//! further out the edge blurs together.

use std::ops::Range;

use rayon::prelude::*;

use super::BEYOND_SHARE;
use super::sample::Picture;

/// Points along the side of the square at which the outside is computed.
const POINTS: usize = 64;

/// How far around the requested part it is computed, in points: blending reads the known pixels beside the hole.
const AROUND: f32 = 4.0;

/// The extrapolation of one image, with the image itself in the middle.
pub(super) struct Beyond {
    /// An image of the whole fillable area. Only `part` of it is computed, across and down in the image's unit square.
    reach: Picture,
    part: [Range<f32>; 2],
}

impl Beyond {
    /// Extrapolates an image to the part that is needed, across and down in its unit square.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundred points"
    )]
    pub(super) fn of(picture: &Picture, part: &[Range<f32>; 2]) -> Self {
        let margin = (BEYOND_SHARE * POINTS as f32).ceil() as usize;
        let side = POINTS + 2 * margin;
        let unit = |index: usize| (index as f32 + 0.5 - margin as f32) / POINTS as f32;
        let middles = (0..POINTS).map(|index| (index as f32 + 0.5) / POINTS as f32);
        let edge: Vec<([f32; 2], [f32; 4])> = middles
            .flat_map(|along| [[along, 0.0], [along, 1.0], [0.0, along], [1.0, along]])
            .map(|at| (at, picture.at(at)))
            .collect();
        let inside = margin..margin + POINTS;
        let around = AROUND / POINTS as f32;
        let part = part.clone().map(|along| along.start - around..along.end + around);
        let color = |index: usize| {
            let (column, row) = (index % side, index / side);
            let [u, v] = [unit(column), unit(row)];
            if inside.contains(&column) && inside.contains(&row) {
                return picture.at([u, v]);
            }
            if !part[0].contains(&u) || !part[1].contains(&v) {
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
        let planes: Vec<f32> = (0..4).flat_map(|channel| pixels.iter().map(move |pixel| pixel[channel])).collect();
        Self { reach: Picture::new(&planes, side as u32), part }
    }

    /// Adds the extrapolation as a border to an image of the same content, which may have a higher resolution.
    pub(super) fn around(&self, picture: Picture) -> Picture {
        picture.with_border(BEYOND_SHARE, |point| self.at(point))
    }

    /// The colour at a point in or around the image's unit square; black outside the computed part.
    #[expect(clippy::cast_precision_loss, reason = "some hundred points")]
    fn at(&self, point: [f32; 2]) -> [f32; 4] {
        if !self.part[0].contains(&point[0]) || !self.part[1].contains(&point[1]) {
            return [0.0; 4];
        }
        let margin = (self.reach.side_px() / POINTS as f32 - 1.0) / 2.0;
        self.reach.at(point.map(|along| (along + margin) / (1.0 + 2.0 * margin)))
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "tests: numbers are small")]
mod tests {
    use super::*;

    const SIDE: usize = 64;
    const ALL: [Range<f32>; 2] = [-BEYOND_SHARE..1.0 + BEYOND_SHARE, -BEYOND_SHARE..1.0 + BEYOND_SHARE];

    fn picture(value: impl Fn(f32, f32) -> f32) -> Picture {
        let at = |index: usize| (index as f32 + 0.5) / SIDE as f32;
        let plane: Vec<f32> = (0..SIDE * SIDE).map(|index| value(at(index % SIDE), at(index / SIDE))).collect();
        Picture::new(&[plane.clone(), plane.clone(), plane].concat(), SIDE as u32)
    }

    #[test]
    fn extrapolation_fades_from_edge_pixels_to_their_mean() {
        let stripes = picture(|u, _| if (u * 4.0).fract() < 0.5 { -0.5 } else { 0.5 });
        let beyond = Beyond::of(&stripes, &ALL);
        // Four stripes of each colour cross the upper edge.
        let contrast = |v: f32| {
            let row: Vec<f32> = (0..8).map(|stripe| beyond.at([(stripe as f32 + 0.5) / 8.0, v])[0]).collect();
            (row[3] - row[2] + row[5] - row[4]) / 2.0
        };
        assert!((contrast(0.02) - 1.0).abs() < 0.05, "{}", contrast(0.02));
        assert!(contrast(-0.5 / 64.0) > 0.75, "{}", contrast(-0.5 / 64.0));
        assert!((0.1..0.6).contains(&contrast(-0.06)), "{}", contrast(-0.06));
        assert!(contrast(-BEYOND_SHARE).abs() < 0.05, "{}", contrast(-BEYOND_SHARE));
    }

    #[test]
    fn a_part_equals_the_whole_there() {
        let picture = picture(|u, v| (u * 9.0).sin() * (v * 7.0).cos());
        let (whole, part) = (Beyond::of(&picture, &ALL), Beyond::of(&picture, &[0.3..0.6, -0.2..0.4]));
        for u in 0..20u8 {
            for v in 0..20u8 {
                let point = [0.3 + 0.015 * f32::from(u), -0.2 + 0.03 * f32::from(v)];
                assert_eq!(whole.at(point).map(f32::to_bits), part.at(point).map(f32::to_bits), "{point:?}");
            }
        }
    }

    #[test]
    fn a_uniform_image_extrapolates_to_itself() {
        let beyond = Beyond::of(&picture(|_, _| 0.25), &ALL);
        for point in [[0.5, -0.3], [-0.2, -0.2], [1.0, 1.0], [1.25, 0.1], [0.4, 0.4]] {
            assert!((beyond.at(point)[1] - 0.25).abs() < 1e-4, "{point:?}");
        }
    }
}
