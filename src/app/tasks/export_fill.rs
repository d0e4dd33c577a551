//! Writes a fill into a file.

use std::path::Path;

use crate::blend::FillPatch;
use crate::fs::{Overwrite, WriteError};
use crate::job::{ExportContent, FillRecord, Provenance, png_metadata};
use crate::photo::{Photo, SaveError, save_png};

/// What is written.
pub struct ExportOptions {
    pub content: ExportContent,
    /// Whether to embed how the fill was made.
    pub record: bool,
    pub overwrite: Overwrite,
}

/// Writes the fill. `composed`: the fill as it is on the screen at full size.
///
/// # Errors
/// When the file cannot be written, or may not be replaced.
pub fn export_fill(
    path: &Path,
    photo: &Photo,
    fill: &FillRecord,
    composed: Option<&FillPatch>,
    options: &ExportOptions,
) -> Result<(), SaveError> {
    let &ExportOptions { content, record, overwrite } = options;
    // Check before the slow work. Writing checks again, atomically.
    if overwrite == Overwrite::Refuse && path.exists() {
        return Err(WriteError::Exists { path: path.to_owned() }.into());
    }
    let Some(pixels) = fill.picture(photo, content, composed) else { return Ok(()) };
    let provenance = record.then(|| Provenance::new(photo, fill)).transpose()?;
    save_png(path, &pixels, &png_metadata(photo, content, provenance.as_ref()), overwrite)
}
