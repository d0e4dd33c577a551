//! All colours, sizes and text styles of the editor.
//!
//! Neutral greys around the photo, one accent colour, and an 8-point grid for spacing.

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme, Vec2, vec2};
use serde::{Deserialize, Serialize};

use super::canvas::CanvasStyle;
use crate::app::language::t;

/// Spacing unit, in points.
pub const GAP: f32 = 8.0;
/// Height of buttons, fields and rows.
pub const ROW_HEIGHT: f32 = 28.0;
/// Height of the status bar.
pub const STATUS_HEIGHT: f32 = 28.0;
/// Height of the primary button (Fill).
pub const PRIMARY_HEIGHT: f32 = 36.0;
/// Thickness of the progress line under the toolbar.
pub const PROGRESS_HEIGHT: f32 = 2.0;
/// Width of the setting names.
pub const SETTING_NAME_WIDTH: f32 = 96.0;
/// Height of sliders. It also sets the size of their handles.
pub const SLIDER_HEIGHT: f32 = 18.0;
/// Height of the loss plot.
pub const PLOT_HEIGHT: f32 = 132.0;
/// In a settings panel of this height, the loss plot has a fixed place and the basic settings still fit above it.
pub const MIN_PANEL_HEIGHT_FOR_PLOT: f32 = 540.0;
/// Side length of a face in the Explore window.
pub const THUMBNAIL_SIDE: f32 = 64.0;
/// Side length of a candidate's tile: three rows of buttons.
pub const CANDIDATE_SIDE: f32 = 86.0;
/// Height of the strip with the candidates.
pub const CANDIDATE_STRIP_HEIGHT: f32 = 110.0;
/// Height of the bar with the timeline.
pub const TIMELINE_HEIGHT: f32 = 36.0;
/// Side length of the selected face in the Explore window.
pub const SELECTED_FACE_SIDE: f32 = 112.0;
/// Corner radius of buttons and fields.
pub const CORNER_RADIUS: CornerRadius = CornerRadius::same(6);
/// Corner radius of cards and windows.
pub const CARD_CORNER_RADIUS: CornerRadius = CornerRadius::same(10);

/// The theme setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// Follows the desktop's theme.
    #[default]
    System,
    Dark,
    Light,
}

impl ThemeChoice {
    pub const ALL: [Self; 3] = [Self::System, Self::Dark, Self::Light];

    pub fn title(self) -> &'static str {
        match self {
            Self::System => t!("Follow system"),
            Self::Dark => t!("Dark"),
            Self::Light => t!("Light"),
        }
    }

    fn preference(self) -> egui::ThemePreference {
        match self {
            Self::System => egui::ThemePreference::System,
            Self::Dark => egui::ThemePreference::Dark,
            Self::Light => egui::ThemePreference::Light,
        }
    }
}

/// The colours of one theme.
pub struct ThemePalette {
    /// Background around the photo.
    pub canvas: Color32,
    /// Background of toolbar, settings and status bar.
    pub panel: Color32,
    /// Background of buttons.
    pub button: Color32,
    pub hovered: Color32,
    pub pressed: Color32,
    /// Background of text fields and slider rails.
    pub field: Color32,
    pub border: Color32,
    pub text: Color32,
    pub weak_text: Color32,
    pub strong_text: Color32,
    pub accent: Color32,
    pub on_accent: Color32,
    /// Background of a selected tool or list entry.
    pub selection: Color32,
    pub warning: Color32,
    pub error: Color32,
}

/// The dark theme. Toasts use it in both themes.
pub(super) const DARK_PALETTE: ThemePalette = ThemePalette {
    canvas: Color32::from_rgb(0x13, 0x14, 0x15),
    panel: Color32::from_rgb(0x1d, 0x1f, 0x21),
    button: Color32::from_rgb(0x2a, 0x2d, 0x30),
    hovered: Color32::from_rgb(0x35, 0x39, 0x3d),
    pressed: Color32::from_rgb(0x40, 0x45, 0x4a),
    field: Color32::from_rgb(0x15, 0x16, 0x18),
    border: Color32::from_rgb(0x30, 0x33, 0x37),
    text: Color32::from_rgb(0xd3, 0xd6, 0xd9),
    weak_text: Color32::from_rgb(0x94, 0x9a, 0xa1),
    strong_text: Color32::from_rgb(0xf4, 0xf5, 0xf6),
    accent: Color32::from_rgb(0x45, 0xc0, 0xb0),
    on_accent: Color32::from_rgb(0x05, 0x22, 0x1f),
    selection: Color32::from_rgb(0x1f, 0x46, 0x43),
    warning: Color32::from_rgb(0xe3, 0xa8, 0x57),
    error: Color32::from_rgb(0xea, 0x77, 0x70),
};

