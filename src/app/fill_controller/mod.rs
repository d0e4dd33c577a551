//! Controls the fill thread: starts searches, collects their events, and requests quick previews and thumbnails.
//!
//! Buttons update the screen at once (Stop shows "Stopping…" in the same frame), before the search reacts. Events of a
//! job that is no longer running are dropped.

mod running_fill;

use std::sync::Arc;

use super::document::{DocumentFill, FillVariant, MaskId};
use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::job::{
    DeviceInfo, FacesId, FacesRequest, FillRequest, GeneratedFaces, LiveSettings, QuickPreview, QuickPreviewId,
    SearchPreview, SearchStart, WorkerCommand, WorkerEvent, WorkerHandle,
};
use crate::mask::Mask;
use crate::model::{ModelChoice, ModelInfo};

pub use running_fill::RunningFill;

/// The editor's interface to the fill thread; tests implement it too.
pub trait FillWorker {
    /// Sends a command; never blocks.
    fn send(&self, command: WorkerCommand);
    /// The next waiting event.
    fn try_event(&self) -> Option<WorkerEvent>;
    /// The newest preview, unless it was taken already.
    fn take_preview(&self) -> Option<SearchPreview>;
    /// The newest quick preview, unless it was taken already.
    fn take_quick_preview(&self) -> Option<QuickPreview>;
    /// The newest thumbnails, unless they were taken already.
    fn take_thumbnails(&self) -> Option<GeneratedFaces>;
}

impl FillWorker for WorkerHandle {
    fn send(&self, command: WorkerCommand) {
        Self::send(self, command);
    }

    fn try_event(&self) -> Option<WorkerEvent> {
        Self::try_event(self)
    }

    fn take_preview(&self) -> Option<SearchPreview> {
        Self::take_preview(self)
    }

    fn take_quick_preview(&self) -> Option<QuickPreview> {
        Self::take_quick_preview(self)
    }

    fn take_thumbnails(&self) -> Option<GeneratedFaces> {
        Self::take_faces(self)
    }
}

/// What the fill thread reported since the last poll.
pub enum FillUpdate {
    /// The device and the model are ready.
    Ready(ModelInfo),
    WarmUpFailed(String),
    /// The search begins. The notes are for the user.
    Started(Vec<String>),
    /// There is a new preview.
    Preview,
    Finished(Box<DocumentFill>),
    /// A requested quick preview.
    QuickPreviewDrawn(Box<QuickPreview>),
    /// The requested quick preview could not be drawn.
    QuickPreviewFailed(QuickPreviewId, String),
    /// Requested thumbnails.
    ThumbnailsDrawn(GeneratedFaces),
    /// The requested thumbnails could not be drawn.
    ThumbnailsFailed(FacesId, String),
    /// The fill gave no result. `cancelled`: the user stopped it.
    Failed {
        message: String,
        causes: Vec<String>,
        cancelled: bool,
    },
}

/// The fill thread's interface, and the running search.
pub struct FillController {
    worker: Box<dyn FillWorker>,
    /// Id of the last request of any kind.
    last_id: u64,
    running: Option<RunningFill>,
    /// The device of the last fill or warm-up; `None` while unknown.
    device: Option<DeviceInfo>,
    /// The last warm-up has not finished yet.
    is_preparing: bool,
}

