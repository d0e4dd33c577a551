//! The settings that everybody needs: preset, model, λ and steps. The others are collapsed under More.

use std::path::Path;

use egui::{ComboBox, Ui};

use super::{add_command_button, advanced_settings, widgets};
use crate::app::engine::EngineState;
use crate::app::icons::{Icon, IconButton};
use crate::app::language::{t, translate};
use crate::app::loss_history::prior_share;
use crate::app::preferences::Preferences;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, Actions, Derived};
use crate::app::tasks::PathPurpose;
use crate::app::theme;
use crate::model::ModelChoice;
use crate::restore::ImageTask;
use crate::search::Preset;

/// Draws the settings.
pub fn show(ui: &mut Ui, derived: &Derived<'_>, engine: &EngineState, actions: &mut Actions) {
    task(ui, derived, &mut actions.preferences);
    preset(ui, &mut actions.preferences);
    model(ui, engine, derived, actions);
    let settings = &mut actions.preferences.settings;
    lambda(ui, derived.losses.and_then(prior_share), &mut settings.lambda);
    let tooltip = widgets::setting_tooltip("steps");
    let scale = widgets::Scale { logarithmic: true, ..Default::default() };
    widgets::slider(ui, t!("Steps"), tooltip, &mut settings.steps, 1..=5000, scale, |_| {});
    advanced_settings::show(ui, engine, derived.is_running(), &mut actions.preferences);
}

/// The task and its parameter. A running search keeps its own.
fn task(ui: &mut Ui, derived: &Derived<'_>, preferences: &mut Preferences) {
    let current = preferences.settings.task;
    let mut chosen = current;
    ui.add_enabled_ui(!derived.is_running(), |ui| {
        let tooltip =
            t!("What Fill does. All but the first restore the whole face in the frame; nothing must be painted (T)");
        let same_kind = |task: ImageTask| if task.is_same_kind(&current) { current } else { task };
        let options = ImageTask::ALL.map(|task| (same_kind(task), translate(task.title()), translate(task.help())));
        widgets::choice(ui, t!("Task"), tooltip, &mut chosen, &options);
        let Some(parameter) = chosen.parameter() else { return };
        let (title, help, mut value) = (translate(parameter.title), translate(parameter.help), parameter.value);
        if parameter.choices.is_empty() {
            widgets::slider(ui, title, help, &mut value, parameter.range, widgets::Scale::default(), |_| {});
        } else {
            let names: Vec<String> = parameter.choices.iter().map(|choice| format!("× {choice}")).collect();
            let values = parameter.choices.iter().map(|choice| u8::try_from(*choice).map_or(0.0, f32::from));
            let options: Vec<_> = values.zip(&names).map(|(value, name)| (value, name.as_str(), help)).collect();
            widgets::choice(ui, title, help, &mut value, &options);
        }
        chosen = chosen.with_parameter(value);
    });
    if chosen != current {
        preferences.set_task(chosen);
    }
}

fn preset(ui: &mut Ui, preferences: &mut Preferences) {
    let tooltip = t!("Settings that work well together. All but Best reproduce published methods");
    widgets::row(ui, t!("Preset"), tooltip, |ui| {
        let is_changed = preferences.has_modified_preset();
        let current = preferences.preset;
        let title = if is_changed {
            t!("{preset} (changed)", preset = translate(current.title()))
        } else {
            translate(current.title()).to_owned()
        };
        let reset_width = if is_changed { theme::ROW_HEIGHT + theme::GAP } else { 0.0 };
        let add_box = |ui: &mut Ui| {
            // A long title is cut at the width that is left, so the width for the button is taken away first.
            ui.set_max_width(ui.available_width() - reset_width);
            let choice = ComboBox::from_id_salt("preset").selected_text(&title).width(ui.available_width()).truncate();
            choice.show_ui(ui, |ui| {
                for preset in Preset::ALL {
                    let entry = ui.selectable_label(preset == current, translate(preset.title()));
                    if entry.on_hover_text(translate(preset.help())).clicked() {
                        preferences.set_preset(preset);
                    }
                }
            })
        };
        let response = ui.scope(add_box).inner.response;
        widgets::set_combo_accessible_name(&response, t!("Preset"), &title);
        response.on_hover_text(translate(current.help()));
        if is_changed {
            let reset = ui.add(IconButton::new(Icon::Reset, t!("Reset to the preset")));
            if reset.on_hover_text(t!("Back to the values of {preset}", preset = translate(current.title()))).clicked()
            {
                preferences.set_preset(current);
            }
        }
    });
}

