//! Moves, resizes and rotates the face frame. Computed from the frame at drag start, so rounding does not accumulate.

use std::f32::consts::{PI, SQRT_2, TAU};

use egui::{Modifiers, Vec2};

use super::FrameHandle;
use crate::geometry::{FaceFrame, Point};

/// Rotation step while Shift is held.
const ROTATION_STEP_RADIANS: f32 = PI / 12.0;
/// Longest side of a frame, as a multiple of the photo's longer side. A larger frame would contain few known pixels.
const MAX_SIDE_PER_PHOTO_SIDE: f32 = 4.0;

/// A drag of the face frame in progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct FrameDrag {
    /// The frame at drag start, which undo restores.
    pub start_frame: FaceFrame,
    pub handle: FrameHandle,
    pub start_in_photo: Point,
}

impl FrameDrag {
    /// The frame for the pointer at `now_in_photo`. Keeps the centre inside the photo and the side within its limits.
    pub fn frame_at(&self, now_in_photo: Point, photo_size: Vec2, modifiers: Modifiers) -> FaceFrame {
        let delta = Vec2::from(now_in_photo) - Vec2::from(self.start_in_photo);
        if !delta.is_finite() || delta == Vec2::ZERO {
            return self.start_frame;
        }
        let frame = match self.handle {
            FrameHandle::Move => {
                let center = Vec2::from(self.start_frame.center_in_photo) + delta;
                FaceFrame { center_in_photo: center.into(), ..self.start_frame }
            }
            FrameHandle::Resize(index) => self.resize(index, delta, photo_size, modifiers.alt),
            FrameHandle::Rotate => self.rotate(now_in_photo, modifiers.shift),
        };
        let center = Vec2::from(frame.center_in_photo).clamp(Vec2::ZERO, photo_size);
        FaceFrame { center_in_photo: center.into(), ..frame }
    }

    /// Resizes about the opposite corner or about the centre.
    fn resize(&self, index: usize, delta: Vec2, photo_size: Vec2, about_center: bool) -> FaceFrame {
        let corners = self.start_frame.corners_in_photo().map(Vec2::from);
        let (Some(&corner), Some(&opposite)) = (corners.get(index), corners.get((index + 2) % 4)) else {
            return self.start_frame;
        };
        let direction = (corner - opposite).normalized();
        let max_side = photo_size.max_elem() * MAX_SIDE_PER_PHOTO_SIDE;
        let clamp_side = |side: f32| side.min(max_side).max(FaceFrame::MIN_SIDE_PX);
        if about_center {
            let half_diagonal = (corner + delta - Vec2::from(self.start_frame.center_in_photo)).dot(direction);
            return FaceFrame { side_px: clamp_side(half_diagonal * SQRT_2), ..self.start_frame };
        }
        let diagonal = (corner + delta - opposite).dot(direction);
        // Half of the new diagonal, limited so that the centre, which moves along the diagonal, stays inside the photo.
        let (nearest, farthest) = distances_inside_photo(opposite, direction, photo_size);
        let half_diagonal = (diagonal / 2.0).max(nearest).min(farthest);
        let side_px = clamp_side(half_diagonal * SQRT_2);
        FaceFrame { center_in_photo: (opposite + direction * (side_px / SQRT_2)).into(), side_px, ..self.start_frame }
    }

    fn rotate(&self, now_in_photo: Point, snap_to_steps: bool) -> FaceFrame {
        let center = Vec2::from(self.start_frame.center_in_photo);
        let (from, to) = (Vec2::from(self.start_in_photo) - center, Vec2::from(now_in_photo) - center);
        if from == Vec2::ZERO || to == Vec2::ZERO {
            return self.start_frame;
        }
        let mut angle = self.start_frame.angle_radians + to.angle() - from.angle();
        if snap_to_steps {
            angle = (angle / ROTATION_STEP_RADIANS).round() * ROTATION_STEP_RADIANS;
        }
        FaceFrame { angle_radians: (angle + PI).rem_euclid(TAU) - PI, ..self.start_frame }
    }
}

/// The nearest and farthest distance from `origin` along `direction` that lie inside a photo of this size.
fn distances_inside_photo(origin: Vec2, direction: Vec2, photo_size: Vec2) -> (f32, f32) {
    let interval = |origin: f32, direction: f32, size: f32| {
        if direction.abs() < 1e-6 {
            return (0.0, f32::INFINITY);
        }
        let (a, b) = (-origin / direction, (size - origin) / direction);
        (a.min(b), a.max(b))
    };
    let (x_near, x_far) = interval(origin.x, direction.x, photo_size.x);
    let (y_near, y_far) = interval(origin.y, direction.y, photo_size.y);
    (x_near.max(y_near), x_far.min(y_far))
}

