//! Writes a fill into a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::DynamicImage;

use crate::blend::FillPatch;
use crate::fs::{Overwrite, WriteError};
use crate::job::{ExportContent, ExportFile, FinishedPhoto, PhotoFill};
use crate::photo::{Photo, SaveError};

/// A fill and its photo, shared with the document that they are taken from.
pub struct ExportSource {
    pub photo: Arc<Photo>,
    pub fill: PhotoFill,
    /// The fill of a single face, as it is on the screen at full size.
    pub composed: Option<Arc<FillPatch>>,
}

impl ExportSource {
    /// The filled photo, or the fill alone.
    pub fn picture(&self, content: ExportContent) -> Option<DynamicImage> {
        let finished = self.fill.finish(&self.photo, content, self.composed.as_deref(), false).ok().flatten();
        finished.map(|finished| finished.pixels)
    }
}

/// What is written.
pub struct ExportOptions {
    pub content: ExportContent,
    /// Whether to embed how the fill was made.
    pub record: bool,
    /// 1 to 100.
    pub jpeg_quality: u8,
    pub overwrite: Overwrite,
}

/// Like [`export_fill`]. If there is a file of this name, a number is appended: `NAME-2`, `NAME-3` and so on. Never
/// replaces a file. Returns the path too.
///
/// # Errors
/// When the file cannot be written.
pub fn export_under_unused_name(
    path: &Path,
    source: &ExportSource,
    options: &ExportOptions,
) -> Result<(PathBuf, Vec<String>), SaveError> {
    let mut unused = path.to_owned();
    let mut number = 1;
    loop {
        let options = ExportOptions { overwrite: Overwrite::Refuse, ..*options };
        match export_fill(&unused, source, &options) {
            Ok(notes) => return Ok((unused, notes)),
            Err(SaveError::Write(WriteError::Exists { .. })) => {
                number += 1;
                unused = with_number(path, number);
            }
            Err(error) => return Err(error),
        }
    }
}

/// `NAME-2.png` for `NAME.png` and 2.
fn with_number(path: &Path, number: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{number}.{extension}"))
}

/// Writes the fill in the format of the file's name. Returns what the format changed or could not hold, as sentences for
/// the user.
///
/// # Errors
/// When the file cannot be written, or may not be replaced.
pub fn export_fill(path: &Path, source: &ExportSource, options: &ExportOptions) -> Result<Vec<String>, SaveError> {
    let &ExportOptions { content, record, jpeg_quality, overwrite } = options;
    // Check before the slow work. Writing checks again, atomically.
    if overwrite == Overwrite::Refuse && path.exists() {
        return Err(WriteError::Exists { path: path.to_owned() }.into());
    }
    let ExportSource { photo, fill, composed } = source;
    let Some(finished) = fill.finish(photo, content, composed.as_deref(), record)? else { return Ok(Vec::new()) };
    let FinishedPhoto { pixels, filled, .. } = &finished;
    let export = ExportFile { photo, pixels, filled, content, provenance: finished.provenance() };
    export.save(path, jpeg_quality, overwrite)
}
