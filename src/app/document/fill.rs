//! Finished fills of a photo: which one is shown, which of its candidates, joined how.
//!
//! What would surprise: fills are kept for good once they exist, so that undo and redo only switch between them, and an
//! index names a fill for as long as the document lives.

use std::sync::Arc;

use super::undo::Step;
use super::{Document, MaskId};
use crate::app::curves::Curves;
use crate::blend::{Blend, Patch};
use crate::face::FaceFrame;
use crate::job::{Candidate, FillOutcome};
use crate::mask::Mask;

/// A finished fill.
pub struct Fill {
    pub outcome: Arc<FillOutcome>,
    pub curves: Curves,
    /// What was filled.
    pub hole: Arc<Mask>,
    pub mask_id: MaskId,
    pub frame: FaceFrame,
    /// What the user chose to see of it.
    pub look: Look,
    /// Drawn into the photo: a preview at first, full size later.
    pub patch: Option<Patch>,
    /// The look that `patch` shows at full size.
    pub composed: Option<Look>,
    /// The look that is being composed.
    pub requested: Option<Look>,
}

/// Which candidate, joined how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub candidate: usize,
    pub blend: Blend,
}

impl Fill {
    /// The look that has to be composed next, if none is under way.
    pub fn wants_compose(&self) -> Option<Look> {
        (self.composed != Some(self.look) && self.requested != Some(self.look)).then_some(self.look)
    }
}

impl Document {
    pub fn fill(&self) -> Option<&Fill> {
        self.current_fill.and_then(|index| self.fills.get(index))
    }

    pub fn fill_mut(&mut self) -> Option<&mut Fill> {
        self.current_fill.and_then(|index| self.fills.get_mut(index))
    }

    /// The fill's place in the document, to recognise it when a background task comes back.
    pub fn fill_index(&self) -> Option<usize> {
        self.current_fill
    }

    pub fn fill_at(&mut self, index: usize) -> Option<&mut Fill> {
        self.fills.get_mut(index)
    }

    /// Whether the shown fill is that of the hole and the frame as they are now.
    pub fn fill_is_current(&self) -> bool {
        self.fill().is_some_and(|fill| fill.mask_id == self.mask_id && fill.frame == self.frame)
    }

    /// Shows a new fill.
    pub fn add_fill(&mut self, fill: Fill) {
        let before = self.current_fill;
        self.fills.push(fill);
        self.current_fill = Some(self.fills.len() - 1);
        let step = Step::Fill { before, after: self.current_fill };
        // A stroke that goes on is no part of the fill: it is undone first, alone.
        let stroke = if self.open_stroke.is_some() { self.undo.pop() } else { None };
        self.push(step);
        self.undo.extend(stroke);
    }

    /// Keeps a mix of the shown fill's candidates, in place of an earlier one if there is one, and shows it. Answers its index.
    pub fn keep_mix(&mut self, mix: Candidate, patch: Patch, in_place_of: Option<usize>) -> Option<usize> {
        let fill = self.fill_mut()?;
        let candidate = Arc::make_mut(&mut fill.outcome).keep_mix(mix, in_place_of);
        fill.look.candidate = candidate;
        (fill.patch, fill.composed, fill.requested) = (Some(patch), None, None);
        self.revision += 1;
        Some(candidate)
    }

    /// Chooses how the shown fill looks. Answers whether that is new.
    pub fn set_look(&mut self, change: impl FnOnce(&mut Look)) -> bool {
        let Some(fill) = self.fill_mut() else { return false };
        let before = fill.look;
        change(&mut fill.look);
        fill.look.candidate = fill.look.candidate.min(fill.outcome.candidates.len().saturating_sub(1));
        let changed = fill.look != before;
        if changed {
            self.revision += 1;
        }
        changed
    }
}
