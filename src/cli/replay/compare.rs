//! Compares two pictures pixel by pixel.

use std::fmt;

use image::DynamicImage;

use crate::photo::Samples;

/// The result of comparing two pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    None,
    /// Size or colour type differ, so pixels cannot be compared.
    Shape,
    Pixels {
        different: usize,
        of: usize,
        /// The largest difference of two channel values.
        at_most: u32,
        /// The largest possible channel value.
        brightest: u32,
    },
}

impl Difference {
    pub(super) fn is_none(self) -> bool {
        self == Self::None
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("the same, bit for bit"),
            Self::Shape => f.write_str("not the same: size or colour type differ"),
            Self::Pixels { different, of, at_most, brightest } => {
                write!(f, "not the same: {different} of {of} pixels differ, by at most {at_most} of {brightest}")
            }
        }
    }
}

/// Compares every channel value, also in transparent pixels.
pub(super) fn difference(one: &DynamicImage, other: &DynamicImage) -> Difference {
    if (one.color(), one.width(), one.height()) != (other.color(), other.width(), other.height()) {
        return Difference::Shape;
    }
    match (Samples::of(one), Samples::of(other)) {
        (Samples::Eight { data: one, channels }, Samples::Eight { data: other, .. }) => {
            of_samples(one, other, channels, u8::MAX.into())
        }
        (Samples::Sixteen { data: one, channels }, Samples::Sixteen { data: other, .. }) => {
            of_samples(&one, &other, channels, u16::MAX.into())
        }
        _ => Difference::Shape,
    }
}

fn of_samples<T: Copy + Into<u32>>(one: &[T], other: &[T], channels: usize, brightest: u32) -> Difference {
    let (mut different, mut at_most) = (0, 0);
    let channels = channels.max(1);
    for (one, other) in one.chunks(channels).zip(other.chunks(channels)) {
        let apart = one.iter().zip(other).map(|(&one, &other)| one.into().abs_diff(other.into())).max().unwrap_or(0);
        different += usize::from(apart > 0);
        at_most = at_most.max(apart);
    }
    match different {
        0 => Difference::None,
        _ => Difference::Pixels { different, of: one.len() / channels, at_most, brightest },
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
        assert_eq!(difference(&one.clone().into(), &other.clone().into()).to_string(), "the same, bit for bit");
        other.put_pixel(0, 0, Rgb([11, 25, 30]));
        other.put_pixel(2, 1, Rgb([10, 20, 27]));
        let text = difference(&one.into(), &other.into()).to_string();
        assert_eq!(text, "not the same: 2 of 6 pixels differ, by at most 5 of 255");
    }

    #[test]
    fn sixteen_bits_and_transparent_pixels_count() {
        let one = ImageBuffer::<LumaA<u16>, _>::from_raw(1, 1, vec![500, 0]).unwrap();
        let other = ImageBuffer::<LumaA<u16>, _>::from_raw(1, 1, vec![501, 0]).unwrap();
        let expected = Difference::Pixels { different: 1, of: 1, at_most: 1, brightest: 65_535 };
        assert_eq!(difference(&one.into(), &other.into()), expected);
    }

    #[test]
    fn different_sizes_and_types_are_not_compared() {
        let grey = GrayImage::new(2, 2);
        assert_eq!(difference(&grey.clone().into(), &GrayImage::new(4, 1).into()), Difference::Shape);
        assert_eq!(difference(&grey.into(), &RgbImage::new(2, 2).into()), Difference::Shape);
    }
}
