//! Finished fills of a photo, and which one is shown with which candidate and blend.
//!
//! Fills are never removed: undo and redo only switch between them. So an index identifies a fill as long as the
//! document lives.

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
    /// The mask that was filled.
    pub hole: Arc<Mask>,
    pub mask_id: MaskId,
    pub frame: FaceFrame,
    /// The candidate and blend that the user chose.
    pub look: Look,
    /// The blended fill: a preview at first, later at full size.
    pub patch: Option<Patch>,
    /// The choice that `patch` shows at full size.
    pub composed: Option<Look>,
    /// The choice that is being blended at full size.
    pub requested: Option<Look>,
}

/// The shown candidate of a fill, and how it is blended into the photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub candidate: usize,
    pub blend: Blend,
}

impl Fill {
    /// The choice that must be blended at full size next; `None` if it is done or in progress.
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

    /// The index of the shown fill, which identifies it when a background task finishes.
    pub fn fill_index(&self) -> Option<usize> {
        self.current_fill
    }

    pub fn fill_at(&mut self, index: usize) -> Option<&mut Fill> {
        self.fills.get_mut(index)
    }

    /// Whether the shown fill was made for the current hole and frame.
    pub fn fill_is_current(&self) -> bool {
        self.fill().is_some_and(|fill| fill.mask_id == self.mask_id && fill.frame == self.frame)
    }

    /// Adds a finished fill and shows it, as an undo step.
    pub fn add_fill(&mut self, fill: Fill) {
        let before = self.current_fill;
        self.fills.push(fill);
        self.current_fill = Some(self.fills.len() - 1);
        let step = Step::Fill { before, after: self.current_fill };
        // A stroke in progress is not part of the fill: its undo step stays on top.
        let stroke = if self.open_stroke.is_some() { self.undo.pop() } else { None };
        self.push(step);
        self.undo.extend(stroke);
    }

    /// Adds a mix to the shown fill's candidates, or replaces the earlier mix `in_place_of`, and shows it. Returns its
    /// index.
    pub fn keep_mix(&mut self, mix: Candidate, patch: Patch, in_place_of: Option<usize>) -> Option<usize> {
        let fill = self.fill_mut()?;
        let candidate = Arc::make_mut(&mut fill.outcome).keep_mix(mix, in_place_of);
        fill.look.candidate = candidate;
        (fill.patch, fill.composed, fill.requested) = (Some(patch), None, None);
        self.revision += 1;
        Some(candidate)
    }

    /// Changes the shown fill's candidate or blend. Returns whether anything changed.
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
