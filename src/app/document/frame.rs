//! The face frame of a photo: dragged by hand, or put on a face that was found.
//!
//! What would surprise: faces are looked for in the background while the user may already work. The largest
//! gets the frame, which is no step of undo, unless the user has placed the frame by then.

use super::Document;
use super::undo::Step;
use crate::face::FaceFrame;

impl Document {
    pub fn frame(&self) -> FaceFrame {
        self.frame
    }

    /// The frames of the faces found, the largest first; `None` while they are looked for.
    pub fn faces(&self) -> Option<&[FaceFrame]> {
        self.faces.as_deref()
    }

    /// Takes in the faces found. The largest gets the frame, unless that was placed already or is `in_use`.
    pub fn set_faces(&mut self, frames: Vec<FaceFrame>, in_use: bool) {
        if let Some(&first) = frames.first()
            && !(self.frame_is_placed || in_use)
        {
            self.frame = first;
            self.frame_is_placed = true;
        }
        self.faces = Some(frames);
    }

    /// Frames the found face with this index; a step of undo.
    pub fn pick_face(&mut self, index: usize) {
        let Some(&face) = self.faces().and_then(|faces| faces.get(index)) else { return };
        let before = self.frame;
        self.set_frame(face);
        self.frame_changed(before);
    }

    /// Frames the face after the framed one.
    pub fn pick_next_face(&mut self) {
        let faces = self.faces().unwrap_or_default();
        let framed = faces.iter().position(|face| *face == self.frame);
        if !faces.is_empty() {
            self.pick_face(framed.map_or(0, |index| (index + 1) % faces.len()));
        }
    }

    /// While a handle is dragged: not a step of undo.
    pub fn set_frame(&mut self, frame: FaceFrame) {
        self.frame_is_placed = true;
        self.frame_before_drag.get_or_insert(self.frame);
        self.frame = frame;
    }

    /// The drag of a handle ended.
    pub fn frame_changed(&mut self, before: FaceFrame) {
        self.frame_before_drag = None;
        if before != self.frame {
            self.push(Step::Frame { before, after: self.frame });
        }
    }
}
