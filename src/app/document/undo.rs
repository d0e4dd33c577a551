//! Undo and redo of strokes, face frame changes and fills, in one history.
//!
//! A step holds what it replaced: a copy of the mask, which shares the unchanged tiles, the frame, or the index of the
//! shown fill. Undo and redo swap it with the current state, and so turn one into the other. Memory is limited: beyond
//! [`MAX_UNDO_BYTES`] the oldest steps are dropped.

use std::sync::Arc;

use super::PhotoDocument;
use super::frame_edits::PlacedFrame;
use super::prepared_photo::PhotoState;
use crate::app::latest::Latest;
use crate::job::{FillLook, FillOutcome};
use crate::mask::Mask;

/// Memory limit for the masks in the history. A stroke needs a few kilobytes, the most irregular mask of 24 megapixels
/// 3 megabytes.
pub(super) const MAX_UNDO_BYTES: usize = 256 << 20;

/// What one step replaced.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum UndoStep {
    /// The mask, and the frame at that time. `bytes`: memory that only this copy of the mask needs; 0 while it is the
    /// newest step.
    Painting {
        mask: Mask,
        frame: PlacedFrame,
        bytes: usize,
    },
    Frame(PlacedFrame),
    /// The shown fill, as its index.
    Fill(Option<usize>),
    /// The candidates of a face, and how it is shown.
    Candidates {
        fill: usize,
        face: usize,
        outcome: Arc<FillOutcome>,
        look: FillLook,
    },
    /// The photo before it was prepared for a task, with what belongs to it.
    Photo(Box<PhotoState>),
    /// The shown fill, with the mask and the frame.
    Switch {
        fill: Option<usize>,
        mask: Mask,
        frame: PlacedFrame,
    },
}

/// Whether undo and redo may move the face frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameUndo {
    Restore,
    /// A running search uses the frame: only the mask is restored.
    Keep,
}

impl PhotoDocument {
    /// Undoes the newest step, if any.
    pub(super) fn undo(&mut self, frame: FrameUndo) {
        self.end_stroke();
        if let Some(mut step) = self.undo_steps.pop() {
            self.swap_with(&mut step, frame);
            self.redo_steps.push(step);
        }
    }

    /// Redoes the step that was undone last, if any.
    pub(super) fn redo(&mut self, frame: FrameUndo) {
        self.end_stroke();
        if let Some(mut step) = self.redo_steps.pop() {
            self.swap_with(&mut step, frame);
            self.undo_steps.push(step);
        }
    }

    /// Whether undo would change only the mask.
    pub fn is_undo_mask_only(&self) -> bool {
        matches!(self.undo_steps.last(), Some(UndoStep::Painting { .. }))
    }

    /// Whether redo would change only the mask.
    pub fn is_redo_mask_only(&self) -> bool {
        matches!(self.redo_steps.last(), Some(UndoStep::Painting { .. }))
    }

