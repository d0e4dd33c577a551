//! A thread that keeps a GPU.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::background::give_way;
use super::engine::{ModelKey, key};
use super::error::FillError;
use super::memory::give_memory_back;
use super::station::Station;
use super::{Command, DeviceInfo, Engine};
use crate::device::DeviceChoice;
use crate::model::{ModelChoice, ModelInfo};
use crate::search::Settings;

/// The thread ends when this is dropped, after what it is doing.
pub(super) struct GpuThread {
    orders: mpsc::Sender<Order>,
    warm_up: Option<WarmUp>,
    rehearsed: Arc<Mutex<Vec<Piece>>>,
}

/// What a GPU compiles and tunes its programs for.
#[derive(Clone, PartialEq)]
pub(super) struct Piece {
    device: DeviceChoice,
    model: ModelKey,
    candidates: u32,
}

impl Piece {
    pub fn new(device: DeviceChoice, model: &ModelChoice, candidates: u32) -> Self {
        Self { device, model: key(model), candidates }
    }
}

/// Something to do with the thread's engine.
type Order = Box<dyn FnOnce(&mut Engine) + Send>;

/// A warm-up that was asked for last.
struct WarmUp {
    /// Closed when it ends; nothing ever comes.
    ended: mpsc::Receiver<()>,
    is_wanted: Arc<AtomicBool>,
}

impl Drop for WarmUp {
    fn drop(&mut self) {
        self.is_wanted.store(false, Ordering::Relaxed);
    }
}

impl GpuThread {
    pub fn spawn() -> io::Result<Self> {
        let (orders, received) = mpsc::channel::<Order>();
        thread::Builder::new().name("gpu".into()).spawn(move || {
            give_way();
            let mut engine = Engine::default();
            for order in received {
                order(&mut engine);
            }
        })?;
        Ok(Self { orders, warm_up: None, rehearsed: Arc::default() })
    }

    /// Asks for a warm-up ([`Engine::warm_up`]) and comes back at once. `tell` is called on the thread at the end, unless it
    /// was called off or another was asked for by then.
    pub fn warm_up(
        &mut self,
        device: DeviceChoice,
        model: ModelChoice,
        settings: Settings,
        tell: impl FnOnce(Result<(DeviceInfo, ModelInfo), FillError>) + Send + 'static,
    ) {
        let (ending, ended) = mpsc::channel();
        let is_wanted = Arc::new(AtomicBool::new(true));
        self.warm_up = Some(WarmUp { ended, is_wanted: Arc::clone(&is_wanted) });
        let rehearsed = Arc::clone(&self.rehearsed);
        self.order(move |engine| {
            if !is_wanted.load(Ordering::Relaxed) {
                return;
            }
            let result = engine.warm_up(device, &model, settings, &is_wanted);
            give_memory_back();
            // One that was called off may have ended early.
            if !is_wanted.load(Ordering::Relaxed) {
                return;
            }
            if result.is_ok() {
                let mut rehearsed = rehearsed.lock().unwrap_or_else(PoisonError::into_inner);
                for piece in [1, settings.candidates].map(|candidates| Piece::new(device, &model, candidates)) {
                    if !rehearsed.contains(&piece) {
                        rehearsed.push(piece);
                    }
                }
            }
            // First: who is told must find it ended.
            drop(ending);
            tell(result);
        });
    }

    /// Lets a warm-up that is under way end early, untold.
    pub fn call_off_warm_up(&mut self) {
        self.warm_up = None;
    }

    pub fn is_warming_up(&self) -> bool {
        self.warm_up.as_ref().is_some_and(|warm_up| warm_up.ended.try_recv() == Err(TryRecvError::Empty))
    }

    /// Whether nothing of that kind is left to compile and to tune.
    pub fn has_rehearsed(&self, piece: &Piece) -> bool {
        self.rehearsed.lock().unwrap_or_else(PoisonError::into_inner).contains(piece)
    }

    /// Has a command done there, and waits for it. Answers what [`Station::obey`] does; `None` when the thread broke down.
    pub fn serve(&self, mut station: Station, command: Command) -> Option<(Station, Option<Command>)> {
        let (back, served) = mpsc::channel();
        self.order(move |engine| {
            let next = station.obey(engine, command);
            // Who waits for it has not gone away.
            let _ = back.send((station, next));
        });
        served.recv().ok()
    }

    pub(super) fn order(&self, order: impl FnOnce(&mut Engine) + Send + 'static) {
        // A thread that broke down drops the order, which whoever waits for it notices.
        let _ = self.orders.send(Box::new(order));
    }

    /// One whose warm-up ends when what this answers is dropped.
    #[cfg(test)]
    pub fn warming_up() -> (mpsc::Sender<()>, Self) {
        let (ending, ended) = mpsc::channel();
        let mut thread = Self::spawn().expect("a thread can be started");
        thread.warm_up = Some(WarmUp { ended, is_wanted: Arc::default() });
        (ending, thread)
    }
}
