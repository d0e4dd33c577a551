//! Channel values of a photo, independent of bit depth: 8 or 16 bits, one to four channels.

use std::borrow::Cow;

use image::DynamicImage;

/// The value of one channel of one pixel.
pub(crate) trait ChannelValue: Copy + Send + Sync + 'static {
    /// The largest value: full brightness or full opacity.
    const MAX: f32;

    /// The value, `0..=MAX`.
    fn to_f32(self) -> f32;

    /// Rounds to the nearest value, clamped to `0..=MAX`.
    fn from_f32(value: f32) -> Self;

    fn is_zero(self) -> bool;
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts round down and saturate")]
impl ChannelValue for u8 {
    const MAX: f32 = 255.0;

    fn to_f32(self) -> f32 {
        f32::from(self)
    }

    fn from_f32(value: f32) -> Self {
        (value + 0.5) as Self
    }

    fn is_zero(self) -> bool {
        self == 0
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts round down and saturate")]
impl ChannelValue for u16 {
    const MAX: f32 = 65535.0;

    fn to_f32(self) -> f32 {
        f32::from(self)
    }

    fn from_f32(value: f32) -> Self {
        (value + 0.5) as Self
    }

    fn is_zero(self) -> bool {
        self == 0
    }
}

/// All channel values of a photo: row by row, channels interleaved, alpha last.
pub(crate) enum PixelData<'a> {
    Bits8 { data: &'a [u8], channels: usize },
    Bits16 { data: Cow<'a, [u16]>, channels: usize },
}

impl<'a> PixelData<'a> {
    pub(crate) fn of(pixels: &'a DynamicImage) -> Self {
        let channels = usize::from(pixels.color().channel_count());
        let sixteen = |data: &'a [u16]| Self::Bits16 { data: Cow::Borrowed(data), channels };
        match pixels {
            DynamicImage::ImageLuma8(buffer) => Self::Bits8 { data: buffer, channels },
            DynamicImage::ImageLumaA8(buffer) => Self::Bits8 { data: buffer, channels },
            DynamicImage::ImageRgb8(buffer) => Self::Bits8 { data: buffer, channels },
            DynamicImage::ImageRgba8(buffer) => Self::Bits8 { data: buffer, channels },
            DynamicImage::ImageLuma16(buffer) => sixteen(buffer),
            DynamicImage::ImageLumaA16(buffer) => sixteen(buffer),
            DynamicImage::ImageRgb16(buffer) => sixteen(buffer),
            DynamicImage::ImageRgba16(buffer) => sixteen(buffer),
            other => Self::Bits16 { data: Cow::Owned(other.to_rgba16().into_raw()), channels: 4 },
        }
    }
}

/// All channel values of a photo, mutable.
pub(crate) enum PixelDataMut<'a> {
    Bits8 { data: &'a mut [u8], channels: usize },
    Bits16 { data: &'a mut [u16], channels: usize },
}

impl<'a> PixelDataMut<'a> {
    /// `None` for floating-point pixels, which no photo holds.
    pub(crate) fn of(pixels: &'a mut DynamicImage) -> Option<Self> {
        let channels = usize::from(pixels.color().channel_count());
        let eight = |data: &'a mut [u8]| Some(Self::Bits8 { data, channels });
        let sixteen = |data: &'a mut [u16]| Some(Self::Bits16 { data, channels });
        match pixels {
            DynamicImage::ImageLuma8(buffer) => eight(buffer),
            DynamicImage::ImageLumaA8(buffer) => eight(buffer),
            DynamicImage::ImageRgb8(buffer) => eight(buffer),
            DynamicImage::ImageRgba8(buffer) => eight(buffer),
            DynamicImage::ImageLuma16(buffer) => sixteen(buffer),
            DynamicImage::ImageLumaA16(buffer) => sixteen(buffer),
            DynamicImage::ImageRgb16(buffer) => sixteen(buffer),
            DynamicImage::ImageRgba16(buffer) => sixteen(buffer),
            _ => None,
        }
    }
}
