//! Several faces, filled in turn by one press of Fill.
//!
//! Each search works on the photo with the fills before it. Between two searches, a background task adds the finished
//! fill to that photo. Stop keeps the faces that are done, and the best so far of the one at hand. All become one fill of
//! the document, and so one undo step.

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::Context as _;

use super::{FillState, RunningFill};
use crate::app::canvas::ViewCommand;
use crate::app::document::{BranchPoint, DocumentFace, DocumentFill, FacesToFill, PhotoDocument};
use crate::app::latest::Latest;
use crate::app::outbox::Outbox;
use crate::app::tasks::Task;
use crate::app::toasts::{Severity, UserMessage};
use crate::blend::{Blend, FillPatch};
use crate::geometry::FaceFrame;
use crate::job::{
    FaceFill, FacePart, FacesInTurn, FillOutcome, FillRecord, FillRequest, JobId, SplitFace, WorkerCommand,
    search_input, split_hole,
};
use crate::mask::Mask;

/// The faces of a running fill.
pub struct FaceQueue {
    /// The document's hole that the fills are for.
    hole: Mask,
    /// The faces between which the hole is split.
    faces: Vec<SplitFace>,
    /// The face at hand, and those after it.
    waiting: VecDeque<FacePart>,
    /// Faces that are filled, in order. Those before `kept_count` were filled before.
    done: Vec<(DocumentFace, Arc<FillPatch>)>,
    kept_count: usize,
    /// `None` while a background task adds a fill to it.
    turns: Option<FacesInTurn>,
    /// The frame to return to.
    selected: FaceFrame,
    /// The hole of the faces after the one at hand.
    unfilled: Mask,
    /// The iteration of another fill that it goes on from.
    branch: Option<BranchPoint>,
}

/// Fills to add to the photo.
struct NewFills {
    turns: FacesInTurn,
    faces: Vec<DocumentFace>,
    /// The document's hole and the faces of the photo, if the hole has changed since it was split.
    new_hole: Option<(Mask, Vec<SplitFace>)>,
}

/// The photo with new fills.
pub struct AddedFills {
    turns: FacesInTurn,
    done: Vec<(DocumentFace, Arc<FillPatch>)>,
    /// The new hole and its parts, if it was split again.
    new_parts: Option<(Mask, Vec<FacePart>)>,
}

impl FaceQueue {
    /// The number of the face at hand, from 1, and of all to fill.
    pub fn turn(&self) -> (usize, usize) {
        let filled = self.filled_count();
        let count = filled + self.waiting.len();
        ((filled + 1).min(count), count)
    }

    /// Index of the face at hand in the fill that this becomes.
    pub fn face_index(&self) -> usize {
        self.done.len()
    }

    fn filled_count(&self) -> usize {
        self.done.len().saturating_sub(self.kept_count)
    }

    /// The patches of the faces that are done, in the order in which they are drawn.
    pub fn patches(&self) -> impl Iterator<Item = &Arc<FillPatch>> {
        self.done.iter().map(|(_, patch)| patch)
    }

    /// The hole of the faces after the one at hand.
    pub fn unfilled(&self) -> &Mask {
        &self.unfilled
    }

    /// What a search has to fill, when the document has this hole. `None` between two searches.
    pub(super) fn hole_to_search(&self, hole: &Mask) -> Option<Mask> {
        let mut to_search = hole.clone();
        to_search.remove(self.turns.as_ref()?.filled());
        Some(to_search)
    }

    /// Takes the photo with new fills.
    fn accept(&mut self, added: AddedFills) {
        let AddedFills { turns, done, new_parts } = added;
        self.done.extend(done);
        if let Some((hole, parts)) = new_parts {
            let is_done = |part: &FacePart| self.done.iter().any(|(face, _)| face.record().frame == part.frame);
            self.waiting = parts.into_iter().filter(|part| !is_done(part)).collect();
            self.hole = hole;
        }
        self.turns = Some(turns);
        let mut unfilled = Mask::empty(self.hole.width(), self.hole.height());
        for part in self.waiting.iter().skip(1) {
            unfilled.add(&part.hole);
        }
        self.unfilled = unfilled.with_ignored(&self.hole.ignored());
    }

