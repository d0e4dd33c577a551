//! Whether the paint lies in the face frame: only there and close to it it is filled.
//!
//! What would surprise: panels ask in every frame, so the answer is kept until the mask or the frame changes, and
//! while a stroke is being drawn it is the answer from before.

use super::{Document, MaskId};
use crate::blend;
use crate::face::FaceFrame;
use crate::mask::Mask;

/// Where the paint lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoleReach {
    Inside,
    /// Some of it lies so far outside the frame that it stays as it is.
    Partly,
    /// Nothing of it lies in the frame.
    Outside,
}

/// An answer, and what it is the answer for.
pub(super) type Known = (MaskId, FaceFrame, HoleReach);

impl Document {
    /// Where the paint lies; `None` without any.
    pub fn hole_reach(&self) -> Option<HoleReach> {
        if !self.has_hole {
            return None;
        }
        match self.reach.get() {
            Some((_, _, reach)) if self.open_stroke.is_some() => Some(reach),
            Some((mask_id, frame, reach)) if mask_id == self.mask_id && frame == self.frame => Some(reach),
            _ => {
                let reach = reach_of(self.mask(), &self.frame);
                self.reach.set(Some((self.mask_id, self.frame, reach)));
                Some(reach)
            }
        }
    }
}

fn reach_of(mask: &Mask, frame: &FaceFrame) -> HoleReach {
    let (mut inside, mut outside) = (false, false);
    let width = mask.width() as usize;
    let reach = blend::reach(frame);
    for (y, row) in (0..mask.height()).zip(mask.pixels().chunks_exact(width.max(1))) {
        let columns_of = |frame: &FaceFrame| {
            let columns = frame.columns_in_photo(y, mask.width());
            (columns.start as usize, columns.end as usize)
        };
        let has = |part: Option<&[u8]>| part.is_some_and(|part| part.contains(&Mask::HOLE));
        let (start, end) = columns_of(frame);
        inside |= has(row.get(start..end));
        let (start, end) = columns_of(&reach);
        outside |= has(row.get(..start)) || has(row.get(end..));
        if inside && outside {
            return HoleReach::Partly;
        }
    }
    if inside { HoleReach::Inside } else { HoleReach::Outside }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::StrokeKind;

    #[test]
    fn it_tells_paint_inside_from_paint_outside() {
        let frame = FaceFrame { center_in_photo: [50.0, 40.0], side_px: 30.0, angle_radians: 0.4 };
        let dot = |at: [f32; 2]| {
            let mut mask = Mask::empty(100, 80);
            mask.draw_segment(at, at, 4.0, StrokeKind::Paint);
            reach_of(&mask, &frame)
        };
        assert_eq!(dot([50.0, 40.0]), HoleReach::Inside);
        // Half out of the frame, but near it; and far.
        assert_eq!(dot([50.0, 57.0]), HoleReach::Inside);
        let mut both = Mask::empty(100, 80);
        both.draw_segment([50.0, 40.0], [50.0, 70.0], 4.0, StrokeKind::Paint);
        assert_eq!(reach_of(&both, &frame), HoleReach::Partly);
        // Close to the frame, but nothing in it.
        assert_eq!(dot([50.0, 61.0]), HoleReach::Outside);
        assert_eq!(dot([5.0, 5.0]), HoleReach::Outside);
    }
}
