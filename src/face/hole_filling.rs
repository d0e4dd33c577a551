//! Fills the hole smoothly from the known pixels, so that the face detector sees no value under it.
//!
//! Pull-push (Gortler et al. 1996, "The Lumigraph", section 3.4.3): the known pixels are averaged into a pyramid, whose
//! levels then fill the unknown pixels from coarse to fine.

use std::borrow::Cow;

use image::RgbImage;
use rayon::prelude::*;

use crate::geometry::RectPx;
use crate::mask::Mask;
use crate::photo::{ChannelValue, Photo, PixelData};

/// Margin around the hole, as a share of its longer side: the surroundings that the fill depends on.
const MARGIN_SHARE: u32 = 4;
/// Margin of a tiny hole.
const MIN_MARGIN_PX: u32 = 8;
/// Value of all pixels when none is known.
const MIDDLE_GREY: f32 = 127.5;
/// Passes per level that replace each unknown pixel by the mean of its neighbours. They straighten what the averages of
/// the coarser level bend.
const SMOOTHING_PASSES: usize = 2;

/// The photo with the hole and fully transparent pixels filled from the pixels around them: a copy if there are any. The
/// mask must have the photo's size.
pub(super) fn fill_hole<'a>(photo: &'a Photo, hole: &Mask) -> Cow<'a, RgbImage> {
    let with_transparent = add_transparent_pixels(photo, hole);
    let unknown = with_transparent.as_ref().unwrap_or(hole);
    let Some(bounds) = unknown.hole_bounds() else { return rgb8(photo) };
    let mut rgb = rgb8(photo).into_owned();
    let margin_px = (bounds.width.max(bounds.height) / MARGIN_SHARE).max(MIN_MARGIN_PX);
    let rect = bounds.grown(margin_px).intersection(unknown.rect());
    let mut levels = vec![Level::of_photo(&rgb, unknown, rect)];
    while let Some(coarser) = levels.last().and_then(Level::coarser) {
        levels.push(coarser);
    }
    let filled = levels.into_iter().rev().fold(None, |coarser, level| Some(level.filled(coarser.as_ref())));
    if let Some(filled) = filled {
        write_unknown_pixels(&mut rgb, unknown, rect, &filled);
    }
    Cow::Owned(rgb)
}

/// The photo as RGB8. Borrowed if it is RGB8 already, because copying a large one is slow.
pub(super) fn rgb8(photo: &Photo) -> Cow<'_, RgbImage> {
    photo.pixels.as_rgb8().map_or_else(|| Cow::Owned(photo.pixels.to_rgb8()), Cow::Borrowed)
}

/// The hole and the fully transparent pixels; `None` when the photo has no transparency.
fn add_transparent_pixels(photo: &Photo, hole: &Mask) -> Option<Mask> {
    fn unknown<T: ChannelValue>(data: &[T], channels: usize, hole: &Mask) -> Mask {
        Mask::from_fn(hole.width(), hole.height(), |x, y| {
            let index = y as usize * hole.width() as usize + x as usize;
            hole.is_hole(x, y) || data[(index + 1) * channels - 1].is_zero()
        })
    }
    match PixelData::of(&photo.pixels) {
        PixelData::Bits8 { data, channels } if channels % 2 == 0 => Some(unknown(data, channels, hole)),
        PixelData::Bits16 { data, channels } if channels % 2 == 0 => Some(unknown(&data, channels, hole)),
        _ => None,
    }
}

/// One level of the pyramid: sums of known values.
struct Level {
    width: usize,
    /// Red, green and blue times the weight, and the weight, 0 (nothing known) to 1.
    sums: Vec<[f32; 4]>,
}

