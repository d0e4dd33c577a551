//! Buttons for the selected faces, and the active face at a larger size.

use egui::{Button, Label, RichText, Role, Sense, Slider, TextEdit, TextureHandle, Ui, WidgetInfo, vec2};

use super::face_browser::FaceInterpolation;
use super::face_grid::{FaceTextures, draw_face};
use super::{ExploreAction, ExploreFace, ExploreState};
use crate::app::panels::widgets::add_slider;
use crate::app::state::Action;
use crate::app::theme;

/// Room for "100 %".
const PERCENT_WIDTH: f32 = 40.0;

/// The large picture of the active face.
#[derive(Default)]
pub struct ActiveFaceView {
    /// The last picture. It stays until the next one is drawn, so that the Morph slider does not flicker.
    shown: Option<TextureHandle>,
}

/// A button with a tooltip, disabled when `obstacle` gives a reason. Returns whether it was clicked.
pub fn text_button(ui: &mut Ui, name: &str, disabled_reason: Option<&str>, tooltip: &str) -> bool {
    let response = ui.add_enabled(disabled_reason.is_none(), Button::new(name).min_size(vec2(0.0, theme::ROW_HEIGHT)));
    let clicked = response.clicked();
    match disabled_reason {
        Some(obstacle) => response.on_disabled_hover_text(format!("{tooltip}\n{obstacle}")),
        None => response.on_hover_text(tooltip),
    };
    clicked
}

/// The buttons for the selected faces, and the Morph slider while it is open.
pub fn selection_buttons(ui: &mut Ui, explorer: &ExploreState, actions: &mut Vec<Action>) {
    let browser = &explorer.browser;
    ui.horizontal(|ui| {
        let mut action_button =
            |ui: &mut Ui, name: &str, obstacle: Option<&str>, tooltip: &str, wish: ExploreAction| {
                if text_button(ui, name, obstacle, tooltip) {
                    actions.push(Action::Explore(wish));
                }
            };
        action_button(
            ui,
            "Average",
            browser.average_disabled_reason(),
            "Makes the average of the selected faces",
            ExploreAction::Average,
        );
        action_button(
            ui,
            "Vary",
            browser.no_active_face_reason(),
            "Shows faces similar to the active one",
            ExploreAction::ShowVariations,
        );
        let walk = if browser.interpolation().is_some() { "End morph" } else { "Morph" };
        action_button(
            ui,
            walk,
            browser.interpolation_disabled_reason(),
            "Shows the faces between the two selected ones",
            ExploreAction::ToggleInterpolation,
        );
        let nothing_selected = browser.selected().is_empty().then_some("No face is selected");
        action_button(ui, "Deselect all", nothing_selected, "Deselects every face", ExploreAction::DeselectAll);
        ui.label(theme::hint_text(ui, format!("{} selected", browser.selected().len())));
    });
    if let Some(walk) = browser.interpolation() {
        interpolation_slider(ui, walk, actions);
    }
}

fn interpolation_slider(ui: &mut Ui, walk: &FaceInterpolation, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - PERCENT_WIDTH - theme::GAP).max(48.0);
        let mut percent = walk.position * 100.0;
        let response = add_slider(ui, Slider::new(&mut percent, 0.0..=100.0).step_by(1.0).show_value(false));
        response.widget_info(|| WidgetInfo::slider(response.enabled(), percent.into(), "Morph position"));
        if response.changed() {
            actions.push(Action::Explore(ExploreAction::SetInterpolationPosition(percent / 100.0)));
        }
        response.on_hover_text(format!("0 % is {}, 100 % is {}", walk.from.name, walk.to.name));
        let text = RichText::new(format!("{percent:.0} %")).color(theme::palette(ui).weak_text);
        ui.add_sized([PERCENT_WIDTH, theme::ROW_HEIGHT], Label::new(text));
    });
}

impl ActiveFaceView {
    /// Draws the active face and the buttons that act on it.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        textures: &mut FaceTextures,
        explorer: &ExploreState,
        actions: &mut Vec<Action>,
    ) {
        let Some(face) = explorer.browser.active_face() else {
            self.shown = None;
            ui.label(theme::hint_text(
                ui,
                "Click faces to select them. The last one appears here, to save it or to start a fill from it",
            ));
            return;
        };
        if let Some(texture) = textures.get(ui, explorer, face) {
            self.shown = Some(texture);
        }
        ui.horizontal_top(|ui| {
            let (rect, response) =
                ui.allocate_exact_size(vec2(theme::SELECTED_FACE_SIDE, theme::SELECTED_FACE_SIDE), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Active face: {}", face.title())));
            draw_face(ui, rect, self.shown.as_ref());
            ui.vertical(|ui| {
                ui.add(Label::new(RichText::new(face.title()).strong()).truncate()).on_hover_text(face.title());
                if text_button(
                    ui,
                    "Use as start",
                    None,
                    "Fills start from this face instead of the start in the settings",
                ) {
                    actions.push(Action::Explore(ExploreAction::UseAsStart));
                }
                name_row(ui, explorer, face, actions);
            });
        });
    }
}

/// The name field, with the buttons to save, rename or delete the active face.
fn name_row(ui: &mut Ui, explorer: &ExploreState, face: &ExploreFace, actions: &mut Vec<Action>) {
    let disabled_reason = explorer.name_disabled_reason();
    let (name, action, tooltip) = if face.is_saved {
        ("Rename", ExploreAction::Rename, "Gives this saved face the name on the left")
    } else {
        ("Save", ExploreAction::Save, "Saves this face under the name on the left")
    };
    ui.horizontal(|ui| {
        let mut text = explorer.name_text.clone();
        let field = TextEdit::singleline(&mut text).hint_text("Name").margin(vec2(8.0, 6.0)).desired_width(NAME_WIDTH);
        let response = ui.add(field);
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::TextInput, true, "Name of the face");
            info.current_text_value = Some(explorer.name_text.clone());
            info
        });
        if response.changed() {
            actions.push(Action::Explore(ExploreAction::SetNameText(text)));
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        response.on_hover_text("Name for the active face, as in “smiling woman”");
        if text_button(ui, name, disabled_reason.as_deref(), tooltip) || (entered && disabled_reason.is_none()) {
            actions.push(Action::Explore(action));
        }
        if face.is_saved
            && text_button(ui, "Delete", explorer.saved_faces.disabled_reason(), "Deletes this face from the library")
        {
            actions.push(Action::Explore(ExploreAction::Delete));
        }
    });
}

const NAME_WIDTH: f32 = 120.0;
