//! Putting the fill back into the photo.
//!
//! Two rules hold for every way of blending: no pixel outside the hole changes, and no value under the hole is read. A
//! feathered join therefore cannot mix with the old pixels at the edge of the hole; it bends the fill's colour towards the
//! nearest known pixels instead.

mod blur;
mod cells;
mod compose;
mod distance;
mod feather;
mod sample;

use serde::{Deserialize, Serialize};

pub use compose::{Composer, Patch, apply};

/// How the fill joins the photo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlendMode {
    /// The generator's pixels as they are.
    None,
    /// Colour differences at the hole's edge fade out inwards.
    #[default]
    Feather,
}

impl BlendMode {
    pub const ALL: [Self; 2] = [Self::Feather, Self::None];

    /// The name on the command line and in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Feather => "feather",
        }
    }
}
