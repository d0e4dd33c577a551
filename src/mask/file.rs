//! Masks as picture files: white is hole.

use std::path::{Path, PathBuf};

use super::Mask;
use crate::photo::{Overwrite, SaveError};

/// Why a mask file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MaskFileError {
    #[error("{path} is {width}×{height} pixels and the photo {photo_width}×{photo_height}: use a mask of the photo's size", path = path.display())]
    Size { path: PathBuf, width: u32, height: u32, photo_width: u32, photo_height: u32 },
}

/// Loads a mask for a photo of this size: brighter than half is hole; with alpha, transparent is not.
///
/// # Errors
/// When the file cannot be opened as a picture, or has another size.
pub fn load_mask(path: &Path, width: u32, height: u32) -> Result<Mask, MaskFileError> {
    let _ = (path, width, height);
    unimplemented!()
}

/// As [`load_mask`], from memory.
///
/// # Errors
/// As [`load_mask`].
pub fn decode_mask(bytes: &[u8], width: u32, height: u32) -> Result<Mask, MaskFileError> {
    let _ = (bytes, width, height);
    unimplemented!()
}

/// Saves a mask as an 8-bit grey PNG, white where there is hole.
///
/// # Errors
/// As [`crate::photo::save_png`].
pub fn save_mask(path: &Path, mask: &Mask, overwrite: Overwrite) -> Result<(), SaveError> {
    let _ = (path, mask, overwrite);
    unimplemented!()
}
