//! The run folder: the files of a training run.
//!
//! | file | content |
//! | --- | --- |
//! | `config.json` | the settings |
//! | `log.csv`, `quality.csv` | training and quality metrics by step |
//! | `events.out.tfevents.*` | the same for `TensorBoard`, with the sample images |
//! | `samples/step-NNNNNNNN.png` | generated faces for fixed latents, and reconstructed held-out faces |
//! | `checkpoints/step-NNNNNNNN.safetensors` | the newest two checkpoints |
//! | `model.safetensors`, `best.safetensors` | the newest model, and the one with the lowest context loss |
//! | `stop` | exists while another process asks the run to stop |
//! | `ended.json` | how the last session ended; missing while a session runs and after it was killed |

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::settings::TrainSettings;
use super::{TrainEnd, TrainError, checkpoint};
use crate::fs::{Overwrite, write_atomically};

/// A run folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// The folder at this path, which need not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the settings; `None` if the folder holds no run.
    ///
    /// # Errors
    /// When `config.json` cannot be read.
    pub fn read_settings(&self) -> Result<Option<TrainSettings>, TrainError> {
        let path = self.path.join("config.json");
        match fs::read(&path) {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(settings) => Ok(Some(settings)),
                Err(source) => Err(TrainError::InvalidConfig { path, source }),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TrainError::Read { path, source }),
        }
    }

    /// The sample images in order of steps.
    #[must_use]
    pub fn sample_images(&self) -> Vec<(u64, PathBuf)> {
        let Ok(entries) = fs::read_dir(self.path.join("samples")) else { return Vec::new() };
        let step = |path: &Path| path.file_name()?.to_str()?.strip_prefix("step-")?.strip_suffix(".png")?.parse().ok();
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut images: Vec<(u64, PathBuf)> = paths.filter_map(|path| Some((step(&path)?, path))).collect();
        images.sort();
        images
    }

    /// The step of the newest checkpoint.
    #[must_use]
    pub fn newest_checkpoint_step(&self) -> Option<u64> {
        checkpoint::saved_steps(&self.path).last().copied()
    }

    /// Asks the run to stop after its current step, with a checkpoint.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn request_stop(&self) -> Result<(), TrainError> {
        let path = self.stop_path();
        fs::write(&path, []).map_err(|source| TrainError::Write { path, source })
    }

    /// Whether a stop was requested and the run has not ended yet.
    #[must_use]
    pub fn is_stop_requested(&self) -> bool {
        self.stop_path().exists()
    }

    /// How the last session ended. `None` while a session runs, after it was killed, and when the file cannot be read.
    #[must_use]
    pub fn session_end(&self) -> Option<TrainEnd> {
        serde_json::from_slice(&fs::read(self.session_end_path()).ok()?).ok()
    }

    /// When a file of the run was last written.
    #[must_use]
    pub fn last_modified(&self) -> Option<SystemTime> {
        let names = ["config.json", "log.csv", "quality.csv", "samples", "checkpoints", "ended.json"];
        let modified = |name| fs::metadata(self.path.join(name)).and_then(|data| data.modified()).ok();
        names.into_iter().filter_map(modified).max()
    }

    /// Path of the newest model. The file may not exist yet.
    #[must_use]
    pub fn model_path(&self) -> PathBuf {
        self.path.join("model.safetensors")
    }

    /// Path of the model with the lowest context loss. The file may not exist yet.
    #[must_use]
    pub fn best_model_path(&self) -> PathBuf {
        self.path.join("best.safetensors")
    }

    /// Path of the sample image of a step.
    #[must_use]
    pub fn sample_path(&self, step: u64) -> PathBuf {
        self.path.join("samples").join(format!("step-{step:08}.png"))
    }

    /// Records how the session ended, for other processes. A write error is ignored.
    pub(super) fn write_session_end(&self, end: &TrainEnd) {
        // An enum of plain values always becomes JSON.
        let text = serde_json::to_string_pretty(end).unwrap_or_default();
        let _ = Self::write_file(self.session_end_path(), text.as_bytes());
    }

    /// Removes the stop request and the end record of earlier sessions.
    pub(super) fn clear_session_end(&self) {
        let _ = fs::remove_file(self.stop_path());
        let _ = fs::remove_file(self.session_end_path());
    }

    fn session_end_path(&self) -> PathBuf {
        self.path.join("ended.json")
    }

    pub(super) fn log_path(&self) -> PathBuf {
        self.path.join("log.csv")
    }

    pub(super) fn quality_path(&self) -> PathBuf {
        self.path.join("quality.csv")
    }

    pub(super) fn stop_path(&self) -> PathBuf {
        self.path.join("stop")
    }

    /// Writes the settings.
    pub(super) fn write_settings(&self, settings: &TrainSettings) -> Result<(), TrainError> {
        // A struct of plain values always becomes JSON.
        let text = serde_json::to_string_pretty(settings).unwrap_or_default();
        Self::write_file(self.path.join("config.json"), text.as_bytes())
    }

    /// Writes a file of the run atomically. Creates its folder if needed.
    pub(super) fn write_file(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), TrainError> {
        let path = path.as_ref().to_path_buf();
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| TrainError::Write { path: path.clone(), source })?;
        }
        write_atomically(&path, bytes, Overwrite::Allow)
            .map_err(|source| TrainError::Save { path: path.clone(), source: source.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_folders_and_invalid_settings_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::new(folder.path());
        assert_eq!(
            (run.read_settings().unwrap(), run.read_metrics().unwrap(), run.sample_images()),
            (None, Vec::new(), Vec::new())
        );
        fs::write(folder.path().join("config.json"), "{").unwrap();
        assert!(matches!(run.read_settings(), Err(TrainError::InvalidConfig { .. })));
    }

    #[test]
    fn samples_are_ordered_by_step() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::new(folder.path());
        for step in [2000, 100] {
            RunFolder::write_file(run.sample_path(step), b"png").unwrap();
        }
        fs::write(folder.path().join("samples/other.png"), []).unwrap();
        let steps: Vec<u64> = run.sample_images().into_iter().map(|(step, _)| step).collect();
        assert_eq!(steps, [100, 2000]);
    }
}
