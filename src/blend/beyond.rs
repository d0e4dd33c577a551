//! The generator's picture outside its square, for holes that leave the frame.
//!
//! Nothing is drawn there, so the picture goes on as a stretched skin would: each point is the mean of the pixels along the square's
//! edge, weighted by one over the squares of their distances, which is Poisson's kernel in front of a straight edge. Close to the
//! edge that is the pixel beside it, further out less and less of one.

use std::ops::Range;

use rayon::prelude::*;

use super::BEYOND_SHARE;
use super::sample::Picture;

/// Points along the side of the square for which the outside is worked out.
const POINTS: usize = 64;

/// How far around the part that is asked for it is worked out, in points: joins read the known pixels beside the hole.
const AROUND: f32 = 4.0;

/// The outside of one picture, with the square itself in the middle.
pub(super) struct Beyond {
    /// A picture of the whole reach, of which only this part is worked out, across and down in the unit square of the picture.
    reach: Picture,
    part: [Range<f32>; 2],
}

impl Beyond {
    /// What goes on outside of a picture, as far as it is needed for a part, across and down in the unit square.
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

    /// A picture of the same, which may be finer, with this around it.
    pub(super) fn around(&self, picture: Picture) -> Picture {
        picture.with_border(BEYOND_SHARE, |point| self.at(point))
    }

    /// The colour at a point of the unit square of the picture, or around it; black outside of the part that is worked out.
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
    fn it_begins_as_the_edge_and_ends_as_a_mean_of_it() {
        let stripes = picture(|u, _| if (u * 4.0).fract() < 0.5 { -0.5 } else { 0.5 });
        let beyond = Beyond::of(&stripes, &ALL);
        // Four stripes of either colour cross the upper edge.
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
    fn a_part_is_what_the_whole_is_there() {
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
    fn a_plain_picture_goes_on_as_it_is() {
        let beyond = Beyond::of(&picture(|_, _| 0.25), &ALL);
        for point in [[0.5, -0.3], [-0.2, -0.2], [1.0, 1.0], [1.25, 0.1], [0.4, 0.4]] {
            assert!((beyond.at(point)[1] - 0.25).abs() < 1e-4, "{point:?}");
        }
    }
}
