//! Where one face sits in the photo, and the way into the network's square and back.
//!
//! A face is found by the detector and fitted to the template that all models are trained on, or the user places the
//! frame by hand.

mod align;
mod detect;
mod look;
mod quick;
mod template;

pub use align::{Crop, CropError, crop};
pub use detect::{DetectError, Detection, detect};
pub use quick::detect_quickly;
pub use template::{TEMPLATE_IN_UNIT, fit_frame};

pub use crate::photo::FaceFrame;
