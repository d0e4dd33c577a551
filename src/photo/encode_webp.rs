//! Encodes pixels and metadata as lossless WebP.

use image::DynamicImage;
use image_webp::{ColorType, WebPEncoder};

use super::encode::{PngMetadata, SaveError};
use super::save_picture::EncodedFile;

/// Encodes with 8 bits per channel. Transparent pixels keep their colours.
pub(super) fn encode(pixels: &DynamicImage, metadata: &PngMetadata<'_>) -> Result<EncodedFile, SaveError> {
    let color = pixels.color();
    let (pixels, kind): (DynamicImage, ColorType) = match (color.has_color(), color.has_alpha()) {
        (false, false) => (pixels.to_luma8().into(), ColorType::L8),
        (false, true) => (pixels.to_luma_alpha8().into(), ColorType::La8),
        (true, false) => (pixels.to_rgb8().into(), ColorType::Rgb8),
        (true, true) => (pixels.to_rgba8().into(), ColorType::Rgba8),
    };
    let mut left_out = Vec::new();
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new(&mut bytes);
    if let Some(profile) = metadata.icc_profile {
        // A WebP is always in colour, so a grey profile does not fit.
        if color.has_color() {
            encoder.set_icc_profile(profile.to_vec());
        } else {
            left_out.push("grey profile");
        }
    }
    if let Some(exif) = metadata.exif {
        encoder.set_exif_metadata(exif.to_vec());
    }
    if let Some(xmp) = &metadata.xmp {
        encoder.set_xmp_metadata(xmp.to_vec());
    }
    encoder.encode(pixels.as_bytes(), pixels.width(), pixels.height(), kind)?;
    if metadata.iptc.is_some() {
        left_out.push("IPTC");
    }
    if !metadata.photo_texts.is_empty() {
        left_out.push("texts and comments");
    }
    if metadata.density.is_some() && metadata.exif.is_none() {
        left_out.push("print size");
    }
    Ok(EncodedFile { bytes, left_out })
}
