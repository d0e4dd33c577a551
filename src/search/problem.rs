//! What a search must agree with.

use crate::mask::steps_to_known;

/// So far from known pixels they still say what belongs there.
const SHALLOW_PX: u32 = 6;

/// The known pixels of one crop, and how much each of them counts.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Side of the crop in pixels.
    pub size_px: usize,
    /// RGB in [-1, 1], `[3, size, size]`; what lies in the hole is never read.
    pub pixels: Vec<f32>,
    /// `[size, size]`: 1 where known, 0 in the hole.
    pub known: Vec<f32>,
}

impl Problem {
    /// The share of the crop, 0 to 1, that lies deep in the hole, where the known pixels say little: about two fifths when half a
    /// face is hidden, a tenth in the middle of a quarter, nothing among scattered pixels.
    pub(super) fn deep_share(&self) -> f32 {
        let deep = steps_to_known(&self.known, self.size_px).into_iter().filter(|&steps| steps > SHALLOW_PX).count();
        #[expect(clippy::cast_precision_loss, reason = "crops have far fewer than 2^24 pixels")]
        let share = deep as f32 / self.known.len().max(1) as f32;
        share
    }
}