pub(super) const LIGHT_PALETTE: ThemePalette = ThemePalette {
    canvas: Color32::from_rgb(0xdd, 0xdf, 0xe1),
    panel: Color32::from_rgb(0xf6, 0xf7, 0xf8),
    button: Color32::from_rgb(0xe7, 0xe9, 0xeb),
    hovered: Color32::from_rgb(0xdc, 0xdf, 0xe2),
    pressed: Color32::from_rgb(0xcd, 0xd1, 0xd5),
    field: Color32::from_rgb(0xff, 0xff, 0xff),
    border: Color32::from_rgb(0xd3, 0xd6, 0xda),
    text: Color32::from_rgb(0x2a, 0x2d, 0x31),
    weak_text: Color32::from_rgb(0x5a, 0x61, 0x68),
    strong_text: Color32::from_rgb(0x10, 0x12, 0x14),
    accent: Color32::from_rgb(0x0b, 0x7d, 0x72),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    selection: Color32::from_rgb(0xc4, 0xe6, 0xe2),
    warning: Color32::from_rgb(0x92, 0x5c, 0x00),
    error: Color32::from_rgb(0xb2, 0x32, 0x2b),
};

/// The colours of the current theme.
pub fn palette(ui: &egui::Ui) -> &'static ThemePalette {
    if ui.visuals().dark_mode { &DARK_PALETTE } else { &LIGHT_PALETTE }
}

/// Sets up both themes and selects one.
pub fn install(context: &egui::Context, choice: ThemeChoice) {
    context.set_style_of(Theme::Dark, egui_style(&DARK_PALETTE, egui::Visuals::dark()));
    context.set_style_of(Theme::Light, egui_style(&LIGHT_PALETTE, egui::Visuals::light()));
    set_theme(context, choice);
}

/// Selects a theme.
pub fn set_theme(context: &egui::Context, choice: ThemeChoice) {
    context.set_theme(choice.preference());
}

/// The canvas style in the current theme's colours.
pub fn canvas_style(ui: &egui::Ui) -> CanvasStyle {
    CanvasStyle { background: palette(ui).canvas, ..CanvasStyle::default() }
}

impl Default for CanvasStyle {
    fn default() -> Self {
        Self {
            background: DARK_PALETTE.canvas,
            photo_border: Color32::from_black_alpha(90),
            checkerboard: [Color32::from_gray(204), Color32::from_gray(153)],
            checkerboard_side: 8.0,
            // The dark theme's brighter accent is easier to see on skin, so the canvas uses it in both themes.
            accent: DARK_PALETTE.accent,
            warning: DARK_PALETTE.warning,
            ignored: Color32::from_rgb(0xb9, 0x8c, 0xff),
            tint_opacity: 0.45,
            outline_width: 1.5,
            frame_line_width: 1.5,
            frame_bracket_width: 4.0,
            inactive_frame_opacity: 0.55,
            line_light: Color32::WHITE,
            line_dark: Color32::from_black_alpha(150),
            label_fill: Color32::from_black_alpha(170),
            label_text: Color32::WHITE,
            label_size: 12.0,
        }
    }
}

/// The frame of a bar or panel at the window's edge.
pub fn bar_frame(ui: &egui::Ui) -> egui::Frame {
    egui::Frame::new().fill(palette(ui).panel).inner_margin(Margin::symmetric(12, 8))
}

/// The frame of a modal dialog.
pub fn dialog_frame(context: &egui::Context) -> egui::Frame {
    egui::Frame::popup(&context.global_style()).corner_radius(CARD_CORNER_RADIUS).inner_margin(Margin::same(20))
}

/// The frame of the strip with the candidates: a scroll bar fits between the tiles and its lower edge.
pub fn candidate_strip_frame(ui: &egui::Ui) -> egui::Frame {
    bar_frame(ui).inner_margin(Margin { left: 10, right: 12, top: 8, bottom: 2 })
}

