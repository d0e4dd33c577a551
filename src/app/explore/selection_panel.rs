//! Buttons for the selected faces, and the active face at a larger size.

use egui::{Button, Label, RichText, Role, Sense, TextureHandle, Ui, WidgetInfo, vec2};

use super::face_browser::FaceInterpolation;
use super::face_grid::{FaceTextures, draw_face};
use super::{ExploreAction, ExploreFace, ExploreState};
use crate::app::language::t;
use crate::app::panels::widgets::{percent_slider, text_field};
use crate::app::state::{Action, Actions};
use crate::app::theme;

/// The large picture of the active face.
#[derive(Default)]
pub struct ActiveFaceView {
    /// The last picture. It stays until the next one is drawn, so that the Morph slider does not flicker.
    shown: Option<TextureHandle>,
}

/// A button with a tooltip, disabled when there is a `disabled_reason`. Returns whether it was clicked.
pub fn text_button(ui: &mut Ui, name: &str, disabled_reason: Option<&str>, tooltip: &str) -> bool {
    let response = ui.add_enabled(disabled_reason.is_none(), Button::new(name).min_size(vec2(0.0, theme::ROW_HEIGHT)));
    let clicked = response.clicked();
    match disabled_reason {
        Some(reason) => response.on_disabled_hover_text(format!("{tooltip}\n{reason}")),
        None => response.on_hover_text(tooltip),
    };
    clicked
}

/// The buttons for the selected faces, and the Morph slider while it is open.
pub fn selection_buttons(ui: &mut Ui, explore: &ExploreState, actions: &mut Actions) {
    let browser = &explore.browser;
    let nothing_selected = browser.selected().is_empty().then_some(t!("No face is selected"));
    let not_two_selected = browser.interpolation_disabled_reason();
    let morph = if browser.interpolation().is_some() { t!("End morph") } else { t!("Morph") };
    let buttons = [
        (t!("Average"), browser.average_disabled_reason(), t!("Averages the selected faces"), ExploreAction::Average),
        (
            t!("Vary"),
            browser.no_active_face_reason(),
            t!("Shows faces like the active one"),
            ExploreAction::ShowVariations,
        ),
        (
            morph,
            not_two_selected,
            t!("Shows the faces between the two selected ones"),
            ExploreAction::ToggleInterpolation,
        ),
        (t!("Deselect all"), nothing_selected, t!("Deselects every face"), ExploreAction::DeselectAll),
    ];
    ui.horizontal(|ui| {
        for (name, disabled_reason, tooltip, action) in buttons {
            if text_button(ui, name, disabled_reason, tooltip) {
                actions.push(Action::Explore(action));
            }
        }
        ui.label(theme::hint_text(ui, t!("{count} selected", count = browser.selected().len())));
    });
    if let Some(FaceInterpolation { from, to, position }) = browser.interpolation() {
        ui.horizontal(|ui| {
            let tooltip = t!("0 % is {from}, 100 % is {to}", from = from.display_name(), to = to.display_name());
            let (response, position) = percent_slider(ui, t!("Morph position"), &tooltip, *position);
            if response.changed() {
                actions.push(Action::Explore(ExploreAction::SetInterpolationPosition(position)));
            }
        });
    }
}

impl ActiveFaceView {
    /// Draws the active face and the buttons that act on it.
    pub fn show(&mut self, ui: &mut Ui, textures: &mut FaceTextures, explore: &ExploreState, actions: &mut Actions) {
        let Some(face) = explore.browser.active_face() else {
            self.shown = None;
            let hint =
                t!("Click faces to select them. The last one appears here, to save it or to start a fill from it");
            ui.label(theme::hint_text(ui, hint));
            return;
        };
        if let Some(texture) = textures.get(ui, explore, face) {
            self.shown = Some(texture);
        }
        ui.horizontal_top(|ui| {
            let (rect, response) =
                ui.allocate_exact_size(vec2(theme::SELECTED_FACE_SIDE, theme::SELECTED_FACE_SIDE), Sense::hover());
            response
                .widget_info(|| WidgetInfo::labeled(Role::Image, true, t!("Active face: {name}", name = face.title())));
            draw_face(ui, rect, self.shown.as_ref());
            ui.vertical(|ui| {
                ui.add(Label::new(RichText::new(face.title()).strong()).truncate()).on_hover_text(face.title());
                let tooltip = t!("Fills start from this face instead of the start in the settings");
                if text_button(ui, t!("Use as start"), None, tooltip) {
                    actions.push(Action::Explore(ExploreAction::UseAsStart));
                }
                name_row(ui, explore, face, actions);
            });
        });
    }
}

/// The name field, with the buttons to save, rename or delete the active face.
fn name_row(ui: &mut Ui, explore: &ExploreState, face: &ExploreFace, actions: &mut Actions) {
    let reason = explore.name_disabled_reason();
    let (name, action, tooltip) = if face.is_saved {
        (t!("Rename"), ExploreAction::Rename, t!("Gives this saved face the name on the left"))
    } else {
        (t!("Save"), ExploreAction::Save, t!("Saves this face under the name on the left"))
    };
    ui.horizontal(|ui| {
        let (response, text) =
            text_field(ui, &explore.name_text, t!("Name of the face"), t!("Name"), vec2(8.0, 6.0), NAME_WIDTH);
        if response.changed() {
            actions.push(Action::Explore(ExploreAction::SetNameText(text)));
        }
        let is_enter_pressed = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        response.on_hover_text(t!("Name for the active face, as in “smiling woman”"));
        if text_button(ui, name, reason.as_deref(), tooltip) || (is_enter_pressed && reason.is_none()) {
            actions.push(Action::Explore(action));
        }
        let disabled_reason = explore.saved_faces.disabled_reason();
        if face.is_saved && text_button(ui, t!("Delete"), disabled_reason, t!("Deletes this face from the library")) {
            actions.push(Action::Explore(ExploreAction::Delete));
        }
    });
}

const NAME_WIDTH: f32 = 120.0;
