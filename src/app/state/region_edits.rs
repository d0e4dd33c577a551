//! Adds parts of the face to the hole, or removes them: one undo step a click.
//!
//! A background task first finds the landmarks of the framed face without looking under the hole, so clicks wait in a
//! queue. They also wait until the faces of a new photo are detected, and while the frame moves to a new hole.

use std::collections::VecDeque;
use std::sync::Arc;

use super::EditorState;
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::tasks::Task;
use crate::app::toasts::Severity;
use crate::face::{find_landmarks, template_landmarks};
use crate::geometry::Point;
use crate::mask::{FaceRegion, MaskEdit, StrokeKind};
use crate::photo::Photo;

/// The parts of the face that were clicked and are not drawn yet.
#[derive(Default)]
pub struct RegionEdits {
    /// In the order of the clicks.
    waiting: VecDeque<(FaceRegion, StrokeKind)>,
    /// A background task looks for the landmarks.
    is_searching: bool,
    /// The landmarks for the first click.
    found: Option<[Point; 5]>,
}

impl EditorState {
    /// Draws a part of the face as soon as its landmarks are known.
    pub(super) fn edit_region(&mut self, region: FaceRegion, kind: StrokeKind) {
        self.region_edits.waiting.push_back((region, kind));
    }

    /// Draws the first waiting part if its landmarks are found, and searches those of the next.
    pub(super) fn follow_region_edits(&mut self) {
        if self.document.as_ref().is_none_or(PhotoDocument::has_active_drag) {
            return;
        }
        let edits = &mut self.region_edits;
        if let Some(landmarks_in_photo) = edits.found.take()
            && let Some((region, kind)) = edits.waiting.pop_front()
        {
            let edit = MaskEdit::FaceRegion { region, kind, landmarks_in_photo };
            self.update_document(DocumentAction::EditMask(edit));
        }
        let Some(document) = &self.document else { return };
        let is_ready = document.detected_faces().is_some() && !self.fill.is_frame_pending(document);
        if is_ready && !self.region_edits.is_searching && !self.region_edits.waiting.is_empty() {
            self.region_edits.is_searching = true;
            self.spawn_landmark_search(document);
        }
    }

    fn spawn_landmark_search(&self, document: &PhotoDocument) {
        #[cfg(test)]
        if self.fill.frame_search.mode != crate::app::fill::FrameSearchMode::Detector {
            // The test sends the landmarks.
            return;
        }
        let (photo, hole, frame) = (Arc::clone(&document.photo), document.mask().clone(), document.face_frame());
        let task = Task::new("Face detection failed").with_pictures().with_reset({
            let photo = Arc::clone(&photo);
            move |state| state.landmark_search_failed(&photo)
        });
        let search = move || Ok((find_landmarks(&photo, &hole, &frame)?, photo));
        self.outbox.spawn(task, search, |state, (found, photo)| state.landmarks_found(&photo, found));
    }

    /// Stores the landmarks of the framed face; `None` when the detector finds no face there.
    pub fn landmarks_found(&mut self, photo: &Arc<Photo>, found: Option<[Point; 5]>) {
        let Some(document) = self.document_with_photo(photo) else { return };
        let template = template_landmarks(&document.face_frame());
        self.region_edits.is_searching = false;
        self.region_edits.found = Some(found.unwrap_or(template));
        if found.is_none() {
            let text = "No face is found in the frame: the part lies where the frame expects it. Move the frame with F";
            self.outbox.notify(Severity::Info, text);
        }
    }

    fn landmark_search_failed(&mut self, photo: &Arc<Photo>) {
        if self.document_with_photo(photo).is_some() {
            self.region_edits = RegionEdits::default();
        }
    }
}
