//! The timeline: any iteration of the shown candidate's search, drawn in place again.
//!
//! The outcome of a fill keeps the latents of every iteration. The fill thread draws the chosen one in the current hole,
//! as it draws a mix. The user can keep it as a candidate, or go on from it with the current hole and settings: a
//! branch, which is a fill of its own. No action asks for a picture: after every action the state compares the shown
//! iteration, hole and frame with those of the last picture.

use std::time::{Duration, Instant};

use super::{FillContext, FillState};
use crate::app::document::{BranchPoint, DocumentFace, DocumentFill, PhotoDocument};
use crate::app::engine::EngineState;
use crate::app::latest::Latest;
use crate::app::outbox::Outbox;
use crate::app::toasts::{Severity, UserMessage};
use crate::geometry::FaceFrame;
use crate::job::{Candidate, FillRequest, QuickPreview, QuickPreviewId, SearchStart, WorkerCommand};
use crate::mask::Mask;
use crate::search::Settings;

/// Shortest time between two iterations while they play.
const PLAY_INTERVAL: Duration = Duration::from_millis(80);
/// Most iterations that are drawn while a search plays: about ten seconds.
const MAX_PLAYED: usize = 120;

/// The iteration that is looked at instead of the result.
pub struct Timeline {
    fill_index: usize,
    /// The frame of its face.
    frame: FaceFrame,
    /// Index of the candidate.
    candidate: usize,
    iteration: u32,
    preview: Latest<DrawnPlace, Box<QuickPreview>>,
    /// The newest request.
    request: QuickPreviewId,
    /// When the shown iteration was drawn, while the timeline plays.
    playing_since: Option<Instant>,
}

/// An iteration, and where it is drawn.
#[derive(Clone, Debug, PartialEq)]
struct DrawnPlace {
    iteration: u32,
    hole: Mask,
    frame: FaceFrame,
}

/// What the window shows of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineView {
    pub first: u32,
    pub last: u32,
    /// The iteration of the result, if it is one of those that are kept.
    pub best: Option<u32>,
    /// The iteration that is shown; `None` for the result.
    pub shown: Option<u32>,
    pub is_playing: bool,
}

impl TimelineView {
    /// The iteration of what is shown.
    pub fn position(self) -> u32 {
        self.shown.or(self.best).unwrap_or(self.last)
    }
}

impl DrawnPlace {
    /// The iteration in the document's hole, or in that of the fill if there is none.
    fn new(iteration: u32, document: &PhotoDocument, fill: &DocumentFill, face: &DocumentFace) -> Self {
        let (hole, frame) = if document.has_hole() && document.is_hole_in_frame() {
            (document.mask(), document.face_frame())
        } else {
            (&fill.hole, face.record().frame)
        };
        Self { iteration, hole: hole.clone(), frame }
    }
}

/// Why the shown fill has no timeline; `None` when it has one.
pub fn timeline_disabled_reason(document: &PhotoDocument, engine: &EngineState) -> Option<&'static str> {
    let Some(face) = document.shown_face() else { return Some("No search yet: press Fill first") };
    let outcome = &face.record().outcome;
    match &engine.model {
        _ if outcome.latent_history.is_empty() => Some("The iterations of this fill were not kept: press Fill"),
        _ if !face.record().frame.is_of_same_face(&document.face_frame()) => {
            Some("The frame is on another face: move it back, or press Fill")
        }
        None => Some("The model is not ready yet"),
        Some(model) if model.sha256 != outcome.model.sha256 => {
            Some("This fill was made with another model: choose that model, or press Fill")
        }
        Some(_) => None,
    }
}

/// Why no branch can start at the shown iteration; `None` when one can.
pub fn branch_disabled_reason(document: &PhotoDocument, engine: &EngineState) -> Option<&'static str> {
    let in_frame = document.has_hole() && document.is_hole_in_frame();
    let no_hole = (!in_frame).then_some("Paint over the part of the face to replace first");
    timeline_disabled_reason(document, engine).or(no_hole)
}

/// The candidate whose iterations are shown: the shown one, or for a mix the best one that was searched.
pub fn searched_candidate(face: &DocumentFace) -> usize {
    let outcome = &face.record().outcome;
    let is_searched = |index: &usize| outcome.candidates.get(*index).is_some_and(|candidate| !candidate.is_mix);
    let shown = Some(face.record().look.candidate).filter(is_searched);
    shown.or_else(|| outcome.ranked_candidates().into_iter().find(is_searched)).unwrap_or(0)
}

/// The iteration of the shown candidate: the one whose latent it has, or at which the user kept it.
fn iteration_of_result(face: &DocumentFace) -> Option<u32> {
    let record = face.record();
    let shown = record.shown_candidate()?;
    if shown.is_mix {
        return shown.kept_at;
    }
    let (history, candidate) = (&record.outcome.latent_history, record.look.candidate);
    history.numbers().find(|number| history.latent(*number, candidate) == Some(&shown.latent))
}

