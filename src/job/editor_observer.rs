//! The editor's observer of a running search: it applies commands and sends events and previews.
//!
//! A new hole is shown at once with the latest pictures, before the search has used it. While the search is paused, the
//! preview is the picture that the fill would have: the completion network redraws the hole.

use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use super::channels::WorkerChannels;
use super::quick_preview::MAX_PREVIEW_SIDE_PX;
use super::{
    DeviceInfo, FacesId, FacesRequest, FillControl, FillObserver, FillProgress, FillRequest, IterationLosses, JobId,
    LiveSettings, SearchPreview, WorkerCommand, WorkerEvent, picture_to_blend, validate,
};
use crate::blend::{Blend, Composer};
use crate::face_picture::FacePicture;
use crate::mask::Mask;
use crate::model::ModelInfo;
use crate::search::Losses;

/// Shortest time between two progress events and between two previews: one screen frame.
const REPORT_INTERVAL: Duration = Duration::from_millis(16);

/// Reports one search to the editor and applies the editor's commands.
pub(super) struct EditorObserver<'a> {
    channels: &'a WorkerChannels,
    job: JobId,
    request: &'a FillRequest,
    /// `None` until the search starts.
    model: Option<ModelInfo>,
    composer: Option<Composer>,
    holes: Holes,
    blend: Blend,
    /// Iterations added to those in the settings.
    extended_by: u32,
    live_settings: LiveSettings,
    paused: bool,
    stop_requested: bool,
    /// Run one more iteration although paused.
    step_requested: bool,
    shown_candidate: Option<usize>,
    latest_pictures: Option<LatestPictures>,
    unsent_losses: Vec<IterationLosses>,
    iteration: u32,
    /// Iterations that the search has done itself: without those of an earlier search that it continues.
    iterations_here: u32,
    clock: Clock,
    pending: PendingCommands,
}

/// Commands that wait for the end of the search: the newest of each kind.
#[derive(Default)]
pub(super) struct PendingCommands {
    pub start: Option<(JobId, Box<FillRequest>)>,
    pub faces: Option<(FacesId, Box<FacesRequest>)>,
}

/// The holes of one fill.
struct Holes {
    /// The hole that the search works on.
    searched: Mask,
    /// The newest requested hole. Previews show this one.
    requested: Mask,
}

/// The last pictures read. Needed to show another candidate while paused.
struct LatestPictures {
    candidates: Vec<Arc<FacePicture>>,
    best: usize,
}

/// Search time without pauses, and times of the last reports.
struct Clock {
    running_since: Option<Instant>,
    /// Until the last pause.
    elapsed_before: Duration,
    last_report: Instant,
    last_preview: Instant,
}

impl Clock {
    fn elapsed(&self) -> Duration {
        self.elapsed_before + self.running_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn pause(&mut self) {
        self.elapsed_before = self.elapsed();
        self.running_since = None;
    }

    fn resume(&mut self) {
        self.running_since.get_or_insert_with(Instant::now);
    }
}

impl<'a> EditorObserver<'a> {
    pub fn new(channels: &'a WorkerChannels, job: JobId, request: &'a FillRequest) -> Self {
        let now = Instant::now();
        Self {
            channels,
            job,
            request,
            model: None,
            composer: None,
            holes: Holes { searched: request.hole.clone(), requested: request.hole.clone() },
            blend: request.blend,
            extended_by: 0,
            live_settings: LiveSettings { lambda: request.settings.lambda, steps: request.settings.steps },
            paused: false,
            stop_requested: false,
            step_requested: false,
            shown_candidate: None,
            latest_pictures: None,
            unsent_losses: Vec::new(),
            iteration: 0,
            iterations_here: 0,
            clock: Clock { running_since: None, elapsed_before: Duration::ZERO, last_report: now, last_preview: now },
            pending: PendingCommands::default(),
        }
    }

    /// Commands that came while this fill ran and still wait.
    pub fn into_pending(self) -> PendingCommands {
        self.pending
    }

    /// The hole that was filled.
    pub fn hole(&self) -> Mask {
        self.holes.searched.clone()
    }

    /// Sends the losses that were not sent yet.
    pub fn flush(&mut self) {
        if !self.unsent_losses.is_empty() {
            self.send_progress();
        }
    }

    fn report_is_due(&self) -> bool {
        self.paused || self.clock.last_report.elapsed() >= REPORT_INTERVAL
    }

    fn send_progress(&mut self) {
        let elapsed_secs = self.clock.elapsed().as_secs_f32();
        #[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^24")]
        let remaining_secs = (self.iterations_here > 1).then(|| {
            let all_steps = self.live_settings.steps.saturating_add(self.extended_by);
            all_steps.saturating_sub(self.iteration) as f32 * elapsed_secs / self.iterations_here as f32
        });
        self.clock.last_report = Instant::now();
        let iterations = std::mem::take(&mut self.unsent_losses);
        let (job, extended_by, paused) = (self.job, self.extended_by, self.paused);
        let progress = FillProgress { job, iterations, remaining_secs, extended_by, paused };
        self.channels.send(WorkerEvent::Progress(progress));
    }

