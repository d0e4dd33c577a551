//! Prepares a photo for a task: enlarges it, or makes it RGB.

use std::sync::Arc;

use image::DynamicImage;
use image::imageops::FilterType;
use rayon::prelude::*;

use super::ImageTask;
use crate::photo::{ChannelValue, DecodeLimits, Photo, PhotoMetadata, PixelData, PixelDataMut, PixelDensity};

/// Why a photo cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error(
        "{factor} times larger, the photo would have {megapixels} megapixels, and {limit} are the most: choose a smaller \
         factor, or cut the face out of the photo first"
    )]
    TooLarge { factor: u32, megapixels: u64, limit: u64 },
}

/// The photo that a task works on: enlarged for super-resolution, with colours for the colouring of a grey photo, and
/// otherwise the photo itself. The means over blocks of an enlarged photo are the photo's pixels, within rounding.
///
/// # Errors
/// When the enlarged photo would have more pixels than a photo may have.
pub fn prepare_photo(photo: &Arc<Photo>, task: ImageTask) -> Result<Arc<Photo>, PrepareError> {
    match task {
        ImageTask::SuperResolution { factor } => enlarged(photo, factor).map(Arc::new),
        ImageTask::Colorize if !photo.pixels.color().has_color() => Ok(Arc::new(with_colors(photo))),
        _ => Ok(Arc::clone(photo)),
    }
}

fn with_colors(photo: &Photo) -> Photo {
    let pixels = match &photo.pixels {
        DynamicImage::ImageLuma16(_) => DynamicImage::ImageRgb16(photo.pixels.to_rgb16()),
        DynamicImage::ImageLumaA16(_) => DynamicImage::ImageRgba16(photo.pixels.to_rgba16()),
        DynamicImage::ImageLumaA8(_) => DynamicImage::ImageRgba8(photo.pixels.to_rgba8()),
        _ => DynamicImage::ImageRgb8(photo.pixels.to_rgb8()),
    };
    // The profile of a grey photo describes no colours.
    let metadata = PhotoMetadata { icc_profile: None, ..photo.metadata.clone() };
    Photo { pixels, metadata, ..photo.clone() }
}

fn enlarged(photo: &Photo, factor: u32) -> Result<Photo, PrepareError> {
    let (width, height) = (photo.width(), photo.height());
    let count = u64::from(width) * u64::from(height) * u64::from(factor).pow(2);
    let limit = DecodeLimits::default().max_pixels;
    if count > limit {
        let megapixels = |count: u64| count.div_ceil(1_000_000);
        return Err(PrepareError::TooLarge { factor, megapixels: megapixels(count), limit: megapixels(limit) });
    }
    let resized = |pixels: &DynamicImage| pixels.resize_exact(width * factor, height * factor, FilterType::Lanczos3);
    // Resampling changes the means over blocks a little. What it takes away is added before a second resampling, which
    // is smoother than adding it to the blocks.
    let mut compensated = photo.pixels.clone();
    add_lost_means(&mut compensated, &photo.pixels, &resized(&photo.pixels), factor);
    let mut pixels = resized(&compensated);
    correct_block_means(&mut pixels, &photo.pixels, factor);
    let density = photo.metadata.density.map(|density| match density {
        PixelDensity { x, y, is_per_metre: true } => {
            PixelDensity { x: x.saturating_mul(factor), y: y.saturating_mul(factor), is_per_metre: true }
        }
        ratio => ratio,
    });
    let metadata = PhotoMetadata { density, ..photo.metadata.clone() };
    Ok(Photo { pixels, metadata, ..photo.clone() })
}

/// Adds to each sample of `small` what the mean over its block of `large` differs from `photo`.
fn add_lost_means(small: &mut DynamicImage, photo: &DynamicImage, large: &DynamicImage, factor: u32) {
    let width = photo.width() as usize;
    match (PixelDataMut::of(small), PixelData::of(photo), PixelData::of(large)) {
        (
            Some(PixelDataMut::Bits8 { data: small, channels }),
            PixelData::Bits8 { data: photo, .. },
            PixelData::Bits8 { data: large, .. },
        ) => Blocks { width, channels, factor: factor as usize }.add_lost_means(small, photo, large),
        (
            Some(PixelDataMut::Bits16 { data: small, channels }),
            PixelData::Bits16 { data: photo, .. },
            PixelData::Bits16 { data: large, .. },
        ) => Blocks { width, channels, factor: factor as usize }.add_lost_means(small, &photo, &large),
        _ => {}
    }
}

/// Shifts each block of `large` so that its mean is the photo's sample.
fn correct_block_means(large: &mut DynamicImage, photo: &DynamicImage, factor: u32) {
    let width = photo.width() as usize;
    match (PixelDataMut::of(large), PixelData::of(photo)) {
        (Some(PixelDataMut::Bits8 { data: large, channels }), PixelData::Bits8 { data: photo, .. }) => {
            Blocks { width, channels, factor: factor as usize }.correct(large, photo);
        }
        (Some(PixelDataMut::Bits16 { data: large, channels }), PixelData::Bits16 { data: photo, .. }) => {
            Blocks { width, channels, factor: factor as usize }.correct(large, &photo);
        }
        _ => {}
    }
}

/// Most shifts of a block. Each leaves at most the part that black and white stop.
const MAX_SHIFTS: usize = 64;

/// The blocks of an enlarged picture, one for each pixel of a picture that is `width` pixels wide.
#[derive(Clone, Copy)]
struct Blocks {
    width: usize,
    channels: usize,
    factor: usize,
}

