//! The recent files, and the menu of file commands that have no button on the toolbar.

use std::path::PathBuf;

use egui::{Button, Popup, Role, Ui, WidgetInfo, vec2};

use super::toolbar::{MENU_GAP, MENU_WIDTH, menu_item};
use crate::app::dialogs::DocumentSource;
use crate::app::icons::{Icon, IconButton};
use crate::app::language::t;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, Actions, CommandStates};
use crate::app::tasks::file_name;
use crate::app::theme;

/// Widest name of a file in the menu, in points; a longer one is cut.
const MAX_NAME_WIDTH: f32 = 320.0;

/// A button that opens the menu.
pub fn show(ui: &mut Ui, commands: &CommandStates, actions: &mut Actions) {
    let response = ui.add(IconButton::new(Icon::ChevronDown, t!("Recent files and more")));
    let response =
        response.on_hover_text(t!("Recent files, the other photos of the folder, saving under another name"));
    Popup::menu(&response).gap(MENU_GAP).show(|ui| {
        ui.set_min_width(MENU_WIDTH);
        ui.set_max_width(MAX_NAME_WIDTH);
        if !actions.preferences.recent_files.paths().is_empty() {
            ui.label(theme::section_heading(ui, t!("Recent files")));
            if let Some(path) = recent_files(ui, actions, usize::MAX, MAX_NAME_WIDTH) {
                actions.push(Action::Open(DocumentSource::File(path)));
                ui.close();
            }
            if ui.button(t!("Clear this list")).clicked() {
                actions.preferences.recent_files.clear();
            }
            ui.separator();
        }
        for command in [EditorCommand::NextPhoto, EditorCommand::PreviousPhoto, EditorCommand::ExportAndNext] {
            menu_item(ui, commands, command, actions);
        }
        ui.checkbox(&mut actions.preferences.keep_hole, t!("Same hole on every photo")).on_hover_text(t!(
            "The next photo of the folder gets the hole of the photo before, at the same place of its face"
        ));
        menu_item(ui, commands, EditorCommand::Batch, actions);
        ui.separator();
        for command in [
            EditorCommand::OpenPath,
            EditorCommand::PastePicture,
            EditorCommand::SaveProjectAs,
            EditorCommand::ExportPath,
            EditorCommand::CopyPicture,
        ] {
            menu_item(ui, commands, command, actions);
        }
    });
}

/// Draws the names of the files used last, at most `count`. Returns the one that was clicked.
/// `max_width`: of each, in points.
pub fn recent_files(ui: &mut Ui, actions: &Actions, count: usize, max_width: f32) -> Option<PathBuf> {
    let mut clicked = None;
    for path in actions.preferences.recent_files.paths().iter().take(count) {
        let name = file_name(path);
        let size = vec2(max_width, theme::ROW_HEIGHT);
        let add = |ui: &mut Ui| ui.add(Button::new(&name).truncate());
        let response = ui.allocate_ui_with_layout(size, *ui.layout(), add).inner;
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, t!("Open {name}", name)));
        if response.on_hover_text(path.display().to_string()).clicked() {
            clicked = Some(path.clone());
        }
    }
    clicked
}
