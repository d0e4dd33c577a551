//! Square cells over part of the photo: which hold hole pixels, and the colours of the known cells beside them.

use rayon::prelude::*;

use super::known_pixels::{KnownMean, KnownPixels};
use crate::geometry::{CropGrid, RectPx};
use crate::mask::Mask;

/// How far outside the frame known pixels are compared with the edge of the fill, as a share of the frame's side. The
/// generated image is not extrapolated further out.
const COMPARED_MARGIN_SHARE: f64 = super::FILL_MARGIN_SHARE as f64 + 1.0 / 32.0;

/// A known cell beside the hole.
pub(super) struct EdgeCell {
    pub(super) cell: usize,
    pub(super) center_in_unit: [f32; 2],
    pub(super) known: KnownMean,
}

/// A grid of square cells over part of the photo.
pub(super) struct CellGrid {
    pub(super) region: RectPx,
    pub(super) cell_px: u32,
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl CellGrid {
    pub(super) fn new(region: RectPx, cell_px: u32) -> Self {
        let count = |size: u32| size.div_ceil(cell_px) as usize;
        Self { region, cell_px, columns: count(region.width), rows: count(region.height) }
    }

    /// The photo pixels of a cell. Cells at the right and bottom border may be smaller.
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer cells than pixels along a side")]
    fn rect(&self, cell: usize) -> RectPx {
        let (column, row) = ((cell % self.columns) as u32, (cell / self.columns) as u32);
        let (x, y) = (self.region.x + column * self.cell_px, self.region.y + row * self.cell_px);
        RectPx { x, y, width: self.cell_px, height: self.cell_px }.intersection(self.region)
    }

    /// For each cell, whether it holds a hole pixel, and whether it holds a known pixel.
    pub(super) fn hole_and_known(&self, mask: &Mask) -> (Vec<bool>, Vec<bool>) {
        let unknown = mask.unknown();
        let count = |mask: &Mask, rect: RectPx| -> usize {
            (rect.y..rect.bottom()).map(|y| mask.row_hole_count(y, rect.x..rect.right()) as usize).sum()
        };
        let classify = |cell: usize| {
            let rect = self.rect(cell);
            (count(mask, rect) > 0, count(&unknown, rect) < rect.area())
        };
        (0..self.columns * self.rows).into_par_iter().map(classify).unzip()
    }

    /// The candidates that lie in or near the frame and hold a known pixel that is not fully transparent.
    #[expect(clippy::cast_possible_truncation, reason = "unit coordinates need no more than single precision")]
    pub(super) fn edge_cells(&self, candidates: &[usize], unit: CropGrid, pixels: &KnownPixels<'_>) -> Vec<EdgeCell> {
        let compared = -COMPARED_MARGIN_SHARE..=1.0 + COMPARED_MARGIN_SHARE;
        let edge_cell = |&cell: &usize| {
            let rect = self.rect(cell);
            let middle = |start: u32, size: u32| f64::from(start) + f64::from(size) / 2.0;
            let center = unit.to_crop([middle(rect.x, rect.width), middle(rect.y, rect.height)]);
            if !center.iter().all(|coordinate| compared.contains(coordinate)) {
                return None;
            }
            let known = pixels.mean(rect)?;
            Some(EdgeCell { cell, center_in_unit: center.map(|coordinate| coordinate as f32), known })
        };
        candidates.par_iter().filter_map(edge_cell).collect()
    }
}
