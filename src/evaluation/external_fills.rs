//! Case files for external fill methods: writes the input pictures and masks, and reads the external fills.

use std::path::{Path, PathBuf};

use image::{DynamicImage, RgbImage};

use super::compose::{blank_hole, paste_hole};
use super::{EvaluationFace, ExternalFills};
use crate::fs::Overwrite;
use crate::mask::{Mask, save_mask};
use crate::photo::{self, DecodeLimits, PhotoError, PngMetadata, SaveError, save_png};

/// Base name of the files of one face with one hole, without `.png`.
#[must_use]
pub fn case_name(face_name: &str, mask: &str) -> String {
    format!("{face_name}-{mask}")
}

/// Writes `NAME.png`, the face with a grey hole, and `NAME_mask.png`, white in the hole. NAME is the [`case_name`]. The
/// folder must exist; existing files are replaced.
///
/// # Errors
/// When a file cannot be written.
pub fn write_case(folder: &Path, face: &EvaluationFace, mask: &str, hole: &Mask) -> Result<(), SaveError> {
    let name = case_name(&face.name, mask);
    let blanked = DynamicImage::ImageRgb8(blank_hole(face, hole));
    save_png(&folder.join(format!("{name}.png")), &blanked, &PngMetadata::default(), Overwrite::Allow)?;
    save_mask(&folder.join(format!("{name}_mask.png")), hole, Overwrite::Allow)
}

/// Why an external fill cannot be scored.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExternalFillError {
    #[error("{path} is missing: add the filled picture, or leave this mask out", path = path.display())]
    Missing { path: PathBuf },
    #[error("{path} cannot be used", path = path.display())]
    Unreadable { path: PathBuf, source: PhotoError },
    #[error(
        "{path} is {width}×{height} pixels, but its case is {case_width}×{case_height}: fill the pictures that --cases \
         writes",
        path = path.display()
    )]
    WrongSize { path: PathBuf, width: u32, height: u32, case_width: u32, case_height: u32 },
}

/// The file of an external fill.
pub(super) fn external_fill_path(fills: &ExternalFills, face_name: &str, mask: &str) -> PathBuf {
    fills.folder.join(format!("{}.png", case_name(face_name, mask)))
}

/// Reads an external fill and replaces its known pixels by those of the true face.
pub(super) fn load_external_fill(
    fills: &ExternalFills,
    face: &EvaluationFace,
    mask: &str,
    hole: &Mask,
) -> Result<RgbImage, ExternalFillError> {
    let path = external_fill_path(fills, &face.name, mask);
    if !path.exists() {
        return Err(ExternalFillError::Missing { path });
    }
    let opened = photo::open(&path, DecodeLimits::default());
    let pixels =
        opened.map_err(|source| ExternalFillError::Unreadable { path: path.clone(), source })?.pixels.into_rgb8();
    let ((width, height), (case_width, case_height)) = (pixels.dimensions(), face.pixels.dimensions());
    if (width, height) != (case_width, case_height) {
        return Err(ExternalFillError::WrongSize { path, width, height, case_width, case_height });
    }
    Ok(paste_hole(face, hole, &pixels))
}
