//! The domain of the membrane's equations: which cells are free, and which give boundary values.

use rayon::prelude::*;

use super::multigrid_level::neighbour_cells;
use super::red_black::{GridSize, RedBlackGrid};
use crate::blend::cell_grid::known_mean;
use crate::blend::patch_raster::PatchRaster;
use crate::geometry::RectPx;
use crate::mask::Mask;
use crate::photo::{ChannelValue, Photo, PixelData};

/// From this filled share (of 255) on, a partly filled cell is solved for. Below it, the cell's known part gives a
/// boundary value.
const MIN_FREE_SHARE: u8 = 128;

/// A known cell beside a free one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BoundaryCell {
    /// Position in the grid. The first row and column of the grid lie just outside the raster.
    pub(super) x: usize,
    pub(super) y: usize,
    /// Mean of its known pixels, in [-1, 1].
    pub(super) known_color: [f32; 3],
}

/// The free cells, which are solved for, and the boundary cells, row by row.
pub(super) struct PoissonDomain {
    pub(super) is_free: RedBlackGrid<bool>,
    pub(super) boundary: Vec<BoundaryCell>,
}

impl PoissonDomain {
    /// Classifies the cells of a raster. `shares` says how much of each pixel is filled, 0 to 255. No photo pixel under
    /// the hole is read.
    pub(super) fn new(photo: &Photo, hole: &Mask, raster: &PatchRaster, shares: &[u8]) -> Self {
        match PixelData::of(&photo.pixels) {
            PixelData::Bits8 { data, channels } => DomainBuilder { photo, hole, raster, data, channels }.build(shares),
            PixelData::Bits16 { data, channels } => {
                DomainBuilder { photo, hole, raster, data: &data, channels }.build(shares)
            }
        }
    }
}

/// Classifies cells and reads the known pixels in them.
struct DomainBuilder<'a, T> {
    photo: &'a Photo,
    hole: &'a Mask,
    raster: &'a PatchRaster,
    data: &'a [T],
    channels: usize,
}

impl<T: ChannelValue> DomainBuilder<'_, T> {
    fn build(&self, shares: &[u8]) -> PoissonDomain {
        let columns = self.raster.width as usize;
        let board = GridSize::new(columns + 2, self.raster.height as usize + 2);
        let mut is_free = RedBlackGrid::new(board);
        is_free.for_each_row(|parity, y, cells: &mut [bool]| {
            let Some(row) = y.checked_sub(1).and_then(|row| shares.chunks_exact(columns.max(1)).nth(row)) else {
                return;
            };
            for (index, cell) in cells.iter_mut().enumerate() {
                let x = GridSize::column(parity, y, index);
                let share = x.checked_sub(1).and_then(|x| row.get(x)).copied().unwrap_or_default();
                // A partly filled cell without known pixels has no boundary value, so it is solved for.
                *cell = share >= MIN_FREE_SHARE || (share > 0 && self.known_color_at(x, y).is_none());
            }
        });
        let edges = self.boundary_cells(&is_free);
        let mut domain = PoissonDomain { is_free, boundary: edges };
        domain.drop_unreachable();
        domain
    }

    /// The known cells beside free ones.
    fn boundary_cells(&self, is_free: &RedBlackGrid<bool>) -> Vec<BoundaryCell> {
        let board = is_free.size();
        let row = |y: usize| {
            (0..board.width()).filter_map(move |x| {
                let is_boundary = !is_free.at(x, y) && neighbour_cells(board, x, y).any(|(x, y)| is_free.at(x, y));
                is_boundary.then(|| self.known_color_at(x, y).map(|known| BoundaryCell { x, y, known_color: known }))?
            })
        };
        (0..board.height()).into_par_iter().flat_map_iter(row).collect()
    }

    fn known_color_at(&self, x: usize, y: usize) -> Option<[f32; 3]> {
        let at = |index: usize| i64::try_from(index).unwrap_or(i64::MAX) - 1;
        let clip = |span: std::ops::Range<i64>, size: u32| {
            let inside = |at: i64| u32::try_from(at.clamp(0, i64::from(size))).unwrap_or(size);
            (inside(span.start), inside(span.end))
        };
        let (left, right) = clip(self.raster.columns(at(x)), self.photo.width().min(self.hole.width()));
        let (top, bottom) = clip(self.raster.rows(at(y)), self.photo.height().min(self.hole.height()));
        let rect = RectPx { x: left, y: top, width: right.saturating_sub(left), height: bottom.saturating_sub(top) };
        known_mean(self.data, self.channels, self.photo.width(), self.hole, rect)
    }
}

impl PoissonDomain {
    /// Removes free cells that no boundary cell reaches: their equations have no unique solution. They get no offset.
    fn drop_unreachable(&mut self) {
        let board = self.is_free.size();
        let is_edge = {
            let mut is_edge = RedBlackGrid::new(board);
            for edge in &self.boundary {
                *is_edge.at_mut(edge.x, edge.y) = true;
            }
            is_edge
        };
        let borders_unknown = |x: usize, y: usize| {
            self.is_free.at(x, y)
                && neighbour_cells(board, x, y).any(|(x, y)| !self.is_free.at(x, y) && !is_edge.at(x, y))
        };
        // If free cells border only on free cells and boundary cells, all of them are reached.
        if !(0..board.height()).into_par_iter().any(|y| (0..board.width()).any(|x| borders_unknown(x, y))) {
            return;
        }
        let mut is_reached = RedBlackGrid::new(board);
        let mut stack: Vec<(usize, usize)> = self.boundary.iter().map(|edge| (edge.x, edge.y)).collect();
        while let Some((x, y)) = stack.pop() {
            for (x, y) in neighbour_cells(board, x, y).filter(|(x, y)| self.is_free.at(*x, *y)) {
                if !std::mem::replace(is_reached.at_mut(x, y), true) {
                    stack.push((x, y));
                }
            }
        }
        self.is_free = is_reached;
    }
}
