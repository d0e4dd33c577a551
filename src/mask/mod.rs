//! The hole: what the user painted, as strokes and as pixels, and what it means for the loss.
//!
//! Pixels are 0 or 255, never between: a pixel is replaced as a whole or keeps every bit. Ready-made holes are given in the
//! crop's pixels and come out a little smaller in the photo, or cropping again would lose known pixels to the hole's edge.

mod capsule;
mod file;
mod history;
mod preset;
mod raster;
mod tiles;
mod weights;

pub use file::{MaskFileError, decode_mask, encode_mask_png, load_mask, save_mask};
pub use history::{Edit, History};
pub use preset::MaskPreset;
pub use raster::{Mask, Stroke, StrokeKind};
pub use weights::{context_weights, pair_weights, steps_to_known};
