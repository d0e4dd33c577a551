//! Draws the batch window: the choice of photos and hole, the progress, and the grid.

use std::time::Duration;

use egui::{Button, ComboBox, Context, RichText, Ui, vec2};

use super::photo_grid::PhotoGrid;
use super::{BatchAction, BatchState, HoleChoice, HoleKind, PhotoState};
use crate::app::dialogs::{BatchQuestion, DialogAction};
use crate::app::document::PhotoDocument;
use crate::app::language::t;
use crate::app::panels::{describe_region, describe_shape};
use crate::app::state::{Action, Actions, Derived};
use crate::app::tasks::PathPurpose;
use crate::app::theme;
use crate::mask::{FaceRegion, MaskPreset};

/// Initial size. It fits the editor's smallest window, 1024 × 700.
const INITIAL_SIZE: [f32; 2] = [940.0, 600.0];
const MIN_SIZE: [f32; 2] = [620.0, 380.0];
/// The export's progress is drawn so often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// The batch window and its textures.
#[derive(Default)]
pub struct BatchWindow {
    grid: PhotoGrid,
}

impl BatchWindow {
    /// Draws the window if it is open. `start_disabled_reason`: why no batch can start.
    pub fn show(&mut self, context: &Context, batch: &BatchState, derived: &Derived<'_>, actions: &mut Actions) {
        if !batch.is_open {
            return;
        }
        let mut open = true;
        let available = context.content_rect().size() - vec2(32.0, 64.0);
        egui::Window::new(RichText::new(t!("Fill many photos")).size(15.0))
            .id(egui::Id::unique("batch"))
            .open(&mut open)
            .collapsible(false)
            .default_size(available.min(vec2(INITIAL_SIZE[0], INITIAL_SIZE[1])))
            .min_size(available.min(vec2(MIN_SIZE[0], MIN_SIZE[1])))
            .max_size(available)
            .show(context, |ui| self.show_content(ui, batch, derived, actions));
        if !open {
            actions.push(Action::Batch(BatchAction::Toggle));
        }
    }

    fn show_content(&mut self, ui: &mut Ui, batch: &BatchState, derived: &Derived<'_>, actions: &mut Actions) {
        photo_row(ui, batch, actions);
        ui.add_enabled_ui(!batch.is_running(), |ui| hole_row(ui, &batch.hole, derived.document, actions));
        button_row(ui, batch, derived, actions);
        ui.separator();
        if batch.photos.is_empty() {
            let hint = t!("Choose a folder or some photos, then the hole that each of them gets, and press Start");
            ui.label(theme::hint_text(ui, hint));
            ui.allocate_space(ui.available_size());
        } else {
            self.grid.show(ui, batch, actions);
        }
    }
}

fn photo_row(ui: &mut Ui, batch: &BatchState, actions: &mut Actions) {
    ui.horizontal(|ui| {
        if ui.button(t!("Choose folder…")).on_hover_text(t!("Add all photos of a folder")).clicked() {
            actions.push(Action::ChooseFile(PathPurpose::BatchFolder));
        }
        if ui.button(t!("Choose photos…")).on_hover_text(t!("Add one or more photos")).clicked() {
            actions.push(Action::ChooseFile(PathPurpose::BatchPhotos));
        }
        let is_empty = batch.photos.is_empty();
        let clear = ui.add_enabled(!is_empty, Button::new(t!("Clear the list")));
        let clear = clear.on_disabled_hover_text(t!("The list is empty"));
        if clear.on_hover_text(t!("Remove all photos from the list; no file is deleted")).clicked() {
            actions.push(if batch.unexported_count() > 0 {
                Action::Dialog(DialogAction::AskBatchQuestion(BatchQuestion::ClearList))
            } else {
                Action::Batch(BatchAction::Clear)
            });
        }
        ui.label(RichText::new(summary(batch)).color(theme::palette(ui).weak_text));
    });
}

/// How many photos there are, and what has become of them.
fn summary(batch: &BatchState) -> String {
    let count = |is: fn(&PhotoState) -> bool| batch.photos.iter().filter(|photo| is(&photo.state)).count();
    let filled = count(|state| matches!(state, PhotoState::Done(_)));
    let failed = count(|state| matches!(state, PhotoState::Failed(_)));
    let mut parts = vec![t!("{count} photos", count = batch.photos.len()), t!("{filled} filled", filled)];
    if failed > 0 {
        parts.push(t!("{failed} failed", failed));
    }
    parts.join(" · ")
}

