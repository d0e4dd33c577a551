//! Finds faces, and converts between photo and crop.
//!
//! The detector finds a face and its landmarks are fitted to the template that all models are trained on. The user can
//! also place the frame by hand.

mod align;
mod detect;
mod look;
mod quick;
mod template;

pub use align::{Crop, CropError, crop};
pub use detect::{DetectError, Detection, detect};
pub use quick::detect_fast;
pub use template::{TEMPLATE_IN_UNIT, fit_frame};

pub use crate::photo::FaceFrame;
