//! The Fill/Stop button, with Pause, Step, the comparison buttons and warnings around it.

use egui::{Align, Button, Frame, Label, Layout, RichText, Role, Ui, WidgetInfo, vec2};

use super::{add_verb_button, explain_verb};
use crate::app::document::{Document, HoleReach};
use crate::app::explore::Wish;
use crate::app::icons::{Icon, IconButton};
use crate::app::shortcuts::Verb;
use crate::app::state::{Action, State};
use crate::app::theme;

/// Draws the buttons.
pub fn show(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    warn_of_paint_outside(ui, state);
    start_chip(ui, state, actions);
    ui.horizontal(|ui| {
        let side_buttons = 2.0 * (theme::PRIMARY_HEIGHT + theme::GAP);
        primary(ui, state, ui.available_width() - side_buttons, actions);
        let paused = state.fills.run().is_some_and(|run| run.paused);
        let (icon, name) = if paused { (Icon::Play, "Resume") } else { (Icon::Pause, "Pause") };
        add_verb_button(ui, state, Verb::Pause, IconButton::new(icon, name).tall(), actions);
        add_verb_button(ui, state, Verb::Step, IconButton::new(Icon::Step, "Step").tall(), actions);
    });
    if state.has_result() && !state.fills.is_running() {
        compare(ui, state, actions);
    }
}

/// Warns about paint far outside the frame, which a fill leaves as it is.
fn warn_of_paint_outside(ui: &mut Ui, state: &State) {
    let reach = state.document.as_ref().and_then(Document::hole_reach);
    let text = match reach {
        Some(HoleReach::Partly) => "Paint far outside the face frame is not filled",
        Some(HoleReach::Outside) => "All paint is outside the face frame",
        Some(HoleReach::Inside) | None => return,
    };
    ui.label(RichText::new(text).color(theme::palette(ui).warning).small())
        .on_hover_text("Only paint in or near the frame is filled. Press F to move or resize the frame");
}

/// Shows the face that the next fills start from, with a button to reset it.
fn start_chip(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(face) = state.explorer.start() else { return };
    let palette = theme::palette(ui);
    Frame::new().fill(palette.accent_soft).corner_radius(theme::CORNER).show(ui, |ui| {
        let size = vec2(ui.available_width(), theme::ROW);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            let drop = ui.add(IconButton::new(Icon::Close, "Reset the start"));
            if drop.on_hover_text("Use the start from the settings again").clicked() {
                actions.push(Action::Explore(Wish::DropStart));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add_space(theme::GAP);
                let text = format!("Starts from {}", face.name);
                let label = Label::new(RichText::new(&text).color(palette.strong)).truncate();
                ui.add(label).on_hover_text(format!("{text}\nApplies to every fill until you close this"));
            });
        });
    });
}

fn primary(ui: &mut Ui, state: &State, width: f32, actions: &mut Vec<Action>) {
    let palette = theme::palette(ui);
    let (verb, name) = match state.fills.run() {
        None => (Verb::Fill, "Fill"),
        Some(run) if run.stopping => (Verb::Stop, "Stopping…"),
        Some(_) => (Verb::Stop, "Stop"),
    };
    let obstacle = state.obstacle(verb);
    let key = verb.key_text(ui.ctx()).unwrap_or_default();
    let (fill, text) =
        if verb == Verb::Fill { (palette.accent, palette.on_accent) } else { (palette.raised, palette.strong) };
    let button = Button::new(RichText::new(name).color(text).strong().size(15.0))
        .right_text(RichText::new(key).color(text.gamma_multiply(0.7)).small())
        .fill(fill)
        .min_size(vec2(width, theme::PRIMARY_HEIGHT));
    let response = ui.add_enabled(obstacle.is_none(), button);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, obstacle.is_none(), name));
    if response.clicked() {
        actions.push(Action::Do(verb));
    }
    explain_verb(ui, response, verb, obstacle);
}

fn compare(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let before = ui.add(IconButton::new(Icon::Before, "Before").with_text("Before").chosen(state.show_before));
        let held = before.is_pointer_button_down_on();
        if held != state.show_before && (held || !ui.input(|input| input.key_down(crate::app::shortcuts::BEFORE_KEY))) {
            actions.push(Action::ShowBefore(held));
        }
        before.on_hover_text("Hold to see the original photo (or hold the \\ key)");
        let divider = IconButton::new(Icon::Divider, Verb::Divider.name())
            .with_text("Side by side")
            .chosen(state.divider.is_some());
        add_verb_button(ui, state, Verb::Divider, divider, actions);
    });
}
