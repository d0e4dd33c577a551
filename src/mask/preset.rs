//! Preset holes, defined in crop pixels and placed on the face frame.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Mask, StrokeKind};
use crate::geometry::{CropGrid, FaceFrame, RectPx, clip_range};

/// CVPR 2017, section 4: 80 % of the pixels missing at random.
const RANDOM_HOLE_SHARE: f64 = 0.8;
/// The blog's code: 20 % of the pixels missing at random (`fraction_masked`).
const RANDOM_FIFTH_HOLE_SHARE: f64 = 0.2;

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
    /// Each crop pixel with probability 0.2 (the blog's random mask).
    RandomFifth,
    /// All pixels except every fourth pixel of every fourth row (the blog's grid).
    Grid,
    /// All pixels except every eighth pixel of every eighth row: an 8×8 image of a 64×64 crop remains.
    Lowres,
    /// Every pixel: the face comes from the prior alone.
    Full,
}

impl MaskPreset {
    pub const ALL: [Self; 8] =
        [Self::Center, Self::Half, Self::Left, Self::Random, Self::RandomFifth, Self::Grid, Self::Lowres, Self::Full];

    /// Its name on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Center => "center",
            Self::Half => "half",
            Self::Left => "left",
            Self::Random => "random",
            Self::RandomFifth => "random-20",
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

    /// The hole in crop pixels: `[size, size]`, true in the hole. `seed` matters to the random ones only.
    #[must_use]
    pub fn hole_in_crop(self, crop_size_px: u32, seed: u64) -> Vec<bool> {
        let size = crop_size_px;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut hole_at = |x: u32, y: u32| match self {
            Self::Center => [x, y].iter().all(|position| (size / 4..size - size / 4).contains(position)),
            Self::Half => y >= size / 2,
            Self::Left => x < size / 2,
            Self::Random => rng.random_bool(RANDOM_HOLE_SHARE),
            Self::RandomFifth => rng.random_bool(RANDOM_FIFTH_HOLE_SHARE),
            Self::Grid => [x, y].iter().any(|position| !position.is_multiple_of(4)),
            Self::Lowres => [x, y].iter().any(|position| !position.is_multiple_of(8)),
            Self::Full => true,
        };
        let mut hole = Vec::with_capacity(size as usize * size as usize);
        for y in 0..size {
            hole.extend((0..size).map(|x| hole_at(x, y)));
        }
        hole
    }

    /// The hole in a photo of this size. It contains the photo pixels in the frame whose crop pixel is hole, except
    /// those in the footprint of a known crop pixel. So when the photo is cropped with the same frame, every known crop
    /// pixel of the preset stays known (where the frame lies inside the photo). Where crop and photo pixels align, the
    /// crop's hole is exactly the preset's.
    #[must_use]
    pub fn hole_in_photo(self, width: u32, height: u32, frame: &FaceFrame, crop_size_px: u32, seed: u64) -> Mask {
        place_in_photo(width, height, frame, crop_size_px, &self.hole_in_crop(crop_size_px, seed))
    }
}

/// The middle of the frame as a hole in a photo of this size, placed as [`MaskPreset::hole_in_photo`] does. `margin` is the
/// share of the frame's side that stays on each side, below 0.5: the blog's `centerScale`.
#[must_use]
pub fn center_hole_in_photo(width: u32, height: u32, frame: &FaceFrame, crop_size_px: u32, margin: f64) -> Mask {
    let end = |share: f64| floor_to_index(f64::from(crop_size_px) * share);
    let inside = |position: usize| (end(margin)..end(1.0 - margin)).contains(&position);
    let side = crop_size_px as usize;
    let hole: Vec<bool> = (0..side * side).map(|pixel| inside(pixel % side) && inside(pixel / side)).collect();
    place_in_photo(width, height, frame, crop_size_px, &hole)
}

/// A hole in crop pixels as a hole in a photo.
fn place_in_photo(width: u32, height: u32, frame: &FaceFrame, crop_size_px: u32, hole: &[bool]) -> Mask {
    let Some(grid) = CropGrid::new(frame, crop_size_px) else { return Mask::empty(width, height) };
    let mut mask = hole_pixels(width, height, frame, grid, crop_size_px, hole);
    for (index, _) in (0..).zip(hole).filter(|(_, hole)| !**hole) {
        let [x, y] = grid.center_in_photo(index % crop_size_px, index / crop_size_px);
        let (columns, rows) =
            (clip_range(grid.footprint_along_axis(x), width), clip_range(grid.footprint_along_axis(y), height));
        mask.set_rect(RectPx::from_ranges(columns, rows), StrokeKind::Erase);
    }
    mask
}

/// The photo pixels in the frame whose crop pixel is hole.
fn hole_pixels(width: u32, height: u32, frame: &FaceFrame, grid: CropGrid, crop_size_px: u32, hole: &[bool]) -> Mask {
    let rect = frame.bounds_in_photo(width, height);
    let size = f64::from(crop_size_px);
    Mask::full(width, height).filtered(rect, |x, y| {
        let [u, v] = grid.to_crop([f64::from(x) + 0.5, f64::from(y) + 0.5]);
        let is_in_crop = (0.0..size).contains(&u) && (0.0..size).contains(&v);
        is_in_crop && hole.get(floor_to_index(v) * crop_size_px as usize + floor_to_index(u)) == Some(&true)
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the crop's side")]
fn floor_to_index(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests;
