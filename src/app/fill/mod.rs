//! Fills in the editor: the running one, the first guess, the mix of two candidates, and the face frame's search.
//!
//! Buttons update the screen at once (Stop shows "Stopping…" in the same frame), before the fill thread reacts. Answers
//! of the thread name the request that they belong to; those of an earlier one are dropped.
//!
//! | file | purpose |
//! | --- | --- |
//! | `mod` | starting, controlling and finishing a fill |
//! | `running_fill` | the data about the running fill |
//! | `first_guess`, `candidate_mix`, `face_edit`, `timeline` | quick previews: pictures without a search |
//! | `face_queue` | several faces that one press fills in turn |
//! | `frame_search` | the search for the faces of the hole, and the fill that waits for it |
//! | `photo_preparation` | enlarging the photo, or making it RGB, before a task starts |
//! | `shown_fill` | what the window shows of all this |

mod candidate_mix;
mod face_edit;
mod face_queue;
mod first_guess;
mod frame_search;
mod photo_preparation;
mod running_fill;
mod shown_fill;
mod timeline;

use std::sync::Arc;

use anyhow::Context as _;

pub use candidate_mix::{CandidateMix, latent_disabled_reason, mix_disabled_reason};
pub use face_edit::{EditSlider, edit_disabled_reason};
pub use face_queue::AddedFills;
#[cfg(test)]
pub use frame_search::FrameSearchMode;
pub use running_fill::RunningFill;
pub use shown_fill::ShownFill;
pub use timeline::{TimelineView, branch_disabled_reason, searched_candidate, timeline_disabled_reason};

