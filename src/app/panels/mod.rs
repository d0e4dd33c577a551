//! The panels around the canvas. Every panel reads the state and pushes actions.

pub mod candidates;
pub mod losses;
pub mod mix;
pub mod more;
pub mod recovery;
pub mod rows;
pub mod run;
pub mod settings;
pub mod start;
pub mod status;
pub mod toolbar;

use egui::{Response, Ui};

use super::icons::IconButton;
use super::shortcuts::Verb;
use super::state::{Action, State};

/// An icon button for a command. Its tooltip names the key, or says why the command is disabled.
pub fn verb_button(ui: &mut Ui, state: &State, verb: Verb, actions: &mut Vec<Action>) -> Response {
    add_verb_button(ui, state, verb, IconButton::new(verb.icon(), verb.name()), actions)
}

/// Like [`verb_button`], with a button from the caller.
pub fn add_verb_button(
    ui: &mut Ui,
    state: &State,
    verb: Verb,
    button: IconButton,
    actions: &mut Vec<Action>,
) -> Response {
    let obstacle = state.obstacle(verb);
    let response = ui.add_enabled(obstacle.is_none(), button);
    if response.clicked() {
        actions.push(Action::Do(verb));
    }
    explain_verb(ui, response, verb, obstacle)
}

/// Adds a command's tooltip to a button.
pub fn explain_verb(ui: &Ui, response: Response, verb: Verb, obstacle: Option<&str>) -> Response {
    let name = match verb.key_text(ui.ctx()) {
        Some(key) => format!("{} ({key})", verb.name()),
        None => verb.name().to_owned(),
    };
    match obstacle {
        Some(obstacle) => response.on_disabled_hover_text(format!("{name}\n{obstacle}")),
        None => response.on_hover_text(name),
    }
}
