//! Blends the fill into the photo.
//!
//! Two rules hold for every blend mode: no pixel outside the hole and its soft edge changes, and no value under the hole
//! is read.
//! Feathering therefore cannot mix the fill with the old pixels at the edge of the hole. It shifts the fill's colour
//! towards the nearest known pixels instead.
//!
//! Ignored pixels are not changed either, and not read: what they show has no influence on the fill.
//!
//! In a photo with alpha, the fill gets the transparency of its surroundings (`fill_opacity`). Fully transparent pixels
//! have no believable colour: none is read. Other known colours count by their alpha at the edge of the hole.

mod blur;
mod cell_grid;
mod compose;
mod detail;
mod distance_transform;
mod extrapolate;
mod feather;
mod fill_layer;
mod fill_opacity;
mod fill_patch;
mod known_pixels;
mod patch_raster;
mod poisson;
mod restoration;
mod sampled_image;
mod soft_edge;

use serde::{Deserialize, Serialize};

use crate::geometry::FaceFrame;

pub use compose::{Composer, apply, fill_layer};
pub use fill_layer::{cut_out, filled_pixels};
pub use fill_patch::FillPatch;
pub use restoration::Restorer;
pub use soft_edge::part_with_edge;

/// How the fill is blended into the photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Blend {
    pub mode: BlendMode,
    /// How much grain, sharpness and mirrored detail the fill gets from the known pixels: 0 (none) to 100.
    pub detail_percent: u8,
    /// Whether the completion network redraws the generated image before it comes here, if it fits the model. Files from
    /// before that network do not have this field.
    #[serde(default)]
    pub completion: bool,
    /// Over so many photo pixels around the hole, the fill passes over into the photo: 0 to [`MAX_SOFT_EDGE_PX`].
    #[serde(skip_serializing_if = "is_zero")]
    pub soft_edge_px: u16,
}

/// Largest [`Blend::soft_edge_px`].
pub const MAX_SOFT_EDGE_PX: u16 = 200;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(value: &u16) -> bool {
    *value == 0
}

/// Whether new fills use the completion network, unless the user says otherwise.
const DEFAULT_COMPLETION: bool = false;

impl Default for Blend {
    fn default() -> Self {
        Self { mode: BlendMode::default(), detail_percent: 100, completion: DEFAULT_COMPLETION, soft_edge_px: 0 }
    }
}

impl From<BlendMode> for Blend {
    /// Without added detail, the completion network and a soft edge.
    fn from(mode: BlendMode) -> Self {
        Self { mode, detail_percent: 0, completion: false, soft_edge_px: 0 }
    }
}

/// How the fill meets the known pixels at the edge of the hole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlendMode {
    /// The generator's pixels as they are, opaque.
    None,
    /// The colour difference at the edge of the hole is added to the fill and fades out inwards.
    Feather,
    /// The fill keeps its gradients and matches the known pixels at the edge of the hole (Pérez et al. 2003).
    #[default]
    Poisson,
}

/// How far outside the frame a hole is filled, as a share of the frame's side. Otherwise a stroke that leaves the frame
/// would show the frame's edge. [`extrapolate`] continues the generated image there.
const FILL_MARGIN_SHARE: f32 = 0.5;

/// The square in which a hole is filled: the frame and a margin around it.
#[must_use]
pub fn fillable_area(frame: &FaceFrame) -> FaceFrame {
    frame.grown(FILL_MARGIN_SHARE)
}

impl BlendMode {
    pub const ALL: [Self; 3] = [Self::Poisson, Self::Feather, Self::None];

    /// Its name on the command line and in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Feather => "feather",
            Self::Poisson => "poisson",
        }
    }

    /// Its name in the editor.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Feather => "Feather",
            Self::Poisson => "Poisson",
        }
    }

    /// What it does, in one sentence.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::None => "The generator's pixels as they are, opaque",
            Self::Feather => "Shift the fill's colour to match the photo at the hole's edge, fading inwards",
            Self::Poisson => "Keep the fill's gradients and match the photo at the hole's edge (Pérez et al. 2003)",
        }
    }
}
