//! The strip under the canvas: one tile for each candidate, live during a search, and the buttons for new candidates.
//!
//! A tile shows the fill in place, or the generator's whole face. A click or a digit key chooses a candidate; the best is
//! marked. The strip is shown from the start of a fill on, and keeps its height, so that the canvas does not jump. During a search
//! the tiles stay in index order; afterwards the best comes first. `position` is a tile's place in the strip, `index` its
//! candidate in the fill.

use std::sync::{Arc, Weak};

use egui::{CornerRadius, Margin, Rect, Response, Role, ScrollArea, Sense, StrokeKind, TextureHandle};
use egui::{TextureOptions, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::candidate_painter::{CandidatePainter, PaintRequest, SheetGrid};
use super::face_chooser::{self, FaceChooser};
use super::{candidate_buttons, widgets};
use crate::app::fill::{CandidateMix, FillAction, RunningFill, ShownFill};
use crate::app::language::t;
use crate::app::loss_history::prior_share;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, Actions, Derived};
use crate::app::theme;
use crate::job::FillPlace;
use crate::photo::Photo;
use crate::search::Losses;

/// Width of the buttons beside the tiles.
const BUTTONS_WIDTH: f32 = 140.0;
/// Gap between the rows of buttons, so that three rows are as high as a tile.
const BUTTON_GAP: f32 = 3.0;
/// Room for the outline of a tile.
const OUTLINE_MARGIN: i8 = 2;
const CORNER_RADIUS: CornerRadius = CornerRadius::same(4);

/// The strip's texture and its painter, kept between frames.
#[derive(Default)]
pub struct CandidateStrip {
    painter: CandidatePainter,
    sheet: Option<(TextureHandle, SheetGrid)>,
    /// The fill that the sheet belongs to.
    source: Option<Source>,
    /// The candidate that the user chose last.
    last_chosen: Option<usize>,
}

/// Identifies the fill whose candidates are shown.
struct Source {
    photo: Weak<Photo>,
    /// `None` while the search runs.
    fill_index: Option<usize>,
    /// Index of the face in its fill.
    face: usize,
}

/// The candidates to choose from.
struct CandidateList {
    /// In display order.
    tiles: Vec<CandidateTile>,
    /// The best candidate is shown.
    shows_best: bool,
    request: PaintRequest,
}

#[expect(clippy::struct_excessive_bools, reason = "independent facts about a candidate")]
struct CandidateTile {
    index: usize,
    is_best: bool,
    is_mix: bool,
    is_edited: bool,
    /// The iteration that it was kept at.
    kept_at: Option<u32>,
    is_shown: bool,
    /// The shown candidate is being mixed with this one.
    is_mixed_in: bool,
}

impl CandidateList {
    /// `None` until there are candidates. `is_face_only`: the tiles show the generator's whole faces.
    fn new(derived: &Derived<'_>, mix: Option<&CandidateMix>, is_face_only: bool) -> Option<Self> {
        let photo = &derived.document?.photo;
        let fill = derived.fill?;
        let (best, shown) = (fill.best_candidate()?, fill.shown_candidate());
        let tile = |&index: &usize| CandidateTile {
            index,
            is_best: index == best,
            is_mix: fill.is_mix(index),
            is_edited: fill.is_edited(index),
            kept_at: fill.kept_at(index),
            is_shown: index == shown,
            is_mixed_in: mix.is_some_and(|mix| mix.to == index),
        };
        let (pictures, hole, frame, (mode, task), is_live): (Vec<_>, _, _, _, _) = match fill {
            ShownFill::Running(run) => {
                let preview = run.preview.as_ref()?;
                let RunningFill { request, is_paused, .. } = run;
                let pictures = preview.candidates.iter().map(Arc::downgrade).collect();
                (pictures, &preview.hole, request.frame, (request.blend.mode, request.settings.task), !is_paused)
            }
            ShownFill::Finished(fill, face) => {
                let record = face.record();
                let pictures = record.outcome.candidates.iter().map(|it| Arc::downgrade(&it.picture)).collect();
                (pictures, &fill.hole, record.frame, (record.look.blend.mode, record.task()), false)
            }
        };
        let place = (!is_face_only).then(|| FillPlace::new(photo, hole, frame, mode).of_task(task));
        Some(Self {
            tiles: derived.candidate_order.iter().map(tile).collect(),
            shows_best: fill.chosen_candidate().is_none_or(|chosen| chosen == best && !derived.is_running()),
            request: PaintRequest { pictures, place, is_live },
        })
    }
}