impl FillController {
    pub fn new(worker: Box<dyn FillWorker>) -> Self {
        Self { worker, last_id: 0, running: None, device: None, is_preparing: true }
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn running(&self) -> Option<&RunningFill> {
        self.running.as_ref()
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The device of the last fill or warm-up.
    pub fn device(&self) -> Option<&DeviceInfo> {
        self.device.as_ref()
    }

    /// Whether the device and the model are still being prepared.
    pub fn is_preparing(&self) -> bool {
        self.is_preparing
    }

    /// Opens the device and loads the model ahead of the first fill.
    pub fn warm_up(&mut self, device: DeviceChoice, model: ModelChoice) {
        self.device = None;
        self.is_preparing = true;
        self.worker.send(WorkerCommand::WarmUp(device, model));
    }

    /// Starts a fill of the mask state `mask_id`.
    pub fn start(&mut self, request: FillRequest, mask_id: MaskId) {
        let job = self.next_id();
        // A waiting preview belongs to the previous job.
        drop(self.worker.take_preview());
        self.worker.send(WorkerCommand::ShowCandidate(None));
        self.worker.send(WorkerCommand::Start(job, Box::new(request.clone())));
        self.running = Some(RunningFill::new(job, request, mask_id));
    }

    /// Stops the search and keeps its best result.
    pub fn stop(&mut self) {
        if let Some(run) = self.running.as_mut().filter(|run| !run.is_stopping) {
            run.is_stopping = true;
            self.worker.send(WorkerCommand::Cancel);
        }
    }

    /// Stops the search and drops its result.
    pub fn abandon(&mut self) {
        if self.running.take().is_some() {
            self.worker.send(WorkerCommand::Cancel);
        }
    }

    pub fn toggle_pause(&mut self) {
        if let Some(run) = self.running.as_mut().filter(|run| !run.is_stopping) {
            run.is_paused = !run.is_paused;
            self.worker.send(if run.is_paused { WorkerCommand::Pause } else { WorkerCommand::Resume });
        }
    }

    /// Runs one iteration, then pauses.
    pub fn step_once(&mut self) {
        if let Some(run) = self.running.as_mut().filter(|run| !run.is_stopping) {
            run.is_paused = true;
            self.worker.send(WorkerCommand::StepOnce);
        }
    }

    /// Changes the settings of the running search from its next iteration on.
    pub fn update_settings(&mut self, live: LiveSettings) {
        if let Some(run) = &mut self.running {
            // The number of steps in the panel does not apply to "More like this", which takes few steps.
            let is_variation = matches!(run.request.start, SearchStart::Around(_));
            let steps = if is_variation { run.request.settings.steps } else { live.steps };
            (run.request.settings.lambda, run.request.settings.steps) = (live.lambda, steps);
            self.worker.send(WorkerCommand::SetLiveSettings(LiveSettings { steps, ..live }));
        }
    }

    /// Changes the hole of the running search to the mask state `mask_id`.
    pub fn set_hole(&mut self, hole: Arc<Mask>, mask_id: MaskId) {
        if let Some(run) = self.running.as_mut().filter(|run| !run.is_stopping) {
            let number = run.mask_ids.len() as u64;
            run.mask_ids.push(mask_id);
            self.worker.send(WorkerCommand::SetHole(number, hole));
        }
    }

    /// Changes the blend of the running fill.
    pub fn set_blend(&mut self, blend: Blend) {
        if let Some(run) = &mut self.running {
            run.request.blend = blend;
            self.worker.send(WorkerCommand::SetBlend(blend));
        }
    }

    /// Requests a quick preview: one picture without a search. A newer request replaces a waiting one.
    pub fn request_quick_preview(&mut self, request: FillRequest) -> QuickPreviewId {
        let id = self.next_id();
        self.worker.send(WorkerCommand::QuickPreview(id, Box::new(request)));
        id
    }

    /// Requests thumbnails of faces. A newer request replaces a waiting one.
    pub fn request_thumbnails(&mut self, request: FacesRequest) -> FacesId {
        let id = self.next_id();
        self.worker.send(WorkerCommand::DrawFaces(id, Box::new(request)));
        id
    }

    /// Shows one candidate, or the current best for `None`.
    pub fn show_candidate(&mut self, candidate: Option<usize>) {
        if let Some(run) = &mut self.running {
            run.chosen_candidate = candidate;
            self.worker.send(WorkerCommand::ShowCandidate(candidate));
        }
    }

    /// Collects everything that the fill thread reported.
    pub fn poll(&mut self) -> Vec<FillUpdate> {
        let mut updates = Vec::new();
        while let Some(event) = self.worker.try_event() {
            updates.extend(self.handle_event(event));
        }
        if let Some(preview) = self.worker.take_preview()
            && let Some(run) = self.running.as_mut().filter(|run| run.job == preview.job)
        {
            run.preview = Some(preview);
            updates.push(FillUpdate::Preview);
        }
        updates.extend(self.worker.take_quick_preview().map(Box::new).map(FillUpdate::QuickPreviewDrawn));
        updates.extend(self.worker.take_thumbnails().map(FillUpdate::ThumbnailsDrawn));
        updates
    }

    fn handle_event(&mut self, event: WorkerEvent) -> Option<FillUpdate> {
        match event {
            WorkerEvent::WarmedUp { device, model } => {
                self.device = Some(device);
                self.is_preparing = false;
                Some(FillUpdate::Ready(model))
            }
            WorkerEvent::WarmUpFailed { message } => {
                self.device = None;
                self.is_preparing = false;
                Some(FillUpdate::WarmUpFailed(message))
            }
            WorkerEvent::Started { job, device, notes } => {
                let run = self.running.as_mut().filter(|run| run.job == job)?;
                run.is_started = true;
                self.device = Some(device);
                Some(FillUpdate::Started(notes))
            }
            WorkerEvent::Progress { job, iterations, remaining_secs, extended_by, paused, .. } => {
                let run = self.running.as_mut().filter(|run| run.job == job)?;
                run.loss_history.extend(iterations);
                run.remaining_secs = remaining_secs;
                run.extra_iterations = extended_by;
                run.is_paused = paused;
                None
            }
            WorkerEvent::Finished { job, outcome, hole_number, hole } => {
                let run = self.running.take_if(|run| run.job == job)?;
                let mask_id = run.mask_id(hole_number).or_else(|| run.newest_mask_id())?;
                let last = outcome.candidates.len().saturating_sub(1);
                let candidate = run.chosen_candidate.unwrap_or(outcome.best).min(last);
                let preview = run.preview.filter(|preview| preview.hole_number == hole_number);
                Some(FillUpdate::Finished(Box::new(DocumentFill {
                    variant: FillVariant { candidate, blend: run.request.blend },
                    outcome,
                    mask: hole,
                    mask_id,
                    frame: run.request.frame,
                    patch: preview.map(|preview| preview.patch),
                    loss_history: run.loss_history,
                    full_size_variant: None,
                    requested_variant: None,
                })))
            }
            WorkerEvent::Failed { job, message, causes } => {
                let run = self.running.take_if(|run| run.job == job)?;
                Some(FillUpdate::Failed { message, causes, cancelled: run.is_stopping })
            }
            WorkerEvent::QuickPreviewFailed { id, message } => Some(FillUpdate::QuickPreviewFailed(id, message)),
            WorkerEvent::FacesFailed { id, message } => Some(FillUpdate::ThumbnailsFailed(id, message)),
        }
    }
}
