//! Beside the candidates: which of several filled faces they belong to, and the way to the next.

use egui::{Align, Layout, RichText, Ui};

use super::add_command_button;
use crate::app::fill::ShownFill;
use crate::app::icons::IconButton;
use crate::app::language::t;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Actions, Derived};
use crate::app::theme;

/// Width of the column.
pub const WIDTH: f32 = 104.0;

/// The face whose candidates are shown, among several.
pub struct FaceChooser {
    /// From 1.
    number: usize,
    count: usize,
}

impl FaceChooser {
    /// `None` with a single face.
    pub fn new(derived: &Derived<'_>) -> Option<Self> {
        let (number, count) = match derived.fill? {
            ShownFill::Running(run) => run.turn(),
            ShownFill::Finished(fill, _) => (fill.selected + 1, fill.faces.len()),
        };
        (count > 1).then_some(Self { number, count })
    }

    pub fn show(&self, ui: &mut Ui, derived: &Derived<'_>, actions: &mut Actions) {
        let palette = theme::palette(ui);
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            let text = t!("Face {number} of {count}", number = self.number, count = self.count);
            ui.add_space(theme::GAP);
            ui.label(RichText::new(text).color(palette.strong_text));
            if !derived.is_running() {
                let next = IconButton::new(EditorCommand::NextFace.icon(), t!("Next face")).with_text(t!("Next face"));
                let response = add_command_button(ui, &derived.commands, EditorCommand::NextFace, next, actions);
                response.on_hover_text(t!("The candidates, More like this and Mix belong to the face in the frame"));
            }
        });
    }
}
