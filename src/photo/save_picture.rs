//! Encodes a picture in any of the formats, and tells what the format could not hold.

use image::DynamicImage;

use super::encode::{PngMetadata, SaveError, encode_png};
use super::metadata::ColorEncoding;
use super::picture_format::PictureFormat;
use super::{encode_jpeg, encode_tiff, encode_webp};

/// An encoded picture.
#[derive(Debug)]
pub struct EncodedPicture {
    pub bytes: Vec<u8>,
    /// What the format could not hold, as sentences for the user, without a full stop.
    pub notes: Vec<String>,
}

/// A file, and the kinds of metadata that it could not hold.
pub(super) struct EncodedFile {
    pub(super) bytes: Vec<u8>,
    pub(super) left_out: Vec<&'static str>,
}

/// Encodes a picture. `jpeg_quality` is 1 to 100. Of the metadata, a format holds what it can.
///
/// # Errors
/// When the format cannot hold the pixels: they are too many, or transparent in a JPEG.
pub fn encode_picture(
    pixels: &DynamicImage,
    metadata: &PngMetadata<'_>,
    format: PictureFormat,
    jpeg_quality: u8,
) -> Result<EncodedPicture, SaveError> {
    format.check_size(pixels)?;
    let EncodedFile { bytes, left_out } = match format {
        PictureFormat::Png => EncodedFile { bytes: encode_png(pixels, metadata)?, left_out: Vec::new() },
        PictureFormat::Jpeg => encode_jpeg::encode(pixels, metadata, jpeg_quality)?,
        PictureFormat::Tiff => encode_tiff::encode(pixels, metadata)?,
        PictureFormat::WebP => encode_webp::encode(pixels, metadata)?,
    };
    let name = format.name();
    let mut notes = Vec::new();
    if !format.holds_16_bits() && has_16_bits(pixels) {
        notes.push(format!("{name} holds 8 bits per channel: the 16 of the photo are rounded"));
    }
    if format != PictureFormat::Png && needs_color_encoding(metadata) {
        let note = "Colours may look different: only a PNG can hold this photo's colour space, which has no profile";
        notes.push(note.to_owned());
    }
    if !left_out.is_empty() {
        notes.push(format!("Left out, because this {name} cannot hold it: {}", left_out.join(", ")));
    }
    Ok(EncodedPicture { bytes, notes })
}

fn has_16_bits(pixels: &DynamicImage) -> bool {
    pixels.color().bytes_per_pixel() > pixels.color().channel_count()
}

/// Gamma of sRGB in a PNG (PNG specification, section 11.3.2.5).
const SRGB_GAMMA: u32 = 45_455;

/// Whether the colours have another meaning without the PNG's colour chunks.
fn needs_color_encoding(metadata: &PngMetadata<'_>) -> bool {
    /// Primaries and transfer function of sRGB, as RGB, full range (ITU-T H.273).
    const SRGB: [u8; 4] = [1, 13, 0, 1];
    let ColorEncoding { gamma, chromaticities, srgb_intent, cicp, .. } = metadata.color_encoding;
    let is_other_curve = gamma.is_some_and(|gamma| gamma != SRGB_GAMMA) || chromaticities.is_some() && gamma.is_none();
    cicp.is_some_and(|cicp| cicp != SRGB) || (metadata.icc_profile.is_none() && srgb_intent.is_none() && is_other_curve)
}

#[cfg(test)]
mod tests;
