//! The generator's picture, read between its pixels.

use crate::face::CropGrid;

/// A picture made ready for reading anywhere: RGB and one unused lane together (one vector load each), with a border repeated
/// from its edge.
pub(super) struct Picture {
    size_px: usize,
    pixels: Vec<[f32; 4]>,
}

/// Pixels that the cubic reads beyond those around a point of the picture.
const BORDER_PX: usize = 2;

impl Picture {
    /// From planar RGB in [-1, 1], `[3, size, size]`.
    ///
    /// # Panics
    /// When `planes` has another length.
    pub(super) fn new(planes: &[f32], size_px: u32) -> Self {
        let size_px = size_px as usize;
        let area = size_px * size_px;
        assert_eq!(planes.len(), 3 * area, "planar RGB of a square picture");
        let side = size_px + 2 * BORDER_PX;
        let inside = |at: usize| at.saturating_sub(BORDER_PX).min(size_px.saturating_sub(1));
        let mut pixels = Vec::with_capacity(side * side);
        for row in 0..side {
            pixels.extend((0..side).map(|column| {
                let index = inside(row) * size_px + inside(column);
                let channel = |channel: usize| planes.get(channel * area + index).copied().unwrap_or(0.0);
                [channel(0), channel(1), channel(2), 0.0]
            }));
        }
        Self { size_px, pixels }
    }

    /// Side in pixels.
    #[expect(clippy::cast_precision_loss, reason = "crops are at most some hundred pixels wide")]
    pub(super) fn side_px(&self) -> f32 {
        self.size_px as f32
    }

    /// The colour at a point of the unit square, by Catmull-Rom's cubic (Keys 1981 with a = −1/2), which passes through the
    /// pixels; outside the square it is the edge's. Clamped to [-1, 1], which the cubic overshoots at hard edges.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the picture first")]
    pub(super) fn at(&self, [u, v]: [f32; 2]) -> [f32; 4] {
        let side = self.side_px();
        let split = |unit: f32| {
            let at = (unit * side).clamp(0.0, side) - 0.5;
            let whole = at.floor();
            // The first of four pixels is one to the left, in the bordered picture.
            ((whole + 1.0) as usize, cubic(at - whole))
        };
        let ((column, along), (row, down)) = (split(u), split(v));
        let stride = self.size_px + 2 * BORDER_PX;
        let mut sum = [0.0; 4];
        for (tap, weight) in down.into_iter().enumerate() {
            let start = (row + tap) * stride + column;
            let Some(pixels) = self.pixels.get(start..start + 4) else { return sum };
            let mut line = [0.0; 4];
            for (pixel, weight) in pixels.iter().zip(along) {
                for (sum, value) in line.iter_mut().zip(pixel) {
                    *sum += weight * value;
                }
            }
            for (sum, value) in sum.iter_mut().zip(line) {
                *sum += weight * value;
            }
        }
        sum.map(|value| value.clamp(-1.0, 1.0))
    }
}

/// How a picture is read for pixels of the photo or of a patch: at their middle, or, where such a pixel covers several of
/// the picture's, at several places, evenly spaced, whose mean is taken.
pub(super) struct Spots<'a> {
    picture: &'a Picture,
    unit: CropGrid,
    /// Offsets from the middle, in photo pixels.
    places: Vec<[f64; 2]>,
}

impl<'a> Spots<'a> {
    /// Most places each way: enough for the smallest frame (16 pixels) and a generator of 128.
    const MAX_EACH_WAY: f64 = 8.0;

    /// For pixels of this size in the photo; `unit` lays the unit square over the photo.
    pub(super) fn new(picture: &'a Picture, unit: CropGrid, [width, height]: [f64; 2]) -> Self {
        let ([left, top], [right, bottom]) = (unit.to_crop([0.0, 0.0]), unit.to_crop([width.max(height), 0.0]));
        let covered_px = (right - left).hypot(bottom - top) * f64::from(picture.side_px());
        // Rounding must not double the work of one to one.
        let each_way = (covered_px - 0.01).ceil().clamp(1.0, Self::MAX_EACH_WAY);
        let steps =
            || (0..8u32).map(f64::from).take_while(|step| *step < each_way).map(|step| (step + 0.5) / each_way - 0.5);
        let places = steps().flat_map(|y| steps().map(move |x| [x * width, y * height])).collect();
        Self { picture, unit, places }
    }

