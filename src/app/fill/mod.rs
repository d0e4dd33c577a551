//! Controls the fill thread: starts searches, collects their events and newest preview, and requests single pictures.
//!
//! Buttons change the screen at once (Stop shows "Stopping…" in the same frame), before the search reacts. Events of a
//! job that is no longer running are dropped.

mod run;

use std::sync::Arc;

use super::document::{Fill, Look, MaskId};
use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::job::{
    Command, DeviceInfo, Event, Faces, FacesId, FacesRequest, FillRequest, JobId, LiveSettings, Preview, Sketch,
    SketchId, Start, Worker,
};
use crate::mask::Mask;
use crate::model::{ModelChoice, ModelInfo};

pub use run::Run;

/// The editor's interface to the fill thread; tests implement it too.
pub trait Engine {
    /// Sends a command; never blocks.
    fn send(&self, command: Command);
    /// The next waiting event.
    fn try_event(&self) -> Option<Event>;
    /// The newest preview, unless it was taken already.
    fn take_preview(&self) -> Option<Preview>;
    /// The newest single picture, unless it was taken already.
    fn take_sketch(&self) -> Option<Sketch>;
    /// The newest thumbnails, unless they were taken already.
    fn take_faces(&self) -> Option<Faces>;
}

impl Engine for Worker {
    fn send(&self, command: Command) {
        Self::send(self, command);
    }

    fn try_event(&self) -> Option<Event> {
        Self::try_event(self)
    }

    fn take_preview(&self) -> Option<Preview> {
        Self::take_preview(self)
    }

    fn take_sketch(&self) -> Option<Sketch> {
        Self::take_sketch(self)
    }

    fn take_faces(&self) -> Option<Faces> {
        Self::take_faces(self)
    }
}

/// What the fill thread reported since the last poll.
pub enum News {
    /// The device and the model are ready.
    Ready(ModelInfo),
    /// Warm-up failed.
    NotReady(String),
    /// The search begins. The notes are for the user.
    Started(Vec<String>),
    /// There is a new preview.
    Preview,
    Finished(Box<Fill>),
    /// A requested single picture.
    Sketched(Box<Sketch>),
    /// The requested picture could not be drawn.
    NotSketched(SketchId, String),
    /// Requested thumbnails.
    Drawn(Faces),
    /// The requested thumbnails could not be drawn.
    NotDrawn(FacesId, String),
    /// The fill gave no result. `cancelled`: the user stopped it.
    Failed {
        message: String,
        causes: Vec<String>,
        cancelled: bool,
    },
}

/// The fill thread's interface, and the running search.
pub struct Fills {
    engine: Box<dyn Engine>,
    next_job: JobId,
    next_sketch: SketchId,
    next_faces: FacesId,
    run: Option<Run>,
    /// The device of the last fill or warm-up; `None` while unknown.
    device: Option<DeviceInfo>,
    /// The last warm-up has not finished yet.
    preparing: bool,
}

impl Fills {
    pub fn new(engine: Box<dyn Engine>) -> Self {
        Self { engine, next_job: 1, next_sketch: 1, next_faces: 1, run: None, device: None, preparing: true }
    }

    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    pub fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// The device of the last fill or warm-up.
    pub fn device(&self) -> Option<&DeviceInfo> {
        self.device.as_ref()
    }

    /// Whether the device and the model are still being prepared.
    pub fn is_preparing(&self) -> bool {
        self.preparing
    }

    /// Opens the device and loads the model ahead of the first fill.
    pub fn warm_up(&mut self, device: DeviceChoice, model: ModelChoice) {
        self.device = None;
        self.preparing = true;
        self.engine.send(Command::WarmUp(device, model));
    }

    /// Starts a fill of the mask state `mask_id`.
    pub fn start(&mut self, request: FillRequest, mask_id: MaskId) {
        let job = self.next_job;
        self.next_job += 1;
        // A preview of the previous job is of no use.
        drop(self.engine.take_preview());
        self.engine.send(Command::Show(None));
        self.engine.send(Command::Start(job, Box::new(request.clone())));
        self.run = Some(Run::new(job, request, mask_id));
    }

    /// Stops the search and keeps its best result.
    pub fn stop(&mut self) {
        if let Some(run) = self.run.as_mut().filter(|run| !run.stopping) {
            run.stopping = true;
            self.engine.send(Command::Cancel);
        }
    }

    /// Stops the search and drops its result.
    pub fn abandon(&mut self) {
        if self.run.take().is_some() {
            self.engine.send(Command::Cancel);
        }
    }

    pub fn toggle_pause(&mut self) {
        if let Some(run) = self.run.as_mut().filter(|run| !run.stopping) {
            run.paused = !run.paused;
            self.engine.send(if run.paused { Command::Pause } else { Command::Resume });
        }
    }

