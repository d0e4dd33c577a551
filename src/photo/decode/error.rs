//! Why a photo cannot be opened.

use std::io;
use std::path::PathBuf;

use image::ImageError;

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
