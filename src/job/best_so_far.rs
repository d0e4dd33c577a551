//! The best result of a running search, copied to the host, where a lost device cannot destroy it.

use super::{Candidate, fit_quality};
use crate::search::{BestCandidates, Losses, Search, Settings};

/// The best result of every candidate so far.
pub(super) struct BestSoFar {
    pub candidates: Vec<Candidate>,
    /// See [`FillOutcome::explained_share`](super::FillOutcome::explained_share).
    pub explained_share: Option<f32>,
    pub steps: u32,
    pub history: SearchHistory,
    pub settings: Settings,
}

/// What a repetition must know about the course of a search.
#[derive(Clone, Copy, Default)]
pub(super) struct SearchHistory {
    pub evaluations: u32,
    pub changed_during_search: bool,
}

impl BestSoFar {
    /// `None` before the first iteration. Waits for the device.
    pub fn of(search: &Search, history: SearchHistory) -> Option<Self> {
        let BestCandidates { latents, losses } = search.best()?;
        let best = lowest_total(losses.iter().copied());
        let pictures = search.best_pictures();
        let explained_share = pictures.get(best).and_then(|best| fit_quality::explained_share(best, search.problem()));
        let found = latents.into_iter().zip(losses).zip(pictures);
        let candidate = |((latent, losses), picture)| Candidate {
            latent,
            picture,
            losses,
            is_mix: false,
            kept_at: None,
            edit: None,
        };
        let (steps, settings) = (search.iterations_done(), *search.settings());
        Some(Self { candidates: found.map(candidate).collect(), explained_share, steps, history, settings })
    }
}

/// Index of the lowest total loss. NaN is skipped.
pub(super) fn lowest_total(losses: impl Iterator<Item = Losses>) -> usize {
    losses
        .enumerate()
        .filter(|(_, losses)| !losses.total.is_nan())
        .min_by(|(_, a), (_, b)| a.total.total_cmp(&b.total))
        .map_or(0, |(index, _)| index)
}
