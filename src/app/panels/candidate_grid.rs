//! Thumbnails of the candidates, live during a search. A click or a digit key chooses one; the best is marked.
//!
//! All thumbnails share one texture, so a new preview costs one upload. During a search they stay in index order;
//! afterwards the best comes first. `position` is a thumbnail's place in the grid, `index` its candidate in the fill.

use egui::{Color32, ColorImage, CornerRadius, Rect, Response, Role, Sense, StrokeKind, TextureHandle, Ui};
use egui::{TextureOptions, WidgetInfo, pos2, vec2};

use super::{add_command_button, candidate_buttons, widgets};
use crate::app::loss_history::prior_share;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, EditorState};
use crate::app::theme;
use crate::search::Losses;

/// The thumbnails' texture, kept between frames.
#[derive(Default)]
pub struct CandidateGrid {
    texture: Option<TextureHandle>,
    /// Scene version that the texture shows.
    scene_version: Option<u64>,
    columns: usize,
    rows: usize,
}

/// The candidates to choose from.
struct CandidateList<'a> {
    /// In display order.
    thumbnails: Vec<CandidateThumbnail<'a>>,
    size_px: usize,
    /// The best candidate is shown.
    shows_best: bool,
}

struct CandidateThumbnail<'a> {
    index: usize,
    /// Planar RGB in [-1, 1], `[3, size, size]`.
    pixels: &'a [f32],
    is_best: bool,
    is_mix: bool,
    is_shown: bool,
}

impl<'a> CandidateList<'a> {
    fn from_state(state: &'a EditorState) -> Option<Self> {
        match (state.fill_controller.running(), state.shown_fill()) {
            (Some(run), _) => run.preview.as_ref().map(|preview| {
                let thumbnail = |(index, pixels): (usize, &'a Vec<f32>)| CandidateThumbnail {
                    index,
                    pixels,
                    is_best: index == preview.best,
                    is_mix: false,
                    is_shown: index == run.shown_candidate(),
                };
                Self {
                    thumbnails: preview.candidates.iter().enumerate().map(thumbnail).collect(),
                    size_px: preview.size_px as usize,
                    shows_best: run.chosen_candidate.is_none(),
                }
            }),
            (None, Some(fill)) => {
                let thumbnail = |index: usize| {
                    fill.record.outcome.candidates.get(index).map(|candidate| CandidateThumbnail {
                        index,
                        pixels: &candidate.pixels,
                        is_best: index == fill.record.outcome.best,
                        is_mix: candidate.is_mix,
                        is_shown: index == fill.record.look.candidate,
                    })
                };
                Some(Self {
                    thumbnails: state.candidate_order().into_iter().filter_map(thumbnail).collect(),
                    size_px: fill.record.outcome.size_px as usize,
                    shows_best: fill.record.look.candidate == fill.record.outcome.best,
                })
            }
            (None, None) => None,
        }
    }
}

impl CandidateThumbnail<'_> {
    fn label(&self, position: usize) -> String {
        let best = if self.is_best { ", best" } else { "" };
        let mix = if self.is_mix { ", mix" } else { "" };
        format!("Candidate {}{best}{mix}", position + 1)
    }

    /// Text of the badge in its corner.
    fn badge(&self) -> Option<&'static str> {
        if self.is_best {
            Some("Best")
        } else if self.is_mix {
            Some("Mix")
        } else {
            None
        }
    }
}

impl CandidateGrid {
    /// Draws the thumbnails, and the buttons for new candidates after the search. Draws nothing without candidates.
    pub fn show(&mut self, ui: &mut Ui, state: &EditorState, actions: &mut Vec<Action>) {
        let Some(candidates) = CandidateList::from_state(state) else { return };
        if candidates.thumbnails.len() > 1 {
            self.show_thumbnails(ui, state, &candidates, actions);
        }
        if !state.fill_controller.is_running() {
            candidate_buttons::show(ui, state, actions);
        }
    }