impl FillState {
    /// The timeline of the shown fill; `None` while a search runs, and without iterations.
    pub fn timeline_view(&self, document: &PhotoDocument) -> Option<TimelineView> {
        let face = document.shown_face().filter(|_| !self.is_running())?;
        let history = &face.record().outcome.latent_history;
        (!history.is_empty()).then(|| TimelineView {
            first: history.first(),
            last: history.last(),
            best: iteration_of_result(face),
            shown: self.timeline.as_ref().map(|timeline| timeline.iteration),
            is_playing: self.timeline.as_ref().is_some_and(|timeline| timeline.playing_since.is_some()),
        })
    }

    /// Shows the kept iteration that is nearest to this one.
    pub(super) fn show_iteration(&mut self, iteration: u32, document: &PhotoDocument, engine: &EngineState) {
        if let Some(timeline) = self.open_timeline(document, engine) {
            timeline.playing_since = None;
            let history = document.shown_face().map(|face| &face.record().outcome.latent_history);
            timeline.iteration = history.and_then(|history| history.nearest(iteration)).unwrap_or(timeline.iteration);
        }
    }

    /// Shows the kept iteration so many after the shown one, or before it.
    pub(super) fn step_timeline(&mut self, steps: isize, document: &PhotoDocument, engine: &EngineState) {
        let Some(view) = self.timeline_view(document) else { return };
        let Some(face) = document.shown_face() else { return };
        let numbers: Vec<u32> = face.record().outcome.latent_history.numbers().collect();
        let at = numbers.partition_point(|number| *number < view.position());
        let target = at.saturating_add_signed(steps).min(numbers.len().saturating_sub(1));
        if let Some(&iteration) = numbers.get(target) {
            self.show_iteration(iteration, document, engine);
        }
    }

    /// Plays the iterations from the shown one on, or from the first if the shown one is the last. Stops if they play.
    pub(super) fn toggle_play(&mut self, document: &PhotoDocument, engine: &EngineState) {
        let Some(view) = self.timeline_view(document) else { return };
        let Some(timeline) = self.open_timeline(document, engine) else { return };
        if timeline.playing_since.take().is_none() {
            timeline.playing_since = Some(Instant::now());
            if view.shown.is_none() || view.position() >= view.last {
                timeline.iteration = view.first;
            }
        }
    }

    /// Whether an iteration is looked at instead of the result.
    pub fn shows_iteration(&self) -> bool {
        self.timeline.is_some()
    }

    /// Shows the result again.
    pub(super) fn close_timeline(&mut self) {
        self.timeline = None;
    }

    fn open_timeline(&mut self, document: &PhotoDocument, engine: &EngineState) -> Option<&mut Timeline> {
        if self.is_running() || timeline_disabled_reason(document, engine).is_some() {
            return None;
        }
        self.mix = None;
        let (fill_index, face) = (document.shown_fill_index()?, document.shown_face()?);
        Some(self.timeline.get_or_insert_with(|| Timeline {
            fill_index,
            frame: face.record().frame,
            candidate: searched_candidate(face),
            iteration: face.record().outcome.latent_history.last(),
            preview: Latest::default(),
            request: 0,
            playing_since: None,
        }))
    }

    /// Shows the next iteration while the timeline plays, when the shown one is drawn and was seen. Returns when to ask
    /// again.
    pub fn play_timeline(&mut self, document: &PhotoDocument, now: Instant) -> Option<Duration> {
        let timeline = self.timeline.as_mut()?;
        let since = timeline.playing_since?;
        let history = &document.shown_face()?.record().outcome.latent_history;
        let wait = PLAY_INTERVAL.saturating_sub(now.saturating_duration_since(since));
        if !wait.is_zero() || timeline.preview.is_pending() {
            return Some(wait.max(Duration::from_millis(5)));
        }
        let stride = history.len().div_ceil(MAX_PLAYED).max(1);
        let mut later = history.numbers().filter(|number| *number > timeline.iteration);
        let last = Some(history.last()).filter(|last| *last > timeline.iteration);
        let Some(next) = later.nth(stride - 1).or(last) else {
            // The result follows the last iteration.
            self.timeline = None;
            return None;
        };
        (timeline.iteration, timeline.playing_since) = (next, Some(now));
        Some(PLAY_INTERVAL)
    }

