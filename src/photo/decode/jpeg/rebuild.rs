//! Makes pixels from coefficients: for damaged pictures, and for kinds that the fast decoder cannot do.
//!
//! Chroma is enlarged as libjpeg does it, so that the picture is the one that other programs show.

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage};
use rayon::prelude::*;

use super::coefficients::Coefficients;
use super::color_model::ColorModel;
use super::frame::{Component, Frame};
use super::transform::{Plane, plane};

/// Decoded pixels.
pub(super) enum Pixels {
    Picture(DynamicImage),
    /// Interleaved CMYK, 0 for no ink.
    Cmyk(Vec<u8>),
}

/// Makes the pixels of a picture. Takes at most 12 bytes for each RGB pixel at a time, the coefficients included.
pub(super) fn pixels(frame: &Frame, color: ColorModel, coefficients: Coefficients) -> Pixels {
    let planes: Vec<Plane> = frame.components.iter().map(|c| plane(c, frame.precision, &coefficients)).collect();
    drop(coefficients);
    let channels = planes.len();
    let mut values = vec![0u16; frame.width * frame.height * channels];
    values.par_chunks_mut(frame.width * channels).enumerate().for_each(|(y, row)| {
        for (channel, (plane, component)) in planes.iter().zip(&frame.components).enumerate() {
            let line = enlarged_line(plane, component, frame, y);
            for (slot, value) in row.iter_mut().skip(channel).step_by(channels).zip(line) {
                *slot = value;
            }
        }
        convert_row(row, color, frame.precision);
    });
    drop(planes);
    finished(frame, color, values)
}

fn finished(frame: &Frame, color: ColorModel, values: Vec<u16>) -> Pixels {
    let (width, height) = frame.size();
    let to_bytes = |values: Vec<u16>| -> Vec<u8> {
        let shift = u32::from(frame.precision.saturating_sub(8));
        values.into_iter().map(|value| u8::try_from(value >> shift).unwrap_or(u8::MAX)).collect()
    };
    let to_words = |mut values: Vec<u16>| -> Vec<u16> {
        for value in &mut values {
            *value = *value << 4 | *value >> 8;
        }
        values
    };
    let picture = match (color, frame.precision) {
        (ColorModel::Cmyk | ColorModel::Ycck, _) => return Pixels::Cmyk(to_bytes(values)),
        (ColorModel::Grey, 8) => GrayImage::from_raw(width, height, to_bytes(values)).map(DynamicImage::ImageLuma8),
        (_, 8) => RgbImage::from_raw(width, height, to_bytes(values)).map(DynamicImage::ImageRgb8),
        (ColorModel::Grey, _) => {
            ImageBuffer::<Luma<u16>, _>::from_raw(width, height, to_words(values)).map(DynamicImage::ImageLuma16)
        }
        _ => ImageBuffer::<Rgb<u16>, _>::from_raw(width, height, to_words(values)).map(DynamicImage::ImageRgb16),
    };
    Pixels::Picture(picture.unwrap_or_default())
}

/// Row `y` of the picture from a plane that may be smaller. Half as large is enlarged linearly between the centres of
/// samples, other planes by repeating the nearest sample: both as libjpeg does it.
fn enlarged_line(plane: &Plane, component: &Component, frame: &Frame, y: usize) -> Vec<u16> {
    let ((h, v), (most_h, most_v)) = (component.factors, frame.max_factors);
    let (columns, rows) = component.samples;
    let (is_half_wide, is_half_high) = (most_h == 2 * h, most_v == 2 * v);
    let is_linear = match (is_half_wide, is_half_high) {
        (true, true) => columns > 2,
        (true, false) => columns > 2 && most_v == v,
        (false, _) => most_h == h,
    };
    let row = |y: usize| {
        let start = y.min(rows.saturating_sub(1)) * plane.width;
        plane.values.get(start..start + columns).unwrap_or_default()
    };
    let near = y * v / most_v;
    // Four times the values, so that nothing is rounded twice.
    let tall: Vec<u32> = if is_linear && is_half_high {
        let other = if y.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 };
        row(near).iter().zip(row(other)).map(|(near, other)| 3 * u32::from(*near) + u32::from(*other)).collect()
    } else {
        row(near).iter().map(|value| 4 * u32::from(*value)).collect()
    };
    let at = |x: usize| tall.get(x.min(columns.saturating_sub(1))).copied().unwrap_or(0);
    let sum = |x: usize| {
        let near = x * h / most_h;
        if is_linear && is_half_wide {
            3 * at(near) + at(if x.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 })
        } else {
            4 * at(near)
        }
    };
    (0..frame.width).map(|x| u16::try_from((sum(x) + 8) >> 4).unwrap_or(u16::MAX)).collect()
}

/// Converts a row to RGB, or to CMYK with 0 for no ink.
fn convert_row(row: &mut [u16], color: ColorModel, precision: u8) {
    let most = (1u16 << precision) - 1;
    match color {
        ColorModel::Grey | ColorModel::Rgb => {}
        ColorModel::YCbCr => row.as_chunks_mut().0.iter_mut().for_each(|pixel| *pixel = rgb(*pixel, most)),
        ColorModel::Cmyk => row.iter_mut().for_each(|value| *value = most - *value),
        ColorModel::Ycck => {
            for [y, cb, cr, k] in row.as_chunks_mut().0 {
                // What comes out is red, green and blue of the inverted inks, which are the inks.
                [*y, *cb, *cr] = rgb([*y, *cb, *cr], most);
                *k = most - *k;
            }
        }
    }
}

/// ITU-T T.871, section 7.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn rgb([y, cb, cr]: [u16; 3], most: u16) -> [u16; 3] {
    let middle = f32::from(most / 2 + 1);
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - middle, f32::from(cr) - middle);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb]
        .map(|value| value.round().clamp(0.0, f32::from(most)) as u16)
}
