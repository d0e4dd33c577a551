//! New candidates from a finished fill: the "More like this" and "Mix" buttons, and the mix slider.

use egui::Ui;

use super::{add_command_button, widgets};
use crate::app::icons::IconButton;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, CandidateMix, EditorState};
use crate::app::theme;

/// Draws the buttons, and the mix slider while it is open.
pub fn show(ui: &mut Ui, state: &EditorState, actions: &mut Vec<Action>) {
    ui.add_space(theme::GAP / 2.0);
    ui.horizontal(|ui| {
        let more = IconButton::new(EditorCommand::MoreLikeThis.icon(), EditorCommand::MoreLikeThis.name())
            .with_text("More like this");
        let response = add_command_button(ui, state, EditorCommand::MoreLikeThis, more, actions);
        response.on_hover_text("Finds faces similar to the shown one that match the photo; undo goes back");
        let mix = IconButton::new(EditorCommand::Mix.icon(), EditorCommand::Mix.name())
            .with_text("Mix")
            .selected(state.mix.is_some());
        let response = add_command_button(ui, state, EditorCommand::Mix, mix, actions);
        response.on_hover_text("Mixes the shown candidate with another: Shift+click a thumbnail to choose which");
    });
    if let Some(mix) = &state.mix {
        mix_slider(ui, state, mix, actions);
    }
}

fn mix_slider(ui: &mut Ui, state: &EditorState, mix: &CandidateMix, actions: &mut Vec<Action>) {
    let order = state.candidate_order();
    let number = |index: usize| order.iter().position(|&other| other == index).map_or(0, |position| position + 1);
    let name = format!("Mix {} to {}", number(mix.from), number(mix.to));
    let tooltip = "From the first candidate to the second. When you release the slider, the mix is kept as a candidate";
    widgets::row(ui, &name, tooltip, |ui| {
        let (response, position) = widgets::percent_slider(ui, "Mix", tooltip, mix.position);
        if response.changed() {
            actions.push(Action::SetMixPosition(position));
        }
        // The keyboard changes the value without a drag, so there is no release to wait for.
        if response.drag_stopped() || (response.changed() && !response.dragged()) {
            actions.push(Action::KeepMix);
        }
    });
}