impl CandidateTile {
    fn label(&self, position: usize) -> String {
        let best = if self.is_best { t!(", best") } else { "" };
        let mix = match self.kept_at {
            Some(number) => t!(", iteration {number}", number),
            None if self.is_edited => t!(", edited").to_owned(),
            None if self.is_mix => t!(", mix").to_owned(),
            None => String::new(),
        };
        format!("{}{best}{mix}", t!("Candidate {number}", number = position + 1))
    }

    /// Text of the badge in its corner.
    fn badge(&self) -> Option<String> {
        match self.kept_at {
            _ if self.is_best => Some(t!("Best").to_owned()),
            Some(number) => Some(number.to_string()),
            None if self.is_edited => Some(t!("Edit").to_owned()),
            None => self.is_mix.then(|| t!("Mix").to_owned()),
        }
    }
}

impl CandidateStrip {
    /// Draws the tiles and the buttons.
    pub fn show(&mut self, ui: &mut Ui, derived: &Derived<'_>, mix: Option<&CandidateMix>, actions: &mut Actions) {
        self.forget_other_fill(derived);
        let candidates = CandidateList::new(derived, mix, actions.preferences.face_only);
        self.upload_new_sheet(ui);
        if let Some(candidates) = &candidates {
            self.painter.request(ui.ctx(), candidates.request.clone());
        }
        let mut area = ui.available_rect_before_wrap();
        if let Some(faces) = FaceChooser::new(derived) {
            let (chooser_area, rest) = area.split_left_right_at_x(area.left() + face_chooser::WIDTH);
            ui.scope_builder(UiBuilder::new().max_rect(chooser_area), |ui| faces.show(ui, derived, actions));
            area = rest;
        }
        let (tiles_area, buttons_area) = area.split_left_right_at_x(area.right() - BUTTONS_WIDTH);
        let tiles_area = tiles_area.with_max_x(tiles_area.right() - 2.0 * theme::GAP);
        ui.scope_builder(UiBuilder::new().max_rect(tiles_area), |ui| {
            self.tiles(ui, derived, candidates.as_ref(), actions);
        });
        ui.scope_builder(UiBuilder::new().max_rect(buttons_area), |ui| {
            ui.spacing_mut().item_spacing = vec2(theme::GAP / 2.0, BUTTON_GAP);
            let shows_best = candidates.as_ref().is_some_and(|candidates| candidates.shows_best);
            candidate_buttons::show(ui, derived, mix, shows_best, actions);
        });
    }

    /// The cells of the pictures that the tiles show; `None` while they are empty.
    #[cfg(test)]
    pub fn shown_grid(&self) -> Option<SheetGrid> {
        self.sheet.as_ref().map(|(_, grid)| *grid)
    }

    /// Drops the pictures of another fill. Those of a search stay until its result is painted.
    fn forget_other_fill(&mut self, derived: &Derived<'_>) {
        let source = derived.document.map(|document| Source {
            photo: Arc::downgrade(&document.photo),
            fill_index: document.shown_fill_index().filter(|_| !derived.is_running()),
            face: match derived.fill {
                Some(ShownFill::Running(run)) => run.face_index(),
                Some(ShownFill::Finished(fill, _)) => fill.selected,
                None => 0,
            },
        });
        let is_same = match (&self.source, &source) {
            (Some(old), Some(new)) => {
                old.photo.ptr_eq(&new.photo)
                    && old.face == new.face
                    && (old.fill_index == new.fill_index || old.fill_index.is_none())
            }
            _ => false,
        };
        if !is_same {
            self.sheet = None;
            self.last_chosen = None;
            self.painter.forget();
        }
        self.source = source;
    }

    fn upload_new_sheet(&mut self, ui: &Ui) {
        let Some(sheet) = self.painter.take_sheet() else { return };
        let options = TextureOptions::LINEAR;
        match &mut self.sheet {
            Some((texture, grid)) => {
                texture.set(sheet.image, options);
                *grid = sheet.grid;
            }
            None => self.sheet = Some((ui.ctx().load_texture("candidates", sheet.image, options), sheet.grid)),
        }
    }

    fn tiles(&mut self, ui: &mut Ui, derived: &Derived<'_>, candidates: Option<&CandidateList>, actions: &mut Actions) {
        // The wheel scrolls the row: there is nothing else to scroll.
        ui.style_mut().always_scroll_the_only_direction = true;
        ScrollArea::horizontal().id_salt("candidates").auto_shrink(false).show(ui, |ui| {
            egui::Frame::new().inner_margin(Margin::same(OUTLINE_MARGIN)).show(ui, |ui| {
                ui.spacing_mut().item_spacing.x = theme::GAP;
                ui.horizontal(|ui| {
                    let tiles = candidates.map_or(&[][..], |candidates| &candidates.tiles);
                    for (position, tile) in tiles.iter().enumerate() {
                        self.tile(ui, derived, position, tile, actions);
                    }
                    let expected = derived.running().map_or(0, |run| run.request.settings.candidates);
                    for _ in tiles.len()..expected as usize {
                        empty_tile(ui);
                    }
                });
            });
        });
        self.last_chosen = derived.fill.and_then(ShownFill::chosen_candidate);
    }

