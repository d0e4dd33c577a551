//! The latents of every iteration of a search: what it takes to go back to any of them.

use std::sync::Arc;

use crate::search::SearchIteration;

/// Most memory of the latents in a history.
const MAX_BYTES: usize = 64 << 20;

/// The latents of all candidates, by iteration. Cloning is cheap.
///
/// Every iteration is kept. Of a search that would need more than 64 MB (1000 iterations with 128 candidates), only
/// every second one is kept, then every fourth, and so on, and always the newest one.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentHistory {
    iterations: Vec<IterationLatents>,
    candidates: usize,
    /// Iterations between two that are kept.
    stride: u32,
    max_bytes: usize,
}

/// The latents of one iteration.
#[derive(Clone, Debug, PartialEq)]
struct IterationLatents {
    /// Counted from 1.
    number: u32,
    /// Those of all candidates, one after the other.
    latents: Arc<[f32]>,
}

impl Default for LatentHistory {
    fn default() -> Self {
        Self { iterations: Vec::new(), candidates: 0, stride: 1, max_bytes: MAX_BYTES }
    }
}

impl LatentHistory {
    /// A history of these iterations with their latents of all candidates, as read from a file. `None` when the
    /// numbers do not ascend or the lengths differ.
    #[must_use]
    pub fn from_iterations(candidates: usize, iterations: impl IntoIterator<Item = (u32, Vec<f32>)>) -> Option<Self> {
        let mut history = Self { candidates, ..Self::default() };
        for (number, latents) in iterations {
            let last = history.iterations.last();
            let fits = last.is_none_or(|last| last.number < number && last.latents.len() == latents.len());
            if !fits || candidates == 0 || !latents.len().is_multiple_of(candidates) {
                return None;
            }
            history.push(number, candidates, &latents);
        }
        Some(history)
    }

    /// Adds the next iteration.
    pub fn add(&mut self, iteration: &SearchIteration) {
        self.push(iteration.number, iteration.losses.len(), &iteration.latents);
    }

    fn push(&mut self, number: u32, candidates: usize, latents: &[f32]) {
        self.candidates = candidates;
        // The newest one is kept until the next one comes.
        if self.iterations.last().is_some_and(|last| !self.is_kept(last.number)) {
            self.iterations.pop();
        }
        self.iterations.push(IterationLatents { number, latents: latents.into() });
        while self.iterations.len() > 2 && self.iterations.len() * size_of_val(latents) > self.max_bytes {
            self.stride *= 2;
            let (first, stride) = (self.first(), self.stride);
            self.iterations.retain(|it| it.number == number || (it.number - first).is_multiple_of(stride));
        }
    }

    fn is_kept(&self, number: u32) -> bool {
        (number - self.first()).is_multiple_of(self.stride)
    }

    /// The same within this memory: with fewer iterations, if need be.
    #[must_use]
    pub fn within(&self, max_bytes: usize) -> Self {
        let mut thinned = Self { max_bytes, ..Self::default() };
        for IterationLatents { number, latents } in &self.iterations {
            thinned.push(*number, self.candidates, latents);
        }
        Self { max_bytes: MAX_BYTES, ..thinned }
    }

    /// The first iteration; 0 when there is none.
    #[must_use]
    pub fn first(&self) -> u32 {
        self.iterations.first().map_or(0, |first| first.number)
    }

    /// The last iteration; 0 when there is none.
    #[must_use]
    pub fn last(&self) -> u32 {
        self.iterations.last().map_or(0, |last| last.number)
    }

