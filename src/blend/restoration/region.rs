//! A part of the photo in levels of 255, and its filters.

use rayon::prelude::*;

use crate::blend::patch_raster::PatchRaster;
use crate::geometry::clip_range;
use crate::mask::Mask;
use crate::photo::{ChannelValue, Photo, PixelData};

/// Pixels of a part of the photo, row by row: red, green and blue in levels of 255.
#[derive(Clone, Debug, Default)]
pub(super) struct Region {
    pub(super) width: usize,
    pub(super) pixels: Vec<[f32; 3]>,
}

/// Whether a pixel's value may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Yes,
    /// It is painted over.
    Hole,
    /// It is ignored or fully transparent.
    No,
}

/// Reads the photo in the pixels of a raster: the colours, which of them are known, and their alpha. Unknown pixels are
/// zero and not read.
pub(super) fn read_photo(photo: &Photo, mask: &Mask, raster: &PatchRaster) -> (Region, Vec<Known>, Vec<u8>) {
    let unknown = mask.unknown();
    let cell = |column: u32, row: u32| {
        let columns = clip_range(raster.columns(i64::from(column)), photo.width());
        let rows = clip_range(raster.rows(i64::from(row)), photo.height());
        // A mask of another size than the photo knows nothing beyond its border.
        let is_hole = rows.clone().any(|y| mask.row_has_hole(y, columns.clone()));
        let is_known = !rows.clone().any(|y| unknown.row_has_hole(y, columns.clone()));
        (columns, rows, is_hole, is_known)
    };
    let read = |index: u32| {
        let (columns, rows, is_hole, is_known) = cell(index % raster.width, index / raster.width);
        let places = || rows.clone().flat_map(|y| columns.clone().map(move |x| (x, y)));
        let mean = match PixelData::of(&photo.pixels) {
            _ if !is_known => None,
            PixelData::Bits8 { data, channels } => mean_color(data, channels, photo.width(), places()),
            PixelData::Bits16 { data, channels } => mean_color(&data, channels, photo.width(), places()),
        };
        match mean {
            Some((color, alpha)) => (color, Known::Yes, u8::from_f32(alpha)),
            None if is_hole => ([0.0; 3], Known::Hole, u8::MAX),
            None => ([0.0; 3], Known::No, 0),
        }
    };
    let cells: Vec<_> = (0..raster.width * raster.height).into_par_iter().map(read).collect();
    let pixels = cells.iter().map(|(color, ..)| *color).collect();
    let region = Region { width: raster.width as usize, pixels };
    let (known, alpha) = cells.into_iter().map(|(_, known, alpha)| (known, alpha)).unzip();
    (region, known, alpha)
}

/// The mean colour and alpha of pixels, in levels of 255. `None` when one of them is fully transparent.
#[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
fn mean_color<T: ChannelValue>(
    data: &[T],
    channels: usize,
    width: u32,
    places: impl Iterator<Item = (u32, u32)>,
) -> Option<([f32; 3], f32)> {
    let (mut sums, mut count) = ([0.0; 4], 0_usize);
    for (x, y) in places {
        let start = (y as usize * width as usize + x as usize) * channels;
        let pixel = match *data.get(start..start + channels)? {
            [grey] => [grey.to_f32(), grey.to_f32(), grey.to_f32(), T::MAX],
            [grey, alpha] => [grey.to_f32(), grey.to_f32(), grey.to_f32(), alpha.to_f32()],
            [red, green, blue] => [red.to_f32(), green.to_f32(), blue.to_f32(), T::MAX],
            [red, green, blue, alpha] => [red.to_f32(), green.to_f32(), blue.to_f32(), alpha.to_f32()],
            _ => return None,
        };
        if pixel[3] == 0.0 {
            return None;
        }
        for (sum, value) in sums.iter_mut().zip(pixel) {
            *sum += value;
        }
        count += 1;
    }
    let [red, green, blue, alpha] = sums.map(|sum| sum / count.max(1) as f32 * (255.0 / T::MAX));
    (count > 0).then_some(([red, green, blue], alpha))
}

impl Region {
    /// The same pixels, changed one by one.
    pub(super) fn map(&self, change: impl Fn(usize, [f32; 3]) -> [f32; 3]) -> Self {
        let pixels = self.pixels.iter().enumerate().map(|(index, pixel)| change(index, *pixel)).collect();
        Self { width: self.width, pixels }
    }

    /// This region minus another of the same size.
    pub(super) fn minus(&self, other: &Self) -> Self {
        self.map(|index, pixel| {
            let other = other.pixels.get(index).copied().unwrap_or_default();
            std::array::from_fn(|channel| pixel[channel] - other[channel])
        })
    }

    /// This region plus another of the same size.
    pub(super) fn plus(&self, other: &Self) -> Self {
        self.map(|index, pixel| {
            let other = other.pixels.get(index).copied().unwrap_or_default();
            std::array::from_fn(|channel| pixel[channel] + other[channel])
        })
    }

    /// Filtered by a Gaussian of this standard deviation in pixels. At the border, the weights inside count alone.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few pixels")]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    pub(super) fn blurred(&self, deviation_px: f32) -> Self {
        let radius = (3.0 * deviation_px).ceil() as usize;
        let weight = |distance: usize| (-0.5 * (distance as f32 / deviation_px.max(f32::MIN_POSITIVE)).powi(2)).exp();
        let weights: Vec<f32> = (0..=radius).map(weight).collect();
        self.filtered_rows(&weights).transposed().filtered_rows(&weights).transposed()
    }

    /// The mean over a square window that reaches `radius` pixels to each side.
    pub(super) fn window_mean(&self, radius: usize) -> Self {
        let weights = vec![1.0; radius + 1];
        self.filtered_rows(&weights).transposed().filtered_rows(&weights).transposed()
    }

    /// Filters each row by a symmetric kernel, given from its centre outwards.
    fn filtered_rows(&self, weights: &[f32]) -> Self {
        let (width, reach) = (self.width, weights.len() - 1);
        let filtered_row = |row: &[[f32; 3]]| -> Vec<[f32; 3]> {
            let value = |x: usize| {
                let (mut sums, mut total) = ([0.0; 3], 0.0);
                for (at, pixel) in row.iter().enumerate().take((x + reach + 1).min(width)).skip(x.saturating_sub(reach))
                {
                    let weight = weights[at.abs_diff(x)];
                    total += weight;
                    for (sum, value) in sums.iter_mut().zip(pixel) {
                        *sum += weight * value;
                    }
                }
                sums.map(|sum| sum / total)
            };
            (0..width).map(value).collect()
        };
        let pixels = self.pixels.par_chunks_exact(width.max(1)).flat_map_iter(filtered_row).collect();
        Self { width, pixels }
    }

    fn transposed(&self) -> Self {
        let height = self.pixels.len() / self.width.max(1);
        let pixel = |index: usize| self.pixels[index % height * self.width + index / height];
        Self { width: height, pixels: (0..self.pixels.len()).map(pixel).collect() }
    }
}
