//! Photos: decoding, pixels and metadata, saving.
//!
//! A photo keeps the bit depth and the channels of its file. The EXIF orientation is applied on opening, so all other
//! modules see upright pixels. The metadata is adapted as soon as it is read (see `exif` and `xmp`): its orientation
//! becomes upright, and pictures in it are removed, because they would show the old face.
//!
//! Pictures are saved as PNG, JPEG, TIFF or WebP (`save_picture`). Only a PNG holds everything; for the others, the
//! encoder tells what was left out or rounded.

mod animation;
mod contact_sheet;
mod decode;
mod embedded_picture;
mod encode;
mod encode_jpeg;
mod encode_tiff;
mod encode_webp;
mod exif;
mod folder_files;
mod interpolation;
mod iptc;
mod memory;
mod metadata;
mod picture_format;
mod pixel_data;
mod pixel_hash;
mod png_text;
mod raw_profile;
mod save_picture;
#[cfg(test)]
pub(crate) mod test_pictures;
mod xmp;

use std::path::PathBuf;

use image::DynamicImage;

use crate::geometry::RectPx;

pub use animation::{AnimationFormat, AnimationWriter, MAX_ANIMATION_SIDE_PX};
pub use contact_sheet::ContactSheet;
pub use decode::{DecodeLimits, FileContent, FileKind, PHOTO_EXTENSIONS, PhotoError, decode, open, read_file};
pub(crate) use encode::encode_bilevel_png;
pub use encode::{PngMetadata, SaveError, encode_png, save_png};
pub(crate) use encode_jpeg::MAX_XMP_BYTES as MAX_JPEG_XMP_BYTES;
pub use folder_files::{FolderFiles, PassedOver, has_photo_extension, is_hidden, pictures_with_stem, sort_out_files};
pub(crate) use interpolation::catmull_rom_weights;
pub use metadata::{ColorEncoding, PhotoMetadata, PhotoText, PixelDensity};
pub use picture_format::{DEFAULT_JPEG_QUALITY, PictureFormat};
pub(crate) use pixel_data::{ChannelValue, PixelData, PixelDataMut};
pub(crate) use pixel_hash::sha256_of_pixels;
pub use png_text::{PngTextError, read_png_text};
pub use save_picture::{EncodedPicture, encode_picture};
pub use xmp::with_source_type;

/// The photo that the user opened: upright, at its own size and bit depth.
#[derive(Clone, Debug)]
pub struct Photo {
    /// 8 or 16 bits per channel; grey or RGB, with or without alpha. Floating-point files are converted to 16 bits.
    pub pixels: DynamicImage,
    /// The file it came from, if any.
    pub source: Option<PathBuf>,
    /// What the file says besides its pixels, adapted to upright pixels.
    pub metadata: PhotoMetadata,
    /// Damage of the file that could be repaired or skipped, as sentences for the user, without a full stop.
    pub warnings: Vec<String>,
}

impl Photo {
    /// A photo made in memory (samples, tests).
    #[must_use]
    pub fn from_pixels(pixels: DynamicImage) -> Self {
        let pixels = match pixels {
            DynamicImage::ImageRgb32F(_) => DynamicImage::ImageRgb16(pixels.into_rgb16()),
            DynamicImage::ImageRgba32F(_) => DynamicImage::ImageRgba16(pixels.into_rgba16()),
            other => other,
        };
        Self { pixels, source: None, metadata: PhotoMetadata::default(), warnings: Vec::new() }
    }

    /// The whole photo as a rectangle.
    #[must_use]
    pub fn rect(&self) -> RectPx {
        RectPx { x: 0, y: 0, width: self.width(), height: self.height() }
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.pixels.width()
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.pixels.height()
    }
}
