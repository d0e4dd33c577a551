//! The list of the photo's fills: each can be shown again, with its hole, or compared with the shown one.

use std::sync::{Arc, Weak};

use egui::{Button, CornerRadius, Image, Popup, PopupCloseBehavior, Rect, Role, ScrollArea, Sense, TextureHandle};
use egui::{TextureOptions, Ui, WidgetInfo, pos2, vec2};

use super::candidate_painter::{CandidatePainter, PaintRequest};
use super::toolbar::{MENU_GAP, MENU_WIDTH};
use crate::app::document::{DocumentAction, DocumentFace, DocumentFill, PhotoDocument};
use crate::app::icons::{Icon, IconButton};
use crate::app::language::t;
use crate::app::state::{Action, Actions, Derived, ViewState};
use crate::app::theme;
use crate::job::FillPlace;
use crate::photo::Photo;

/// Side of a fill's picture.
const TILE_SIDE: f32 = 56.0;
/// Height of the list at which it scrolls.
const MAX_HEIGHT: f32 = 360.0;

/// The pictures of the fills, kept between frames.
#[derive(Default)]
pub struct FillList {
    photo: Weak<Photo>,
    tiles: Vec<FillTile>,
}

/// The picture of one fill.
#[derive(Default)]
struct FillTile {
    painter: CandidatePainter,
    texture: Option<TextureHandle>,
}

impl FillList {
    /// Draws the button that opens the list.
    pub fn show_button(&mut self, ui: &mut Ui, derived: &Derived<'_>, view: &ViewState, actions: &mut Actions) {
        let Some(document) = derived.document else { return };
        let photo = Arc::downgrade(&document.photo);
        if !self.photo.ptr_eq(&photo) {
            *self = Self { photo, tiles: Vec::new() };
        }
        let count = document.fills().len();
        let disabled_reason = if derived.is_running() {
            Some(t!("A fill is running: stop it first"))
        } else if count < 2 {
            Some(t!("There is only one fill. Press Fill or Go on to make another"))
        } else {
            None
        };
        let button = IconButton::new(Icon::Layer, t!("Fills")).with_text(t!("Fills"));
        let response = ui.add_enabled(disabled_reason.is_none(), button);
        let response = response
            .on_hover_text(t!("Shows the fills and branches of this photo: go back to one, or compare two"))
            .on_disabled_hover_text(disabled_reason.unwrap_or_default());
        let menu = Popup::menu(&response).gap(MENU_GAP).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        menu.show(|ui| {
            ui.set_min_width(MENU_WIDTH + TILE_SIDE);
            ScrollArea::vertical().max_height(MAX_HEIGHT).show(ui, |ui| {
                for (index, fill) in document.fills().iter().enumerate() {
                    self.row(ui, document, index, fill, view, actions);
                }
            });
        });
    }

    fn row(
        &mut self,
        ui: &mut Ui,
        document: &PhotoDocument,
        index: usize,
        fill: &DocumentFill,
        view: &ViewState,
        actions: &mut Actions,
    ) {
        let is_shown = document.shown_fill_index() == Some(index);
        ui.horizontal(|ui| {
            self.picture(ui, document, index, fill);
            ui.vertical(|ui| {
                let name = fill_name(index, fill);
                let response =
                    ui.add(Button::selectable(is_shown, &name).min_size(vec2(MENU_WIDTH, theme::ROW_HEIGHT)));
                response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_shown, &name));
                let tooltip = t!("Shows this fill, with the hole that it was made for. Undo goes back");
                if response.on_hover_text(tooltip).clicked() {
                    actions.push(Action::Document(DocumentAction::ShowFill(index)));
                }
                ui.horizontal(|ui| {
                    if !is_shown {
                        compare_button(ui, index, view, actions);
                    }
                    ui.label(theme::hint_text(ui, details(fill)));
                });
            });
        });
    }

    /// The shown candidate in place. It is painted in the background.
    fn picture(&mut self, ui: &mut Ui, document: &PhotoDocument, index: usize, fill: &DocumentFill) {
        if self.tiles.len() <= index {
            self.tiles.resize_with(index + 1, FillTile::default);
        }
        let tile = &mut self.tiles[index];
        if let Some(record) = fill.selected_face().map(DocumentFace::record)
            && let Some(candidate) = record.shown_candidate()
        {
            let place = FillPlace::new(&document.photo, &record.hole, record.frame, record.look.blend.mode);
            let pictures = vec![Arc::downgrade(&candidate.picture)];
            tile.painter.request(ui.ctx(), PaintRequest { pictures, place: Some(place), is_live: false });
        }
        if let Some(sheet) = tile.painter.take_sheet() {
            tile.texture = Some(ui.ctx().load_texture("fill", sheet.image, TextureOptions::LINEAR));
        }
        let (rect, _) = ui.allocate_exact_size(vec2(TILE_SIDE, TILE_SIDE), Sense::hover());
        ui.painter().rect_filled(rect, CornerRadius::same(4), theme::palette(ui).field);
        if let Some(texture) = &tile.texture {
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            Image::new((texture.id(), rect.size())).uv(uv).corner_radius(CornerRadius::same(4)).paint_at(ui, rect);
        }
    }
}

fn compare_button(ui: &mut Ui, index: usize, view: &ViewState, actions: &mut Actions) {
    let is_compared = view.compared_fill == Some(index);
    let name = t!("Compare with fill {number}", number = index + 1);
    let button = IconButton::new(Icon::Divider, &name).selected(is_compared);
    let tooltip = t!("Puts this fill on the left of the divider, in the place of the photo");
    if ui.add(button).on_hover_text(tooltip).clicked() {
        actions.push(Action::CompareWith((!is_compared).then_some(index)));
    }
}

/// The name of a fill: its number, and where it branches off.
pub fn fill_name(index: usize, fill: &DocumentFill) -> String {
    let number = index + 1;
    match fill.branch {
        None => t!("Fill {number}", number),
        Some(branch) => {
            let (parent, iteration) = (branch.fill_index + 1, branch.iteration);
            t!("Fill {number}, from iteration {iteration} of fill {parent}", number, iteration, parent)
        }
    }
}

/// The total loss and λ.
fn details(fill: &DocumentFill) -> String {
    let Some(record) = fill.selected_face().map(DocumentFace::record) else { return String::new() };
    let total = record.shown_candidate().map_or(f32::NAN, |candidate| candidate.losses.total);
    let lambda = record.outcome.settings.lambda;
    t!("Loss {total}, λ {lambda}", total = format!("{total:.4}"), lambda = lambda)
}
