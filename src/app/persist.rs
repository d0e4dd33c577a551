//! What the editor remembers between runs: looks and settings, never the photo.
//!
//! Every field has a default and is checked on its own, so that a file from another version, or one edited by hand,
//! costs at most the fields that make no sense.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::canvas::BRUSH_RADIUS_RANGE_PX;
use super::theme::ThemeChoice;
use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::model::ModelChoice;
use crate::photo::{Overwrite, SaveError, write_atomically};
use crate::search::{Preset, Settings};

/// The range of brush radii, in photo pixels.
pub const BRUSH_RADIUS_PX: std::ops::RangeInclusive<f32> = BRUSH_RADIUS_RANGE_PX;

/// The range of widths of the settings panel, in points.
pub const PANEL_WIDTH: std::ops::RangeInclusive<f32> = 296.0..=440.0;

/// Remembered between runs.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent choices, not states of a machine")]
pub struct Remembered {
    pub theme: ThemeChoice,
    pub brush_radius_px: f32,
    pub preset: Preset,
    pub settings: Settings,
    pub blend: Blend,
    pub device: DeviceChoice,
    pub model: ModelChoice,
    pub panel_width: f32,
    /// The loss plot's y axis is logarithmic.
    pub log_losses: bool,
    /// Exported files say how they were made.
    pub record: bool,
    /// The encoder's first guess is shown until there is a fill.
    pub first_guess: bool,
    /// The Explore window is open.
    pub explore: bool,
    /// The folder of the training run that was followed last.
    pub training_run: Option<PathBuf>,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            brush_radius_px: 16.0,
            preset: Preset::default(),
            settings: Preset::default().settings(),
            blend: Blend::default(),
            device: DeviceChoice::Auto,
            model: ModelChoice::default(),
            panel_width: 328.0,
            log_losses: false,
            record: true,
            first_guess: true,
            explore: false,
            training_run: None,
        }
    }
}

/// The file. Fields are loose values, so that one wrong field does not cost the others.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct File {
    version: u32,
    theme: serde_json::Value,
    brush_radius_px: serde_json::Value,
    preset: serde_json::Value,
    settings: serde_json::Value,
    blend: serde_json::Value,
    device: serde_json::Value,
    model: serde_json::Value,
    panel_width: serde_json::Value,
    log_losses: serde_json::Value,
    record: serde_json::Value,
    first_guess: serde_json::Value,
    explore: serde_json::Value,
    training_run: serde_json::Value,
}

const VERSION: u32 = 1;

impl Remembered {
    /// Where the file is; `None` where the system has no folder for settings.
    pub fn default_path() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "Countenance").map(|dirs| dirs.config_dir().join("editor.json"))
    }

    /// Reads the file. What is missing or makes no sense is as on the first start.
    pub fn load(path: &Path) -> Self {
        std::fs::read_to_string(path).map_or_else(|_| Self::default(), |text| Self::from_json(&text))
    }

    fn from_json(text: &str) -> Self {
        let default = Self::default();
        let Ok(file) = serde_json::from_str::<File>(text) else { return default };
        if file.version > VERSION {
            return default;
        }
        let preset: Preset = read(file.preset).unwrap_or(default.preset);
        let settings = read(file.settings).filter(|settings: &Settings| settings.validate().is_ok());
        let device = read(file.device).and_then(|text: String| text.parse().ok());
        Self {
            theme: read(file.theme).unwrap_or(default.theme),
            brush_radius_px: read(file.brush_radius_px)
                .filter(|radius| BRUSH_RADIUS_PX.contains(radius))
                .unwrap_or(default.brush_radius_px),
            preset,
            settings: settings.unwrap_or_else(|| preset.settings()),
            blend: read(file.blend).unwrap_or(default.blend),
            device: device.unwrap_or(default.device),
            model: ModelChoice::from_kept(read(file.model)),
            panel_width: read(file.panel_width)
                .filter(|width| PANEL_WIDTH.contains(width))
                .unwrap_or(default.panel_width),
            log_losses: read(file.log_losses).unwrap_or(default.log_losses),
            record: read(file.record).unwrap_or(default.record),
            first_guess: read(file.first_guess).unwrap_or(default.first_guess),
            explore: read(file.explore).unwrap_or(default.explore),
            training_run: read(file.training_run).unwrap_or(default.training_run),
        }
    }

    fn to_json(&self) -> Result<String, serde_json::Error> {
        let file = File {
            version: VERSION,
            theme: serde_json::to_value(self.theme)?,
            brush_radius_px: serde_json::to_value(self.brush_radius_px)?,
            preset: serde_json::to_value(self.preset)?,
            settings: serde_json::to_value(self.settings)?,
            blend: serde_json::to_value(self.blend)?,
            device: serde_json::to_value(self.device.to_string())?,
            model: serde_json::to_value(self.model.to_kept())?,
            panel_width: serde_json::to_value(self.panel_width)?,
            log_losses: serde_json::to_value(self.log_losses)?,
            record: serde_json::to_value(self.record)?,
            first_guess: serde_json::to_value(self.first_guess)?,
            explore: serde_json::to_value(self.explore)?,
            training_run: serde_json::to_value(self.training_run.as_ref())?,
        };
        serde_json::to_string_pretty(&file)
    }

    /// Writes the file, and its folder if that is missing.
    ///
    /// # Errors
    /// When either cannot be written.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let written: Result<(), SaveError> = write_atomically(path, self.to_json()?.as_bytes(), Overwrite::Allow);
        Ok(written?)
    }
}

fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blend::BlendMode;

    fn unusual() -> Remembered {
        Remembered {
            theme: ThemeChoice::Light,
            brush_radius_px: 77.5,
            preset: Preset::Paper,
            settings: Settings { lambda: 0.25, seed: u64::MAX, ..Preset::Paper.settings() },
            blend: Blend { mode: BlendMode::None, detail_percent: 30 },
            device: DeviceChoice::Gpu(Some(2)),
            model: ModelChoice::File("models/other.safetensors".into()),
            panel_width: 400.0,
            log_losses: true,
            record: false,
            first_guess: false,
            explore: true,
            training_run: Some("runs/mine".into()),
        }
    }

    #[test]
    fn everything_comes_back_as_it_was_saved() {
        let json = unusual().to_json().expect("plain data");
        assert_eq!(Remembered::from_json(&json), unusual());
    }

    #[test]
    fn a_wrong_field_costs_that_field_only() {
        let json = unusual().to_json().expect("plain data");
        let mut file: serde_json::Value = serde_json::from_str(&json).expect("just written");
        file["brush_radius_px"] = serde_json::json!(-3.0);
        file["settings"]["steps"] = serde_json::json!(0);
        file["device"] = serde_json::json!("abacus");
        file["theme"] = serde_json::json!(17);
        let read = Remembered::from_json(&file.to_string());
        let default = Remembered::default();
        let expected = Remembered {
            theme: default.theme,
            brush_radius_px: default.brush_radius_px,
            settings: Preset::Paper.settings(),
            device: default.device,
            ..unusual()
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn garbage_an_empty_object_and_a_newer_version_give_the_defaults() {
        for text in ["", "not json", "[]", "{}", r#"{"version": 99, "brush_radius_px": 50.0}"#] {
            assert_eq!(Remembered::from_json(text), Remembered::default(), "{text}");
        }
    }
}
