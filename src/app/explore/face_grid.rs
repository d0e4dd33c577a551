//! Draws faces as a grid of tiles: the page, and the saved faces.

use std::collections::HashMap;

use egui::{Align2, Color32, ColorImage, Image, Rect, Response, Role, Sense, StrokeKind, TextStyle, Ui};
use egui::{TextureHandle, TextureOptions, WidgetInfo, vec2};

use super::face::LatentHash;
use super::{ExploreAction, ExploreFace, ExploreState};
use crate::app::language::t;
use crate::app::panels::widgets::tile_outline;
use crate::app::state::{Action, Actions};
use crate::app::theme;

/// Tiles in a row.
pub const COLUMNS: usize = 6;
/// Gap between tiles.
pub const TILE_GAP: f32 = theme::GAP / 2.0;
/// Side of the number badge on a selected face, in points.
const BADGE_SIDE: f32 = 18.0;

/// Textures of the faces shown in the last frame.
#[derive(Default)]
pub struct FaceTextures {
    /// Each texture with the frame in which it was last used.
    textures: HashMap<LatentHash, (TextureHandle, u64)>,
    frame: u64,
}

impl FaceTextures {
    /// A face's texture, if its thumbnail is drawn.
    pub fn get(&mut self, ui: &Ui, explore: &ExploreState, face: &ExploreFace) -> Option<TextureHandle> {
        let frame = self.frame;
        if let Some((texture, last_used)) = self.textures.get_mut(&face.latent_hash()) {
            *last_used = frame;
            return Some(texture.clone());
        }
        let pixels = explore.thumbnails.get(&face.latent_hash())?.to_rgb8();
        let image = ColorImage::from_rgb([pixels.width() as usize, pixels.height() as usize], &pixels);
        let texture = ui.ctx().load_texture("face", image, TextureOptions::LINEAR);
        self.textures.insert(face.latent_hash(), (texture.clone(), frame));
        Some(texture)
    }

    /// Ends a frame, and drops the textures not used in it.
    pub fn end_frame(&mut self) {
        let frame = self.frame;
        self.textures.retain(|_, (_, last_used)| *last_used == frame);
        self.frame += 1;
    }
}

/// Draws faces in rows. A click selects or deselects a face. `captions`: show the names below the faces.
pub fn face_grid(
    ui: &mut Ui,
    textures: &mut FaceTextures,
    explore: &ExploreState,
    faces: &[ExploreFace],
    captions: bool,
    actions: &mut Actions,
) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(TILE_GAP, TILE_GAP);
        for row in faces.chunks(COLUMNS) {
            ui.horizontal(|ui| {
                for face in row {
                    let response = tile(ui, textures, explore, face, captions);
                    if response.clicked() {
                        actions.push(Action::Explore(ExploreAction::ToggleSelected(Box::new(face.clone()))));
                    }
                    let is_selected = explore.browser.selection_index(face).is_some();
                    let hint = if is_selected { t!("Click to deselect") } else { t!("Click to select") };
                    response.on_hover_text(format!("{}\n{hint}", face.title()));
                }
            });
        }
    });
}

fn tile(
    ui: &mut Ui,
    textures: &mut FaceTextures,
    explore: &ExploreState,
    face: &ExploreFace,
    caption: bool,
) -> Response {
    let text_height = if caption { ui.text_style_height(&TextStyle::Small) + TILE_GAP } else { 0.0 };
    let (rect, response) =
        ui.allocate_exact_size(vec2(theme::THUMBNAIL_SIDE, theme::THUMBNAIL_SIDE + text_height), Sense::click());
    let selection_index = explore.browser.selection_index(face);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selection_index.is_some(), face.title()));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let square = Rect::from_min_size(rect.min, vec2(theme::THUMBNAIL_SIDE, theme::THUMBNAIL_SIDE));
    let texture = textures.get(ui, explore, face);
    draw_face(ui, square, texture.as_ref());
    let palette = theme::palette(ui);
    let outline = tile_outline(palette, &response, selection_index.is_some());
    ui.painter().rect_stroke(square, theme::CORNER_RADIUS, outline, StrokeKind::Inside);
    let font = TextStyle::Small.resolve(ui.style());
    if let Some(index) = selection_index {
        let badge = Rect::from_min_size(square.min + vec2(TILE_GAP, TILE_GAP), vec2(BADGE_SIDE, BADGE_SIDE));
        ui.painter().rect_filled(badge, theme::CORNER_RADIUS, palette.accent);
        let number = (index + 1).to_string();
        ui.painter().text(badge.center(), Align2::CENTER_CENTER, number, font.clone(), palette.on_accent);
    }
    if caption {
        let mut job = egui::text::LayoutJob::simple_singleline(face.title(), font, palette.text);
        job.wrap = egui::text::TextWrapping::truncate_at_width(theme::THUMBNAIL_SIDE);
        let galley = ui.painter().layout_job(job);
        let position = egui::pos2(square.center().x - galley.size().x / 2.0, square.bottom() + TILE_GAP / 2.0);
        ui.painter().galley(position, galley, palette.text);
    }
    response
}

/// Draws a face's picture, or an empty square while there is none.
pub fn draw_face(ui: &Ui, rect: Rect, texture: Option<&TextureHandle>) {
    match texture {
        Some(texture) => {
            Image::new((texture.id(), rect.size()))
                .corner_radius(theme::CORNER_RADIUS)
                .tint(Color32::WHITE)
                .paint_at(ui, rect);
        }
        None => drop(ui.painter().rect_filled(rect, theme::CORNER_RADIUS, theme::palette(ui).field)),
    }
}
