//! The editor's observer of a running search: it applies commands and sends events and previews.
//!
//! A new hole is shown at once with the latest pictures, before the search has used it.

use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use super::line::Line;
use super::sketch::PREVIEW_SIDE_PX;
use super::{
    Command, DeviceInfo, Event, FacesId, FacesRequest, FillRequest, Flow, IterationLosses, JobId, LiveSettings,
    Observer, Preview, brief,
};
use crate::blend::{Blend, Composer};
use crate::mask::Mask;
use crate::model::ModelInfo;
use crate::search::Losses;

/// Shortest time between two progress events and between two previews: one screen frame.
const TELL_EVERY: Duration = Duration::from_millis(16);

/// Reports one search to the editor and applies the editor's commands.
pub(super) struct Follower<'a> {
    line: &'a Line,
    job: JobId,
    request: &'a FillRequest,
    composer: Option<Composer>,
    holes: Holes,
    blend: Blend,
    /// Iterations added to those in the settings.
    extended_by: u32,
    live: LiveSettings,
    paused: bool,
    stop: bool,
    /// Run one more iteration although paused.
    step: bool,
    shown: Option<usize>,
    newest: Option<Pictures>,
    untold: Vec<IterationLosses>,
    iteration: u32,
    clock: Clock,
    waiting: Waiting,
}

/// Commands that wait for the end of the search: the newest of each kind.
#[derive(Default)]
pub(super) struct Waiting {
    pub start: Option<(JobId, Box<FillRequest>)>,
    pub draw: Option<(FacesId, Box<FacesRequest>)>,
}

/// A hole with its number.
type Numbered = (u64, Arc<Mask>);

/// The holes of one fill.
struct Holes {
    /// The hole that the search works on.
    taken: Numbered,
    /// The newest requested hole. Previews show this one.
    newest: Numbered,
}

/// The last pictures read. Needed to show another candidate while paused.
struct Pictures {
    iteration: u32,
    size_px: u32,
    candidates: Vec<Vec<f32>>,
    best: usize,
}

/// Search time without pauses, and times of the last reports.
struct Clock {
    running_since: Option<Instant>,
    before: Duration,
    last_told: Instant,
    last_shown: Instant,
}

impl Clock {
    fn elapsed(&self) -> Duration {
        self.before + self.running_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn pause(&mut self) {
        self.before = self.elapsed();
        self.running_since = None;
    }

    fn resume(&mut self) {
        self.running_since.get_or_insert_with(Instant::now);
    }
}

impl<'a> Follower<'a> {
    pub fn new(line: &'a Line, job: JobId, request: &'a FillRequest) -> Self {
        let now = Instant::now();
        Self {
            line,
            job,
            request,
            composer: None,
            holes: Holes { taken: (0, Arc::clone(&request.hole)), newest: (0, Arc::clone(&request.hole)) },
            blend: request.blend,
            extended_by: 0,
            live: LiveSettings { lambda: request.settings.lambda, steps: request.settings.steps },
            paused: false,
            stop: false,
            step: false,
            shown: None,
            newest: None,
            untold: Vec::new(),
            iteration: 0,
            clock: Clock { running_since: None, before: Duration::ZERO, last_told: now, last_shown: now },
            waiting: Waiting::default(),
        }
    }

    /// Commands that came while this fill ran and still wait.
    pub fn into_waiting(self) -> Waiting {
        self.waiting
    }

    /// The hole that was filled, with its number.
    pub fn hole(&self) -> (u64, Arc<Mask>) {
        self.holes.taken.clone()
    }

    /// Sends the losses that were not sent yet.
    pub fn flush(&mut self) {
        if !self.untold.is_empty() {
            self.tell_progress();
        }
    }

