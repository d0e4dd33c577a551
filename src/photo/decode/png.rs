//! Decodes PNG files.

use image::ImageFormat;

use super::{DecodeLimits, DecodedFile, PhotoError, image_crate};

pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    image_crate::decode(bytes, ImageFormat::Png, limits)
}