    /// The fill of all faces that are done. `None` when the search added none.
    fn into_fill(self, blend: Blend) -> Option<DocumentFill> {
        if self.filled_count() == 0 {
            return None;
        }
        let (mut faces, patches): (Vec<DocumentFace>, Vec<_>) = self.done.into_iter().unzip();
        let composed_looks = faces.iter().map(|face| face.record().look).collect();
        for face in &mut faces {
            face.fill.record.look.blend = blend;
        }
        let is_selected = |face: &DocumentFace| face.record().frame == self.selected;
        let selected = faces.iter().position(is_selected).unwrap_or(self.kept_count);
        let mut composition = Latest::default();
        composition.begin(composed_looks);
        composition.finish_pending(Some(patches));
        Some(DocumentFill { hole: self.hole, faces, selected, composition, branch: self.branch })
    }
}

impl NewFills {
    /// Adds the fills to the photo. Slow.
    fn add(self) -> anyhow::Result<AddedFills> {
        let Self { mut turns, mut faces, new_hole } = self;
        for face in &mut faces {
            let FillRecord { hole, frame, outcome, .. } = &face.fill.record;
            let size_px = outcome.model.image_size_px;
            if face.fill.search_input.is_none() {
                face.fill.search_input = search_input(turns.photo(), hole, frame, size_px);
            }
        }
        let new_parts = new_hole.map(|(hole, faces)| (hole.clone(), split_hole(&hole, &faces)));
        if let Some((hole, parts)) = &new_parts {
            turns.set_hole(hole);
            for face in &mut faces {
                if let Some(own) = parts.iter().find(|part| part.frame == face.fill.record.frame) {
                    face.fill.part = own.hole.clone();
                }
            }
        }
        let mut done = Vec::with_capacity(faces.len());
        for face in faces {
            let FaceFill { record, part, .. } = &face.fill;
            let patch = turns.add_and_draw(record, part, None).context("the shown candidate is missing")?;
            done.push((face, patch));
        }
        Ok(AddedFills { turns, done, new_parts })
    }
}

impl FillState {
    /// Starts to fill several faces. `request` has the whole hole of the document, and the settings. `branch`: the
    /// iteration of another fill that it goes on from.
    pub(super) fn start_faces(
        &mut self,
        to_fill: FacesToFill,
        request: FillRequest,
        branch: Option<BranchPoint>,
        document: &mut PhotoDocument,
        outbox: &mut Outbox,
    ) {
        let FacesToFill { faces, kept, parts } = to_fill;
        let Some(first) = parts.first().map(|part| part.frame) else { return };
        let filled_before = document.shown_fill().map(|fill| fill.faces.as_slice()).unwrap_or_default();
        let mut kept: Vec<_> = kept.into_iter().filter_map(|index| filled_before.get(index).cloned()).collect();
        for face in &mut kept {
            face.fill.record.look.blend = request.blend;
        }
        let queue = FaceQueue {
            hole: request.hole.clone(),
            faces,
            waiting: parts.into(),
            done: Vec::new(),
            kept_count: kept.len(),
            turns: None,
            selected: document.face_frame(),
            unfilled: request.hole.clone(),
            branch,
        };
        let turns = FacesInTurn::new(Arc::clone(&document.photo), request.hole.clone());
        let request = FillRequest { frame: first, ..request };
        self.running = Some(RunningFill { queue: Some(queue), ..RunningFill::new(outbox.new_id(), request) });
        if kept.is_empty() {
            let nothing_added = AddedFills { turns, done: Vec::new(), new_parts: None };
            self.accept_fills(nothing_added, document, outbox);
        } else {
            self.add_fills(NewFills { turns, faces: kept, new_hole: None }, outbox);
        }
    }

    /// The search of the face at hand has ended.
    pub(super) fn face_finished(&mut self, outcome: Arc<FillOutcome>, hole: Mask, outbox: &mut Outbox) {
        let Some(run) = &mut self.running else { return };
        run.is_stopping |= outcome.stopped.is_some();
        let (record, loss_history) = (run.record(outcome, hole), run.loss_history.clone());
        let Some(queue) = &mut run.queue else { return };
        let (Some(part), Some(turns)) = (queue.waiting.pop_front(), queue.turns.take()) else { return };
        let new_hole = (run.hole != queue.hole).then(|| (run.hole.clone(), queue.faces.clone()));
        let fill = FaceFill { record, part: part.hole, search_input: None };
        self.add_fills(NewFills { turns, faces: vec![DocumentFace { fill, loss_history }], new_hole }, outbox);
    }

