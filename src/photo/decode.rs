//! Decodes photo files: one file per format, and what all formats have in common.

mod bmp;
mod cmyk;
mod error;
mod file_kind;
mod image_crate;
mod jpeg;
mod jpeg_metadata;
mod photoshop;
mod png;
mod png_metadata;
mod tiff;
mod webp;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageFormat};

use super::embedded_picture::holds_base64_picture;
use super::metadata::{PhotoMetadata, PixelDensity};
use super::{Photo, exif, iptc, memory, xmp};

pub use error::PhotoError;
pub use file_kind::{FileContent, FileKind};

/// File name extensions that can be opened. Windows saves pictures of web pages as `jfif`; `mpo` is a JPEG with a second
/// picture behind it.
pub const PHOTO_EXTENSIONS: [&str; 15] =
    ["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "jfif", "jpe", "jif", "pjpeg", "pjp", "mpo", "dib", "apng"];

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
    /// Refuses a picture with too many pixels, or more than there is memory for.
    fn check(self, width: u32, height: u32) -> Result<(), PhotoError> {
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(PhotoError::TooLarge { width, height, max_pixels: self.max_pixels });
        }
        check_memory(width, height, memory::needed_to_open(width, height))
    }
}

fn check_memory(width: u32, height: u32, bytes: u64) -> Result<(), PhotoError> {
    if memory::is_available(bytes) {
        return Ok(());
    }
    Err(PhotoError::NoMemory { width, height, megabytes: bytes >> 20 })
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
    Ok(Photo { source: Some(path.into()), ..decode(&read_file(path)?, limits)? })
}

/// Reads a file that may be a photo. Of a kind that cannot be opened, such as a film of some gigabytes, only the start is
/// read.
///
/// # Errors
/// When the file cannot be read, or is of a kind that cannot be opened.
pub fn read_file(path: &Path) -> Result<Vec<u8>, PhotoError> {
    let failed = |cause| PhotoError::Read { path: path.into(), cause };
    let mut file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.by_ref().take(file_kind::START_BYTES as u64).read_to_end(&mut bytes).map_err(failed)?;
    if known_format(&bytes).is_none()
        && let Some(kind) = file_kind::kind_of_start(&bytes)
    {
        return Err(PhotoError::OtherKind(kind));
    }
    file.read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// What the start of a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartContent {
    /// A format that can be opened.
    Openable,
    /// A photo of a kind that cannot be opened.
    ClosedPhoto,
    /// No photo, or not readable.
    Other,
}

/// Looks at the start of a file.
pub(super) fn content_at_start(path: &Path) -> StartContent {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(file_kind::START_BYTES as u64).read_to_end(&mut start));
    if read.is_err() {
        StartContent::Other
    } else if known_format(&start).is_some() {
        StartContent::Openable
    } else if file_kind::kind_of_start(&start).is_some_and(|kind| kind.content == FileContent::Photo) {
        StartContent::ClosedPhoto
    } else {
        StartContent::Other
    }
}

/// The format of a file, by its start, if it can be opened.
fn known_format(bytes: &[u8]) -> Option<ImageFormat> {
    if tiff::is_tiff(bytes) {
        return Some(ImageFormat::Tiff);
    }
    image::guess_format(bytes).ok().filter(|format| FORMATS.contains(format))
}

/// Decodes a photo from memory.
///
/// # Errors
/// As [`open`].
pub fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<Photo, PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::Empty);
    }
    let unknown = || file_kind::kind_of(bytes).map_or(PhotoError::UnknownFormat, PhotoError::OtherKind);
    let file = match known_format(bytes).ok_or_else(unknown)? {
        ImageFormat::Jpeg => jpeg::decode(bytes, limits),
        ImageFormat::Tiff => tiff::decode(bytes, limits),
        ImageFormat::Png => png::decode(bytes, limits),
        ImageFormat::Bmp => bmp::decode(bytes, limits),
        _ => webp::decode(bytes, limits),
    }?;
    // Pixels of 16 bits need more than the check before decoding could know.
    check_memory(file.pixels.width(), file.pixels.height(), memory::needed_to_fill(&file.pixels))?;
    Ok(upright(file))
}

/// Turns the pixels upright, and adapts the metadata to them.
fn upright(file: DecodedFile) -> Photo {
    let DecodedFile { mut pixels, mut metadata, orientation, warnings } = file;
    metadata.density = metadata.density.or_else(|| exif::density(metadata.exif.as_deref()?));
    let block = metadata.exif.take().map(|block| exif::make_upright(block, orientation));
    let (block, exif_orientation) = block.unzip();
    metadata.exif = block;
    let orientation = orientation.or(exif_orientation.flatten());
    let turned = orientation.filter(|orientation| *orientation != Orientation::NoTransforms);
    if let Some(orientation) = turned {
        pixels.apply_orientation(orientation);
        if exif::swaps_sides(orientation) {
            metadata.density = metadata.density.map(PixelDensity::turned);
        }
    }
    metadata.xmp = metadata.xmp.map(|packet| xmp::make_upright(&packet, turned));
    metadata.iptc = metadata.iptc.map(|records| iptc::without_previews(&records)).filter(|records| !records.is_empty());
    metadata.texts.retain(|text| !holds_base64_picture(&text.text));
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