#[cfg(test)]
mod tests {
    use egui::vec2;
    use proptest::prelude::*;

    use super::*;

    const PHOTO: Vec2 = vec2(640.0, 480.0);
    const FRAME: FaceFrame = FaceFrame { center_in_photo: [300.0, 200.0], side_px: 100.0, angle_radians: 0.5 };

    fn drag(handle: FrameHandle, start_in_photo: Point) -> FrameDrag {
        FrameDrag { start_frame: FRAME, handle, start_in_photo }
    }

    fn distance(a: Point, b: Point) -> f32 {
        (Vec2::from(a) - Vec2::from(b)).length()
    }

    #[test]
    fn resizing_keeps_the_opposite_corner_fixed() {
        for index in 0..4 {
            let corners = FRAME.corners_in_photo();
            let outwards = (Vec2::from(corners[index]) - Vec2::from(FRAME.center_in_photo)).normalized() * 30.0;
            let start = [corners[index][0] + 2.0, corners[index][1] - 1.0];
            let now = (Vec2::from(start) + outwards).into();
            let resized = drag(FrameHandle::Resize(index), start).frame_at(now, PHOTO, Modifiers::NONE);
            let expected = Vec2::from(corners[index]) + outwards;
            assert!(distance(resized.corners_in_photo()[index], expected.into()) < 1e-2, "corner {index}");
            let opposite = (index + 2) % 4;
            assert!(distance(resized.corners_in_photo()[opposite], corners[opposite]) < 1e-2, "corner {index}");
        }
    }

    #[test]
    fn alt_resizes_about_the_centre() {
        let corner = FRAME.corners_in_photo()[2];
        let outwards = (Vec2::from(corner) - Vec2::from(FRAME.center_in_photo)).normalized() * 20.0;
        let now = (Vec2::from(corner) + outwards).into();
        let resized = drag(FrameHandle::Resize(2), corner).frame_at(now, PHOTO, Modifiers::ALT);
        assert!(distance(resized.center_in_photo, FRAME.center_in_photo) < 1e-3);
        assert!(distance(resized.corners_in_photo()[2], now) < 1e-2);
    }

    #[test]
    fn shift_snaps_rotation_to_fifteen_degrees() {
        let above = [300.0, 100.0];
        let right = [400.0, 200.0];
        let rotated = drag(FrameHandle::Rotate, above).frame_at(right, PHOTO, Modifiers::NONE);
        assert!((rotated.angle_radians - (0.5 + PI / 2.0)).abs() < 1e-5, "clockwise by a quarter");
        let snapped = drag(FrameHandle::Rotate, above).frame_at([310.0, 100.0], PHOTO, Modifiers::SHIFT);
        assert!((snapped.angle_radians - 30f32.to_radians()).abs() < 1e-5);
        let at_center = drag(FrameHandle::Rotate, above).frame_at(FRAME.center_in_photo, PHOTO, Modifiers::NONE);
        assert_eq!(at_center, FRAME);
    }

    #[test]
    fn moving_stops_at_the_photos_edge() {
        let moved = drag(FrameHandle::Move, [310.0, 210.0]).frame_at([330.0, 190.0], PHOTO, Modifiers::NONE);
        assert!(distance(moved.center_in_photo, [320.0, 180.0]) < 1e-3);
        let stopped = drag(FrameHandle::Move, [310.0, 210.0]).frame_at([5000.0, -90.0], PHOTO, Modifiers::NONE);
        assert!(distance(stopped.center_in_photo, [640.0, 0.0]) < 1e-3);
    }

    proptest! {
        #[test]
        fn any_drag_keeps_the_frame_within_limits(
            handle in 0usize..6, start in (-900f32..900.0, -900f32..900.0), now in (-9e6f32..9e6, -9e6f32..9e6),
            center in (0f32..640.0, 0f32..480.0), side_px in 16f32..900.0, angle_radians in -9f32..9.0,
            alt: bool, shift: bool,
        ) {
            let start_frame = FaceFrame { center_in_photo: center.into(), side_px, angle_radians };
            let handle = match handle {
                4 => FrameHandle::Move,
                5 => FrameHandle::Rotate,
                corner => FrameHandle::Resize(corner),
            };
            let modifiers = Modifiers { alt, shift, ..Modifiers::NONE };
            let drag = FrameDrag { start_frame, handle, start_in_photo: start.into() };
            let frame = drag.frame_at(now.into(), PHOTO, modifiers);
            let [x, y] = frame.center_in_photo;
            prop_assert!((0.0..=640.0).contains(&x) && (0.0..=480.0).contains(&y));
            prop_assert!(frame.side_px >= FaceFrame::MIN_SIDE_PX && frame.side_px <= 4.0 * 640.0);
            prop_assert!(frame.angle_radians.is_finite());
        }
    }
}
