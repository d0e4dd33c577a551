//! Frame time statistics, logged when the window closes (`RUST_LOG=countenance=debug`).

use std::time::{Duration, Instant};

/// Maximum number of recorded frames; later frames are ignored.
const MAX_FRAMES: usize = 1 << 16;

/// The frame times of a session.
pub(super) struct FrameStats {
    started_at: Instant,
    time_to_first_frame: Option<Duration>,
    /// CPU time per frame: layout, tessellation and drawing, without the wait for the display.
    frame_times_secs: Vec<f32>,
}

impl FrameStats {
    /// `started_at`: when the program started.
    pub(super) fn new(started_at: Instant) -> Self {
        Self { started_at, time_to_first_frame: None, frame_times_secs: Vec::new() }
    }

    /// Records the previous frame's time, which is `None` at the first frame.
    pub(super) fn record(&mut self, frame_time_secs: Option<f32>) {
        self.time_to_first_frame.get_or_insert_with(|| self.started_at.elapsed());
        self.frame_times_secs.extend(frame_time_secs.filter(|_| self.frame_times_secs.len() < MAX_FRAMES));
    }

    /// The statistics as text, such as "200 frames: median 2.1 ms, 99 % below 9.0 ms, longest 30.2 ms".
    fn summary(&self) -> Option<String> {
        let mut sorted = self.frame_times_secs.clone();
        sorted.sort_by(f32::total_cmp);
        let percentile_ms = |numerator: usize, denominator: usize| {
            sorted.get((sorted.len() * numerator / denominator).min(sorted.len() - 1)).map_or(0.0, |secs| secs * 1000.0)
        };
        (!sorted.is_empty()).then(|| {
            format!(
                "{} frames: median {:.1} ms, 99 % below {:.1} ms, longest {:.1} ms",
                sorted.len(),
                percentile_ms(1, 2),
                percentile_ms(99, 100),
                percentile_ms(1, 1)
            )
        })
    }
}

impl Drop for FrameStats {
    fn drop(&mut self) {
        if let Some(first) = self.time_to_first_frame {
            tracing::debug!("first frame {:.2} s after the start", first.as_secs_f64());
        }
        if let Some(summary) = self.summary() {
            tracing::debug!("{summary}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_frame_leaves_the_99th_percentile() {
        let mut stats = FrameStats::new(Instant::now());
        stats.record(None);
        assert_eq!(stats.summary(), None);
        for frame in 0..200u8 {
            stats.record(Some(if frame == 77 { 0.5 } else { 0.002 }));
        }
        let expected = "200 frames: median 2.0 ms, 99 % below 2.0 ms, longest 500.0 ms";
        assert_eq!(stats.summary().as_deref(), Some(expected));
    }
}
