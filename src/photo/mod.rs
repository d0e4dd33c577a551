//! Photos: opening, what they hold, saving.
//!
//! A photo keeps the bit depth and the channels of its file. Orientation recorded in EXIF is applied when it is opened,
//! so that everything after this module works in upright pixels.

mod decode;
mod encode;
pub mod space;

use std::path::PathBuf;

use image::DynamicImage;

pub use decode::{DecodeLimits, EXTENSIONS, PhotoError, decode, open};
pub use encode::{Overwrite, SaveError, encode_png, save_png, write_atomically};
pub use space::{Point, RectPx, Similarity};

/// What the user opened, upright, at its own size and bit depth.
#[derive(Clone, Debug)]
pub struct Photo {
    /// 8 or 16 bits a channel; grey or RGB, with or without alpha. Floating-point files are converted to 16 bits.
    pub pixels: DynamicImage,
    /// The file it came from, if any.
    pub source: Option<PathBuf>,
    /// The embedded ICC profile, carried into the export untouched.
    pub icc_profile: Option<Vec<u8>>,
}

impl Photo {
    /// A photo made in memory (samples, tests).
    #[must_use]
    pub fn from_pixels(pixels: DynamicImage) -> Self {
        Self { pixels, source: None, icc_profile: None }
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
