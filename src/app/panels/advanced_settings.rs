//! The remaining search settings, collapsed under More.

use egui::{Checkbox, CollapsingHeader, Ui};

use super::widgets;
use crate::app::state::{Action, EditorState};
use crate::app::theme;
use crate::blend::{Blend, BlendMode};
use crate::device::DeviceChoice;
use crate::model::ModelInfo;
use crate::model::cpu::CpuPrecision;
use crate::search::{SETTINGS, Section, Settings};

/// Draws the header and, when it is open, the settings.
pub fn show(ui: &mut Ui, state: &EditorState, settings: &mut Settings, actions: &mut Vec<Action>) {
    CollapsingHeader::new("More").id_salt("more").show_unindented(ui, |ui| {
        // These settings take effect with the next fill, so they are locked while one runs.
        ui.add_enabled_ui(!state.is_locked(), |ui| {
            heading(ui, "Search");
            section(ui, settings, &[Section::Search, Section::Hmc]);
            heading(ui, "Losses");
            section(ui, settings, &[Section::Losses]);
        });
        heading(ui, "Picture and device");
        blend(ui, state, actions);
        first_guess(ui, state, actions);
        record(ui, state, actions);
        device(ui, state, actions);
    });
}

fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(theme::GAP / 2.0);
    ui.label(theme::section_heading(ui, text));
}

/// Draws the settings of these sections, except those without effect.
fn section(ui: &mut Ui, settings: &mut Settings, sections: &[Section]) {
    for setting in SETTINGS.iter().filter(|setting| sections.contains(&setting.section)) {
        if (setting.applies)(settings) {
            widgets::setting(ui, setting, settings);
        }
    }
}

fn blend(ui: &mut Ui, state: &EditorState, actions: &mut Vec<Action>) {
    let Blend { mut mode, mut detail_percent, mut completion } = state.preferences.blend;
    let options = BlendMode::ALL.map(|mode| (mode, mode.title(), mode.help()));
    widgets::choice(ui, "Blend", "How the fill joins the photo", &mut mode, &options);
    let tooltip = "How much sharpness and skin texture the fill takes from the photo around it, in percent. Where the \
                   other half of the face is visible, its detail is used too. 0: as soft as it was drawn. \
                   Visible in the finished fill, at full size";
    widgets::slider(ui, "Detail", tooltip, &mut detail_percent, 0..=100, widgets::Scale::default(), |_| {});
    let has_completion = state.model_info.as_ref().is_none_or(ModelInfo::has_completion);
    let tooltip = "A second network draws the hole again, finer than the generator: from the photo around it and the \
                   shown candidate. Visible when the fill is finished or paused. The rest of the photo stays as it is";
    let disabled_reason = "Not with this model: it works with face-128, and with models of 128 pixels trained on faces \
                           from `countenance prepare`";
    ui.add_enabled(has_completion, Checkbox::new(&mut completion, "Redraw the hole"))
        .on_hover_text(tooltip)
        .on_disabled_hover_text(disabled_reason);
    let blend = Blend { mode, detail_percent, completion };
    if blend != state.preferences.blend {
        actions.push(Action::SetBlend(blend));
    }
}

fn first_guess(ui: &mut Ui, state: &EditorState, actions: &mut Vec<Action>) {
    let mut show_guess = state.preferences.first_guess;
    let tooltip =
        "When a stroke ends, a quick guess by the model appears in the hole. Fill improves it. It is never exported";
    if ui.checkbox(&mut show_guess, "Show a first guess while painting").on_hover_text(tooltip).changed() {
        actions.push(Action::SetShowFirstGuess(show_guess));
    }
}

fn record(ui: &mut Ui, state: &EditorState, actions: &mut Vec<Action>) {
    let mut record = state.preferences.record;
    let tooltip = "Exported files hold the settings, seed, mask and hashes, so that `countenance replay` can repeat \
                   the fill. Their XMP says that parts of the picture are generated";
    if ui.checkbox(&mut record, "Record in the file how it was made").on_hover_text(tooltip).changed() {
        actions.push(Action::SetRecordProvenance(record));
    }
}

fn device(ui: &mut Ui, state: &EditorState, actions: &mut Vec<Action>) {
    let gpus: Vec<(DeviceChoice, String)> = state
        .gpus
        .iter()
        .map(|gpu| {
            let kind = if gpu.is_software { ", software" } else { "" };
            (DeviceChoice::Gpu(Some(gpu.index)), format!("{} ({}{kind})", gpu.name, gpu.api))
        })
        .collect();
    let mut options = vec![
        (DeviceChoice::Auto, "Automatic", "The first hardware GPU, or else the CPU"),
        (DeviceChoice::Cpu, "CPU", "Works on every computer"),
    ];
    let mut device = state.preferences.device;
    if CpuPrecision::fastest() != CpuPrecision::Single || device == DeviceChoice::CpuF32 {
        let tooltip = "All arithmetic in single precision: slower here, with no visible difference";
        options.push((DeviceChoice::CpuF32, "CPU, single precision", tooltip));
    }
    for (choice, title) in &gpus {
        options.push((*choice, title, "Use this GPU. Those marked software compute on the CPU, slowly"));
    }
    let fallback = device.to_string();
    if !options.iter().any(|(choice, ..)| *choice == device) {
        options.push((device, &fallback, "Not found on this computer"));
    }
    ui.add_enabled_ui(!state.is_locked(), |ui| {
        widgets::choice(ui, "Device", "The processor that computes the search", &mut device, &options);
    });
    if device != state.preferences.device {
        actions.push(Action::SetDevice(device));
    }
}
