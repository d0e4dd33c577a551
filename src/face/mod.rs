//! Finds faces, and converts between photo and crop.
//!
//! The detector finds a face and its landmarks are fitted to the template that all models are trained on. The user can
//! also place the frame by hand.

mod crop;
mod detect;
mod detector_input;
mod fast_detect;
mod frame_from_landmarks;

pub use crop::{Crop, CropError, crop};
pub use detect::{DetectError, Detection, detect};
pub use fast_detect::detect_fast;
pub use frame_from_landmarks::{TEMPLATE_IN_UNIT, fit_frame};
