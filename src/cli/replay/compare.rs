//! Compares two pictures pixel by pixel.

use std::fmt;

use image::DynamicImage;

use crate::photo::PixelData;

/// The result of comparing two pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PictureDifference {
    None,
    /// Size or colour type differ, so pixels cannot be compared.
    Shape,
    Pixels {
        different: usize,
        total: usize,
        /// The largest difference of two channel values.
        largest: u32,
        /// The largest possible channel value.
        max_value: u32,
    },
}

impl PictureDifference {
    pub(super) fn is_none(self) -> bool {
        self == Self::None
    }
}

impl fmt::Display for PictureDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("the same, bit for bit"),
            Self::Shape => f.write_str("not the same: size or colour type differ"),
            Self::Pixels { different, total, largest, max_value } => {
                write!(f, "not the same: {different} of {total} pixels differ, by at most {largest} of {max_value}")
            }
        }
    }
}

/// Compares every channel value, also in transparent pixels.
pub(super) fn compare_pictures(one: &DynamicImage, other: &DynamicImage) -> PictureDifference {
    if (one.color(), one.width(), one.height()) != (other.color(), other.width(), other.height()) {
        return PictureDifference::Shape;
    }
    match (PixelData::of(one), PixelData::of(other)) {
        (PixelData::Bits8 { data: one, channels }, PixelData::Bits8 { data: other, .. }) => {
            compare_values(one, other, channels, u8::MAX.into())
        }
        (PixelData::Bits16 { data: one, channels }, PixelData::Bits16 { data: other, .. }) => {
            compare_values(&one, &other, channels, u16::MAX.into())
        }
        _ => PictureDifference::Shape,
    }
}

fn compare_values<T: Copy + Into<u32>>(one: &[T], other: &[T], channels: usize, max_value: u32) -> PictureDifference {
    let (mut different, mut largest) = (0, 0);
    let channels = channels.max(1);
    for (one, other) in one.chunks(channels).zip(other.chunks(channels)) {
        let difference =
            one.iter().zip(other).map(|(&one, &other)| one.into().abs_diff(other.into())).max().unwrap_or(0);
        different += usize::from(difference > 0);
        largest = largest.max(difference);
    }
    match different {
        0 => PictureDifference::None,
        _ => PictureDifference::Pixels { different, total: one.len() / channels, largest, max_value },
    }
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageBuffer, LumaA, Rgb, RgbImage};

    use super::*;

    #[test]
    fn differing_pixels_are_counted_once() {
        let one = RgbImage::from_pixel(3, 2, Rgb([10, 20, 30]));
        let mut other = one.clone();
        assert_eq!(compare_pictures(&one.clone().into(), &other.clone().into()).to_string(), "the same, bit for bit");
        other.put_pixel(0, 0, Rgb([11, 25, 30]));
        other.put_pixel(2, 1, Rgb([10, 20, 27]));
        let text = compare_pictures(&one.into(), &other.into()).to_string();
        assert_eq!(text, "not the same: 2 of 6 pixels differ, by at most 5 of 255");
    }

    #[test]
    fn sixteen_bits_and_transparent_pixels_count() {
        let one = ImageBuffer::<LumaA<u16>, _>::from_raw(1, 1, vec![500, 0]).unwrap();
        let other = ImageBuffer::<LumaA<u16>, _>::from_raw(1, 1, vec![501, 0]).unwrap();
        let expected = PictureDifference::Pixels { different: 1, total: 1, largest: 1, max_value: 65_535 };
        assert_eq!(compare_pictures(&one.into(), &other.into()), expected);
    }

    #[test]
    fn different_sizes_and_types_are_not_compared() {
        let grey = GrayImage::new(2, 2);
        assert_eq!(compare_pictures(&grey.clone().into(), &GrayImage::new(4, 1).into()), PictureDifference::Shape);
        assert_eq!(compare_pictures(&grey.into(), &RgbImage::new(2, 2).into()), PictureDifference::Shape);
    }
}
