//! The hole and the ignored pixels: brush strokes and areas, their pixels, and the context weights for the loss.
//!
//! A mask pixel is hole, ignored or known, never between: each photo pixel is either replaced or unchanged. Ignored
//! pixels are unchanged, but no computation may read them. Preset holes are
//! defined in crop pixels. In the photo they are made slightly smaller, so that cropping again does not lose known
//! pixels at the edge of the hole. Parts of a face follow its landmarks instead.

mod area;
mod bit_plane;
mod capsule;
mod context_weights;
mod edit;
mod face_region;
mod file;
mod frame_transfer;
mod mask_picture;
mod preset;
mod raster;
mod stroke;
mod tile;

pub use area::{Area, AreaOutline};
pub(crate) use capsule::is_finite;
pub use context_weights::{context_weights, distance_to_known, pair_weights};
pub use edit::MaskEdit;
pub use face_region::FaceRegion;
pub use file::{LoadedMask, MaskFileError, decode_mask, encode_mask_png, load_mask, mask_from_picture, save_mask};
pub use preset::{MaskPreset, center_hole_in_photo};
pub use raster::Mask;
pub use stroke::{Stroke, StrokeKind};
