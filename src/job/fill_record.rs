//! A finished fill and how it is shown: what the screen shows, a project keeps, an export draws, and the provenance
//! records.

use std::sync::Arc;

use image::DynamicImage;

use super::{Candidate, ExportContent, FillOutcome, FillRequest, picture_to_blend};
use crate::blend::{self, Blend, Composer, FillPatch, Restorer, cut_out, filled_pixels};
use crate::face_picture::FacePicture;
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::photo::Photo;
use crate::restore::ImageTask;

/// A finished fill. Cloning is cheap.
#[derive(Clone, Debug, PartialEq)]
pub struct FillRecord {
    /// The hole that was filled.
    pub hole: Mask,
    pub frame: FaceFrame,
    pub outcome: Arc<FillOutcome>,
    pub look: FillLook,
}

/// How a fill is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillLook {
    /// Index of the shown candidate in the outcome.
    pub candidate: usize,
    /// How it is blended into the photo.
    pub blend: Blend,
}

impl FillRecord {
    /// The fill of a request with its best candidate.
    #[must_use]
    pub fn of_best(request: &FillRequest, outcome: FillOutcome) -> Self {
        let look = FillLook { candidate: outcome.best, blend: request.blend };
        Self { hole: request.hole.clone(), frame: request.frame, outcome: Arc::new(outcome), look }
    }

    /// The shown candidate. `None` when it does not exist.
    #[must_use]
    pub fn shown_candidate(&self) -> Option<&Candidate> {
        self.outcome.candidates.get(self.look.candidate)
    }

    /// The shown candidate blended into the photo: the filled part. `None` when the candidate does not exist.
    #[must_use]
    pub fn compose(&self, photo: &Photo) -> Option<FillPatch> {
        if !self.task().is_fill() {
            let filled = self.picture(photo, ExportContent::Photo, None)?;
            return Some(FillPatch::of_changed(&filled, &self.changed_pixels(photo)));
        }
        let picture = self.picture_to_blend(photo)?;
        Some(Composer::new(photo, &self.hole, &self.frame, self.look.blend, None).render(&picture))
    }

    /// What was recovered.
    #[must_use]
    pub fn task(&self) -> ImageTask {
        self.outcome.settings.task
    }

    /// The photo's pixels that the fill changes: those of the hole and its soft edge, and of the restored face.
    #[must_use]
    pub fn changed_pixels(&self, photo: &Photo) -> Mask {
        let mut changed = filled_pixels(&self.hole, &self.frame, self.look.blend.soft_edge_px);
        if !self.task().is_fill() {
            changed.add(&self.restorer(photo).changed_pixels(photo));
        }
        changed
    }

    /// The picture to export. `composed` is what [`compose`](Self::compose) has made for this look: a photo of 8 bits
    /// needs no more. `None` when the shown candidate does not exist.
    #[must_use]
    pub fn picture(&self, photo: &Photo, content: ExportContent, composed: Option<&FillPatch>) -> Option<DynamicImage> {
        let Self { hole, frame, look, .. } = self;
        if content == ExportContent::Layer {
            if !self.task().is_fill() {
                let filled = self.picture(photo, ExportContent::Photo, composed)?;
                return Some(cut_out(&filled, &self.changed_pixels(photo)));
            }
            return Some(blend::fill_layer(photo, hole, frame, look.blend, &*self.picture_to_blend(photo)?));
        }
        if let Some(filled) = composed.and_then(|patch| patch.paste(photo)) {
            return Some(filled);
        }
        let picture = self.picture_to_blend(photo)?;
        if self.task().is_fill() {
            return Some(blend::apply(photo, hole, frame, look.blend, &picture));
        }
        // The hole is filled in the restored photo, so that it meets a restored face.
        let restored = self.restorer(photo).apply(photo, &picture);
        if hole.is_empty() {
            return Some(restored);
        }
        Some(blend::apply(&Photo::from_pixels(restored), hole, frame, look.blend, &picture))
    }

    fn restorer(&self, photo: &Photo) -> Restorer {
        Restorer::new(photo, &self.hole, &self.frame, self.task(), None, false)
    }

    /// The shown candidate's picture, as [`picture_to_blend`] returns it.
    fn picture_to_blend(&self, photo: &Photo) -> Option<Arc<FacePicture>> {
        let (model, drawn) = (&self.outcome.model, &self.shown_candidate()?.picture);
        if !self.task().is_fill() {
            // The completion network knows holes only.
            return Some(Arc::clone(drawn));
        }
        Some(picture_to_blend(photo, &self.hole, &self.frame, self.look.blend, model, drawn))
    }
}
