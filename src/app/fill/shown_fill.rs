//! What the window shows of the fills: the candidates, their losses, and the patch in the photo.

use std::sync::Arc;

use super::face_edit::FaceEdit;
use super::face_queue::FaceQueue;
use super::{CandidateMix, FillState, RunningFill};
use crate::app::canvas::MaskDisplay;
use crate::app::document::{DocumentFace, DocumentFill, PhotoDocument};
use crate::app::loss_history::LossHistory;
use crate::blend::FillPatch;
use crate::job::{Candidate, QuickPreview};
use crate::mask::Mask;
use crate::search::Losses;

/// The fill whose candidates are shown: the running one, or else the selected face of the document's.
#[derive(Clone, Copy)]
pub enum ShownFill<'a> {
    Running(&'a RunningFill),
    Finished(&'a DocumentFill, &'a DocumentFace),
}

impl<'a> ShownFill<'a> {
    /// Number of candidates to choose from.
    pub fn candidate_count(self) -> usize {
        match self {
            Self::Running(run) => run.preview.as_ref().map_or(0, |preview| preview.candidates.len()),
            Self::Finished(_, face) => face.record().outcome.candidates.len(),
        }
    }

    /// Candidate indices in display order: by rank once the fill has finished, by index while it runs.
    pub fn candidate_order(self) -> Vec<usize> {
        match self {
            Self::Running(_) => (0..self.candidate_count()).collect(),
            Self::Finished(_, face) => face.record().outcome.ranked_candidates(),
        }
    }

    /// The candidate that the user chose; `None` while a search shows whichever is the best.
    pub fn chosen_candidate(self) -> Option<usize> {
        match self {
            Self::Running(run) => run.chosen_candidate,
            Self::Finished(_, face) => Some(face.record().look.candidate),
        }
    }

    /// Index of the shown candidate.
    pub fn shown_candidate(self) -> usize {
        match self {
            Self::Running(run) => run.shown_candidate(),
            Self::Finished(_, face) => face.record().look.candidate,
        }
    }

    /// Index of the best candidate; `None` until there is one.
    pub fn best_candidate(self) -> Option<usize> {
        match self {
            Self::Running(run) => run.preview.as_ref().map(|preview| preview.best),
            Self::Finished(_, face) => Some(face.record().outcome.best),
        }
    }

    /// Whether a candidate was mixed from others.
    pub fn is_mix(self, candidate: usize) -> bool {
        match self {
            Self::Running(_) => false,
            Self::Finished(_, face) => face.record().outcome.candidates.get(candidate).is_some_and(|mix| mix.is_mix),
        }
    }

    /// Whether the user has edited a candidate.
    pub fn is_edited(self, candidate: usize) -> bool {
        match self {
            Self::Running(_) => false,
            Self::Finished(_, face) => {
                let candidate = face.record().outcome.candidates.get(candidate);
                candidate.is_some_and(|candidate| candidate.edit.is_some())
            }
        }
    }

    /// The iteration at which the user kept a candidate.
    pub fn kept_at(self, candidate: usize) -> Option<u32> {
        match self {
            Self::Running(_) => None,
            Self::Finished(_, face) => face.record().outcome.candidates.get(candidate)?.kept_at,
        }
    }

    /// The current losses of a candidate.
    pub fn losses_of(self, candidate: usize) -> Option<Losses> {
        match self {
            Self::Running(run) => run.loss_history.latest_losses(candidate),
            Self::Finished(_, face) => {
                face.record().outcome.candidates.get(candidate).map(|candidate| candidate.losses)
            }
        }
    }

    pub fn loss_history(self) -> &'a LossHistory {
        match self {
            Self::Running(run) => &run.loss_history,
            Self::Finished(_, face) => &face.loss_history,
        }
    }

    /// Number of iterations of the whole search.
    pub fn iterations(self) -> u32 {
        match self {
            Self::Running(run) => run.total_iterations(),
            Self::Finished(_, face) => face.record().outcome.steps,
        }
    }
}

impl FillState {
    /// The fill whose candidates are shown.
    pub fn shown_fill<'a>(&'a self, document: &'a PhotoDocument) -> Option<ShownFill<'a>> {
        let running = self.running.as_ref().map(ShownFill::Running);
        let finished = || Some(ShownFill::Finished(document.shown_fill()?, document.shown_face()?));
        running.or_else(finished)
    }

