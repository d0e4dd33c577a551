//! Dialogs: the path field, the help windows, and the question about unsaved changes.

use egui::{Button, Context, Grid, Modal, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::document::Document;
use super::icons::{Icon, IconButton};
use super::shortcuts::{ALSO, TABLE, text_of};
use super::state::{Action, Answer, Leaflet, Leave, PathBar, State};
use super::tasks::Purpose;
use super::theme;

/// Asks whether to save before closing or before opening another file.
pub fn show_question(context: &Context, state: &State, actions: &mut Vec<Action>) {
    let Some(leave) = &state.leave else { return };
    let has_result = state.has_result();
    let response = Modal::new(egui::Id::unique("leave")).frame(theme::question(context)).show(context, |ui| {
        ui.set_width(400.0);
        let palette = theme::palette(ui);
        let title = match leave {
            Leave::Close => "Save before closing?",
            Leave::Open(_) => "Save before opening something else?",
        };
        ui.label(RichText::new(title).color(palette.strong).size(17.0));
        ui.add_space(theme::GAP / 2.0);
        let name = state.document.as_ref().map_or("this photo", |document: &Document| &document.name);
        let lost = if has_result { "The fill has not been saved" } else { "What you painted has not been saved" };
        ui.label(RichText::new(format!("{lost}: {name}")).color(palette.weak));
        ui.add_space(theme::GAP * 2.0);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let has_file = state.document.as_ref().is_some_and(|document| document.project_path().is_some());
            let save = match leave {
                _ if !has_file => "Save project…",
                Leave::Close => "Save and close",
                Leave::Open(_) => "Save and open",
            };
            let save = Button::new(RichText::new(save).color(palette.on_accent).strong()).fill(palette.accent);
            let save = ui.add(save.min_size(vec2(0.0, theme::ROW)));
            if save.on_hover_text("Save the project, so that you can continue later").clicked() {
                actions.push(Action::Answer(Answer::Save));
            }
            let discard = match leave {
                Leave::Close => "Close without saving",
                Leave::Open(_) => "Open without saving",
            };
            if ui.button(discard).clicked() {
                actions.push(Action::Answer(Answer::Discard));
            }
            if ui.button("Cancel").clicked() {
                actions.push(Action::Answer(Answer::Stay));
            }
        });
    });
    if response.should_close() {
        actions.push(Action::Answer(Answer::Stay));
    }
}

/// The text field for a path, above the canvas.
pub fn show_path_bar(ui: &mut Ui, bar: &PathBar, actions: &mut Vec<Action>) {
    let (title, verb) = match bar.purpose {
        Purpose::OpenPhoto => ("Path of a photo or project", "Open"),
        Purpose::SaveProject => ("Save project as", "Save"),
        Purpose::Export => ("Export as", "Export"),
        Purpose::ExportLayer => ("Export layer as", "Export"),
        Purpose::LoadMask => ("Path of a mask", "Load"),
        Purpose::SaveMask => ("Save mask as", "Save"),
        Purpose::OpenModel => ("Path of a model", "Open"),
        Purpose::FollowRun => ("Path of a training run folder", "Follow"),
    };
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).color(palette.weak));
        let mut text = bar.text.clone();
        let width = (ui.available_width() - 200.0).max(120.0);
        let response = ui.add(TextEdit::singleline(&mut text).margin(vec2(10.0, 6.0)).desired_width(width));
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::TextInput, true, title);
            info.current_text_value = Some(bar.text.clone());
            info
        });
        if response.changed() {
            actions.push(Action::TypePath(text));
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if bar.exists {
            let replace = Button::new(RichText::new("Replace").color(palette.on_accent)).fill(palette.warning);
            if ui.add(replace).on_hover_text("Replace the existing file").clicked() {
                actions.push(Action::SubmitPath { replace: true });
            }
        } else if ui.button(verb).clicked() || entered {
            actions.push(Action::SubmitPath { replace: false });
        }
        if ui.add(IconButton::new(Icon::Close, "Close the path field")).clicked() {
            actions.push(Action::ClosePathBar);
        }
        if !response.has_focus() && ui.memory(|memory| memory.focused().is_none()) && !bar.exists {
            response.request_focus();
        }
    });
    if bar.exists {
        let text = "A file with this name already exists: replace it, or type another name";
        ui.label(RichText::new(text).color(palette.warning).small());
    }
}

/// Shows the help window: keyboard shortcuts or About.
pub fn show_leaflet(context: &Context, state: &State, actions: &mut Vec<Action>) {
    let Some(leaflet) = state.leaflet else { return };
    let title = match leaflet {
        Leaflet::Shortcuts => "Keyboard shortcuts",
        Leaflet::About => "About Countenance",
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
        .show(context, |ui| match leaflet {
            Leaflet::Shortcuts => shortcuts(ui),
            Leaflet::About => about(ui),
        });
    if !open {
        actions.push(Action::CloseLeaflet);
    }
}

fn shortcuts(ui: &mut Ui) {
    ui.set_width(420.0);
    let mut groups: Vec<&str> = Vec::new();
    for entry in TABLE {
        if !groups.contains(&entry.group) {
            groups.push(entry.group);
        }
    }
    for group in groups {
        ui.add_space(theme::GAP / 2.0);
        ui.label(theme::section(ui, group));
        ui.spacing_mut().interact_size.y = theme::SLIDER_HEIGHT;
        Grid::new(group).num_columns(2).min_col_width(200.0).spacing(vec2(theme::GAP, 4.0)).show(ui, |ui| {
            for entry in TABLE.iter().filter(|entry| entry.group == group && !entry.keys.is_empty()) {
                let keys: Vec<String> = entry.keys.iter().map(|key| text_of(ui.ctx(), *key)).collect();
                shortcut(ui, entry.name, &keys.join("  or  "));
            }
            for (_, name, keys) in ALSO.iter().filter(|(also, ..)| *also == group) {
                shortcut(ui, name, keys);
            }
        });
    }
}

fn shortcut(ui: &mut Ui, name: &str, keys: &str) {
    ui.label(name);
    ui.label(RichText::new(keys).color(theme::palette(ui).weak));
    ui.end_row();
}

fn about(ui: &mut Ui) {
    ui.set_width(400.0);
    ui.label(format!("Countenance {}", env!("CARGO_PKG_VERSION")));
    ui.label("Content-aware fill for faces: searches a face generator for a face that matches everything you did not paint over");
    ui.add_space(theme::GAP);
    ui.label(theme::section(ui, "Method"));
    ui.hyperlink_to("Yeh, Chen et al., Semantic Image Inpainting, CVPR 2017", "https://arxiv.org/abs/1607.07539");
    ui.hyperlink_to(
        "Brandon Amos, Image Completion with Deep Learning in TensorFlow, 2016",
        "https://bamos.github.io/2016/08/09/deep-completion/",
    );
    ui.add_space(theme::GAP);
    ui.label(theme::section(ui, "Sample portraits"));
    ui.label("Eileen Collins, NASA; Grace Hopper, US Navy; both public domain");
    ui.add_space(theme::GAP);
    ui.label(theme::hint(ui, "Licensed under MIT or Apache 2.0, as you prefer"));
}
