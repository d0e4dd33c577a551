//! Restoration tasks: what has happened to the known pixels of a photo, and so what a search has to undo.
//!
//! A fill believes the known pixels as they are. The other tasks compare `A(G(z))` with them, where `A` is the
//! degradation operator of the task: the mean over blocks, the luminance, a blur. `A` is linear, the same for every row
//! and column of the crop, and followed by a matrix of the colours ([`CropOperator`]), so that every device computes it
//! with matrix products.
//!
//! Two tasks change the photo before the search ([`prepare_photo`]): a photo whose resolution shall rise is first
//! enlarged, and a grey photo that shall be coloured becomes RGB. Everything else then works on a photo of the result's
//! size and type.

mod operator;
mod prepare;
mod task;

pub use operator::CropOperator;
pub use prepare::{PrepareError, prepare_photo};
pub use task::{ImageTask, TaskParameter};

/// Luma of gamma-coded red, green and blue (ITU-R BT.601, as JPEG has it).
pub const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// Luma of gamma-coded red, green and blue, by [`LUMA`].
#[must_use]
pub fn luma([red, green, blue]: [f32; 3]) -> f32 {
    LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
}
