//! The photo that a task works on takes the place of the opened one: enlarged, or with colours.
//!
//! This is one undo step. What belongs to a photo of one size, mask, frame and faces, is scaled with it; the fill of the
//! photo before is no longer shown, because it has another size.

use std::sync::Arc;

use super::PhotoDocument;
use super::frame_edits::PlacedFrame;
use super::undo::UndoStep;
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::photo::Photo;
use crate::restore::ImageTask;

/// Everything in a document that belongs to one photo.
#[derive(Clone, Debug)]
pub(super) struct PhotoState {
    photo: Arc<Photo>,
    /// The task that the opened photo was prepared for; [`ImageTask::Fill`] for the opened photo itself.
    prepared_for: ImageTask,
    mask: Mask,
    frame: PlacedFrame,
    faces: Option<Vec<FaceFrame>>,
    shown_fill: Option<usize>,
}

impl PartialEq for PhotoState {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.photo, &other.photo) && self.prepared_for == other.prepared_for && self.mask == other.mask
    }
}

impl PhotoDocument {
    /// The opened photo, if it must be prepared before this task can start.
    pub fn photo_to_prepare(&self, task: ImageTask) -> Option<Arc<Photo>> {
        let is_needed = match task {
            ImageTask::SuperResolution { .. } => self.prepared_for != task,
            ImageTask::Colorize => !self.photo.pixels.color().has_color(),
            _ => false,
        };
        is_needed.then(|| Arc::clone(&self.opened_photo))
    }

    /// Replaces the photo by the one that was prepared for a task, as an undo step.
    pub fn set_prepared_photo(&mut self, photo: Arc<Photo>, task: ImageTask) {
        self.end_stroke();
        let (from, to) = (self.prepared_for.enlarges_by(), task.enlarges_by());
        let (mask, scale) = (resized(&self.mask, &photo, from, to), factor(to) / factor(from));
        let mut state = PhotoState {
            prepared_for: task,
            mask,
            frame: PlacedFrame { frame: self.face_frame().scaled(scale), ..self.placed_frame },
            faces: self.detected_faces.as_ref().map(|faces| faces.iter().map(|face| face.scaled(scale)).collect()),
            shown_fill: None,
            photo,
        };
        self.swap_photo(&mut state);
        self.push_step(UndoStep::Photo(Box::new(state)));
    }

    /// Restores what a saved document says about its photo, which is already prepared.
    pub(super) fn set_opened_photo(&mut self, opened: Arc<Photo>, prepared_for: ImageTask) {
        (self.opened_photo, self.prepared_for) = (opened, prepared_for);
    }

    pub(super) fn swap_photo(&mut self, state: &mut PhotoState) {
        if let Some(fill) = self.shown_fill_mut() {
            fill.composition.clear();
        }
        std::mem::swap(&mut self.photo, &mut state.photo);
        std::mem::swap(&mut self.prepared_for, &mut state.prepared_for);
        std::mem::swap(&mut self.mask, &mut state.mask);
        std::mem::swap(&mut self.placed_frame, &mut state.frame);
        std::mem::swap(&mut self.detected_faces, &mut state.faces);
        std::mem::swap(&mut self.shown_fill, &mut state.shown_fill);
    }
}

fn factor(enlarges_by: u32) -> f32 {
    u8::try_from(enlarges_by).map_or(1.0, f32::from)
}

/// The mask for a photo of another size.
fn resized(mask: &Mask, photo: &Photo, from: u32, to: u32) -> Mask {
    if (mask.width(), mask.height()) == (photo.width(), photo.height()) {
        return mask.clone();
    }
    let last = |size: u32| size.saturating_sub(1);
    let at = |x: u32, y: u32| ((x * from / to).min(last(mask.width())), (y * from / to).min(last(mask.height())));
    let is_hole = |x: u32, y: u32| {
        let (x, y) = at(x, y);
        mask.is_hole(x, y)
    };
    let is_ignored = |x: u32, y: u32| {
        let (x, y) = at(x, y);
        mask.is_ignored(x, y)
    };
    let hole = if mask.is_empty() {
        Mask::empty(photo.width(), photo.height())
    } else {
        Mask::from_fn(photo.width(), photo.height(), is_hole)
    };
    if mask.has_ignored() { hole.with_ignored(&Mask::from_fn(photo.width(), photo.height(), is_ignored)) } else { hole }
}