use super::document::{DocumentFace, DocumentFill, FacesToFill, FrameOverlap, PhotoDocument};
use super::engine::EngineState;
use super::explore::ExploreFace;
use super::outbox::Outbox;
use super::preferences::Preferences;
use super::tasks::Task;
use super::toasts::{Severity, UserMessage};
use crate::blend::Blend;
use crate::job::{
    FillOutcome, FillRequest, JobId, LiveSettings, QuickPreview, QuickPreviewId, SearchStart, StopReason, WorkerCommand,
};
use crate::mask::Mask;
use crate::restore::ImageTask;
use crate::search::Settings;
use face_edit::FaceEdit;
use first_guess::FirstGuess;
use frame_search::FrameSearch;
use timeline::Timeline;

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
    /// Move a slider of the edit of the shown face.
    SetEdit(EditSlider, f32),
    /// The slider was released: keep the edited face as a candidate.
    KeepEdit,
    /// Put all sliders of the edit back to 0.
    ResetEdit,
    /// Show this iteration of the finished search.
    ShowIteration(u32),
    /// Show the iteration so many after the shown one, or before it.
    StepTimeline(isize),
    /// Show one iteration after the other, or stop that.
    TogglePlay,
    /// Show the result instead of an iteration.
    ShowResult,
    /// Keep the shown iteration as a candidate.
    KeepIteration,
    /// Start a fill that goes on from the shown iteration.
    Branch,
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
    /// The edit of the shown face that is not kept yet.
    edit: Option<FaceEdit>,
    /// The iteration that is looked at instead of the result.
    timeline: Option<Timeline>,
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

    /// A request with the hole, the frame and the blend of the selected face of an earlier fill. The settings are that
    /// fill's, or made from them, so its task stays.
    fn request_like(
        &self,
        document: &PhotoDocument,
        fill: &DocumentFill,
        face: &DocumentFace,
        settings: Settings,
    ) -> FillRequest {
        let (hole, frame, blend) = (fill.hole.clone(), face.record().frame, face.record().look.blend);
        FillRequest { hole, frame, settings, blend, ..self.request(document) }
    }

    /// The faces to fill, if Fill concerns several.
    fn faces_to_fill(&self, document: &PhotoDocument) -> Option<FacesToFill> {
        let model = self.engine.model.as_ref();
        let filled_with = document.shown_face().map(|face| &face.record().outcome.model.sha256);
        document.faces_to_fill(model.zip(filled_with).is_some_and(|(model, sha256)| model.sha256 != *sha256))
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
            FillAction::SetEdit(slider, amount) => self.set_edit(slider, amount, document, context, outbox),
            FillAction::KeepEdit => self.keep_edit(document),
            FillAction::ResetEdit => self.reset_edit(document, context, outbox),
            FillAction::ShowIteration(iteration) => self.show_iteration(iteration, document, context.engine),
            FillAction::StepTimeline(steps) => self.step_timeline(steps, document, context.engine),
            FillAction::TogglePlay => self.toggle_play(document, context.engine),
            FillAction::ShowResult => self.close_timeline(),
            FillAction::KeepIteration => _ = self.keep_iteration(document),
            FillAction::Branch => self.start_branch(document, context, outbox),
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
                    let hole =
                        run.queue.as_ref().map_or(Some(run.hole.clone()), |queue| queue.hole_to_search(&run.hole));
                    if let Some(hole) = hole {
                        outbox.send(WorkerCommand::SetHole(hole));
                    }
                }
            });
        }
        self.follow_timeline(document, context, outbox);
        self.update_first_guess(document, context, outbox);
        self.close_stale_mix(document);
        self.drop_stale_edit(document);
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
            Some(FrameOverlap::Outside) if self.is_frame_pending(document) || self.is_split_pending(document) => None,
            Some(FrameOverlap::Outside) if document.count_to_fill() > 0 => None,
            Some(FrameOverlap::Outside) => {
                Some("The paint is outside the face frame: move the frame over it (F), or paint inside")
            }
            Some(FrameOverlap::Inside | FrameOverlap::PartlyOutside) => None,
        }
    }

    /// Starts a fill of the current hole, once its frame is found.
    fn start_or_wait(&mut self, document: &mut PhotoDocument, context: FillContext<'_>, outbox: &mut Outbox) {
        if document.has_active_stroke() {
            return;
        }
        if self.is_frame_pending(document) || self.is_split_pending(document) {
            self.frame_search.starts_fill = true;
            return;
        }
        if self.prepares_photo(document, context.preferences.settings.task, outbox) {
            return;
        }
        let start = context.start_face.map_or(SearchStart::FromSettings, |face| {
            SearchStart::spread_around(&face.latent, &context.preferences.settings)
        });
        let request = FillRequest { start, ..context.request(document) };
        // A task restores the face in the frame.
        let several = if request.settings.task.is_fill() { context.faces_to_fill(document) } else { None };
        match several {
            Some(faces) => self.start_faces(faces, request, None, document, outbox),
            None => self.start(request, outbox),
        }
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
        (self.first_guess, self.mix, self.edit, self.timeline) = (FirstGuess::default(), None, None, None);
        self.preparing_for = None;
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
            document.set_blend(blend);
        }
    }

    fn show_candidate(&mut self, candidate: Option<usize>, document: &mut PhotoDocument, outbox: &Outbox) {
        let count = self.shown_fill(document).map_or(0, ShownFill::candidate_count);
        if candidate.is_some_and(|index| index >= count) {
            return;
        }
        (self.mix, self.edit, self.timeline) = (None, None, None);
        if let Some(run) = &mut self.running {
            run.chosen_candidate = candidate;
            outbox.send(WorkerCommand::ShowCandidate(candidate));
        } else {
            let best = document.shown_face().map_or(0, |face| face.record().outcome.best);
            document.show_candidate(candidate.unwrap_or(best));
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
        let Some(run) = self.run_of(job) else { return };
        tell_of_outcome(&outcome, run.turn(), outbox);
        if run.queue.is_some() {
            self.face_finished(outcome, hole, outbox);
        } else if let Some(run) = self.running.take() {
            document.add_fill(run.into_fill(outcome, hole));
        }
    }

    /// The search gave no result.
    pub fn failed(
        &mut self,
        job: JobId,
        message: String,
        causes: Vec<String>,
        document: Option<&mut PhotoDocument>,
        outbox: &mut Outbox,
    ) {
        let Some(is_stopping) = self.run_of(job).map(|run| run.is_stopping) else { return };
        let keeps_faces = document.is_some_and(|document| self.finish_faces(document, outbox));
        self.running = None;
        // A request that came during the search has no answer: it is asked again.
        self.first_guess = FirstGuess::default();
        if is_stopping && keeps_faces {
            return;
        }
        if is_stopping {
            outbox.notify(Severity::Info, "Stopped before the first iteration: the photo is unchanged");
        } else {
            outbox.tell(UserMessage::lost_work(message, causes));
        }
    }

    /// Stores a quick preview where it was asked for.
    pub fn quick_preview_drawn(&mut self, preview: Box<QuickPreview>, document: Option<&mut PhotoDocument>) {
        if self.first_guess_drawn(preview.id, Some(preview.patch.clone())) || self.iteration_drawn(&preview) {
            return;
        }
        if let Some(document) = document
            && let Some(preview) = self.edit_drawn(preview, document)
        {
            self.mix_drawn(preview, document);
        }
    }

    /// A quick preview could not be drawn. A failed first guess shows no message: the hole stays tinted, and the next
    /// fill reports the error.
    pub fn quick_preview_failed(&mut self, id: QuickPreviewId, message: String, outbox: &mut Outbox) {
        let is_answered = self.first_guess_drawn(id, None)
            || self.iteration_failed(id, &message, outbox)
            || self.edit_failed(id, &message, outbox);
        if !is_answered {
            self.mix_failed(id, message, outbox);
        }
    }

    /// Composes the shown fill, and the one that it is compared with, at full size in the background, unless that is
    /// already done. One composition runs at a
    /// time: a slider that is dragged builds up no queue.
    pub fn compose_if_needed(&self, compared: Option<usize>, document: &mut PhotoDocument, outbox: &Outbox) {
        let shown = document.shown_fill_index().filter(|_| !self.is_running());
        for index in shown.into_iter().chain(compared) {
            compose_if_needed(index, document, outbox);
        }
    }
}

