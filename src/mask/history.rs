//! Every edit of the hole, in order, with undo and redo.

use std::sync::Arc;

use super::{Mask, MaskPreset, Stroke};
use crate::face::FaceFrame;
use crate::photo::{Point, RectPx};

/// One change of the hole.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    Stroke(Stroke),
    /// No hole any more.
    Clear,
    /// Hole becomes known and known becomes hole.
    Invert,
    /// Adds a ready-made hole to what is there.
    Preset {
        preset: MaskPreset,
        frame: FaceFrame,
        crop_size_px: u32,
        seed: u64,
    },
    /// Replaces everything (a loaded mask).
    Replace(Arc<Mask>),
}

/// The edits and the mask they lead to. Every change answers which part of the mask it touched, so that no more than
/// that is uploaded and drawn again.
#[derive(Clone, Debug)]
pub struct History {}

impl History {
    /// No edits, no hole.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        let _ = (width, height);
        unimplemented!()
    }

    /// The mask after all edits that are not undone.
    #[must_use]
    pub fn mask(&self) -> &Mask {
        unimplemented!()
    }

    /// Does an edit and forgets what was undone. Returns the part that changed.
    pub fn push(&mut self, edit: Edit) -> RectPx {
        let _ = edit;
        unimplemented!()
    }

    /// Adds a point to the newest edit if that is a stroke (call [`push`](Self::push) with its first point). Costs no
    /// more than the new segment. Returns the part that changed.
    pub fn extend_stroke(&mut self, point_in_photo: Point) -> RectPx {
        let _ = point_in_photo;
        unimplemented!()
    }

    /// Takes the newest edit back. Returns the part that changed, `None` when there is nothing to undo.
    pub fn undo(&mut self) -> Option<RectPx> {
        unimplemented!()
    }

    /// Does the newest undone edit again. Returns the part that changed, `None` when there is nothing to redo.
    pub fn redo(&mut self) -> Option<RectPx> {
        unimplemented!()
    }

    /// The edits that are not undone, oldest first.
    #[must_use]
    pub fn edits(&self) -> &[Edit] {
        unimplemented!()
    }
}
