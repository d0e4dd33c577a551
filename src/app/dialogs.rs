//! Dialogs: the path field, the help windows, and the question about unsaved changes.

use egui::{Button, Context, Grid, Modal, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::icons::{Icon, IconButton};
use super::shortcuts::{COMMANDS, EXTRA_HELP_ROWS, shortcut_text};
use super::state::{Action, EditorState, HelpWindow, PathBar, PendingClose, SaveAnswer};
use super::tasks::PathPurpose;
use super::theme;

/// Asks whether to save before closing or before opening another file.
pub fn show_unsaved_changes_dialog(context: &Context, state: &EditorState, actions: &mut Vec<Action>) {
    let Some(pending_close) = &state.pending_close else { return };
    let response = Modal::new(egui::Id::unique("leave")).frame(theme::dialog_frame(context)).show(context, |ui| {
        ui.set_width(400.0);
        let palette = theme::palette(ui);
        let title = match pending_close {
            PendingClose::Window => "Save before closing?",
            PendingClose::Open(_) => "Save before opening something else?",
        };
        ui.label(RichText::new(title).color(palette.strong_text).size(17.0));
        ui.add_space(theme::GAP / 2.0);
        let name = state.document.as_ref().map_or("this photo", |document| document.name.as_str());
        let unsaved = if state.has_shown_fill() { "The fill" } else { "What you painted" };
        ui.label(RichText::new(format!("{unsaved} has not been saved: {name}")).color(palette.weak_text));
        ui.add_space(theme::GAP * 2.0);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let has_file = state.document.as_ref().is_some_and(|document| document.project_path().is_some());
            let save = match pending_close {
                _ if !has_file => "Save project…",
                PendingClose::Window => "Save and close",
                PendingClose::Open(_) => "Save and open",
            };
            let save = Button::new(RichText::new(save).color(palette.on_accent).strong()).fill(palette.accent);
            let save = ui.add(save.min_size(vec2(0.0, theme::ROW_HEIGHT)));
            if save.on_hover_text("Save the project, so that you can continue later").clicked() {
                actions.push(Action::AnswerSaveQuestion(SaveAnswer::Save));
            }
            let discard = match pending_close {
                PendingClose::Window => "Close without saving",
                PendingClose::Open(_) => "Open without saving",
            };
            if ui.button(discard).clicked() {
                actions.push(Action::AnswerSaveQuestion(SaveAnswer::Discard));
            }
            if ui.button("Cancel").clicked() {
                actions.push(Action::AnswerSaveQuestion(SaveAnswer::Cancel));
            }
        });
    });
    if response.should_close() {
        actions.push(Action::AnswerSaveQuestion(SaveAnswer::Cancel));
    }
}

/// The text field for a path, above the canvas.
pub fn show_path_bar(ui: &mut Ui, bar: &PathBar, actions: &mut Vec<Action>) {
    let (title, submit_label) = match bar.purpose {
        PathPurpose::OpenPhoto => ("Path of a photo or project", "Open"),
        PathPurpose::SaveProject => ("Save project as", "Save"),
        PathPurpose::Export => ("Export as", "Export"),
        PathPurpose::ExportLayer => ("Export layer as", "Export"),
        PathPurpose::LoadMask => ("Path of a mask", "Load"),
        PathPurpose::SaveMask => ("Save mask as", "Save"),
        PathPurpose::OpenModel => ("Path of a model", "Open"),
        PathPurpose::FollowTrainingRun => ("Path of a training run folder", "Follow"),
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
            actions.push(Action::SetPathText(text));
        }
        let is_enter_pressed = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if bar.file_exists {
            let replace = Button::new(RichText::new("Replace").color(palette.on_accent)).fill(palette.warning);
            if ui.add(replace).on_hover_text("Replace the existing file").clicked() {
                actions.push(Action::SubmitPath { replace: true });
            }
        } else if ui.button(submit_label).clicked() || is_enter_pressed {
            actions.push(Action::SubmitPath { replace: false });
        }
        if ui.add(IconButton::new(Icon::Close, "Close the path field")).clicked() {
            actions.push(Action::ClosePathBar);
        }
        if !response.has_focus() && ui.memory(|memory| memory.focused().is_none()) && !bar.file_exists {
            response.request_focus();
        }
    });
    if bar.file_exists {
        let text = "A file with this name already exists: replace it, or type another name";
        ui.label(RichText::new(text).color(palette.warning).small());
    }
}

/// Shows the help window: keyboard shortcuts or About.
pub fn show_help_window(context: &Context, state: &EditorState, actions: &mut Vec<Action>) {
    let Some(help_window) = state.help_window else { return };
    let title = match help_window {
        HelpWindow::Shortcuts => "Keyboard shortcuts",
        HelpWindow::About => "About Countenance",
    };
    let mut open = true;
    let height = context.content_rect().height() - 160.0;
    egui::Window::new(RichText::new(title).size(15.0))
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .anchor(egui::Align2::CENTER_CENTER, egui::Vec2::ZERO)
        .default_height(height)
        .max_height(height)
        .vscroll(true)
        .show(context, |ui| match help_window {
            HelpWindow::Shortcuts => shortcuts_page(ui),
            HelpWindow::About => about_page(ui),
        });
    if !open {
        actions.push(Action::CloseHelpWindow);
    }
}

fn shortcuts_page(ui: &mut Ui) {
    ui.set_width(420.0);
    for entries in COMMANDS.chunk_by(|a, b| a.group == b.group) {
        let group = entries[0].group;
        ui.add_space(theme::GAP / 2.0);
        ui.label(theme::section_heading(ui, group));
        ui.spacing_mut().interact_size.y = theme::SLIDER_HEIGHT;
        Grid::new(group).num_columns(2).min_col_width(200.0).spacing(vec2(theme::GAP, 4.0)).show(ui, |ui| {
            for entry in entries.iter().filter(|entry| !entry.keys.is_empty()) {
                let keys: Vec<String> = entry.keys.iter().map(|key| shortcut_text(ui.ctx(), *key)).collect();
                shortcut_row(ui, entry.name, &keys.join("  or  "));
            }
            for (_, name, keys) in EXTRA_HELP_ROWS.iter().filter(|row| row.0 == group) {
                shortcut_row(ui, name, keys);
            }
        });
    }
}

fn shortcut_row(ui: &mut Ui, name: &str, keys: &str) {
    ui.label(name);
    ui.label(RichText::new(keys).color(theme::palette(ui).weak_text));
    ui.end_row();
}

fn about_page(ui: &mut Ui) {
    ui.set_width(400.0);
    ui.label(format!("Countenance {}", env!("CARGO_PKG_VERSION")));
    ui.label("Content-aware fill for faces: finds a generated face that matches everything you did not paint over");
    ui.add_space(theme::GAP);
    ui.label(theme::section_heading(ui, "Method"));
    ui.hyperlink_to("Yeh, Chen et al., Semantic Image Inpainting, CVPR 2017", "https://arxiv.org/abs/1607.07539");
    ui.hyperlink_to(
        "Brandon Amos, Image Completion with Deep Learning in TensorFlow, 2016",
        "https://bamos.github.io/2016/08/09/deep-completion/",
    );
    ui.add_space(theme::GAP);
    ui.label(theme::section_heading(ui, "Sample portraits"));
    ui.label("Eileen Collins, NASA; Grace Hopper, US Navy; both public domain");
    ui.add_space(theme::GAP);
    ui.label(theme::hint_text(ui, "Licensed under MIT or Apache 2.0, as you prefer"));
}
