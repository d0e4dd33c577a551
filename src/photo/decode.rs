//! Decodes photo files.

use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use image::codecs::tiff::TiffDecoder;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{Photo, exif, xmp};

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

/// Why a photo cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    #[error("cannot read {path}: check that the file exists and can be read", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the file is empty: choose another copy of the photo")]
    Empty,
    #[error("this is not a picture that can be opened: choose a PNG, JPEG, WebP, TIFF or BMP file")]
    UnknownFormat,
    #[error("the file is broken or cut short: open another copy of the photo")]
    Broken { source: ImageError },
    #[error("the file ends in the middle of the picture: open another copy of the photo")]
    CutShort,
    #[error("this kind of {format} file cannot be opened: save the photo as PNG and open that")]
    Unsupported { format: &'static str, source: ImageError },
    #[error(
        "the photo is {width}×{height} pixels, more than {} megapixels: scale it down and open it again",
        max_pixels / 1_000_000
    )]
    TooLarge { width: u32, height: u32, max_pixels: u64 },
    #[error("the photo needs more memory than is allowed: scale it down, or save it as PNG with 8 bits, and open that")]
    TooMuchMemory { source: ImageError },
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
    let format = format.ok_or(PhotoError::UnknownFormat)?;
    let failed = |source: ImageError| match source {
        ImageError::Limits(_) => PhotoError::TooMuchMemory { source },
        ImageError::Unsupported(_) => PhotoError::Unsupported { format: format_name(format), source },
        _ => PhotoError::Broken { source },
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(memory_limits(limits));
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(PhotoError::TooLarge { width, height, max_pixels: limits.max_pixels });
    }
    if format == ImageFormat::Jpeg && !has_jpeg_end_marker(bytes) {
        return Err(PhotoError::CutShort);
    }
    let metadata = match format {
        // With limits, this decoder limits metadata to the size of the pixels: too little for a small picture.
        ImageFormat::Tiff => TiffDecoder::new(Cursor::new(bytes)).map(|mut decoder| PhotoMetadata::read(&mut decoder)),
        _ => Ok(PhotoMetadata::read(&mut decoder)),
    };
    let PhotoMetadata { icc_profile, exif, xmp, orientation } = metadata.map_err(failed)?;
    let mut pixels = DynamicImage::from_decoder(decoder).map_err(failed)?;
    if let Some(orientation) = orientation {
        pixels.apply_orientation(orientation);
    }
    let icc_profile = icc_profile.filter(|profile| profile_fits(profile, pixels.color()));
    Ok(Photo { icc_profile, exif, xmp, ..Photo::from_pixels(pixels) })
}

/// Metadata of a file, adapted to upright pixels.
struct PhotoMetadata {
    icc_profile: Option<Vec<u8>>,
    exif: Option<Vec<u8>>,
    xmp: Option<Vec<u8>>,
    orientation: Option<Orientation>,
}

impl PhotoMetadata {
    /// Reads the metadata. Broken parts are left out, so that the photo still opens.
    fn read(decoder: &mut dyn ImageDecoder) -> Self {
        let exif = decoder.exif_metadata().ok().flatten().filter(|block| !block.is_empty());
        let xmp = decoder.xmp_metadata().ok().flatten().filter(|packet| !packet.is_empty());
        let (exif, exif_orientation) = exif.map(exif::make_upright).unzip();
        // The decoder misses the orientation in blocks with a JPEG marker; TIFF files have theirs outside of EXIF.
        let orientation = decoder.orientation().ok().filter(|orientation| *orientation != Orientation::NoTransforms);
        Self {
            icc_profile: decoder.icc_profile().ok().flatten(),
            exif,
            xmp: xmp.map(xmp::make_upright),
            orientation: orientation.or(exif_orientation.flatten()),
        }
    }
}

/// Memory for the largest allowed photo with four 32-bit channels, and as much again for the decoder's buffers.
fn memory_limits(limits: DecodeLimits) -> Limits {
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

/// Whether the end marker follows the last scan. The JPEG decoder fills missing parts with grey without an error. The
/// bytes of the marker cannot occur within a scan.
fn has_jpeg_end_marker(bytes: &[u8]) -> bool {
    let find_last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    match (find_last([0xFF, 0xDA]), find_last([0xFF, 0xD9])) {
        (Some(scan), Some(end)) => scan < end,
        _ => false,
    }
}

/// Whether a profile fits the decoded pixels. A CMYK photo is decoded to RGB, so its profile no longer fits. The colour
/// space is at byte 16 of a profile (ICC.1:2022, section 7.2.6).
fn profile_fits(profile: &[u8], color: ColorType) -> bool {
    let space: &[u8] = if color.has_color() { b"RGB " } else { b"GRAY" };
    profile.get(16..20) == Some(space)
}

#[cfg(test)]
mod tests;
