//! Fills in the editor: the running one, the first guess, the mix of two candidates, and the face frame's search.
//!
//! Buttons update the screen at once (Stop shows "Stopping…" in the same frame), before the fill thread reacts. Answers
//! of the thread name the request that they belong to; those of an earlier one are dropped.
//!
//! | file | purpose |
//! | --- | --- |
//! | `mod` | starting, controlling and finishing a fill |
//! | `running_fill` | the data about the running fill |
//! | `first_guess`, `candidate_mix` | quick previews: pictures without a search |
//! | `frame_search` | the search for the face frame, and the fill that waits for it |
//! | `photo_preparation` | enlarging the photo, or making it RGB, before a task starts |
//! | `shown_fill` | what the window shows of all this |

mod candidate_mix;
mod first_guess;
mod frame_search;
mod photo_preparation;
mod running_fill;
mod shown_fill;

use std::sync::Arc;

use anyhow::Context as _;

pub use candidate_mix::{CandidateMix, latent_disabled_reason, mix_disabled_reason};
#[cfg(test)]
pub use frame_search::FrameSearchMode;
pub use running_fill::RunningFill;
pub use shown_fill::ShownFill;

use super::document::{DocumentFill, FrameOverlap, PhotoDocument};
use super::engine::EngineState;
use super::explore::ExploreFace;
use super::outbox::Outbox;
use super::preferences::Preferences;
use super::tasks::Task;
use super::toasts::{Severity, UserMessage};
use crate::blend::Blend;
use crate::job::{FillOutcome, FillRequest, JobId, LiveSettings, SearchStart, StopReason, WorkerCommand};
use crate::mask::Mask;
use crate::restore::ImageTask;
use crate::search::Settings;
use first_guess::FirstGuess;
use frame_search::FrameSearch;

/// Headline when a fill cannot be composed.
pub const COMPOSING_FAILED: &str = "The fill cannot be drawn at full size";

/// Something that the user does with fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FillAction {
    Start,
    Stop,
    PauseOrResume,
    /// Run one iteration, then pause.
    StepOnce,
    /// Show this candidate, or the best one for `None`.
    ShowCandidate(Option<usize>),
    /// Start a fill whose candidates resemble the shown one.
    MoreLikeThis,
    /// Open the mix slider between the shown candidate and the best other one, or close it.
    ToggleMix,
    /// Open the mix slider between the shown candidate and this one.
    MixWith(usize),
    /// Position of the mix slider, 0 to 1.
    SetMixPosition(f32),
    /// The mix slider was released: keep the mix as a candidate.
    KeepMix,
}

/// What a fill is made with, besides the document.
#[derive(Clone, Copy)]
pub struct FillContext<'a> {
    pub preferences: &'a Preferences,
    pub engine: &'a EngineState,
    /// The face that fills start from; `None` uses the start from the settings.
    pub start_face: Option<&'a ExploreFace>,
}

/// The fills.
#[derive(Default)]
pub struct FillState {
    running: Option<RunningFill>,
    first_guess: FirstGuess,
    /// The mix of two candidates, while its slider is open.
    mix: Option<CandidateMix>,
    pub frame_search: FrameSearch,
    /// The photo is being prepared for this task; the fill starts when that is done.
    preparing_for: Option<ImageTask>,
}

impl FillContext<'_> {
    /// A request for the current hole, frame and settings.
    fn request(&self, document: &PhotoDocument) -> FillRequest {
        FillRequest {
            photo: Arc::clone(&document.photo),
            hole: document.mask().clone(),
            frame: document.face_frame(),
            settings: self.preferences.settings,
            start: SearchStart::FromSettings,
            blend: self.preferences.blend,
            model: self.preferences.model.clone(),
            device: self.preferences.device,
        }
    }

    /// A request with the hole, the frame and the blend of an earlier fill.
    /// The settings are that fill's, or made from them, so its task stays.
    fn request_like(&self, document: &PhotoDocument, fill: &DocumentFill, settings: Settings) -> FillRequest {
        let (hole, frame, blend) = (fill.record.hole.clone(), fill.record.frame, fill.record.look.blend);
        FillRequest { hole, frame, settings, blend, ..self.request(document) }
    }
}

impl FillState {
    pub fn running(&self) -> Option<&RunningFill> {
        self.running.as_ref()
    }

    /// Whether a search runs. It locks frame, model and device. The hole is not locked: the search adopts its changes.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// The open mix slider.
    pub fn mix(&self) -> Option<&CandidateMix> {
        self.mix.as_ref()
    }

