//! One undo over everything that is done to a photo: strokes, moves of the face frame, fills.
//!
//! What would surprise: a step holds no pixels. Those of the mask are in its own history, which moves along with the steps
//! here, and a fill is named by its index.

use super::{Document, MaskId};
use crate::face::FaceFrame;
use crate::photo::RectPx;

/// Something that undo takes back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// The newest edit of the mask history, and the state it led to.
    Mask {
        before: MaskId,
        after: MaskId,
    },
    Frame {
        before: FaceFrame,
        after: FaceFrame,
    },
    /// Indices into the fills.
    Fill {
        before: Option<usize>,
        after: Option<usize>,
    },
}

/// What undo or redo touched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The part of the mask to draw again.
    pub hole: Option<RectPx>,
    /// Another fill is shown now.
    pub fill: bool,
}

impl Document {
    /// Takes the newest step back.
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

    /// Does the newest step that was taken back again.
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

    /// Whether undo would change the mask and nothing else.
    pub fn undo_is_painting(&self) -> bool {
        matches!(self.undo.last(), Some(Step::Mask { .. }))
    }

    /// Whether redo would change the mask and nothing else.
    pub fn redo_is_painting(&self) -> bool {
        matches!(self.redo.last(), Some(Step::Mask { .. }))
    }

    /// What undo would take back, for its tooltip.
    pub fn undo_name(&self) -> Option<&'static str> {
        self.undo.last().map(Step::name)
    }

    /// What redo would bring back.
    pub fn redo_name(&self) -> Option<&'static str> {
        self.redo.last().map(Step::name)
    }

    /// Takes back a stroke or a move of the frame that has not ended, for good. Answers the part of the mask to draw
    /// again.
    pub fn cancel_drag(&mut self) -> Option<RectPx> {
        if let Some(before) = self.frame_before_drag.take() {
            self.frame = before;
        }
        self.open_stroke?;
        let change = self.undo()?;
        self.redo.clear();
        change.hole
    }

    /// Notes what was just done.
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
        // A full-size patch of a large photo is large: only the shown fill keeps one.
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
