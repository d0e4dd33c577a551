//! Test pictures of every colour type.

use image::{ColorType, DynamicImage, ImageBuffer, Rgba};

/// Colour types that a photo can have.
pub(crate) const PHOTO_COLOR_TYPES: [ColorType; 8] = [
    ColorType::L8,
    ColorType::La8,
    ColorType::Rgb8,
    ColorType::Rgba8,
    ColorType::L16,
    ColorType::La16,
    ColorType::Rgb16,
    ColorType::Rgba16,
];

/// Converts a picture to a colour type.
pub(crate) fn to_color_type(picture: DynamicImage, color: ColorType) -> DynamicImage {
    match color {
        ColorType::L8 => picture.to_luma8().into(),
        ColorType::La8 => picture.to_luma_alpha8().into(),
        ColorType::Rgb8 => picture.to_rgb8().into(),
        ColorType::Rgba8 => picture.to_rgba8().into(),
        ColorType::L16 => picture.to_luma16().into(),
        ColorType::La16 => picture.to_luma_alpha16().into(),
        ColorType::Rgb16 => picture.to_rgb16().into(),
        ColorType::Rgba16 => picture.to_rgba16().into(),
        ColorType::Rgb32F => picture.to_rgb32f().into(),
        _ => picture,
    }
}

/// A picture whose colours, alphas and low bytes (with 16 bits) differ from pixel to pixel.
pub(crate) fn varied_picture(color: ColorType, width: u32, height: u32) -> DynamicImage {
    let rgba = ImageBuffer::from_fn(width, height, |x, y| {
        let value = |seed: u32| ((x * 2311 + y * 8123 + seed * 9973) % 65_000) as u16 + 100;
        Rgba([value(1), value(2), value(3), value(4)])
    });
    to_color_type(DynamicImage::ImageRgba16(rgba), color)
}
