//! Renders a fill into its photo at full size, for export or for the screen.
//!
//! A [`FillSnapshot`] shares photo, hole and fill with the document, so the user can keep editing during the rendering.

use std::path::Path;
use std::sync::Arc;

use crate::app::document::FillVariant;
use crate::blend::{Composer, FillPatch};
use crate::fs::{Overwrite, WriteError};
use crate::geometry::FaceFrame;
use crate::job::{ExportContent, FillExport, FillOutcome, Provenance};
use crate::mask::Mask;
use crate::photo::{Photo, SaveError, save_png};

/// Everything needed to render one fill into its photo.
#[derive(Clone)]
pub struct FillSnapshot {
    pub photo: Arc<Photo>,
    pub hole: Mask,
    pub frame: FaceFrame,
    pub outcome: Arc<FillOutcome>,
    pub variant: FillVariant,
}

impl FillSnapshot {
    fn as_export(&self) -> FillExport<'_> {
        FillExport {
            photo: &self.photo,
            hole: &self.hole,
            frame: self.frame,
            blend: self.variant.blend,
            outcome: &self.outcome,
            candidate: self.variant.candidate,
        }
    }
}

pub(super) fn export_fill(
    path: &Path,
    snapshot: &FillSnapshot,
    content: ExportContent,
    record: bool,
    overwrite: Overwrite,
) -> Result<(), SaveError> {
    // Check before the slow work. Writing checks again, atomically.
    if overwrite == Overwrite::Refuse && path.exists() {
        return Err(WriteError::Exists { path: path.to_owned() }.into());
    }
    let export = snapshot.as_export();
    let Some(pixels) = export.picture(content) else { return Ok(()) };
    let provenance = record.then(|| Provenance::new(&export)).transpose()?;
    save_png(path, &pixels, &export.png_metadata(content, provenance.as_ref()), overwrite)
}

/// The fill blended into the photo at full size.
pub(super) fn compose_fill(snapshot: &FillSnapshot) -> FillPatch {
    let FillSnapshot { photo, hole, frame, variant, .. } = snapshot;
    let export = snapshot.as_export();
    let (pixels, size_px) = export.picture_to_blend().expect("the shown candidate exists");
    Composer::new(photo, hole, frame, variant.blend, None).render(&pixels, size_px)
}
