//! The editor's data about the running fill.

use crate::app::curves::Curves;
use crate::app::document::MaskId;
use crate::job::{FillRequest, JobId, Preview};

/// The running fill.
pub struct Run {
    pub(super) job: JobId,
    pub request: FillRequest,
    /// Mask state of each hole that the search was given, by hole number: the request's hole, then its changes.
    pub(super) mask_ids: Vec<MaskId>,
    /// The device is open and the search has begun.
    pub started: bool,
    pub paused: bool,
    /// Stop was pressed; the result has not arrived yet.
    pub stopping: bool,
    pub curves: Curves,
    pub remaining_secs: Option<f32>,
    /// Iterations added to those of the settings, because the hole was changed.
    pub extended_by: u32,
    pub preview: Option<Preview>,
    /// The candidate to show; `None` is the current best.
    pub show: Option<usize>,
}

impl Run {
    pub(super) fn new(job: JobId, request: FillRequest, mask_id: MaskId) -> Self {
        Self {
            job,
            request,
            mask_ids: vec![mask_id],
            started: false,
            paused: false,
            stopping: false,
            curves: Curves::default(),
            remaining_secs: None,
            extended_by: 0,
            preview: None,
            show: None,
        }
    }

    /// Index of the shown candidate.
    pub fn shown(&self) -> usize {
        self.show
            .or_else(|| self.preview.as_ref().map(|preview| preview.best))
            .or_else(|| self.curves.best())
            .unwrap_or(0)
    }

    /// Total number of iterations.
    pub fn iterations(&self) -> u32 {
        self.request.settings.steps.saturating_add(self.extended_by)
    }

    /// Finished fraction of the iterations, 0 to 1.
    pub fn progress(&self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "iterations stay below 2^24")]
        let share = self.curves.iteration() as f32 / self.iterations().max(1) as f32;
        share.clamp(0.0, 1.0)
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
