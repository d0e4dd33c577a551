//! The losses of a run, thinned out so that a long one costs no more memory than a short one.

use crate::job::IterationLosses;
use crate::search::Losses;

/// The losses of every candidate over the iterations.
#[derive(Clone, Debug)]
pub struct Curves {
    points: Vec<IterationLosses>,
    /// Only iterations that are 1 more than a multiple of this are kept.
    stride: u32,
    newest: Option<IterationLosses>,
}

impl Default for Curves {
    fn default() -> Self {
        Self { points: Vec::new(), stride: 1, newest: None }
    }
}

impl Curves {
    /// Twice the pixels that the plot is wide: more could not be seen.
    const MOST_POINTS: usize = 1200;

    /// Adds the losses of the next iterations.
    pub fn extend(&mut self, iterations: Vec<IterationLosses>) {
        for losses in iterations {
            if (losses.iteration.saturating_sub(1)).is_multiple_of(self.stride) {
                self.points.push(losses.clone());
            }
            self.newest = Some(losses);
            if self.points.len() > Self::MOST_POINTS {
                self.stride *= 2;
                let stride = self.stride;
                self.points.retain(|point| (point.iteration.saturating_sub(1)).is_multiple_of(stride));
            }
        }
    }

    /// All that is kept, oldest first.
    pub fn points(&self) -> Vec<IterationLosses> {
        let last = self.newest.iter().filter(|newest| self.points.last() != Some(newest));
        self.points.iter().chain(last).cloned().collect()
    }

    /// The curves of a finished run.
    pub fn from_points(points: Vec<IterationLosses>) -> Self {
        Self { newest: points.last().cloned(), points, stride: 1 }
    }

    /// The iteration reached, 0 before the first.
    pub fn iteration(&self) -> u32 {
        self.newest.as_ref().map_or(0, |losses| losses.iteration)
    }

    /// The newest losses of one candidate.
    pub fn newest(&self, candidate: usize) -> Option<Losses> {
        self.newest.as_ref().and_then(|losses| losses.candidates.get(candidate).copied())
    }

    /// The candidate with the least total loss now.
    pub fn best(&self) -> Option<usize> {
        let losses = &self.newest.as_ref()?.candidates;
        (0..losses.len()).min_by(|&a, &b| losses[a].total.total_cmp(&losses[b].total))
    }

    /// `(iteration, losses)` of one candidate, oldest first.
    pub fn of(&self, candidate: usize) -> impl Iterator<Item = (u32, Losses)> + '_ {
        let last = self
            .newest
            .iter()
            .filter(|newest| self.points.last().is_some_and(|point| point.iteration != newest.iteration));
        self.points
            .iter()
            .chain(last)
            .filter_map(move |point| Some((point.iteration, *point.candidates.get(candidate)?)))
    }
}

/// The share of `λ·prior` in the total, 0 to 1. Magnitudes count, as the paper's prior loss is negative.
pub fn prior_share(losses: Losses) -> Option<f32> {
    let weighted_prior = losses.total - losses.context;
    let sum = weighted_prior.abs() + losses.context.abs();
    (sum > 0.0 && sum.is_finite()).then(|| weighted_prior.abs() / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(iteration: u32) -> IterationLosses {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let context = iteration as f32;
        IterationLosses { iteration, candidates: vec![Losses { context, prior: 1.0, total: context + 0.1 }] }
    }

    #[test]
    fn long_runs_are_thinned_but_keep_the_first_and_the_newest_point() {
        let mut curves = Curves::default();
        curves.extend((1..=10_000).map(point).collect());
        let kept: Vec<u32> = curves.of(0).map(|(iteration, _)| iteration).collect();
        assert!(kept.len() <= Curves::MOST_POINTS + 1, "{} points", kept.len());
        assert!(kept.len() > Curves::MOST_POINTS / 4, "{} points", kept.len());
        assert_eq!((kept.first(), kept.last()), (Some(&1), Some(&10_000)));
        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn share_counts_magnitudes_so_that_a_negative_prior_has_one_too() {
        let share = prior_share(Losses { context: 3.0, prior: -10.0, total: 2.0 }).expect("finite");
        assert!((share - 0.25).abs() < 1e-6, "{share}");
        assert_eq!(prior_share(Losses { context: 0.0, prior: 0.0, total: 0.0 }), None);
    }
}
