//! Whether the hole lies inside the face frame. Only hole pixels in the frame or near it are filled.
//!
//! Every repaint needs the answer, so it is cached until the mask or the face frame changes. During a stroke the cached
//! answer is used, although it may be out of date.

use super::PhotoDocument;
use crate::blend;
use crate::geometry::FaceFrame;
use crate::mask::Mask;

/// Position of the hole relative to the face frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameOverlap {
    Inside,
    /// Some hole pixels are so far outside the frame that they will not be filled.
    PartlyOutside,
    /// No hole pixel lies in the frame.
    Outside,
}

/// A cached answer with the mask and the frame that it is for.
pub(super) type CachedOverlap = (Mask, FaceFrame, FrameOverlap);

impl PhotoDocument {
    /// Position of the hole relative to the frame; `None` without a hole.
    pub fn frame_overlap(&self) -> Option<FrameOverlap> {
        if !self.has_hole() {
            return None;
        }
        let mut cached = self.cached_overlap.borrow_mut();
        match &*cached {
            Some((_, _, overlap)) if self.active_stroke.is_some() => Some(*overlap),
            Some((mask, frame, overlap)) if *mask == self.mask && *frame == self.face_frame() => Some(*overlap),
            _ => {
                let overlap = overlap_of(&self.mask, &self.face_frame());
                *cached = Some((self.mask.clone(), self.face_frame(), overlap));
                Some(overlap)
            }
        }
    }

    /// Whether a hole pixel lies in the frame.
    pub fn is_hole_in_frame(&self) -> bool {
        matches!(self.frame_overlap(), Some(FrameOverlap::Inside | FrameOverlap::PartlyOutside))
    }
}

pub(super) fn overlap_of(mask: &Mask, frame: &FaceFrame) -> FrameOverlap {
    let (mut inside, mut outside) = (false, false);
    let width = mask.width();
    let fillable_area = blend::fillable_area(frame);
    let bounds = mask.hole_bounds().unwrap_or_default();
    for y in bounds.y..bounds.bottom() {
        inside |= mask.row_has_hole(y, frame.columns_in_photo(y, width));
        let area = fillable_area.columns_in_photo(y, width);
        outside |= mask.row_has_hole(y, 0..area.start) || mask.row_has_hole(y, area.end..width);
        if inside && outside {
            return FrameOverlap::PartlyOutside;
        }
    }
    if inside { FrameOverlap::Inside } else { FrameOverlap::Outside }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::StrokeKind;

    #[test]
    fn overlap_tells_inside_from_outside() {
        let frame = FaceFrame { center_in_photo: [50.0, 40.0], side_px: 30.0, angle_radians: 0.4 };
        let dot = |at: [f32; 2]| {
            let mut mask = Mask::empty(100, 80);
            mask.draw_segment(at, at, 4.0, StrokeKind::Paint);
            overlap_of(&mask, &frame)
        };
        assert_eq!(dot([50.0, 40.0]), FrameOverlap::Inside);
        // Half of it is outside the frame, but near it.
        assert_eq!(dot([50.0, 57.0]), FrameOverlap::Inside);
        let mut both = Mask::empty(100, 80);
        both.draw_segment([50.0, 40.0], [50.0, 70.0], 4.0, StrokeKind::Paint);
        assert_eq!(overlap_of(&both, &frame), FrameOverlap::PartlyOutside);
        // Close to the frame, but nothing inside it.
        assert_eq!(dot([50.0, 61.0]), FrameOverlap::Outside);
        assert_eq!(dot([5.0, 5.0]), FrameOverlap::Outside);
    }
}
