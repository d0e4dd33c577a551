//! How long one frame may spend on textures.

use std::time::{Duration, Instant};

/// What the canvas may spend on converting and uploading pixels in one frame: with it a frame still comes in time
/// at 60 per second.
const PER_FRAME: Duration = Duration::from_millis(5);

/// Lets work through until the time is up, but always one piece of each kind, so that every frame gets further.
pub(super) struct Budget {
    deadline: Instant,
    started: bool,
    exhausted: bool,
}

impl Budget {
    pub fn for_this_frame() -> Self {
        Self { deadline: Instant::now() + PER_FRAME, started: false, exhausted: false }
    }

    /// Whether one more piece of work may be done now. A refusal is remembered.
    pub fn allows(&mut self) -> bool {
        if !self.started {
            self.started = true;
            return true;
        }
        let allowed = Instant::now() < self.deadline;
        self.exhausted |= !allowed;
        allowed
    }

    /// Lets one piece through again: another kind of work begins.
    pub fn next_kind(&mut self) {
        self.started = false;
    }

    /// Whether something was refused: another frame is needed.
    pub fn exhausted(&self) -> bool {
        self.exhausted
    }
}