    /// The name of the step that undo would revert, for the tooltip.
    pub fn undo_name(&self) -> Option<&'static str> {
        self.undo_steps.last().map(UndoStep::name)
    }

    /// The name of the step that redo would repeat, for the tooltip.
    pub fn redo_name(&self) -> Option<&'static str> {
        self.redo_steps.last().map(UndoStep::name)
    }

    /// Cancels the active stroke or frame drag, without a redo step.
    pub(super) fn cancel_drag(&mut self) {
        if let Some(before) = self.frame_at_drag_start.take() {
            self.placed_frame = before;
        }
        if self.active_stroke.is_some() {
            self.undo(FrameUndo::Restore);
            self.redo_steps.clear();
        }
    }

    /// Adds an undo step and clears the redo steps.
    pub(super) fn push_step(&mut self, step: UndoStep) {
        if matches!(step, UndoStep::Painting { .. }) {
            self.measure_newest_painting();
        }
        self.undo_steps.push(step);
        self.redo_steps.clear();
        self.revision += 1;
    }

    /// Measures the newest mask in the history, now that its edit is complete, and drops the oldest steps beyond the
    /// memory limit.
    fn measure_newest_painting(&mut self) {
        let newest = self.undo_steps.iter_mut().rev().find_map(|step| match step {
            UndoStep::Painting { mask, bytes, .. } => Some((mask, bytes)),
            _ => None,
        });
        // A mask of another size is that of the photo before it was prepared.
        if let Some((mask, bytes)) = newest.filter(|(mask, _)| mask.rect() == self.mask.rect()) {
            *bytes = mask.bytes_beside(&self.mask);
        }
        let mut bytes: usize = self.undo_steps.iter().map(UndoStep::bytes).sum();
        let mut dropped = 0;
        while bytes > self.max_undo_bytes {
            bytes -= self.undo_steps.get(dropped).map_or(bytes, UndoStep::bytes);
            dropped += 1;
        }
        self.undo_steps.drain(..dropped);
    }

    /// Swaps what a step holds with the current state.
    pub(super) fn swap_with(&mut self, step: &mut UndoStep, frame_undo: FrameUndo) {
        self.revision += 1;
        match step {
            UndoStep::Painting { mask, frame, .. } => {
                std::mem::swap(&mut self.mask, mask);
                match frame_undo {
                    FrameUndo::Restore => std::mem::swap(&mut self.placed_frame, frame),
                    FrameUndo::Keep => {
                        *frame = self.placed_frame;
                        self.placed_frame.is_up_to_date = false;
                    }
                }
            }
            UndoStep::Frame(frame) => std::mem::swap(&mut self.placed_frame, frame),
            UndoStep::Photo(state) => self.swap_photo(state),
            UndoStep::Candidates { fill, face, outcome, look } => {
                let Some(fill) = self.fills.get_mut(*fill) else { return };
                if let Some(face) = fill.faces.get_mut(*face) {
                    let record = &mut face.fill.record;
                    std::mem::swap(&mut record.outcome, outcome);
                    std::mem::swap(&mut record.look, look);
                }
                // The candidates may be others for the same look.
                fill.composition = Latest::with_stand_in(fill.composition.take());
            }
            UndoStep::Fill(index) => self.swap_shown_fill(index),
            UndoStep::Switch { fill, mask, frame } => {
                self.swap_shown_fill(fill);
                std::mem::swap(&mut self.mask, mask);
                std::mem::swap(&mut self.placed_frame, frame);
            }
        }
    }

    fn swap_shown_fill(&mut self, index: &mut Option<usize>) {
        // A full-size patch can need much memory, so only the shown fill keeps one.
        if let Some(fill) = self.shown_fill_mut() {
            fill.composition.clear();
        }
        std::mem::swap(&mut self.shown_fill, index);
    }
}

impl UndoStep {
    fn name(&self) -> &'static str {
        match self {
            Self::Painting { .. } => "painting",
            Self::Frame(_) => "moving the face frame",
            Self::Fill(_) => "the fill",
            Self::Photo(_) => "preparing the photo",
            Self::Candidates { .. } => "editing the face",
            Self::Switch { .. } => "showing another fill",
        }
    }

    fn bytes(&self) -> usize {
        if let Self::Painting { bytes, .. } = self { *bytes } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage};

    use super::*;
    use crate::mask::{MaskEdit, Stroke, StrokeKind};
    use crate::photo::Photo;
    use crate::project::PhotoOrigin;

    fn document(max_undo_bytes: usize) -> PhotoDocument {
        let photo = Arc::new(Photo::from_pixels(DynamicImage::ImageLuma8(GrayImage::new(640, 640))));
        let mut document = PhotoDocument::new(photo, String::new(), None, PhotoOrigin::Sample(String::new()));
        document.max_undo_bytes = max_undo_bytes;
        document
    }

    fn paint_line(document: &mut PhotoDocument, y: f32) {
        let points_in_photo = vec![[0.0, y], [640.0, y]];
        let stroke = Stroke { kind: StrokeKind::Paint, radius_px: 3.0, points_in_photo };
        document.edit_mask(&MaskEdit::Stroke(stroke));
    }

    #[test]
    fn the_oldest_steps_are_dropped_beyond_the_memory_limit() {
        let mut document = document(100_000);
        let mut masks = Vec::new();
        for index in 0..60u8 {
            paint_line(&mut document, f32::from(index) * 10.0 + 5.0);
            masks.push(document.mask().clone());
        }
        let bytes: usize = document.undo_steps.iter().map(UndoStep::bytes).sum();
        assert!((80_000..=100_000).contains(&bytes), "{bytes}");
        let steps = document.undo_steps.len();
        assert!((5..59).contains(&steps), "{steps}");
        for mask in masks.iter().rev().skip(1).take(steps - 1) {
            document.undo(FrameUndo::Restore);
            assert_eq!(document.mask(), mask);
        }
        document.undo(FrameUndo::Restore);
        assert!(document.undo_name().is_none() && document.has_hole(), "older steps are gone");
        while document.redo_name().is_some() {
            document.redo(FrameUndo::Restore);
        }
        assert_eq!(document.mask(), &masks[59]);
    }
}
