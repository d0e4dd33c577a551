//! A button with an icon.

use egui::{Color32, CornerRadius, Rect, Response, Sense, Stroke, Ui, Widget, WidgetInfo, pos2, vec2};

use super::{GRID, Icon};
use crate::app::theme;

/// A flat button with an icon and optional text.
pub struct IconButton {
    icon: Icon,
    name: String,
    text: Option<&'static str>,
    chosen: bool,
    height: f32,
}

impl IconButton {
    /// `name` is the accessible name.
    pub fn new(icon: Icon, name: impl Into<String>) -> Self {
        Self { icon, name: name.into(), text: None, chosen: false, height: theme::ROW }
    }

    /// Shows text beside the icon.
    pub fn with_text(mut self, text: &'static str) -> Self {
        self.text = Some(text);
        self
    }

    /// Gives the button the height of the primary button.
    pub fn tall(mut self) -> Self {
        self.height = theme::PRIMARY_HEIGHT;
        self
    }

    /// Shows the button as selected.
    pub fn chosen(mut self, chosen: bool) -> Self {
        self.chosen = chosen;
        self
    }
}

impl Widget for IconButton {
    fn ui(self, ui: &mut Ui) -> Response {
        let palette = theme::palette(ui);
        let font = egui::TextStyle::Button.resolve(ui.style());
        let galley = self.text.map(|text| ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER));
        let text_width = galley.as_ref().map_or(0.0, |galley| galley.size().x + theme::GAP);
        let (rect, response) = ui.allocate_exact_size(vec2(self.height + text_width, self.height), Sense::click());
        let enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo::selected(egui::Role::Button, enabled, self.chosen, &self.name));
        if ui.is_rect_visible(rect) {
            let (fill, color) = if self.chosen {
                (palette.accent_soft, palette.accent)
            } else if response.is_pointer_button_down_on() {
                (palette.pressed, palette.strong)
            } else if response.hovered() {
                (palette.hovered, palette.strong)
            } else {
                (Color32::TRANSPARENT, palette.text)
            };
            ui.painter().rect_filled(rect, theme::CORNER, fill);
            if response.has_focus() {
                let edge = Stroke::new(1.0, palette.accent);
                ui.painter().rect_stroke(rect, CornerRadius::same(6), edge, egui::StrokeKind::Inside);
            }
            let inset = (self.height - GRID) / 2.0;
            Icon::paint(
                self.icon,
                ui.painter(),
                Rect::from_min_size(rect.min + vec2(inset, inset), vec2(GRID, GRID)),
                color,
            );
            if let Some(galley) = galley {
                let at = pos2(rect.left() + self.height, rect.center().y - galley.size().y / 2.0);
                ui.painter().galley(at, galley, color);
            }
        }
        response
    }
}
