//! The panels around the canvas. Each gets the parts of the state that it shows, and asks for actions.

pub mod advanced_settings;
mod candidate_buttons;
pub mod candidate_painter;
pub mod candidate_strip;
pub mod edit_panel;
mod face_chooser;
pub mod face_regions;
pub mod file_menu;
pub mod fill_button;
pub mod fill_list;
pub mod language_choice;
pub mod loss_plot;
pub mod recovery;
pub mod settings;
pub mod start_screen;
pub mod status_bar;
pub mod timeline_bar;
pub mod toolbar;
pub mod widgets;

pub use face_regions::describe as describe_region;
pub use toolbar::describe_shape;

use egui::{Response, Ui, Widget};

use super::accessibility;
use super::icons::IconButton;
use super::shortcuts::EditorCommand;
use super::state::{Action, Actions, CommandStates};

/// An icon button for a command. Its tooltip names the key, or says why the command is disabled.
pub fn command_button(
    ui: &mut Ui,
    commands: &CommandStates,
    command: EditorCommand,
    actions: &mut Actions,
) -> Response {
    add_command_button(ui, commands, command, IconButton::new(command.icon(), command.name()), actions)
}

/// Like [`command_button`], with a button from the caller.
pub fn add_command_button(
    ui: &mut Ui,
    commands: &CommandStates,
    command: EditorCommand,
    button: impl Widget,
    actions: &mut Actions,
) -> Response {
    let disabled_reason = commands.disabled_reason(command);
    let response = ui.add_enabled(disabled_reason.is_none(), button);
    if response.clicked() {
        actions.push(Action::RunCommand(command));
    }
    command_tooltip(ui, response, command, disabled_reason)
}

/// Adds a command's tooltip to a button.
pub fn command_tooltip(ui: &Ui, response: Response, command: EditorCommand, disabled_reason: Option<&str>) -> Response {
    let name = match command.key_text(ui.ctx()) {
        Some(key) => format!("{} ({key})", command.name()),
        None => command.name().to_owned(),
    };
    match disabled_reason {
        Some(reason) => {
            accessibility::describe(&response, || reason.to_owned());
            response.on_disabled_hover_text(format!("{name}\n{reason}"))
        }
        None => response.on_hover_text(name),
    }
}
