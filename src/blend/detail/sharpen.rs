//! Sharpens the edges of the generated image.
//!
//! First the finest band of the image is amplified, clamped to the range of the neighbouring pixels. Then the image is
//! sampled a little further out on either side of each edge (warp sharpening), which makes the edge narrower. Neither
//! step creates a new colour, so there are no halos.

use rayon::prelude::*;

use crate::blend::sampled_image::{SampledImage, luma};
use crate::face_picture::FacePicture;

/// How much of the finest band is added.
const BAND_GAIN: f32 = 0.5;

/// How far beside an edge the image is sampled, in generator pixels, per unit gradient of edge strength.
const WARP_STRENGTH: f32 = 0.9;

/// Limit on that distance: further out it would sample the next edge.
const MAX_WARP: f32 = 0.7;

/// The luma step per generator pixel at which edge strength (0 to 1) is one half: 20 of 255. Shading stays far below;
/// lips and eyelids are about that.
const HALF_EDGE_STEP: f32 = 20.0 * 2.0 / 255.0;

/// Most points per generator pixel and axis; between points the cubic is smooth enough.
const MAX_POINTS_PER_PIXEL: usize = 4;

/// Sharpens the generated images of one photo.
pub(super) struct Sharpener {
    amount: f32,
    /// Points of the sharpened image per generator pixel, along each axis.
    points_per_pixel: usize,
}

impl Sharpener {
    /// For a photo whose edges have this sharpness (0 to 1).
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a few")]
    pub(super) fn new(sharpness: f32, photo_px_per_pixel: f32) -> Self {
        let points_per_pixel = (photo_px_per_pixel.ceil() as usize).clamp(2, MAX_POINTS_PER_PIXEL);
        Self { amount: sharpness, points_per_pixel }
    }

    /// The generated picture ready for sampling, sharpened by `strength`: 0 (not at all) to 1.
    pub(super) fn sharpened(&self, fill: &FacePicture, strength: f32) -> SampledImage {
        let amount = self.amount * strength;
        if amount <= 0.0 || fill.side_px == 0 {
            return fill.into();
        }
        let planes = fill.to_planes();
        let planes = planes.chunks_exact(fill.side_px * fill.side_px);
        let amplified: Vec<f32> =
            planes.flat_map(|plane| amplify_finest_band(plane, fill.side_px, amount * BAND_GAIN)).collect();
        let image = SampledImage::from(&FacePicture::from_planes(&amplified));
        let side = fill.side_px * self.points_per_pixel;
        let edges = self.edge_strengths(&image, side);
        SampledImage::new(&self.warp(&image, &edges, side, amount * WARP_STRENGTH), side)
    }

    /// Edge strength at each point: 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
    fn edge_strengths(&self, image: &SampledImage, side: usize) -> Vec<f32> {
        let points = self.points_per_pixel as f32;
        let unit = |index: usize| (index as f32 + 0.5) / side as f32;
        let lumas = (0..side * side).into_par_iter().map(|index| {
            let [red, green, blue, _] = image.at([unit(index % side), unit(index / side)]);
            luma([red, green, blue])
        });
        let lumas = gaussian_blur(&lumas.collect::<Vec<f32>>(), side, 0.5 * points);
        let strength = |index: usize| {
            let [right, down] = gradient(&lumas, side, index);
            let step = right.hypot(down) * points;
            let squared = step * step;
            squared / (squared + HALF_EDGE_STEP * HALF_EDGE_STEP)
        };
        gaussian_blur(&(0..side * side).map(strength).collect::<Vec<f32>>(), side, 0.35 * points)
    }

    /// The image sampled along the gradient of edge strength.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
    fn warp(&self, image: &SampledImage, edges: &[f32], side: usize, amount: f32) -> Vec<[f32; 4]> {
        let pixel = self.points_per_pixel as f32;
        let color = |index: usize| {
            let shift = gradient(edges, side, index).map(|slope| (amount * slope * pixel).clamp(-MAX_WARP, MAX_WARP));
            let unit = |index: usize, shift: f32| (index as f32 + 0.5 - shift * pixel) / side as f32;
            image.at([unit(index % side, shift[0]), unit(index / side, shift[1])])
        };
        (0..side * side).into_par_iter().map(color).collect()
    }
}

/// Amplifies the finest band of a plane. Each pixel stays within the range of its neighbours.
fn amplify_finest_band(plane: &[f32], side: usize, amount: f32) -> Vec<f32> {
    let low = gaussian_blur(plane, side, 1.0);
    let amplified = |index: usize| {
        let (column, row) = (index % side, index / side);
        let window = |center: usize| center.saturating_sub(1)..(center + 2).min(side);
        let indices = window(row).flat_map(|row| window(column).map(move |column| row * side + column));
        let values = indices.filter_map(|index| plane.get(index).copied());
        let (min, max) =
            values.fold((f32::INFINITY, f32::NEG_INFINITY), |(min, max), value| (min.min(value), max.max(value)));
        let (value, low) = (plane.get(index)?, low.get(index)?);
        Some((value + amount * (value - low)).max(min).min(max))
    };
    (0..side * side).map(|index| amplified(index).unwrap_or_default()).collect()
}