fn hole_row(ui: &mut Ui, hole: &HoleChoice, document: Option<&PhotoDocument>, actions: &mut Actions) {
    let mut chosen = hole.clone();
    ui.horizontal(|ui| {
        ui.label(RichText::new(t!("Hole")).color(theme::palette(ui).weak_text));
        let kinds = [
            (HoleKind::Region, t!("Part of the face"), t!("A part of the largest face in each photo")),
            (HoleKind::Preset, t!("Shape"), t!("A shape in the frame of the largest face")),
            (HoleKind::Masks, t!("Mask folder"), t!("A mask of the same name for each photo; white is filled")),
            (
                HoleKind::OpenPhoto,
                t!("As on the open photo"),
                t!("The hole of the photo that is open in the editor, at the same place of each face"),
            ),
        ];
        for (kind, name, tooltip) in kinds {
            let button = Button::selectable(hole.kind == kind, name).min_size(vec2(0.0, theme::ROW_HEIGHT));
            if ui.add(button).on_hover_text(tooltip).clicked() {
                chosen.kind = kind;
            }
        }
        match hole.kind {
            HoleKind::Region => region_choice(ui, &mut chosen.region),
            HoleKind::Preset => preset_choice(ui, &mut chosen.preset),
            HoleKind::Masks => {
                if ui.button(t!("Choose masks…")).on_hover_text(t!("Choose the folder with the masks")).clicked() {
                    actions.push(Action::ChooseFile(PathPurpose::BatchMasks));
                }
                let name = hole.masks.as_deref().map_or(t!("No folder yet").to_owned(), crate::app::tasks::file_name);
                ui.add(egui::Label::new(theme::hint_text(ui, name)).truncate());
            }
            HoleKind::OpenPhoto => {
                let name = document.map_or(t!("No photo is open"), |document| document.name.as_str());
                ui.add(egui::Label::new(theme::hint_text(ui, name)).truncate());
            }
        }
    });
    if chosen != *hole {
        actions.push(Action::Batch(BatchAction::SetHole(chosen)));
    }
}

fn region_choice(ui: &mut Ui, region: &mut FaceRegion) {
    let (_, shown, _) = describe_region(*region);
    let choice = ComboBox::from_id_salt("batch region").selected_text(shown).show_ui(ui, |ui| {
        for other in FaceRegion::ALL {
            let (_, name, tooltip) = describe_region(other);
            ui.selectable_value(region, other, name).on_hover_text(tooltip);
        }
    });
    choice.response.on_hover_text(t!("Which part of the face is filled"));
}

fn preset_choice(ui: &mut Ui, preset: &mut MaskPreset) {
    let choice = ComboBox::from_id_salt("batch shape").selected_text(describe_shape(*preset).0).show_ui(ui, |ui| {
        for other in MaskPreset::ALL {
            let (name, tooltip) = describe_shape(other);
            ui.selectable_value(preset, other, name).on_hover_text(tooltip);
        }
    });
    choice.response.on_hover_text(t!("Which shape is filled"));
}

fn button_row(ui: &mut Ui, batch: &BatchState, derived: &Derived<'_>, actions: &mut Actions) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        if batch.is_running() {
            let stop = Button::new(RichText::new(t!("Stop the batch")).color(palette.strong_text).strong());
            let stop = ui.add(stop.min_size(vec2(140.0, theme::PRIMARY_HEIGHT)));
            if stop.on_hover_text(t!("Stops at once; filled photos stay")).clicked() {
                actions.push(Action::Batch(BatchAction::Stop));
            }
        } else {
            let reason = derived.batch_disabled_reason;
            let (fill, text) = match reason {
                None => (palette.accent, palette.on_accent),
                Some(_) => (palette.button, palette.strong_text),
            };
            let start = Button::new(RichText::new(t!("Start")).color(text).strong()).fill(fill);
            let start = ui.add_enabled(reason.is_none(), start.min_size(vec2(140.0, theme::PRIMARY_HEIGHT)));
            let start = start.on_hover_text(t!("Fills the photos with the settings of the panel on the right"));
            if start.clicked() {
                actions.push(Action::Batch(BatchAction::Start));
            }
            if let Some(reason) = reason {
                start.on_disabled_hover_text(reason);
            }
        }
        export_button(ui, batch, actions);
        let settings = t!("Preset {name}", name = actions.preferences.preset.title());
        ui.label(theme::hint_text(ui, settings)).on_hover_text(t!("The settings of the panel on the right"));
    });
}

fn export_button(ui: &mut Ui, batch: &BatchState, actions: &mut Actions) {
    if let Some((done, count)) = batch.export_progress() {
        ui.ctx().request_repaint_after(PROGRESS_INTERVAL);
        if ui.button(t!("Stop the export")).on_hover_text(t!("Files that are written stay")).clicked() {
            actions.push(Action::CancelBatchExport);
        }
        ui.label(t!("Exporting {done} of {count}", done, count));
        return;
    }
    let count = batch.photos.iter().filter(|photo| photo.is_to_export()).count();
    let button = Button::new(t!("Export all…")).min_size(vec2(0.0, theme::PRIMARY_HEIGHT));
    let response = ui.add_enabled(count > 0, button);
    let response = response.on_disabled_hover_text(t!("No photo is filled yet, or all are excluded"));
    let tooltip = t!("Export {count} filled photos to a folder, as NAME-filled; no file is replaced", count);
    if response.on_hover_text(tooltip).clicked() {
        actions.push(Action::ChooseFile(PathPurpose::BatchExport));
    }
}
