//! One running search as the editor sees it.

use crate::app::curves::Curves;
use crate::app::document::MaskId;
use crate::job::{FillRequest, JobId, Preview};

/// A running search.
pub struct Run {
    pub(super) job: JobId,
    pub request: FillRequest,
    /// The state of the mask that each hole of the search is: that of the request, and those that followed it.
    pub(super) mask_ids: Vec<MaskId>,
    /// The device is open and the search begun.
    pub started: bool,
    pub paused: bool,
    /// Stop was pressed; the best so far is on its way.
    pub stopping: bool,
    pub curves: Curves,
    pub remaining_secs: Option<f32>,
    /// Iterations on top of those that the settings say, as the hole was changed.
    pub extended_by: u32,
    pub preview: Option<Preview>,
    /// The candidate to show; `None` is the best at the moment.
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

    /// The candidate on the screen.
    pub fn shown(&self) -> usize {
        self.show
            .or_else(|| self.preview.as_ref().map(|preview| preview.best))
            .or_else(|| self.curves.best())
            .unwrap_or(0)
    }

    /// How many iterations there will be.
    pub fn iterations(&self) -> u32 {
        self.request.settings.steps.saturating_add(self.extended_by)
    }

    /// Done iterations as a share of all, 0 to 1.
    pub fn progress(&self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^24 but for searches of days")]
        let share = self.curves.iteration() as f32 / self.iterations().max(1) as f32;
        share.clamp(0.0, 1.0)
    }

    /// The state of the mask that the search was told of last.
    pub fn newest_mask_id(&self) -> Option<MaskId> {
        self.mask_ids.last().copied()
    }

    /// The state of the mask that the preview is drawn into; `None` without a preview.
    pub fn shown_mask_id(&self) -> Option<MaskId> {
        self.preview.as_ref().and_then(|preview| self.mask_id(preview.hole_number))
    }

    pub(super) fn mask_id(&self, hole_number: u64) -> Option<MaskId> {
        self.mask_ids.get(usize::try_from(hole_number).ok()?).copied()
    }
}
