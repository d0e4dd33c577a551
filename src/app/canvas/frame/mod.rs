//! The face frame on the canvas: hit test, dragging and drawing.

mod drag;
mod paint;

use egui::{CursorIcon, Pos2, Vec2};

use super::CanvasScene;
use super::view::ScreenFromPhoto;
use crate::face::FaceFrame;
use crate::photo::Point;

pub(super) use drag::FrameDrag;
pub(super) use paint::{FrameLook, paint, paint_found};

/// Largest distance at which the pointer grabs a corner or the rotation handle, in points.
const GRAB_RADIUS: f32 = 12.0;
/// Distance of the rotation handle from the upper edge, in points.
const TURN_DISTANCE: f32 = 26.0;

/// A part of the frame that can be dragged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handle {
    /// The inside, which moves the frame.
    Move,
    /// A corner, which resizes the frame: its index in [`FaceFrame::corners_in_photo`].
    Corner(usize),
    /// The round handle above the upper edge, which rotates the frame.
    Turn,
}

/// Screen position of the rotation handle.
fn turn_handle(frame: &FaceFrame, map: &ScreenFromPhoto) -> Pos2 {
    let (sin, cos) = frame.angle_radians.sin_cos();
    upper_edge(frame, map) + Vec2::new(sin, -cos) * TURN_DISTANCE
}

/// Screen position of the upper edge's midpoint.
fn upper_edge(frame: &FaceFrame, map: &ScreenFromPhoto) -> Pos2 {
    map.apply(frame.photo_from_unit().apply([0.5, 0.0]))
}

/// The handle at a screen position.
pub(super) fn hit(frame: &FaceFrame, map: &ScreenFromPhoto, on_screen: Pos2) -> Option<Handle> {
    if turn_handle(frame, map).distance(on_screen) <= GRAB_RADIUS {
        return Some(Handle::Turn);
    }
    // In a frame that is small on the screen, the corners must leave room for moving it.
    let radius = GRAB_RADIUS.min(frame.side_px * map.scale / 4.0);
    let near = |corner: &Point| map.apply(*corner).distance(on_screen) <= radius;
    if let Some(index) = frame.corners_in_photo().iter().position(near) {
        return Some(Handle::Corner(index));
    }
    frame.contains(map.invert(on_screen)).then_some(Handle::Move)
}

/// The index of the smallest detected face at a screen position, except the framed one.
pub(super) fn found_face(scene: &CanvasScene<'_>, map: &ScreenFromPhoto, on_screen: Pos2) -> Option<usize> {
    let in_photo = map.invert(on_screen);
    let under = scene.faces.iter().enumerate().filter(|(_, face)| **face != scene.frame && face.contains(in_photo));
    under.min_by(|(_, a), (_, b)| a.side_px.total_cmp(&b.side_px)).map(|(index, _)| index)
}

/// The cursor icon over a handle.
pub(super) fn cursor(frame: &FaceFrame, handle: Handle, dragged: bool) -> CursorIcon {
    match handle {
        Handle::Move => CursorIcon::Move,
        Handle::Turn if dragged => CursorIcon::Grabbing,
        Handle::Turn => CursorIcon::Grab,
        Handle::Corner(index) => {
            let diagonal = [225.0, 315.0, 45.0, 135.0].get(index).copied().unwrap_or_default();
            let degrees: f32 = frame.angle_radians.to_degrees() + diagonal;
            match (degrees.rem_euclid(180.0) / 45.0).round() as u32 {
                1 => CursorIcon::ResizeNwSe,
                2 => CursorIcon::ResizeVertical,
                3 => CursorIcon::ResizeNeSw,
                _ => CursorIcon::ResizeHorizontal,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::{Rect, pos2, vec2};

    use super::super::view::View;
    use super::*;

    fn map() -> ScreenFromPhoto {
        let mut view = View::default();
        view.settle(vec2(400.0, 400.0), Rect::from_min_size(pos2(0.0, 0.0), vec2(800.0, 800.0)), 2.0);
        view.screen_from_photo()
    }

    #[test]
    fn every_handle_is_hit_where_it_is_drawn() {
        let map = map();
        for angle_radians in [0.0, 0.4, 2.9] {
            let frame = FaceFrame { center_in_photo: [200.0, 190.0], side_px: 120.0, angle_radians };
            for (index, corner) in frame.corners_in_photo().into_iter().enumerate() {
                assert_eq!(hit(&frame, &map, map.apply(corner)), Some(Handle::Corner(index)));
            }
            assert_eq!(hit(&frame, &map, turn_handle(&frame, &map)), Some(Handle::Turn));
            assert_eq!(hit(&frame, &map, map.apply(frame.center_in_photo)), Some(Handle::Move));
            assert_eq!(hit(&frame, &map, map.apply([10.0, 390.0])), None);
        }
        let upright = FaceFrame { center_in_photo: [200.0, 190.0], side_px: 120.0, angle_radians: 0.0 };
        assert!(turn_handle(&upright, &map).y < upper_edge(&upright, &map).y, "above the upper edge");
    }

    #[test]
    fn a_tiny_frame_can_still_be_moved() {
        let frame = FaceFrame { center_in_photo: [200.0, 200.0], side_px: 16.0, angle_radians: 0.0 };
        assert_eq!(hit(&frame, &map(), map().apply([200.0, 200.0])), Some(Handle::Move));
    }

    #[test]
    fn resize_cursors_follow_the_frames_rotation() {
        let mut frame = FaceFrame::centered(400, 400);
        assert_eq!(cursor(&frame, Handle::Corner(0), false), CursorIcon::ResizeNwSe);
        assert_eq!(cursor(&frame, Handle::Corner(1), false), CursorIcon::ResizeNeSw);
        frame.angle_radians = std::f32::consts::FRAC_PI_4;
        assert_eq!(cursor(&frame, Handle::Corner(0), false), CursorIcon::ResizeVertical);
        assert_eq!(cursor(&frame, Handle::Corner(1), false), CursorIcon::ResizeHorizontal);
    }
}
