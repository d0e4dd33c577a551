//! Draws the face frame and its handles.

use egui::{Color32, Painter, Pos2, Shape, Stroke};

use super::super::CanvasScene;
use super::super::canvas_style::CanvasStyle;
use super::super::zoom_pan::ScreenFromPhoto;
use super::{FrameHandle, rotation_handle, upper_edge_midpoint};
use crate::face::TEMPLATE_IN_UNIT;
use crate::geometry::FaceFrame;

/// Longest arm of a corner bracket, in points.
const BRACKET_ARM: f32 = 18.0;
/// Radius of the rotation handle, in points.
const ROTATION_HANDLE_RADIUS: f32 = 6.0;
/// Radius of the landmark circles (eyes, nose, mouth), as a share of the frame's side.
const LANDMARK_RADIUS: f32 = 0.03;
/// Longest arm of the corner brackets around other detected faces, in points.
const OTHER_FACE_ARM: f32 = 10.0;

/// How the frame is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum FrameAppearance {
    /// A thin, faint line, while another tool is selected.
    Inactive,
    /// With handles; the handle `hot` is highlighted.
    Active { highlighted: Option<FrameHandle> },
}

/// Draws the frame. Every line has a dark border, so that it is visible on any photo.
pub(in super::super) fn paint_frame(
    painter: &Painter,
    frame: &FaceFrame,
    map: &ScreenFromPhoto,
    style: &CanvasStyle,
    look: FrameAppearance,
) {
    let corners = frame.corners_in_photo().map(|corner| map.apply(corner));
    let opacity = if look == FrameAppearance::Inactive { style.inactive_frame_opacity } else { 1.0 };
    let accent = style.accent.gamma_multiply(opacity);
    let dark_border = Stroke::new(style.frame_line_width + 2.0, style.line_dark.gamma_multiply(opacity * 0.6));
    painter.add(Shape::closed_line(corners.to_vec(), dark_border));
    let FrameAppearance::Active { highlighted: hot } = look else {
        painter.add(Shape::closed_line(corners.to_vec(), Stroke::new(style.frame_line_width, accent)));
        paint_brackets(painter, &corners, style, accent, opacity, None);
        return;
    };
    paint_landmarks(painter, frame, map, style);
    let stem = [upper_edge_midpoint(frame, map), rotation_handle(frame, map)];
    painter.line_segment(stem, dark_border);
    painter.line_segment(stem, Stroke::new(style.frame_line_width, accent));
    painter.add(Shape::closed_line(corners.to_vec(), Stroke::new(style.frame_line_width, accent)));
    let hot_corner = if let Some(FrameHandle::Resize(index)) = hot { Some(index) } else { None };
    paint_brackets(painter, &corners, style, accent, opacity, hot_corner);
    let [_, knob] = stem;
    let fill = if hot == Some(FrameHandle::Rotate) { style.accent } else { style.line_light };
    painter.circle(knob, ROTATION_HANDLE_RADIUS + 1.0, style.line_dark, Stroke::NONE);
    painter.circle(knob, ROTATION_HANDLE_RADIUS, fill, Stroke::new(style.frame_line_width, accent));
}

/// Draws circles where the networks expect the eyes, the nose and the corners of the mouth.
fn paint_landmarks(painter: &Painter, frame: &FaceFrame, map: &ScreenFromPhoto, style: &CanvasStyle) {
    let radius = frame.side_px * map.scale * LANDMARK_RADIUS;
    for point in TEMPLATE_IN_UNIT {
        let at = map.apply(frame.photo_from_unit().apply(point));
        painter.circle_stroke(
            at,
            radius,
            Stroke::new(style.frame_line_width + 1.5, style.line_dark.gamma_multiply(0.6)),
        );
        painter.circle_stroke(at, radius, Stroke::new(style.frame_line_width, style.line_light.gamma_multiply(0.8)));
    }
}

/// Draws small corner brackets around every detected face except the framed one.
pub(in super::super) fn paint_other_faces(
    painter: &Painter,
    scene: &CanvasScene<'_>,
    map: &ScreenFromPhoto,
    style: &CanvasStyle,
) {
    for face in scene.faces.iter().filter(|face| **face != scene.face_frame) {
        let corners = face.corners_in_photo().map(|corner| map.apply(corner));
        let side = corners[0].distance(corners[1]).max(f32::MIN_POSITIVE);
        let arm = OTHER_FACE_ARM.min(side / 4.0);
        for (index, &corner) in corners.iter().enumerate() {
            let towards = |neighbour: usize| corner + (corners[neighbour % 4] - corner) / side * arm;
            let bracket = vec![towards(index + 3), corner, towards(index + 1)];
            painter
                .line(bracket.clone(), Stroke::new(style.frame_line_width + 2.0, style.line_dark.gamma_multiply(0.6)));
            painter.line(bracket, Stroke::new(style.frame_line_width, style.line_light));
        }
    }
}

fn paint_brackets(
    painter: &Painter,
    corners: &[Pos2; 4],
    style: &CanvasStyle,
    accent: Color32,
    opacity: f32,
    highlighted: Option<usize>,
) {
    let side = corners[0].distance(corners[1]);
    let arm = BRACKET_ARM.min(side / 4.0);
    if side <= 0.0 {
        return;
    }
    for (index, &corner) in corners.iter().enumerate() {
        let towards = |neighbour: usize| corner + (corners[neighbour % 4] - corner) / side * arm;
        let bracket = vec![towards(index + 3), corner, towards(index + 1)];
        let (width, color) = if highlighted == Some(index) {
            (style.frame_bracket_width + 1.0, style.line_light)
        } else {
            (style.frame_bracket_width, accent)
        };
        painter.line(bracket.clone(), Stroke::new(width + 2.0, style.line_dark.gamma_multiply(opacity * 0.6)));
        painter.line(bracket, Stroke::new(width, color));
    }
}