    /// Adds fills to the photo in the background.
    fn add_fills(&self, fills: NewFills, outbox: &Outbox) {
        let Some(job) = self.running.as_ref().map(|run| run.job) else { return };
        let failure = "The fill of a face cannot be added to the photo";
        let task = Task::new(failure).with_pictures().with_reset(move |state| state.fills_added(job, None));
        outbox.spawn(task, move || fills.add(), move |state, added| state.fills_added(job, Some(added)));
    }

    /// New fills were added to the photo for this job; `None` if that failed, which was told.
    pub fn fills_added(
        &mut self,
        job: JobId,
        added: Option<AddedFills>,
        document: &mut PhotoDocument,
        outbox: &mut Outbox,
    ) {
        if self.run_of(job).is_none() {
            return;
        }
        match added {
            Some(added) => self.accept_fills(added, document, outbox),
            None => {
                self.finish_faces(document, outbox);
            }
        }
    }

    fn accept_fills(&mut self, added: AddedFills, document: &mut PhotoDocument, outbox: &mut Outbox) {
        let Some(RunningFill { queue: Some(queue), is_stopping, .. }) = &mut self.running else { return };
        queue.accept(added);
        if *is_stopping || queue.waiting.is_empty() {
            self.finish_faces(document, outbox);
        } else {
            self.start_next_face(document, outbox);
        }
    }

    fn start_next_face(&mut self, document: &mut PhotoDocument, outbox: &mut Outbox) {
        let Some(RunningFill { queue: Some(queue), request, is_paused, .. }) = self.running.take() else { return };
        let (Some(part), Some(turns)) = (queue.waiting.front(), &queue.turns) else { return };
        let (photo, hole, frame) = (Arc::clone(turns.photo()), turns.hole().clone(), part.frame);
        let request = FillRequest { photo, hole, frame, ..request };
        document.show_frame(frame);
        outbox.change_view(ViewCommand::FollowFace(frame));
        self.start(request, outbox);
        if let Some(run) = &mut self.running {
            run.hole = queue.hole.clone();
            run.queue = Some(queue);
            run.is_paused = is_paused;
        }
        if is_paused {
            outbox.send(WorkerCommand::Pause);
        }
    }

    /// Ends the run: what is done becomes a fill of the document. Returns whether a face was filled.
    pub(super) fn finish_faces(&mut self, document: &mut PhotoDocument, outbox: &mut Outbox) -> bool {
        let Some(RunningFill { queue: Some(queue), request, .. }) = self.running.take() else { return false };
        let (filled, (_, count)) = (queue.filled_count(), queue.turn());
        let rest = queue.turns.as_ref().map_or(0, |turns| turns.hole().hole_count());
        let whole = queue.hole.hole_count();
        let Some(fill) = queue.into_fill(request.blend) else { return false };
        if filled < count {
            outbox.notify(Severity::Info, format!("Stopped. {filled} of {count} faces are filled"));
        } else if rest > 0 {
            tell_of_rest(rest, whole, outbox);
        }
        if let Some(frame) = fill.selected_face().map(|face| face.record().frame) {
            document.show_frame(frame);
            outbox.change_view(ViewCommand::FollowFace(frame));
        }
        document.add_fill(fill);
        true
    }
}

/// Tells how much of the hole lies in no face.
fn tell_of_rest(rest: usize, whole: usize, outbox: &mut Outbox) {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let percent = 100.0 * rest as f64 / whole.max(1) as f64;
    let amount = if percent < 1.0 { "<1".to_owned() } else { format!("{percent:.0}") };
    let headline = format!("{amount} % of the paint lies in no face and stayed as it was");
    let message = UserMessage::new(Severity::Warning, headline);
    let advice = "To fill it too, move the face frame over it (F) and press Fill";
    outbox.tell(message.with_details(vec![advice.to_owned()]));
}
