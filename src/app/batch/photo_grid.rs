//! The grid of the batch window: each photo before and after its fill.
//!
//! Only the rows that are visible are drawn, and only their pictures are textures.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use egui::{
    Align2, Color32, ColorImage, EventFilter, Id, Rect, Response, Role, ScrollArea, Sense, StrokeKind, TextStyle,
    TextureHandle, TextureOptions, Ui, WidgetInfo, pos2, vec2,
};

use super::batch_photo::{BatchPhoto, PhotoState};
use super::{BatchAction, BatchState};
use crate::app::icons::Icon;
use crate::app::language::{t, translate_message};
use crate::app::state::{Action, Actions};
use crate::app::theme;

/// Side of a picture, in points.
const PICTURE_SIDE: f32 = 136.0;
/// Height of the two lines of text.
const TEXT_HEIGHT: f32 = 38.0;
const PADDING: f32 = 6.0;
const CARD_WIDTH: f32 = 2.0 * PICTURE_SIDE + 3.0 * PADDING;
const CARD_HEIGHT: f32 = PICTURE_SIDE + TEXT_HEIGHT + 2.0 * PADDING;

/// The grid's textures.
#[derive(Default)]
pub(super) struct PhotoGrid {
    /// By photo and candidate; `None` is the picture before the fill.
    textures: HashMap<(PathBuf, Option<usize>), (TextureHandle, bool)>,
    /// The selection of the last frame, to scroll to a new one.
    last_selected: usize,
}

impl PhotoGrid {
    pub(super) fn show(&mut self, ui: &mut Ui, batch: &BatchState, actions: &mut Actions) {
        for (_, is_used) in self.textures.values_mut() {
            *is_used = false;
        }
        // The grid is one place for the keyboard: Tab reaches it, and arrows move within it.
        let id = Id::unique("batch grid");
        let whole = ui.interact(ui.available_rect_before_wrap(), id, Sense::focusable_noninteractive());
        whole.widget_info(|| {
            let photo = batch.photos.get(batch.selected).map(|photo| photo_name(photo, batch.shows_before));
            WidgetInfo::labeled(Role::List, true, photo.unwrap_or_default())
        });
        if whole.has_focus() {
            let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        }
        if whole.has_focus() != batch.has_focus {
            actions.push(Action::Batch(BatchAction::SetFocus(whole.has_focus())));
        }
        let gap = theme::GAP;
        let columns = columns_in(ui.available_width(), gap);
        if columns != batch.columns {
            actions.push(Action::Batch(BatchAction::SetColumns(columns)));
        }
        let rows = batch.photos.len().div_ceil(columns);
        ui.spacing_mut().item_spacing = vec2(gap, gap);
        let mut area = ScrollArea::vertical().id_salt("batch photos").auto_shrink(false);
        if batch.selected != self.last_selected {
            self.last_selected = batch.selected;
            #[expect(clippy::cast_precision_loss, reason = "few rows")]
            let top = (batch.selected / columns) as f32 * (CARD_HEIGHT + gap);
            area = area.vertical_scroll_offset((top - ui.available_height() / 2.0 + CARD_HEIGHT / 2.0).max(0.0));
        }
        area.show_rows(ui, CARD_HEIGHT, rows, |ui, visible| {
            for row in visible {
                ui.horizontal(|ui| {
                    let photos = batch.photos.iter().enumerate().skip(row * columns).take(columns);
                    for (index, photo) in photos {
                        let response = self.card(ui, batch, index, photo, whole.has_focus());
                        if response.clicked() {
                            actions.push(Action::Batch(BatchAction::Select(index)));
                            ui.memory_mut(|memory| memory.request_focus(id));
                        }
                        if response.double_clicked()
                            && let Some(source) = batch.selected_source().filter(|_| batch.selected == index)
                        {
                            actions.push(Action::Open(source));
                        }
                    }
                });
            }
        });
        self.textures.retain(|_, (_, is_used)| *is_used);
    }

