//! The face frame of a photo: dragged by hand, or placed on a detected face.
//!
//! Faces are detected in the background while the user may already work. The frame is placed on the largest face,
//! without an undo step, unless the user has placed it before.

use super::Document;
use super::undo::Step;
use crate::face::FaceFrame;

impl Document {
    pub fn frame(&self) -> FaceFrame {
        self.frame
    }

    /// The frames of the detected faces, largest first; `None` during detection.
    pub fn faces(&self) -> Option<&[FaceFrame]> {
        self.faces.as_deref()
    }

    /// Stores the detected faces. Places the frame on the largest one, unless it is already placed or `in_use`.
    pub fn set_faces(&mut self, frames: Vec<FaceFrame>, in_use: bool) {
        if let Some(&first) = frames.first()
            && !(self.frame_is_placed || in_use)
        {
            self.frame = first;
            self.frame_is_placed = true;
        }
        self.faces = Some(frames);
    }

    /// Places the frame on the detected face with this index, as an undo step.
    pub fn pick_face(&mut self, index: usize) {
        let Some(&face) = self.faces().and_then(|faces| faces.get(index)) else { return };
        let before = self.frame;
        self.set_frame(face);
        self.frame_changed(before);
    }

    /// Places the frame on the next detected face, as an undo step.
    pub fn pick_next_face(&mut self) {
        let faces = self.faces().unwrap_or_default();
        let framed = faces.iter().position(|face| *face == self.frame);
        if !faces.is_empty() {
            self.pick_face(framed.map_or(0, |index| (index + 1) % faces.len()));
        }
    }

    /// Sets the frame during a drag, without an undo step.
    pub fn set_frame(&mut self, frame: FaceFrame) {
        self.frame_is_placed = true;
        self.frame_before_drag.get_or_insert(self.frame);
        self.frame = frame;
    }

    /// Ends the drag of a handle, as an undo step if the frame has changed.
    pub fn frame_changed(&mut self, before: FaceFrame) {
        self.frame_before_drag = None;
        if before != self.frame {
            self.push(Step::Frame { before, after: self.frame });
        }
    }
}