fn model_title(choice: &ModelChoice) -> String {
    match choice {
        ModelChoice::Face128 => t!("face-128 (built in)").to_owned(),
        ModelChoice::Face64 => t!("face-64 (built in, faster)").to_owned(),
        ModelChoice::File(path) => file_title(path),
    }
}

fn file_title(path: &Path) -> String {
    path.file_stem().map_or_else(|| path.display().to_string(), |stem| stem.to_string_lossy().into_owned())
}

fn model(ui: &mut Ui, engine: &EngineState, derived: &Derived<'_>, actions: &mut Actions) {
    let tooltip = t!("The trained networks that draw faces: built in, or a .safetensors file");
    widgets::row(ui, t!("Model"), tooltip, |ui| {
        let current = actions.preferences.model.clone();
        let title = model_title(&current);
        let files = engine.model_paths.iter().cloned().map(ModelChoice::File);
        let mut choices: Vec<ModelChoice> = ModelChoice::BUILT_IN.into_iter().chain(files).collect();
        if !choices.contains(&current) {
            choices.push(current.clone());
        }
        let response = ui
            .add_enabled_ui(!derived.is_running(), |ui| {
                ComboBox::from_id_salt("model")
                    .selected_text(&title)
                    .width(ui.available_width())
                    .truncate()
                    .show_ui(ui, |ui| {
                        for choice in choices {
                            if ui.selectable_label(choice == current, model_title(&choice)).clicked() {
                                actions.preferences.model = choice;
                            }
                        }
                        ui.separator();
                        if ui.button(t!("Open model…")).clicked() {
                            actions.push(Action::ChooseFile(PathPurpose::OpenModel));
                            ui.close();
                        }
                    })
                    .response
            })
            .inner;
        widgets::set_combo_accessible_name(&response, t!("Model"), &title);
        response.on_hover_text(describe_model(engine).unwrap_or_else(|| tooltip.to_owned()));
    });
    let tooltip = t!("Look at the faces this model makes up, or at the training of your own models");
    widgets::row(ui, t!("Generator"), tooltip, |ui| {
        for (command, text, tooltip) in [
            (
                EditorCommand::Explore,
                t!("Explore"),
                t!("Browse faces that this model makes up: average, vary and morph them, or start a fill from one"),
            ),
            (EditorCommand::Training, t!("Training"), t!("Watch a run of `countenance train`, and use its models")),
        ] {
            let button = IconButton::new(command.icon(), command.name()).with_text(text);
            add_command_button(ui, &derived.commands, command, button, actions).on_hover_text(tooltip);
        }
    });
}

fn describe_model(engine: &EngineState) -> Option<String> {
    let info = engine.model.as_ref()?;
    let discriminator = if info.has_discriminator { t!("with discriminator") } else { t!("without discriminator") };
    let encoder = if info.has_encoder { t!("with encoder") } else { t!("without encoder") };
    Some(t!(
        "{model}: draws faces of {side} × {side} pixels from {count} numbers, {discriminator}, {encoder}\nSHA-256 {hash}",
        model = info.name,
        side = info.image_size_px,
        count = info.latent_dim,
        discriminator,
        encoder,
        hash = info.sha256.get(..16).unwrap_or(&info.sha256),
    ))
}

/// `share`: the share of λ·prior in the total loss.
fn lambda(ui: &mut Ui, share: Option<f32>, lambda: &mut f32) {
    let tooltip = widgets::setting_tooltip("lambda");
    let scale = widgets::Scale { logarithmic: true, space_after: widgets::PERCENT_WIDTH };
    widgets::slider(ui, "λ", tooltip, lambda, 0.0..=100.0, scale, |ui| {
        let text =
            share.map_or_else(|| "–".to_owned(), |share| t!("{percent} %", percent = format!("{:.0}", share * 100.0)));
        let label = egui::Label::new(egui::RichText::new(text).color(theme::palette(ui).weak_text));
        ui.add_sized([widgets::PERCENT_WIDTH, theme::ROW_HEIGHT], label)
            .on_hover_text(t!("The share of λ·prior in the total loss now"));
    });
}
