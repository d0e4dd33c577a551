//! All edits of the hole in order, with undo and redo.
//!
//! Each edit saves the 64×64 tiles it touches, one bit per pixel. Undo and redo swap the saved tiles with the mask's,
//! so their cost depends only on the size of the change. Memory is limited: beyond [`MAX_UNDO_BYTES`] the oldest tiles
//! are dropped, and undoing such an edit redraws all earlier edits.

use std::sync::Arc;

use super::capsule::is_finite;
use super::undo_tiles::{TILE_PX, UndoTiles};
use super::{Mask, MaskPreset, Stroke};
use crate::geometry::{FaceFrame, Point, RectPx};

/// Memory limit for undo: dozens of edits of a whole 24-megapixel mask, or thousands of strokes.
const MAX_UNDO_BYTES: usize = 128 << 20;

/// One change of the hole.
#[derive(Clone, Debug, PartialEq)]
pub enum MaskEdit {
    Stroke(Stroke),
    /// Removes the hole.
    Clear,
    /// Swaps hole and known pixels.
    Invert,
    /// Adds a preset hole.
    Preset {
        preset: MaskPreset,
        frame: FaceFrame,
        crop_size_px: u32,
        seed: u64,
    },
    /// Replaces the mask (a loaded mask). One of another size than the photo changes nothing.
    Replace(Arc<Mask>),
}

/// How to undo an edit.
#[derive(Clone, Debug)]
enum UndoData {
    Tiles(UndoTiles),
    /// The edit is its own inverse.
    Invert,
    /// Dropped to save memory: undo redraws the mask.
    Dropped,
}

#[derive(Clone, Debug)]
struct UndoStep {
    undo_data: UndoData,
    changed: RectPx,
}

/// The edits and the resulting mask. Every change returns the part of the mask it touched, so that only that part is
/// uploaded and redrawn.
#[derive(Clone, Debug)]
pub struct MaskHistory {
    mask: Mask,
    edits: Vec<MaskEdit>,
    /// One per edit, including undone ones.
    steps: Vec<UndoStep>,
    /// Number of edits that are not undone.
    done_count: usize,
    max_undo_bytes: usize,
}

