//! The text field for a path, above the canvas.

use egui::{Button, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::{DialogAction, PathBar};
use crate::app::icons::{Icon, IconButton};
use crate::app::language::t;
use crate::app::state::{Action, Actions};
use crate::app::tasks::PathPurpose;
use crate::app::theme;

/// Draws the field with its buttons.
pub fn show(ui: &mut Ui, bar: &PathBar, actions: &mut Actions) {
    let (title, submit_label) = match bar.purpose {
        PathPurpose::OpenPhoto => (t!("Path of a photo or project"), t!("Open")),
        PathPurpose::SaveProject => (t!("Save project as"), t!("Save")),
        PathPurpose::Export => (t!("Export as"), t!("Export")),
        PathPurpose::ExportLayer => (t!("Export layer as"), t!("Export")),
        PathPurpose::ExportSearch => (t!("Export the search as"), t!("Export")),
        PathPurpose::ExportFrames => (t!("Folder for the pictures of the iterations"), t!("Export")),
        PathPurpose::LoadMask => (t!("Path of a mask"), t!("Load")),
        PathPurpose::SaveMask => (t!("Save mask as"), t!("Save")),
        PathPurpose::OpenModel => (t!("Path of a model"), t!("Open")),
        PathPurpose::BatchFolder => (t!("Path of a folder with photos"), t!("Add")),
        PathPurpose::BatchPhotos => (t!("Path of a photo"), t!("Add")),
        PathPurpose::BatchMasks => (t!("Path of the folder with the masks"), t!("Use")),
        PathPurpose::BatchExport => (t!("Path of the folder for the filled photos"), t!("Export")),
        PathPurpose::FollowTrainingRun => (t!("Path of a training run folder"), t!("Follow")),
    };
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).color(palette.weak_text));
        let mut text = bar.text.clone();
        let width = (ui.available_width() - 200.0).max(120.0);
        let response = ui.add(TextEdit::singleline(&mut text).margin(vec2(10.0, 6.0)).desired_width(width));
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::TextInput, true, title);
            info.current_text_value = Some(bar.text.clone());
            info
        });
        if response.changed() {
            actions.push(Action::Dialog(DialogAction::SetPathText(text)));
        }
        let is_enter_pressed = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if bar.file_exists {
            let replace = Button::new(RichText::new(t!("Replace")).color(palette.on_accent)).fill(palette.warning);
            if ui.add(replace).on_hover_text(t!("Replace the existing file")).clicked() {
                actions.push(Action::SubmitPath { replace: true });
            }
        } else if ui.button(submit_label).clicked() || is_enter_pressed {
            actions.push(Action::SubmitPath { replace: false });
        }
        if ui.add(IconButton::new(Icon::Close, t!("Close the path field"))).clicked() {
            actions.push(Action::Dialog(DialogAction::ClosePathBar));
        }
        if !response.has_focus() && ui.memory(|memory| memory.focused().is_none()) && !bar.file_exists {
            response.request_focus();
        }
    });
    if bar.file_exists {
        let text = t!("A file with this name already exists: replace it, or type another name");
        ui.label(RichText::new(text).color(palette.warning).small());
    }
}
