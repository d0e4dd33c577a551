//! Undo and redo of strokes, face frame changes and fills.
//!
//! A step holds no pixels. The mask's pixels are in the mask's own history, which is undone in step with this one, and
//! a fill is stored as its index.

use super::{Document, MaskId};
use crate::face::FaceFrame;
use crate::photo::RectPx;

/// One undo step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// An edit in the mask history, as the mask states before and after it.
    Mask {
        before: MaskId,
        after: MaskId,
    },
    Frame {
        before: FaceFrame,
        after: FaceFrame,
    },
    /// The shown fill before and after, as indices.
    Fill {
        before: Option<usize>,
        after: Option<usize>,
    },
}

/// The parts of the document that undo or redo changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The changed part of the mask.
    pub hole: Option<RectPx>,
    /// Whether another fill is shown now.
    pub fill: bool,
}

impl Document {
    /// Undoes the newest step. `None` if there is none.
    pub fn undo(&mut self) -> Option<Change> {
        self.end_stroke();
        let step = self.undo.pop()?;
        self.redo.push(step);
        self.revision += 1;
        Some(match step {
            Step::Mask { before, .. } => {
                let hole = self.history.undo();
                self.mask_moved_to(before, hole)
            }
            Step::Frame { before, .. } => self.frame_moved_to(before),
            Step::Fill { before, .. } => self.fill_moved_to(before),
        })
    }

    /// Redoes the step that was undone last. `None` if there is none.
    pub fn redo(&mut self) -> Option<Change> {
        self.end_stroke();
        let step = self.redo.pop()?;
        self.undo.push(step);
        self.revision += 1;
        Some(match step {
            Step::Mask { after, .. } => {
                let hole = self.history.redo();
                self.mask_moved_to(after, hole)
            }
            Step::Frame { after, .. } => self.frame_moved_to(after),
            Step::Fill { after, .. } => self.fill_moved_to(after),
        })
    }

    /// Whether undo would change only the mask.
    pub fn undo_is_painting(&self) -> bool {
        matches!(self.undo.last(), Some(Step::Mask { .. }))
    }

    /// Whether redo would change only the mask.
    pub fn redo_is_painting(&self) -> bool {
        matches!(self.redo.last(), Some(Step::Mask { .. }))
    }

    /// The name of the step that undo would revert, for the tooltip.
    pub fn undo_name(&self) -> Option<&'static str> {
        self.undo.last().map(Step::name)
    }

    /// The name of the step that redo would repeat, for the tooltip.
    pub fn redo_name(&self) -> Option<&'static str> {
        self.redo.last().map(Step::name)
    }

    /// Cancels the stroke or the drag of the frame in progress, without a redo step. Returns the changed part of the
    /// mask.
    pub fn cancel_drag(&mut self) -> Option<RectPx> {
        if let Some(before) = self.frame_before_drag.take() {
            self.frame = before;
        }
        self.open_stroke?;
        let change = self.undo()?;
        self.redo.clear();
        change.hole
    }

    /// Adds an undo step and clears the redo steps.
    pub(super) fn push(&mut self, step: Step) {
        self.undo.push(step);
        self.redo.clear();
        self.revision += 1;
    }

    fn mask_moved_to(&mut self, id: MaskId, hole: Option<RectPx>) -> Change {
        self.mask_id = id;
        self.has_hole = self.look_for_hole();
        Change { hole, fill: false }
    }

    fn frame_moved_to(&mut self, frame: FaceFrame) -> Change {
        self.frame = frame;
        Change { hole: None, fill: false }
    }

    fn fill_moved_to(&mut self, index: Option<usize>) -> Change {
        // A full-size patch can need much memory, so only the shown fill keeps one.
        if let Some(fill) = self.fill_mut() {
            (fill.patch, fill.composed, fill.requested) = (None, None, None);
        }
        self.current_fill = index;
        Change { hole: None, fill: true }
    }
}

impl Step {
    fn name(&self) -> &'static str {
        match self {
            Self::Mask { .. } => "painting",
            Self::Frame { .. } => "moving the face frame",
            Self::Fill { .. } => "the fill",
        }
    }
}
