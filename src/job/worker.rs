//! The editor's background thread.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use super::channels::{RequestRepaint, WorkerChannels};
use super::draw_faces::draw_faces;
use super::editor_observer::{EditorObserver, PendingCommands};
use super::heap::trim_heap;
use super::low_priority;
use super::quick_preview::{ComposerCache, draw_quick_preview};
use super::run_fill;
use super::{
    FacesId, FacesRequest, FillError, FillRequest, GeneratedFaces, JobId, Mailbox, NetworkCache, QuickPreview,
    QuickPreviewId, SearchPreview, WorkerCommand, WorkerEvent,
};
use crate::catch_panic::catch_panic;
use crate::model::cpu::CpuActivations;

/// Capacity of the event channel. The thread blocks when it is full.
const EVENT_CAPACITY: usize = 1024;

/// A handle to the thread named `fill`. Dropping it stops the thread.
pub struct WorkerHandle {
    commands: mpsc::Sender<WorkerCommand>,
    events: mpsc::Receiver<WorkerEvent>,
    previews: Arc<Mailbox<SearchPreview>>,
    quick_previews: Arc<Mailbox<QuickPreview>>,
    faces: Arc<Mailbox<GeneratedFaces>>,
}

impl WorkerHandle {
    /// Starts the thread. `request_repaint` is called from that thread whenever the editor should redraw.
    #[must_use]
    pub fn spawn(request_repaint: RequestRepaint) -> Self {
        let (commands, command_receiver) = mpsc::channel();
        let (event_sender, events) = mpsc::sync_channel(EVENT_CAPACITY);
        let (previews, quick_previews) = (Arc::new(Mailbox::default()), Arc::new(Mailbox::default()));
        let faces = Arc::new(Mailbox::default());
        let channels = WorkerChannels {
            commands: command_receiver,
            events: event_sender,
            previews: Arc::clone(&previews),
            quick_previews: Arc::clone(&quick_previews),
            faces: Arc::clone(&faces),
            request_repaint,
        };
        let spawned = thread::Builder::new().name("fill".into()).spawn(move || {
            low_priority::lower_thread_priority();
            Worker::new(channels).run();
        });
        if let Err(error) = spawned {
            // The channels are closed now, so commands get no answer. The log says why.
            tracing::error!("cannot start the fill thread: {error}");
        }
        Self { commands, events, previews, quick_previews, faces }
    }

    /// Sends a command. Never blocks.
    pub fn send(&self, command: WorkerCommand) {
        // Sending fails only when the thread has ended or never started.
        let _ = self.commands.send(command);
    }

    /// The next event, if one waits.
    #[must_use]
    pub fn try_event(&self) -> Option<WorkerEvent> {
        self.events.try_recv().ok()
    }

    /// The newest preview, if it was not taken yet.
    #[must_use]
    pub fn take_preview(&self) -> Option<SearchPreview> {
        self.previews.take()
    }

    /// The newest quick preview, if it was not taken yet.
    #[must_use]
    pub fn take_quick_preview(&self) -> Option<QuickPreview> {
        self.quick_previews.take()
    }

    /// The newest faces, if they were not taken yet.
    #[must_use]
    pub fn take_faces(&self) -> Option<GeneratedFaces> {
        self.faces.take()
    }
}

/// The state of the thread.
pub(super) struct Worker {
    channels: WorkerChannels,
    networks: NetworkCache,
    composers: ComposerCache,
    activations: CpuActivations,
}

impl Worker {
    pub(super) fn new(channels: WorkerChannels) -> Self {
        let (networks, composers) = (NetworkCache::default(), ComposerCache::default());
        Self { channels, networks, composers, activations: CpuActivations::default() }
    }

    /// Runs commands until the editor closes.
    pub(super) fn run(&mut self) {
        let mut next = None;
        while let Some(command) = next.take().or_else(|| self.channels.commands.recv().ok()) {
            match command {
                WorkerCommand::Start(job, request) => {
                    let pending = self.run_job(job, &request);
                    trim_heap();
                    next = pending.start.map(|(job, request)| WorkerCommand::Start(job, request));
                    if let Some((id, request)) = pending.faces {
                        self.send_faces(id, &request);
                    }
                }
                WorkerCommand::DrawFaces(id, request) => self.send_faces(id, &request),
                WorkerCommand::WarmUp(device, model) => {
                    let event = match self.guarded(|worker| worker.networks.load(device, &model)) {
                        Ok((device, model)) => WorkerEvent::WarmedUp { device, model },
                        Err(error) => WorkerEvent::WarmUpFailed { message: error.to_string() },
                    };
                    self.channels.send_event(event);
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
        use WorkerCommand::{DrawFaces, QuickPreview, Start, WarmUp};
        let matters = |command: &_| matches!(command, Start(..) | WarmUp(..) | QuickPreview(..) | DrawFaces(..));
        self.channels.commands.try_iter().find(matters)
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
        let (hole_number, hole) = observer.hole();
        let pending = observer.into_pending();
        self.channels.send_event(match result {
            Ok(outcome) => WorkerEvent::Finished { job, outcome: Arc::new(outcome), hole_number, hole },
            Err(error) => WorkerEvent::Failed { job, message: error.to_string(), causes: causes(&error) },
        });
        pending
    }

    fn send_faces(&mut self, id: FacesId, request: &FacesRequest) {
        match self.guarded(|worker| draw_faces(&mut worker.networks, &mut worker.activations, id, request)) {
            Ok(faces) => self.channels.send_faces(faces),
            Err(error) => self.channels.send_event(WorkerEvent::FacesFailed { id, message: error.to_string() }),
        }
    }

    fn send_quick_preview(&mut self, id: QuickPreviewId, request: &FillRequest) {
        match self.guarded(|worker| draw_quick_preview(&mut worker.networks, &mut worker.composers, id, request)) {
            Ok(Some(preview)) => self.channels.send_quick_preview(preview),
            Ok(None) => {}
            Err(error) => self.channels.send_event(WorkerEvent::QuickPreviewFailed { id, message: error.to_string() }),
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

/// The source chain of an error, outermost first.
fn causes(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string).collect()
}
