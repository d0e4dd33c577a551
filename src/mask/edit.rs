//! The changes of the hole.

use super::{Mask, MaskPreset, Stroke};
use crate::geometry::{FaceFrame, RectPx};

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
    Replace(Mask),
}

impl Mask {
    /// Applies an edit. Returns the part that it may have changed.
    pub fn apply(&mut self, edit: &MaskEdit) -> RectPx {
        match edit {
            MaskEdit::Stroke(stroke) => self.draw_stroke(stroke),
            MaskEdit::Clear => self.replace(Self::empty(self.width(), self.height())),
            MaskEdit::Invert => self.invert(),
            MaskEdit::Preset { preset, frame, crop_size_px, seed } => {
                self.add(&preset.hole_in_photo(self.width(), self.height(), frame, *crop_size_px, *seed))
            }
            MaskEdit::Replace(other) if other.rect() == self.rect() => self.replace(other.clone()),
            MaskEdit::Replace(_) => RectPx::default(),
        }
    }

    /// Replaces the mask by another one of the same size. Returns a rectangle that contains every changed pixel.
    pub fn replace(&mut self, other: Self) -> RectPx {
        let changed = self.difference(&other);
        *self = other;
        changed
    }
}

#[cfg(test)]
mod tests;