    fn tell_progress(&mut self) {
        let elapsed_secs = self.clock.elapsed().as_secs_f32();
        #[expect(clippy::cast_precision_loss, reason = "step counts are far below 2^24")]
        let remaining_secs = (self.iteration > 1).then(|| {
            let all = self.live.steps.saturating_add(self.extended_by);
            let left = all.saturating_sub(self.iteration) as f32;
            left * elapsed_secs / self.iteration as f32
        });
        self.clock.last_told = Instant::now();
        let iterations = std::mem::take(&mut self.untold);
        let (job, extended_by, paused) = (self.job, self.extended_by, self.paused);
        self.line.tell(Event::Progress { job, iterations, elapsed_secs, remaining_secs, extended_by, paused });
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start(job, request) => {
                self.waiting.start = Some((job, request));
                self.stop = true;
            }
            Command::Cancel => self.stop = true,
            Command::Pause => self.set_paused(true),
            Command::Resume => self.set_paused(false),
            Command::StepOnce => {
                self.paused = true;
                self.step = true;
            }
            Command::Update(live) => self.live = live,
            Command::Show(candidate) => {
                self.shown = candidate;
                self.show();
            }
            Command::SetHole(number, hole) => {
                let size = |mask: &Mask| (mask.width(), mask.height());
                if size(&hole) == size(&self.request.hole) && brief::check_hole(self.request, &hole).is_ok() {
                    self.holes.newest = (number, hole);
                    self.join_anew();
                }
            }
            Command::SetBlend(blend) => {
                self.blend = blend;
                self.join_anew();
            }
            // The device and the model are in use, and the search shows its own pictures.
            Command::WarmUp(..) | Command::Sketch(..) => {}
            Command::Draw(id, request) => self.waiting.draw = Some((id, request)),
        }
    }

    /// Blends the latest pictures into the newest hole.
    fn join_anew(&mut self) {
        if self.composer.is_some() {
            self.composer = Some(self.new_composer());
            self.show();
        }
    }

    fn new_composer(&self) -> Composer {
        let FillRequest { photo, frame, .. } = self.request;
        Composer::new(photo, &self.holes.newest.1, frame, self.blend, Some(PREVIEW_SIDE_PX))
    }

    fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
        if paused {
            self.clock.pause();
        } else {
            self.clock.resume();
        }
        self.tell_progress();
    }

    /// Sends a preview of the shown candidate, blended into the photo.
    fn show(&mut self) {
        let (Some(newest), Some(composer)) = (&self.newest, &self.composer) else { return };
        let shown = self.shown.filter(|&k| k < newest.candidates.len()).unwrap_or(newest.best);
        let Some(picture) = newest.candidates.get(shown) else { return };
        self.line.show(Preview {
            job: self.job,
            iteration: newest.iteration,
            size_px: newest.size_px,
            candidates: newest.candidates.clone(),
            best: newest.best,
            patch: composer.patch(picture, newest.size_px),
            hole_number: self.holes.newest.0,
        });
        self.clock.last_shown = Instant::now();
    }
}

impl Observer for Follower<'_> {
    fn started(&mut self, device: &DeviceInfo, model: &ModelInfo, notes: &[String]) {
        self.composer = Some(self.new_composer());
        self.clock.resume();
        let (job, device, model, notes) = (self.job, device.clone(), model.clone(), notes.to_vec());
        self.line.tell(Event::Started { job, device, model, notes });
    }

    fn flow(&mut self) -> Flow {
        if !self.untold.is_empty() && (self.paused || self.clock.last_told.elapsed() >= TELL_EVERY) {
            self.tell_progress();
        }
        loop {
            let command = if self.paused && !self.step && !self.stop {
                self.line.commands.recv().map_err(|_| TryRecvError::Disconnected)
            } else {
                self.line.commands.try_recv()
            };
            match command {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.stop = true;
                    break;
                }
            }
        }
        if self.stop { Flow::Stop } else { Flow::Continue }
    }

    fn live_settings(&mut self) -> Option<LiveSettings> {
        Some(self.live)
    }

    fn new_hole(&mut self) -> Option<Arc<Mask>> {
        if self.holes.newest.0 == self.holes.taken.0 {
            return None;
        }
        self.holes.taken = self.holes.newest.clone();
        Some(Arc::clone(&self.holes.taken.1))
    }

    fn extended(&mut self, by: u32) {
        self.extended_by = by;
    }

    fn wants_losses(&mut self, _iteration: u32) -> bool {
        self.paused || self.clock.last_told.elapsed() >= TELL_EVERY
    }

    fn losses(&mut self, iteration: u32, losses: &[Losses]) {
        self.iteration = iteration;
        self.untold.push(IterationLosses { iteration, candidates: losses.to_vec() });
    }

    fn wants_pictures(&mut self, _iteration: u32) -> bool {
        let stepped = std::mem::take(&mut self.step);
        stepped || (self.line.previews.wanted() && self.clock.last_shown.elapsed() >= TELL_EVERY)
    }

    fn pictures(&mut self, iteration: u32, size_px: u32, pictures: Vec<Vec<f32>>, best: usize) {
        self.newest = Some(Pictures { iteration, size_px, candidates: pictures, best });
        self.show();
    }
}
