//! Limits how often a running fill repaints the window.
//!
//! Without a GPU, the CPU runs the search and also draws the window, and a repaint for every iteration would take most
//! of its time. There, repaints are delayed so that drawing takes at most a third of the time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::job::Urgency;

/// Time for the search between two frames, as a multiple of the time that one frame takes.
const SEARCH_PER_FRAME: u32 = 2;

/// Longest delay of a repaint, however long frames take.
const LONGEST_WAIT: Duration = Duration::from_millis(700);

/// Requests repaints of the window, at a limited rate.
pub(super) struct Rhythm {
    context: egui::Context,
    frames: Mutex<Frames>,
}

/// Measured timing of the window's frames.
struct Frames {
    /// Whether the CPU draws the window.
    in_software: bool,
    last: Instant,
    took: Duration,
}

impl Frames {
    /// Records the start of a frame. `at_once`: the previous frame requested this one, so the time between their starts
    /// is the time that a frame takes.
    fn begin(&mut self, now: Instant, at_once: bool) {
        if self.in_software && at_once {
            self.took = now - self.last;
        }
        self.last = now;
    }

    /// The delay of a repaint that is requested now.
    fn wait(&self, now: Instant) -> Duration {
        let due = self.last + self.took * (1 + SEARCH_PER_FRAME);
        due.saturating_duration_since(now).min(LONGEST_WAIT)
    }
}

impl Rhythm {
    /// `in_software`: whether the CPU draws the window.
    pub fn new(context: egui::Context, in_software: bool) -> Self {
        let frames = Frames { in_software, last: Instant::now(), took: Duration::ZERO };
        Self { context, frames: Mutex::new(frames) }
    }

    /// Records the start of a frame.
    pub fn begin_frame(&self) {
        let at_once = self.context.requested_repaint_last_pass();
        self.frames().begin(Instant::now(), at_once);
    }

    /// Requests a repaint, from any thread.
    pub fn wake(&self, urgency: Urgency) {
        match urgency {
            Urgency::AtOnce => self.context.request_repaint(),
            // Without a delay egui would draw two frames.
            Urgency::Soon => {
                let wait = self.frames().wait(Instant::now());
                self.context.request_repaint_after(wait.max(Duration::from_millis(1)));
            }
        }
    }

    fn frames(&self) -> MutexGuard<'_, Frames> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// The delay of a repaint requested 5 ms after a second frame, which starts 40 ms after the first.
    fn wait_after_two_frames(in_software: bool, at_once: bool) -> Duration {
        let start = Instant::now();
        let mut frames = Frames { in_software, last: start, took: Duration::ZERO };
        frames.begin(start + 40 * MS, at_once);
        frames.wait(start + 45 * MS)
    }

    #[test]
    fn software_rendering_takes_a_third_of_the_time() {
        assert_eq!(wait_after_two_frames(true, true), 115 * MS);
    }

    #[test]
    fn idle_time_does_not_count_as_frame_time() {
        assert_eq!(wait_after_two_frames(true, false), Duration::ZERO);
    }

    #[test]
    fn on_a_gpu_repaints_are_not_delayed() {
        assert_eq!(wait_after_two_frames(false, true), Duration::ZERO);
    }

    #[test]
    fn the_repaint_delay_is_limited() {
        let start = Instant::now();
        let mut frames = Frames { in_software: true, last: start, took: Duration::ZERO };
        let now = start + 2000 * MS;
        frames.begin(now, true);
        assert_eq!(frames.wait(now), LONGEST_WAIT);
    }

    #[test]
    fn soon_requests_one_frame_and_at_once_two() {
        let frames_after = |urgency| {
            let context = egui::Context::default();
            let frame = || {
                context.run_ui(egui::RawInput::default(), |_| {}).textures_delta.clear();
                context.has_requested_repaint()
            };
            while frame() {}
            Rhythm::new(context.clone(), false).wake(urgency);
            1 + usize::from(frame())
        };
        assert_eq!(frames_after(Urgency::Soon), 1);
        assert_eq!(frames_after(Urgency::AtOnce), 2);
    }
}
