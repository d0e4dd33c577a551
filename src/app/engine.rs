//! The device and the model: those in use, and those to choose from.

use std::path::PathBuf;

use super::outbox::Outbox;
use super::preferences::Preferences;
use crate::device::GpuInfo;
use crate::job::{DeviceInfo, WorkerCommand};
use crate::model::{ModelChoice, ModelInfo};

/// The device and the model.
#[derive(Default)]
pub struct EngineState {
    /// The device of the last fill or warm-up; `None` while unknown.
    pub device: Option<DeviceInfo>,
    /// The loaded model; `None` while unknown.
    pub model: Option<ModelInfo>,
    /// The last warm-up has not finished yet.
    pub is_preparing: bool,
    /// The batch window uses the fill thread.
    pub is_used_by_batch: bool,
    pub gpus: Vec<GpuInfo>,
    pub model_paths: Vec<PathBuf>,
}

impl EngineState {
    /// Crop side before the model is loaded: that of the default model.
    const DEFAULT_CROP_SIZE_PX: u32 = 128;

    /// Opens the device and loads the model ahead of the first fill.
    pub fn warm_up(&mut self, preferences: &Preferences, outbox: &Outbox) {
        (self.device, self.is_preparing) = (None, true);
        outbox.send(WorkerCommand::WarmUp(preferences.device, preferences.model.clone()));
    }

    /// Notes the device in use. `None` when it could not be prepared.
    pub fn device_prepared(&mut self, device: Option<DeviceInfo>) {
        (self.device, self.is_preparing) = (device, false);
    }

    /// Adds a model file to the list of models.
    pub fn list_model(&mut self, model: &ModelChoice) {
        if let ModelChoice::File(path) = model
            && !self.model_paths.contains(path)
        {
            self.model_paths.push(path.clone());
        }
    }

    /// Side of the crops of the model in use.
    pub fn crop_size_px(&self) -> u32 {
        self.model.as_ref().map_or(Self::DEFAULT_CROP_SIZE_PX, |model| model.image_size_px)
    }

    /// Whether a first guess can be drawn: the device is open and the model has an encoder.
    pub fn can_draw_first_guess(&self) -> bool {
        !self.is_used_by_batch && self.device.is_some() && self.model.as_ref().is_some_and(|model| model.has_encoder)
    }
}
