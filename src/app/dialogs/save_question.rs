//! The question whether to save before closing or before opening something else.

use egui::{Button, Context, Modal, RichText, vec2};

use super::{PendingClose, SaveAnswer};
use crate::app::document::PhotoDocument;
use crate::app::language::t;
use crate::app::state::{Action, Actions};
use crate::app::theme;

/// Asks whether to save before closing or before opening another file.
pub fn show(context: &Context, pending_close: &PendingClose, document: Option<&PhotoDocument>, actions: &mut Actions) {
    let response = Modal::new(egui::Id::unique("leave")).frame(theme::dialog_frame(context)).show(context, |ui| {
        ui.set_width(400.0);
        let palette = theme::palette(ui);
        let title = match pending_close {
            PendingClose::Window => t!("Save before closing?"),
            PendingClose::Open(_) => t!("Save before opening something else?"),
        };
        ui.label(RichText::new(title).color(palette.strong_text).size(17.0));
        ui.add_space(theme::GAP / 2.0);
        let name = document.map_or(t!("this photo"), |document| document.name.as_str());
        let unsaved = if document.is_some_and(|document| document.shown_fill().is_some()) {
            t!("The fill")
        } else {
            t!("What you painted")
        };
        ui.label(RichText::new(t!("{unsaved} has not been saved: {name}", unsaved, name)).color(palette.weak_text));
        ui.add_space(theme::GAP * 2.0);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let has_file = document.is_some_and(|document| document.project_path().is_some());
            let save = match pending_close {
                _ if !has_file => t!("Save project…"),
                PendingClose::Window => t!("Save and close"),
                PendingClose::Open(_) => t!("Save and open"),
            };
            let save = Button::new(RichText::new(save).color(palette.on_accent).strong()).fill(palette.accent);
            let save = ui.add(save.min_size(vec2(0.0, theme::ROW_HEIGHT)));
            if save.on_hover_text(t!("Save the project, so that you can continue later")).clicked() {
                actions.push(Action::AnswerSaveQuestion(SaveAnswer::Save));
            }
            let discard = match pending_close {
                PendingClose::Window => t!("Close without saving"),
                PendingClose::Open(_) => t!("Open without saving"),
            };
            if ui.button(discard).clicked() {
                actions.push(Action::AnswerSaveQuestion(SaveAnswer::Discard));
            }
            if ui.button(t!("Cancel")).clicked() {
                actions.push(Action::AnswerSaveQuestion(SaveAnswer::Cancel));
            }
        });
    });
    if response.should_close() {
        actions.push(Action::AnswerSaveQuestion(SaveAnswer::Cancel));
    }
}