fn compose_if_needed(fill_index: usize, document: &mut PhotoDocument, outbox: &Outbox) {
    let photo = Arc::clone(&document.photo);
    let Some(fill) = document.fill_at_mut(fill_index) else { return };
    let looks = fill.looks();
    if fill.composition.is_pending() || !fill.composition.is_missing(&looks) {
        return;
    }
    let before = fill.composition.key().cloned().zip(fill.composition.value().cloned());
    fill.composition.begin(looks.clone());
    let (fill, failed_looks) = (fill.photo_fill(), looks.clone());
    // A failure is an answer, too: the next composition waits for it.
    let task = Task::new(COMPOSING_FAILED).with_pictures().with_reset({
        let photo = Arc::clone(&photo);
        move |state| state.fill_composed(fill_index, &photo, &failed_looks, None)
    });
    let compose = {
        let photo = Arc::clone(&photo);
        move || {
            let before = before.as_ref().map(|(looks, patches)| (looks.as_slice(), patches.as_slice()));
            fill.compose(&photo, before).context("the shown candidate is missing")
        }
    };
    outbox.spawn(task, compose, move |state, patches| {
        state.fill_composed(fill_index, &photo, &looks, Some(patches));
    });
}

/// Tells how a search ended, if there is something to tell. `turn`: the number of its face, and of all.
fn tell_of_outcome(outcome: &FillOutcome, (number, count): (usize, usize), outbox: &mut Outbox) {
    let summary = format!("The best of {} iterations is kept", outcome.steps);
    let face = (count > 1).then(|| format!("Face {number} of {count}"));
    match &outcome.stopped {
        Some(StopReason::Cancelled) if count == 1 => outbox.notify(Severity::Info, format!("Stopped. {summary}")),
        None | Some(StopReason::Cancelled) => {}
        Some(StopReason::Failed(error)) => {
            let details = vec![error.clone(), format!("{summary}. Try again, or choose the CPU as the device")];
            outbox.tell(UserMessage::lost_work("The fill stopped because of an error", details));
        }
    }
    if let Some(warning) = outcome.fit_warning() {
        let message = UserMessage::new(Severity::Warning, warning.message);
        outbox.tell(message.with_details(face.into_iter().chain([warning.advice.to_owned()]).collect()));
    }
}
