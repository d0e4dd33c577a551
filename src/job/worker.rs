//! The editor's background thread.

use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::thread;

use super::channels::{RequestRepaint, WorkerChannels, WorkerHandle, worker_channels};
use super::draw_faces::draw_faces;
use super::editor_observer::{EditorObserver, PendingCommands};
use super::face_maps::draw_maps;
use super::heap::trim_heap;
use super::low_priority;
use super::quick_preview::{ComposerCache, draw_quick_preview};
use super::run_fill;
use super::{
    FacesId, FacesRequest, FillError, FillRequest, JobId, MapRequest, MapRequestId, NetworkCache, QuickPreviewId,
    WorkerCommand, WorkerEvent,
};
use crate::catch_panic::catch_panic;
use crate::model::cpu::CpuActivations;

impl WorkerHandle {
    /// Starts the thread named `fill`. Dropping the handle stops it.
    #[must_use]
    pub fn spawn(request_repaint: RequestRepaint) -> Self {
        let (handle, channels) = worker_channels(request_repaint);
        let spawned = thread::Builder::new().name("fill".into()).spawn(move || {
            low_priority::lower_thread_priority();
            Worker::new(channels).run();
        });
        if let Err(error) = spawned {
            // The channels are closed now, so commands get no answer. The log says why.
            tracing::error!("cannot start the fill thread: {error}");
        }
        handle
    }
}

/// The state of the thread.
pub(super) struct Worker {
    channels: WorkerChannels,
    networks: NetworkCache,
    composers: ComposerCache,
    activations: CpuActivations,
    /// Maps to compute as soon as no other command waits.
    waiting_maps: Option<(MapRequestId, Box<MapRequest>)>,
}

impl Worker {
    pub(super) fn new(channels: WorkerChannels) -> Self {
        let (networks, composers) = (NetworkCache::default(), ComposerCache::default());
        Self { channels, networks, composers, activations: CpuActivations::default(), waiting_maps: None }
    }

    /// Runs commands until the editor closes.
    pub(super) fn run(&mut self) {
        let mut next = None;
        while let Some(command) = next.take().or_else(|| self.next_command()) {
            match command {
                WorkerCommand::Start(job, request) => {
                    let pending = self.run_job(job, &request);
                    trim_heap();
                    next = pending.start.map(|(job, request)| WorkerCommand::Start(job, request));
                    self.waiting_maps = pending.maps;
                    if let Some((id, request)) = pending.faces {
                        self.send_faces(id, &request);
                    }
                }
                WorkerCommand::DrawFaces(id, request) => self.send_faces(id, &request),
                WorkerCommand::DrawMaps(id, request) => self.waiting_maps = Some((id, request)),
                WorkerCommand::CancelMaps => self.waiting_maps = None,
                WorkerCommand::WarmUp(device, model) => {
                    let event = match self.guarded(|worker| worker.networks.load(device, &model)) {
                        Ok((device, model)) => WorkerEvent::WarmedUp { device, model },
                        Err(error) => WorkerEvent::WarmUpFailed { message: error.to_string() },
                    };
                    self.channels.send(event);
                    trim_heap();
                }
                WorkerCommand::QuickPreview(id, request) => {
                    next = self.next_idle_command();
                    if !matches!(next, Some(WorkerCommand::Start(..) | WorkerCommand::QuickPreview(..))) {
                        self.send_quick_preview(id, &request);
                    }
                }
                // The other commands are for a running search.
                _ => {}
            }
        }
    }

    /// The next waiting command that matters while no search runs.
    fn next_idle_command(&self) -> Option<WorkerCommand> {
        self.channels.commands.try_iter().find(matters_when_idle)
    }