/// Small, faint text for explanations.
pub fn hint_text(ui: &egui::Ui, text: impl Into<String>) -> egui::RichText {
    egui::RichText::new(text).color(palette(ui).weak_text).small()
}

/// A section heading.
pub fn section_heading(ui: &egui::Ui, text: &str) -> egui::RichText {
    egui::RichText::new(text).color(palette(ui).weak_text).small().strong()
}

fn egui_style(palette: &ThemePalette, base: egui::Visuals) -> Style {
    let mut style = Style { visuals: egui_visuals(palette, base), ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, 11.5, FontFamily::Proportional),
        (TextStyle::Body, 13.5, FontFamily::Proportional),
        (TextStyle::Button, 13.5, FontFamily::Proportional),
        (TextStyle::Heading, 20.0, FontFamily::Proportional),
        (TextStyle::Monospace, 12.5, FontFamily::Monospace),
    ]
    .map(|(name, size, family)| (name, FontId::new(size, family)))
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::splat(GAP);
    spacing.button_padding = vec2(10.0, 5.0);
    spacing.interact_size = vec2(ROW_HEIGHT, ROW_HEIGHT);
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(16);
    spacing.combo_width = 0.0;
    spacing.slider_rail_height = 4.0;
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 10.0;
    spacing.tooltip_width = 320.0;
    spacing.indent = 18.0;
    style.interaction.tooltip_delay = 0.45;
    style.interaction.selectable_labels = false;
    style.animation_time = 0.1;
    style
}

fn egui_visuals(palette: &ThemePalette, mut visuals: egui::Visuals) -> egui::Visuals {
    let border = Stroke::new(1.0, palette.border);
    visuals.panel_fill = palette.canvas;
    visuals.window_fill = palette.panel;
    visuals.window_stroke = border;
    visuals.window_corner_radius = CARD_CORNER_RADIUS;
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.extreme_bg_color = palette.field;
    visuals.text_edit_bg_color = Some(palette.field);
    visuals.faint_bg_color = palette.button;
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warning;
    visuals.error_fg_color = palette.error;
    visuals.weak_text_color = Some(palette.weak_text);
    visuals.selection.bg_fill = palette.selection;
    visuals.selection.stroke = Stroke::new(1.0, palette.accent);
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    visuals.indent_has_left_vline = false;
    visuals.disabled_alpha = 0.42;
    let shadow = Shadow { offset: [0, 6], blur: 20, spread: 0, color: Color32::from_black_alpha(70) };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;

    let states = &mut visuals.widgets;
    for (state, fill, text) in [
        (&mut states.noninteractive, palette.panel, palette.text),
        (&mut states.inactive, palette.button, palette.text),
        (&mut states.hovered, palette.hovered, palette.strong_text),
        (&mut states.active, palette.pressed, palette.strong_text),
        (&mut states.open, palette.hovered, palette.strong_text),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::NONE;
        state.fg_stroke = Stroke::new(1.0, text);
        state.corner_radius = CORNER_RADIUS;
        state.expansion = 0.0;
    }
    states.noninteractive.bg_stroke = border;
    // egui draws keyboard focus as the active state, which needs a border to be visible.
    states.active.bg_stroke = Stroke::new(1.0, palette.accent);
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.1, relative luminance.
    fn luminance(color: Color32) -> f32 {
        let linear = |byte: u8| {
            let value = f32::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_colours_reach_wcag_aa_contrast() {
        for (theme, palette) in [("dark", &DARK_PALETTE), ("light", &LIGHT_PALETTE)] {
            for (name, text, ground) in [
                ("text", palette.text, palette.panel),
                ("button", palette.text, palette.button),
                ("weak", palette.weak_text, palette.panel),
                ("weak on canvas", palette.weak_text, palette.canvas),
                ("accent", palette.accent, palette.panel),
                ("primary", palette.on_accent, palette.accent),
                ("chosen", palette.text, palette.selection),
                ("warning", palette.warning, palette.panel),
                ("error", palette.error, palette.panel),
            ] {
                let contrast = contrast(text, ground);
                // WCAG 2.1, 1.4.3: 4.5 to 1 for text of this size.
                assert!(contrast >= 4.5, "{theme} {name}: {contrast:.2}");
            }
        }
    }
}
