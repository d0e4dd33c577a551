//! The photo on the screen: zoom and pan, brush, face frame, live preview, before/after divider.
//!
//! The canvas keeps no document. It draws what [`CanvasScene`] shows it and answers with [`CanvasAction`]s; only its view
//! (zoom, pan) and its textures are its own. Photo textures are tiles, so that a large photo costs what is visible;
//! a stroke uploads only the rectangle it changed.

use crate::blend::Patch;
use crate::face::FaceFrame;
use crate::mask::{Mask, Stroke};
use crate::photo::{Photo, Point, RectPx};

/// What the primary button does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    #[default]
    Brush,
    Eraser,
    /// Move, resize and turn the face frame.
    Frame,
}

/// Everything to draw, borrowed for one frame.
pub struct CanvasScene<'a> {
    pub photo: &'a Photo,
    pub hole: &'a Mask,
    pub frame: FaceFrame,
    pub tool: Tool,
    pub brush_radius_px: f32,
    /// The fill, live or finished, drawn over the photo. It changes identity (`patch_version`) whenever it changes.
    pub patch: Option<&'a Patch>,
    pub patch_version: u64,
    /// Draw the hole as a tint. Off while a fill is shown.
    pub show_hole: bool,
    pub show_frame: bool,
    /// Draw the photo without the fill (the "before" key is held).
    pub show_before: bool,
    /// Before/after divider as a share of the photo's width on screen; `None` when off.
    pub divider: Option<f32>,
    /// Painting and moving the frame are off (no photo edits while saving, say).
    pub locked: bool,
}

/// What the user did.
#[derive(Clone, Debug, PartialEq)]
pub enum CanvasAction {
    /// A stroke with its first point.
    BeginStroke(Stroke),
    ExtendStroke(Point),
    EndStroke,
    /// While a handle is dragged.
    SetFrame(FaceFrame),
    /// The drag of a handle ended; `before` is what undo goes back to.
    FrameChanged {
        before: FaceFrame,
    },
    SetBrushRadius(f32),
    SetDivider(f32),
}

/// The canvas.
#[derive(Default)]
pub struct Canvas {}

impl Canvas {
    /// Draws the scene into all of `ui` and answers what the user did, in order.
    pub fn ui(&mut self, ui: &mut egui::Ui, scene: &CanvasScene<'_>) -> Vec<CanvasAction> {
        let _ = (ui, scene);
        unimplemented!()
    }

    /// Another photo: every texture is stale, the view fits again.
    pub fn photo_changed(&mut self) {}

    /// This part of the mask changed.
    pub fn hole_changed(&mut self, rect_in_photo: RectPx) {
        let _ = rect_in_photo;
    }

    /// Zooms so that the whole photo is visible.
    pub fn fit(&mut self) {}

    /// One photo pixel on one screen pixel, around the middle.
    pub fn zoom_to_actual_pixels(&mut self) {}

    /// Zooms by a factor around the middle of the view.
    pub fn zoom_by(&mut self, factor: f32) {
        let _ = factor;
    }

    /// Screen pixels per photo pixel, for the toolbar.
    #[must_use]
    pub fn zoom(&self) -> f32 {
        1.0
    }
}
