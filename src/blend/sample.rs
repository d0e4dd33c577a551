//! The generator's picture, read between its pixels.

use rayon::prelude::*;

use crate::photo::cubic;

/// A picture made ready for reading anywhere: RGB and one more lane together (one vector load each), with a border, repeated from
/// its edge unless it is [given one](Picture::with_border).
pub(super) struct Picture {
    size_px: usize,
    border_px: usize,
    pixels: Vec<[f32; 4]>,
}

/// Pixels that the cubic reads beyond those around a point of the picture.
const BORDER_PX: usize = 2;

impl Picture {
    /// From planar RGB in [-1, 1], `[3, size, size]`, or with a fourth plane of the same range.
    ///
    /// # Panics
    /// When `planes` has another length.
    pub(super) fn new(planes: &[f32], size_px: u32) -> Self {
        let size_px = size_px as usize;
        let area = size_px * size_px;
        assert!([3 * area, 4 * area].contains(&planes.len()), "planar RGB of a square picture");
        let side = size_px + 2 * BORDER_PX;
        let inside = |at: usize| at.saturating_sub(BORDER_PX).min(size_px.saturating_sub(1));
        let mut pixels = Vec::with_capacity(side * side);
        for row in 0..side {
            pixels.extend((0..side).map(|column| {
                let index = inside(row) * size_px + inside(column);
                let channel = |channel: usize| planes.get(channel * area + index).copied().unwrap_or(0.0);
                [channel(0), channel(1), channel(2), channel(3)]
            }));
        }
        Self { size_px, border_px: BORDER_PX, pixels }
    }

    /// The same picture with another border, as wide as a share of its side: its colours at points around the unit square.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundred pixels"
    )]
    pub(super) fn with_border(self, share: f32, outside: impl Fn([f32; 2]) -> [f32; 4] + Sync) -> Self {
        let border_px = BORDER_PX + (share * self.side_px()).ceil() as usize;
        let side = self.size_px + 2 * border_px;
        let inside = border_px..border_px + self.size_px;
        let unit = |index: usize| (index as f32 + 0.5 - border_px as f32) / self.side_px();
        let moved = border_px - self.border_px;
        let row = |row: usize| {
            (0..side).map(move |column| (column, row)).map(|(column, row)| {
                if inside.contains(&column) && inside.contains(&row) {
                    let index = (row - moved) * self.stride() + column - moved;
                    self.pixels.get(index).copied().unwrap_or_default()
                } else {
                    outside([unit(column), unit(row)])
                }
            })
        };
        let pixels = (0..side).into_par_iter().flat_map_iter(row).collect();
        Self { size_px: self.size_px, border_px, pixels }
    }

    /// Side in pixels.
    #[expect(clippy::cast_precision_loss, reason = "crops are at most some hundred pixels wide")]
    pub(super) fn side_px(&self) -> f32 {
        self.size_px as f32
    }

    /// The colour at a point of the unit square, by Catmull-Rom's cubic (Keys 1981 with a = −1/2), which passes through the
    /// pixels; outside of the border it is the border's. Clamped to [-1, 1], which the cubic overshoots at hard edges.
    #[inline]
    pub(super) fn at(&self, [u, v]: [f32; 2]) -> [f32; 4] {
        let ((column, along), (row, down)) = (self.split(u), self.split(v));
        let stride = self.stride();
        let mut sum = [0.0; 4];
        for (tap, weight) in down.into_iter().enumerate() {
            let start = (row + tap) * stride + column;
            let Some(pixels) = self.pixels.get(start..start + 4) else { return sum };
            for (sum, value) in sum.iter_mut().zip(weighted(pixels, along)) {
                *sum += weight * value;
            }
        }
        clamped(sum)
    }

    /// The picture along a level line of the unit square: what all points of the line have in common, worked out once.
    fn line(&self, v: f32) -> Vec<[f32; 4]> {
        let (row, down) = self.split(v);
        let stride = self.stride();
        let mut line = vec![[0.0; 4]; stride];
        for (pixels, weight) in self.pixels.chunks_exact(stride).skip(row).zip(down) {
            for (sum, value) in line.as_flattened_mut().iter_mut().zip(pixels.as_flattened()) {
                *sum += weight * value;
            }
        }
        line
    }

    /// The colour at a point of a [`line`](Self::line).
    #[inline]
    fn at_in_line(&self, line: &[[f32; 4]], u: f32) -> [f32; 4] {
        let (column, along) = self.split(u);
        let pixels = line.get(column..column + 4).unwrap_or_default();
        clamped(weighted(pixels, along))
    }

    /// The first of the four pixels around a unit coordinate, in the bordered picture, and their weights.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "clamped to the picture first, and pictures are at most some hundred pixels wide"
    )]
    #[inline]
    fn split(&self, unit: f32) -> (usize, [f32; 4]) {
        let side = self.side_px();
        // Of the border, what the cubic needs around the last point that can be read.
        let around = (self.border_px - BORDER_PX) as f32;
        // The border puts the centre of the first one pixel and a half before the point's pixel border.
        let from_first = (unit * side).clamp(-around, side + around) + around + 0.5;
        let first = from_first as usize;
        (first, cubic(from_first - first as f32))
    }

    fn stride(&self) -> usize {
        self.size_px + 2 * self.border_px
    }
}