/// Gaussian blur along both axes. Points outside repeat the border.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a few points"
)]
fn gaussian_blur(plane: &[f32], side: usize, sigma: f32) -> Vec<f32> {
    let radius = (2.0 * sigma).ceil() as usize;
    let gaussian = |tap: usize| (-0.5 * (tap.abs_diff(radius) as f32 / sigma).powi(2)).exp();
    let total: f32 = (0..=2 * radius).map(gaussian).sum();
    let taps: Vec<f32> = (0..=2 * radius).map(|tap| gaussian(tap) / total).collect();
    let blur_axis = |plane: &[f32], step: usize| -> Vec<f32> {
        let value = |index: usize| {
            let position = index / step % side;
            let first = index - position * step;
            let tap = |(tap, weight): (usize, &f32)| {
                let neighbour = (position + tap).saturating_sub(radius).min(side - 1);
                weight * plane.get(first + neighbour * step).copied().unwrap_or_default()
            };
            taps.iter().enumerate().map(tap).sum()
        };
        (0..plane.len()).into_par_iter().map(value).collect()
    };
    blur_axis(&blur_axis(plane, 1), side)
}

/// The gradient of a plane per point, right and down, by central differences.
fn gradient(plane: &[f32], side: usize, index: usize) -> [f32; 2] {
    let (column, row) = (index % side, index / side);
    let at = |column: usize, row: usize| plane.get(row * side + column).copied().unwrap_or_default();
    let (left, right) = (column.saturating_sub(1), (column + 1).min(side - 1));
    let (above, below) = (row.saturating_sub(1), (row + 1).min(side - 1));
    [(at(right, row) - at(left, row)) / 2.0, (at(column, below) - at(column, above)) / 2.0]
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A soft edge, ±0.6, at a third of the image's width.
    fn soft_edge(size: usize) -> FacePicture {
        let value = |index: usize| (((index % size) as f32 - size as f32 / 3.0) / 1.5).tanh() * 0.6;
        FacePicture { side_px: size, pixels: (0..size * size).map(|index| [value(index); 3]).collect() }
    }

    /// The width between a tenth and nine tenths of the step, in generator pixels.
    fn width(image: &SampledImage, size: f32) -> f32 {
        let between = |at: &u16| image.at([f32::from(*at) / 3200.0, 0.5])[1].abs() < 0.8 * 0.6;
        (0..3200).filter(between).count() as f32 / 3200.0 * size
    }

    #[test]
    fn edges_narrow_with_sharpness_and_strength() {
        let fill = soft_edge(32);
        let edge_width =
            |sharpness: f32, strength: f32| width(&Sharpener::new(sharpness, 8.0).sharpened(&fill, strength), 32.0);
        let soft = edge_width(0.0, 1.0);
        assert!((soft - edge_width(1.0, 0.0)).abs() < 1e-3);
        assert!(edge_width(1.0, 1.0) < 0.8 * soft, "{} of {soft}", edge_width(1.0, 1.0));
        assert!(edge_width(0.5, 1.0) < soft && edge_width(0.5, 1.0) > edge_width(1.0, 1.0));
        assert!((edge_width(0.5, 1.0) - edge_width(1.0, 0.5)).abs() < 1e-3);
    }

    #[test]
    fn sharpening_does_not_move_an_edge() {
        let fill = soft_edge(32);
        let image = Sharpener::new(1.0, 8.0).sharpened(&fill, 1.0);
        let crossing = (0..3200u16).find(|at| image.at([f32::from(*at) / 3200.0, 0.5])[0] > 0.0);
        // The centre of pixel 32/3 is half a pixel further.
        let expected = (32.0 / 3.0 + 0.5) / 32.0;
        assert!((f32::from(crossing.unwrap()) / 3200.0 - expected).abs() < 0.1 / 32.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn colours_stay_within_the_local_range(
            plane in prop::collection::vec(-1.0f32..=1.0, 12 * 12), scale in 1.3f32..9.0,
        ) {
            let fill = FacePicture::from_planes(&plane.repeat(3));
            let image = Sharpener::new(1.0, scale).sharpened(&fill, 1.0);
            for (row, column) in (0..12usize).flat_map(|row| (0..12usize).map(move |column| (row, column))) {
                let window = |center: usize| center.saturating_sub(3)..(center + 4).min(12);
                let positions = window(row).flat_map(|row| window(column).map(move |column| (row, column)));
                let values = positions.map(|(row, column)| plane[row * 12 + column]);
                let (min, max) = values.fold((1.0f32, -1.0f32), |(min, max), value| (min.min(value), max.max(value)));
                // The cubic overshoots by at most an eighth each way, twice.
                let slack = 0.4 * (max - min);
                let [red, ..] = image.at([(column as f32 + 0.5) / 12.0, (row as f32 + 0.5) / 12.0]);
                prop_assert!(red >= min - slack && red <= max + slack, "{red} not in {min}..{max}");
            }
        }
    }
}
