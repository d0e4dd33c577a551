//! Interpolated sampling of the generated image.

use rayon::prelude::*;

use crate::face_picture::FacePicture;
use crate::photo::catmull_rom_weights;

/// An image that can be sampled at any point. RGB and a fourth lane are stored together (one vector load per pixel),
/// with a border around them. The border repeats the edge unless [another one is given](SampledImage::with_border).
pub(super) struct SampledImage {
    size_px: usize,
    border_px: usize,
    pixels: Vec<[f32; 4]>,
}

/// Pixels that the cubic filter reads beyond the image on each side.
const BORDER_PX: usize = 2;

impl SampledImage {
    /// From `size_px²` pixels in [-1, 1], row by row.
    ///
    /// # Panics
    /// If there are fewer or more pixels.
    pub(super) fn new(pixels: &[[f32; 4]], size_px: usize) -> Self {
        assert_eq!(pixels.len(), size_px * size_px, "the pixels of a square image");
        let side = size_px + 2 * BORDER_PX;
        let inside = |index: usize| index.saturating_sub(BORDER_PX).min(size_px.saturating_sub(1));
        let padded = (0..side * side).map(|index| {
            pixels.get(inside(index / side) * size_px + inside(index % side)).copied().unwrap_or_default()
        });
        Self { size_px, border_px: BORDER_PX, pixels: padded.collect() }
    }

    /// The same image with another border. The border's width is a share of the image's side, and `outside` gives its
    /// colours at points around the unit square.
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
        let added_border_px = border_px - self.border_px;
        let row = |row: usize| {
            (0..side).map(move |column| (column, row)).map(|(column, row)| {
                if inside.contains(&column) && inside.contains(&row) {
                    let index = (row - added_border_px) * self.stride() + column - added_border_px;
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

    /// The colour at a point of the unit square, by Catmull-Rom's cubic, which passes through the pixels. Points beyond
    /// the border get the border's colour. Clamped to [-1, 1], because the cubic overshoots at hard edges.
    #[inline]
    pub(super) fn at(&self, [u, v]: [f32; 2]) -> [f32; 4] {
        let ((column, along), (row, down)) = (self.taps(u), self.taps(v));
        let stride = self.stride();
        let mut sum = [0.0; 4];
        for (tap, weight) in down.into_iter().enumerate() {
            let start = (row + tap) * stride + column;
            let Some(pixels) = self.pixels.get(start..start + 4) else { return sum };
            for (sum, value) in sum.iter_mut().zip(weighted_sum(pixels, along)) {
                *sum += weight * value;
            }
        }
        clamp_color(sum)
    }

    /// The image interpolated vertically along a horizontal line of the unit square, so that points on it need only the
    /// horizontal part.
    fn interpolated_line(&self, v: f32) -> Vec<[f32; 4]> {
        let (row, down) = self.taps(v);
        let stride = self.stride();
        let mut line = vec![[0.0; 4]; stride];
        for (pixels, weight) in self.pixels.chunks_exact(stride).skip(row).zip(down) {
            for (sum, value) in line.as_flattened_mut().iter_mut().zip(pixels.as_flattened()) {
                *sum += weight * value;
            }
        }
        line
    }

    /// The colour at a point of an [`interpolated_line`](Self::interpolated_line).
    #[inline]
    fn at_in_line(&self, line: &[[f32; 4]], u: f32) -> [f32; 4] {
        let (column, along) = self.taps(u);
        let pixels = line.get(column..column + 4).unwrap_or_default();
        clamp_color(weighted_sum(pixels, along))
    }

    /// The first of the four pixels around a unit coordinate, in the padded image, and their weights.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "clamped to the image first, and images are at most some hundred pixels wide"
    )]
    #[inline]
    fn taps(&self, unit: f32) -> (usize, [f32; 4]) {
        let side = self.side_px();
        // The part of the border that can be sampled: the cubic needs the rest.
        let readable_border = (self.border_px - BORDER_PX) as f32;
        // Pixel centres are at 0.5 and the first tap is one pixel further left: `BORDER_PX` − 0.5 − 1 = 0.5.
        let from_first = (unit * side).clamp(-readable_border, side + readable_border) + readable_border + 0.5;
        let first = from_first as usize;
        (first, catmull_rom_weights(from_first - first as f32))
    }

    fn stride(&self) -> usize {
        self.size_px + 2 * self.border_px
    }
}

impl From<&FacePicture> for SampledImage {
    fn from(picture: &FacePicture) -> Self {
        let pixels: Vec<[f32; 4]> = picture.pixels.iter().map(|&[red, green, blue]| [red, green, blue, 0.0]).collect();
        Self::new(&pixels, picture.side_px)
    }
}

/// The weighted sum of four pixels; zero when there are not four.
#[inline]
fn weighted_sum(pixels: &[[f32; 4]], weights: [f32; 4]) -> [f32; 4] {
    let mut sum = [0.0; 4];
    // A loop over lanes, because the compiler vectorizes it better than `map`.
    if let [a, b, c, d] = pixels {
        for (lane, sum) in sum.iter_mut().enumerate() {
            *sum = weights[0] * a[lane] + weights[1] * b[lane] + weights[2] * c[lane] + weights[3] * d[lane];
        }
    }
    sum
}

#[inline]
fn clamp_color(mut color: [f32; 4]) -> [f32; 4] {
    for value in &mut color {
        *value = value.clamp(-1.0, 1.0);
    }
    color
}

/// Samples an image along one row of photo or patch pixels.
pub(super) struct RowReader<'a> {
    image: &'a SampledImage,
    /// The centre of the row's first pixel, and the step to the next, in the unit square.
    start: [f32; 2],
    across: [f32; 2],
    points: SamplePoints,
}

enum SamplePoints {
    /// At each pixel's centre, on a horizontal line of the image.
    Line(Vec<[f32; 4]>),
    /// At each pixel's centre.
    Center,
    /// At several offsets from the centre, averaged, when a pixel covers several image pixels.
    Supersampled(Vec<[f32; 2]>),
}

impl<'a> RowReader<'a> {
    /// Most samples per axis: enough for the smallest frame (16 pixels) and a generator of 128.
    const MAX_SAMPLES_PER_AXIS: f32 = 8.0;