    fn show_thumbnails(
        &mut self,
        ui: &mut Ui,
        state: &EditorState,
        candidates: &CandidateList<'_>,
        actions: &mut Vec<Action>,
    ) {
        self.update_texture(ui, candidates, state.scene_version);
        ui.horizontal(|ui| {
            ui.label(theme::section_heading(ui, "Candidates"));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let button = egui::Button::selectable(candidates.shows_best, egui::RichText::new("Best").small());
                add_command_button(ui, state, EditorCommand::ShowBestCandidate, button, actions);
            });
        });
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
            let columns = ((ui.available_width() + theme::GAP) / (theme::THUMBNAIL_SIDE + theme::GAP)).floor().max(1.0);
            let side = ((ui.available_width() + theme::GAP) / columns - theme::GAP).floor();
            for (position, thumbnail) in candidates.thumbnails.iter().enumerate() {
                let response = self.thumbnail(ui, position, side, candidates.size_px, thumbnail);
                if response.clicked() {
                    let is_mix_click = ui.input(|input| input.modifiers.shift) && !state.fill_controller.is_running();
                    let choice = Action::RunCommand(EditorCommand::ShowCandidate(position));
                    actions.push(if is_mix_click { Action::MixWith(thumbnail.index) } else { choice });
                }
                if let Some(losses) = candidate_losses(state, thumbnail.index) {
                    response.on_hover_text(tooltip(&thumbnail.label(position), position, losses));
                }
            }
        });
    }

    fn update_texture(&mut self, ui: &Ui, candidates: &CandidateList<'_>, version: u64) {
        if self.scene_version == Some(version) {
            return;
        }
        self.scene_version = Some(version);
        self.columns = 1;
        while self.columns * self.columns < candidates.thumbnails.len() {
            self.columns += 1;
        }
        self.rows = candidates.thumbnails.len().div_ceil(self.columns);
        let pictures: Vec<&[f32]> = candidates.thumbnails.iter().map(|thumbnail| thumbnail.pixels).collect();
        let image = atlas_image(&pictures, candidates.size_px, self.columns, self.rows);
        match &mut self.texture {
            Some(texture) => texture.set(image, TextureOptions::LINEAR),
            None => self.texture = Some(ui.ctx().load_texture("candidates", image, TextureOptions::LINEAR)),
        }
    }

    fn thumbnail(
        &self,
        ui: &mut Ui,
        position: usize,
        side: f32,
        size_px: usize,
        thumbnail: &CandidateThumbnail<'_>,
    ) -> Response {
        let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click());
        let is_shown = thumbnail.is_shown;
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_shown, thumbnail.label(position)));
        let Some(texture) = self.texture.as_ref().filter(|_| ui.is_rect_visible(rect)) else { return response };
        let palette = theme::palette(ui);
        let uv = self.texture_rect(position, size_px);
        egui::Image::new((texture.id(), rect.size())).uv(uv).corner_radius(CORNER_RADIUS).paint_at(ui, rect);
        let outline = widgets::tile_outline(palette, &response, is_shown);
        ui.painter().rect_stroke(rect, CORNER_RADIUS, outline, StrokeKind::Outside);
        if let Some(text) = thumbnail.badge() {
            let badge = Rect::from_min_size(rect.left_bottom() + vec2(4.0, -20.0), vec2(32.0, 16.0));
            ui.painter().rect_filled(badge, CORNER_RADIUS, palette.accent);
            let font = egui::TextStyle::Small.resolve(ui.style());
            ui.painter().text(badge.center(), egui::Align2::CENTER_CENTER, text, font, palette.on_accent);
        }
        response
    }

    /// Texture coordinates of a candidate, half a pixel smaller on each side so that its neighbours do not bleed in.
    #[expect(clippy::cast_precision_loss, reason = "at most 256 candidates of some hundred pixels")]
    fn texture_rect(&self, position: usize, size_px: usize) -> Rect {
        let cell = vec2(1.0 / self.columns as f32, 1.0 / self.rows as f32);
        let corner = vec2((position % self.columns) as f32, (position / self.columns) as f32) * cell;
        let half_pixel = cell * (0.5 / size_px.max(1) as f32);
        Rect::from_min_size(pos2(corner.x, corner.y), cell).shrink2(half_pixel)
    }
}

const CORNER_RADIUS: CornerRadius = CornerRadius::same(4);

fn atlas_image(pictures: &[&[f32]], size: usize, columns: usize, rows: usize) -> ColorImage {
    let mut image = ColorImage::filled([columns * size, rows * size], Color32::BLACK);
    let width = columns * size;
    for (position, pixels) in pictures.iter().enumerate() {
        let corner = (position / columns) * size * width + (position % columns) * size;
        let plane = size * size;
        for index in 0..plane {
            let channel = |channel: usize| pixels.get(channel * plane + index).copied().map_or(0, to_byte);
            if let Some(pixel) = image.pixels.get_mut(corner + (index / size) * width + index % size) {
                *pixel = Color32::from_rgb(channel(0), channel(1), channel(2));
            }
        }
    }
    image
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn to_byte(value: f32) -> u8 {
    ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8
}

fn candidate_losses(state: &EditorState, candidate: usize) -> Option<Losses> {
    match (state.fill_controller.running(), state.shown_fill()) {
        (Some(run), _) => run.loss_history.latest_losses(candidate),
        (None, Some(fill)) => fill.record.outcome.candidates.get(candidate).map(|candidate| candidate.losses),
        (None, None) => None,
    }
}

fn tooltip(name: &str, position: usize, losses: Losses) -> String {
    let share = prior_share(losses).map_or_else(String::new, |share| format!(" ({:.0} % λ·prior)", share * 100.0));
    let key = if position < 9 { format!(" ({})", position + 1) } else { String::new() };
    let Losses { context, prior, total } = losses;
    let parts = if prior == 0.0 {
        format!("Context {context:.4}")
    } else {
        format!("Total {total:.4}{share}\nContext {context:.4}\nPrior {prior:.4}")
    };
    format!("{name}{key}\n{parts}\nShift+click to mix it with the shown candidate")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atlas_places_pictures_row_by_row() {
        let (dark, light) = (vec![-1.0; 12], vec![1.0; 12]);
        let image = atlas_image(&[&dark, &light, &light], 2, 2, 2);
        assert_eq!(image.size, [4, 4]);
        let is_light: Vec<bool> = image.pixels.iter().map(|&pixel| pixel == Color32::WHITE).collect();
        let (o, x) = (false, true);
        assert_eq!(is_light, [o, o, x, x, o, o, x, x, x, x, o, o, x, x, o, o]);
    }
}
