//! The editor's data about the running fill.

use std::sync::Arc;

use crate::app::document::{BranchPoint, DocumentFill};
use crate::app::latest::Latest;
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
        let last = outcome.candidates.len().saturating_sub(1);
        let candidate = self.chosen_candidate.unwrap_or(outcome.best).min(last);
        let preview = self.preview.filter(|preview| preview.hole == hole);
        let look = FillLook { candidate, blend: self.request.blend };
        DocumentFill {
            record: FillRecord { hole, frame: self.request.frame, outcome, look },
            loss_history: self.loss_history,
            composition: Latest::with_stand_in(preview.map(|preview| preview.patch)),
            branch: self.branch,
        }
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

    /// Finished fraction of the iterations, 0 to 1.
    pub fn progress(&self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "iterations stay below 2^24")]
        let fraction = self.loss_history.latest_iteration() as f32 / self.total_iterations().max(1) as f32;
        fraction.clamp(0.0, 1.0)
    }
}
