//! Caches the opened device and the loaded networks between fills.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::DeviceInfo;
use super::error::FillError;
use crate::catch_panic::catch_panic;
use crate::device::{self, DeviceChoice, Gpu};
use crate::model::cpu::CpuPrecision;
use crate::model::{self, ModelChoice, ModelError, ModelFile, ModelInfo, Networks};
use crate::search::{Search, SearchProblem, Settings};

/// Cache of the last model, on its device.
#[derive(Default)]
pub struct NetworkCache {
    /// A model file that was read but not loaded onto a device yet.
    unloaded_file: Option<(ModelKey, ModelFile)>,
    /// The key is the requested model and device.
    networks: Option<((ModelKey, DeviceChoice), DeviceInfo, Arc<Networks>)>,
}

/// The model choice, and the modification time of a file, so that a replaced file is read again.
type ModelKey = (ModelChoice, Option<SystemTime>);

impl NetworkCache {
    /// Opens the device and loads the model, unless they are cached.
    ///
    /// # Errors
    /// When the device cannot be opened or the model cannot be loaded.
    pub fn load(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(DeviceInfo, ModelInfo), FillError> {
        let (device, networks) = self.networks(device, model)?;
        Ok((device, networks.info.clone()))
    }

    /// Reads and checks the model, and returns its description.
    ///
    /// # Errors
    /// When the model cannot be loaded.
    pub fn model_info(&mut self, choice: &ModelChoice) -> Result<ModelInfo, ModelError> {
        let key = model_key(choice);
        if let Some(((cached, _), _, networks)) = &self.networks
            && *cached == key
        {
            return Ok(networks.info.clone());
        }
        let file = self.take_file(choice, &key)?;
        let info = file.info.clone();
        self.unloaded_file = Some((key, file));
        Ok(info)
    }

    fn take_file(&mut self, choice: &ModelChoice, key: &ModelKey) -> Result<ModelFile, ModelError> {
        match self.unloaded_file.take() {
            Some((cached, file)) if cached == *key => Ok(file),
            _ => model::load(choice),
        }
    }

    /// Like [`load`](Self::load), but returns the networks. With [`DeviceChoice::Auto`], the CPU is used when the
    /// GPU fails.
    ///
    /// # Errors
    /// When the device cannot be opened or the model cannot be loaded.
    pub fn networks(
        &mut self,
        device: DeviceChoice,
        model: &ModelChoice,
    ) -> Result<(DeviceInfo, Arc<Networks>), FillError> {
        let key = (model_key(model), device);
        if let Some((cached, info, networks)) = &self.networks
            && *cached == key
            && !networks.is_gpu_lost()
        {
            return Ok((info.clone(), networks.clone()));
        }
        #[cfg(test)]
        super::panic_stage::reach(super::panic_stage::Stage::Load);
        let opened = device::open(device)?;
        let precision = if device == DeviceChoice::CpuF32 { CpuPrecision::Single } else { CpuPrecision::fastest() };
        let file = self.take_file(model, &key.0)?;
        let device_failed = |device: &str, reason| FillError::DeviceFailed { device: device.to_owned(), reason };
        let on_cpu = |notice| {
            let info = DeviceInfo { name: precision.device_name().to_owned(), is_gpu: false, notice };
            let networks = catch_panic(|| Networks::load_on_cpu(&file, precision));
            Ok::<_, FillError>((Arc::new(networks.map_err(|reason| device_failed(&info.name, reason))??), info))
        };
        let (networks, info) = match opened.gpu {
            None => on_cpu(opened.notice)?,
            Some(gpu) => match catch_panic(|| load_on_gpu(&file, &gpu)).inspect_err(|_| gpu.give_up()) {
                Ok(networks) => (networks?, DeviceInfo { name: opened.name, is_gpu: true, notice: opened.notice }),
                Err(reason) if device == DeviceChoice::Auto => {
                    on_cpu(Some(format!("{} does not work ({reason}): using the CPU", opened.name)))?
                }
                Err(reason) => return Err(device_failed(&opened.name, reason)),
            },
        };
        self.networks = Some((key, info.clone(), networks.clone()));
        Ok((info, networks))
    }

    /// Drops the networks, because their device may be lost. A GPU is then opened anew.
    pub(super) fn drop_networks(&mut self) {
        if let Some((.., networks)) = self.networks.take() {
            networks.give_up_gpu();
        }
    }
}

/// Loads networks onto a GPU and runs one search iteration. This compiles the shaders before the first fill needs them,
/// and shows whether the GPU works.
fn load_on_gpu(file: &ModelFile, gpu: &Gpu) -> Result<Arc<Networks>, ModelError> {
    let started = Instant::now();
    let networks = Arc::new(Networks::load_on_gpu(file, gpu)?);
    let size_px = networks.info.image_size_px as usize;
    // A grey picture with a hole over one eye.
    let is_hole = |pixel: usize| {
        let (x, y) = (pixel % size_px, pixel / size_px);
        (size_px / 8..size_px * 3 / 8).contains(&x) && (size_px / 4..size_px / 2).contains(&y)
    };
    let known = (0..size_px * size_px).map(|pixel| f32::from(u8::from(!is_hole(pixel)))).collect();
    let problem = SearchProblem::fill(size_px, vec![0.0; 3 * size_px * size_px], known);
    Search::new(networks.clone(), &problem, Settings::default().without_search()).advance();
    tracing::debug!("networks were loaded onto the GPU in {:.2} s", started.elapsed().as_secs_f64());
    Ok(networks)
}

fn model_key(choice: &ModelChoice) -> ModelKey {
    let modified = match choice {
        ModelChoice::Face128 | ModelChoice::Face64 => None,
        ModelChoice::File(path) => std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok(),
    };
    (choice.clone(), modified)
}