    /// Closes the timeline when something else is shown, and draws its iteration where it is not drawn yet.
    pub(super) fn follow_timeline(&mut self, document: &PhotoDocument, context: FillContext<'_>, outbox: &mut Outbox) {
        let (is_running, is_frame_pending) = (self.is_running(), self.is_frame_pending(document));
        let is_possible = timeline_disabled_reason(document, context.engine).is_none();
        let shown = document.shown_fill().zip(document.shown_face()).filter(|_| is_possible);
        self.timeline.take_if(|timeline| {
            let is_of_face = |face: &DocumentFace| {
                face.record().frame == timeline.frame && searched_candidate(face) == timeline.candidate
            };
            let is_shown = document.shown_fill_index() == Some(timeline.fill_index)
                && shown.is_some_and(|(_, face)| is_of_face(face));
            is_running || !is_shown
        });
        let (Some(timeline), Some((fill, face))) = (&mut self.timeline, shown) else { return };
        let place = DrawnPlace::new(timeline.iteration, document, fill, face);
        if is_frame_pending || document.has_active_drag() || !timeline.preview.is_missing(&place) {
            return;
        }
        let outcome = &face.record().outcome;
        let Some(latent) = outcome.latent_history.latent(timeline.iteration, timeline.candidate) else { return };
        let DrawnPlace { hole, frame, .. } = place.clone();
        let like = context.request_like(document, fill, face, outcome.settings);
        let request = Box::new(FillRequest { hole, frame, ..like }.into_latent_drawing(latent.to_vec()));
        timeline.request = outbox.request(|id| WorkerCommand::QuickPreview(id, request));
        timeline.preview.begin(place);
    }

    /// Stores the picture of the iteration, if it answers the timeline's newest request. Returns whether it does.
    pub(super) fn iteration_drawn(&mut self, preview: &QuickPreview) -> bool {
        let timeline = self.timeline.as_mut().filter(|timeline| timeline.request == preview.id);
        timeline.map(|timeline| timeline.preview.finish_pending(Some(Box::new(preview.clone())))).is_some()
    }

    /// Closes the timeline because its iteration could not be drawn. Returns whether the request was the timeline's.
    pub(super) fn iteration_failed(&mut self, id: QuickPreviewId, message: &str, outbox: &mut Outbox) -> bool {
        let is_timeline = self.timeline.take_if(|timeline| timeline.request == id).is_some();
        if is_timeline {
            let headline = UserMessage::new(Severity::Warning, "Could not draw this iteration");
            outbox.tell(headline.with_details(vec![message.to_owned()]));
        }
        is_timeline
    }

    /// The picture of the timeline.
    pub fn timeline_preview(&self) -> Option<&QuickPreview> {
        self.timeline.as_ref()?.preview.value().map(|preview| &**preview)
    }

    /// The hole that the picture of the timeline fills.
    pub(super) fn timeline_hole(&self) -> Option<&Mask> {
        self.timeline.as_ref()?.preview.key().map(|place| &place.hole)
    }

    /// Keeps the shown iteration as a candidate of its fill, and shows that. Returns whether there was one to keep: it
    /// must be drawn, in the hole of the fill.
    pub fn keep_iteration(&mut self, document: &mut PhotoDocument) -> bool {
        let (Some(fill), Some(face)) = (document.shown_fill(), document.shown_face()) else { return false };
        let is_kept = |timeline: &mut Timeline| {
            let (iteration, hole, frame) = (timeline.iteration, fill.hole.clone(), face.record().frame);
            let place = DrawnPlace { iteration, hole, frame };
            timeline.preview.current(&place).is_some()
        };
        let Some(mut timeline) = self.timeline.take_if(is_kept) else { return false };
        let Some(preview) = timeline.preview.take() else { return false };
        let QuickPreview { candidate, patch, .. } = *preview;
        let candidate = Candidate { kept_at: Some(timeline.iteration), ..candidate };
        document.add_or_replace_mix(candidate, patch, None).is_some()
    }

    /// Starts a fill that goes on from the shown iteration, with the current hole and settings.
    pub(super) fn start_branch(&mut self, document: &mut PhotoDocument, context: FillContext<'_>, outbox: &mut Outbox) {
        let (Some(fill_index), Some(view)) = (document.shown_fill_index(), self.timeline_view(document)) else {
            return;
        };
        let Some(face) = document.shown_face() else { return };
        let (history, iteration) = (&face.record().outcome.latent_history, view.position());
        let Some(latents) = history.latents(iteration).map(<[f32]>::to_vec) else { return };
        let Ok(candidates) = u32::try_from(history.candidates()) else { return };
        if branch_disabled_reason(document, context.engine).is_some() {
            return;
        }
        let settings = Settings { candidates, ..context.preferences.settings };
        let start = SearchStart::Continue { iteration, latents };
        let request = FillRequest { settings, start, ..context.request(document) };
        let branch = Some(BranchPoint { fill_index, iteration });
        if let Some(faces) = document.selected_of_several() {
            self.start_faces(faces, request, branch, document, outbox);
            return;
        }
        self.start(request, outbox);
        if let Some(run) = &mut self.running {
            run.branch = branch;
        }
    }
}
