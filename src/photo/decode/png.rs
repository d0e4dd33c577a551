//! Decodes PNG files.

use image::ImageFormat;

use super::{DecodeLimits, DecodedFile, PhotoError, image_crate, png_metadata};

pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    let file = image_crate::decode(bytes, ImageFormat::Png, limits)?;
    // The `image` crate reads neither what is behind the pixels nor colour spaces, print size and texts.
    Ok(DecodedFile { metadata: png_metadata::read(bytes), ..file })
}
