//! Decodes any format with the decoder of the `image` crate.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{DecodeLimits, DecodedFile, PhotoError};
use crate::photo::metadata::PhotoMetadata;

/// Decodes the pixels, the profile, EXIF and XMP.
pub(super) fn decode(bytes: &[u8], format: ImageFormat, limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    let failed = |source| decode_error(source, format);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(memory_limits(limits));
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    limits.check(width, height)?;
    let (metadata, orientation) = read_metadata(&mut decoder);
    let pixels = DynamicImage::from_decoder(decoder).map_err(failed)?;
    Ok(DecodedFile { pixels, metadata, orientation, warnings: Vec::new() })
}

/// Reads the metadata. Broken parts are left out, so that the photo still opens.
pub(super) fn read_metadata(decoder: &mut dyn ImageDecoder) -> (PhotoMetadata, Option<Orientation>) {
    let metadata = PhotoMetadata {
        icc_profile: decoder.icc_profile().ok().flatten(),
        exif: decoder.exif_metadata().ok().flatten().filter(|block| !block.is_empty()),
        xmp: decoder.xmp_metadata().ok().flatten().filter(|packet| !packet.is_empty()),
        ..PhotoMetadata::default()
    };
    let orientation = decoder.orientation().ok().filter(|orientation| *orientation != Orientation::NoTransforms);
    (metadata, orientation)
}

/// The error for the user.
pub(super) fn decode_error(source: ImageError, format: ImageFormat) -> PhotoError {
    match source {
        ImageError::Limits(_) => PhotoError::TooMuchMemory { source },
        ImageError::Unsupported(_) => PhotoError::Unsupported { format: format_name(format), source },
        _ => PhotoError::Broken { source },
    }
}

/// Memory for the largest allowed photo with four 32-bit channels, and as much again for the decoder's buffers.
pub(super) fn memory_limits(limits: DecodeLimits) -> Limits {
    let mut memory = Limits::no_limits();
    memory.max_alloc = Some(limits.max_pixels.saturating_mul(2 * 16).saturating_add(1 << 20));
    memory
}

fn format_name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Tiff => "TIFF",
        _ => "BMP",
    }
}
