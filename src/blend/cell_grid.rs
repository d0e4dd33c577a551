//! A grid of square cells over part of the photo: which cells hold hole pixels, and the colours of the known cells
//! beside them.

use rayon::prelude::*;

use crate::geometry::{CropGrid, RectPx};
use crate::mask::Mask;
use crate::photo::ChannelValue;

/// How far outside the frame known pixels are compared with the edge of the fill, as a share of the frame's side. The
/// generated image is not extrapolated further out.
const COMPARED_MARGIN_SHARE: f64 = super::FILL_MARGIN_SHARE as f64 + 1.0 / 32.0;

/// A known cell beside the hole.
pub(super) struct EdgeCell {
    pub(super) cell: usize,
    pub(super) center_in_unit: [f32; 2],
    /// Mean of its known pixels, in [-1, 1].
    pub(super) known_color: [f32; 3],
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
    pub(super) fn hole_and_known(&self, hole: &Mask) -> (Vec<bool>, Vec<bool>) {
        let cells = (0..self.columns * self.rows).into_par_iter();
        cells
            .map(|cell| {
                let rect = self.rect(cell);
                let rows = || (rect.y..rect.y + rect.height).map(|y| hole.row(y, rect.x..rect.x + rect.width));
                let has_hole = rows().any(|row| row.iter().any(|&pixel| pixel != 0));
                let has_known = rows().any(|row| row.contains(&0));
                (has_hole, has_known)
            })
            .unzip()
    }

    /// The candidates that lie in or near the frame and hold a known pixel that is not fully transparent.
    #[expect(clippy::cast_possible_truncation, reason = "unit coordinates need no more than single precision")]
    pub(super) fn edge_cells<T: ChannelValue>(
        &self,
        candidates: &[usize],
        unit: CropGrid,
        data: &[T],
        channels: usize,
        width: u32,
        hole: &Mask,
    ) -> Vec<EdgeCell> {
        let near_frame = -COMPARED_MARGIN_SHARE..=1.0 + COMPARED_MARGIN_SHARE;
        let edge_cell = |&cell: &usize| {
            let rect = self.rect(cell);
            let middle = |start: u32, size: u32| f64::from(start) + f64::from(size) / 2.0;
            let center = unit.to_crop([middle(rect.x, rect.width), middle(rect.y, rect.height)]);
            if !center.iter().all(|at| near_frame.contains(at)) {
                return None;
            }
            let known = known_mean(data, channels, width, hole, rect)?;
            Some(EdgeCell { cell, center_in_unit: center.map(|at| at as f32), known_color: known })
        };
        candidates.par_iter().filter_map(edge_cell).collect()
    }
}

/// The mean colour, in [-1, 1], of the pixels of a rectangle that are neither hole nor fully transparent; `None` when
/// there are no such pixels.
pub(super) fn known_mean<T: ChannelValue>(
    data: &[T],
    channels: usize,
    width: u32,
    hole: &Mask,
    rect: RectPx,
) -> Option<[f32; 3]> {
    let has_alpha = channels.is_multiple_of(2);
    let mut sums = [0.0; 3];
    let mut count = 0.0;
    for y in rect.y..rect.y + rect.height {
        let start = (y as usize * width as usize + rect.x as usize) * channels;
        let samples = data.get(start..start + rect.width as usize * channels)?;
        let is_hole = hole.row(y, rect.x..rect.x + rect.width);
        for (pixel, _) in samples.chunks_exact(channels).zip(is_hole).filter(|(_, hole)| **hole == 0) {
            if has_alpha && pixel.last().is_some_and(|alpha| alpha.is_zero()) {
                continue;
            }
            // A grey value goes to all three channels.
            for (channel, sum) in sums.iter_mut().enumerate() {
                *sum += pixel.get(if channels < 3 { 0 } else { channel }).map_or(0.0, |sample| sample.to_f32());
            }
            count += 1.0;
        }
    }
    (count > 0.0).then(|| sums.map(|sum| sum / count * (2.0 / T::MAX) - 1.0))
}