    fn apply(&mut self, command: WorkerCommand) {
        match command {
            WorkerCommand::Start(job, request) => {
                self.pending.start = Some((job, request));
                self.stop_requested = true;
            }
            WorkerCommand::Cancel => self.stop_requested = true,
            WorkerCommand::Pause => self.set_paused(true),
            WorkerCommand::Resume => self.set_paused(false),
            WorkerCommand::StepOnce => {
                self.paused = true;
                self.step_requested = true;
            }
            WorkerCommand::SetLiveSettings(settings) => self.live_settings = settings,
            WorkerCommand::ShowCandidate(candidate) => {
                self.shown_candidate = candidate;
                self.send_preview();
            }
            WorkerCommand::SetHole(hole) => {
                let size = |mask: &Mask| (mask.width(), mask.height());
                if size(&hole) == size(&self.request.hole) && validate::check_hole(self.request, &hole).is_ok() {
                    self.holes.requested = hole;
                    self.recompose();
                }
            }
            WorkerCommand::SetBlend(blend) => {
                self.blend = blend;
                self.recompose();
            }
            // The device and the model are in use, and the search shows its own pictures.
            WorkerCommand::WarmUp(..) | WorkerCommand::QuickPreview(..) => {}
            WorkerCommand::DrawFaces(id, request) => self.pending.faces = Some((id, request)),
        }
    }

    /// Blends the latest pictures into the newest hole.
    fn recompose(&mut self) {
        if self.composer.is_some() {
            self.composer = Some(self.new_composer());
            self.send_preview();
        }
    }

    fn new_composer(&self) -> Composer {
        #[cfg(test)]
        super::panic_stage::reach(super::panic_stage::Stage::Compose);
        let FillRequest { photo, frame, .. } = self.request;
        Composer::new(photo, &self.holes.requested, frame, self.blend, Some(MAX_PREVIEW_SIDE_PX))
    }

    fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
        if paused {
            self.clock.pause();
        } else {
            self.clock.resume();
        }
        self.send_progress();
        if paused {
            self.send_preview();
        }
    }

    /// The picture to show in the hole: G(z), which the completion network redraws while paused.
    fn picture_to_blend(&self, drawn: &Arc<FacePicture>) -> Arc<FacePicture> {
        let FillRequest { photo, frame, .. } = self.request;
        match self.model.as_ref().filter(|_| self.paused) {
            Some(model) => picture_to_blend(photo, &self.holes.requested, frame, self.blend, model, drawn),
            None => Arc::clone(drawn),
        }
    }

    /// Sends a preview of the shown candidate, blended into the photo.
    fn send_preview(&mut self) {
        let (Some(latest), Some(composer)) = (&self.latest_pictures, &self.composer) else { return };
        let shown = self.shown_candidate.filter(|&k| k < latest.candidates.len()).unwrap_or(latest.best);
        let Some(picture) = latest.candidates.get(shown) else { return };
        #[cfg(test)]
        super::panic_stage::reach(super::panic_stage::Stage::Render);
        let preview = SearchPreview {
            job: self.job,
            candidates: latest.candidates.clone(),
            best: latest.best,
            patch: Arc::new(composer.render(&self.picture_to_blend(picture))),
            hole: self.holes.requested.clone(),
        };
        self.channels.send(WorkerEvent::Preview(preview));
        self.clock.last_preview = Instant::now();
    }
}

impl FillObserver for EditorObserver<'_> {
    fn started(&mut self, device: &DeviceInfo, model: &ModelInfo, notes: &[String]) {
        self.model = Some(model.clone());
        self.composer = Some(self.new_composer());
        self.clock.resume();
        self.channels.send(WorkerEvent::Started { job: self.job, device: device.clone(), notes: notes.to_vec() });
    }

    fn control(&mut self) -> FillControl {
        if !self.unsent_losses.is_empty() && self.report_is_due() {
            self.send_progress();
        }
        loop {
            let command = if self.paused && !self.step_requested && !self.stop_requested {
                self.channels.commands.recv().map_err(|_| TryRecvError::Disconnected)
            } else {
                self.channels.commands.try_recv()
            };
            match command {
                Ok(command) => self.apply(command),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.stop_requested = true;
                    break;
                }
            }
        }
        if self.stop_requested { FillControl::Stop } else { FillControl::Continue }
    }

    fn live_settings(&mut self) -> Option<LiveSettings> {
        Some(self.live_settings)
    }

    fn take_new_hole(&mut self) -> Option<Mask> {
        if self.holes.requested == self.holes.searched {
            return None;
        }
        self.holes.searched = self.holes.requested.clone();
        Some(self.holes.searched.clone())
    }

    fn search_extended(&mut self, by: u32) {
        self.extended_by = by;
    }

    fn wants_losses(&mut self, _iteration: u32) -> bool {
        self.report_is_due()
    }

    fn losses(&mut self, iteration: u32, losses: &[Losses]) {
        self.iteration = iteration;
        self.iterations_here += 1;
        self.unsent_losses.push(IterationLosses { iteration, candidates: losses.to_vec() });
    }

    fn wants_pictures(&mut self, _iteration: u32) -> bool {
        let stepped = std::mem::take(&mut self.step_requested);
        stepped || (self.channels.wants_preview() && self.clock.last_preview.elapsed() >= REPORT_INTERVAL)
    }

    fn pictures(&mut self, _iteration: u32, candidates: Vec<Arc<FacePicture>>, best: usize) {
        self.latest_pictures = Some(LatestPictures { candidates, best });
        self.send_preview();
    }
}
