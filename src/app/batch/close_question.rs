//! The question whether to close the program, or to empty the list, with fills that are not exported.

use egui::{Button, Context, Modal, RichText, vec2};

use super::{BatchAction, BatchState};
use crate::app::dialogs::{BatchQuestion, DialogAction};
use crate::app::language::t;
use crate::app::state::{Action, Actions};
use crate::app::tasks::PathPurpose;
use crate::app::theme;

/// Asks before fills that are not exported are lost.
pub fn show(context: &Context, question: BatchQuestion, batch: &BatchState, actions: &mut Actions) {
    let response =
        Modal::new(egui::Id::unique("batch question")).frame(theme::dialog_frame(context)).show(context, |ui| {
            ui.set_width(420.0);
            let palette = theme::palette(ui);
            ui.label(RichText::new(t!("Export the fills first?")).color(palette.strong_text).size(17.0));
            ui.add_space(theme::GAP / 2.0);
            let text =
                t!("{count} filled photos of the batch window are not exported", count = batch.unexported_count());
            ui.label(RichText::new(text).color(palette.weak_text));
            ui.add_space(theme::GAP * 2.0);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let export = Button::new(RichText::new(t!("Export all…")).color(palette.on_accent).strong())
                    .fill(palette.accent);
                if ui.add(export.min_size(vec2(0.0, theme::ROW_HEIGHT))).clicked() {
                    actions.push(Action::Dialog(DialogAction::CloseBatchQuestion));
                    actions.push(Action::ChooseFile(PathPurpose::BatchExport));
                }
                let (discard, action) = match question {
                    BatchQuestion::CloseWindow => (t!("Close without exporting"), Action::CloseWithoutExport),
                    BatchQuestion::ClearList => (t!("Clear without exporting"), Action::Batch(BatchAction::Clear)),
                };
                if ui.button(discard).clicked() {
                    actions.push(Action::Dialog(DialogAction::CloseBatchQuestion));
                    actions.push(action);
                }
                if ui.button(t!("Cancel")).clicked() {
                    actions.push(Action::Dialog(DialogAction::CloseBatchQuestion));
                }
            });
        });
    if response.should_close() {
        actions.push(Action::Dialog(DialogAction::CloseBatchQuestion));
    }
}
