//! The buttons beside the candidates: new candidates from a finished fill, the mix slider, and what the tiles show.

use egui::{Button, Ui, vec2};

use super::{add_command_button, widgets};
use crate::app::fill::{CandidateMix, FillAction};
use crate::app::icons::IconButton;
use crate::app::language::t;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, Actions, Derived};
use crate::app::theme;

/// Draws three rows of buttons. While the mix slider is open, it replaces the last one. `shows_best`: the shown candidate
/// is the best.
pub fn show(ui: &mut Ui, derived: &Derived<'_>, mix: Option<&CandidateMix>, shows_best: bool, actions: &mut Actions) {
    let more = IconButton::new(EditorCommand::MoreLikeThis.icon(), EditorCommand::MoreLikeThis.name())
        .with_text(t!("More like this"));
    let response = add_command_button(ui, &derived.commands, EditorCommand::MoreLikeThis, more, actions);
    response.on_hover_text(t!("Finds faces similar to the shown one that match the photo; undo goes back"));
    ui.horizontal(|ui| {
        let button = IconButton::new(EditorCommand::Mix.icon(), EditorCommand::Mix.name())
            .with_text(t!("Mix"))
            .selected(mix.is_some());
        let response = add_command_button(ui, &derived.commands, EditorCommand::Mix, button, actions);
        response.on_hover_text(t!("Mixes the shown candidate with another: Shift+click a thumbnail to choose which"));
        let best = Button::selectable(shows_best, t!("Best")).min_size(vec2(0.0, theme::ROW_HEIGHT));
        add_command_button(ui, &derived.commands, EditorCommand::ShowBestCandidate, best, actions);
    });
    match mix {
        Some(mix) => mix_slider(ui, &derived.candidate_order, mix, actions),
        None => {
            ui.horizontal(|ui| {
                face_only_button(ui, &mut actions.preferences.face_only);
                edit_button(ui, derived, actions);
            });
        }
    }
}

fn mix_slider(ui: &mut Ui, order: &[usize], mix: &CandidateMix, actions: &mut Actions) {
    let number = |index: usize| order.iter().position(|&other| other == index).map_or(0, |position| position + 1);
    let tooltip = t!(
        "From candidate {from} to candidate {to}. When you release the slider, the mix is kept as a candidate",
        from = number(mix.from),
        to = number(mix.to)
    );
    ui.horizontal(|ui| {
        let (response, position) = widgets::percent_slider(ui, t!("Mix"), &tooltip, mix.position);
        if response.changed() {
            actions.push(Action::Fill(FillAction::SetMixPosition(position)));
        }
        // The keyboard changes the value without a drag, so there is no release to wait for.
        if response.drag_stopped() || (response.changed() && !response.dragged()) {
            actions.push(Action::Fill(FillAction::KeepMix));
        }
    });
}

fn edit_button(ui: &mut Ui, derived: &Derived<'_>, actions: &mut Actions) {
    let button = IconButton::new(EditorCommand::EditFace.icon(), EditorCommand::EditFace.name())
        .with_text(t!("Edit"))
        .selected(actions.preferences.edits_face);
    let response = add_command_button(ui, &derived.commands, EditorCommand::EditFace, button, actions);
    response.on_hover_text(t!("Sliders for the shown face: smile, turn, light, age and so on"));
}

fn face_only_button(ui: &mut Ui, is_face_only: &mut bool) {
    let button = Button::selectable(*is_face_only, t!("Face only")).min_size(vec2(0.0, theme::ROW_HEIGHT));
    let tooltip = t!("Shows the generator's whole faces instead of the fills in the photo");
    if ui.add(button).on_hover_text(tooltip).clicked() {
        *is_face_only = !*is_face_only;
    }
}