impl MaskHistory {
    /// An empty history with an empty mask.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        Self::with_undo_limit(width, height, MAX_UNDO_BYTES)
    }

    pub(super) fn with_undo_limit(width: u32, height: u32, max_undo_bytes: usize) -> Self {
        Self { mask: Mask::empty(width, height), edits: Vec::new(), steps: Vec::new(), done_count: 0, max_undo_bytes }
    }

    /// The mask after all edits that are not undone.
    #[must_use]
    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Applies an edit and drops the undone ones. Returns the part that changed.
    pub fn push(&mut self, edit: MaskEdit) -> RectPx {
        self.drop_undone();
        let step = apply_edit(&mut self.mask, &edit);
        let changed = step.changed;
        self.edits.push(edit);
        self.steps.push(step);
        self.done_count = self.edits.len();
        self.enforce_memory_limit();
        changed
    }

    /// Adds a point to the newest edit if that is a stroke (call [`push`](Self::push) with its first point). Costs no
    /// more than the new segment. Returns the part that changed.
    pub fn extend_stroke(&mut self, point_in_photo: Point) -> RectPx {
        self.drop_undone();
        let (Some(MaskEdit::Stroke(stroke)), Some(step)) = (self.edits.last_mut(), self.steps.last_mut()) else {
            return RectPx::default();
        };
        if !is_finite(point_in_photo) {
            return RectPx::default();
        }
        let from = stroke.points_in_photo.iter().rev().copied().find(|point| is_finite(*point));
        let from = from.unwrap_or(point_in_photo);
        stroke.points_in_photo.push(point_in_photo);
        if let UndoData::Tiles(tiles) = &mut step.undo_data {
            save_segment_tiles(tiles, &self.mask, from, point_in_photo, stroke.radius_px);
        }
        let changed = self.mask.draw_segment(from, point_in_photo, stroke.radius_px, stroke.kind);
        step.changed = step.changed.union(changed);
        changed
    }

    /// Undoes the newest edit. Returns the part that changed, or `None` when there is nothing to undo.
    pub fn undo(&mut self) -> Option<RectPx> {
        let index = self.done_count.checked_sub(1)?;
        let step = self.steps.get_mut(index)?;
        let changed = step.changed;
        self.done_count = index;
        match &mut step.undo_data {
            UndoData::Tiles(tiles) => tiles.swap(&mut self.mask),
            UndoData::Invert => {
                self.mask.invert();
            }
            UndoData::Dropped => self.redraw(),
        }
        // Tiles that were uniform before the edit may need more memory after it.
        self.enforce_memory_limit();
        Some(changed)
    }

    /// Redoes the last undone edit. Returns the part that changed, or `None` when there is nothing to redo.
    pub fn redo(&mut self) -> Option<RectPx> {
        let step = self.steps.get_mut(self.done_count)?;
        let changed = step.changed;
        match &mut step.undo_data {
            UndoData::Tiles(tiles) => tiles.swap(&mut self.mask),
            UndoData::Invert => {
                self.mask.invert();
            }
            UndoData::Dropped => *step = apply_edit(&mut self.mask, self.edits.get(self.done_count)?),
        }
        self.done_count += 1;
        self.enforce_memory_limit();
        Some(changed)
    }

    /// The edits that are not undone, oldest first.
    #[cfg(test)]
    pub(crate) fn edits(&self) -> &[MaskEdit] {
        self.edits.get(..self.done_count).unwrap_or_default()
    }

    fn drop_undone(&mut self) {
        self.edits.truncate(self.done_count);
        self.steps.truncate(self.done_count);
    }

    /// Redraws all edits that are not undone on an empty mask and saves their tiles again. If memory is short, the
    /// newest edits keep theirs.
    fn redraw(&mut self) {
        self.mask.clear();
        for index in 0..self.done_count {
            if let (Some(edit), Some(step)) = (self.edits.get(index), self.steps.get_mut(index)) {
                *step = apply_edit(&mut self.mask, edit);
            }
            self.enforce_memory_limit();
        }
    }

    /// Drops tiles until the others fit. First those of undone edits, starting with the one to be redone last (redoing
    /// costs no more than drawing). Then the oldest. The newest edit always keeps its tiles.
    fn enforce_memory_limit(&mut self) {
        let mut bytes = self.undo_bytes();
        let undone = (self.done_count..self.steps.len()).rev();
        for index in undone.chain(0..self.done_count.saturating_sub(1)) {
            if bytes <= self.max_undo_bytes {
                return;
            }
            if let Some(step) = self.steps.get_mut(index)
                && let UndoData::Tiles(tiles) = &step.undo_data
            {
                bytes -= tiles.bytes();
                step.undo_data = UndoData::Dropped;
            }
        }
    }

    pub(super) fn undo_bytes(&self) -> usize {
        let bytes = |step: &UndoStep| if let UndoData::Tiles(tiles) = &step.undo_data { tiles.bytes() } else { 0 };
        self.steps.iter().map(bytes).sum()
    }
}

/// Applies an edit to a mask, and saves what undo needs.
fn apply_edit(mask: &mut Mask, edit: &MaskEdit) -> UndoStep {
    let mut tiles = UndoTiles::default();
    let changed = match edit {
        MaskEdit::Invert => return UndoStep { undo_data: UndoData::Invert, changed: mask.invert() },
        MaskEdit::Stroke(stroke) => {
            let mut previous = None;
            for &point in stroke.points_in_photo.iter().filter(|point| is_finite(**point)) {
                save_segment_tiles(&mut tiles, mask, previous.unwrap_or(point), point, stroke.radius_px);
                previous = Some(point);
            }
            mask.draw_stroke(stroke)
        }
        MaskEdit::Clear => {
            let bounds = mask.hole_bounds().unwrap_or_default();
            tiles.save(mask, bounds);
            mask.clear();
            bounds
        }
        MaskEdit::Preset { preset, frame, crop_size_px, seed } => {
            let hole = preset.hole_in_photo(mask.width(), mask.height(), frame, *crop_size_px, *seed);
            tiles.save(mask, hole.hole_bounds().unwrap_or_default());
            mask.add(&hole)
        }
        MaskEdit::Replace(other) if other.rect() == mask.rect() => {
            tiles.save(mask, mask.rect());
            mask.clone_from(other);
            mask.rect()
        }
        MaskEdit::Replace(_) => RectPx::default(),
    };
    UndoStep { undo_data: UndoData::Tiles(tiles), changed }
}

/// Saves the tiles that the next segment of a stroke may touch.
fn save_segment_tiles(tiles: &mut UndoTiles, mask: &Mask, from: Point, to: Point, radius_px: f32) {
    for band in mask.segment_bands(from, to, radius_px, TILE_PX) {
        tiles.save(mask, band);
    }
}

#[cfg(test)]
mod tests;
