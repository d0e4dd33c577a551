//! The editor's data about the running fill.

use crate::app::document::MaskId;
use crate::app::loss_history::LossHistory;
use crate::job::{FillRequest, JobId, SearchPreview};

/// The running fill.
pub struct RunningFill {
    pub(super) job: JobId,
    pub request: FillRequest,
    /// Mask state of each hole sent to the search, by hole number: the request's hole, then its changes.
    pub(super) mask_ids: Vec<MaskId>,
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
}

impl RunningFill {
    pub(super) fn new(job: JobId, request: FillRequest, mask_id: MaskId) -> Self {
        Self {
            job,
            request,
            mask_ids: vec![mask_id],
            is_started: false,
            is_paused: false,
            is_stopping: false,
            loss_history: LossHistory::default(),
            remaining_secs: None,
            extra_iterations: 0,
            preview: None,
            chosen_candidate: None,
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

    /// Mask state of the hole last sent to the search.
    pub fn newest_mask_id(&self) -> Option<MaskId> {
        self.mask_ids.last().copied()
    }

    /// Mask state of the hole that the preview fills; `None` without a preview.
    pub fn shown_mask_id(&self) -> Option<MaskId> {
        self.preview.as_ref().and_then(|preview| self.mask_id(preview.hole_number))
    }

    pub(super) fn mask_id(&self, hole_number: u64) -> Option<MaskId> {
        self.mask_ids.get(usize::try_from(hole_number).ok()?).copied()
    }
}
