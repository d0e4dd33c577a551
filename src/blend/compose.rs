//! The fill drawn into the photo's raster.

use image::DynamicImage;

use super::BlendMode;
use crate::face::FaceFrame;
use crate::mask::Mask;
use crate::photo::{Photo, RectPx};

/// A rectangle of the photo with the fill in it, for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The part of the photo it covers.
    pub rect_in_photo: RectPx,
    /// Its own size, which may be smaller than the rectangle's (a preview).
    pub width: u32,
    pub height: u32,
    /// Unmultiplied RGBA; alpha is 255 in the hole inside the frame and 0 elsewhere.
    pub rgba: Vec<u8>,
}

/// Everything about one hole that does not depend on the generator's picture, worked out once, so that a new
/// picture costs little at every iteration.
pub struct Composer;

impl Composer {
    /// Prepares for one hole. `max_side_px` bounds the patch's longer side (a preview); `None` is full size.
    #[must_use]
    pub fn new(photo: &Photo, hole: &Mask, frame: &FaceFrame, mode: BlendMode, max_side_px: Option<u32>) -> Self {
        let _ = (photo, hole, frame, mode, max_side_px);
        unimplemented!()
    }

    /// Draws one picture: `fill` is planar RGB in [-1, 1], `[3, size, size]`.
    #[must_use]
    pub fn patch(&self, fill: &[f32], size_px: u32) -> Patch {
        let _ = (fill, size_px);
        unimplemented!()
    }
}

/// The finished photo: `fill` (planar RGB in [-1, 1], `[3, size, size]`) in the hole inside the frame, every other
/// pixel as it was, in the photo's own colour type. Grey photos get the fill's luma; filled pixels become opaque.
#[must_use]
pub fn apply(
    photo: &Photo,
    hole: &Mask,
    frame: &FaceFrame,
    mode: BlendMode,
    fill: &[f32],
    size_px: u32,
) -> DynamicImage {
    let _ = (photo, hole, frame, mode, fill, size_px);
    unimplemented!()
}
