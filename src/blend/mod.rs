//! Putting the fill back into the photo.
//!
//! Two rules hold for every way of blending: no pixel outside the hole changes, and no value under the hole is read. A
//! feathered join therefore cannot mix with the old pixels at the edge of the hole; it bends the fill's colour towards the
//! nearest known pixels instead.

mod beyond;
mod blur;
mod cells;
mod compose;
mod detail;
mod distance;
mod feather;
mod layer;
mod poisson;
mod raster;
mod sample;

use serde::{Deserialize, Serialize};

use crate::photo::FaceFrame;

pub use compose::{Composer, Patch, apply};
pub use layer::layer;

/// How the fill is put into the photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Blend {
    pub mode: BlendMode,
    /// How much of the grain and sharpness of the known pixels around the hole the fill is given, and of the fine parts of the other
    /// half of the face: 0 (none) to 100.
    pub detail_percent: u8,
}

impl Default for Blend {
    fn default() -> Self {
        Self { mode: BlendMode::default(), detail_percent: 100 }
    }
}

impl From<BlendMode> for Blend {
    /// Without added detail.
    fn from(mode: BlendMode) -> Self {
        Self { mode, detail_percent: 0 }
    }
}

/// How the fill joins the photo at the hole's edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlendMode {
    /// The generator's pixels as they are.
    None,
    /// Colour differences at the hole's edge fade out inwards.
    Feather,
    /// The fill keeps its gradients and meets the known pixels at the hole's edge (Pérez et al. 2003).
    #[default]
    Poisson,
}

/// How far around the frame a hole is filled, as a share of its side. A stroke that leaves the frame is one stroke to whoever drew it,
/// and the frame's edge would show. What the generator's picture goes on as there is told in [`beyond`].
const BEYOND_SHARE: f32 = 0.5;

/// The square in which a hole is filled: the frame and a little more.
#[must_use]
pub fn reach(frame: &FaceFrame) -> FaceFrame {
    frame.grown(BEYOND_SHARE)
}

impl BlendMode {
    pub const ALL: [Self; 3] = [Self::Poisson, Self::Feather, Self::None];

    /// The name on the command line and in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Feather => "feather",
            Self::Poisson => "poisson",
        }
    }
}