    /// From the centre of the row's first pixel and the pixel's sides, across and down, all in the unit square.
    pub(super) fn new(image: &'a SampledImage, start: [f32; 2], across: [f32; 2], down: [f32; 2]) -> Self {
        let length = |[x, y]: [f32; 2]| x.hypot(y) * image.side_px();
        // The tolerance keeps rounding from doubling the work at scale one.
        let samples_per_axis = (length(across).max(length(down)) - 0.01).ceil().clamp(1.0, Self::MAX_SAMPLES_PER_AXIS);
        let points = if samples_per_axis > 1.0 {
            let steps = || (0..8u8).map(f32::from).take_while(|step| *step < samples_per_axis);
            let point = |x: f32, y: f32| [0, 1].map(|axis| x * across[axis] + y * down[axis]);
            let shift = |step: f32| (step + 0.5) / samples_per_axis - 0.5;
            SamplePoints::Supersampled(steps().flat_map(|y| steps().map(move |x| point(shift(x), shift(y)))).collect())
        } else if across[1] == 0.0 {
            SamplePoints::Line(image.interpolated_line(start[1]))
        } else {
            SamplePoints::Center
        };
        Self { image, start, across, points }
    }

    /// The colour of a pixel of the row.
    #[expect(clippy::cast_precision_loss, reason = "at most 2^24 columns and 64 points")]
    #[inline]
    pub(super) fn at(&self, column: usize) -> [f32; 4] {
        let steps = column as f32;
        let (u, v) = (self.start[0] + steps * self.across[0], self.start[1] + steps * self.across[1]);
        match &self.points {
            SamplePoints::Line(line) => self.image.at_in_line(line, u),
            SamplePoints::Center => self.image.at([u, v]),
            SamplePoints::Supersampled(offsets) => {
                let mut sum = [0.0; 4];
                for [right, down] in offsets {
                    for (sum, value) in sum.iter_mut().zip(self.image.at([u + right, v + down])) {
                        *sum += value;
                    }
                }
                sum.map(|value| value / offsets.len() as f32)
            }
        }
    }
}

/// Luma of gamma-coded red, green and blue (ITU-R BT.709, section 3.2).
pub(super) fn luma([red, green, blue]: [f32; 3]) -> f32 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
mod tests {
    use super::*;

