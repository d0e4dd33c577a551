//! The remaining search settings, collapsed under More.

use egui::{Checkbox, CollapsingHeader, Ui};

use super::widgets;
use crate::app::engine::EngineState;
use crate::app::language::{t, translate};
use crate::app::preferences::Preferences;
use crate::app::theme;
use crate::blend::{Blend, BlendMode, MAX_SOFT_EDGE_PX};
use crate::device::DeviceChoice;
use crate::model::ModelInfo;
use crate::model::cpu::CpuPrecision;
use crate::search::{SETTINGS, Section, Settings};

/// Draws the header and, when it is open, the settings. `is_locked`: a fill runs.
pub fn show(ui: &mut Ui, engine: &EngineState, is_locked: bool, preferences: &mut Preferences) {
    CollapsingHeader::new(t!("More")).id_salt("more").show_unindented(ui, |ui| {
        // These settings take effect with the next fill, so they are locked while one runs.
        ui.add_enabled_ui(!is_locked, |ui| {
            heading(ui, t!("Search"));
            section(ui, &mut preferences.settings, &[Section::Search, Section::Hmc]);
            heading(ui, t!("Losses"));
            section(ui, &mut preferences.settings, &[Section::Losses]);
        });
        heading(ui, t!("Picture and device"));
        blend(ui, engine, &mut preferences.blend);
        first_guess(ui, &mut preferences.first_guess);
        record(ui, &mut preferences.record);
        jpeg_quality(ui, &mut preferences.jpeg_quality);
        device(ui, engine, is_locked, &mut preferences.device);
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

fn blend(ui: &mut Ui, engine: &EngineState, blend: &mut Blend) {
    let Blend { mode, detail_percent, completion, soft_edge_px } = blend;
    let options = BlendMode::ALL.map(|mode| (mode, translate(mode.title()), translate(mode.help())));
    widgets::choice(ui, t!("Blend"), t!("How the fill joins the photo"), mode, &options);
    let tooltip =
        t!("How much sharpness and skin texture the fill takes from the photo around it, in percent. Where the \
                   other half of the face is visible, its detail is used too. 0: as soft as it was drawn. \
                   Visible in the finished fill, at full size");
    widgets::slider(ui, t!("Detail"), tooltip, detail_percent, 0..=100, widgets::Scale::default(), |_| {});
    let tooltip =
        t!("Over so many photo pixels around the hole, the fill passes over into the photo. 0: no pixel outside the \
            hole changes");
    let range = 0..=MAX_SOFT_EDGE_PX;
    widgets::slider(ui, t!("Soft edge"), tooltip, soft_edge_px, range, widgets::Scale::default(), |_| {});
    let has_completion = engine.model.as_ref().is_none_or(ModelInfo::has_completion);
    let tooltip =
        t!("A second network draws the hole again, finer than the generator: from the photo around it and the \
                   shown candidate. Visible when the fill is finished or paused. The rest of the photo stays as it is");
    let disabled_reason =
        t!("Not with this model: it works with face-128, and with models of 128 pixels trained on faces \
                              from `countenance prepare`");
    ui.add_enabled(has_completion, Checkbox::new(completion, t!("Redraw the hole")))
        .on_hover_text(tooltip)
        .on_disabled_hover_text(disabled_reason);
}

fn first_guess(ui: &mut Ui, is_shown: &mut bool) {
    let tooltip = t!(
        "When a stroke ends, a quick guess by the model appears in the hole. Fill improves it. It is never exported"
    );
    ui.checkbox(is_shown, t!("Show a first guess while painting")).on_hover_text(tooltip);
}

fn record(ui: &mut Ui, record: &mut bool) {
    let tooltip =
        t!("Exported PNGs hold the settings, seed, mask and hashes, so that `countenance replay` can repeat \
                   the fill. The XMP of every format says that parts of the picture are generated");
    ui.checkbox(record, t!("Record in the file how it was made")).on_hover_text(tooltip);
}

fn jpeg_quality(ui: &mut Ui, quality: &mut u8) {
    let tooltip =
        t!("Quality of a fill exported as .jpg. A JPEG changes every pixel a little; a PNG, and a TIFF, changes \
                   none outside the hole");
    widgets::slider(ui, t!("JPEG quality"), tooltip, quality, 1..=100, widgets::Scale::default(), |_| {});
}

fn device(ui: &mut Ui, engine: &EngineState, is_locked: bool, device: &mut DeviceChoice) {
    let gpus: Vec<(DeviceChoice, String)> = engine
        .gpus
        .iter()
        .map(|gpu| {
            let kind = if gpu.is_software { t!(", software") } else { "" };
            (DeviceChoice::Gpu(Some(gpu.index)), format!("{} ({}{kind})", gpu.name, gpu.api))
        })
        .collect();
    let mut options = vec![
        (DeviceChoice::Auto, t!("Automatic"), t!("The first hardware GPU, or else the CPU")),
        (DeviceChoice::Cpu, t!("CPU"), t!("Works on every computer")),
    ];
    if CpuPrecision::fastest() != CpuPrecision::Single || *device == DeviceChoice::CpuF32 {
        let tooltip = t!("All arithmetic in single precision: slower here, with no visible difference");
        options.push((DeviceChoice::CpuF32, t!("CPU, single precision"), tooltip));
    }
    for (choice, title) in &gpus {
        options.push((*choice, title, t!("Use this GPU. Those marked software compute on the CPU, slowly")));
    }
    let fallback = device.to_string();
    if !options.iter().any(|(choice, ..)| choice == device) {
        options.push((*device, &fallback, t!("Not found on this computer")));
    }
    ui.add_enabled_ui(!is_locked, |ui| {
        widgets::choice(ui, t!("Device"), t!("The processor that computes the search"), device, &options);
    });
}
