//! Coordinate spaces: points, rectangles, transforms, and the face frame.
//!
//! Points are continuous: pixel `(i, j)` covers `[i, i + 1) × [j, j + 1)`, so its centre is at `i + 0.5`. Transforms
//! are named target-from-source: `photo_from_crop` maps crop pixels to photo pixels.

mod crop_grid;
mod face_frame;
mod rect;
mod similarity;

pub(crate) use crop_grid::CropGrid;
pub use face_frame::{FaceFrame, FrameNumbers};
pub use rect::RectPx;
pub(crate) use rect::clip_range;
pub use similarity::{Point, Similarity};
