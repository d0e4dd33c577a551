//! Why a photo cannot be opened.

use std::io;
use std::path::{Path, PathBuf};

use image::ImageError;

use super::FileKind;

/// Why a photo cannot be opened. Each text is one sentence with the cause and what to do. The errors of the decoders
/// are fields, but not sources: their texts would say the same again, in the decoder's words.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    #[error("{}", read_error_text(path, cause))]
    Read { path: PathBuf, cause: io::Error },
    #[error("the file is empty: choose another copy of it")]
    Empty,
    #[error("{0}")]
    OtherKind(FileKind),
    #[error("this is not a picture that can be opened: choose a PNG, JPEG, WebP, TIFF or BMP file")]
    UnknownFormat,
    #[error("the file is broken or cut short: open another copy of it")]
    Broken { cause: ImageError },
    #[error("the file ends in the middle of the picture: open another copy of it")]
    CutShort,
    #[error("this kind of {format} file cannot be opened: save the picture as PNG and open that")]
    Unsupported { format: &'static str, cause: ImageError },
    #[error(
        "this TIFF file cannot be opened, because {reason}: save the picture as RGB with 8 or 16 bits and open that"
    )]
    UnsupportedTiff { reason: String },
    #[error(
        "the photo is {width}×{height} pixels, more than {} megapixels: scale it down and open it again",
        max_pixels / 1_000_000
    )]
    TooLarge { width: u32, height: u32, max_pixels: u64 },
    #[error("the photo needs more memory than is allowed: scale it down, or save it as PNG with 8 bits, and open that")]
    TooMuchMemory { cause: ImageError },
    #[error(
        "there is not enough memory for a photo of {width}×{height} pixels (about {megabytes} MB): close other programs, \
         or scale the photo down"
    )]
    NoMemory { width: u32, height: u32, megabytes: u64 },
}

/// The operating system's error in words, with the path.
fn read_error_text(path: &Path, cause: &io::Error) -> String {
    let path = path.display();
    match cause.kind() {
        io::ErrorKind::NotFound => format!("there is no file {path}: check the name"),
        io::ErrorKind::PermissionDenied => format!("{path} may not be read: change its permissions, or copy it"),
        io::ErrorKind::OutOfMemory => format!("there is not enough memory to read {path}: close other programs"),
        io::ErrorKind::IsADirectory => format!("{path} is a folder: choose a photo in it"),
        _ => format!("cannot read {path} ({cause}): check the disk, or choose another copy"),
    }
}
