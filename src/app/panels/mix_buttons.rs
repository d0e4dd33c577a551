//! New candidates from a finished fill: the "More like this" and "Mix" buttons, and the mix slider.

use egui::{Slider, Ui, WidgetInfo};

use super::{add_command_button, widgets};
use crate::app::icons::IconButton;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, CandidateMix, EditorState};
use crate::app::theme;

/// Room for "100 %".
const PERCENT_WIDTH: f32 = 40.0;

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
    let place = |index: usize| order.iter().position(|&other| other == index).map_or(0, |place| place + 1);
    let name = format!("Mix {} to {}", place(mix.from), place(mix.to));
    let explanation =
        "From the first candidate to the second. When you release the slider, the mix is kept as a candidate";
    widgets::row(ui, &name, explanation, |ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - PERCENT_WIDTH - theme::GAP).max(48.0);
        let mut percent = mix.position * 100.0;
        let response = widgets::add_slider(ui, Slider::new(&mut percent, 0.0..=100.0).step_by(1.0).show_value(false));
        response.widget_info(|| WidgetInfo::slider(response.enabled(), percent.into(), "Mix"));
        if response.changed() {
            actions.push(Action::SetMixPosition(percent / 100.0));
        }
        // A key changes the value without a drag, so nothing is released.
        if response.drag_stopped() || (response.changed() && !response.dragged()) {
            actions.push(Action::ReleaseMix);
        }
        response.on_hover_text(explanation);
        let text = egui::RichText::new(format!("{percent:.0} %")).color(theme::palette(ui).weak_text);
        ui.add_sized([PERCENT_WIDTH, theme::ROW_HEIGHT], egui::Label::new(text));
    });
}
