//! Exploring the generator's latent space: samples, interpolation, sums of named faces (Radford et al. 2016, arXiv
//! 1511.06434, sections 6.1 and 6.3.2), GAN inversion of a face in a photo, and the fit of
//! latent directions.
//!
//! | file | what |
//! | --- | --- |
//! | `latent` | sampling, mean, interpolation, variations |
//! | `expression` | "smiling woman - neutral woman + neutral man" |
//! | `latent_library` | the file of named latents |
//! | `face_renderer` | drawing latents on the CPU |
//! | `invert` | finding the latent of a given face |
//! | `direction_fit` | directions in latent space from labelled faces |
//!
//! A sample is identified by a number: sample 7 is the latent drawn with seed 7. It is the same in every grid, and a
//! search with seed 7 starts at it.

mod direction_fit;
mod expression;
mod face_renderer;
mod invert;
mod latent;
mod latent_library;

pub use direction_fit::{FaceAttribute, FittedDirection, fit_directions, is_held_out};
pub use expression::{LatentExpression, LatentSource};
pub use face_renderer::{FaceRenderer, draw_in_batches};
pub use invert::{InvertedFace, invert, invert_settings};
pub use latent::{Latent, VARIATION_HALF_WIDTH, interpolate, lerp, mean_latent, sample_latent, variations};
pub use latent_library::{LatentLibrary, LatentLibraryError};