    fn card(&mut self, ui: &mut Ui, batch: &BatchState, index: usize, photo: &BatchPhoto, has_focus: bool) -> Response {
        let (rect, response) = ui.allocate_exact_size(vec2(CARD_WIDTH, CARD_HEIGHT), Sense::CLICK);
        let is_selected = index == batch.selected;
        let shows_before = is_selected && batch.shows_before;
        response
            .widget_info(|| WidgetInfo::selected(Role::ListItem, true, is_selected, photo_name(photo, shows_before)));
        if !ui.is_rect_visible(rect) {
            return response;
        }
        let palette = theme::palette(ui);
        let fill = if response.hovered() { palette.hovered } else { palette.field };
        ui.painter().rect_filled(rect, theme::CORNER_RADIUS, fill);
        let left = Rect::from_min_size(rect.min + vec2(PADDING, PADDING), vec2(PICTURE_SIDE, PICTURE_SIDE));
        let right = left.translate(vec2(PICTURE_SIDE + PADDING, 0.0));
        let dim = if photo.is_excluded { Color32::from_white_alpha(70) } else { Color32::WHITE };
        self.picture(ui, left, photo, None, dim);
        self.picture(ui, right, photo, (!shows_before).then_some(photo.rank), dim);
        if photo.is_excluded {
            let icon = Rect::from_center_size(right.center(), vec2(32.0, 32.0));
            Icon::Close.paint(ui.painter(), icon, palette.strong_text);
        }
        card_text(ui, rect, photo, shows_before);
        if is_selected {
            let width = if has_focus { 2.0 } else { 1.0 };
            let outline = egui::Stroke::new(width, palette.accent);
            ui.painter().rect_stroke(rect, theme::CORNER_RADIUS, outline, StrokeKind::Inside);
        }
        response.on_hover_text(tooltip(photo))
    }

    fn picture(&mut self, ui: &Ui, rect: Rect, photo: &BatchPhoto, rank: Option<usize>, tint: Color32) {
        let palette = theme::palette(ui);
        let jpeg = photo.kept_fill().and_then(|fill| match rank {
            None => Some(&fill.before),
            Some(rank) => fill.after.get(rank),
        });
        let Some(jpeg) = jpeg else {
            ui.painter().rect_filled(rect, theme::CORNER_RADIUS, palette.canvas);
            if let PhotoState::Running(share) = photo.state {
                let bar = rect.with_min_y(rect.bottom() - 4.0);
                ui.painter().rect_filled(bar.with_max_x(bar.left() + share * bar.width()), 0.0, palette.accent);
            }
            return;
        };
        let (texture, is_used) = self
            .textures
            .entry((photo.path.clone(), rank))
            .or_insert_with(|| (ui.ctx().load_texture("batch", decoded(jpeg), TextureOptions::LINEAR), true));
        *is_used = true;
        let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture.id(), rect, uv, tint);
    }
}

/// Number of cards in a row of this width.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn columns_in(width: f32, gap: f32) -> usize {
    (((width + gap) / (CARD_WIDTH + gap)) as usize).max(1)
}

fn decoded(jpeg: &Arc<Vec<u8>>) -> ColorImage {
    let pixels = image::load_from_memory(jpeg).map(image::DynamicImage::into_rgb8).unwrap_or_default();
    ColorImage::from_rgb([pixels.width() as usize, pixels.height() as usize], pixels.as_raw())
}

fn card_text(ui: &Ui, rect: Rect, photo: &BatchPhoto, shows_before: bool) {
    let palette = theme::palette(ui);
    let (state, color) = match &photo.state {
        PhotoState::Failed(_) => (photo.state_text(), palette.error),
        PhotoState::Done(_) if shows_before => (t!("Before the fill").to_owned(), palette.accent),
        PhotoState::Done(fill) if fill.warning.is_some() => (photo.state_text(), palette.warning),
        _ => (photo.state_text(), palette.weak_text),
    };
    let painter = ui.painter().with_clip_rect(rect.shrink(PADDING / 2.0).intersect(ui.clip_rect()));
    let line = |top: f32| pos2(rect.left() + PADDING, rect.bottom() - TEXT_HEIGHT - PADDING + top);
    let body = TextStyle::Body.resolve(ui.style());
    painter.text(line(6.0), Align2::LEFT_TOP, photo.name(), body, palette.strong_text);
    painter.text(line(24.0), Align2::LEFT_TOP, state, TextStyle::Small.resolve(ui.style()), color);
}

/// The accessible name of a photo.
fn photo_name(photo: &BatchPhoto, shows_before: bool) -> String {
    let before = if shows_before { t!(", before the fill") } else { "" };
    format!("{}: {}{before}", photo.name(), photo.state_text())
}

fn tooltip(photo: &BatchPhoto) -> String {
    let keys = t!("1 to 9 choose a candidate, Space shows the photo before, X excludes it, Enter opens it");
    match &photo.state {
        PhotoState::Failed(error) => format!("{}\n{}", photo.path.display(), translate_message(error)),
        PhotoState::Done(fill) => {
            let warning = fill.warning.as_deref().map(|text| format!("\n{}", translate_message(text)));
            let faces = if fill.face_count > 1 {
                format!("\n{}", t!("{count} faces", count = fill.face_count))
            } else {
                String::new()
            };
            format!("{}{faces}{}\n{keys}", photo.path.display(), warning.unwrap_or_default())
        }
        PhotoState::Waiting | PhotoState::Running(_) => photo.path.display().to_string(),
    }
}
