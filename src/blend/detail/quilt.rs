//! Quilts the target with texture patches, preserving their statistics.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::texture_patches::TexturePatches;
use crate::geometry::RectPx;

/// Each placement draws from this many nearest patches, so that changes of grain or pores across the face carry over to
/// the fill.
const NEAREST_PATCHES: usize = 16;

/// Texture patches that overlap by half in both directions.
///
/// Along either axis a pixel lies under two patches, weighted by a sine and a cosine. The squares of the weights add up
/// to one, so unrelated patches keep their variance and spectrum.
pub(super) struct TextureQuilt {
    patches: TexturePatches,
    width: usize,
    /// Placements per row.
    columns: usize,
    /// Row by row. The first of each row and column extends half outside the target.
    placements: Vec<PatchPlacement>,
    /// Weights along a side of a patch.
    weights: Vec<f32>,
}

/// The patch at one placement.
struct PatchPlacement {
    patch_index: usize,
    /// Flipped horizontally. Never vertically: light falls from above, into pores too.
    is_mirrored: bool,
}

impl TextureQuilt {
    /// Draws a random patch for every placement over the target.
    #[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
    pub(super) fn new(patches: TexturePatches, target: RectPx, rng: &mut ChaCha8Rng) -> Self {
        let side_px = patches.side_px;
        let step_px = side_px / 2;
        let [columns, rows] = [target.width, target.height].map(|length| (length as usize).div_ceil(step_px) + 1);
        let centers = &patches.centers_in_photo;
        let mut by_distance: Vec<usize> = (0..centers.len()).collect();
        let nearest = NEAREST_PATCHES.min(by_distance.len());
        let mut placements = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                let center = [target.x as f32 + (column * step_px) as f32, target.y as f32 + (row * step_px) as f32];
                let distance = |patch: &usize| {
                    centers.get(*patch).map_or(f32::INFINITY, |[x, y]| (x - center[0]).hypot(y - center[1]))
                };
                if nearest < by_distance.len() {
                    // Ties are broken by index: the previous placement's order must not matter.
                    by_distance.select_nth_unstable_by(nearest, |a, b| {
                        distance(a).total_cmp(&distance(b)).then_with(|| a.cmp(b))
                    });
                }
                if let Some(candidates) = by_distance.get_mut(..nearest) {
                    candidates.sort_unstable();
                    let patch_index = candidates.get(rng.random_range(0..nearest)).copied().unwrap_or_default();
                    placements.push(PatchPlacement { patch_index, is_mirrored: rng.random() });
                }
            }
        }
        let weight = |index: usize| (std::f32::consts::PI * (index as f32 + 0.5) / side_px as f32).sin();
        Self { width: target.width as usize, columns, placements, weights: (0..side_px).map(weight).collect(), patches }
    }

    /// One row of the target, counted from its top: red, green and blue times `strength`, and an unused lane.
    pub(super) fn row(&self, row: u32, strength: f32) -> Vec<[f32; 4]> {
        let side_px = self.patches.side_px;
        let step_px = side_px / 2;
        let (placement_row, down) = (row as usize / step_px, row as usize % step_px);
        let mut line = vec![[0.0; 4]; self.width];
        // The lower half of the patches above, and the upper half of those below.
        for (placement_row, y) in [(placement_row, down + step_px), (placement_row + 1, down)] {
            let weight = strength * self.weights.get(y).copied().unwrap_or_default();
            let placements = self.placements.iter().skip(placement_row * self.columns).take(self.columns);
            for (column, placement) in placements.enumerate() {
                let patch = self.patches.get(placement.patch_index);
                let patch_row = patch.get(y * side_px..(y + 1) * side_px).unwrap_or_default();
                let start = column * step_px;
                let skipped = if start == 0 { step_px } else { 0 };
                let Some(line) = line.get_mut((start + skipped - step_px).min(self.width)..) else { continue };
                let pixels = line.iter_mut().zip(self.weights.iter().skip(skipped));
                if placement.is_mirrored {
                    add_weighted(pixels, patch_row.iter().rev().skip(skipped), weight);
                } else {
                    add_weighted(pixels, patch_row.iter().skip(skipped), weight);
                }
            }
        }
        line
    }
}

#[inline]
fn add_weighted<'a>(
    pixels: impl Iterator<Item = (&'a mut [f32; 4], &'a f32)>,
    patch: impl Iterator<Item = &'a [f32; 4]>,
    weight: f32,
) {
    for ((pixel, along), value) in pixels.zip(patch) {
        for (sum, value) in pixel.iter_mut().zip(value) {
            *sum += weight * along * value;
        }
    }
}
