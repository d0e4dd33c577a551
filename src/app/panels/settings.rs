//! The two rows that everybody needs, and the models; the rest is folded under More.

use std::path::Path;

use egui::{ComboBox, Ui};

use super::{add_verb_button, more, rows};
use crate::app::curves::prior_share;
use crate::app::icons::{Icon, IconButton};
use crate::app::shortcuts::Verb;
use crate::app::state::{Action, State};
use crate::app::theme;
use crate::model::ModelChoice;
use crate::search::{Preset, Settings};

/// Draws the settings.
pub fn show(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    preset(ui, state, actions);
    model(ui, state, actions);
    let mut settings = state.remembered.settings;
    lambda(ui, state, &mut settings);
    let explanation = "How many iterations the search takes. May be changed while it runs.\nBlog: 1000. Paper: 1500.";
    let scale = rows::Scale { logarithmic: true, space_after: 0.0 };
    rows::slider(ui, "Steps", explanation, &mut settings.steps, 1..=5000, scale, |_| {});
    more::show(ui, state, &mut settings, actions);
    if settings != state.remembered.settings {
        actions.push(Action::SetSettings(settings));
    }
}

fn preset(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let explanation = "Settings that go well together. All but Best reproduce published methods";
    rows::row(ui, "Preset", explanation, |ui| {
        let changed = state.is_preset_changed();
        let current = state.remembered.preset;
        let title = if changed { format!("{} (changed)", current.title()) } else { current.title().to_owned() };
        let room_for_reset = if changed { theme::ROW + theme::GAP } else { 0.0 };
        let response = ComboBox::from_id_salt("preset")
            .selected_text(&title)
            .width(ui.available_width() - room_for_reset)
            .truncate()
            .show_ui(ui, |ui| {
                for preset in Preset::ALL {
                    let entry = ui.selectable_label(preset == current, preset.title());
                    if entry.on_hover_text(describe_preset(preset)).clicked() {
                        actions.push(Action::SetPreset(preset));
                    }
                }
            })
            .response;
        rows::name_combo(&response, "Preset", &title);
        response.on_hover_text(describe_preset(current));
        if changed {
            let reset = ui.add(IconButton::new(Icon::Reset, "Reset to the preset"));
            if reset.on_hover_text(format!("Back to {} as it was", current.title())).clicked() {
                actions.push(Action::SetPreset(current));
            }
        }
    });
}

fn describe_preset(preset: Preset) -> &'static str {
    match preset {
        Preset::Best => "Several starts around the encoder's guess, mean losses, a falling learning rate",
        Preset::Blog => {
            "Amos 2016, “Image Completion with Deep Learning in TensorFlow”: summed L1, λ 0.1, Adam, one start"
        }
        Preset::BlogMomentum => "As Blog, with the optimiser that its code uses: projected gradient with momentum",
        Preset::Paper => "Yeh, Chen et al., CVPR 2017: context weighted by the hole nearby, λ 0.003 on log(1 − D)",
        Preset::Hmc => {
            "Hamiltonian Monte Carlo, as in the blog's code: different completions drawn rather than one optimum"
        }
    }
}

fn model_title(choice: &ModelChoice) -> String {
    match choice {
        ModelChoice::Face128 => "face-128 (built in)".to_owned(),
        ModelChoice::Face64 => "face-64 (built in, faster)".to_owned(),
        ModelChoice::File(path) => file_title(path),
    }
}

fn file_title(path: &Path) -> String {
    path.file_stem().map_or_else(|| path.display().to_string(), |stem| stem.to_string_lossy().into_owned())
}

fn model(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let explanation = "The networks that know what faces look like: a .safetensors file";
    rows::row(ui, "Model", explanation, |ui| {
        let current = &state.remembered.model;
        let title = model_title(current);
        let files = state.models.iter().cloned().map(ModelChoice::File);
        let mut choices: Vec<ModelChoice> = ModelChoice::BUILT_IN.into_iter().chain(files).collect();
        if !choices.contains(current) {
            choices.push(current.clone());
        }
        let response = ui
            .add_enabled_ui(!state.is_locked(), |ui| {
                ComboBox::from_id_salt("model")
                    .selected_text(&title)
                    .width(ui.available_width())
                    .truncate()
                    .show_ui(ui, |ui| {
                        for choice in choices {
                            if ui.selectable_label(choice == *current, model_title(&choice)).clicked() {
                                actions.push(Action::SetModel(choice));
                            }
                        }
                        ui.separator();
                        if ui.button("Open model…").clicked() {
                            actions.push(Action::PickModel);
                            ui.close();
                        }
                    })
                    .response
            })
            .inner;
        rows::name_combo(&response, "Model", &title);
        response.on_hover_text(describe_model(state).unwrap_or_else(|| explanation.to_owned()));
    });
    let explanation = "Faces that the model makes up, and how models of your own are coming along";
    rows::row(ui, "Generator", explanation, |ui| {
        for (verb, text, explanation) in [
            (
                Verb::Explore,
                "Explore",
                "Pick, average, vary and walk between faces that this model makes up; start a fill at one",
            ),
            (Verb::Training, "Training", "Follow a run of `countenance train`, and use its models"),
        ] {
            let button = IconButton::new(verb.icon(), verb.name()).with_text(text);
            add_verb_button(ui, state, verb, button, actions).on_hover_text(explanation);
        }
    });
}

fn describe_model(state: &State) -> Option<String> {
    let info = state.model_info.as_ref()?;
    let has = |present: bool, what: &str| format!("{} {what}", if present { "with" } else { "without" });
    Some(format!(
        "{}: faces of {} × {} pixels, latent of {} numbers, {}, {}\nSHA-256 {}",
        info.name,
        info.image_size_px,
        info.image_size_px,
        info.latent_dim,
        has(info.has_discriminator, "discriminator"),
        has(info.has_encoder, "encoder"),
        info.sha256.get(..16).unwrap_or(&info.sha256),
    ))
}

/// Room for "100 %".
const SHARE_WIDTH: f32 = 40.0;

fn lambda(ui: &mut Ui, state: &State, settings: &mut Settings) {
    let explanation = "The weight of the prior loss: how much a plausible face counts against agreement with the \
                       photo. More of it is sharper, less of it nearer on average. 0 turns it off, and steps take half the \
                       time. May be changed while the search runs.\nBest: 0.05. Blog: 0.1. Paper: 0.003.";
    let share = state.shown_losses().and_then(prior_share);
    let scale = rows::Scale { logarithmic: true, space_after: SHARE_WIDTH };
    rows::slider(ui, "λ", explanation, &mut settings.lambda, 0.0..=100.0, scale, |ui| {
        let text = share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0));
        let label = egui::Label::new(egui::RichText::new(text).color(theme::palette(ui).weak));
        ui.add_sized([SHARE_WIDTH, theme::ROW], label)
            .on_hover_text("The share of λ·prior in the total loss now. With summed losses λ = 0.1 is nearly nothing");
    });
}
