//! The legend of the shown map, in a corner of the canvas.

use egui::{
    Align, Align2, Area, Color32, ComboBox, Frame, Id, Label, Layout, Margin, Mesh, ProgressBar, Rect, RichText, Sense,
    Shape, Ui, pos2, vec2,
};

use super::legend_text::{LegendText, map_title};
use super::{MapAction, MapView};
use crate::app::accessibility;
use crate::app::icons::{Icon, IconButton};
use crate::app::language::{t, translate, translate_message};
use crate::app::panels::widgets::set_combo_accessible_name;
use crate::app::state::{Action, Actions};
use crate::app::theme;
use crate::job::{MapKind, color_bar};

const WIDTH: f32 = 268.0;
/// Distance from the edges of the canvas.
const MARGIN: f32 = 12.0;
const BAR_HEIGHT: f32 = 10.0;
/// Colours of the bar; between them it is interpolated.
const BAR_COLORS: usize = 33;

/// Draws the legend in the lower left corner of the canvas.
pub fn show(ui: &Ui, canvas: Rect, kind: MapKind, view: &MapView<'_>, actions: &mut Actions) {
    let corner = canvas.left_bottom() + vec2(MARGIN, -MARGIN);
    let area = Area::new(Id::unique("map-legend")).pivot(Align2::LEFT_BOTTOM).fixed_pos(corner).constrain_to(canvas);
    area.movable(false).show(ui.ctx(), |ui| {
        let palette = theme::palette(ui);
        let frame = Frame::new().fill(palette.panel).stroke(egui::Stroke::new(1.0, palette.border));
        frame.corner_radius(theme::CARD_CORNER_RADIUS).inner_margin(Margin::same(10)).show(ui, |ui| {
            ui.set_width(WIDTH);
            ui.spacing_mut().item_spacing.y = theme::GAP / 2.0;
            heading(ui, kind, actions);
            body(ui, kind, view);
        });
    });
}

/// The name of the map, which is the choice of another one, and a button to close it.
fn heading(ui: &mut Ui, kind: MapKind, actions: &mut Actions) {
    ui.allocate_ui_with_layout(vec2(WIDTH, theme::ROW_HEIGHT), Layout::right_to_left(Align::Center), |ui| {
        let close = ui.add(IconButton::new(Icon::Close, t!("Hide the map")));
        if close.on_hover_text(t!("Hide the map")).clicked() {
            actions.push(Action::Map(MapAction::Choose(None)));
        }
        let choice = ComboBox::from_id_salt("map-kind").selected_text(map_title(kind)).width(ui.available_width());
        let response = choice.show_ui(ui, |ui| {
            for other in MapKind::ALL {
                let entry = ui.selectable_label(other == kind, map_title(other));
                if entry.on_hover_text(translate(other.explanation())).clicked() {
                    actions.push(Action::Map(MapAction::Choose(Some(other))));
                }
            }
        });
        set_combo_accessible_name(&response.response, t!("Map"), map_title(kind));
        response.response.on_hover_text(t!("What the map shows (U for the next, Shift+U for the one before)"));
    });
}

fn body(ui: &mut Ui, kind: MapKind, view: &MapView<'_>) {
    let palette = theme::palette(ui);
    match view {
        MapView::Ready { map, uncertainty, .. } => {
            let text = LegendText::new(map, *uncertainty);
            bar(ui, kind);
            let [low, high] = &text.scale_ends;
            ui.horizontal(|ui| {
                ui.label(RichText::new(low).small().color(palette.weak_text));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let high = format!("{high} {}", text.unit);
                    ui.label(RichText::new(high).small().color(palette.weak_text));
                });
            });
            for (index, finding) in text.findings.into_iter().enumerate() {
                let finding = RichText::new(finding).color(palette.strong_text);
                let response = ui.add(Label::new(if index == 0 { finding.strong() } else { finding }).wrap());
                if index == 0 {
                    accessibility::announce_changes(ui.ctx(), response.id);
                }
            }
            explanation(ui, text.explanation);
        }
        MapView::Computing(share) => {
            ui.add(ProgressBar::new(*share).desired_height(BAR_HEIGHT)).on_hover_text(t!("Computing the map…"));
            explanation(ui, t!("Computing the map…"));
        }
        MapView::Missing(reason) => explanation(ui, &translate_message(reason)),
    }
}

fn explanation(ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).color(theme::palette(ui).weak_text)).wrap());
}

/// The colours from the lowest value to the highest.
fn bar(ui: &mut Ui, kind: MapKind) {
    let (rect, _) = ui.allocate_exact_size(vec2(WIDTH, BAR_HEIGHT), Sense::hover());
    let mut mesh = Mesh::default();
    #[expect(clippy::cast_precision_loss, reason = "a few colours")]
    let position = |index: usize| rect.left() + rect.width() * index as f32 / (BAR_COLORS - 1) as f32;
    for (index, [red, green, blue]) in color_bar(kind.is_signed(), BAR_COLORS).enumerate() {
        let color = Color32::from_rgb(red, green, blue);
        mesh.colored_vertex(pos2(position(index), rect.top()), color);
        mesh.colored_vertex(pos2(position(index), rect.bottom()), color);
    }
    for index in 0..u32::try_from(BAR_COLORS - 1).unwrap_or(0) {
        mesh.add_triangle(2 * index, 2 * index + 1, 2 * index + 2);
        mesh.add_triangle(2 * index + 1, 2 * index + 2, 2 * index + 3);
    }
    ui.painter().add(Shape::mesh(mesh));
}
