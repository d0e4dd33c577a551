//! One search thread for several jobs at once: the searches that wait for it go through the networks together.
//!
//! While it searches, the jobs' own threads read, prepare and save photos. So the device is kept busy, and a GPU gets
//! batches that are large enough.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::catch_panic::catch_panic;
use crate::cli::fill::FillBackend;
use crate::device::DeviceChoice;
use crate::job::{DeviceInfo, FaceMapSet, FillControl, FillError, FillObserver, FillOutcome, FillRequest, MapRequest};
use crate::model::{ModelChoice, ModelInfo};
use crate::search::Losses;

/// Most searches in one run: a job should not wait long for others that began with it.
const MAX_TOGETHER: usize = 32;

/// Sent to the search thread.
enum Call {
    Search(WaitingSearch),
    /// Anything else that needs the device.
    Other(DeviceWork),
}

type DeviceWork = Box<dyn FnOnce(&mut dyn FillBackend) + Send>;

struct WaitingSearch {
    request: Box<FillRequest>,
    events: Sender<SearchEvent>,
}

/// Sent by the search thread to the job whose search it is.
enum SearchEvent {
    Started(DeviceInfo, ModelInfo, Vec<String>),
    Losses(u32, Vec<Losses>),
    Ended(Box<Result<FillOutcome, FillError>>),
}

/// The search thread, as one of the jobs sees it.
#[derive(Clone)]
pub(super) struct SharedBackend {
    calls: Sender<Call>,
    /// What is known to load, so that no job waits for the search thread to hear it again.
    loaded: Arc<Mutex<Vec<(DeviceChoice, ModelChoice)>>>,
}

/// The search thread's end.
pub(super) struct SearchThread {
    calls: Receiver<Call>,
}

/// The two ends.
pub(super) fn shared_backend() -> (SharedBackend, SearchThread) {
    let (sender, calls) = channel();
    (SharedBackend { calls: sender, loaded: Arc::default() }, SearchThread { calls })
}

impl SearchThread {
    /// Does what the jobs ask for until all of them have dropped their end.
    pub(super) fn run(self, backend: &mut dyn FillBackend) {
        let mut waiting = VecDeque::new();
        loop {
            // Everything that has come while the last searches ran.
            let next = if waiting.is_empty() { self.calls.recv().ok() } else { self.calls.try_recv().ok() };
            match next {
                Some(Call::Search(search)) => waiting.push_back(search),
                Some(Call::Other(call)) => call(backend),
                None if waiting.is_empty() => break,
                None => {
                    let count = waiting.len().min(MAX_TOGETHER);
                    let searches: Vec<WaitingSearch> = waiting.drain(..count).collect();
                    search_together(backend, &searches);
                }
            }
        }
    }
}

fn search_together(backend: &mut dyn FillBackend, searches: &[WaitingSearch]) {
    let events = searches.iter().map(|search| search.events.clone());
    let mut observers: Vec<Reporter> = events.map(Reporter).collect();
    let fills = searches.iter().zip(&mut observers);
    let fills = fills.map(|(search, observer)| (&*search.request, observer as &mut dyn FillObserver)).collect();
    let outcomes = catch_panic(|| backend.run_searches(fills)).unwrap_or_else(|reason| {
        backend.reset();
        searches.iter().map(|_| Err(FillError::Internal { reason: reason.clone() })).collect()
    });
    for (search, outcome) in searches.iter().zip(outcomes) {
        // A job that has ended needs no outcome.
        let _ = search.events.send(SearchEvent::Ended(Box::new(outcome)));
    }
}

/// Reports a search to its job.
struct Reporter(Sender<SearchEvent>);

impl FillObserver for Reporter {
    fn started(&mut self, device: &DeviceInfo, model: &ModelInfo, notes: &[String]) {
        let _ = self.0.send(SearchEvent::Started(device.clone(), model.clone(), notes.to_vec()));
    }

    fn control(&mut self) -> FillControl {
        FillControl::Continue
    }

    fn losses(&mut self, iteration: u32, losses: &[Losses]) {
        let _ = self.0.send(SearchEvent::Losses(iteration, losses.to_vec()));
    }
}

impl SharedBackend {
    /// Has the search thread do something, and waits for the answer.
    fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn FillBackend) -> Result<T, FillError> + Send + 'static,
    ) -> Result<T, FillError> {
        let (sender, answer) = channel();
        let work = move |backend: &mut dyn FillBackend| {
            let result = catch_panic(|| work(backend)).unwrap_or_else(|reason| {
                backend.reset();
                Err(FillError::Internal { reason })
            });
            let _ = sender.send(result);
        };
        self.calls.send(Call::Other(Box::new(work))).map_err(|_| search_thread_ended())?;
        answer.recv().map_err(|_| search_thread_ended())?
    }
}

fn search_thread_ended() -> FillError {
    FillError::Internal { reason: "the search thread has ended".into() }
}

impl FillBackend for SharedBackend {
    fn load_model(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(), FillError> {
        let key = (device, model.clone());
        let loaded = Arc::clone(&self.loaded);
        let loaded = || loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if !loaded().contains(&key) {
            let model = model.clone();
            self.call(move |backend| backend.load_model(device, &model))?;
            loaded().push(key);
        }
        Ok(())
    }

    /// Pictures and a new hole are not asked for: the search thread waits for no job.
    fn run_search(&mut self, request: &FillRequest, observer: &mut dyn FillObserver) -> Result<FillOutcome, FillError> {
        let (events, received) = channel();
        let search = WaitingSearch { request: Box::new(request.clone()), events };
        self.calls.send(Call::Search(search)).map_err(|_| search_thread_ended())?;
        for event in received {
            match event {
                SearchEvent::Started(device, model, notes) => observer.started(&device, &model, &notes),
                SearchEvent::Losses(iteration, losses) => observer.losses(iteration, &losses),
                SearchEvent::Ended(outcome) => return *outcome,
            }
        }
        Err(search_thread_ended())
    }

    fn draw_maps(&mut self, request: &MapRequest) -> Result<Option<FaceMapSet>, FillError> {
        let request = request.clone();
        self.call(move |backend| backend.draw_maps(&request))
    }

    /// A panic in a job does not concern the search thread, which resets the device after its own.
    fn reset(&mut self) {}
}