    /// The picture that is looked at instead of the shown candidate: a mix, an edited face or an iteration.
    fn drawn_preview(&self) -> Option<&QuickPreview> {
        let mix = self.mix.as_ref().and_then(CandidateMix::preview);
        let edit = || self.edit.as_ref().and_then(FaceEdit::preview);
        mix.or_else(edit).or_else(|| self.timeline_preview())
    }

    /// The losses of the mix, of the edited face or of the shown iteration, or else of the shown candidate.
    pub fn shown_losses(&self, document: &PhotoDocument) -> Option<Losses> {
        let drawn = self.drawn_preview().map(|preview| preview.candidate.losses);
        drawn.or_else(|| {
            let fill = self.shown_fill(document)?;
            fill.losses_of(fill.shown_candidate())
        })
    }

    /// The candidate that a finished fill shows in the photo: a mix, an edited face, an iteration, or the shown candidate.
    pub fn candidate_in_photo<'a>(&'a self, document: &'a PhotoDocument) -> Option<&'a Candidate> {
        let drawn = self.drawn_preview().map(|preview| &preview.candidate);
        drawn.or_else(|| document.shown_face()?.record().shown_candidate())
    }

    /// The patches shown in the photo, one drawn over the other: from the running search, a mix, an iteration, the finished
    /// fill or a first guess.
    pub fn shown_patches<'a>(&'a self, document: &'a PhotoDocument) -> Vec<&'a Arc<FillPatch>> {
        // What leaves the hole must show the photo, but the patch of the earlier hole would cover it.
        if document.is_uncovering() {
            return Vec::new();
        }
        let guess = self.first_guess.patch();
        if let Some(run) = &self.running {
            let preview = run.preview.as_ref().map(|preview| &preview.patch).or(guess);
            return run.queue.iter().flat_map(FaceQueue::patches).chain(preview).collect();
        }
        let fill = || document.shown_fill()?.composition.value().map(|patches| patches.iter().collect::<Vec<_>>());
        if let Some(preview) = self.drawn_preview() {
            // It is not limited to its part of the hole, so it lies under the other faces.
            let selected = document.shown_fill().map(|fill| fill.selected);
            let others = fill().unwrap_or_default().into_iter().enumerate();
            let others = others.filter(|(index, _)| Some(*index) != selected).map(|(_, patch)| patch);
            return std::iter::once(&preview.patch).chain(others).collect();
        }
        if document.is_shown_fill_current() {
            return fill().unwrap_or_default();
        }
        if let Some((kept, _)) = document.kept_faces() {
            let composed = document.shown_fill().and_then(|fill| fill.composition.value());
            let kept = composed.into_iter().flat_map(|patches| kept.iter().filter_map(|index| patches.get(*index)));
            return guess.into_iter().chain(kept).collect();
        }
        guess.map(|guess| vec![guess]).or_else(fill).unwrap_or_default()
    }

    /// The part of the mask that is drawn over the photo: without the faces that are filled, if there are others.
    pub fn shown_mask<'a>(&'a self, document: &'a PhotoDocument) -> &'a Mask {
        let of_queue = || {
            let run = self.running.as_ref().filter(|run| run.preview.is_some() && run.hole == *document.mask())?;
            run.queue.as_ref().map(FaceQueue::unfilled)
        };
        let of_kept = || document.kept_faces().filter(|_| !document.is_shown_fill_current()).map(|(_, rest)| rest);
        let shown = if self.is_running() { of_queue() } else { of_kept() };
        shown.filter(|_| !document.has_active_stroke()).unwrap_or(document.mask())
    }

    /// Whether the photo shows a first guess of the current hole.
    pub fn shows_first_guess(&self, document: &PhotoDocument) -> bool {
        let (shown, guess) = (self.shown_patches(document), self.first_guess.patch());
        let is_shown = guess.is_some_and(|guess| shown.iter().any(|shown| Arc::ptr_eq(shown, guess)));
        is_shown && self.first_guess.is_of(document)
    }

    /// How the hole is drawn: hidden under its own fill, outlined around a first guess, otherwise tinted.
    pub fn mask_display(&self, document: &PhotoDocument) -> MaskDisplay {
        if document.has_active_stroke() {
            return MaskDisplay::Tinted;
        }
        let is_filled = match &self.running {
            // The faces that wait are still tinted: see `shown_mask`.
            Some(run) if run.queue.is_some() => false,
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
