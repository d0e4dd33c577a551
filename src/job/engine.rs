//! Opened devices and loaded networks, kept between fills.

use std::sync::Arc;
use std::time::SystemTime;

use super::DeviceInfo;
use super::caught::caught;
use super::fill::FillError;
use crate::device::{self, DeviceChoice};
use crate::model::{self, ModelChoice, ModelError, ModelFile, ModelInfo, Networks};

/// Keeps the newest model and its networks. Stays on the thread that made it, like all of burn's work.
#[derive(Default)]
pub struct Engine {
    model: Option<(ModelKey, Arc<ModelFile>)>,
    networks: Option<(ModelKey, String, Arc<Networks>)>,
}

/// A choice, and for files also when they were changed, so that a new file under an old name is read again.
type ModelKey = (ModelChoice, Option<SystemTime>);

impl Engine {
    /// Opens the device and loads the model, or finds them in the cache.
    ///
    /// # Errors
    /// When either cannot be had.
    pub fn prepare(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(DeviceInfo, ModelInfo), FillError> {
        let (device, networks) = self.networks(device, model)?;
        Ok((device, networks.info.clone()))
    }

    /// The model's file, read and checked.
    pub(super) fn model(&mut self, choice: &ModelChoice) -> Result<Arc<ModelFile>, ModelError> {
        let key = key(choice);
        if let Some((known, file)) = &self.model
            && *known == key
        {
            return Ok(file.clone());
        }
        let file = Arc::new(model::load(choice)?);
        self.model = Some((key, file.clone()));
        Ok(file)
    }

    /// The networks on the device, as [`prepare`](Self::prepare) finds them.
    ///
    /// # Errors
    /// When either cannot be had.
    pub fn networks(
        &mut self,
        device: DeviceChoice,
        model: &ModelChoice,
    ) -> Result<(DeviceInfo, Arc<Networks>), FillError> {
        let opened = device::open(device)?;
        let info = DeviceInfo { name: opened.name.clone(), is_gpu: opened.is_gpu, notice: opened.notice };
        let key = key(model);
        if let Some((known, name, networks)) = &self.networks
            && *known == key
            && *name == opened.name
        {
            return Ok((info, networks.clone()));
        }
        let file = self.model(model)?;
        let broke = |reason| FillError::Broke { device: opened.name.clone(), reason };
        let load = || if opened.is_gpu { Networks::load(&file, &opened.device) } else { Networks::load_on_host(&file) };
        let networks = Arc::new(caught(load).map_err(broke)??);
        self.networks = Some((key, opened.name, networks.clone()));
        Ok((info, networks))
    }

    /// Drops the networks, whose device may be lost.
    pub(super) fn forget(&mut self) {
        self.networks = None;
    }
}

fn key(choice: &ModelChoice) -> ModelKey {
    let changed = match choice {
        ModelChoice::Embedded => None,
        ModelChoice::File(path) => std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok(),
    };
    (choice.clone(), changed)
}
