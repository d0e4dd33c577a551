//! Decodes TIFF files.

use std::io::Cursor;

use image::ImageFormat;
use image::codecs::tiff::TiffDecoder;

use super::{DecodeLimits, DecodedFile, PhotoError, image_crate};

pub(super) fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<DecodedFile, PhotoError> {
    let file = image_crate::decode(bytes, ImageFormat::Tiff, limits)?;
    // With limits, the decoder limits metadata to the size of the pixels: too little for a small picture.
    let mut decoder =
        TiffDecoder::new(Cursor::new(bytes)).map_err(|source| image_crate::decode_error(source, ImageFormat::Tiff))?;
    let (metadata, orientation) = image_crate::read_metadata(&mut decoder);
    Ok(DecodedFile { metadata, orientation, ..file })
}
