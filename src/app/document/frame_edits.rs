//! The face frame of a photo: dragged by hand, placed on a detected face, or found around the hole.
//!
//! Faces are detected in the background, so the user may start to work before they are found. The frame then moves to
//! the largest face, without an undo step, unless it is already placed or in use. Once something is painted, the frame
//! follows the hole: see `frame_search`.

use super::PhotoDocument;
use super::undo::UndoStep;
use crate::geometry::FaceFrame;
use crate::mask::MaskEdit;

/// The face frame and how it came there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PlacedFrame {
    pub frame: FaceFrame,
    pub placement: FramePlacement,
    /// The frame was searched for the current hole, or needs no search.
    pub is_up_to_date: bool,
}

/// What placed the face frame, and so whether it follows the hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FramePlacement {
    /// The program: the frame follows the hole.
    Automatic,
    /// A shape was added in the frame. The frame stays until nothing is painted, because a shape fits only this frame.
    Shape,
    /// The user: the frame stays.
    Hand,
}

impl PlacedFrame {
    /// A frame that is not placed yet.
    pub fn unplaced(frame: FaceFrame) -> Self {
        Self { frame, placement: FramePlacement::Automatic, is_up_to_date: false }
    }

    /// The same frame after an edit of the mask.
    pub fn after_edit(self, edit: &MaskEdit) -> Self {
        let placement = match (self.placement, edit) {
            (FramePlacement::Hand, _) => FramePlacement::Hand,
            (_, MaskEdit::Preset { .. }) => FramePlacement::Shape,
            (_, MaskEdit::Clear | MaskEdit::Replace(_)) => FramePlacement::Automatic,
            (
                placement,
                MaskEdit::Stroke(_)
                | MaskEdit::Area(_)
                | MaskEdit::FaceRegion { .. }
                | MaskEdit::Grow(_)
                | MaskEdit::Invert,
            ) => placement,
        };
        Self { placement, is_up_to_date: false, ..self }
    }
}

impl PhotoDocument {
    pub fn face_frame(&self) -> FaceFrame {
        self.placed_frame.frame
    }

    /// The frames of the detected faces, largest first; `None` during detection.
    pub fn detected_faces(&self) -> Option<&[FaceFrame]> {
        self.detected_faces.as_deref()
    }

    /// Stores the detected faces. Places the frame on the largest, unless it is already placed or `is_frame_in_use`.
    pub fn set_detected_faces(&mut self, frames: Vec<FaceFrame>, is_frame_in_use: bool) {
        if let Some(&first) = frames.first()
            && !(self.is_frame_placed || is_frame_in_use)
        {
            self.placed_frame.frame = first;
            self.is_frame_placed = true;
        }
        self.detected_faces = Some(frames);
    }

    /// Places the frame on the detected face with this index, as an undo step. If it is a face of the shown fill, selects
    /// that.
    pub(super) fn select_face(&mut self, index: usize) {
        let Some(&face) = self.detected_faces().and_then(|faces| faces.get(index)) else { return };
        let is_face = |filled: &super::DocumentFace| filled.record().frame.is_of_same_face(&face);
        let filled = self.shown_fill().and_then(|fill| fill.faces.iter().position(is_face));
        if let Some(filled) = filled.filter(|_| self.selectable_faces() > 1) {
            self.select_filled_face(filled);
            return;
        }
        let before = self.face_frame();
        self.drag_frame_to(face);
        self.end_frame_drag(before);
    }

    /// Selects the next face of a fill of several. Otherwise places the frame on the next detected face, as an undo step.
    pub(super) fn select_next_face(&mut self) {
        let filled = self.selectable_faces();
        if let Some(fill) = self.shown_fill().filter(|_| filled > 1) {
            self.select_filled_face((fill.selected + 1) % filled);
            return;
        }
        let faces = self.detected_faces().unwrap_or_default();
        let framed = faces.iter().position(|face| face.is_of_same_face(&self.face_frame()));
        if !faces.is_empty() {
            self.select_face(framed.map_or(0, |index| (index + 1) % faces.len()));
        }
    }

    /// Sets the frame during a drag, without an undo step.
    pub(super) fn drag_frame_to(&mut self, frame: FaceFrame) {
        self.is_frame_placed = true;
        let start = *self.frame_at_drag_start.get_or_insert(self.placed_frame);
        if frame == start.frame {
            // Nothing to undo, even if the drag goes on.
            self.frame_at_drag_start = None;
            self.placed_frame = start;
        } else {
            self.placed_frame = PlacedFrame { frame, placement: FramePlacement::Hand, is_up_to_date: true };
        }
    }

    /// Ends the drag of a handle that started at the frame `before`, as an undo step if the frame has changed.
    pub(super) fn end_frame_drag(&mut self, before: FaceFrame) {
        let start = self.frame_at_drag_start.take();
        let before = start.unwrap_or(PlacedFrame { frame: before, ..self.placed_frame });
        if before.frame != self.placed_frame.frame {
            self.push_step(UndoStep::Frame(before));
        }
    }
}
