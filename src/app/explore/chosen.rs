//! Buttons for the selected faces, and the active face at a larger size.

use egui::{Button, Label, RichText, Role, Sense, Slider, TextEdit, TextureHandle, Ui, WidgetInfo, vec2};

use super::desk::Walk;
use super::grid::{Textures, picture};
use super::{Explorer, Face, Wish};
use crate::app::panels::rows::add_slider;
use crate::app::state::Action;
use crate::app::theme;

/// Room for "100 %".
const PERCENT_WIDTH: f32 = 40.0;

/// The large picture of the active face.
#[derive(Default)]
pub struct Portrait {
    /// The last picture. It stays until the next one is drawn, so that the Morph slider does not flicker.
    shown: Option<TextureHandle>,
}

/// A button with a tooltip, disabled when `obstacle` gives a reason. Returns whether it was clicked.
pub fn button(ui: &mut Ui, name: &str, obstacle: Option<&str>, tooltip: &str) -> bool {
    let response = ui.add_enabled(obstacle.is_none(), Button::new(name).min_size(vec2(0.0, theme::ROW)));
    let clicked = response.clicked();
    match obstacle {
        Some(obstacle) => response.on_disabled_hover_text(format!("{tooltip}\n{obstacle}")),
        None => response.on_hover_text(tooltip),
    };
    clicked
}

/// The buttons for the selected faces, and the Morph slider while it is open.
pub fn verbs(ui: &mut Ui, explorer: &Explorer, actions: &mut Vec<Action>) {
    let desk = &explorer.desk;
    ui.horizontal(|ui| {
        let mut wish = |ui: &mut Ui, name: &str, obstacle: Option<&str>, tooltip: &str, wish: Wish| {
            if button(ui, name, obstacle, tooltip) {
                actions.push(Action::Explore(wish));
            }
        };
        wish(ui, "Average", desk.obstacle_to_average(), "Makes the average of the selected faces", Wish::Average);
        wish(ui, "Vary", desk.obstacle_to_one(), "Shows faces similar to the active one", Wish::Vary);
        let walk = if desk.walk().is_some() { "End morph" } else { "Morph" };
        wish(ui, walk, desk.obstacle_to_walk(), "Shows the faces between the two selected ones", Wish::Walk);
        let nothing = desk.picks().is_empty().then_some("No face is selected");
        wish(ui, "Deselect all", nothing, "Deselects every face", Wish::LetAllGo);
        ui.label(theme::hint(ui, format!("{} selected", desk.picks().len())));
    });
    if let Some(walk) = desk.walk() {
        slider(ui, walk, actions);
    }
}

fn slider(ui: &mut Ui, walk: &Walk, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - PERCENT_WIDTH - theme::GAP).max(48.0);
        let mut percent = walk.share * 100.0;
        let response = add_slider(ui, Slider::new(&mut percent, 0.0..=100.0).step_by(1.0).show_value(false));
        response.widget_info(|| WidgetInfo::slider(response.enabled(), percent.into(), "Morph position"));
        if response.changed() {
            actions.push(Action::Explore(Wish::SetShare(percent / 100.0)));
        }
        response.on_hover_text(format!("0 % is {}, 100 % is {}", walk.from.name, walk.to.name));
        let text = RichText::new(format!("{percent:.0} %")).color(theme::palette(ui).weak);
        ui.add_sized([PERCENT_WIDTH, theme::ROW], Label::new(text));
    });
}

impl Portrait {
    /// Draws the active face and the buttons that act on it.
    pub fn show(&mut self, ui: &mut Ui, textures: &mut Textures, explorer: &Explorer, actions: &mut Vec<Action>) {
        let Some(face) = explorer.desk.chosen() else {
            self.shown = None;
            ui.label(theme::hint(
                ui,
                "Click faces to select them. The last one appears here, to save it or to start a fill from it",
            ));
            return;
        };
        if let Some(texture) = textures.get(ui, explorer, face) {
            self.shown = Some(texture);
        }
        ui.horizontal_top(|ui| {
            let (rect, response) = ui.allocate_exact_size(vec2(theme::PORTRAIT, theme::PORTRAIT), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Active face: {}", face.title())));
            picture(ui, rect, self.shown.as_ref());
            ui.vertical(|ui| {
                ui.add(Label::new(RichText::new(face.title()).strong()).truncate()).on_hover_text(face.title());
                if button(ui, "Use as start", None, "Fills start from this face instead of the start in the settings") {
                    actions.push(Action::Explore(Wish::UseAsStart));
                }
                name_row(ui, explorer, face, actions);
            });
        });
    }
}

/// The name field, with the buttons to save, rename or delete the active face.
fn name_row(ui: &mut Ui, explorer: &Explorer, face: &Face, actions: &mut Vec<Action>) {
    let obstacle = explorer.obstacle_to_name();
    let (name, wish, tooltip) = if face.is_kept {
        ("Rename", Wish::Rename, "Gives this saved face the name on the left")
    } else {
        ("Save", Wish::Keep, "Saves this face under the name on the left")
    };
    ui.horizontal(|ui| {
        let mut text = explorer.name.clone();
        let field = TextEdit::singleline(&mut text).hint_text("Name").margin(vec2(8.0, 6.0)).desired_width(NAME_WIDTH);
        let response = ui.add(field);
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::TextInput, true, "Name of the face");
            info.current_text_value = Some(explorer.name.clone());
            info
        });
        if response.changed() {
            actions.push(Action::Explore(Wish::TypeName(text)));
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        response.on_hover_text("Name for the active face, as in “smiling woman”");
        if button(ui, name, obstacle.as_deref(), tooltip) || (entered && obstacle.is_none()) {
            actions.push(Action::Explore(wish));
        }
        if face.is_kept && button(ui, "Delete", explorer.shelf.obstacle(), "Deletes this face from the library") {
            actions.push(Action::Explore(Wish::Remove));
        }
    });
}

const NAME_WIDTH: f32 = 120.0;
