//! The sliders that edit the shown face: one for each direction of the model, and one towards the other half of the face.

use egui::{Label, Response, RichText, Slider, Ui, WidgetInfo, vec2};

use super::widgets;
use crate::app::engine::EngineState;
use crate::app::fill::{EditSlider, FillAction};
use crate::app::icons::{Icon, IconButton};
use crate::app::language::t;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, Actions, Derived};
use crate::app::theme;
use crate::search::{LatentEdit, MAX_EDIT_AMOUNT};

/// Width that fits "−2.5".
const AMOUNT_WIDTH: f32 = 40.0;

/// Draws the sliders.
pub fn show(ui: &mut Ui, derived: &Derived<'_>, engine: &EngineState, actions: &mut Actions) {
    let Some(edit) = &derived.edit else { return };
    ui.horizontal(|ui| {
        ui.label(theme::section_heading(ui, EditorCommand::EditFace.name()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.add(IconButton::new(Icon::Close, t!("Close the sliders"))).clicked() {
                actions.push(Action::RunCommand(EditorCommand::EditFace));
            }
            let reset = IconButton::new(Icon::Reset, t!("Undo the edit"));
            let reset = ui.add_enabled(derived.edit_disabled_reason.is_none() && !edit.is_empty(), reset);
            if reset.on_hover_text(t!("Puts all sliders back to 0")).clicked() {
                actions.push(Action::Fill(FillAction::ResetEdit));
            }
        });
    });
    if let Some(reason) = derived.edit_disabled_reason {
        ui.label(theme::hint_text(ui, reason));
    }
    ui.add_enabled_ui(derived.edit_disabled_reason.is_none(), |ui| {
        let Some(model) = &engine.model else { return };
        for (index, name) in model.direction_names().enumerate() {
            let (title, tooltip) = describe(name);
            let amount = edit.amounts.get(name).copied().unwrap_or_default();
            direction_slider(ui, &title, &tooltip, index, amount, actions);
        }
        if model.has_encoder {
            other_half_slider(ui, edit, actions);
        }
    });
}

/// Title and tooltip of a direction. Those of other models have their own names.
fn describe(name: &str) -> (String, String) {
    let (title, ends) = match name {
        "smile" => (t!("Smile"), t!("To the right: a wider mouth, a smile")),
        "turn" => (t!("Turn"), t!("Turns the head to the left or the right of the picture")),
        "light" => (t!("Lighting"), t!("Light from the left or the right of the picture")),
        "age" => (t!("Age"), t!("To the left younger, to the right older")),
        "gender" => (t!("Gender"), t!("To the left more male, to the right more female")),
        other => return (other.to_owned(), t!("A direction of this model").to_owned()),
    };
    let unit =
        t!("In standard deviations over many faces. The known pixels stay as they are, so they limit what changes");
    (title.to_owned(), format!("{ends}\n{unit}"))
}

fn direction_slider(ui: &mut Ui, title: &str, tooltip: &str, index: usize, amount: f32, actions: &mut Actions) {
    widgets::row(ui, title, tooltip, |ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - AMOUNT_WIDTH - theme::GAP).max(48.0);
        let mut moved = amount;
        let slider = Slider::new(&mut moved, -MAX_EDIT_AMOUNT..=MAX_EDIT_AMOUNT).step_by(0.1).show_value(false);
        let response = widgets::add_slider(ui, slider.trailing_fill(false));
        response.widget_info(|| WidgetInfo::slider(response.enabled(), moved.into(), title));
        let response = response.on_hover_text(tooltip);
        let text = if moved == 0.0 { "0".to_owned() } else { format!("{moved:+.1}").replace('-', "−") };
        ui.add_sized(vec2(AMOUNT_WIDTH, theme::ROW_HEIGHT), amount_label(ui, text));
        if response.double_clicked() {
            moved = 0.0;
        }
        push_edit(&response, EditSlider::Direction(index), moved, moved.to_bits() != amount.to_bits(), actions);
    });
}

fn other_half_slider(ui: &mut Ui, edit: &LatentEdit, actions: &mut Actions) {
    let title = t!("Other half");
    let tooltip = t!(
        "Makes the hole resemble the other half of the face. It needs a hole on one side, with the same place on the other \
         side known"
    );
    widgets::row(ui, title, tooltip, |ui| {
        let (response, position) = widgets::percent_slider(ui, title, tooltip, edit.other_half);
        push_edit(&response, EditSlider::OtherHalf, position, response.changed(), actions);
    });
}

fn amount_label(ui: &Ui, text: String) -> Label {
    Label::new(RichText::new(text).color(theme::palette(ui).weak_text))
}

/// Asks for the edit while a slider moves, and keeps it when it is released.
fn push_edit(response: &Response, slider: EditSlider, amount: f32, is_changed: bool, actions: &mut Actions) {
    if is_changed {
        actions.push(Action::Fill(FillAction::SetEdit(slider, amount)));
    }
    // The keyboard and a double click change the value without a drag, so there is no release to wait for.
    if response.drag_stopped() || (is_changed && !response.dragged()) {
        actions.push(Action::Fill(FillAction::KeepEdit));
    }
}