/// The weighted sum of four pixels; zero when there are not four.
#[inline]
fn weighted(pixels: &[[f32; 4]], weights: [f32; 4]) -> [f32; 4] {
    let mut sum = [0.0; 4];
    // Written out by lanes, not with `map`: this is what the compiler turns into vectors.
    if let [a, b, c, d] = pixels {
        for (lane, sum) in sum.iter_mut().enumerate() {
            *sum = weights[0] * a[lane] + weights[1] * b[lane] + weights[2] * c[lane] + weights[3] * d[lane];
        }
    }
    sum
}

#[inline]
fn clamped(mut color: [f32; 4]) -> [f32; 4] {
    for value in &mut color {
        *value = value.clamp(-1.0, 1.0);
    }
    color
}

/// How a picture is read for one row of pixels of the photo or of a patch.
pub(super) struct RowReader<'a> {
    picture: &'a Picture,
    /// The middle of the row's first pixel, and the step to the next, in the unit square.
    start: [f32; 2],
    across: [f32; 2],
    places: Places,
}

enum Places {
    /// At each pixel's middle, on a level line of the picture.
    Line(Vec<[f32; 4]>),
    /// At each pixel's middle.
    Middle,
    /// At several offsets from the middle: the mean of them stands for a pixel that covers several of the picture's.
    Several(Vec<[f32; 2]>),
}

impl<'a> RowReader<'a> {
    /// Most places each way: enough for the smallest frame (16 pixels) and a generator of 128.
    const MAX_EACH_WAY: f32 = 8.0;

    /// From the middle of the row's first pixel and its sides, across and down, all in the unit square.
    pub(super) fn new(picture: &'a Picture, start: [f32; 2], across: [f32; 2], down: [f32; 2]) -> Self {
        let length = |[x, y]: [f32; 2]| x.hypot(y) * picture.side_px();
        // Rounding must not double the work of one to one.
        let each_way = (length(across).max(length(down)) - 0.01).ceil().clamp(1.0, Self::MAX_EACH_WAY);
        let places = if each_way > 1.0 {
            let steps = || (0..8u8).map(f32::from).take_while(|step| *step < each_way);
            let place = |x: f32, y: f32| [0, 1].map(|axis| x * across[axis] + y * down[axis]);
            let shift = |step: f32| (step + 0.5) / each_way - 0.5;
            Places::Several(steps().flat_map(|y| steps().map(move |x| place(shift(x), shift(y)))).collect())
        } else if across[1] == 0.0 {
            Places::Line(picture.line(start[1]))
        } else {
            Places::Middle
        };
        Self { picture, start, across, places }
    }

    /// The colour of a pixel of the row.
    #[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide; and 64 places at most")]
    #[inline]
    pub(super) fn at(&self, column: usize) -> [f32; 4] {
        let steps = column as f32;
        let (u, v) = (self.start[0] + steps * self.across[0], self.start[1] + steps * self.across[1]);
        match &self.places {
            Places::Line(line) => self.picture.at_in_line(line, u),
            Places::Middle => self.picture.at([u, v]),
            Places::Several(places) => {
                let mut sum = [0.0; 4];
                for [right, down] in places {
                    for (sum, value) in sum.iter_mut().zip(self.picture.at([u + right, v + down])) {
                        *sum += value;
                    }
                }
                sum.map(|value| value / places.len() as f32)
            }
        }
    }
}

/// Luma of gamma-coded red, green and blue (ITU-R BT.709, section 3.2).
pub(super) fn luma([red, green, blue]: [f32; 3]) -> f32 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "small numbers")]
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
        let row = RowReader::new(&picture, [0.5 / 32.0, 12.5 / 32.0], [1.0 / 32.0, 0.0], [0.0, 1.0 / 32.0]);
        assert!(matches!(&row.places, Places::Several(places) if places.len() == 4));
        assert!(row.at(10)[0].abs() < 1e-5);
        let same_size = RowReader::new(&picture, [0.0, 0.0], [0.0, 1.0 / 64.0], [-1.0 / 64.0, 0.0]);
        assert!(matches!(same_size.places, Places::Middle));
    }

    #[test]
    fn a_level_row_reads_as_its_points_do() {
        let picture = picture(16, |x, y| ((x * 37 + y * 91) % 23) as f32 / 11.5 - 1.0);
        let row = RowReader::new(&picture, [-0.1, 0.37], [0.02, 0.0], [0.0, 0.02]);
        assert!(matches!(row.places, Places::Line(_)));
        for column in 0..60 {
            let expected = picture.at([-0.1 + 0.02 * column as f32, 0.37]);
            assert!((row.at(column)[1] - expected[1]).abs() < 1e-5, "at {column}");
        }
    }

    #[test]
    fn with_a_border_it_goes_on_and_stays_what_it_is_inside() {
        let value = |x: usize, y: usize| ((x * 37 + y * 91) % 23) as f32 / 11.5 - 1.0;
        let ramp = |[u, v]: [f32; 2]| [0.3 * u - 0.2 * v; 4];
        let (bare, bordered) = (picture(16, value), picture(16, value).with_border(0.5, ramp));
        for point in [[0.5, 0.5], [0.14, 0.8], [0.86, 0.14]] {
            assert!((bare.at(point)[0] - bordered.at(point)[0]).abs() < 1e-5, "{point:?}");
        }
        for point in [[-0.4, 0.5], [0.3, 1.2], [1.4, -0.3]] {
            assert!((bordered.at(point)[0] - ramp(point)[0]).abs() < 1e-5, "{point:?}");
        }
        // And ends at the border's edge.
        assert!((bordered.at([0.5, -9.0])[0] - ramp([0.5, -0.5])[0]).abs() < 0.02);
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