    fn image(size_px: usize, value: impl Fn(usize, usize) -> f32) -> SampledImage {
        let pixels = (0..size_px * size_px).map(|index| [value(index % size_px, index / size_px); 4]);
        SampledImage::new(&pixels.collect::<Vec<[f32; 4]>>(), size_px)
    }

    #[test]
    fn sampling_at_pixel_centres_returns_the_pixels() {
        let value = |x: usize, y: usize| ((x * 37 + y * 91) % 23) as f32 / 11.5 - 1.0;
        let image = image(8, value);
        for (x, y) in [(0, 0), (7, 7), (3, 5), (7, 0)] {
            let [red, ..] = image.at([(x as f32 + 0.5) / 8.0, (y as f32 + 0.5) / 8.0]);
            assert!((red - value(x, y)).abs() < 1e-5, "at {x}, {y}: {red}");
        }
    }

    #[test]
    fn a_linear_ramp_is_interpolated_exactly() {
        let image = image(16, |x, _| x as f32 / 16.0 - 0.5);
        for at in [3.2f32, 7.77, 11.5] {
            let [red, ..] = image.at([at / 16.0, 0.41]);
            assert!((red - ((at - 0.5) / 16.0 - 0.5)).abs() < 1e-5);
        }
    }

    #[test]
    fn a_pixel_covering_several_is_their_mean() {
        let image = image(64, |x, _| if x % 2 == 0 { -1.0 } else { 1.0 });
        let row = RowReader::new(&image, [0.5 / 32.0, 12.5 / 32.0], [1.0 / 32.0, 0.0], [0.0, 1.0 / 32.0]);
        assert!(matches!(&row.points, SamplePoints::Supersampled(offsets) if offsets.len() == 4));
        assert!(row.at(10)[0].abs() < 1e-5);
        let same_size = RowReader::new(&image, [0.0, 0.0], [0.0, 1.0 / 64.0], [-1.0 / 64.0, 0.0]);
        assert!(matches!(same_size.points, SamplePoints::Center));
    }

    #[test]
    fn a_horizontal_row_equals_its_points() {
        let image = image(16, |x, y| ((x * 37 + y * 91) % 23) as f32 / 11.5 - 1.0);
        let row = RowReader::new(&image, [-0.1, 0.37], [0.02, 0.0], [0.0, 0.02]);
        assert!(matches!(row.points, SamplePoints::Line(_)));
        for column in 0..60 {
            let expected = image.at([-0.1 + 0.02 * column as f32, 0.37]);
            assert!((row.at(column)[1] - expected[1]).abs() < 1e-5, "at {column}");
        }
    }

    #[test]
    fn a_border_does_not_change_the_inside() {
        let value = |x: usize, y: usize| ((x * 37 + y * 91) % 23) as f32 / 11.5 - 1.0;
        let ramp = |[u, v]: [f32; 2]| [0.3 * u - 0.2 * v; 4];
        let (bare, bordered) = (image(16, value), image(16, value).with_border(0.5, ramp));
        for point in [[0.5, 0.5], [0.14, 0.8], [0.86, 0.14]] {
            assert!((bare.at(point)[0] - bordered.at(point)[0]).abs() < 1e-5, "{point:?}");
        }
        for point in [[-0.4, 0.5], [0.3, 1.2], [1.4, -0.3]] {
            assert!((bordered.at(point)[0] - ramp(point)[0]).abs() < 1e-5, "{point:?}");
        }
        // Points beyond the border get its outermost colour.
        assert!((bordered.at([0.5, -9.0])[0] - ramp([0.5, -0.5])[0]).abs() < 0.02);
    }

    #[test]
    fn outside_repeats_the_edge_and_overshoot_is_clamped() {
        let image = image(8, |x, _| if x < 4 { -1.0 } else { 1.0 });
        assert!((image.at([-9.0, 0.5])[0] + 1.0).abs() < 1e-6);
        assert!((image.at([9.0, 1.5])[1] - 1.0).abs() < 1e-6);
        for step in 0..100u8 {
            let [red, ..] = image.at([f32::from(step) / 100.0, 0.5]);
            assert!((-1.0..=1.0).contains(&red));
        }
    }
}
