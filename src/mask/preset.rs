//! Ready-made holes, laid over the face frame in the crop's own pixels.

use crate::face::FaceFrame;

use super::Mask;

/// The shapes offered in the editor and by `--mask`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskPreset {
    /// The middle half of each side.
    Center,
    /// The lower half.
    Half,
    /// The left half.
    Left,
    /// Each crop pixel with probability 0.8 (CVPR 2017's random mask).
    Random,
    /// All but every fourth pixel of every fourth row (the blog's grid).
    Grid,
    /// All but every eighth pixel of every eighth row: an 8×8 picture of a 64×64 crop.
    Lowres,
    /// Everything: a face from the prior alone.
    Full,
}

impl MaskPreset {
    pub const ALL: [Self; 7] =
        [Self::Center, Self::Half, Self::Left, Self::Random, Self::Grid, Self::Lowres, Self::Full];

    /// The name on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Center => "center",
            Self::Half => "half",
            Self::Left => "left",
            Self::Random => "random",
            Self::Grid => "grid",
            Self::Lowres => "lowres",
            Self::Full => "full",
        }
    }

    /// The preset with this [`id`](Self::id).
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.id() == id)
    }

    /// The hole as seen by the network: `[size, size]`, true in the hole. `seed` matters to `Random` only.
    #[must_use]
    pub fn hole_in_crop(self, crop_size_px: u32, seed: u64) -> Vec<bool> {
        let _ = (crop_size_px, seed);
        unimplemented!()
    }

    /// The hole in a photo of this size. Every crop pixel that the preset leaves known comes out known
    /// when the photo is cropped again with the same frame (where the frame lies inside the photo).
    #[must_use]
    pub fn hole_in_photo(self, width: u32, height: u32, frame: &FaceFrame, crop_size_px: u32, seed: u64) -> Mask {
        let _ = (width, height, frame, crop_size_px, seed);
        unimplemented!()
    }
}
