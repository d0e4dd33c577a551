//! Decodes JPEG files.

use image::ImageFormat;

use super::{DecodeLimits, DecodedFile, PhotoError, image_crate};

pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    let file = image_crate::decode(bytes, ImageFormat::Jpeg, limits)?;
    if !has_jpeg_end_marker(bytes) {
        return Err(PhotoError::CutShort);
    }
    Ok(file)
}

/// Whether the end marker follows the last scan. The JPEG decoder fills missing parts with grey without an error. The
/// bytes of the marker cannot occur within a scan.
fn has_jpeg_end_marker(bytes: &[u8]) -> bool {
    let find_last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    match (find_last([0xFF, 0xDA]), find_last([0xFF, 0xD9])) {
        (Some(scan), Some(end)) => scan < end,
        _ => false,
    }
}
