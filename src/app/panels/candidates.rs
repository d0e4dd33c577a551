//! The candidates as thumbnails: live, the best marked, a click or a digit chooses.
//!
//! All of them lie in one texture, so that a new preview costs one upload.

use egui::{Color32, ColorImage, CornerRadius, Rect, Response, Role, Sense, Stroke, StrokeKind, TextureHandle, Ui};
use egui::{TextureOptions, WidgetInfo, pos2, vec2};

use crate::app::curves::prior_share;
use crate::app::document::Document;
use crate::app::shortcuts::Verb;
use crate::app::state::{Action, State};
use crate::app::theme;
use crate::search::Losses;

/// The texture of the thumbnails.
#[derive(Default)]
pub struct Gallery {
    texture: Option<TextureHandle>,
    /// The scene that the texture shows.
    version: Option<u64>,
    columns: usize,
    rows: usize,
}

/// The candidates on offer.
struct Offer<'a> {
    /// Planar RGB in [-1, 1], `[3, size, size]` each.
    pictures: Vec<&'a [f32]>,
    size_px: usize,
    best: usize,
    shown: usize,
    /// The best is shown, whichever it is.
    automatic: bool,
}

impl<'a> Offer<'a> {
    fn of(state: &'a State) -> Option<Self> {
        match (state.fills.run(), state.document.as_ref().and_then(Document::fill)) {
            (Some(run), _) => run.preview.as_ref().map(|preview| Self {
                pictures: preview.candidates.iter().map(Vec::as_slice).collect(),
                size_px: preview.size_px as usize,
                best: preview.best,
                shown: run.shown(),
                automatic: run.show.is_none(),
            }),
            (None, Some(fill)) => Some(Self {
                pictures: fill.outcome.candidates.iter().map(|candidate| candidate.pixels.as_slice()).collect(),
                size_px: fill.outcome.size_px as usize,
                best: fill.outcome.best,
                shown: fill.look.candidate,
                automatic: fill.look.candidate == fill.outcome.best,
            }),
            (None, None) => None,
        }
    }
}

impl Gallery {
    /// Draws the thumbnails, if there are candidates.
    pub fn show(&mut self, ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
        let Some(offer) = Offer::of(state).filter(|offer| offer.pictures.len() > 1) else { return };
        self.refresh(ui, &offer, state.scene_version);
        ui.horizontal(|ui| {
            ui.label(theme::section(ui, "Candidates"));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let button = egui::Button::selectable(offer.automatic, egui::RichText::new("Best").small());
                let response = ui.add(button);
                let response = super::explain_verb(ui, response, Verb::BestCandidate, None);
                if response.clicked() {
                    actions.push(Action::Do(Verb::BestCandidate));
                }
            });
        });
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
            let across = ((ui.available_width() + theme::GAP) / (theme::THUMBNAIL + theme::GAP)).floor().max(1.0);
            let side = ((ui.available_width() + theme::GAP) / across - theme::GAP).floor();
            for index in 0..offer.pictures.len() {
                let response = self.thumbnail(ui, index, side, &offer);
                if response.clicked() {
                    actions.push(Action::Do(Verb::Candidate(index)));
                }
                if let Some(losses) = losses_of(state, index) {
                    response.on_hover_text(describe(index, losses));
                }
            }
        });
    }

    fn refresh(&mut self, ui: &Ui, offer: &Offer<'_>, version: u64) {
        if self.version == Some(version) {
            return;
        }
        self.version = Some(version);
        self.columns = 1;
        while self.columns * self.columns < offer.pictures.len() {
            self.columns += 1;
        }
        self.rows = offer.pictures.len().div_ceil(self.columns);
        let image = atlas(offer, self.columns, self.rows);
        match &mut self.texture {
            Some(texture) => texture.set(image, TextureOptions::LINEAR),
            None => self.texture = Some(ui.ctx().load_texture("candidates", image, TextureOptions::LINEAR)),
        }
    }

    fn thumbnail(&self, ui: &mut Ui, index: usize, side: f32, offer: &Offer<'_>) -> Response {
        let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click());
        let (best, shown) = (index == offer.best, index == offer.shown);
        response.widget_info(|| {
            let name = format!("Candidate {}{}", index + 1, if best { ", best" } else { "" });
            WidgetInfo::selected(Role::Button, true, shown, name)
        });
        let Some(texture) = self.texture.as_ref().filter(|_| ui.is_rect_visible(rect)) else { return response };
        let palette = theme::palette(ui);
        let uv = self.uv(index, offer.size_px);
        egui::Image::new((texture.id(), rect.size())).uv(uv).corner_radius(CORNER).paint_at(ui, rect);
        let edge = if shown {
            Stroke::new(2.0, palette.accent)
        } else if response.hovered() || response.has_focus() {
            Stroke::new(1.0, palette.strong)
        } else {
            Stroke::new(1.0, palette.border)
        };
        ui.painter().rect_stroke(rect, CORNER, edge, StrokeKind::Outside);
        if best {
            let mark = Rect::from_min_size(rect.left_bottom() + vec2(4.0, -20.0), vec2(32.0, 16.0));
            ui.painter().rect_filled(mark, CORNER, palette.accent);
            let font = egui::TextStyle::Small.resolve(ui.style());
            ui.painter().text(mark.center(), egui::Align2::CENTER_CENTER, "Best", font, palette.on_accent);
        }
        response
    }

    /// Where a candidate lies in the texture, without the half pixel at its edge that its neighbours shine into.
    #[expect(clippy::cast_precision_loss, reason = "at most 256 candidates of some hundred pixels")]
    fn uv(&self, index: usize, size_px: usize) -> Rect {
        let cell = vec2(1.0 / self.columns as f32, 1.0 / self.rows as f32);
        let corner = vec2((index % self.columns) as f32, (index / self.columns) as f32) * cell;
        let half_pixel = cell * (0.5 / size_px.max(1) as f32);
        Rect::from_min_size(pos2(corner.x, corner.y), cell).shrink2(half_pixel)
    }
}

