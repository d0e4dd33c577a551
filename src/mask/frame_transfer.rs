//! The hole and the ignored pixels of one photo, at the same place of a face in another photo.

use super::Mask;
use crate::geometry::{CropGrid, FaceFrame, RectPx};

impl Mask {
    /// This mask, moved with its face: a mask of this size whose pixels lie in `to_frame` as this mask's lie in
    /// `frame`. Empty when a frame is not usable, or everything comes to lie outside.
    #[must_use]
    pub fn moved_to_face(&self, frame: &FaceFrame, size: [u32; 2], to_frame: &FaceFrame) -> Self {
        let ignored = self.ignored().moved_hole(frame, size, to_frame);
        self.moved_hole(frame, size, to_frame).with_ignored(&ignored)
    }

    fn moved_hole(&self, frame: &FaceFrame, [width, height]: [u32; 2], to_frame: &FaceFrame) -> Self {
        let grids = CropGrid::new(frame, 1).zip(CropGrid::new(to_frame, 1));
        let (Some((from, to)), Some(bounds)) = (grids, self.hole_bounds()) else { return Self::empty(width, height) };
        let (left, top) = (f64::from(bounds.x), f64::from(bounds.y));
        let (right, bottom) = (f64::from(bounds.right()), f64::from(bounds.bottom()));
        let corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
        let corners = corners.map(|corner| to.to_photo(from.to_crop(corner)));
        let extent = |axis: usize, size: u32| {
            let along = || corners.iter().map(|corner| corner[axis]);
            let (low, high) = (along().fold(f64::INFINITY, f64::min), along().fold(f64::NEG_INFINITY, f64::max));
            let limit = f64::from(size);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=size")]
            let pixel = |value: f64| value.clamp(0.0, limit) as u32;
            pixel(low.floor())..pixel(high.ceil())
        };
        let rect = RectPx::from_ranges(extent(0, width), extent(1, height));
        Self::full(width, height).filtered(rect, |x, y| {
            let [x, y] = from.to_photo(to.to_crop([f64::from(x) + 0.5, f64::from(y) + 0.5]));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and saturating")]
            let is_hole = x >= 0.0 && y >= 0.0 && self.is_hole(x as u32, y as u32);
            is_hole
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::StrokeKind;

    const FRAME: FaceFrame = FaceFrame { center_in_photo: [50.0, 40.0], side_px: 40.0, angle_radians: 0.0 };

    fn hole() -> Mask {
        let mut hole = Mask::empty(100, 80);
        hole.draw_segment([45.0, 35.0], [60.0, 35.0], 6.0, StrokeKind::Paint);
        hole
    }

    #[test]
    fn the_same_frame_keeps_the_hole() {
        assert_eq!(hole().moved_to_face(&FRAME, [100, 80], &FRAME), hole());
    }

    #[test]
    fn the_hole_moves_grows_and_turns_with_the_face() {
        let moved = FaceFrame { center_in_photo: [150.0, 90.0], side_px: 80.0, angle_radians: 0.0 };
        let hole_there = hole().moved_to_face(&FRAME, [300, 200], &moved);
        let (before, after) = (hole().hole_bounds().unwrap(), hole_there.hole_bounds().unwrap());
        assert_eq!((after.width, after.height), (before.width * 2, before.height * 2));
        assert_eq!((after.x, after.y), (150 + 2 * before.x - 100, 90 + 2 * before.y - 80));
        let turned = FaceFrame { angle_radians: std::f32::consts::FRAC_PI_2, ..FRAME };
        let bounds = hole().moved_to_face(&FRAME, [100, 80], &turned).hole_bounds().unwrap();
        assert!(bounds.width.abs_diff(before.height) <= 1 && bounds.height.abs_diff(before.width) <= 1, "{bounds:?}");
    }

    #[test]
    fn ignored_pixels_move_too() {
        let mut mask = hole();
        mask.draw_segment([55.0, 45.0], [55.0, 45.0], 9.0, StrokeKind::Ignore);
        assert_eq!(mask.moved_to_face(&FRAME, [100, 80], &FRAME), mask);
        let shifted = FaceFrame { center_in_photo: [60.0, 40.0], ..FRAME };
        let moved = mask.moved_to_face(&FRAME, [100, 80], &shifted).ignored().hole_bounds().unwrap();
        let before = mask.ignored().hole_bounds().unwrap();
        assert_eq!((moved.x, moved.y, moved.width), (before.x + 10, before.y, before.width));
    }

    #[test]
    fn what_comes_to_lie_outside_is_dropped() {
        let outside = FaceFrame { center_in_photo: [-500.0, 0.0], ..FRAME };
        assert!(hole().moved_to_face(&FRAME, [100, 80], &outside).is_empty());
        let unusable = FaceFrame { side_px: f32::NAN, ..FRAME };
        assert!(hole().moved_to_face(&FRAME, [100, 80], &unusable).is_empty());
        assert!(Mask::empty(9, 9).moved_to_face(&FRAME, [100, 80], &FRAME).is_empty());
    }
}
