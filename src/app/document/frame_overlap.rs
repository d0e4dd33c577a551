//! Whether the hole lies inside the face frame. Only hole pixels in the frame or near it are filled.
//!
//! Every repaint needs the answer, so it is cached until the mask or the face frame changes. During a stroke the cached
//! answer is used, although it may be out of date.

use super::{MaskId, PhotoDocument};
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

/// A cached answer with the mask state and the frame that it is for.
pub(super) type CachedOverlap = (MaskId, FaceFrame, FrameOverlap);

impl PhotoDocument {
    /// Position of the hole relative to the frame; `None` without a hole.
    pub fn frame_overlap(&self) -> Option<FrameOverlap> {
        if !self.has_hole {
            return None;
        }
        match self.cached_overlap.get() {
            Some((_, _, overlap)) if self.active_stroke.is_some() => Some(overlap),
            Some((mask_id, frame, overlap)) if mask_id == self.mask_id && frame == self.face_frame() => Some(overlap),
            _ => {
                let overlap = overlap_of(self.mask(), &self.face_frame());
                self.cached_overlap.set(Some((self.mask_id, self.face_frame(), overlap)));
                Some(overlap)
            }
        }
    }
}

pub(super) fn overlap_of(mask: &Mask, frame: &FaceFrame) -> FrameOverlap {
    let (mut inside, mut outside) = (false, false);
    let width = mask.width() as usize;
    let fillable_area = blend::fillable_area(frame);
    for (y, row) in (0..mask.height()).zip(mask.pixels().chunks_exact(width.max(1))) {
        let column_range = |frame: &FaceFrame| {
            let columns = frame.columns_in_photo(y, mask.width());
            (columns.start as usize, columns.end as usize)
        };
        let has_hole = |part: Option<&[u8]>| part.is_some_and(|part| part.contains(&Mask::HOLE));
        let (start, end) = column_range(frame);
        inside |= has_hole(row.get(start..end));
        let (start, end) = column_range(&fillable_area);
        outside |= has_hole(row.get(..start)) || has_hole(row.get(end..));
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