    fn tile(&self, ui: &mut Ui, derived: &Derived<'_>, position: usize, tile: &CandidateTile, actions: &mut Actions) {
        let response = self.draw_tile(ui, position, tile);
        if response.clicked() {
            let is_mix_click = ui.input(|input| input.modifiers.shift) && !derived.is_running();
            let choice = Action::RunCommand(EditorCommand::ShowCandidate(position));
            actions.push(if is_mix_click { Action::Fill(FillAction::MixWith(tile.index)) } else { choice });
        }
        let chosen = derived.fill.and_then(ShownFill::chosen_candidate);
        let is_newly_chosen = chosen == Some(tile.index) && self.last_chosen != Some(tile.index);
        if response.gained_focus() || is_newly_chosen {
            response.scroll_to_me(None);
        }
        if let Some(losses) = derived.fill.and_then(|fill| fill.losses_of(tile.index)) {
            response.on_hover_text(tooltip(&tile.label(position), position, losses));
        }
    }

    fn draw_tile(&self, ui: &mut Ui, position: usize, tile: &CandidateTile) -> Response {
        let side = theme::CANDIDATE_SIDE;
        let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, tile.is_shown, tile.label(position)));
        if !ui.is_rect_visible(rect) {
            return response;
        }
        let palette = theme::palette(ui);
        ui.painter().rect_filled(rect, CORNER_RADIUS, palette.field);
        if let Some((texture, grid)) = self.sheet.as_ref().filter(|(_, grid)| tile.index < grid.candidates) {
            let picture = egui::Image::new((texture.id(), rect.size())).uv(grid.cell_in_texture(tile.index));
            picture.corner_radius(CORNER_RADIUS).paint_at(ui, rect);
        }
        let outline = widgets::tile_outline(palette, &response, tile.is_shown);
        let outline =
            if tile.is_mixed_in && !tile.is_shown { egui::Stroke::new(2.0, palette.warning) } else { outline };
        ui.painter().rect_stroke(rect, CORNER_RADIUS, outline, StrokeKind::Outside);
        if let Some(text) = tile.badge() {
            let badge = Rect::from_min_size(rect.left_bottom() + vec2(4.0, -20.0), vec2(32.0, 16.0));
            ui.painter().rect_filled(badge, CORNER_RADIUS, palette.accent);
            let font = egui::TextStyle::Small.resolve(ui.style());
            ui.painter().text(badge.center(), egui::Align2::CENTER_CENTER, text, font, palette.on_accent);
        }
        response
    }
}

impl SheetGrid {
    /// Texture coordinates of a candidate, half a pixel smaller on each side so that its neighbours do not bleed in.
    #[expect(clippy::cast_precision_loss, reason = "at most 256 candidates of some hundred pixels")]
    fn cell_in_texture(self, index: usize) -> Rect {
        let cell = vec2(1.0 / self.columns.max(1) as f32, 1.0 / self.rows.max(1) as f32);
        let corner = vec2((index % self.columns.max(1)) as f32, (index / self.columns.max(1)) as f32) * cell;
        let half_pixel = cell * (0.5 / self.cell_px.max(1) as f32);
        Rect::from_min_size(pos2(corner.x, corner.y), cell).shrink2(half_pixel)
    }
}

/// The place of a candidate that the search has not drawn yet.
fn empty_tile(ui: &mut Ui) {
    let side = theme::CANDIDATE_SIDE;
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    ui.painter().rect_filled(rect, CORNER_RADIUS, theme::palette(ui).field);
}

fn tooltip(name: &str, position: usize, losses: Losses) -> String {
    let share = prior_share(losses)
        .map_or_else(String::new, |share| t!(" ({percent} % λ·prior)", percent = format!("{:.0}", share * 100.0)));
    let key = if position < 9 { format!(" ({})", position + 1) } else { String::new() };
    let Losses { context, prior, total } = losses;
    let context = t!("Context {loss}", loss = format!("{context:.4}"));
    let parts = if prior == 0.0 {
        context
    } else {
        let total = t!("Total {loss}", loss = format!("{total:.4}"));
        format!("{total}{share}\n{context}\n{}", t!("Prior {loss}", loss = format!("{prior:.4}")))
    };
    format!("{name}{key}\n{parts}\n{}", t!("Shift+click to mix it with the shown candidate"))
}
