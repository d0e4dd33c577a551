//! From photo to crop: the face, resampled to the network's square.

use super::FaceFrame;
use crate::mask::Mask;
use crate::photo::Photo;

/// The face as the network sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Crop {
    /// Side in pixels.
    pub size_px: u32,
    /// RGB in [-1, 1], planar (`[3, size, size]`); zero where not known.
    pub pixels: Vec<f32>,
    /// `[size, size]`: 1 where known, 0 in the hole and outside the photo. The paper's `M`.
    pub known: Vec<f32>,
}

/// Why a crop cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CropError {
    #[error(
        "the mask is {mask_width}×{mask_height} pixels and the photo {width}×{height}: use a mask of the photo's size"
    )]
    MaskSize { mask_width: u32, mask_height: u32, width: u32, height: u32 },
    #[error("the face frame is too small or not finite: make it at least {} pixels wide", FaceFrame::MIN_SIDE_PX)]
    Frame,
}

/// Cuts the frame out of the photo and resamples it to `size_px`.
///
/// Each crop pixel is the weighted mean of the photo's pixels under it: weight `clamp(s/2 + 1/2 − |d|, 0, 1)` along x and
/// y, with `d` the distance from the crop pixel's centre in photo pixels and `s = max(1, photo pixels per crop pixel)`.
/// That is the exact area mean of an upright frame, the identity at one to one, and bilinear when enlarging. A crop pixel is known only when every
/// photo pixel with a weight is inside the photo, not hole and not fully transparent.
///
/// # Errors
/// When the mask has another size than the photo, or the frame is unusable.
pub fn crop(photo: &Photo, hole: &Mask, frame: &FaceFrame, size_px: u32) -> Result<Crop, CropError> {
    let _ = (photo, hole, frame, size_px);
    unimplemented!()
}
