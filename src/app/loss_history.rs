//! The losses of a fill over its iterations, downsampled so that long fills need no more memory than short ones.

use crate::job::IterationLosses;
use crate::search::Losses;

/// The losses of every candidate, per iteration.
#[derive(Clone, Debug)]
pub struct LossHistory {
    points: Vec<IterationLosses>,
    /// Only iterations 1, 1 + stride, 1 + 2·stride, … are kept.
    stride: u32,
    latest: Option<IterationLosses>,
}

impl Default for LossHistory {
    fn default() -> Self {
        Self { points: Vec::new(), stride: 1, latest: None }
    }
}

impl LossHistory {
    /// Maximum number of kept points: about twice the plot's width in pixels, since more would not be visible.
    const MAX_POINTS: usize = 1200;

    /// Adds the losses of the next iterations.
    pub fn extend(&mut self, iterations: Vec<IterationLosses>) {
        for losses in iterations {
            if (losses.iteration.saturating_sub(1)).is_multiple_of(self.stride) {
                self.points.push(losses.clone());
            }
            self.latest = Some(losses);
            if self.points.len() > Self::MAX_POINTS {
                self.stride *= 2;
                let stride = self.stride;
                self.points.retain(|point| (point.iteration.saturating_sub(1)).is_multiple_of(stride));
            }
        }
    }

    /// The kept points and the newest one, oldest first.
    pub fn points(&self) -> Vec<IterationLosses> {
        let latest = self.latest.iter().filter(|losses| self.points.last() != Some(losses));
        self.points.iter().chain(latest).cloned().collect()
    }

    /// The history of a finished fill.
    pub fn from_points(points: Vec<IterationLosses>) -> Self {
        Self { latest: points.last().cloned(), points, stride: 1 }
    }

    /// The newest iteration; 0 before the first.
    pub fn latest_iteration(&self) -> u32 {
        self.latest.as_ref().map_or(0, |losses| losses.iteration)
    }

    /// The newest losses of one candidate.
    pub fn latest_losses(&self, candidate: usize) -> Option<Losses> {
        self.latest.as_ref().and_then(|losses| losses.candidates.get(candidate).copied())
    }

    /// The candidate with the lowest total loss in the newest iteration.
    pub fn best_candidate(&self) -> Option<usize> {
        let losses = &self.latest.as_ref()?.candidates;
        (0..losses.len()).min_by(|&a, &b| losses[a].total.total_cmp(&losses[b].total))
    }

    /// The pairs `(iteration, losses)` of one candidate, oldest first.
    pub fn candidate_losses(&self, candidate: usize) -> impl Iterator<Item = (u32, Losses)> + '_ {
        let last = self.points.last().map(|point| point.iteration);
        let latest = self.latest.iter().filter(move |losses| last.is_some_and(|last| last != losses.iteration));
        let points = self.points.iter().chain(latest);
        points.filter_map(move |point| Some((point.iteration, *point.candidates.get(candidate)?)))
    }
}

/// The share of `|λ·prior|` in `|λ·prior| + |context|`, 0 to 1; `None` if the sum is zero or not finite.
pub fn prior_share(losses: Losses) -> Option<f32> {
    let weighted_prior = losses.total - losses.context;
    // The paper's prior loss is negative.
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
    fn downsampling_keeps_the_first_and_newest_point() {
        let mut history = LossHistory::default();
        history.extend((1..=10_000).map(point).collect());
        let kept: Vec<u32> = history.candidate_losses(0).map(|(iteration, _)| iteration).collect();
        assert!(kept.len() <= LossHistory::MAX_POINTS + 1, "{} points", kept.len());
        assert!(kept.len() > LossHistory::MAX_POINTS / 4, "{} points", kept.len());
        assert_eq!((kept.first(), kept.last()), (Some(&1), Some(&10_000)));
        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn prior_share_uses_absolute_values() {
        let share = prior_share(Losses { context: 3.0, prior: -10.0, total: 2.0 }).expect("finite");
        assert!((share - 0.25).abs() < 1e-6, "{share}");
        assert_eq!(prior_share(Losses { context: 0.0, prior: 0.0, total: 0.0 }), None);
    }
}