    pub fn update(
        &mut self,
        action: FillAction,
        document: &mut PhotoDocument,
        context: FillContext<'_>,
        outbox: &mut Outbox,
    ) {
        match action {
            FillAction::Start => self.start_or_wait(document, context, outbox),
            FillAction::Stop => self.stop(outbox),
            FillAction::PauseOrResume => self.change_run(|run| {
                run.is_paused = !run.is_paused;
                outbox.send(if run.is_paused { WorkerCommand::Pause } else { WorkerCommand::Resume });
            }),
            FillAction::StepOnce => self.change_run(|run| {
                run.is_paused = true;
                outbox.send(WorkerCommand::StepOnce);
            }),
            FillAction::ShowCandidate(candidate) => self.show_candidate(candidate, document, outbox),
            FillAction::MoreLikeThis => self.start_more_like_this(document, context, outbox),
            FillAction::ToggleMix => self.toggle_mix(document, context.engine),
            FillAction::MixWith(candidate) => self.mix_with(candidate, document, context.engine),
            FillAction::SetMixPosition(position) => self.set_mix_position(position, document, context, outbox),
            FillAction::KeepMix => self.keep_mix(document),
        }
    }

    /// Brings the face frame, the running search, the first guess and the mix up to date with the document. Called after
    /// every action: no action needs to know what depends on it.
    pub fn follow_document(&mut self, document: &mut PhotoDocument, context: FillContext<'_>, outbox: &mut Outbox) {
        self.follow_frame(document, context, outbox);
        if !document.has_active_stroke() {
            self.change_run(|run| {
                let is_fillable = !run.request.settings.task.is_fill() || document.is_hole_in_frame();
                if is_fillable && run.hole != *document.mask() {
                    run.hole = document.mask().clone();
                    outbox.send(WorkerCommand::SetHole(run.hole.clone()));
                }
            });
        }
        self.update_first_guess(document, context, outbox);
        self.close_stale_mix(document);
    }

