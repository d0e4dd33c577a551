//! One iteration of a search as its result, instead of the best one.

use super::{Candidate, FillOutcome, FillRequest, SearchStart};
use crate::search::Settings;

impl FillRequest {
    /// A request that draws all candidates as they were at an iteration of this request's search, without a search.
    /// `None` if the iteration was not kept ([`FillOutcome::latent_history`]).
    #[must_use]
    pub fn at_iteration(&self, outcome: &FillOutcome, iteration: u32) -> Option<Self> {
        let latents = outcome.latent_history.latents(iteration)?.to_vec();
        let candidates = u32::try_from(outcome.latent_history.candidates()).ok()?;
        let settings = Settings { candidates, ..outcome.settings.without_search() };
        Some(Self { settings, start: SearchStart::At(latents), ..self.clone() })
    }
}

impl FillOutcome {
    /// The outcome of the same search with the candidates as they were at an iteration. `drawn` is the outcome of
    /// [`FillRequest::at_iteration`].
    #[must_use]
    pub fn with_iteration(self, iteration: u32, drawn: Self) -> Self {
        let kept = |candidate| Candidate { is_mix: true, kept_at: Some(iteration), ..candidate };
        let candidates = drawn.candidates.into_iter().map(kept).collect();
        Self { candidates, best: drawn.best, explained_share: drawn.explained_share, ..self }
    }
}
