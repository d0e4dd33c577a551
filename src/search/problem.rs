//! The known pixels that a search must agree with.

use crate::mask::distance_to_known;
use crate::restore::{CropOperator, ImageTask};

/// Hole pixels within this distance of a known pixel count as shallow: the known pixel determines them well.
const MAX_SHALLOW_DISTANCE_PX: u32 = 6;

/// The known pixels of one crop.
#[derive(Clone, Debug)]
pub struct SearchProblem {
    /// Side of the crop in pixels.
    pub size_px: usize,
    /// RGB in [-1, 1], `[3, size, size]`. Values of unknown pixels are never read.
    pub pixels: Vec<f32>,
    /// `[size, size]`: 1 where known, 0 in the hole and where ignored.
    pub known: Vec<f32>,
    /// What is done to a picture before it is compared with the pixels.
    pub operator: CropOperator,
}

impl SearchProblem {
    /// The problem of a fill: pictures are compared as they are. `pixels` and `known` as in the fields.
    #[must_use]
    pub fn fill(size_px: usize, pixels: Vec<f32>, known: Vec<f32>) -> Self {
        Self { size_px, pixels, known, operator: CropOperator::default() }
    }

    /// The problem of a task, from the crop of the photo. A crop pixel is `photo_px_per_crop_px` photo pixels wide.
    #[must_use]
    pub fn of_task(task: ImageTask, size_px: usize, pixels: &[f32], known: &[f32], photo_px_per_crop_px: f32) -> Self {
        let operator = CropOperator::new(task, photo_px_per_crop_px);
        let (pixels, known) = operator.target(pixels, known, size_px);
        Self { size_px, pixels, known, operator }
    }

    /// Share of the crop, 0 to 1, that lies deep in the hole, where the known pixels say little. Large when half a face
    /// is hidden, zero when scattered pixels are hidden.
    pub(super) fn deep_hole_share(&self) -> f32 {
        let distances = distance_to_known(&self.known, self.size_px);
        let deep = distances.iter().filter(|&&distance| distance > MAX_SHALLOW_DISTANCE_PX).count();
        #[expect(clippy::cast_precision_loss, reason = "crops have far fewer than 2^24 pixels")]
        let share = deep as f32 / self.known.len().max(1) as f32;
        share
    }
}
