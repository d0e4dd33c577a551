//! Finished fills of a photo, and which one is shown with which candidate and blend.
//!
//! Fills are never removed: undo, redo and the list of fills only switch between them. So an index always identifies the same fill.

use std::sync::Arc;

use super::PhotoDocument;
use super::frame_edits::PlacedFrame;
use super::undo::{FrameUndo, UndoStep};
use crate::app::latest::Latest;
use crate::app::loss_history::LossHistory;
use crate::blend::FillPatch;
use crate::job::{Candidate, FillLook, FillRecord};

/// The iteration of another fill that a fill goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchPoint {
    pub fill_index: usize,
    pub iteration: u32,
}

/// A finished fill.
pub struct DocumentFill {
    pub record: FillRecord,
    pub loss_history: LossHistory,
    /// The fill blended into the photo at full size. A preview stands in for the first one.
    pub composition: Latest<FillLook, Arc<FillPatch>>,
    /// `None` for a fill that starts afresh.
    pub branch: Option<BranchPoint>,
}

impl DocumentFill {
    /// The fill blended into the photo at full size. `None` until that is done for the chosen look.
    pub fn composed(&self) -> Option<&Arc<FillPatch>> {
        self.composition.current(&self.record.look)
    }
}

impl PhotoDocument {
    pub fn shown_fill(&self) -> Option<&DocumentFill> {
        self.shown_fill.and_then(|index| self.fills.get(index))
    }

    pub fn shown_fill_mut(&mut self) -> Option<&mut DocumentFill> {
        self.shown_fill.and_then(|index| self.fills.get_mut(index))
    }

    /// The index of the shown fill, which identifies it when a background task finishes.
    pub fn shown_fill_index(&self) -> Option<usize> {
        self.shown_fill
    }

    /// All fills of this photo, in the order in which they were made.
    pub fn fills(&self) -> &[DocumentFill] {
        &self.fills
    }

    /// Shows another fill, with the hole and the frame that it was made for, as an undo step.
    pub fn show_fill(&mut self, index: usize) {
        let Some(record) = self.fills.get(index).map(|fill| fill.record.clone()) else { return };
        if self.shown_fill == Some(index) && self.is_shown_fill_current() {
            return;
        }
        self.active_stroke = None;
        let mut step = UndoStep::Switch {
            fill: Some(index),
            mask: record.hole,
            frame: PlacedFrame { frame: record.frame, is_up_to_date: true, ..self.placed_frame },
        };
        self.swap_with(&mut step, FrameUndo::Restore);
        self.push_step(step);
    }

    pub fn fill_at_mut(&mut self, index: usize) -> Option<&mut DocumentFill> {
        self.fills.get_mut(index)
    }

    /// Whether the shown fill was made for the current hole and frame.
    pub fn is_shown_fill_current(&self) -> bool {
        self.shown_fill().is_some_and(|fill| self.is_of_current_hole(fill))
    }

    fn is_of_current_hole(&self, fill: &DocumentFill) -> bool {
        fill.record.hole == self.mask && fill.record.frame == self.face_frame()
    }

    /// Adds a finished fill and shows it, as an undo step.
    pub fn add_fill(&mut self, fill: DocumentFill) {
        if self.is_of_current_hole(&fill) {
            self.keep_frame_for_hole();
        }
        let before = self.shown_fill;
        self.fills.push(fill);
        self.shown_fill = Some(self.fills.len() - 1);
        let step = UndoStep::Fill(before);
        // A stroke in progress is not part of the fill: its undo step stays on top.
        let stroke = if self.active_stroke.is_some() { self.undo_steps.pop() } else { None };
        self.push_step(step);
        self.undo_steps.extend(stroke);
    }

    /// Adds a mix to the shown fill's candidates, or replaces the mix `replaced`. Shows it and returns its index.
    pub fn add_or_replace_mix(
        &mut self,
        mix: Candidate,
        patch: Arc<FillPatch>,
        replaced: Option<usize>,
    ) -> Option<usize> {
        let fill = self.shown_fill_mut()?;
        let candidate = Arc::make_mut(&mut fill.record.outcome).store_mix(mix, replaced);
        fill.record.look.candidate = candidate;
        fill.composition = Latest::with_stand_in(Some(patch));
        self.revision += 1;
        Some(candidate)
    }

    /// Changes the shown fill's candidate or blend.
    pub fn change_look(&mut self, change: impl FnOnce(&mut FillLook)) {
        let Some(FillRecord { look, outcome, .. }) = self.shown_fill_mut().map(|fill| &mut fill.record) else {
            return;
        };
        let before = *look;
        change(look);
        look.candidate = look.candidate.min(outcome.candidates.len().saturating_sub(1));
        self.revision += u64::from(*look != before);
    }
}
