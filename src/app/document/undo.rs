//! Undo and redo of strokes, face frame changes and fills.
//!
//! A step holds no pixels. The mask's pixels are in the mask's own history, which is undone together with this one. A
//! fill is stored as its index.

use super::frame_edits::PlacedFrame;
use super::{MaskId, PhotoDocument};
use crate::geometry::RectPx;

/// One undo step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum DocumentStep {
    /// An edit in the mask history. The frame found after it belongs to the same step.
    Mask {
        before: MaskState,
        after: MaskState,
    },
    Frame {
        before: PlacedFrame,
        after: PlacedFrame,
    },
    /// The shown fill before and after, as indices.
    Fill {
        before: Option<usize>,
        after: Option<usize>,
    },
}

/// A state of the mask, with the frame at that time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MaskState {
    pub id: MaskId,
    pub frame: PlacedFrame,
}

/// Whether undo and redo may move the face frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUndo {
    Restore,
    /// A running search uses the frame: only the mask is restored.
    Keep,
}

/// The parts of the document that undo or redo changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UndoneChange {
    /// The changed part of the mask.
    pub mask_rect: Option<RectPx>,
    /// Whether another fill is shown now.
    pub is_fill_switched: bool,
}

impl PhotoDocument {
    /// Undoes the newest step. `None` if there is none.
    pub fn undo(&mut self, frame: FrameUndo) -> Option<UndoneChange> {
        self.end_stroke();
        let step = self.undo_steps.pop()?;
        self.redo_steps.push(step);
        self.revision += 1;
        Some(match step {
            DocumentStep::Mask { before, .. } => {
                let mask_rect = self.mask_history.undo();
                self.restore_mask_state(before, mask_rect, frame)
            }
            DocumentStep::Frame { before, .. } => self.restore_frame_state(before),
            DocumentStep::Fill { before, .. } => self.restore_shown_fill(before),
        })
    }

    /// Redoes the step that was undone last. `None` if there is none.
    pub fn redo(&mut self, frame: FrameUndo) -> Option<UndoneChange> {
        self.end_stroke();
        let step = self.redo_steps.pop()?;
        self.undo_steps.push(step);
        self.revision += 1;
        Some(match step {
            DocumentStep::Mask { after, .. } => {
                let mask_rect = self.mask_history.redo();
                self.restore_mask_state(after, mask_rect, frame)
            }
            DocumentStep::Frame { after, .. } => self.restore_frame_state(after),
            DocumentStep::Fill { after, .. } => self.restore_shown_fill(after),
        })
    }

    /// Whether undo would change only the mask.
    pub fn is_undo_mask_only(&self) -> bool {
        matches!(self.undo_steps.last(), Some(DocumentStep::Mask { .. }))
    }

    /// Whether redo would change only the mask.
    pub fn is_redo_mask_only(&self) -> bool {
        matches!(self.redo_steps.last(), Some(DocumentStep::Mask { .. }))
    }

    /// The name of the step that undo would revert, for the tooltip.
    pub fn undo_name(&self) -> Option<&'static str> {
        self.undo_steps.last().map(DocumentStep::name)
    }

    /// The name of the step that redo would repeat, for the tooltip.
    pub fn redo_name(&self) -> Option<&'static str> {
        self.redo_steps.last().map(DocumentStep::name)
    }

    /// Cancels the active stroke or frame drag, without a redo step. Returns the changed part of the mask.
    pub fn cancel_drag(&mut self) -> Option<RectPx> {
        if let Some(before) = self.frame_at_drag_start.take() {
            self.placed_frame = before;
        }
        self.active_stroke?;
        let change = self.undo(FrameUndo::Restore)?;
        self.redo_steps.clear();
        change.mask_rect
    }

    /// Adds an undo step and clears the redo steps.
    pub(super) fn push_step(&mut self, step: DocumentStep) {
        self.undo_steps.push(step);
        self.redo_steps.clear();
        self.revision += 1;
    }

    fn restore_mask_state(&mut self, state: MaskState, mask_rect: Option<RectPx>, frame: FrameUndo) -> UndoneChange {
        self.mask_id = state.id;
        self.placed_frame = match frame {
            FrameUndo::Restore => state.frame,
            FrameUndo::Keep => PlacedFrame { is_up_to_date: false, ..self.placed_frame },
        };
        self.has_hole = self.scan_for_hole();
        UndoneChange { mask_rect, is_fill_switched: false }
    }

    fn restore_frame_state(&mut self, frame: PlacedFrame) -> UndoneChange {
        self.placed_frame = frame;
        UndoneChange { mask_rect: None, is_fill_switched: false }
    }

    fn restore_shown_fill(&mut self, index: Option<usize>) -> UndoneChange {
        // A full-size patch can need much memory, so only the shown fill keeps one.
        if let Some(fill) = self.shown_fill_mut() {
            (fill.patch, fill.full_size_variant, fill.requested_variant) = (None, None, None);
        }
        self.shown_fill = index;
        UndoneChange { mask_rect: None, is_fill_switched: true }
    }
}

impl DocumentStep {
    fn name(&self) -> &'static str {
        match self {
            Self::Mask { .. } => "painting",
            Self::Frame { .. } => "moving the face frame",
            Self::Fill { .. } => "the fill",
        }
    }
}
