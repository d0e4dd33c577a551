//! Colours and sizes of the canvas, set by the theme.

use egui::Color32;

/// Colours and sizes of the canvas. Sizes are in points.
#[derive(Clone, Debug, PartialEq)]
pub struct CanvasStyle {
    /// Background around the photo.
    pub background: Color32,
    /// A thin line around the photo, so that the edge of a dark photo is visible.
    pub photo_border: Color32,
    /// The two colours of the checkerboard under transparent pixels.
    pub checkerboard: [Color32; 2],
    /// Side length of one square of the checkerboard.
    pub checkerboard_side: f32,
    /// The face frame, and the part of the hole inside it.
    pub accent: Color32,
    /// The part of the hole outside the face frame.
    pub warning: Color32,
    /// The ignored pixels, and the tools that draw them.
    pub ignored: Color32,
    /// Opacity of the hole's tint, 0 to 1. The outline is always opaque.
    pub tint_opacity: f32,
    /// Width of the hole's outline at zooms that show pixels as squares.
    pub outline_width: f32,
    /// Width of the frame's lines.
    pub frame_line_width: f32,
    /// Width of the frame's corner brackets.
    pub frame_bracket_width: f32,
    /// Opacity of the frame while another tool is selected, 0 to 1.
    pub inactive_frame_opacity: f32,
    /// The light part of two-colour lines, which are visible on any photo.
    pub line_light: Color32,
    /// The dark part of two-colour lines.
    pub line_dark: Color32,
    /// Background of the divider's labels.
    pub label_fill: Color32,
    /// Text colour of the divider's labels.
    pub label_text: Color32,
    /// Text size of the divider's labels.
    pub label_size: f32,
}
