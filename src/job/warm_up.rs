//! A GPU gets ready on a thread of its own, and the CPU does what is asked for meanwhile.
//!
//! A GPU compiles its programs and tries which of them are fastest when they are first used: on an H100 44 s the first time, and
//! 12 s from the driver's cache, where a fill takes the CPU a second or three. What is compiled and tuned belongs to the device,
//! not to the thread that asked for it, and neither do the networks: those of the warm-up are dropped when it is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::Instant;

use super::background::give_way;
use super::caught::caught;
use super::error::FillError;
use super::memory::give_memory_back;
use crate::device::OpenDevice;
use crate::model::{self, ModelChoice, Networks};
use crate::search::{Best, Problem, Search, Settings};

/// The first iteration has no best before it, and no moments.
const REHEARSED_ITERATIONS: usize = 3;

/// A warm-up under way. Dropping it lets it end early, untold.
pub(super) struct WarmUp {
    ended: mpsc::Receiver<()>,
    is_wanted: Arc<AtomicBool>,
}

impl WarmUp {
    /// Starts a few iterations of what the settings ask for, on that device with that model. `tell` is called at the end, on another
    /// thread.
    pub fn start(
        device: OpenDevice,
        model: ModelChoice,
        settings: Settings,
        tell: impl FnOnce(Result<(), FillError>) + Send + 'static,
    ) -> Self {
        let (ending, ended) = mpsc::channel();
        let is_wanted = Arc::new(AtomicBool::new(true));
        let wanted = Arc::clone(&is_wanted);
        let spawned = thread::Builder::new().name("warm up".into()).spawn(move || {
            give_way();
            let result = warm_up(&device, &model, settings, &wanted);
            give_memory_back();
            // First: who is told must find it ended.
            let _ = ending.send(());
            if wanted.load(Ordering::Relaxed) {
                tell(result);
            }
        });
        if let Err(error) = spawned {
            // The channel is closed now: the first fill does what the warm-up would have done.
            tracing::error!("cannot start the warm-up thread: {error}");
        }
        Self { ended, is_wanted }
    }

    /// One that is under way until something is sent.
    #[cfg(test)]
    pub fn until_told() -> (mpsc::Sender<()>, Self) {
        let (ending, ended) = mpsc::channel();
        (ending, Self { ended, is_wanted: Arc::default() })
    }

    pub fn is_under_way(&self) -> bool {
        matches!(self.ended.try_recv(), Err(TryRecvError::Empty))
    }
}

impl Drop for WarmUp {
    fn drop(&mut self) {
        self.is_wanted.store(false, Ordering::Relaxed);
    }
}

fn warm_up(
    device: &OpenDevice,
    model: &ModelChoice,
    settings: Settings,
    is_wanted: &AtomicBool,
) -> Result<(), FillError> {
    let began = Instant::now();
    let broke = |reason| FillError::Broke { device: device.name.clone(), reason };
    let file = model::load(model)?;
    let networks = Arc::new(caught(|| Networks::load(&file, &device.device)).map_err(broke)??);
    // A first guess is a search of its own shape.
    for settings in [settings.to_draw_one(), settings] {
        if !is_wanted.load(Ordering::Relaxed) {
            return Ok(());
        }
        caught(|| rehearse(&networks, settings)).map_err(broke)?;
    }
    tracing::debug!("{} warmed up in {:.1} s", device.name, began.elapsed().as_secs_f64());
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceChoice;
    use crate::job::Engine;
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
