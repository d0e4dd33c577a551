//! From file to pixels.

use std::path::{Path, PathBuf};

use super::Photo;

/// File name extensions that can be opened.
pub const EXTENSIONS: [&str; 7] = ["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp"];

/// What is refused before memory is spent on it.
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
    Read { path: PathBuf, source: std::io::Error },
}

/// Opens a photo file. The format is told from the content, not from the name.
///
/// # Errors
/// When the file cannot be read, is no known picture, is broken, or is larger than the limits.
pub fn open(path: &Path, limits: DecodeLimits) -> Result<Photo, PhotoError> {
    let _ = (path, limits);
    unimplemented!()
}

/// Decodes a photo from memory.
///
/// # Errors
/// As [`open`].
pub fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<Photo, PhotoError> {
    let _ = (bytes, limits);
    unimplemented!()
}