impl Blocks {
    /// The samples of one channel in the block of a pixel, as indices into the rows of its blocks.
    fn samples(self, column: usize, channel: usize) -> impl Iterator<Item = usize> {
        let Self { width, channels, factor } = self;
        let row_samples = width * factor * channels;
        (0..factor).flat_map(move |row| {
            (0..factor).map(move |x| row * row_samples + (column * factor + x) * channels + channel)
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 64 samples")]
    fn mean<T: ChannelValue>(self, rows: &[T], column: usize, channel: usize) -> f32 {
        let sum: f32 = self.samples(column, channel).filter_map(|index| rows.get(index)).map(|v| v.to_f32()).sum();
        sum / (self.factor * self.factor) as f32
    }

    /// Samples in the rows of `large` that belong to one row of the small picture.
    fn samples_per_row(self) -> usize {
        (self.width * self.channels * self.factor * self.factor).max(1)
    }

    fn add_lost_means<T: ChannelValue + Send + Sync>(self, small: &mut [T], photo: &[T], large: &[T]) {
        let row = (self.width * self.channels).max(1);
        let rows = small.par_chunks_exact_mut(row).zip(photo.par_chunks_exact(row));
        rows.zip(large.par_chunks_exact(self.samples_per_row())).for_each(|((small, photo), large)| {
            for (index, (small, photo)) in small.iter_mut().zip(photo).enumerate() {
                let mean = self.mean(large, index / self.channels, index % self.channels);
                *small = T::from_f32(small.to_f32() + photo.to_f32() - mean);
            }
        });
    }

    fn correct<T: ChannelValue + Send + Sync>(self, large: &mut [T], photo: &[T]) {
        let rows = large.par_chunks_exact_mut(self.samples_per_row());
        rows.zip(photo.par_chunks_exact((self.width * self.channels).max(1))).for_each(|(large, photo)| {
            for (index, photo) in photo.iter().enumerate() {
                self.correct_block(large, index / self.channels, index % self.channels, photo.to_f32());
            }
        });
    }

    /// Shifts one channel of a block to a mean. Black and white stop a part of a shift, so what is missing is shared by
    /// the samples that can still move.
    fn correct_block<T: ChannelValue>(self, rows: &mut [T], column: usize, channel: usize, mean: f32) {
        #[expect(clippy::cast_precision_loss, reason = "at most 64 samples")]
        let count = (self.factor * self.factor) as f32;
        for _ in 0..MAX_SHIFTS {
            let mut missing = ((mean - self.mean(rows, column, channel)) * count).round();
            let can_move = |value: f32| if missing > 0.0 { value < T::MAX } else { value > 0.0 };
            let values = self.samples(column, channel).filter_map(|index| rows.get(index)).map(|it| it.to_f32());
            let movable: f32 = values.map(|value| f32::from(u8::from(can_move(value)))).sum();
            if missing == 0.0 || movable == 0.0 {
                return;
            }
            let share = (missing / movable).trunc();
            for index in self.samples(column, channel) {
                let step = if share == 0.0 { missing.clamp(-1.0, 1.0) } else { share };
                if let Some(sample) = rows.get_mut(index) {
                    let before = sample.to_f32();
                    *sample = T::from_f32(before + step);
                    missing -= sample.to_f32() - before;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use image::ColorType;

    use super::*;
    use crate::photo::test_pictures::{PHOTO_COLOR_TYPES, varied_picture};

    #[test]
    fn block_means_of_an_enlarged_photo_are_its_pixels() {
        for color in PHOTO_COLOR_TYPES {
            for factor in [2, 4, 8] {
                let photo = Arc::new(Photo::from_pixels(varied_picture(color, 11, 7)));
                let large = prepare_photo(&photo, ImageTask::SuperResolution { factor }).unwrap();
                assert_eq!((large.width(), large.height()), (11 * factor, 7 * factor));
                assert_eq!(large.pixels.color(), color);
                let (small, large) = (photo.pixels.to_rgba16(), large.pixels.to_rgba16());
                let level = if color.bytes_per_pixel() > color.channel_count() { 1.0 } else { 257.0 };
                for (x, y, pixel) in small.enumerate_pixels() {
                    for channel in 0..4 {
                        let block =
                            (0..factor).flat_map(|j| (0..factor).map(move |i| (x * factor + i, y * factor + j)));
                        let sum: f64 = block.map(|(x, y)| f64::from(large.get_pixel(x, y).0[channel])).sum();
                        let mean = sum / f64::from(factor * factor);
                        assert!(
                            (mean - f64::from(pixel.0[channel])).abs() <= 0.01 * level,
                            "{color:?} {factor} {x} {y}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_photo_that_would_be_too_large_is_refused() {
        let photo = Arc::new(Photo::from_pixels(DynamicImage::new(5000, 2000, ColorType::L8)));
        let error = prepare_photo(&photo, ImageTask::SuperResolution { factor: 4 }).unwrap_err();
        insta::assert_snapshot!(error, @"4 times larger, the photo would have 160 megapixels, and 120 are the most: choose a smaller factor, or cut the face out of the photo first");
    }

    #[test]
    fn only_a_grey_photo_gets_colours() {
        for color in PHOTO_COLOR_TYPES {
            let photo = Arc::new(Photo::from_pixels(varied_picture(color, 5, 4)));
            let prepared = prepare_photo(&photo, ImageTask::Colorize).unwrap();
            assert!(prepared.pixels.color().has_color() && prepared.pixels.color().has_alpha() == color.has_alpha());
            assert_eq!(prepared.pixels.to_rgba16(), photo.pixels.to_rgba16());
            assert_eq!(Arc::ptr_eq(&photo, &prepared), color.has_color());
            assert!(Arc::ptr_eq(&photo, &prepare_photo(&photo, ImageTask::Deblur { radius_px: 2.0 }).unwrap()));
        }
    }
}
