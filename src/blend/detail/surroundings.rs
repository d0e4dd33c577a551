//! The surroundings of a hole, in tiles: which tiles are known, and how much detail they hold.

use std::ops::Range;

use rayon::prelude::*;

use super::REFERENCE_SIDE_PX;
use super::low_pass::{CELLS_PER_PIXEL, LowPass};
use crate::blend::known_pixels::KnownPixels;
use crate::blend::sampled_image::luma;
use crate::geometry::{CropGrid, FaceFrame, RectPx};
use crate::mask::Mask;
use crate::photo::Photo;

/// Margin around the target, as a share of the frame's side. It reaches the cheek or the forehead from any feature.
const TARGET_MARGIN_SHARE: f32 = 0.3;

/// How far outside the frame tiles count, as a share of its side. Further out there is no face.
const FRAME_MARGIN_SHARE: f64 = 0.125;

/// Tiles are at least this wide, because the variance of fewer pixels is unreliable.
const MIN_TILE_PX: u32 = 8;

/// The known pixels around a hole, and their low-pass.
pub(super) struct HoleSurroundings<'a> {
    pixels: KnownPixels<'a>,
    /// Covered by whole tiles.
    region: RectPx,
    tile_px: u32,
    low_pass: LowPass,
    sharpness: f32,
}

/// A square whose pixels are all known.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextureTile {
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) center_in_photo: [f32; 2],
    /// Mean square of the high-passed luma.
    pub(super) high_pass_energy: f32,
}

impl<'a> HoleSurroundings<'a> {
    /// Measures the surroundings of `target`, which lies in the photo and the mask. `None` when no tile fits.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "shares of the frame's side, clamped to the photo where they become pixels"
    )]
    pub(super) fn new(photo: &'a Photo, hole: &'a Mask, frame: &FaceFrame, target: RectPx) -> Option<Self> {
        let photo_px_per_pixel = frame.side_px / REFERENCE_SIDE_PX;
        let cell_px = LowPass::cell_px(photo_px_per_pixel);
        let tile_px = cell_px.checked_mul(MIN_TILE_PX.div_ceil(cell_px).max(u32::from(CELLS_PER_PIXEL)))?;
        let surroundings = target.grown((frame.side_px * TARGET_MARGIN_SHARE) as u32);
        let region = whole_tiles(surroundings.intersection(photo.rect()).intersection(hole.rect()), tile_px)?;
        let pixels = KnownPixels::new(photo, hole);
        let (low_pass, sharpness) = LowPass::new(&pixels, region, photo_px_per_pixel);
        Some(Self { pixels, region, tile_px, low_pass, sharpness })
    }

    /// How much sharper the known edges are than the generator can draw them: 0 (not at all) to 1.
    pub(super) fn sharpness(&self) -> f32 {
        self.sharpness
    }

    pub(super) fn tile_px(&self) -> u32 {
        self.tile_px
    }

    /// Number of tiles, along and down.
    pub(super) fn size_tiles(&self) -> [usize; 2] {
        [self.region.width, self.region.height].map(|length| (length / self.tile_px) as usize)
    }

    /// All tiles in and near the frame whose pixels are all known, row by row.
    pub(super) fn tiles(&self, frame: &FaceFrame) -> Vec<TextureTile> {
        let Some(unit) = CropGrid::new(frame, 1) else { return Vec::new() };
        let [columns, rows] = self.size_tiles();
        let row_tiles = |row: usize| {
            let mut high_pass = Vec::new();
            (0..columns).filter_map(move |column| self.tile(column, row, unit, &mut high_pass))
        };
        (0..rows).into_par_iter().flat_map_iter(row_tiles).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
    fn tile(&self, column: usize, row: usize, unit: CropGrid, high_pass: &mut Vec<[f32; 4]>) -> Option<TextureTile> {
        let rect = self.rect(column, row, 1);
        let half = self.tile_px as f32 / 2.0;
        let center_in_photo = [rect.x as f32 + half, rect.y as f32 + half];
        let near_frame = -FRAME_MARGIN_SHARE..=1.0 + FRAME_MARGIN_SHARE;
        let is_near =
            unit.to_crop(center_in_photo.map(f64::from)).iter().all(|coordinate| near_frame.contains(coordinate));
        if !is_near || !self.low_pass.is_supported(rect) {
            return None;
        }
        let mut sum = 0.0;
        for y in rect.y..rect.bottom() {
            self.read_high_pass(y, rect.x..rect.right(), high_pass);
            if high_pass.iter().any(|pixel| pixel[3] == 0.0) {
                return None;
            }
            sum += high_pass.iter().map(|&[red, green, blue, _]| luma([red, green, blue]).powi(2)).sum::<f32>();
        }
        Some(TextureTile { column, row, center_in_photo, high_pass_energy: sum / (self.tile_px as f32).powi(2) })
    }

    /// The photo pixels of a square of tiles.
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer tiles than pixels along a side")]
    pub(super) fn rect(&self, column: usize, row: usize, side_tiles: usize) -> RectPx {
        let along = |start: u32, tile: usize| start + tile as u32 * self.tile_px;
        let side_px = along(0, side_tiles);
        RectPx { x: along(self.region.x, column), y: along(self.region.y, row), width: side_px, height: side_px }
    }

    /// Part of a photo row minus its low-pass: red, green, blue and 1; four zeros for unknown pixels.
    pub(super) fn read_high_pass(&self, y: u32, columns: Range<u32>, row: &mut Vec<[f32; 4]>) {
        self.pixels.read_row(y, columns.clone(), row);
        self.low_pass.subtract(y, columns, row);
    }
}

/// The largest part of a rectangle that whole tiles cover, from its top left corner; `None` when no tile fits.
pub(super) fn whole_tiles(rect: RectPx, tile_px: u32) -> Option<RectPx> {
    let whole = |length: u32| length - length % tile_px;
    let rect = RectPx { width: whole(rect.width), height: whole(rect.height), ..rect };
    (!rect.is_empty()).then_some(rect)
}
