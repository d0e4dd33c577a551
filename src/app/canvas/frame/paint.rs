//! The frame's lines.

use egui::{Color32, Painter, Pos2, Shape, Stroke};

use super::super::style::CanvasStyle;
use super::super::view::ScreenFromPhoto;
use super::{Handle, turn_handle, upper_edge};
use crate::face::FaceFrame;

/// Longest arm of a corner bracket, in points.
const BRACKET_ARM: f32 = 18.0;
/// Radius of the round handle, in points.
const TURN_RADIUS: f32 = 6.0;

/// How much of the frame to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum FrameLook {
    /// Another tool is in hand: a thin quiet line.
    Idle,
    /// With its handles; the one under the pointer stands out.
    Active { hot: Option<Handle> },
}

/// Draws the frame: every line has a dark seam, so that it is seen on any photo.
pub(in super::super) fn paint(
    painter: &Painter,
    frame: &FaceFrame,
    map: &ScreenFromPhoto,
    style: &CanvasStyle,
    look: FrameLook,
) {
    let corners = frame.corners_in_photo().map(|corner| map.apply(corner));
    let opacity = if look == FrameLook::Idle { style.idle_frame_opacity } else { 1.0 };
    let accent = style.accent.gamma_multiply(opacity);
    let seam = Stroke::new(style.line_width + 2.0, style.dark.gamma_multiply(opacity * 0.6));
    painter.add(Shape::closed_line(corners.to_vec(), seam));
    let FrameLook::Active { hot } = look else {
        painter.add(Shape::closed_line(corners.to_vec(), Stroke::new(style.line_width, accent)));
        paint_brackets(painter, &corners, style, accent, opacity, None);
        return;
    };
    let stem = [upper_edge(frame, map), turn_handle(frame, map)];
    painter.line_segment(stem, seam);
    painter.line_segment(stem, Stroke::new(style.line_width, accent));
    painter.add(Shape::closed_line(corners.to_vec(), Stroke::new(style.line_width, accent)));
    let hot_corner = if let Some(Handle::Corner(index)) = hot { Some(index) } else { None };
    paint_brackets(painter, &corners, style, accent, opacity, hot_corner);
    let [_, knob] = stem;
    let fill = if hot == Some(Handle::Turn) { style.accent } else { style.light };
    painter.circle(knob, TURN_RADIUS + 1.0, style.dark, Stroke::NONE);
    painter.circle(knob, TURN_RADIUS, fill, Stroke::new(style.line_width, accent));
}

fn paint_brackets(
    painter: &Painter,
    corners: &[Pos2; 4],
    style: &CanvasStyle,
    accent: Color32,
    opacity: f32,
    hot: Option<usize>,
) {
    let side = corners[0].distance(corners[1]);
    let arm = BRACKET_ARM.min(side / 4.0);
    if side <= 0.0 {
        return;
    }
    for (index, &corner) in corners.iter().enumerate() {
        let towards = |neighbour: usize| corner + (corners[neighbour % 4] - corner) / side * arm;
        let bracket = vec![towards(index + 3), corner, towards(index + 1)];
        let (width, color) =
            if hot == Some(index) { (style.bracket_width + 1.0, style.light) } else { (style.bracket_width, accent) };
        painter.line(bracket.clone(), Stroke::new(width + 2.0, style.dark.gamma_multiply(opacity * 0.6)));
        painter.line(bracket, Stroke::new(width, color));
    }
}
