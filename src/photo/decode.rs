//! Decodes photo files: one file per format, and what all formats have in common.

mod error;
mod image_crate;
mod jpeg;
mod png;
mod tiff;

use std::path::Path;

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageFormat};

use super::metadata::PhotoMetadata;
use super::{Photo, exif, xmp};

pub use error::PhotoError;

/// File name extensions that can be opened.
pub const PHOTO_EXTENSIONS: [&str; 7] = ["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp"];

const FORMATS: [ImageFormat; 5] =
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Tiff, ImageFormat::Bmp];

/// Limits that are checked before memory is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Most pixels a photo may have.
    pub max_pixels: u64,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { max_pixels: 120_000_000 }
    }
}

impl DecodeLimits {
    /// Refuses a picture with too many pixels.
    fn check(self, width: u32, height: u32) -> Result<(), PhotoError> {
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(PhotoError::TooLarge { width, height, max_pixels: self.max_pixels });
        }
        Ok(())
    }
}

/// What the decoder of one format returns: everything as it is in the file.
struct DecodedFile {
    /// Not yet upright.
    pixels: DynamicImage,
    /// EXIF and XMP are not yet adapted to upright pixels.
    metadata: PhotoMetadata,
    /// The orientation that the format itself tells (a TIFF tag). EXIF's is read later, and wins only without this one.
    orientation: Option<Orientation>,
    /// Damage that the decoder could repair or skip, as sentences for the user, without a full stop.
    warnings: Vec<String>,
}

/// Opens a photo file. The format is detected from the content, not from the name.
///
/// # Errors
/// When the file cannot be read, has an unknown format, is broken, or is larger than the limits.
pub fn open(path: &Path, limits: DecodeLimits) -> Result<Photo, PhotoError> {
    let bytes = std::fs::read(path).map_err(|source| PhotoError::Read { path: path.into(), source })?;
    Ok(Photo { source: Some(path.into()), ..decode(&bytes, limits)? })
}

/// Decodes a photo from memory.
///
/// # Errors
/// As [`open`].
pub fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<Photo, PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::Empty);
    }
    let format = image::guess_format(bytes).ok().filter(|format| FORMATS.contains(format));
    let file = match format.ok_or(PhotoError::UnknownFormat)? {
        ImageFormat::Jpeg => jpeg::decode(bytes, limits),
        ImageFormat::Tiff => tiff::decode(bytes, limits),
        ImageFormat::Png => png::decode(bytes, limits),
        other => image_crate::decode(bytes, other, limits),
    }?;
    Ok(upright(file))
}

/// Turns the pixels upright, and adapts the metadata to them.
fn upright(file: DecodedFile) -> Photo {
    let DecodedFile { mut pixels, mut metadata, orientation, warnings } = file;
    let (exif, exif_orientation) = metadata.exif.take().map(exif::make_upright).unzip();
    metadata.exif = exif;
    metadata.xmp = metadata.xmp.take().map(xmp::make_upright);
    if let Some(orientation) = orientation.or(exif_orientation.flatten()) {
        pixels.apply_orientation(orientation);
    }
    metadata.icc_profile = metadata.icc_profile.filter(|profile| profile_fits(profile, pixels.color()));
    Photo { metadata, warnings, ..Photo::from_pixels(pixels) }
}

/// Whether a profile fits the decoded pixels. A CMYK photo is decoded to RGB, so its profile no longer fits. The colour
/// space is at byte 16 of a profile (ICC.1:2022, section 7.2.6).
fn profile_fits(profile: &[u8], color: ColorType) -> bool {
    let space: &[u8] = if color.has_color() { b"RGB " } else { b"GRAY" };
    profile.get(16..20) == Some(space)
}

#[cfg(test)]
mod tests;
