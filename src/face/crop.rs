//! From photo to crop: the face, resampled to the network's input size.

use rayon::prelude::*;

use crate::face_picture::to_byte;
use crate::geometry::{CropGrid, FaceFrame};
use crate::mask::Mask;
use crate::photo::{ChannelValue, Photo, PixelData};

/// The face as the network sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Crop {
    /// Side in pixels.
    pub size_px: u32,
    /// RGB in [-1, 1], planar (`[3, size, size]`); zero where not known.
    pub pixels: Vec<f32>,
    /// `[size, size]`: 1 where known, 0 in the hole, where ignored and outside the photo. The paper's `M`.
    pub known: Vec<f32>,
}

impl Crop {
    /// The pixels as interleaved RGB bytes, row by row; unknown pixels are grey.
    #[must_use]
    pub fn to_rgb8(&self) -> Vec<u8> {
        let area = self.known.len();
        (0..3 * area).map(|index| self.pixels.get(index % 3 * area + index / 3).map_or(0, |v| to_byte(*v))).collect()
    }
}

/// Why a crop cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CropError {
    #[error(
        "the mask is {mask_width}×{mask_height} pixels and the photo {width}×{height}: use a mask of the photo's size"
    )]
    MaskSize { mask_width: u32, mask_height: u32, width: u32, height: u32 },
    #[error("the face frame is too small or not finite: make it at least {} pixels wide", FaceFrame::MIN_SIDE_PX)]
    Frame,
}

/// Crops the frame out of the photo and resamples it to `size_px`.
///
/// Each crop pixel is a weighted mean of the photo pixels under it. The weight is `clamp(s/2 + 1/2 − |d|, 0, 1)` along
/// the photo's x and y axes, with `d` the distance from the crop pixel's centre in photo pixels and `s` the photo
/// pixels per crop pixel, at least 1. For an upright frame this is the exact area mean; at one to one it is the
/// identity, and when enlarging it is bilinear. A crop pixel is known only when every photo pixel with a weight is
/// inside the photo, not hole, not ignored and not fully transparent.
///
/// # Errors
/// When the mask has another size than the photo, or the frame is unusable.
pub fn crop(photo: &Photo, mask: &Mask, frame: &FaceFrame, size_px: u32) -> Result<Crop, CropError> {
    let (width, height) = (photo.width(), photo.height());
    if (mask.width(), mask.height()) != (width, height) {
        return Err(CropError::MaskSize { mask_width: mask.width(), mask_height: mask.height(), width, height });
    }
    let is_large_enough = frame.side_px >= FaceFrame::MIN_SIDE_PX;
    let grid = CropGrid::new(frame, size_px).filter(|_| is_large_enough).ok_or(CropError::Frame)?;
    let unknown = &mask.unknown();
    let means = match PixelData::of(&photo.pixels) {
        PixelData::Bits8 { data, channels } => CropSource { data, channels, unknown }.crop_means(grid, size_px),
        PixelData::Bits16 { data, channels } => CropSource { data: &data, channels, unknown }.crop_means(grid, size_px),
    };
    let area = means.len();
    let mut crop = Crop { size_px, pixels: vec![0.0; 3 * area], known: vec![0.0; area] };
    for (index, mean) in means.into_iter().enumerate() {
        if let Some(rgb) = mean {
            crop.known[index] = 1.0;
            for (channel, value) in rgb.into_iter().enumerate() {
                crop.pixels[channel * area + index] = value;
            }
        }
    }
    Ok(crop)
}

/// The photo's samples, and those that must not be read.
struct CropSource<'a, T> {
    data: &'a [T],
    channels: usize,
    unknown: &'a Mask,
}

/// A crop pixel's footprint along one axis: the first photo pixel and the weights from there on.
struct FootprintAxis {
    first: u32,
    weights: Vec<f32>,
}

impl FootprintAxis {
    /// `None` when the footprint leaves the photo.
    #[expect(clippy::cast_possible_truncation, reason = "weights are 0 to 1")]
    fn new(grid: CropGrid, center: f64, size: u32) -> Option<Self> {
        let span = grid.footprint_along_axis(center);
        let first = u32::try_from(span.start).ok()?;
        let is_inside = span.end <= i64::from(size);
        is_inside.then(|| Self { first, weights: span.map(|pixel| grid.weight(center, pixel) as f32).collect() })
    }

    fn range(&self) -> std::ops::Range<u32> {
        self.first..self.first + u32::try_from(self.weights.len()).unwrap_or(0)
    }
}

impl<T: ChannelValue> CropSource<'_, T> {
    /// RGB in [-1, 1] of each crop pixel, row by row; `None` where not known.
    fn crop_means(&self, grid: CropGrid, size_px: u32) -> Vec<Option<[f32; 3]>> {
        let mean = |column, row| {
            let [x, y] = grid.center_in_photo(column, row);
            let columns = FootprintAxis::new(grid, x, self.unknown.width())?;
            let rows = FootprintAxis::new(grid, y, self.unknown.height())?;
            match self.channels {
                1 => self.footprint_mean::<1>(&columns, &rows).map(|[grey]| [grey; 3]),
                2 => self.footprint_mean::<2>(&columns, &rows).map(|[grey, _]| [grey; 3]),
                3 => self.footprint_mean::<3>(&columns, &rows),
                _ => self.footprint_mean::<4>(&columns, &rows).map(|[red, green, blue, _]| [red, green, blue]),
            }
        };
        (0..size_px).into_par_iter().flat_map_iter(|row| (0..size_px).map(move |column| mean(column, row))).collect()
    }

    /// The weighted mean of a footprint, each of `N` channels scaled to [-1, 1]. `None` when any of it is unknown or
    /// fully transparent. If it contains unknown pixels, no sample is read.
    fn footprint_mean<const N: usize>(&self, columns: &FootprintAxis, rows: &FootprintAxis) -> Option<[f32; N]> {
        if rows.range().any(|y| self.unknown.row_has_hole(y, columns.range())) {
            return None;
        }
        let mut sums = [0.0; N];
        for (y, row_weight) in rows.range().zip(&rows.weights) {
            let start = (y as usize * self.unknown.width() as usize + columns.first as usize) * N;
            let samples = self.data.get(start..start + columns.weights.len() * N)?;
            let mut row_sums = [0.0; N];
            for (pixel, weight) in samples.as_chunks::<N>().0.iter().zip(&columns.weights) {
                if N.is_multiple_of(2) && pixel[N - 1].is_zero() {
                    return None;
                }
                for (sum, sample) in row_sums.iter_mut().zip(pixel) {
                    *sum += weight * sample.to_f32();
                }
            }
            for (sum, row_sum) in sums.iter_mut().zip(row_sums) {
                *sum += row_weight * row_sum;
            }
        }
        let total = columns.weights.iter().sum::<f32>() * rows.weights.iter().sum::<f32>();
        Some(sums.map(|sum| (sum / total * (2.0 / T::MAX) - 1.0).clamp(-1.0, 1.0)))
    }
}

#[cfg(test)]
mod tests;
