//! What the window shows of the fills: the candidates, their losses, and the patch in the photo.

use std::sync::Arc;

use super::{FillState, RunningFill};
use crate::app::canvas::MaskDisplay;
use crate::app::document::{DocumentFill, PhotoDocument};
use crate::app::loss_history::LossHistory;
use crate::blend::FillPatch;
use crate::job::Candidate;
use crate::search::Losses;

/// The fill whose candidates are shown: the running one, or else the document's.
#[derive(Clone, Copy)]
pub enum ShownFill<'a> {
    Running(&'a RunningFill),
    Finished(&'a DocumentFill),
}

impl<'a> ShownFill<'a> {
    /// Number of candidates to choose from.
    pub fn candidate_count(self) -> usize {
        match self {
            Self::Running(run) => run.preview.as_ref().map_or(0, |preview| preview.candidates.len()),
            Self::Finished(fill) => fill.record.outcome.candidates.len(),
        }
    }

    /// Candidate indices in display order: by rank once the fill has finished, by index while it runs.
    pub fn candidate_order(self) -> Vec<usize> {
        match self {
            Self::Running(_) => (0..self.candidate_count()).collect(),
            Self::Finished(fill) => fill.record.outcome.ranked_candidates(),
        }
    }

    /// The candidate that the user chose; `None` while a search shows whichever is the best.
    pub fn chosen_candidate(self) -> Option<usize> {
        match self {
            Self::Running(run) => run.chosen_candidate,
            Self::Finished(fill) => Some(fill.record.look.candidate),
        }
    }

    /// Index of the shown candidate.
    pub fn shown_candidate(self) -> usize {
        match self {
            Self::Running(run) => run.shown_candidate(),
            Self::Finished(fill) => fill.record.look.candidate,
        }
    }

    /// Index of the best candidate; `None` until there is one.
    pub fn best_candidate(self) -> Option<usize> {
        match self {
            Self::Running(run) => run.preview.as_ref().map(|preview| preview.best),
            Self::Finished(fill) => Some(fill.record.outcome.best),
        }
    }

    /// Whether a candidate was mixed from others.
    pub fn is_mix(self, candidate: usize) -> bool {
        match self {
            Self::Running(_) => false,
            Self::Finished(fill) => fill.record.outcome.candidates.get(candidate).is_some_and(|mix| mix.is_mix),
        }
    }

    /// The iteration at which the user kept a candidate.
    pub fn kept_at(self, candidate: usize) -> Option<u32> {
        match self {
            Self::Running(_) => None,
            Self::Finished(fill) => fill.record.outcome.candidates.get(candidate)?.kept_at,
        }
    }

    /// The current losses of a candidate.
    pub fn losses_of(self, candidate: usize) -> Option<Losses> {
        match self {
            Self::Running(run) => run.loss_history.latest_losses(candidate),
            Self::Finished(fill) => fill.record.outcome.candidates.get(candidate).map(|candidate| candidate.losses),
        }
    }

    pub fn loss_history(self) -> &'a LossHistory {
        match self {
            Self::Running(run) => &run.loss_history,
            Self::Finished(fill) => &fill.loss_history,
        }
    }

    /// Number of iterations of the whole search.
    pub fn iterations(self) -> u32 {
        match self {
            Self::Running(run) => run.total_iterations(),
            Self::Finished(fill) => fill.record.outcome.steps,
        }
    }
}

impl FillState {
    /// The fill whose candidates are shown.
    pub fn shown_fill<'a>(&'a self, document: &'a PhotoDocument) -> Option<ShownFill<'a>> {
        let running = self.running.as_ref().map(ShownFill::Running);
        running.or_else(|| document.shown_fill().map(ShownFill::Finished))
    }

    /// The losses of the mix or of the shown iteration, or else of the shown candidate.
    pub fn shown_losses(&self, document: &PhotoDocument) -> Option<Losses> {
        let mix = self.mix.as_ref().and_then(|mix| mix.preview());
        let drawn = mix.or_else(|| self.timeline_preview()).map(|preview| preview.candidate.losses);
        drawn.or_else(|| {
            let fill = self.shown_fill(document)?;
            fill.losses_of(fill.shown_candidate())
        })
    }

    /// The candidate that a finished fill shows in the photo: a mix, an iteration, or the shown candidate.
    pub fn candidate_in_photo<'a>(&'a self, document: &'a PhotoDocument) -> Option<&'a Candidate> {
        let mix = self.mix.as_ref().and_then(|mix| mix.preview());
        let drawn = mix.or_else(|| self.timeline_preview()).map(|preview| &preview.candidate);
        drawn.or_else(|| document.shown_fill()?.record.shown_candidate())
    }

    /// The patch shown in the photo: from the running search, a mix, an iteration, the finished fill or a first guess.
    pub fn shown_patch<'a>(&'a self, document: &'a PhotoDocument) -> Option<&'a Arc<FillPatch>> {
        // What leaves the hole must show the photo, but the patch of the earlier hole would cover it.
        if document.is_uncovering() {
            return None;
        }
        let guess = || self.first_guess.patch();
        if let Some(run) = &self.running {
            return run.preview.as_ref().map(|preview| &preview.patch).or_else(guess);
        }
        let mix = self.mix.as_ref().and_then(|mix| mix.preview());
        if let Some(preview) = mix.or_else(|| self.timeline_preview()) {
            return Some(&preview.patch);
        }
        let fill = || document.shown_fill()?.composition.value();
        if document.is_shown_fill_current() { fill() } else { guess().or_else(fill) }
    }

    /// Whether the photo shows a first guess of the current hole.
    pub fn shows_first_guess(&self, document: &PhotoDocument) -> bool {
        let (shown, guess) = (self.shown_patch(document), self.first_guess.patch());
        let is_shown = shown.zip(guess).is_some_and(|(shown, guess)| Arc::ptr_eq(shown, guess));
        is_shown && self.first_guess.is_of(document)
    }

    /// How the hole is drawn: hidden under its own fill, outlined around a first guess, otherwise tinted.
    pub fn mask_display(&self, document: &PhotoDocument) -> MaskDisplay {
        if document.has_active_stroke() {
            return MaskDisplay::Tinted;
        }
        let is_filled = match &self.running {
            Some(run) => run.preview.as_ref().is_some_and(|preview| preview.hole == *document.mask()),
            None if self.timeline_preview().is_some() => self.timeline_hole() == Some(document.mask()),
            None => document.is_shown_fill_current(),
        };
        if is_filled {
            MaskDisplay::Hidden
        } else if self.shows_first_guess(document) {
            MaskDisplay::Outlined
        } else {
            MaskDisplay::Tinted
        }
    }
}