    /// Number of iterations that are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iterations.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iterations.is_empty()
    }

    /// Number of candidates.
    #[must_use]
    pub fn candidates(&self) -> usize {
        self.candidates
    }

    /// The numbers of the iterations, ascending.
    #[must_use]
    pub fn numbers(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.iterations.iter().map(|iteration| iteration.number)
    }

    /// The kept iteration that is nearest to this one. `None` when there is none at all.
    #[must_use]
    pub fn nearest(&self, number: u32) -> Option<u32> {
        let after = self.iterations.partition_point(|iteration| iteration.number < number);
        let around = self.iterations.get(after.saturating_sub(1)..)?.iter().take(2);
        around.map(|iteration| iteration.number).min_by_key(|kept| kept.abs_diff(number))
    }

    /// The latents of all candidates at an iteration, one after the other. `None` if it is not kept.
    #[must_use]
    pub fn latents(&self, number: u32) -> Option<&[f32]> {
        let index = self.iterations.binary_search_by_key(&number, |iteration| iteration.number).ok()?;
        self.iterations.get(index).map(|iteration| &*iteration.latents)
    }

    /// The latent of one candidate at an iteration. `None` if either does not exist.
    #[must_use]
    pub fn latent(&self, number: u32, candidate: usize) -> Option<&[f32]> {
        let latents = self.latents(number)?;
        latents.chunks_exact(latents.len().checked_div(self.candidates)?.max(1)).nth(candidate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Losses;

    const LOSSES: Losses = Losses { context: 0.0, prior: 0.0, total: 0.0 };

    /// Two candidates with latents of two numbers, which tell the iteration.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn iteration(number: u32) -> SearchIteration {
        let value = number as f32;
        SearchIteration { number, losses: vec![LOSSES; 2], latents: vec![value, 0.0, -value, 0.0] }
    }

    fn history(numbers: impl IntoIterator<Item = u32>, max_bytes: usize) -> LatentHistory {
        let mut history = LatentHistory { max_bytes, ..LatentHistory::default() };
        numbers.into_iter().for_each(|number| history.add(&iteration(number)));
        history
    }

    #[test]
    fn every_iteration_can_be_gone_back_to() {
        let history = history(1..=100, MAX_BYTES);
        assert_eq!(history.numbers().collect::<Vec<_>>(), (1..=100).collect::<Vec<_>>());
        assert_eq!(history.latent(37, 1), Some(&[-37.0, 0.0][..]));
        assert_eq!((history.latent(101, 0), history.latent(5, 2)), (None, None));
        assert_eq!(history.latents(100).map(<[f32]>::len), Some(4));
    }

    #[test]
    fn long_searches_keep_the_first_the_newest_and_even_steps_between() {
        let limit = 16 * 20;
        let history = history(4..=1003, limit);
        assert!(history.len() * 16 <= limit && history.len() > 8, "{} iterations", history.len());
        assert_eq!((history.first(), history.last()), (4, 1003));
        let numbers: Vec<u32> = history.numbers().collect();
        let steps: Vec<u32> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (last, even) = steps.split_last().unwrap();
        assert!(even.iter().all(|step| step == &even[0]) && *last <= even[0], "{steps:?}");
        for number in numbers {
            assert_eq!(history.latent(number, 0), Some(&iteration(number).latents[..2]));
        }
    }

    #[test]
    fn the_nearest_iteration_is_found() {
        let history = history([2, 5, 9], MAX_BYTES);
        assert_eq!([0, 3, 4, 5, 8, 100].map(|number| history.nearest(number).unwrap()), [2, 2, 5, 5, 9, 9]);
        assert_eq!(LatentHistory::default().nearest(3), None);
    }

    #[test]
    fn iterations_from_a_file_must_ascend_and_fit() {
        let read = |candidates, iterations: &[(u32, usize)]| {
            let iterations = iterations.iter().map(|(number, length)| (*number, vec![0.5; *length]));
            LatentHistory::from_iterations(candidates, iterations)
        };
        assert_eq!(read(2, &[(1, 4), (3, 4)]).map(|history| history.len()), Some(2));
        assert!(read(2, &[(3, 4), (3, 4)]).is_none() && read(2, &[(1, 4), (2, 6)]).is_none());
        assert!(read(2, &[(1, 3)]).is_none() && read(0, &[(1, 4)]).is_none());
    }
}
