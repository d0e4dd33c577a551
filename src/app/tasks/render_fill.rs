//! Renders a fill into its photo at full size, for export or for the screen.
//!
//! A [`FillSnapshot`] is a snapshot: it shares photo, hole and fill with the document, so the user can keep editing during
//! the rendering.

use std::path::Path;
use std::sync::Arc;

use super::TaskResult;
use crate::app::document::FillVariant;
use crate::blend::Composer;
use crate::fs::Overwrite;
use crate::fs::WriteError;
use crate::geometry::FaceFrame;
use crate::job::{ExportContent, FillExport, FillOutcome, Provenance};
use crate::mask::Mask;
use crate::photo::{Photo, SaveError, save_png};

/// Everything needed to render one fill into its photo.
#[derive(Clone)]
pub struct FillSnapshot {
    pub photo: Arc<Photo>,
    pub hole: Arc<Mask>,
    pub frame: FaceFrame,
    pub outcome: Arc<FillOutcome>,
    pub look: FillVariant,
}

impl FillSnapshot {
    fn rendered_fill(&self) -> FillExport<'_> {
        FillExport {
            photo: &self.photo,
            hole: &self.hole,
            frame: self.frame,
            blend: self.look.blend,
            outcome: &self.outcome,
            candidate: self.look.candidate,
        }
    }
}

pub(super) fn export_fill(
    path: &Path,
    picture: &FillSnapshot,
    content: ExportContent,
    record: bool,
    overwrite: Overwrite,
) -> Result<(), SaveError> {
    // Check before the slow work. Writing checks again, atomically.
    if overwrite == Overwrite::Refuse && path.exists() {
        return Err(WriteError::Exists { path: path.to_owned() }.into());
    }
    let made = picture.rendered_fill();
    let Some(pixels) = made.picture(content) else { return Ok(()) };
    let recipe = record.then(|| Provenance::new(&made)).transpose()?;
    save_png(path, &pixels, &made.png_metadata(content, recipe.as_ref()), overwrite)
}

pub(super) fn compose_fill(fill_index: usize, picture: &FillSnapshot) -> TaskResult {
    let Some(candidate) = picture.outcome.candidates.get(picture.look.candidate) else { return TaskResult::Cancelled };
    let composer = Composer::new(&picture.photo, &picture.hole, &picture.frame, picture.look.blend, None);
    let patch = composer.render(&candidate.pixels, picture.outcome.size_px);
    TaskResult::FillComposed { fill_index, photo: Arc::clone(&picture.photo), look: picture.look, patch }
}
