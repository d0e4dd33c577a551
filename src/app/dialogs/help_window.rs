//! The help windows: keyboard shortcuts and About.

use egui::{Context, Grid, RichText, Ui, vec2};

use super::{DialogAction, HelpWindow};
use crate::app::language::{t, translate};
use crate::app::panels::language_choice;
use crate::app::shortcuts::{COMMANDS, EXTRA_HELP_ROWS, shortcut_text};
use crate::app::state::{Action, Actions};
use crate::app::theme;

/// Draws the window.
pub fn show(context: &Context, help_window: HelpWindow, actions: &mut Actions) {
    let title = match help_window {
        HelpWindow::Shortcuts => t!("Keyboard shortcuts"),
        HelpWindow::About => t!("About Countenance"),
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
        .show(context, |ui| {
            match help_window {
                HelpWindow::Shortcuts => shortcuts_page(ui),
                HelpWindow::About => about_page(ui),
            }
            ui.add_space(theme::GAP);
            ui.label(theme::section_heading(ui, t!("Language")));
            ui.horizontal(|ui| language_choice::show(ui, &mut actions.preferences.language));
        });
    if !open {
        actions.push(Action::Dialog(DialogAction::CloseHelpWindow));
    }
}

fn shortcuts_page(ui: &mut Ui) {
    ui.set_width(420.0);
    for entries in COMMANDS.chunk_by(|a, b| a.group == b.group) {
        let group = entries[0].group;
        ui.add_space(theme::GAP / 2.0);
        ui.label(theme::section_heading(ui, translate(group)));
        ui.spacing_mut().interact_size.y = theme::SLIDER_HEIGHT;
        Grid::new(group).num_columns(2).min_col_width(200.0).spacing(vec2(theme::GAP, 4.0)).show(ui, |ui| {
            for entry in entries.iter().filter(|entry| !entry.keys.is_empty()) {
                let keys: Vec<String> = entry.keys.iter().map(|key| shortcut_text(ui.ctx(), *key)).collect();
                shortcut_row(ui, entry.command.name(), &keys.join(t!("  or  ")));
            }
            for (_, name, keys) in EXTRA_HELP_ROWS.iter().filter(|row| row.0 == group) {
                shortcut_row(ui, translate(name), translate(keys));
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
    ui.label(t!("Content-aware fill for faces: finds a generated face that matches everything you did not paint over"));
    ui.add_space(theme::GAP);
    ui.label(theme::section_heading(ui, t!("Method")));
    ui.hyperlink_to("Yeh, Chen et al., Semantic Image Inpainting, CVPR 2017", "https://arxiv.org/abs/1607.07539");
    ui.hyperlink_to(
        "Brandon Amos, Image Completion with Deep Learning in TensorFlow, 2016",
        "https://bamos.github.io/2016/08/09/deep-completion/",
    );
    ui.add_space(theme::GAP);
    ui.label(theme::section_heading(ui, t!("Sample portraits")));
    ui.label(t!("Eileen Collins, NASA; Grace Hopper, US Navy; both public domain"));
    ui.add_space(theme::GAP);
    ui.label(theme::hint_text(ui, t!("Licensed under MIT or Apache 2.0, as you prefer")));
}
