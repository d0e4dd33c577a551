//! The time limit for converting and uploading textures in one frame.

use std::time::{Duration, Instant};

/// Time that the canvas may spend on converting and uploading pixels in one frame, short enough for 60 frames per
/// second.
const PER_FRAME: Duration = Duration::from_millis(5);

/// Allows work until the time is up. The first piece of each kind is always allowed, so that every frame makes
/// progress.
pub(super) struct Budget {
    deadline: Instant,
    started: bool,
    exhausted: bool,
}

impl Budget {
    pub fn for_this_frame() -> Self {
        Self { deadline: Instant::now() + PER_FRAME, started: false, exhausted: false }
    }

    /// Whether one more piece of work may be done now. Remembers a refusal.
    pub fn allows(&mut self) -> bool {
        if !self.started {
            self.started = true;
            return true;
        }
        let allowed = Instant::now() < self.deadline;
        self.exhausted |= !allowed;
        allowed
    }

    /// Begins another kind of work. Its first piece is always allowed.
    pub fn next_kind(&mut self) {
        self.started = false;
    }

    /// Whether work was refused in this frame, so that another frame is needed.
    pub fn exhausted(&self) -> bool {
        self.exhausted
    }
}
