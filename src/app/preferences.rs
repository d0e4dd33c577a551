//! The user's preferences, kept between runs: appearance and settings, never the photo.
//!
//! An invalid value is replaced by its default and the others are kept, so files of other versions and files edited by
//! hand can be read. Before a file with anything that this version would not write is replaced, it is copied to
//! [`BACKUP_NAME`] beside it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::canvas::BRUSH_RADIUS_RANGE_PX;
use super::language::LanguageChoice;
use super::recent_files::RecentFiles;
use super::theme::ThemeChoice;
use crate::blend::{Blend, MAX_SOFT_EDGE_PX};
use crate::device::DeviceChoice;
use crate::fs::{Overwrite, write_atomically};
use crate::model::ModelChoice;
use crate::photo::DEFAULT_JPEG_QUALITY;
use crate::restore::ImageTask;
use crate::search::{Preset, Settings};

/// Range of the settings panel's width, in points.
pub const PANEL_WIDTH: std::ops::RangeInclusive<f32> = 296.0..=440.0;

/// Range of the distance by which the hole grows or shrinks.
pub const GROW_RANGE_PX: std::ops::RangeInclusive<f32> = 1.0..=500.0;

/// Declares the preferences: the name, type and default of each.
macro_rules! preferences {
    ($($(#[$attribute:meta])* $name:ident: $type:ty = $default:expr,)*) => {
        /// The preferences. The field names are the keys in the file.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Preferences {
            $($(#[$attribute])* pub $name: $type,)*
        }

        impl Default for Preferences {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }
    };
}

preferences! {
    theme: ThemeChoice = ThemeChoice::System,
    language: LanguageChoice = LanguageChoice::System,
    brush_radius_px: f32 = 16.0,
    /// The hole grows or shrinks by this distance.
    grow_px: f32 = 8.0,
    preset: Preset = Preset::default(),
    settings: Settings = Preset::default().settings(),
    blend: Blend = Blend::default(),
    device: DeviceChoice = DeviceChoice::Auto,
    model: ModelChoice = ModelChoice::default(),
    panel_width: f32 = 328.0,
    /// The y axis of the loss plot is logarithmic.
    log_losses: bool = false,
    /// The next photo of a folder gets the hole of the photo before.
    keep_hole: bool = false,
    /// Exported files record how the fill was made.
    record: bool = true,
    /// Quality of exported JPEGs, 1 to 100.
    jpeg_quality: u8 = DEFAULT_JPEG_QUALITY,
    /// Show the encoder's first guess until there is a fill.
    first_guess: bool = true,
    /// The candidates' tiles show the generator's whole faces, not the fills in the photo.
    face_only: bool = false,
    /// The sliders that edit the shown face are open.
    edits_face: bool = false,
    /// The Explore window is open.
    explore: bool = false,
    /// The folder of the last followed training run.
    training_run: Option<PathBuf> = None,
    recent_files: RecentFiles = RecentFiles::default(),
}

/// Version of the file format.
const VERSION: u32 = 1;

/// The last preferences file that this version could not read in full: of a newer version, or broken.
const BACKUP_NAME: &str = "editor-backup.json";

impl Preferences {
    /// Sets the brush's radius, limited to the allowed range.
    pub fn set_brush_radius(&mut self, radius_px: f32) {
        if radius_px.is_finite() {
            let range = BRUSH_RADIUS_RANGE_PX;
            self.brush_radius_px = radius_px.clamp(*range.start(), *range.end());
        }
    }

    /// Chooses a preset and its settings. Presets have no seed, so it stays.
    pub fn set_preset(&mut self, preset: Preset) {
        self.preset = preset;
        self.settings = Settings { seed: self.settings.seed, ..preset.settings_for(self.settings.task) };
    }

    /// Chooses a task. Settings that are the preset's become the preset's for this task; others stay.
    pub fn set_task(&mut self, task: ImageTask) {
        if self.has_modified_preset() {
            self.settings.task = task;
        } else {
            self.settings = Settings { seed: self.settings.seed, ..self.preset.settings_for(task) };
        }
    }

    /// Whether the settings differ from the preset.
    pub fn has_modified_preset(&self) -> bool {
        self.settings != Settings { seed: self.settings.seed, ..self.preset.settings_for(self.settings.task) }
    }

    /// Path of the preferences file; `None` on systems without a settings folder.
    pub fn default_path() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "Countenance").map(|dirs| dirs.config_dir().join("editor.json"))
    }

    /// Reads the file. Missing and invalid values get their defaults.
    pub fn load(path: &Path) -> Self {
        std::fs::read_to_string(path).map_or_else(|_| Self::default(), |text| Self::from_json(&text))
    }

    fn from_json(text: &str) -> Self {
        Self::read_json(text).0
    }

    /// The preferences, and whether the file has nothing that would be lost.
    fn read_json(text: &str) -> (Self, bool) {
        let Ok(Value::Object(mut file)) = serde_json::from_str(text) else { return (Self::default(), false) };
        let version = file.remove("version").as_ref().and_then(Value::as_u64);
        let mut is_complete = version.is_some_and(|version| version <= u64::from(VERSION));
        if let Some(Value::Object(blend)) = file.get_mut("blend") {
            // In records of fills, a missing value means off. Here it means that nobody has chosen yet.
            blend.entry("completion").or_insert(Blend::default().completion.into());
        }
        let mut preferences = Self::default();
        if let Some(preset) = file.get("preset").and_then(|preset| Preset::deserialize(preset).ok()) {
            // Invalid settings fall back to those of the chosen preset.
            preferences.settings = preset.settings();
        }
        for (name, value) in &file {
            match preferences.with(name, value) {
                Some(changed) => preferences = changed,
                None => is_complete = false,
            }
        }
        is_complete &= serde_json::to_value(&preferences).is_ok_and(|written| has_all_keys(&written, &file.into()));
        (preferences, is_complete)
    }

    /// A copy with one value replaced; `None` when the value is invalid, or there is none of this name.
    fn with(&self, name: &str, value: &Value) -> Option<Self> {
        let mut values = serde_json::to_value(self).ok()?;
        values.as_object_mut()?.insert(name.to_owned(), value.clone())?;
        serde_json::from_value(values).ok().filter(Self::is_in_range)
    }

    fn is_in_range(&self) -> bool {
        BRUSH_RADIUS_RANGE_PX.contains(&self.brush_radius_px)
            && GROW_RANGE_PX.contains(&self.grow_px)
            && PANEL_WIDTH.contains(&self.panel_width)
            && self.blend.soft_edge_px <= MAX_SOFT_EDGE_PX
            && self.settings.validate().is_ok()
    }

    fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut values = serde_json::to_value(self)?;
        values["version"] = VERSION.into();
        serde_json::to_string_pretty(&values)
    }

    /// Writes the file, and creates its folder when needed. Keeps a copy of a file that could not be read in full.
    ///
    /// # Errors
    /// When the file, the copy or the folder cannot be written.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if let Ok(bytes) = std::fs::read(path)
            && !std::str::from_utf8(&bytes).is_ok_and(|text| Self::read_json(text).1)
        {
            write_atomically(&path.with_file_name(BACKUP_NAME), &bytes, Overwrite::Allow)?;
        }
        Ok(write_atomically(path, self.to_json()?.as_bytes(), Overwrite::Allow)?)
    }
}

