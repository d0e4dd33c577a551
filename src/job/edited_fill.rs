//! A fill whose face was edited after its search.

use std::sync::Arc;

use super::{Candidate, FillOutcome, FillRequest, SearchStart};
use crate::search::LatentEdit;

impl FillRequest {
    /// A request that draws an edited latent in the same hole.
    #[must_use]
    pub fn into_edit(self, edit: LatentEdit) -> Self {
        Self { settings: self.settings.for_edit(&edit), start: SearchStart::Edited(edit), ..self }
    }
}

impl FillOutcome {
    /// The outcome of the same search with its best candidate edited. `drawn` is the outcome of
    /// [`FillRequest::into_edit`].
    #[must_use]
    pub fn with_edit(self, edit: &LatentEdit, drawn: Self) -> Self {
        let edited = |candidate| Candidate { is_mix: true, edit: Some(Arc::new(edit.clone())), ..candidate };
        let candidates = drawn.candidates.into_iter().map(edited).collect();
        Self { candidates, best: drawn.best, explained_share: drawn.explained_share, ..self }
    }
}
