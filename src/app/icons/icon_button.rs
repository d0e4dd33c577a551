//! A button with an icon.

use egui::{Color32, Rect, Response, Sense, Stroke, Ui, Vec2, Widget, WidgetInfo, pos2, vec2};

use super::{ICON_GRID_SIDE, Icon};
use crate::app::theme;

/// A flat button with an icon and optional text.
pub struct IconButton {
    icon: Icon,
    name: String,
    text: Option<&'static str>,
    /// `None` for a button that cannot stay selected.
    is_selected: Option<bool>,
    height: f32,
}

impl IconButton {
    /// `name` is the accessible name.
    pub fn new(icon: Icon, name: impl Into<String>) -> Self {
        Self { icon, name: name.into(), text: None, is_selected: None, height: theme::ROW_HEIGHT }
    }

    /// Shows text beside the icon.
    pub fn with_text(mut self, text: &'static str) -> Self {
        self.text = Some(text);
        self
    }

    /// Gives the button the height of the primary button.
    pub fn with_primary_height(mut self) -> Self {
        self.height = theme::PRIMARY_HEIGHT;
        self
    }

    /// Shows the button as selected.
    pub fn selected(mut self, is_selected: bool) -> Self {
        self.is_selected = Some(is_selected);
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
        response.widget_info(|| match self.is_selected {
            Some(is_selected) => WidgetInfo::selected(egui::Role::Button, enabled, is_selected, &self.name),
            None => WidgetInfo::labeled(egui::Role::Button, enabled, &self.name),
        });
        if ui.is_rect_visible(rect) {
            let (fill, color) = if self.is_selected == Some(true) {
                (palette.selection, palette.accent)
            } else if response.is_pointer_button_down_on() {
                (palette.pressed, palette.strong_text)
            } else if response.hovered() {
                (palette.hovered, palette.strong_text)
            } else {
                (Color32::TRANSPARENT, palette.text)
            };
            ui.painter().rect_filled(rect, theme::CORNER_RADIUS, fill);
            if response.has_focus() {
                let border = Stroke::new(1.0, palette.accent);
                ui.painter().rect_stroke(rect, theme::CORNER_RADIUS, border, egui::StrokeKind::Inside);
            }
            let inset = Vec2::splat((self.height - ICON_GRID_SIDE) / 2.0);
            self.icon.paint(ui.painter(), Rect::from_min_size(rect.min + inset, Vec2::splat(ICON_GRID_SIDE)), color);
            if let Some(galley) = galley {
                let at = pos2(rect.left() + self.height, rect.center().y - galley.size().y / 2.0);
                ui.painter().galley(at, galley, color);
            }
        }
        response
    }
}
