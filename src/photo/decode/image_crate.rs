//! Decodes any format with the decoder of the `image` crate.

use std::io::Cursor;

use image::error::{DecodingError, ImageFormatHint};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{DecodeLimits, DecodedFile, PhotoError};
use crate::catch_panic::catch_panic;
use crate::photo::metadata::PhotoMetadata;

/// Decodes the pixels. Metadata is left to the format's own module: the decoders make room for as many bytes of it as
/// a file claims to have.
pub(super) fn decode(bytes: &[u8], format: ImageFormat, limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    let failed = |source| decode_error(source, format);
    // A decoder may panic on a broken file: png 0.18.1 does on a palette with half a colour.
    let pixels = catch_panic(|| decode_pixels(bytes, format, limits)).unwrap_or_else(|reason| {
        Err(failed(ImageError::Decoding(DecodingError::new(ImageFormatHint::Exact(format), reason))))
    })?;
    Ok(DecodedFile { pixels, metadata: PhotoMetadata::default(), orientation: None, warnings: Vec::new() })
}

fn decode_pixels(bytes: &[u8], format: ImageFormat, limits: DecodeLimits) -> Result<DynamicImage, PhotoError> {
    let failed = |source| decode_error(source, format);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(memory_limits(limits));
    let decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    limits.check(width, height)?;
    DynamicImage::from_decoder(decoder).map_err(failed)
}

/// The error for the user.
pub(super) fn decode_error(cause: ImageError, format: ImageFormat) -> PhotoError {
    match cause {
        ImageError::Limits(_) => PhotoError::TooMuchMemory { cause },
        ImageError::Unsupported(_) => PhotoError::Unsupported { format: format_name(format), cause },
        _ => PhotoError::Broken { cause },
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
