//! Finds faces, and converts between photo and crop.
//!
//! The detector finds a face and its landmarks are fitted to the template that all models are trained on. The user can
//! also place the frame by hand.
//!
//! Once something is painted, the frame is found from the known pixels only ([`find_frame`]): the detector sees the photo
//! with its hole filled smoothly, and a network corrects the frame of a partly hidden face.

mod crop;
mod detect;
mod detector_input;
mod fast_detect;
mod find_frame;
mod frame_from_landmarks;
mod hole_filling;
mod layers;
mod measures;
mod orientation;
mod refine_frame;
mod yunet;

pub use crop::{Crop, CropError, crop};
pub use detect::{DetectError, Detection, detect};
pub use fast_detect::detect_fast;
pub use find_frame::{
    FaceAtHole, FoundFaces, VisibleFaces, face_frames, find_faces, find_frame, find_landmarks, frames_of,
};
pub use frame_from_landmarks::{FITTED_LANDMARKS, TEMPLATE_IN_UNIT, fit_frame, template_landmarks};
pub use measures::{mouth_width, side_light, yaw};
