//! Pictures straight from the generator: samples, walks between them, sums of named faces (Radford et al. 2016, arXiv
//! 1511.06434, sections 6.1 and 6.3.2), and the latent of a face in a photo.
//!
//! | file | what |
//! | --- | --- |
//! | `latent` | drawing from the prior, means, walks, variations |
//! | `expression` | "smiling woman - neutral woman + neutral man" |
//! | `library` | latents under names, in a file |
//! | `gallery` | from latents to pictures |
//! | `invert` | from a face to the latent that draws it |
//!
//! What would surprise: a sample is a number. Sample 7 is the latent that the seed 7 draws, the same in every grid, and the
//! same that a search with the seed 7 starts at; so a sample seen once can be called again by its number.

mod expression;
mod gallery;
mod invert;
mod latent;
mod library;

pub use expression::{Expression, ExpressionError, Source, Term};
pub use gallery::{Gallery, draw};
pub use invert::{InvertError, Inverted, invert, invert_settings};
pub use latent::{Latent, VARIATION, between, mean, sample, varied, walk};
pub use library::{Library, LibraryError, Named};
