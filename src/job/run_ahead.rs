//! Bounds how far the search runs ahead of a GPU. The GPU works off a queue, and whoever stops the search waits for it.

use std::time::{Duration, Instant};

use crate::search::Search;

/// Most work in the queue: a stop must be answered within 100 ms.
const MAX_QUEUED: Duration = Duration::from_millis(50);
/// Most evaluations in the queue, which bounds the memory.
const MAX_EVALUATIONS: u32 = 32;

/// The work since the GPU was last idle.
pub(super) struct RunAhead {
    evaluations: u32,
    /// The GPU is waited for after this many evaluations.
    limit: u32,
    since: Instant,
}

impl RunAhead {
    pub fn new() -> Self {
        Self { evaluations: 0, limit: 1, since: Instant::now() }
    }

    /// Call after every evaluation. Waits for the GPU if the queue is long.
    ///
    /// # Panics
    /// When the GPU is lost.
    pub fn evaluated(&mut self, search: &Search) {
        self.evaluations += 1;
        if self.evaluations >= self.limit {
            search.wait();
            self.limit = limit(self.since.elapsed() / self.evaluations);
            (self.evaluations, self.since) = (0, Instant::now());
        }
    }
}

/// Number of evaluations that take [`MAX_QUEUED`], if one takes this long.
fn limit(evaluation: Duration) -> u32 {
    let fitting = MAX_QUEUED.as_micros() / evaluation.as_micros().max(1);
    u32::try_from(fitting).unwrap_or(MAX_EVALUATIONS).clamp(1, MAX_EVALUATIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_evaluations_are_waited_for_one_by_one() {
        assert_eq!(limit(Duration::from_secs(1)), 1);
        assert_eq!(limit(Duration::from_millis(10)), 5);
        assert_eq!(limit(Duration::ZERO), MAX_EVALUATIONS);
    }
}
