//! The hole: what the user painted, as strokes and as pixels, and what it means for the loss.

mod capsule;
mod file;
mod history;
mod preset;
mod raster;
mod tiles;
mod weights;

pub use file::{MaskFileError, decode_mask, load_mask, save_mask};
pub use history::{Edit, History};
pub use preset::MaskPreset;
pub use raster::{Mask, Stroke, StrokeKind};
pub use weights::context_weights;