    /// Runs one iteration, then pauses.
    pub fn step_once(&mut self) {
        if let Some(run) = self.run.as_mut().filter(|run| !run.stopping) {
            run.paused = true;
            self.engine.send(Command::StepOnce);
        }
    }

    /// Changes the settings of the running search from its next iteration on.
    pub fn update(&mut self, live: LiveSettings) {
        if let Some(run) = &mut self.run {
            // The number of steps in the panel does not apply to "More like this", which takes few steps.
            let is_around = matches!(run.request.start, Start::Around(_));
            let steps = if is_around { run.request.settings.steps } else { live.steps };
            (run.request.settings.lambda, run.request.settings.steps) = (live.lambda, steps);
            self.engine.send(Command::Update(LiveSettings { steps, ..live }));
        }
    }

    /// Changes the hole of the running search to the mask state `mask_id`.
    pub fn set_hole(&mut self, hole: Arc<Mask>, mask_id: MaskId) {
        if let Some(run) = self.run.as_mut().filter(|run| !run.stopping) {
            let number = run.mask_ids.len() as u64;
            run.mask_ids.push(mask_id);
            self.engine.send(Command::SetHole(number, hole));
        }
    }

    /// Changes the blend of the running fill.
    pub fn set_blend(&mut self, blend: Blend) {
        if let Some(run) = &mut self.run {
            run.request.blend = blend;
            self.engine.send(Command::SetBlend(blend));
        }
    }

    /// Requests one picture without a search. A newer request replaces a waiting one.
    pub fn sketch(&mut self, request: FillRequest) -> SketchId {
        let id = self.next_sketch;
        self.next_sketch += 1;
        self.engine.send(Command::Sketch(id, Box::new(request)));
        id
    }

    /// Requests thumbnails of faces. A newer request replaces a waiting one.
    pub fn draw(&mut self, request: FacesRequest) -> FacesId {
        let id = self.next_faces;
        self.next_faces += 1;
        self.engine.send(Command::Draw(id, Box::new(request)));
        id
    }

    /// Shows one candidate, or the current best for `None`.
    pub fn show(&mut self, candidate: Option<usize>) {
        if let Some(run) = &mut self.run {
            run.show = candidate;
            self.engine.send(Command::Show(candidate));
        }
    }

    /// Collects everything that the fill thread reported.
    pub fn poll(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        while let Some(event) = self.engine.try_event() {
            news.extend(self.take_event(event));
        }
        if let Some(preview) = self.engine.take_preview()
            && let Some(run) = self.run.as_mut().filter(|run| run.job == preview.job)
        {
            run.preview = Some(preview);
            news.push(News::Preview);
        }
        news.extend(self.engine.take_sketch().map(|sketch| News::Sketched(Box::new(sketch))));
        news.extend(self.engine.take_faces().map(News::Drawn));
        news
    }

    fn take_event(&mut self, event: Event) -> Option<News> {
        match event {
            Event::Ready { device, model } => {
                self.device = Some(device);
                self.preparing = false;
                Some(News::Ready(model))
            }
            Event::NotReady { message } => {
                self.device = None;
                self.preparing = false;
                Some(News::NotReady(message))
            }
            Event::Started { job, device, notes, .. } => {
                let run = self.run.as_mut().filter(|run| run.job == job)?;
                run.started = true;
                self.device = Some(device);
                Some(News::Started(notes))
            }
            Event::Progress { job, iterations, remaining_secs, extended_by, paused, .. } => {
                let run = self.run.as_mut().filter(|run| run.job == job)?;
                run.curves.extend(iterations);
                run.remaining_secs = remaining_secs;
                run.extended_by = extended_by;
                run.paused = paused;
                None
            }
            Event::Finished { job, outcome, hole_number, hole } => {
                let run = self.run.take_if(|run| run.job == job)?;
                let mask_id = run.mask_id(hole_number).or_else(|| run.newest_mask_id())?;
                let candidate = run.show.unwrap_or(outcome.best).min(outcome.candidates.len().saturating_sub(1));
                Some(News::Finished(Box::new(Fill {
                    look: Look { candidate, blend: run.request.blend },
                    outcome,
                    hole,
                    mask_id,
                    frame: run.request.frame,
                    patch: run.preview.filter(|shown| shown.hole_number == hole_number).map(|shown| shown.patch),
                    curves: run.curves,
                    composed: None,
                    requested: None,
                })))
            }
            Event::Failed { job, message, causes } => {
                let run = self.run.take_if(|run| run.job == job)?;
                Some(News::Failed { message, causes, cancelled: run.stopping })
            }
            Event::NotSketched { sketch, message } => Some(News::NotSketched(sketch, message)),
            Event::NotDrawn { faces, message } => Some(News::NotDrawn(faces, message)),
        }
    }
}