/// Whether `written` has every key of `file`, at every depth.
fn has_all_keys(written: &Value, file: &Value) -> bool {
    let Value::Object(file) = file else { return true };
    file.iter().all(|(key, value)| written.get(key).is_some_and(|written| has_all_keys(written, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::language::Language;
    use crate::blend::BlendMode;
    use crate::search::ContextSettings;

    fn unusual() -> Preferences {
        Preferences {
            theme: ThemeChoice::Light,
            language: LanguageChoice::Fixed(Language::SimplifiedChinese),
            brush_radius_px: 77.5,
            grow_px: 12.0,
            preset: Preset::Paper,
            settings: Settings { lambda: 0.25, seed: u64::MAX, ..Preset::Paper.settings() },
            blend: Blend {
                mode: BlendMode::None,
                detail_percent: 30,
                completion: !Blend::default().completion,
                soft_edge_px: 7,
            },
            device: DeviceChoice::Gpu(Some(2)),
            model: ModelChoice::File("models/other.safetensors".into()),
            panel_width: 400.0,
            log_losses: true,
            record: false,
            jpeg_quality: 80,
            keep_hole: true,
            first_guess: false,
            face_only: true,
            edits_face: true,
            explore: true,
            training_run: Some("runs/mine".into()),
            recent_files: vec!["/photos/b.jpg".into(), "/photos/a.countenance".into()].into(),
        }
    }

    #[test]
    fn every_value_survives_saving_and_loading() {
        let json = unusual().to_json().expect("plain data");
        assert_eq!(Preferences::from_json(&json), unusual());
    }

    #[test]
    fn an_invalid_value_gets_its_default() {
        let json = unusual().to_json().expect("plain data");
        let mut file: serde_json::Value = serde_json::from_str(&json).expect("just written");
        file["brush_radius_px"] = serde_json::json!(-3.0);
        file["settings"]["steps"] = serde_json::json!(0);
        file["device"] = serde_json::json!("abacus");
        file["theme"] = serde_json::json!(17);
        let loaded = Preferences::from_json(&file.to_string());
        let default = Preferences::default();
        let expected = Preferences {
            theme: default.theme,
            brush_radius_px: default.brush_radius_px,
            settings: Preset::Paper.settings(),
            device: default.device,
            ..unusual()
        };
        assert_eq!(loaded, expected);
    }

    #[test]
    fn file_of_the_first_version_is_read() {
        let text = r#"{
            "version": 1, "theme": "light", "brush_radius_px": 40.0, "preset": "paper",
            "settings": {
                "steps": 700, "lambda": 0.01, "learning_rate": 0.05, "schedule": "constant", "optimizer": "adam",
                "noise": 0.0, "hold": 2.5, "candidates": 2, "starts": "prior", "start_spread": 0.0, "seed": 5,
                "context": {
                    "reduction": "sum", "norm": "l1", "window_px": 9, "focus": 1.0, "gradient": 0.0, "symmetry": 0.0
                },
                "prior": "saturating", "clipping": "hard",
                "hmc": { "leapfrog_steps": 100, "step_size": 0.001, "beta": 0.2, "anneal": 1.002 }
            },
            "blend": { "mode": "feather", "detail_percent": 20 }, "device": "cpu:f32", "model": null,
            "panel_width": 350.0, "log_losses": true, "record": false, "first_guess": false, "explore": true,
            "training_run": "runs/mine"
        }"#;
        let paper = Preset::Paper.settings();
        let expected = Preferences {
            theme: ThemeChoice::Light,
            language: LanguageChoice::System,
            brush_radius_px: 40.0,
            grow_px: 8.0,
            preset: Preset::Paper,
            settings: Settings {
                steps: 700,
                lambda: 0.01,
                learning_rate: 0.05,
                anchor_decay: 2.5,
                candidates: 2,
                seed: 5,
                context: ContextSettings { window_px: 9, ..paper.context },
                ..paper
            },
            blend: Blend {
                mode: BlendMode::Feather,
                detail_percent: 20,
                completion: Blend::default().completion,
                soft_edge_px: 0,
            },
            device: DeviceChoice::CpuF32,
            model: ModelChoice::default(),
            panel_width: 350.0,
            log_losses: true,
            record: false,
            jpeg_quality: 92,
            keep_hole: false,
            first_guess: false,
            face_only: false,
            edits_face: false,
            explore: true,
            training_run: Some("runs/mine".into()),
            recent_files: RecentFiles::default(),
        };
        assert_eq!(Preferences::from_json(text), expected);
    }

    #[test]
    fn missing_completion_gets_the_default() {
        let blend = |text: &str| Preferences::from_json(text).blend;
        let read = blend(r#"{"version": 1, "blend": {"mode": "none", "detail_percent": 5}}"#);
        assert_eq!(read, Blend { mode: BlendMode::None, detail_percent: 5, ..Blend::default() });
        for completion in [false, true] {
            let text = format!(r#"{{"version": 1, "blend": {{"mode": "none", "completion": {completion}}}}}"#);
            assert_eq!(blend(&text).completion, completion);
        }
    }

    #[test]
    fn garbage_gives_the_defaults() {
        for text in ["", "not json", "[]", "{}"] {
            assert_eq!(Preferences::from_json(text), Preferences::default(), "{text}");
        }
    }

    /// A file of a later version: a new value, a new name of a theme, and settings with a new field.
    fn file_from_the_future() -> String {
        let mut file: Value = serde_json::from_str(&unusual().to_json().unwrap()).unwrap();
        file["version"] = 99.into();
        file["theme"] = "solarized".into();
        file["ruler"] = serde_json::json!({"unit": "mm"});
        file["settings"]["optimizer"] = "newton".into();
        file.to_string()
    }

    #[test]
    fn what_is_known_of_newer_versions_is_read() {
        let loaded = Preferences::from_json(&file_from_the_future());
        let default = Preferences::default();
        let expected = Preferences { theme: default.theme, settings: Preset::Paper.settings(), ..unusual() };
        assert_eq!(loaded, expected);
    }

    #[test]
    fn unread_files_are_copied_before_being_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, backup) = (folder.path().join("editor.json"), folder.path().join(BACKUP_NAME));
        unusual().save(&path).unwrap();
        Preferences::default().save(&path).unwrap();
        assert!(!backup.exists(), "a file of this version needs no copy");
        let others = [r#"{"version": 1, "ruler": 3}"#, r#"{"version": 1, "blend": {"glow": 3}}"#, r#"{"theme": "li"#];
        for text in others.map(str::to_owned).into_iter().chain([file_from_the_future()]) {
            std::fs::write(&path, &text).unwrap();
            let loaded = Preferences::load(&path);
            loaded.save(&path).unwrap();
            assert_eq!(std::fs::read_to_string(&backup).unwrap(), text);
            assert_eq!(Preferences::load(&path), loaded);
            // The next save must not replace the copy.
            unusual().save(&path).unwrap();
            assert_eq!(std::fs::read_to_string(&backup).unwrap(), text);
        }
        assert_eq!(Preferences::load(&path), unusual());
    }

    #[test]
    fn a_failed_copy_keeps_the_unread_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("editor.json");
        std::fs::write(&path, file_from_the_future()).unwrap();
        std::fs::create_dir(folder.path().join(BACKUP_NAME)).unwrap();
        Preferences::default().save(&path).unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), file_from_the_future());
    }
}
