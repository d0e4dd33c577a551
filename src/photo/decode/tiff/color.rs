//! Turns the samples of a page into grey or RGB pixels.

use image::{DynamicImage, RgbImage};

use super::chunk::broken;
use super::directory::{Directory, TiffFile};
use super::layout::{Colors, Layout};
use super::samples::Value;
use super::{PhotoError, tag};
use crate::photo::ChannelValue;
use crate::photo::decode::cmyk;
use crate::photo::metadata::PhotoMetadata;

/// Converts `values`: the kept samples of each pixel, opacity last.
///
/// # Errors
/// When the page's colour table is missing or too short.
pub(super) fn to_picture<T: Value>(
    mut values: Vec<T>,
    layout: &Layout,
    (file, page): (&TiffFile<'_>, &Directory),
    metadata: &mut PhotoMetadata,
    warnings: &mut Vec<String>,
) -> Result<DynamicImage, PhotoError> {
    let channels = layout.kept_samples().len();
    if layout.alpha.is_some_and(|alpha| alpha.is_associated) {
        divide_by_opacity(&mut values, channels);
    }
    match layout.colors {
        Colors::Grey | Colors::Rgb => finish(values, layout, channels),
        Colors::WhiteIsZero => {
            for pixel in values.chunks_exact_mut(channels) {
                invert(pixel.first_mut());
            }
            finish(values, layout, channels)
        }
        Colors::YCbCr => {
            let convert = ycbcr_to_rgb(file, page);
            for pixel in values.chunks_exact_mut(channels) {
                if let [y, cb, cr, ..] = pixel {
                    [*y, *cb, *cr] = convert([*y, *cb, *cr].map(T::to_f32), T::MAX).map(T::from_f32);
                }
            }
            finish(values, layout, channels)
        }
        Colors::Palette => {
            let table = read_palette(file, page, layout.format.bits)?;
            finish_converted(&values, layout, channels, |pixel| {
                let index = pixel.first().map_or(0, |index| index.to_index());
                table.get(index).copied().unwrap_or_default()
            })
        }
        Colors::Cmyk => {
            let inks: Vec<u8> =
                values.chunks_exact(channels).flat_map(|pixel| pixel.iter().take(4)).map(to_u8).collect();
            let rgb = inks_to_rgb(&inks, size_of(layout)?, metadata, warnings)?;
            let mut rgb = rgb.pixels();
            finish_converted(&values, layout, channels, |_| rgb.next().map_or([0; 3], |pixel| pixel.0))
        }
    }
}

/// Converts to sRGB, with the embedded profile if it can be used.
fn inks_to_rgb(
    inks: &[u8],
    (width, height): (u32, u32),
    metadata: &mut PhotoMetadata,
    warnings: &mut Vec<String>,
) -> Result<RgbImage, PhotoError> {
    if let Some(profile) = metadata.icc_profile.take() {
        if let Ok(rgb) = cmyk::to_rgb(inks, width, height, Some(&profile)) {
            // The pixels are sRGB now, in the perceptual intent.
            metadata.color_encoding.srgb_intent = Some(0);
            return Ok(rgb);
        }
        warnings.push(cmyk::PROFILE_IGNORED.into());
    }
    cmyk::to_rgb(inks, width, height, None).map_err(|error| broken(error.to_string()))
}

fn size_of(layout: &Layout) -> Result<(u32, u32), PhotoError> {
    let side = |side: usize| u32::try_from(side).map_err(|_| broken("its size is wrong"));
    Ok((side(layout.width)?, side(layout.height)?))
}

fn finish<T: Value>(values: Vec<T>, layout: &Layout, channels: usize) -> Result<DynamicImage, PhotoError> {
    T::into_picture(values, size_of(layout)?, channels).ok_or_else(|| broken("its size is wrong"))
}

/// Eight-bit RGB from a conversion of each pixel, with the opacity if there is one.
fn finish_converted<T: Value>(
    values: &[T],
    layout: &Layout,
    channels: usize,
    mut to_rgb: impl FnMut(&[T]) -> [u8; 3],
) -> Result<DynamicImage, PhotoError> {
    let alpha = layout.alpha.is_some();
    let converted_channels = if alpha { 4 } else { 3 };
    let mut converted = Vec::with_capacity(values.len() / channels * converted_channels);
    for pixel in values.chunks_exact(channels) {
        converted.extend(to_rgb(pixel));
        converted.extend(pixel.last().filter(|_| alpha).map(to_u8));
    }
    finish(converted, layout, converted_channels)
}

fn to_u8<T: Value>(value: &T) -> u8 {
    <u8 as ChannelValue>::from_f32(value.to_f32() * 255.0 / T::MAX)
}

fn invert<T: Value>(value: Option<&mut T>) {
    if let Some(value) = value {
        *value = T::from_f32(T::MAX - value.to_f32());
    }
}

/// Undoes the multiplication of the colours by the opacity. Colours of invisible pixels stay as they are.
fn divide_by_opacity<T: Value>(values: &mut [T], channels: usize) {
    for pixel in values.chunks_exact_mut(channels) {
        if let Some((alpha, colors)) = pixel.split_last_mut()
            && !alpha.is_zero()
        {
            let factor = T::MAX / alpha.to_f32();
            for color in colors {
                *color = T::from_f32(color.to_f32() * factor);
            }
        }
    }
}

/// The colour table, as 8-bit RGB (TIFF 6.0, section 5): all red values, then green and blue, 16 bits each. Some
/// writers store 8 bits.
fn read_palette(file: &TiffFile<'_>, page: &Directory, bits: usize) -> Result<Vec<[u8; 3]>, PhotoError> {
    let values = file.unsigned_list(page, tag::COLOR_MAP).unwrap_or_default();
    let count = 1_usize << bits.min(16);
    let (Some(red), Some(green), Some(blue)) =
        (values.get(..count), values.get(count..2 * count), values.get(2 * count..3 * count))
    else {
        return Err(broken("its colour table is missing or too short"));
    };
    let shift = if values.iter().all(|value| *value < 256) { 0 } else { 8 };
    let to_u8 = |value: &u64| u8::try_from(value >> shift).unwrap_or(u8::MAX);
    Ok(red.iter().zip(green).zip(blue).map(|((red, green), blue)| [red, green, blue].map(to_u8)).collect())
}

/// The conversion of a page to RGB (TIFF 6.0, sections 20 and 21), for values from 0 to the second argument.
fn ycbcr_to_rgb(file: &TiffFile<'_>, page: &Directory) -> impl Fn([f32; 3], f32) -> [f32; 3] + use<> {
    let list = |tag| file.number_list(page, tag).unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "single precision is enough for 16 bits")]
    let single = |value: f64| value as f32;
    let luma: [f32; 3] = match list(tag::YCBCR_COEFFICIENTS).as_slice() {
        &[red, green, blue] if green > 0.0 => [red, green, blue].map(single),
        _ => [0.299, 0.587, 0.114],
    };
    // Black and white of each channel, for 8 bits.
    let levels = list(tag::REFERENCE_BLACK_WHITE);
    let mut range = [[0.0, 255.0], [128.0, 255.0], [128.0, 255.0]];
    for (channel, levels) in range.iter_mut().zip(levels.as_chunks::<2>().0) {
        if levels[0] < levels[1] {
            *channel = levels.map(single);
        }
    }
    move |values, most| {
        let level = |channel: usize, white: f32| {
            let [black, reference] = range[channel];
            (values[channel] * 255.0 / most - black) * white / (reference - black)
        };
        let (luminance, bluish, reddish) = (level(0, 255.0), level(1, 127.0), level(2, 127.0));
        let [red_share, green_share, blue_share] = luma;
        let red = luminance + reddish * (2.0 - 2.0 * red_share);
        let blue = luminance + bluish * (2.0 - 2.0 * blue_share);
        let green = (luminance - blue_share * blue - red_share * red) / green_share;
        [red, green, blue].map(|value| value * most / 255.0)
    }
}