    /// Waits for the next command. Meanwhile computes the maps that wait. `None` when the editor has closed.
    fn next_command(&mut self) -> Option<WorkerCommand> {
        while let Some((id, request)) = self.waiting_maps.take() {
            match self.channels.commands.try_recv() {
                Ok(command) => {
                    self.waiting_maps = Some((id, request));
                    return Some(command);
                }
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {
                    if let Some(command) = self.send_maps(id, request) {
                        return Some(command);
                    }
                }
            }
        }
        self.channels.commands.recv().ok()
    }

    /// Computes maps, unless a command comes meanwhile: the maps then wait, and the command is returned.
    fn send_maps(&mut self, id: MapRequestId, request: Box<MapRequest>) -> Option<WorkerCommand> {
        let mut command = None;
        let maps = self.guarded(|worker| {
            let Self { channels, networks, .. } = worker;
            draw_maps(networks, &request, &mut |share| {
                command = channels.commands.try_iter().find(matters_when_idle);
                channels.send(WorkerEvent::MapProgress { id, share });
                command.is_none()
            })
        });
        match maps {
            Ok(Some(maps)) => self.channels.send(WorkerEvent::Maps { id, maps: Arc::new(maps) }),
            Ok(None) => self.waiting_maps = Some((id, request)),
            Err(error) => self.channels.send(WorkerEvent::MapsFailed { id, message: error.to_string() }),
        }
        command
    }

    /// Runs a fill. Returns the commands that came meanwhile and still wait.
    pub(super) fn run_job(&mut self, job: JobId, request: &FillRequest) -> PendingCommands {
        let mut observer = EditorObserver::new(&self.channels, job, request);
        let result = catch_panic(|| run_fill(&mut self.networks, request, &mut observer)).unwrap_or_else(|reason| {
            self.networks.drop_networks();
            self.networks = NetworkCache::default();
            Err(FillError::Internal { reason })
        });
        observer.flush();
        let hole = observer.hole();
        let pending = observer.into_pending();
        self.channels.send(match result {
            Ok(outcome) => WorkerEvent::Finished { job, outcome: Arc::new(outcome), hole },
            Err(error) => WorkerEvent::Failed { job, message: error.to_string(), causes: causes(&error) },
        });
        pending
    }

    fn send_faces(&mut self, id: FacesId, request: &FacesRequest) {
        match self.guarded(|worker| draw_faces(&mut worker.networks, &mut worker.activations, id, request)) {
            Ok(faces) => self.channels.send(WorkerEvent::Faces(faces)),
            Err(error) => self.channels.send(WorkerEvent::FacesFailed { id, message: error.to_string() }),
        }
    }

    fn send_quick_preview(&mut self, id: QuickPreviewId, request: &FillRequest) {
        match self.guarded(|worker| draw_quick_preview(&mut worker.networks, &mut worker.composers, id, request)) {
            Ok(Some(preview)) => self.channels.send(WorkerEvent::QuickPreview(Box::new(preview))),
            Ok(None) => {}
            Err(error) => self.channels.send(WorkerEvent::QuickPreviewFailed { id, message: error.to_string() }),
        }
    }

    /// Runs one command. A panic must not end the thread, because the editor would wait for it for ever; what the command
    /// may have left half-done is dropped.
    fn guarded<T>(&mut self, command: impl FnOnce(&mut Self) -> Result<T, FillError>) -> Result<T, FillError> {
        catch_panic(|| command(self)).unwrap_or_else(|reason| {
            self.networks.drop_networks();
            (self.networks, self.composers) = (NetworkCache::default(), ComposerCache::default());
            self.activations = CpuActivations::default();
            Err(FillError::Internal { reason })
        })
    }
}

/// Whether a command does something while no search runs.
fn matters_when_idle(command: &WorkerCommand) -> bool {
    use WorkerCommand::{CancelMaps, DrawFaces, DrawMaps, QuickPreview, Start, WarmUp};
    matches!(command, Start(..) | WarmUp(..) | QuickPreview(..) | DrawFaces(..) | DrawMaps(..) | CancelMaps)
}

/// The source chain of an error, outermost first.
fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string).collect()
}
