//! From pixels to a file, all of it or nothing.

use std::path::{Path, PathBuf};

use image::DynamicImage;

/// Whether a file that is there already may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    Refuse,
    Allow,
}

/// Why a picture cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error("{path} is there already: choose another name, or allow replacing it", path = path.display())]
    Exists { path: PathBuf },
}

/// Encodes as PNG, with the pixels' own colour type and bit depth.
///
/// # Errors
/// When the encoder fails.
pub fn encode_png(pixels: &DynamicImage, icc_profile: Option<&[u8]>) -> Result<Vec<u8>, SaveError> {
    let _ = (pixels, icc_profile);
    unimplemented!()
}

/// Writes a file through a temporary one beside it, so that a crash or a full disk leaves the old file or none.
///
/// # Errors
/// When the file exists and must not be replaced, or cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8], overwrite: Overwrite) -> Result<(), SaveError> {
    let _ = (path, bytes, overwrite);
    unimplemented!()
}

/// Encodes and writes a PNG.
///
/// # Errors
/// As [`encode_png`] and [`write_atomically`].
pub fn save_png(
    path: &Path,
    pixels: &DynamicImage,
    icc_profile: Option<&[u8]>,
    overwrite: Overwrite,
) -> Result<(), SaveError> {
    write_atomically(path, &encode_png(pixels, icc_profile)?, overwrite)
}
