//! Mask image files: white is hole.

use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage};

use super::Mask;
use crate::fs::Overwrite;
use crate::photo::{self, DecodeLimits, PhotoError, PngMetadata, SaveError};

/// Why a mask file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MaskFileError {
    #[error(
        "{path} is {width}×{height} pixels and the photo {photo_width}×{photo_height}: use a mask of the photo's size",
        path = if path.as_os_str().is_empty() { "the mask".into() } else { path.to_string_lossy() }
    )]
    Size {
        /// Empty for a mask from memory.
        path: PathBuf,
        width: u32,
        height: u32,
        photo_width: u32,
        photo_height: u32,
    },
    #[error("cannot open the mask")]
    Photo(#[from] PhotoError),
}

/// Loads a mask for a photo of this size. Pixels brighter than half are hole; transparent pixels are not.
///
/// # Errors
/// When the file cannot be opened as an image, or has another size.
pub fn load_mask(path: &Path, width: u32, height: u32) -> Result<Mask, MaskFileError> {
    to_mask(photo::open(path, DecodeLimits::default())?.pixels, path, width, height)
}

/// Like [`load_mask`], from memory.
///
/// # Errors
/// As [`load_mask`].
pub fn decode_mask(bytes: &[u8], width: u32, height: u32) -> Result<Mask, MaskFileError> {
    to_mask(photo::decode(bytes, DecodeLimits::default())?.pixels, Path::new(""), width, height)
}

/// Saves a mask as an 8-bit grey PNG; the hole is white.
///
/// # Errors
/// As [`crate::photo::save_png`].
pub fn save_mask(path: &Path, mask: &Mask, overwrite: Overwrite) -> Result<(), SaveError> {
    let grey = GrayImage::from_raw(mask.width(), mask.height(), mask.pixels().to_vec()).unwrap_or_default();
    photo::save_png(path, &DynamicImage::ImageLuma8(grey), &PngMetadata::default(), overwrite)
}

/// Encodes a mask as a PNG with one bit per pixel, for embedding in other files. [`decode_mask`] reads it.
///
/// # Errors
/// When the mask has no pixels.
pub fn encode_mask_png(mask: &Mask) -> Result<Vec<u8>, SaveError> {
    photo::encode_bilevel_png(mask.width(), mask.height(), mask.pixels())
}

fn to_mask(image: DynamicImage, path: &Path, photo_width: u32, photo_height: u32) -> Result<Mask, MaskFileError> {
    let (width, height) = (image.width(), image.height());
    let wrong_size = || MaskFileError::Size { path: path.into(), width, height, photo_width, photo_height };
    if (width, height) != (photo_width, photo_height) {
        return Err(wrong_size());
    }
    let grey = if image.color().has_alpha() {
        let opaque = |[luma, alpha]: [u8; 2]| if alpha >= 128 { luma } else { 0 };
        image.into_luma_alpha8().pixels().map(|pixel| opaque(pixel.0)).collect()
    } else {
        image.into_luma8().into_raw()
    };
    Mask::from_pixels(width, height, grey).ok_or_else(wrong_size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::StrokeKind;

    #[test]
    fn a_saved_mask_loads_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.png");
        let mut mask = Mask::empty(13, 7);
        mask.draw_segment([2.0, 2.0], [9.0, 5.0], 1.5, StrokeKind::Paint);
        save_mask(&path, &mask, crate::fs::Overwrite::Refuse).unwrap();
        assert_eq!(load_mask(&path, 13, 7).unwrap(), mask);
        let error = load_mask(&path, 14, 7).unwrap_err().to_string();
        assert!(error.contains("13×7") && error.contains("14×7") && error.contains("mask.png"), "{error}");
    }

    #[test]
    fn one_bit_png_round_trips_every_mask() {
        for (width, height) in [(1, 1), (7, 3), (8, 2), (9, 5), (33, 4)] {
            let pixels = (0..width * height).map(|at| if at * at % 7 < 3 { 255 } else { 0 }).collect();
            let mask = Mask::from_pixels(width, height, pixels).unwrap();
            let bytes = encode_mask_png(&mask).unwrap();
            assert_eq!(bytes[24..26], [1, 0], "one bit, grey");
            assert_eq!(decode_mask(&bytes, width, height).unwrap(), mask, "{width}×{height}");
        }
        assert!(encode_mask_png(&Mask::empty(0, 0)).is_err());
    }

    #[test]
    fn transparent_white_is_not_hole() {
        let pixels = image::RgbaImage::from_fn(2, 1, |x, _| image::Rgba([255, 255, 255, if x == 0 { 0 } else { 255 }]));
        let bytes =
            crate::photo::encode_png(&image::DynamicImage::ImageRgba8(pixels), &PngMetadata::default()).unwrap();
        assert_eq!(decode_mask(&bytes, 2, 1).unwrap().pixels(), [0, 255]);
        let error = decode_mask(&bytes, 5, 5).unwrap_err().to_string();
        assert!(error.starts_with("the mask is 2×1"), "{error}");
        assert!(matches!(decode_mask(b"none", 5, 5), Err(MaskFileError::Photo(_))));
    }
}
