//! The editor's data about the running fill.

use std::sync::Arc;

use super::face_queue::FaceQueue;
use crate::app::document::{BranchPoint, DocumentFill};
use crate::app::loss_history::LossHistory;
use crate::job::{FillLook, FillOutcome, FillProgress, FillRecord, FillRequest, JobId, SearchPreview};
use crate::mask::Mask;

/// The running fill.
pub struct RunningFill {
    pub(super) job: JobId,
    pub request: FillRequest,
    /// The hole last sent to the search.
    pub hole: Mask,
    /// The device is open and the search has begun.
    pub is_started: bool,
    pub is_paused: bool,
    /// Stop was pressed; the result has not arrived yet.
    pub is_stopping: bool,
    pub loss_history: LossHistory,
    pub remaining_secs: Option<f32>,
    /// Iterations added to those of the settings, because the hole was changed.
    pub extra_iterations: u32,
    pub preview: Option<SearchPreview>,
    /// The candidate to show; `None` is the current best.
    pub chosen_candidate: Option<usize>,
    /// The iteration of another fill that it goes on from.
    pub(super) branch: Option<BranchPoint>,
    /// The other faces, when several are filled in turn.
    pub queue: Option<FaceQueue>,
}

impl RunningFill {
    pub(super) fn new(job: JobId, request: FillRequest) -> Self {
        Self {
            job,
            hole: request.hole.clone(),
            request,
            is_started: false,
            is_paused: false,
            is_stopping: false,
            loss_history: LossHistory::default(),
            remaining_secs: None,
            extra_iterations: 0,
            preview: None,
            chosen_candidate: None,
            branch: None,
            queue: None,
        }
    }

    /// Adds newly finished iterations.
    pub fn add_progress(&mut self, progress: FillProgress) {
        self.loss_history.extend(progress.iterations);
        self.remaining_secs = progress.remaining_secs;
        self.extra_iterations = progress.extended_by;
        self.is_paused = progress.paused;
    }

    /// The finished fill of this hole.
    pub fn into_fill(self, outcome: Arc<FillOutcome>, hole: Mask) -> DocumentFill {
        let preview = self.preview.as_ref().filter(|preview| preview.hole == hole).map(|preview| preview.patch.clone());
        let branch = self.branch;
        DocumentFill { branch, ..DocumentFill::of_one_face(self.record(outcome, hole), self.loss_history, preview) }
    }

    /// The record of the finished search.
    pub(super) fn record(&self, outcome: Arc<FillOutcome>, hole: Mask) -> FillRecord {
        let last = outcome.candidates.len().saturating_sub(1);
        let candidate = self.chosen_candidate.unwrap_or(outcome.best).min(last);
        let look = FillLook { candidate, blend: self.request.blend };
        FillRecord { hole, frame: self.request.frame, outcome, look }
    }

    /// Index of the shown candidate.
    pub fn shown_candidate(&self) -> usize {
        self.chosen_candidate
            .or_else(|| self.preview.as_ref().map(|preview| preview.best))
            .or_else(|| self.loss_history.best_candidate())
            .unwrap_or(0)
    }

    /// Total number of iterations.
    pub fn total_iterations(&self) -> u32 {
        self.request.settings.steps.saturating_add(self.extra_iterations)
    }

    /// Index of the face at hand in the fill that this becomes.
    pub fn face_index(&self) -> usize {
        self.queue.as_ref().map_or(0, FaceQueue::face_index)
    }

    /// The number of the face at hand, from 1, and of all that are filled in turn.
    pub fn turn(&self) -> (usize, usize) {
        self.queue.as_ref().map_or((1, 1), FaceQueue::turn)
    }

    /// Finished fraction of the iterations of all faces, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "iterations and faces stay below 2^24")]
    pub fn progress(&self) -> f32 {
        let fraction = self.loss_history.latest_iteration() as f32 / self.total_iterations().max(1) as f32;
        let (number, count) = self.turn();
        (number.saturating_sub(1) as f32 + fraction.clamp(0.0, 1.0)) / count.max(1) as f32
    }
}
