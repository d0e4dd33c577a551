//! Opened devices and loaded networks, kept between fills.

use std::sync::Arc;
use std::time::SystemTime;

use super::DeviceInfo;
use super::caught::caught;
use super::error::FillError;
use super::warm_up::WarmUp;
use crate::device::{self, DeviceChoice, OpenDevice};
use crate::model::{self, ModelChoice, ModelError, ModelFile, ModelInfo, Networks};
use crate::search::Settings;

/// Keeps the newest networks. Stays on the thread that made it, like all of burn's work.
#[derive(Default)]
pub struct Engine {
    /// Read, but on no device yet: networks hold all of a file that is wanted.
    file: Option<(ModelKey, ModelFile)>,
    networks: Option<(ModelKey, String, Arc<Networks>)>,
    warm_up: Option<(DeviceChoice, ModelKey, WarmUp)>,
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

    /// The same, told when all is done. On a GPU that takes a while ([`super::warm_up`]): until then the CPU does what this device and
    /// model are asked for.
    pub(super) fn warm_up(
        &mut self,
        choice: DeviceChoice,
        model: &ModelChoice,
        settings: Settings,
        tell: impl FnOnce(Result<(DeviceInfo, ModelInfo), FillError>) + Send + 'static,
    ) {
        self.warm_up = None;
        match self.opened(choice, model) {
            Ok((device, info)) if device.is_gpu => {
                let ready = (DeviceInfo::of(&device), info);
                let warm_up = WarmUp::start(device, model.clone(), settings, |result| tell(result.map(|()| ready)));
                self.warm_up = Some((choice, key(model), warm_up));
            }
            Ok(_) => tell(self.prepare(choice, model)),
            Err(error) => tell(Err(error)),
        }
    }

    /// The device, and what the model is.
    fn opened(&mut self, choice: DeviceChoice, model: &ModelChoice) -> Result<(OpenDevice, ModelInfo), FillError> {
        Ok((device::open(choice)?, self.info(model)?))
    }

    /// What the model is, read and checked.
    pub(super) fn info(&mut self, choice: &ModelChoice) -> Result<ModelInfo, ModelError> {
        let key = key(choice);
        if let Some((known, _, networks)) = &self.networks
            && *known == key
        {
            return Ok(networks.info.clone());
        }
        let file = self.take_file(choice, &key)?;
        let info = file.info.clone();
        self.file = Some((key, file));
        Ok(info)
    }

    fn take_file(&mut self, choice: &ModelChoice, key: &ModelKey) -> Result<ModelFile, ModelError> {
        match self.file.take() {
            Some((known, file)) if known == *key => Ok(file),
            _ => model::load(choice),
        }
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
        let key = key(model);
        let opened = self.usable(device::open(device)?, device, &key);
        let info = DeviceInfo::of(&opened);
        if let Some((known, name, networks)) = &self.networks
            && *known == key
            && *name == opened.name
        {
            return Ok((info, networks.clone()));
        }
        let file = self.take_file(model, &key)?;
        let broke = |reason| FillError::Broke { device: opened.name.clone(), reason };
        let load = || if opened.is_gpu { Networks::load(&file, &opened.device) } else { Networks::load_on_host(&file) };
        let networks = Arc::new(caught(load).map_err(broke)??);
        self.networks = Some((key, opened.name, networks.clone()));
        Ok((info, networks))
    }

    /// The device that was opened, or the CPU while that one gets ready.
    fn usable(&mut self, opened: OpenDevice, choice: DeviceChoice, model: &ModelKey) -> OpenDevice {
        if self.warm_up.as_ref().is_some_and(|(_, _, warm_up)| !warm_up.is_under_way()) {
            self.warm_up = None;
        }
        match &self.warm_up {
            Some((device, key, _)) if *device == choice && key == model => {
                device::cpu(Some(format!("{} is getting ready: the CPU does the work", opened.name)))
            }
            _ => opened,
        }
    }

    /// Drops the networks, whose device may be lost.
    pub(super) fn forget(&mut self) {
        self.networks = None;
    }
}

fn key(choice: &ModelChoice) -> ModelKey {
    let changed = match choice {
        ModelChoice::Face128 | ModelChoice::Face64 => None,
        ModelChoice::File(path) => std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok(),
    };
    (choice.clone(), changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::tests::tiny_model;

    #[test]
    fn the_cpu_does_the_work_until_the_device_is_ready() {
        let mut engine = Engine::default();
        let (choice, model) = (DeviceChoice::Cpu, tiny_model());
        let (ending, warm_up) = WarmUp::until_told();
        engine.warm_up = Some((choice, key(&model), warm_up));
        let notice = |engine: &mut Engine, model: &ModelChoice| engine.prepare(choice, model).unwrap().0.notice;
        assert_eq!(notice(&mut engine, &model).as_deref(), Some("CPU is getting ready: the CPU does the work"));
        assert_eq!(notice(&mut engine, &ModelChoice::Face64), None, "another model was not asked to get ready");
        ending.send(()).unwrap();
        assert_eq!(notice(&mut engine, &model), None);
        assert!(engine.warm_up.is_none());
    }

    #[test]
    fn a_warm_up_that_cannot_begin_says_why() {
        let (teller, told) = std::sync::mpsc::channel();
        let model = ModelChoice::File("no/such.safetensors".into());
        let settings = crate::search::Preset::Best.settings();
        Engine::default().warm_up(DeviceChoice::Cpu, &model, settings, move |ready| teller.send(ready).unwrap());
        assert!(matches!(told.recv().unwrap(), Err(FillError::Model(_))));
    }
}
