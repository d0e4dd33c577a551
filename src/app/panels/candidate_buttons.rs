//! The buttons beside the candidates: new candidates from a finished fill, the mix slider, and what the tiles show.

use egui::{Button, Ui, vec2};

use super::{add_command_button, widgets};
use crate::app::icons::IconButton;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, CandidateMix, EditorState};
use crate::app::theme;

/// Draws three rows of buttons. While the mix slider is open, it replaces the last one. `shows_best`: the shown candidate
/// is the best.
pub fn show(ui: &mut Ui, state: &EditorState, shows_best: bool, actions: &mut Vec<Action>) {
    let more = IconButton::new(EditorCommand::MoreLikeThis.icon(), EditorCommand::MoreLikeThis.name())
        .with_text("More like this");
    let response = add_command_button(ui, state, EditorCommand::MoreLikeThis, more, actions);
    response.on_hover_text("Finds faces similar to the shown one that match the photo; undo goes back");
    ui.horizontal(|ui| {
        let mix = IconButton::new(EditorCommand::Mix.icon(), EditorCommand::Mix.name())
            .with_text("Mix")
            .selected(state.mix.is_some());
        let response = add_command_button(ui, state, EditorCommand::Mix, mix, actions);
        response.on_hover_text("Mixes the shown candidate with another: Shift+click a thumbnail to choose which");
        let best = Button::selectable(shows_best, "Best").min_size(vec2(0.0, theme::ROW_HEIGHT));
        add_command_button(ui, state, EditorCommand::ShowBestCandidate, best, actions);
    });
    match &state.mix {
        Some(mix) => mix_slider(ui, state, mix, actions),
        None => face_only_button(ui, state, actions),
    }
}

fn mix_slider(ui: &mut Ui, state: &EditorState, mix: &CandidateMix, actions: &mut Vec<Action>) {
    let order = state.candidate_order();
    let number = |index: usize| order.iter().position(|&other| other == index).map_or(0, |position| position + 1);
    let tooltip = format!(
        "From candidate {} to candidate {}. When you release the slider, the mix is kept as a candidate",
        number(mix.from),
        number(mix.to)
    );
    ui.horizontal(|ui| {
        let (response, position) = widgets::percent_slider(ui, "Mix", &tooltip, mix.position);
        if response.changed() {
            actions.push(Action::SetMixPosition(position));
        }
        // The keyboard changes the value without a drag, so there is no release to wait for.
        if response.drag_stopped() || (response.changed() && !response.dragged()) {
            actions.push(Action::KeepMix);
        }
    });
}

fn face_only_button(ui: &mut Ui, state: &EditorState, actions: &mut Vec<Action>) {
    let is_face_only = state.preferences.face_only;
    let button = Button::selectable(is_face_only, "Face only").min_size(vec2(0.0, theme::ROW_HEIGHT));
    let tooltip = "Shows the generator's whole faces instead of the fills in the photo";
    if ui.add(button).on_hover_text(tooltip).clicked() {
        actions.push(Action::SetFaceOnly(!is_face_only));
    }
}
