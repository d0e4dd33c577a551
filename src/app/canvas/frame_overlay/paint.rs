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
    /// With handles, one of them highlighted.
    Active { highlighted: Option<FrameHandle> },
}

/// Draws the frame. Every line has a dark border, so that it is visible on any photo.
pub(in super::super) fn paint_frame(
    painter: &Painter,
    frame: &FaceFrame,
    map: &ScreenFromPhoto,
    style: &CanvasStyle,
    appearance: FrameAppearance,
) {
    let corners = frame.corners_in_photo().map(|corner| map.apply(corner));
    let (opacity, highlighted) = match appearance {
        FrameAppearance::Inactive => (style.inactive_frame_opacity, None),
        FrameAppearance::Active { highlighted } => (1.0, highlighted),
    };
    let is_active = appearance != FrameAppearance::Inactive;
    let accent = style.accent.gamma_multiply(opacity);
    let line = Stroke::new(style.frame_line_width, accent);
    let dark = style.line_dark.gamma_multiply(opacity * 0.6);
    let dark_border = Stroke::new(style.frame_line_width + 2.0, dark);
    painter.add(Shape::closed_line(corners.to_vec(), dark_border));
    let knob = rotation_handle(frame, map);
    if is_active {
        paint_landmarks(painter, frame, map, style);
        let stem = [upper_edge_midpoint(frame, map), knob];
        painter.line_segment(stem, dark_border);
        painter.line_segment(stem, line);
    }
    painter.add(Shape::closed_line(corners.to_vec(), line));
    for (index, bracket) in brackets(&corners, BRACKET_ARM).into_iter().enumerate() {
        let (width, color) = if highlighted == Some(FrameHandle::Resize(index)) {
            (style.frame_bracket_width + 1.0, style.line_light)
        } else {
            (style.frame_bracket_width, accent)
        };
        paint_bracket(painter, bracket, Stroke::new(width, color), dark);
    }
    if is_active {
        let fill = if highlighted == Some(FrameHandle::Rotate) { style.accent } else { style.line_light };
        painter.circle(knob, ROTATION_HANDLE_RADIUS + 1.0, style.line_dark, Stroke::NONE);
        painter.circle(knob, ROTATION_HANDLE_RADIUS, fill, line);
    }
}

/// Draws circles where the networks expect the eyes, the nose and the corners of the mouth.
fn paint_landmarks(painter: &Painter, frame: &FaceFrame, map: &ScreenFromPhoto, style: &CanvasStyle) {
    let radius = frame.side_px * map.scale * LANDMARK_RADIUS;
    let dark = style.line_dark.gamma_multiply(0.6);
    for point in TEMPLATE_IN_UNIT {
        let at = map.apply(frame.photo_from_unit().apply(point));
        painter.circle_stroke(at, radius, Stroke::new(style.frame_line_width + 1.5, dark));
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
    let line = Stroke::new(style.frame_line_width, style.line_light);
    for face in scene.faces.iter().filter(|face| !face.is_of_same_face(&scene.face_frame)) {
        let corners = face.corners_in_photo().map(|corner| map.apply(corner));
        for bracket in brackets(&corners, OTHER_FACE_ARM) {
            paint_bracket(painter, bracket, line, style.line_dark.gamma_multiply(0.6));
        }
    }
}

/// A bracket for each corner: the ends of its arms, which are at most `max_arm` long, and the corner between them.
fn brackets(corners: &[Pos2; 4], max_arm: f32) -> [Vec<Pos2>; 4] {
    let side = corners[0].distance(corners[1]).max(f32::MIN_POSITIVE);
    let arm = max_arm.min(side / 4.0);
    std::array::from_fn(|index| {
        let corner = corners[index];
        let towards = |neighbour: usize| corner + (corners[neighbour % 4] - corner) / side * arm;
        vec![towards(index + 3), corner, towards(index + 1)]
    })
}

fn paint_bracket(painter: &Painter, bracket: Vec<Pos2>, line: Stroke, dark: Color32) {
    painter.line(bracket.clone(), Stroke::new(line.width + 2.0, dark));
    painter.line(bracket, line);
}