const CORNER: CornerRadius = CornerRadius::same(4);

fn atlas(offer: &Offer<'_>, columns: usize, rows: usize) -> ColorImage {
    let size = offer.size_px;
    let mut image = ColorImage::filled([columns * size, rows * size], Color32::BLACK);
    let width = columns * size;
    for (index, picture) in offer.pictures.iter().enumerate() {
        let corner = (index / columns) * size * width + (index % columns) * size;
        let plane = size * size;
        for at in 0..plane {
            let channel = |channel: usize| picture.get(channel * plane + at).copied().map_or(0, byte);
            if let Some(pixel) = image.pixels.get_mut(corner + (at / size) * width + at % size) {
                *pixel = Color32::from_rgb(channel(0), channel(1), channel(2));
            }
        }
    }
    image
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn byte(value: f32) -> u8 {
    ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8
}

fn losses_of(state: &State, candidate: usize) -> Option<Losses> {
    match (state.fills.run(), state.document.as_ref().and_then(Document::fill)) {
        (Some(run), _) => run.curves.newest(candidate),
        (None, Some(fill)) => fill.outcome.candidates.get(candidate).map(|candidate| candidate.losses),
        (None, None) => None,
    }
}

fn describe(index: usize, losses: Losses) -> String {
    let share = prior_share(losses).map_or_else(String::new, |share| format!(" ({:.0} % λ·prior)", share * 100.0));
    let key = if index < 9 { format!(" ({})", index + 1) } else { String::new() };
    format!(
        "Candidate {}{key}\nTotal {:.4}{share}\nContext {:.4}\nPrior {:.4}",
        index + 1,
        losses.total,
        losses.context,
        losses.prior
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_lie_side_by_side_in_the_atlas() {
        let (dark, light) = (vec![-1.0; 12], vec![1.0; 12]);
        let offer = Offer { pictures: vec![&dark, &light, &light], size_px: 2, best: 0, shown: 0, automatic: true };
        let image = atlas(&offer, 2, 2);
        assert_eq!(image.size, [4, 4]);
        let is_light: Vec<bool> = image.pixels.iter().map(|&pixel| pixel == Color32::WHITE).collect();
        let (o, x) = (false, true);
        assert_eq!(is_light, [o, o, x, x, o, o, x, x, x, x, o, o, x, x, o, o]);
    }
}
