//! The face frame follows the hole: it is searched again for every state of the mask, from the known pixels only.
//!
//! The search itself is a background task. An undo step of an edit holds mask and frame, so that undo restores both
//! together.

use super::PhotoDocument;
use super::frame_edits::{FramePlacement, PlacedFrame};
use super::frame_overlap::{FrameOverlap, overlap_of};
use crate::geometry::FaceFrame;

impl PhotoDocument {
    /// Whether the frame must be searched for the current hole.
    pub fn needs_frame_search(&self) -> bool {
        let PlacedFrame { placement, is_up_to_date, .. } = self.placed_frame;
        self.has_hole() && placement == FramePlacement::Automatic && !is_up_to_date
    }

    /// Moves the frame to the one found for the current hole. It stays when none was found, or when the hole does not
    /// touch the found one, so that painting elsewhere does not move it.
    pub fn set_found_frame(&mut self, found: Option<FaceFrame>) {
        let touches_hole = |frame: &FaceFrame| overlap_of(self.mask(), frame) != FrameOverlap::Outside;
        let frame = found.filter(touches_hole);
        self.is_frame_placed |= frame.is_some();
        self.set_up_to_date_frame(frame.unwrap_or(self.face_frame()));
    }

    /// Without a hole, moves the frame back to the detected face that it is nearest to, once the faces are detected.
    pub fn reset_frame_without_hole(&mut self) {
        let PlacedFrame { frame, placement, is_up_to_date } = self.placed_frame;
        let is_pinned = placement == FramePlacement::Hand || is_up_to_date;
        let Some(faces) = self.detected_faces.as_ref().filter(|_| !self.has_hole() && !is_pinned) else { return };
        if self.has_active_drag() {
            return;
        }
        let distance = |face: &FaceFrame| {
            let [dx, dy] = [0, 1].map(|axis| face.center_in_photo[axis] - frame.center_in_photo[axis]);
            dx.hypot(dy)
        };
        let nearest = faces.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let frame = nearest.copied().unwrap_or(frame);
        self.set_up_to_date_frame(frame);
    }

    /// Marks the current frame as the one for the current hole, because a fill was made with both.
    pub(super) fn keep_frame_for_hole(&mut self) {
        if self.needs_frame_search() {
            self.set_up_to_date_frame(self.face_frame());
        }
    }

    /// Sets the frame for the current state of the mask, as part of the edit that made this state.
    pub(super) fn set_up_to_date_frame(&mut self, frame: FaceFrame) {
        self.revision += u64::from(frame != self.face_frame());
        self.placed_frame = PlacedFrame { frame, placement: FramePlacement::Automatic, is_up_to_date: true };
    }
}