    /// The mean colour of a pixel with its middle here.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "single precision is enough here")]
    pub(super) fn mean(&self, [x, y]: [f64; 2]) -> [f32; 4] {
        let mut sum = [0.0; 4];
        for [right, down] in &self.places {
            let color = self.picture.at(self.unit.to_crop([x + right, y + down]).map(|at| at as f32));
            for (sum, value) in sum.iter_mut().zip(color) {
                *sum += value;
            }
        }
        sum.map(|value| value / self.places.len() as f32)
    }
}

/// The weights of the four pixels around a point `t` of the way from the second to the third.
fn cubic(t: f32) -> [f32; 4] {
    let (square, cube) = (t * t, t * t * t);
    [
        -0.5 * cube + square - 0.5 * t,
        1.5 * cube - 2.5 * square + 1.0,
        -1.5 * cube + 2.0 * square + 0.5 * t,
        0.5 * cube - 0.5 * square,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(size_px: usize, value: impl Fn(usize, usize) -> f32) -> Picture {
        let plane: Vec<f32> = (0..size_px * size_px).map(|index| value(index % size_px, index / size_px)).collect();
        Picture::new(&[plane.clone(), plane.clone(), plane].concat(), size_px as u32)
    }

    #[test]
    fn it_passes_through_the_pixels() {
        let value = |x: usize, y: usize| ((x * 37 + y * 91) % 23) as f32 / 11.5 - 1.0;
        let picture = picture(8, value);
        for (x, y) in [(0, 0), (7, 7), (3, 5), (7, 0)] {
            let [red, ..] = picture.at([(x as f32 + 0.5) / 8.0, (y as f32 + 0.5) / 8.0]);
            assert!((red - value(x, y)).abs() < 1e-5, "at {x}, {y}: {red}");
        }
    }

    #[test]
    fn a_ramp_stays_a_ramp_between_its_pixels() {
        let picture = picture(16, |x, _| x as f32 / 16.0 - 0.5);
        for at in [3.2f32, 7.77, 11.5] {
            let [red, ..] = picture.at([at / 16.0, 0.41]);
            assert!((red - ((at - 0.5) / 16.0 - 0.5)).abs() < 1e-5);
        }
    }

    #[test]
    fn a_pixel_that_covers_several_is_their_mean() {
        let picture = picture(64, |x, _| if x % 2 == 0 { -1.0 } else { 1.0 });
        let frame = crate::face::FaceFrame { center_in_photo: [16.0, 16.0], side_px: 32.0, angle_radians: 0.0 };
        let spots = Spots::new(&picture, CropGrid::new(&frame, 1).unwrap(), [1.0, 1.0]);
        assert_eq!(spots.places.len(), 4);
        assert!(spots.mean([10.5, 12.5])[0].abs() < 1e-5);
        let same_size = crate::face::FaceFrame { side_px: 64.0, ..frame };
        let spots = Spots::new(&picture, CropGrid::new(&same_size, 1).unwrap(), [1.0, 1.0]);
        assert_eq!(spots.places, [[0.0, 0.0]]);
    }

    #[test]
    fn beyond_the_edge_it_is_the_edge_and_overshoot_is_cut() {
        let picture = picture(8, |x, _| if x < 4 { -1.0 } else { 1.0 });
        assert!((picture.at([-9.0, 0.5])[0] + 1.0).abs() < 1e-6);
        assert!((picture.at([9.0, 1.5])[1] - 1.0).abs() < 1e-6);
        for step in 0..100u8 {
            let [red, ..] = picture.at([f32::from(step) / 100.0, 0.5]);
            assert!((-1.0..=1.0).contains(&red));
        }
    }
}
