//! The face frame of a photo: dragged by hand, or placed on a detected face.
//!
//! Faces are detected in the background, so the user may start to work before they are found. The frame then moves to
//! the largest face, without an undo step, unless it is already placed or in use.

use super::PhotoDocument;
use super::undo::DocumentStep;
use crate::geometry::FaceFrame;

impl PhotoDocument {
    pub fn face_frame(&self) -> FaceFrame {
        self.face_frame
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
            self.face_frame = first;
            self.is_frame_placed = true;
        }
        self.detected_faces = Some(frames);
    }

    /// Places the frame on the detected face with this index, as an undo step.
    pub fn select_face(&mut self, index: usize) {
        let Some(&face) = self.detected_faces().and_then(|faces| faces.get(index)) else { return };
        let before = self.face_frame;
        self.drag_frame_to(face);
        self.end_frame_drag(before);
    }

    /// Places the frame on the next detected face, as an undo step.
    pub fn select_next_face(&mut self) {
        let faces = self.detected_faces().unwrap_or_default();
        let framed = faces.iter().position(|face| *face == self.face_frame);
        if !faces.is_empty() {
            self.select_face(framed.map_or(0, |index| (index + 1) % faces.len()));
        }
    }

    /// Sets the frame during a drag, without an undo step.
    pub fn drag_frame_to(&mut self, frame: FaceFrame) {
        self.is_frame_placed = true;
        self.frame_at_drag_start.get_or_insert(self.face_frame);
        self.face_frame = frame;
    }

    /// Ends the drag of a handle, as an undo step if the frame has changed.
    pub fn end_frame_drag(&mut self, before: FaceFrame) {
        self.frame_at_drag_start = None;
        if before != self.face_frame {
            self.push_step(DocumentStep::Frame { before, after: self.face_frame });
        }
    }
}
