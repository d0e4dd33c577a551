//! Controls the fill thread: starts searches, and requests quick previews and thumbnails.
//!
//! Buttons update the screen at once (Stop shows "Stopping…" in the same frame), before the search reacts. The state
//! handles the thread's events; those of a job that is no longer running are dropped.

mod running_fill;

use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::job::{
    DeviceInfo, FacesId, FacesRequest, FillRequest, JobId, LiveSettings, QuickPreviewId, SearchStart, WorkerCommand,
    WorkerEvent, WorkerHandle,
};
use crate::mask::Mask;
use crate::model::ModelChoice;

pub use running_fill::RunningFill;

/// The fill thread's interface, and the running search.
pub struct FillController {
    worker: WorkerHandle,
    /// Id of the last request of any kind.
    last_id: u64,
    running: Option<RunningFill>,
    /// The device of the last fill or warm-up; `None` while unknown.
    device: Option<DeviceInfo>,
    /// The last warm-up has not finished yet.
    is_preparing: bool,
}

impl FillController {
    pub fn new(worker: WorkerHandle) -> Self {
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

    /// Starts a fill.
    pub fn start(&mut self, request: FillRequest) {
        let job = self.next_id();
        self.worker.send(WorkerCommand::ShowCandidate(None));
        self.worker.send(WorkerCommand::Start(job, Box::new(request.clone())));
        self.running = Some(RunningFill::new(job, request));
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

    /// Changes the hole of the running search.
    pub fn set_hole(&mut self, hole: Mask) {
        if let Some(run) = self.running.as_mut().filter(|run| !run.is_stopping) {
            run.hole = hole.clone();
            self.worker.send(WorkerCommand::SetHole(hole));
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

    /// Takes what the fill thread has sent.
    pub fn take_events(&self) -> Vec<WorkerEvent> {
        self.worker.take_events()
    }

    /// The running fill, if it is this job: events of an earlier one can arrive late.
    pub fn run_of(&mut self, job: JobId) -> Option<&mut RunningFill> {
        self.running.as_mut().filter(|run| run.job == job)
    }

    /// Ends the running fill, if it is this job.
    pub fn end_run(&mut self, job: JobId) -> Option<RunningFill> {
        self.running.take_if(|run| run.job == job)
    }

    /// Notes the device in use. `None` when it could not be prepared.
    pub fn device_prepared(&mut self, device: Option<DeviceInfo>) {
        (self.device, self.is_preparing) = (device, false);
    }
}
