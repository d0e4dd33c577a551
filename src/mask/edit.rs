//! The changes of the mask.

use super::{Area, FaceRegion, Mask, MaskPreset, Stroke, StrokeKind};
use crate::geometry::{FaceFrame, Point};

/// One change of the mask.
#[derive(Clone, Debug, PartialEq)]
pub enum MaskEdit {
    Stroke(Stroke),
    Area(Area),
    /// Grows the hole by this distance in pixels, or shrinks it if it is negative. Ignored pixels stay.
    Grow(f32),
    /// Makes every pixel known.
    Clear,
    /// Swaps hole and known pixels. Ignored pixels stay.
    Invert,
    /// Adds a preset hole.
    Preset {
        preset: MaskPreset,
        frame: FaceFrame,
        crop_size_px: u32,
        seed: u64,
    },
    /// Adds a part of the face with these landmarks, or removes it.
    FaceRegion {
        region: FaceRegion,
        kind: StrokeKind,
        landmarks_in_photo: [Point; 5],
    },
    /// Replaces the mask (a loaded mask). One of another size than the photo changes nothing.
    Replace(Mask),
}

impl Mask {
    /// Applies an edit.
    pub fn apply(&mut self, edit: &MaskEdit) {
        match edit {
            MaskEdit::Stroke(stroke) => self.draw_stroke(stroke),
            MaskEdit::Area(area) => self.draw_area(area),
            MaskEdit::Grow(distance_px) => self.grow(*distance_px),
            MaskEdit::Clear => *self = Self::empty(self.width(), self.height()),
            MaskEdit::Invert => self.invert(),
            MaskEdit::Preset { preset, frame, crop_size_px, seed } => {
                self.add(&preset.hole_in_photo(self.width(), self.height(), frame, *crop_size_px, *seed));
            }
            MaskEdit::FaceRegion { region, kind, landmarks_in_photo } => {
                let part = region.hole_in_photo(self.width(), self.height(), landmarks_in_photo);
                self.draw_hole_of(&part, *kind);
            }
            MaskEdit::Replace(other) if other.rect() == self.rect() => *self = other.clone(),
            MaskEdit::Replace(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