    /// Why no fill can start; `None` when one can.
    pub fn start_disabled_reason(&self, document: &PhotoDocument, task: ImageTask) -> Option<&'static str> {
        if self.is_running() {
            return Some("A fill is running: stop it first");
        }
        if !task.is_fill() {
            return None;
        }
        match document.frame_overlap() {
            None => Some("Paint over the part of the face to replace first"),
            // The frame may move to the paint.
            Some(FrameOverlap::Outside) if self.is_frame_pending(document) => None,
            Some(FrameOverlap::Outside) => {
                Some("The paint is outside the face frame: move the frame over it (F), or paint inside")
            }
            Some(FrameOverlap::Inside | FrameOverlap::PartlyOutside) => None,
        }
    }

    /// Starts a fill of the current hole, once its frame is found.
    fn start_or_wait(&mut self, document: &PhotoDocument, context: FillContext<'_>, outbox: &mut Outbox) {
        if document.has_active_stroke() {
            return;
        }
        if self.is_frame_pending(document) {
            self.frame_search.starts_fill = true;
            return;
        }
        if self.prepares_photo(document, context.preferences.settings.task, outbox) {
            return;
        }
        let start = context.start_face.map_or(SearchStart::FromSettings, |face| {
            SearchStart::spread_around(&face.latent, &context.preferences.settings)
        });
        self.start(FillRequest { start, ..context.request(document) }, outbox);
    }

    fn start(&mut self, request: FillRequest, outbox: &mut Outbox) {
        outbox.send(WorkerCommand::ShowCandidate(None));
        let job = outbox.request(|job| WorkerCommand::Start(job, Box::new(request.clone())));
        self.running = Some(RunningFill::new(job, request));
    }

    /// Stops the search and keeps its best result. A fill that waits for its frame does not start.
    pub fn stop(&mut self, outbox: &Outbox) {
        (self.frame_search.starts_fill, self.preparing_for) = (false, None);
        self.change_run(|run| {
            run.is_stopping = true;
            outbox.send(WorkerCommand::Cancel);
        });
    }

    /// Forgets everything about the previous document, and stops its search.
    pub fn document_changed(&mut self, outbox: &Outbox) {
        if self.running.take().is_some() {
            outbox.send(WorkerCommand::Cancel);
        }
        (self.first_guess, self.mix, self.preparing_for) = (FirstGuess::default(), None, None);
        self.frame_search.document_changed();
    }

    /// Changes the running search, unless it is stopping.
    fn change_run(&mut self, change: impl FnOnce(&mut RunningFill)) {
        if let Some(run) = self.running.as_mut().filter(|run| !run.is_stopping) {
            change(run);
        }
    }

    /// Changes the settings of the running search from its next iteration on.
    pub fn set_live_settings(&mut self, live: LiveSettings, outbox: &Outbox) {
        if let Some(run) = &mut self.running {
            // The number of steps in the panel does not apply to "More like this", which takes few steps.
            let is_variation = matches!(run.request.start, SearchStart::Around(_));
            let steps = if is_variation { run.request.settings.steps } else { live.steps };
            (run.request.settings.lambda, run.request.settings.steps) = (live.lambda, steps);
            outbox.send(WorkerCommand::SetLiveSettings(LiveSettings { steps, ..live }));
        }
    }

    /// Changes the blend of the running fill, or else of the shown one.
    pub fn set_blend(&mut self, blend: Blend, document: Option<&mut PhotoDocument>, outbox: &Outbox) {
        if let Some(run) = &mut self.running {
            run.request.blend = blend;
            outbox.send(WorkerCommand::SetBlend(blend));
        } else if let Some(document) = document {
            document.change_look(|look| look.blend = blend);
        }
    }

    fn show_candidate(&mut self, candidate: Option<usize>, document: &mut PhotoDocument, outbox: &Outbox) {
        let count = self.shown_fill(document).map_or(0, ShownFill::candidate_count);
        if candidate.is_some_and(|index| index >= count) {
            return;
        }
        self.mix = None;
        if let Some(run) = &mut self.running {
            run.chosen_candidate = candidate;
            outbox.send(WorkerCommand::ShowCandidate(candidate));
        } else {
            let best = document.shown_fill().map_or(0, |fill| fill.record.outcome.best);
            document.change_look(|look| look.candidate = candidate.unwrap_or(best));
        }
    }

    /// The running fill, if it is this job: events of an earlier one can arrive late.
    pub fn run_of(&mut self, job: JobId) -> Option<&mut RunningFill> {
        self.running.as_mut().filter(|run| run.job == job)
    }

    /// The search has ended: its result becomes a fill of the document.
    pub fn finished(
        &mut self,
        job: JobId,
        outcome: Arc<FillOutcome>,
        hole: Mask,
        document: &mut PhotoDocument,
        outbox: &mut Outbox,
    ) {
        let Some(run) = self.running.take_if(|run| run.job == job) else { return };
        let summary = format!("The best of {} iterations is kept", outcome.steps);
        match &outcome.stopped {
            None => {}
            Some(StopReason::Cancelled) => outbox.notify(Severity::Info, format!("Stopped. {summary}")),
            Some(StopReason::Failed(error)) => {
                let details = vec![error.clone(), format!("{summary}. Try again, or choose the CPU as the device")];
                outbox.tell(UserMessage::lost_work("The fill stopped because of an error", details));
            }
        }
        if let Some(warning) = outcome.fit_warning() {
            let message = UserMessage::new(Severity::Warning, warning.message);
            outbox.tell(message.with_details(vec![warning.advice.to_owned()]));
        }
        document.add_fill(run.into_fill(outcome, hole));
    }

    /// The search gave no result.
    pub fn failed(&mut self, job: JobId, message: String, causes: Vec<String>, outbox: &mut Outbox) {
        let Some(run) = self.running.take_if(|run| run.job == job) else { return };
        // A request that came during the search has no answer: it is asked again.
        self.first_guess = FirstGuess::default();
        if run.is_stopping {
            outbox.notify(Severity::Info, "Stopped before the first iteration: the photo is unchanged");
        } else {
            outbox.tell(UserMessage::lost_work(message, causes));
        }
    }

    /// Composes the shown fill at full size in the background, unless that is already done. One composition runs at a
    /// time: a slider that is dragged builds up no queue.
    pub fn compose_if_needed(&self, document: &mut PhotoDocument, outbox: &Outbox) {
        let (fill_index, photo) = (document.shown_fill_index(), Arc::clone(&document.photo));
        let (Some(fill_index), false) = (fill_index, self.is_running()) else { return };
        let Some(DocumentFill { record, composition, .. }) = document.shown_fill_mut() else { return };
        if !composition.is_pending() && composition.is_missing(&record.look) {
            composition.begin(record.look);
            let (fill, look) = (record.clone(), record.look);
            // A failure is an answer, too: the next composition waits for it.
            let task = Task::new(COMPOSING_FAILED).with_pictures().with_reset({
                let photo = Arc::clone(&photo);
                move |state| state.fill_composed(fill_index, &photo, &look, None)
            });
            let compose = {
                let photo = Arc::clone(&photo);
                move || Ok(Arc::new(fill.compose(&photo).context("the shown candidate is missing")?))
            };
            outbox.spawn(task, compose, move |state, patch| {
                state.fill_composed(fill_index, &photo, &look, Some(patch));
            });
        }
    }
}
