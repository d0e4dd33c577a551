//! The domain of the membrane's equations: which cells are free, and which give boundary values.

use rayon::prelude::*;

use super::multigrid_level::neighbour_cells;
use super::red_black::{ColorLanes, GridSize, RedBlackGrid};
use crate::blend::patch_raster::PatchRaster;
use crate::geometry::{RectPx, clip_range};

/// From this filled share (of 255) on, a partly filled cell is solved for. Below it, the cell's known part gives a
/// boundary value.
const MIN_FREE_SHARE: u8 = 128;

/// A known cell beside a free one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BoundaryCell {
    /// Position in the grid. The first row and column of the grid lie just outside the raster.
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) known: KnownValue,
}

/// What the known pixels of a cell say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct KnownValue {
    pub(super) lanes: ColorLanes,
    /// How firmly the membrane is tied to this value, above 0: the alpha of a colour.
    pub(super) weight: f32,
}

/// The free cells, which are solved for, and the boundary cells, row by row.
pub(super) struct PoissonDomain {
    pub(super) is_free: RedBlackGrid<bool>,
    pub(super) boundary: Vec<BoundaryCell>,
}

impl PoissonDomain {
    /// Classifies the cells of a raster. `shares` says how much of each pixel is filled, 0 to 255. `known` gives what the
    /// known pixels of a photo rectangle say, within `bounds`, which starts at the photo's origin.
    pub(super) fn new(
        known: impl Fn(RectPx) -> Option<KnownValue> + Sync,
        bounds: RectPx,
        raster: &PatchRaster,
        shares: &[u8],
    ) -> Self {
        let columns = raster.width as usize;
        let size = GridSize::new(columns + 2, raster.height as usize + 2);
        let known = |x: usize, y: usize| known(cell_rect(raster, x, y, bounds));
        let mut is_free = RedBlackGrid::new(size);
        is_free.for_each_row(|parity, y, cells: &mut [bool]| {
            let Some(row) = y.checked_sub(1).and_then(|row| shares.chunks_exact(columns.max(1)).nth(row)) else {
                return;
            };
            for (index, cell) in cells.iter_mut().enumerate() {
                let x = GridSize::column(parity, y, index);
                let share = x.checked_sub(1).and_then(|x| row.get(x)).copied().unwrap_or_default();
                // A partly filled cell without known pixels has no boundary value, so it is solved for.
                *cell = share >= MIN_FREE_SHARE || (share > 0 && known(x, y).is_none());
            }
        });
        let boundary_cell = |x: usize, y: usize| {
            let is_boundary = !is_free.at(x, y) && neighbour_cells(size, x, y).any(|(x, y)| is_free.at(x, y));
            is_boundary.then(|| known(x, y).map(|known| BoundaryCell { x, y, known }))?
        };
        let row = |y: usize| (0..size.width()).filter_map(move |x| boundary_cell(x, y));
        let boundary = (0..size.height()).into_par_iter().flat_map_iter(row).collect();
        let mut domain = Self { is_free, boundary };
        domain.drop_unreachable();
        domain
    }

    /// Removes free cells that no boundary cell reaches: their equations have no unique solution. They get no offset.
    fn drop_unreachable(&mut self) {
        let size = self.is_free.size();
        let mut is_boundary = RedBlackGrid::new(size);
        for cell in &self.boundary {
            *is_boundary.at_mut(cell.x, cell.y) = true;
        }
        let borders_unknown = |x: usize, y: usize| {
            self.is_free.at(x, y)
                && neighbour_cells(size, x, y).any(|(x, y)| !self.is_free.at(x, y) && !is_boundary.at(x, y))
        };
        // If free cells border only on free cells and boundary cells, all of them are reached.
        if !(0..size.height()).into_par_iter().any(|y| (0..size.width()).any(|x| borders_unknown(x, y))) {
            return;
        }
        let mut is_reached = RedBlackGrid::new(size);
        let mut stack: Vec<(usize, usize)> = self.boundary.iter().map(|cell| (cell.x, cell.y)).collect();
        while let Some((x, y)) = stack.pop() {
            for (x, y) in neighbour_cells(size, x, y).filter(|(x, y)| self.is_free.at(*x, *y)) {
                if !std::mem::replace(is_reached.at_mut(x, y), true) {
                    stack.push((x, y));
                }
            }
        }
        self.is_free = is_reached;
    }
}

/// The photo pixels of a cell, clipped to `bounds`, which starts at the photo's origin.
fn cell_rect(raster: &PatchRaster, x: usize, y: usize, bounds: RectPx) -> RectPx {
    let raster_index = |index: usize| i64::try_from(index).unwrap_or(i64::MAX) - 1;
    let columns = clip_range(raster.columns(raster_index(x)), bounds.width);
    RectPx::from_ranges(columns, clip_range(raster.rows(raster_index(y)), bounds.height))
}
