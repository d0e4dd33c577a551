//! When the window is drawn for news of a running fill.
//!
//! What would surprise: on computers without a graphics card the processors that search also draw the window, and a frame for
//! every iteration would leave the search a fifth of them. There, news waits until drawing has taken a third of the time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::job::Urgency;

/// So many times as long as one frame takes, the search has until the next.
const SEARCH_PER_FRAME: u32 = 2;

/// News waits no longer than this, however long frames take.
const LONGEST_WAIT: Duration = Duration::from_millis(700);

/// Draws the window when there is news.
pub(super) struct Rhythm {
    context: egui::Context,
    frames: Mutex<Frames>,
}

/// What is known of the window's frames.
struct Frames {
    /// Processors draw them.
    in_software: bool,
    last: Instant,
    took: Duration,
}

impl Frames {
    /// A frame begins. `at_once`: it was asked for before the one before it was done.
    fn begin(&mut self, now: Instant, at_once: bool) {
        if self.in_software && at_once {
            self.took = now - self.last;
        }
        self.last = now;
    }

    /// How long news has to wait.
    fn wait(&self, now: Instant) -> Duration {
        let due = self.last + self.took * (1 + SEARCH_PER_FRAME);
        due.saturating_duration_since(now).min(LONGEST_WAIT)
    }
}

impl Rhythm {
    /// `in_software`: the window is drawn by the processors.
    pub fn new(context: egui::Context, in_software: bool) -> Self {
        let frames = Frames { in_software, last: Instant::now(), took: Duration::ZERO };
        Self { context, frames: Mutex::new(frames) }
    }

    /// Notes that a frame begins.
    pub fn begin_frame(&self) {
        let at_once = self.context.requested_repaint_last_pass();
        self.frames().begin(Instant::now(), at_once);
    }

    /// Has the window drawn, from any thread.
    pub fn wake(&self, urgency: Urgency) {
        match urgency {
            Urgency::AtOnce => self.context.request_repaint(),
            // Without any delay egui would draw two frames.
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

    /// What a second frame, 40 ms after the first, says of news 5 ms later.
    fn wait_after_two_frames(in_software: bool, at_once: bool) -> Duration {
        let start = Instant::now();
        let mut frames = Frames { in_software, last: start, took: Duration::ZERO };
        frames.begin(start + 40 * MS, at_once);
        frames.wait(start + 45 * MS)
    }

    #[test]
    fn drawn_by_the_processors_frames_take_a_third_of_the_time() {
        assert_eq!(wait_after_two_frames(true, true), 115 * MS);
    }

    #[test]
    fn a_frame_that_nothing_asked_for_at_once_says_nothing_of_how_long_frames_take() {
        assert_eq!(wait_after_two_frames(true, false), Duration::ZERO);
    }

    #[test]
    fn on_a_graphics_card_news_does_not_wait() {
        assert_eq!(wait_after_two_frames(false, true), Duration::ZERO);
    }

    #[test]
    fn news_waits_less_than_a_second_however_long_frames_take() {
        let start = Instant::now();
        let mut frames = Frames { in_software: true, last: start, took: Duration::ZERO };
        let now = start + 2000 * MS;
        frames.begin(now, true);
        assert_eq!(frames.wait(now), LONGEST_WAIT);
    }

    #[test]
    fn news_of_a_running_fill_is_drawn_once_and_other_news_twice_so_that_the_layout_settles() {
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
