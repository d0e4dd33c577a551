//! Every colour and size of the canvas, so that the theme can set them in one place.

use egui::Color32;

/// How the canvas looks. Sizes are in points.
#[derive(Clone, Debug, PartialEq)]
pub struct CanvasStyle {
    /// Around the photo. `None` takes a neutral tone from the window's visuals.
    pub background: Option<Color32>,
    /// A hairline around the photo, so that a photo as dark as the background still ends somewhere.
    pub photo_edge: Color32,
    /// The two tones under transparent pixels.
    pub checker: [Color32; 2],
    /// Side of one square of the checkerboard.
    pub checker_side: f32,
    /// The frame, and the hole that will be filled.
    pub accent: Color32,
    /// The part of the hole that no fill will reach.
    pub warn: Color32,
    /// How strongly the hole is tinted, 0 to 1. Its outline is always opaque.
    pub hole_opacity: f32,
    /// Width of the hole's outline where it is drawn as lines (from 200 % on).
    pub hole_outline_width: f32,
    /// Width of the frame's lines.
    pub line_width: f32,
    /// Width of the frame's corner brackets.
    pub bracket_width: f32,
    /// How much of the frame is left to see while another tool is in hand, 0 to 1.
    pub idle_frame_opacity: f32,
    /// The light half of lines that must be seen on any photo.
    pub light: Color32,
    /// The dark half of those lines.
    pub dark: Color32,
    /// Behind the words at the divider.
    pub label_fill: Color32,
    /// The words at the divider.
    pub label_text: Color32,
    /// Their size.
    pub label_size: f32,
}

impl Default for CanvasStyle {
    fn default() -> Self {
        Self {
            background: None,
            photo_edge: Color32::from_black_alpha(90),
            checker: [Color32::from_gray(204), Color32::from_gray(153)],
            checker_side: 8.0,
            accent: Color32::from_rgb(0x4c, 0x9a, 0xff),
            warn: Color32::from_rgb(0xe0, 0x9f, 0x3e),
            hole_opacity: 0.45,
            hole_outline_width: 1.5,
            line_width: 1.5,
            bracket_width: 4.0,
            idle_frame_opacity: 0.55,
            light: Color32::WHITE,
            dark: Color32::from_black_alpha(150),
            label_fill: Color32::from_black_alpha(170),
            label_text: Color32::WHITE,
            label_size: 12.0,
        }
    }
}
