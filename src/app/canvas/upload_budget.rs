//! The time limit for converting and uploading textures in one frame.

use std::time::{Duration, Instant};

/// Time for converting and uploading pixels in one frame, short enough for 60 frames per second.
const UPLOAD_TIME_PER_FRAME: Duration = Duration::from_millis(5);

/// Allows work until the time is up. The first piece of each kind is always allowed, so every frame makes progress.
pub(super) struct UploadBudget {
    deadline: Instant,
    is_first_done: bool,
    has_refused: bool,
}

impl UploadBudget {
    pub fn for_this_frame() -> Self {
        Self { deadline: Instant::now() + UPLOAD_TIME_PER_FRAME, is_first_done: false, has_refused: false }
    }

    /// Whether one more piece of work may be done now. Remembers a refusal.
    pub fn try_start(&mut self) -> bool {
        if !self.is_first_done {
            self.is_first_done = true;
            return true;
        }
        let allowed = Instant::now() < self.deadline;
        self.has_refused |= !allowed;
        allowed
    }

    /// Begins another kind of work. Its first piece is always allowed.
    pub fn begin_kind(&mut self) {
        self.is_first_done = false;
    }

    /// Whether work was refused in this frame, so that another frame is needed.
    pub fn is_exhausted(&self) -> bool {
        self.has_refused
    }
}
