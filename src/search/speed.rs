//! Measures the speed of the search.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Preset, Search, SearchProblem, Settings};
use crate::model::Networks;

/// Least number of timed steps.
const MIN_TIMED_STEPS: usize = 8;
/// Share of the time that is not measured, for setup and cold caches.
const WARM_UP_SHARE: f64 = 0.25;

/// The speed for one number of candidates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SearchSpeed {
    pub candidates: u32,
    /// Timed steps.
    pub steps: usize,
    /// Median seconds of a step: both networks forward and backward, the optimizer, and reading the losses.
    pub seconds_a_step: f64,
    /// Candidates divided by the seconds of a step: comparable between numbers of candidates.
    pub candidate_steps_per_second: f64,
}

/// A search with the Blog preset that never ends, on a test pattern with a hole in the middle.
#[must_use]
pub fn endless_search(networks: &Arc<Networks>, candidates: u32) -> Search {
    let settings = Settings { candidates, steps: u32::MAX, ..Preset::Blog.settings() };
    Search::new(networks.clone(), &test_pattern(networks.info.image_size_px as usize), settings)
}

/// Measures the [endless search](endless_search). The first quarter of `time` is warm-up.
#[must_use]
pub fn measure_speed(networks: &Arc<Networks>, candidates: u32, time: Duration) -> SearchSpeed {
    let mut search = endless_search(networks, candidates);
    let started = Instant::now();
    let mut seconds = Vec::new();
    while started.elapsed() < time || seconds.len() < MIN_TIMED_STEPS {
        let warming_up = started.elapsed() < time.mul_f64(WARM_UP_SHARE);
        let step = Instant::now();
        search.advance();
        search.take_iterations();
        if !warming_up {
            seconds.push(step.elapsed().as_secs_f64());
        }
    }
    seconds.sort_by(f64::total_cmp);
    let seconds_a_step = seconds[seconds.len() / 2];
    let candidate_steps_per_second = f64::from(candidates) / seconds_a_step;
    SearchSpeed { candidates, steps: seconds.len(), seconds_a_step, candidate_steps_per_second }
}

/// A test pattern: the pixels do not affect the speed.
fn test_pattern(size_px: usize) -> SearchProblem {
    let in_hole = |i: usize| (size_px / 4..size_px * 3 / 4).contains(&i);
    #[expect(clippy::cast_precision_loss, reason = "below 256")]
    let value = |i: usize| (i % 256) as f32 / 127.5 - 1.0;
    let known = |i: usize| if in_hole(i % size_px) && in_hole(i / size_px) { 0.0 } else { 1.0 };
    SearchProblem {
        size_px,
        pixels: (0..3 * size_px * size_px).map(value).collect(),
        known: (0..size_px * size_px).map(known).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cpu::CpuPrecision;
    use crate::model::{ModelFile, TINY_MODEL};

    #[test]
    fn speed_fields_are_consistent() {
        let networks = Arc::new(
            Networks::load_on_cpu(&ModelFile::parse("tiny", TINY_MODEL).unwrap(), CpuPrecision::Single).unwrap(),
        );
        let speed = measure_speed(&networks, 3, Duration::from_millis(20));
        assert_eq!(speed.candidates, 3);
        assert!(speed.steps >= MIN_TIMED_STEPS);
        assert!((speed.candidate_steps_per_second * speed.seconds_a_step - 3.0).abs() < 1e-9);
    }
}