impl Level {
    /// The level at half the size of the rectangle, so that the largest level needs no floats.
    #[expect(clippy::cast_possible_truncation, reason = "positions in the photo")]
    fn of_photo(rgb: &RgbImage, unknown: &Mask, rect: RectPx) -> Self {
        let (photo_width, samples) = (rgb.width() as usize, rgb.as_raw());
        Self::halved(rect.width as usize, rect.height as usize, |x, y| {
            if unknown.is_hole(rect.x + x as u32, rect.y + y as u32) {
                return [0.0; 4];
            }
            let index = (rect.y as usize + y) * photo_width + rect.x as usize + x;
            let pixel = &samples[3 * index..3 * index + 3];
            [f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2]), 1.0]
        })
    }

    /// The next level; `None` for a level of one pixel.
    fn coarser(&self) -> Option<Self> {
        let height = self.sums.len() / self.width;
        let pixel = |x: usize, y: usize| self.sums[y * self.width + x];
        (self.sums.len() > 1).then(|| Self::halved(self.width, height, pixel))
    }

    /// Adds up each 2×2 block of an image of this size. Sums of more than one known pixel are scaled down to weight 1.
    fn halved(width: usize, height: usize, pixel: impl Fn(usize, usize) -> [f32; 4] + Sync) -> Self {
        let half_width = width.div_ceil(2);
        let mut sums = vec![[0.0; 4]; half_width * height.div_ceil(2)];
        sums.par_chunks_mut(half_width).enumerate().for_each(|(row, sums)| {
            for (column, sum) in sums.iter_mut().enumerate() {
                for y in 2 * row..(2 * row + 2).min(height) {
                    for x in 2 * column..(2 * column + 2).min(width) {
                        let pixel = pixel(x, y);
                        *sum = std::array::from_fn(|k| sum[k] + pixel[k]);
                    }
                }
                let weight = sum[3].max(1.0);
                *sum = sum.map(|value| value / weight);
            }
        });
        Self { width: half_width, sums }
    }

    /// The level's values, filled from the next coarser level where they are not known.
    fn filled(&self, coarser: Option<&FilledLevel>) -> FilledLevel {
        let guess = |x, y| coarser.map_or([MIDDLE_GREY; 3], |coarser| coarser.interpolated(x, y));
        let mut filled = self.blended(guess);
        for _ in 0..SMOOTHING_PASSES {
            filled = self.blended(|x, y| filled.neighbour_mean(x, y));
        }
        filled
    }

    /// The known values, with `guess` taking the rest of the weight.
    fn blended(&self, guess: impl Fn(usize, usize) -> [f32; 3] + Sync) -> FilledLevel {
        let mut pixels = vec![[0.0; 3]; self.sums.len()];
        let rows = pixels.par_chunks_mut(self.width).zip(self.sums.par_chunks(self.width));
        rows.enumerate().for_each(|(y, (pixels, sums))| {
            for (x, (pixel, sum)) in pixels.iter_mut().zip(sums).enumerate() {
                let missing = 1.0 - sum[3];
                let guess = if missing > 0.0 { guess(x, y) } else { [0.0; 3] };
                *pixel = std::array::from_fn(|k| sum[k] + missing * guess[k]);
            }
        });
        FilledLevel { width: self.width, pixels }
    }
}

/// One level of the pyramid without unknown pixels: RGB, 0 to 255.
struct FilledLevel {
    width: usize,
    pixels: Vec<[f32; 3]>,
}

impl FilledLevel {
    fn height(&self) -> usize {
        self.pixels.len() / self.width
    }

    /// Bilinear interpolation at the centre of a pixel of the next finer level.
    fn interpolated(&self, x: usize, y: usize) -> [f32; 3] {
        // The centre lies a quarter of a pixel beside that of the pixel it is in: three quarters of the weight are its.
        let neighbour = |index: usize, size: usize| {
            let own = index / 2;
            (own, if index.is_multiple_of(2) { own.saturating_sub(1) } else { (own + 1).min(size - 1) })
        };
        let ((own_x, other_x), (own_y, other_y)) = (neighbour(x, self.width), neighbour(y, self.height()));
        let row = |y: usize| {
            let (own, other) = (self.pixels[y * self.width + own_x], self.pixels[y * self.width + other_x]);
            std::array::from_fn::<f32, 3, _>(|k| 0.75 * own[k] + 0.25 * other[k])
        };
        let (own, other) = (row(own_y), row(other_y));
        std::array::from_fn(|k| 0.75 * own[k] + 0.25 * other[k])
    }

    /// The mean of the four neighbours; beyond the border, the pixel itself counts.
    fn neighbour_mean(&self, x: usize, y: usize) -> [f32; 3] {
        let (right, below) = ((x + 1).min(self.width - 1), (y + 1).min(self.height() - 1));
        let at = |x: usize, y: usize| self.pixels[y * self.width + x];
        let neighbours = [at(x.saturating_sub(1), y), at(right, y), at(x, y.saturating_sub(1)), at(x, below)];
        std::array::from_fn(|k| neighbours.iter().map(|pixel| pixel[k]).sum::<f32>() / 4.0)
    }
}

/// Replaces the unknown pixels in the rectangle. `filled` has half the rectangle's size.
fn write_unknown_pixels(rgb: &mut RgbImage, unknown: &Mask, rect: RectPx, filled: &FilledLevel) {
    let row_length = 3 * rgb.width() as usize;
    let rows = rgb.par_chunks_mut(row_length).skip(rect.y as usize).take(rect.height as usize);
    rows.zip(rect.y..rect.bottom()).enumerate().for_each(|(row, (samples, y))| {
        let pixels = samples.as_chunks_mut::<3>().0.iter_mut().skip(rect.x as usize);
        let is_unknown = unknown.row(y, rect.x..rect.right());
        for (column, (pixel, _)) in pixels.zip(is_unknown).enumerate().filter(|(_, (_, is_hole))| *is_hole) {
            *pixel = filled.interpolated(column, row).map(u8::from_f32);
        }
    });
}

#[cfg(test)]
mod tests;
