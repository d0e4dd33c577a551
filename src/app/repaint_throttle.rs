//! Limits how often a running fill repaints the window.
//!
//! Without a GPU, the CPU runs the search and also draws the window, and a repaint for every iteration would take most
//! of its time. Then, repaints are delayed so that drawing takes at most a third of the time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::job::RepaintUrgency;

/// Time for the search between two frames, as a multiple of the time that one frame takes.
const SEARCH_TIME_PER_FRAME_TIME: u32 = 2;

/// Longest delay of a repaint, however long frames take.
const MAX_REPAINT_DELAY: Duration = Duration::from_millis(700);

/// Requests repaints of the window, at a limited rate.
pub(super) struct RepaintThrottle {
    context: egui::Context,
    timing: Mutex<FrameTiming>,
}

/// Measured timing of the window's frames.
struct FrameTiming {
    /// Whether the CPU draws the window.
    is_cpu_rendered: bool,
    last_frame_start: Instant,
    frame_time: Duration,
}

impl FrameTiming {
    /// Records the start of a frame. If the previous frame requested it, the time between them is the frame time.
    fn record_frame_start(&mut self, now: Instant, was_requested_by_last_frame: bool) {
        if self.is_cpu_rendered && was_requested_by_last_frame {
            self.frame_time = now - self.last_frame_start;
        }
        self.last_frame_start = now;
    }

    /// The delay of a repaint that is requested now.
    fn repaint_delay(&self, now: Instant) -> Duration {
        let due = self.last_frame_start + self.frame_time * (1 + SEARCH_TIME_PER_FRAME_TIME);
        due.saturating_duration_since(now).min(MAX_REPAINT_DELAY)
    }
}

impl RepaintThrottle {
    /// `is_cpu_rendered`: whether the CPU draws the window.
    pub fn new(context: egui::Context, is_cpu_rendered: bool) -> Self {
        let timing = FrameTiming { is_cpu_rendered, last_frame_start: Instant::now(), frame_time: Duration::ZERO };
        Self { context, timing: Mutex::new(timing) }
    }

    /// Records the start of a frame.
    pub fn begin_frame(&self) {
        let was_requested_by_last_frame = self.context.requested_repaint_last_pass();
        self.lock_timing().record_frame_start(Instant::now(), was_requested_by_last_frame);
    }

    /// Requests a repaint, from any thread.
    pub fn request_repaint(&self, urgency: RepaintUrgency) {
        match urgency {
            RepaintUrgency::Now => self.context.request_repaint(),
            // For a request without a delay, egui draws two frames.
            RepaintUrgency::Soon => {
                let delay = self.lock_timing().repaint_delay(Instant::now());
                self.context.request_repaint_after(delay.max(Duration::from_millis(1)));
            }
        }
    }

    fn lock_timing(&self) -> MutexGuard<'_, FrameTiming> {
        self.timing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// The delay of a repaint requested 5 ms after a second frame, which starts 40 ms after the first.
    fn delay_after_two_frames(is_cpu_rendered: bool, was_requested_by_last_frame: bool) -> Duration {
        let start = Instant::now();
        let mut timing = FrameTiming { is_cpu_rendered, last_frame_start: start, frame_time: Duration::ZERO };
        timing.record_frame_start(start + 40 * MS, was_requested_by_last_frame);
        timing.repaint_delay(start + 45 * MS)
    }

    #[test]
    fn software_rendering_takes_a_third_of_the_time() {
        assert_eq!(delay_after_two_frames(true, true), 115 * MS);
    }

    #[test]
    fn idle_time_does_not_count_as_frame_time() {
        assert_eq!(delay_after_two_frames(true, false), Duration::ZERO);
    }

    #[test]
    fn on_a_gpu_repaints_are_not_delayed() {
        assert_eq!(delay_after_two_frames(false, true), Duration::ZERO);
    }

    #[test]
    fn the_repaint_delay_is_limited() {
        let start = Instant::now();
        let mut timing = FrameTiming { is_cpu_rendered: true, last_frame_start: start, frame_time: Duration::ZERO };
        let now = start + 2000 * MS;
        timing.record_frame_start(now, true);
        assert_eq!(timing.repaint_delay(now), MAX_REPAINT_DELAY);
    }

    #[test]
    fn soon_requests_one_frame_and_now_two() {
        let frames_after = |urgency| {
            let context = egui::Context::default();
            let frame = || {
                context.run_ui(egui::RawInput::default(), |_| {}).textures_delta.clear();
                context.has_requested_repaint()
            };
            while frame() {}
            RepaintThrottle::new(context.clone(), false).request_repaint(urgency);
            1 + usize::from(frame())
        };
        assert_eq!(frames_after(RepaintUrgency::Soon), 1);
        assert_eq!(frames_after(RepaintUrgency::Now), 2);
    }
}
