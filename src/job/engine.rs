//! Opened devices and loaded networks, kept between fills.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use super::DeviceInfo;
use super::caught::caught;
use super::error::FillError;
use crate::device::{self, DeviceChoice};
use crate::model::host::Arithmetic;
use crate::model::{self, ModelChoice, ModelError, ModelFile, ModelInfo, Networks};
use crate::search::{Best, Problem, Search, Settings};

/// The first iteration has no best before it, and no moments.
const REHEARSED_ITERATIONS: usize = 3;

/// Keeps the newest networks. Stays on the thread that made it, like all of burn's work.
#[derive(Default)]
pub struct Engine {
    /// Read, but on no device yet: networks hold all of a file that is wanted.
    file: Option<(ModelKey, ModelFile)>,
    networks: Option<(ModelKey, String, Arc<Networks>)>,
    /// The name of a GPU that gets ready: the CPU does what it is asked for.
    pub(super) stands_in_for: Option<String>,
}

/// A choice, and for files also when they were changed, so that a new file under an old name is read again.
pub(super) type ModelKey = (ModelChoice, Option<SystemTime>);

impl Engine {
    /// Opens the device and loads the model, or finds them in the cache.
    ///
    /// # Errors
    /// When either cannot be had.
    pub fn prepare(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(DeviceInfo, ModelInfo), FillError> {
        let (device, networks) = self.networks(device, model)?;
        Ok((device, networks.info.clone()))
    }

    /// The same, and on a GPU a few iterations of what the settings ask for: a GPU compiles its programs and tries which of them are
    /// fastest when they are first used, which the first fill would have to wait for. Ends early when it is not wanted any more.
    ///
    /// # Errors
    /// When either cannot be had, or the GPU breaks down.
    pub(super) fn warm_up(
        &mut self,
        device: DeviceChoice,
        model: &ModelChoice,
        settings: Settings,
        is_wanted: &AtomicBool,
    ) -> Result<(DeviceInfo, ModelInfo), FillError> {
        let (device, networks) = self.networks(device, model)?;
        if device.is_gpu {
            let began = Instant::now();
            // A first guess is a search of its own shape.
            for settings in [settings.to_draw_one(), settings] {
                if !is_wanted.load(Ordering::Relaxed) {
                    break;
                }
                let broke = |reason| FillError::Broke { device: device.name.clone(), reason };
                caught(|| rehearse(&networks, settings)).map_err(broke)?;
            }
            tracing::debug!("{} warmed up in {:.1} s", device.name, began.elapsed().as_secs_f64());
        }
        Ok((device, networks.info.clone()))
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
        let opened = match &self.stands_in_for {
            Some(gpu) => device::cpu(Some(format!("{gpu} is getting ready: the CPU does the work"))),
            None => device::open(device)?,
        };
        let arithmetic = if device == DeviceChoice::CpuF32 { Arithmetic::Single } else { Arithmetic::fastest() };
        let name = if opened.is_gpu { opened.name } else { arithmetic.host_name().to_owned() };
        let info = DeviceInfo { name, is_gpu: opened.is_gpu, notice: opened.notice };
        let key = key(model);
        if let Some((known, name, networks)) = &self.networks
            && *known == key
            && *name == info.name
        {
            return Ok((info, networks.clone()));
        }
        let file = self.take_file(model, &key)?;
        let broke = |reason| FillError::Broke { device: info.name.clone(), reason };
        let load = || {
            if info.is_gpu { Networks::load(&file, &opened.device) } else { Networks::load_on_host(&file, arithmetic) }
        };
        let networks = Arc::new(caught(load).map_err(broke)??);
        self.networks = Some((key, info.name.clone(), networks.clone()));
        Ok((info, networks))
    }

    /// The device whose networks are kept.
    #[cfg(test)]
    pub(super) fn keeps(&self) -> Option<&str> {
        self.networks.as_ref().map(|(_, device, _)| device.as_str())
    }

    /// Drops the networks, whose device may be lost.
    pub(super) fn forget(&mut self) {
        self.networks = None;
    }
}

/// Searches for a grey face, one eye of which is hidden, as far as everything was done once. Answers what it found.
fn rehearse(networks: &Arc<Networks>, settings: Settings) -> Option<Best> {
    let size_px = networks.info.image_size_px as usize;
    let is_hidden = |pixel: usize| {
        let (x, y) = (pixel % size_px, pixel / size_px);
        (size_px / 8..size_px * 3 / 8).contains(&x) && (size_px / 4..size_px / 2).contains(&y)
    };
    let problem = Problem {
        size_px,
        pixels: vec![0.0; 3 * size_px * size_px],
        known: (0..size_px * size_px).map(|pixel| f32::from(u8::from(!is_hidden(pixel)))).collect(),
    };
    let mut search = Search::new(networks.clone(), &problem, settings);
    for _ in 0..REHEARSED_ITERATIONS {
        search.advance();
    }
    // What nobody reads is not computed.
    drop(search.best_pictures());
    search.best()
}

pub(super) fn key(choice: &ModelChoice) -> ModelKey {
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
    use crate::search::Preset;

    #[test]
    fn a_rehearsal_is_a_search_of_the_settings_and_of_one_face() {
        let (_, networks) = Engine::default().networks(DeviceChoice::Cpu, &tiny_model()).unwrap();
        let settings = Settings { candidates: 3, ..Preset::Best.settings() };
        let found = |settings| rehearse(&networks, settings).unwrap();
        let (several, one) = (found(settings), found(settings.to_draw_one()));
        assert_eq!((several.latents.len(), one.latents.len()), (3, 1));
        assert!(several.losses.iter().all(|losses| losses.context.is_finite() && losses.context > 0.0));
    }
}
