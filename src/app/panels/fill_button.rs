//! The Fill/Stop button, with Pause, Step, the comparison buttons and warnings around it.

use egui::{Align, Button, Frame, Label, Layout, RichText, Role, Ui, WidgetInfo, vec2};

use super::add_command_button;
use crate::app::document::{FrameOverlap, PhotoDocument};
use crate::app::explore::{ExploreAction, ExploreFace};
use crate::app::icons::{Icon, IconButton};
use crate::app::language::t;
use crate::app::shortcuts::{BEFORE_KEY, EditorCommand};
use crate::app::state::{Action, Actions, Derived, ViewState};
use crate::app::theme;

/// Draws the buttons. `start_face`: the face that fills start from.
pub fn show(
    ui: &mut Ui,
    derived: &Derived<'_>,
    view: &ViewState,
    start_face: Option<&ExploreFace>,
    actions: &mut Actions,
) {
    // While the frame is searched, it may move to the paint.
    if let Some(document) = derived.document.filter(|_| !derived.is_frame_pending) {
        warn_of_paint_outside(ui, document);
    }
    if let Some(face) = start_face {
        start_face_chip(ui, face, actions);
    }
    ui.horizontal(|ui| {
        let side_buttons = 2.0 * (theme::PRIMARY_HEIGHT + theme::GAP);
        fill_or_stop_button(ui, derived, ui.available_width() - side_buttons, actions);
        let is_paused = derived.running().is_some_and(|run| run.is_paused);
        let (icon, name) = if is_paused { (Icon::Play, t!("Resume")) } else { (Icon::Pause, t!("Pause")) };
        let pause = IconButton::new(icon, name).with_primary_height();
        add_command_button(ui, &derived.commands, EditorCommand::PauseOrResume, pause, actions);
        let step = IconButton::new(Icon::Step, t!("Step")).with_primary_height();
        add_command_button(ui, &derived.commands, EditorCommand::NextIteration, step, actions);
    });
    if derived.fill.is_some() && !derived.is_running() {
        comparison_buttons(ui, derived, view, actions);
    }
}

/// Warns about paint that will not be filled, because it is outside the face frame.
fn warn_of_paint_outside(ui: &mut Ui, document: &PhotoDocument) {
    if document.has_several_faces() {
        if document.has_paint_in_no_face() {
            let text = RichText::new(t!("Paint that lies in no face is not filled"));
            ui.label(text.color(theme::palette(ui).warning).small())
                .on_hover_text(t!("To fill it too, press F, move the face frame over it, and press Fill again"));
        }
        return;
    }
    let text = match document.frame_overlap() {
        Some(FrameOverlap::PartlyOutside) => t!("Paint far outside the face frame is not filled"),
        Some(FrameOverlap::Outside) => t!("All paint is outside the face frame"),
        Some(FrameOverlap::Inside) | None => return,
    };
    ui.label(RichText::new(text).color(theme::palette(ui).warning).small())
        .on_hover_text(t!("Only paint in or near the frame is filled. Press F to move or resize the frame"));
}

/// Shows the face that the next fills start from, with a button to reset it.
fn start_face_chip(ui: &mut Ui, face: &ExploreFace, actions: &mut Actions) {
    let palette = theme::palette(ui);
    Frame::new().fill(palette.selection).corner_radius(theme::CORNER_RADIUS).show(ui, |ui| {
        let size = vec2(ui.available_width(), theme::ROW_HEIGHT);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            let reset = ui.add(IconButton::new(Icon::Close, t!("Reset the start")));
            if reset.on_hover_text(t!("Use the start from the settings again")).clicked() {
                actions.push(Action::Explore(ExploreAction::ResetStart));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add_space(theme::GAP);
                let text = t!("Starts from {name}", name = face.display_name());
                let label = Label::new(RichText::new(&text).color(palette.strong_text)).truncate();
                ui.add(label).on_hover_text(format!("{text}\n{}", t!("Applies to every fill until you close this")));
            });
        });
    });
}

fn fill_or_stop_button(ui: &mut Ui, derived: &Derived<'_>, width: f32, actions: &mut Actions) {
    let palette = theme::palette(ui);
    let (command, name) = match derived.running() {
        None if derived.is_fill_waiting => (EditorCommand::Stop, t!("Starting…").to_owned()),
        None => (EditorCommand::Fill, fill_text(derived)),
        Some(run) if run.is_stopping => (EditorCommand::Stop, t!("Stopping…").to_owned()),
        Some(_) => (EditorCommand::Stop, t!("Stop").to_owned()),
    };
    let key = command.key_text(ui.ctx()).unwrap_or_default();
    // A disabled button in the accent colour would be as bright, with a text that cannot be read.
    let is_ready = command == EditorCommand::Fill && derived.commands.disabled_reason(command).is_none();
    let (fill, text) =
        if is_ready { (palette.accent, palette.on_accent) } else { (palette.button, palette.strong_text) };
    let button = Button::new(RichText::new(&name).color(text).strong().size(15.0))
        .right_text(RichText::new(key).color(text.gamma_multiply(0.7)).small())
        .fill(fill)
        .min_size(vec2(width, theme::PRIMARY_HEIGHT));
    let response = add_command_button(ui, &derived.commands, command, button, actions);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, response.enabled(), &name));
}

/// What Fill does: it fills the face in the frame, or several.
fn fill_text(derived: &Derived<'_>) -> String {
    let Some(document) = derived.document else { return t!("Fill").to_owned() };
    match document.count_to_fill() {
        count @ 2.. => t!("Fill {count} faces", count),
        1 if document.is_shown_fill_current() => t!("Fill this face again").to_owned(),
        _ => t!("Fill").to_owned(),
    }
}

fn comparison_buttons(ui: &mut Ui, derived: &Derived<'_>, view: &ViewState, actions: &mut Actions) {
    ui.horizontal_wrapped(|ui| {
        let before =
            ui.add(IconButton::new(Icon::Eye, t!("Before")).with_text(t!("Before")).selected(view.show_before));
        let is_held = before.is_pointer_button_down_on();
        if is_held != view.show_before && (is_held || !ui.input(|input| input.key_down(BEFORE_KEY))) {
            actions.push(Action::ShowBefore(is_held));
        }
        before.on_hover_text(t!("Hold to see the original photo (or hold the \\ key)"));
        let divider = IconButton::new(Icon::Divider, EditorCommand::ToggleDivider.name())
            .with_text(t!("Side by side"))
            .selected(view.divider.is_some());
        add_command_button(ui, &derived.commands, EditorCommand::ToggleDivider, divider, actions);
        let map = IconButton::new(EditorCommand::NextMap.icon(), EditorCommand::NextMap.name())
            .with_text(t!("Maps"))
            .selected(derived.map.is_some());
        let response = add_command_button(ui, &derived.commands, EditorCommand::NextMap, map, actions);
        response.on_hover_text(t!("What was invented, and what the search looked at"));
    });
}
