//! The face frame on the canvas: hit test, dragging, gliding and drawing.

mod drag;
mod glide;
mod paint;

use egui::{CursorIcon, Pos2, Vec2};

use super::CanvasScene;
use super::zoom_pan::ScreenFromPhoto;
use crate::geometry::{FaceFrame, Point};

pub(super) use drag::FrameDrag;
pub(super) use glide::FrameGlide;
pub(super) use paint::{FrameAppearance, paint_frame, paint_other_faces};

/// Largest distance at which the pointer grabs a corner or the rotation handle, in points.
const GRAB_RADIUS: f32 = 12.0;
/// Distance of the rotation handle from the upper edge, in points.
const ROTATION_HANDLE_DISTANCE: f32 = 26.0;

/// A part of the frame that can be dragged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameHandle {
    /// The inside, which moves the frame.
    Move,
    /// A corner, which resizes the frame: its index in [`FaceFrame::corners_in_photo`].
    Resize(usize),
    /// The round handle above the upper edge, which rotates the frame.
    Rotate,
}

/// Screen position of the rotation handle.
fn rotation_handle(frame: &FaceFrame, map: &ScreenFromPhoto) -> Pos2 {
    let (sin, cos) = frame.angle_radians.sin_cos();
    upper_edge_midpoint(frame, map) + Vec2::new(sin, -cos) * ROTATION_HANDLE_DISTANCE
}

/// Screen position of the upper edge's midpoint.
fn upper_edge_midpoint(frame: &FaceFrame, map: &ScreenFromPhoto) -> Pos2 {
    map.apply(frame.photo_from_unit().apply([0.5, 0.0]))
}

/// The handle at a screen position.
pub(super) fn handle_at(frame: &FaceFrame, map: &ScreenFromPhoto, on_screen: Pos2) -> Option<FrameHandle> {
    if rotation_handle(frame, map).distance(on_screen) <= GRAB_RADIUS {
        return Some(FrameHandle::Rotate);
    }
    // In a frame that is small on the screen, the corners must leave room for moving it.
    let radius = GRAB_RADIUS.min(frame.side_px * map.scale / 4.0);
    let is_hit = |corner: &Point| map.apply(*corner).distance(on_screen) <= radius;
    if let Some(index) = frame.corners_in_photo().iter().position(is_hit) {
        return Some(FrameHandle::Resize(index));
    }
    frame.contains(map.invert(on_screen)).then_some(FrameHandle::Move)
}

/// The index of the smallest detected face at a screen position, except the framed one.
pub(super) fn detected_face_at(scene: &CanvasScene<'_>, map: &ScreenFromPhoto, on_screen: Pos2) -> Option<usize> {
    let point = map.invert(on_screen);
    let is_other = |face: &FaceFrame| !face.is_of_same_face(&scene.face_frame);
    let hits = scene.faces.iter().enumerate().filter(|(_, face)| is_other(face) && face.contains(point));
    hits.min_by(|(_, a), (_, b)| a.side_px.total_cmp(&b.side_px)).map(|(index, _)| index)
}

/// The cursor icon over a handle.
pub(super) fn cursor_icon(frame: &FaceFrame, handle: FrameHandle, is_dragged: bool) -> CursorIcon {
    match handle {
        FrameHandle::Move => CursorIcon::Move,
        FrameHandle::Rotate if is_dragged => CursorIcon::Grabbing,
        FrameHandle::Rotate => CursorIcon::Grab,
        FrameHandle::Resize(index) => {
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

    use super::super::zoom_pan::CanvasView;
    use super::*;

    fn map() -> ScreenFromPhoto {
        let mut view = CanvasView::default();
        view.update_layout(vec2(400.0, 400.0), Rect::from_min_size(pos2(0.0, 0.0), vec2(800.0, 800.0)), 2.0);
        view.screen_from_photo()
    }

    #[test]
    fn every_handle_is_hit_where_it_is_drawn() {
        let map = map();
        for angle_radians in [0.0, 0.4, 2.9] {
            let frame = FaceFrame { center_in_photo: [200.0, 190.0], side_px: 120.0, angle_radians };
            for (index, corner) in frame.corners_in_photo().into_iter().enumerate() {
                assert_eq!(handle_at(&frame, &map, map.apply(corner)), Some(FrameHandle::Resize(index)));
            }
            assert_eq!(handle_at(&frame, &map, rotation_handle(&frame, &map)), Some(FrameHandle::Rotate));
            assert_eq!(handle_at(&frame, &map, map.apply(frame.center_in_photo)), Some(FrameHandle::Move));
            assert_eq!(handle_at(&frame, &map, map.apply([10.0, 390.0])), None);
        }
        let upright = FaceFrame { center_in_photo: [200.0, 190.0], side_px: 120.0, angle_radians: 0.0 };
        assert!(rotation_handle(&upright, &map).y < upper_edge_midpoint(&upright, &map).y, "above the upper edge");
    }

    #[test]
    fn a_tiny_frame_can_still_be_moved() {
        let frame = FaceFrame { center_in_photo: [200.0, 200.0], side_px: 16.0, angle_radians: 0.0 };
        assert_eq!(handle_at(&frame, &map(), map().apply([200.0, 200.0])), Some(FrameHandle::Move));
    }

    #[test]
    fn resize_cursors_follow_the_frames_rotation() {
        let mut frame = FaceFrame::centered(400, 400);
        assert_eq!(cursor_icon(&frame, FrameHandle::Resize(0), false), CursorIcon::ResizeNwSe);
        assert_eq!(cursor_icon(&frame, FrameHandle::Resize(1), false), CursorIcon::ResizeNeSw);
        frame.angle_radians = std::f32::consts::FRAC_PI_4;
        assert_eq!(cursor_icon(&frame, FrameHandle::Resize(0), false), CursorIcon::ResizeVertical);
        assert_eq!(cursor_icon(&frame, FrameHandle::Resize(1), false), CursorIcon::ResizeHorizontal);
    }
}
