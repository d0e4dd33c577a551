//! Poisson blending (Pérez, Gangnet & Blake, *Poisson Image Editing*, 2003): the fill keeps its gradients and matches
//! the known pixels at the edge of the hole.
//!
//! With the fill as guidance field, the solution is the fill plus a *membrane*: the harmonic field whose boundary
//! values are the differences between the photo and the fill (section 2 of the paper, equation 5). Only the membrane is
//! solved for. Known pixels enter only as boundary values.
//!
//! Where the hole continues outside the frame or ends at the photo's border, nothing is known, and the membrane has
//! zero slope (a Neumann boundary). A part of the hole without any known pixel beside it gets no membrane.
//!
//! | file | contents |
//! | --- | --- |
//! | `domain` | which cells are solved for, and which give boundary values |
//! | `red_black` | values on a grid in red-black layout, so that half of them can be updated at once |
//! | `multigrid_level` | the equations of one grid, restriction and interpolation |
//! | `solve` | conjugate gradients, preconditioned with multigrid |

mod domain;
mod multigrid_level;
mod red_black;
mod solve;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

use domain::{BoundaryCell, PoissonDomain};
use multigrid_level::{Level, neighbour_cells};
use red_black::{ColorGrid, ColorLanes, GridSize, RedBlackGrid};
use solve::{Workspace, conjugate_gradient};

use super::patch_raster::PatchRaster;
use super::sampled_image::SampledImage;
use crate::mask::Mask;
use crate::photo::Photo;

/// Most cells to solve for. In larger holes a cell covers 2×2 photo pixels or more, which bounds memory. The generator
/// has far fewer pixels, so only the photo's grain is matched less exactly at the edge.
const MAX_SOLVED_CELLS: u64 = 4_000_000;
/// Grids of at most this many cells are solved by relaxation alone.
const COARSEST_CELLS: usize = 64;

/// The equations of one hole, ready to be solved for any fill.
pub(super) struct Membrane {
    raster: PatchRaster,
    levels: Vec<Level>,
    boundary: Vec<BoundaryCell>,
    boundary_links: Vec<BoundaryLink>,
    /// Memory kept from the last solve.
    workspace: Mutex<Option<Box<Workspace>>>,
}

/// A link from a boundary cell to the free cell at `(x, y)` beside it.
struct BoundaryLink {
    /// Index of the boundary cell.
    boundary_index: usize,
    x: usize,
    y: usize,
}

/// The membrane for one fill: the offsets to add to its pixels.
pub(super) struct MembraneOffsets<'a> {
    raster: &'a PatchRaster,
    values: ColorGrid,
}

/// The membrane along one row of a raster's pixels.
pub(super) struct MembraneRow {
    values: Vec<ColorLanes>,
    columns: usize,
}

impl Membrane {
    /// The raster to solve on: that of the patch, or a coarser one for a large hole.
    pub(super) fn solver_raster(patch: PatchRaster) -> PatchRaster {
        let coarser_size = |times: u32| (patch.width.div_ceil(times), patch.height.div_ceil(times));
        let is_small_enough = |times: &u32| {
            let (width, height) = coarser_size(*times);
            u64::from(width) * u64::from(height) <= MAX_SOLVED_CELLS
        };
        let (width, height) = coarser_size((1..=patch.width).find(is_small_enough).unwrap_or(1));
        PatchRaster { width, height, ..patch }
    }

    /// Sets up the equations. `shares` says how much of each raster pixel is filled, 0 to 255. `None` when no known
    /// pixel lies beside the hole. No photo pixel under the hole is read.
    pub(super) fn new(photo: &Photo, hole: &Mask, raster: PatchRaster, shares: &[u8]) -> Option<Self> {
        let PoissonDomain { is_free, boundary } = PoissonDomain::new(photo, hole, &raster, shares);
        if boundary.is_empty() {
            return None;
        }
        let grid_size = is_free.size();
        let boundary_links: Vec<BoundaryLink> = (boundary.iter().enumerate())
            .flat_map(|(boundary_index, BoundaryCell { x, y, .. })| {
                neighbour_cells(grid_size, *x, *y).map(move |(x, y)| BoundaryLink { boundary_index, x, y })
            })
            .filter(|link| is_free.at(link.x, link.y))
            .collect();
        let mut link_counts = RedBlackGrid::new(grid_size);
        for link in &boundary_links {
            *link_counts.at_mut(link.x, link.y) += 1.0;
        }
        let levels = Level::hierarchy(is_free, link_counts, COARSEST_CELLS);
        Some(Self { raster, levels, boundary, boundary_links, workspace: Mutex::default() })
    }

    /// Solves for one fill.
    pub(super) fn offsets(&self, image: &SampledImage) -> MembraneOffsets<'_> {
        let differences = self.boundary_differences(image);
        let mut values = self.solve(&differences);
        // Partly filled boundary cells are drawn too.
        for (cell, difference) in self.boundary.iter().zip(differences) {
            *values.at_mut(cell.x, cell.y) = difference;
        }
        MembraneOffsets { raster: &self.raster, values }
    }

    /// The membrane in the free cells for given boundary values; zero elsewhere.
    fn solve(&self, boundary_values: &[ColorLanes]) -> ColorGrid {
        let grid_size = GridSize::new(self.raster.width as usize + 2, self.raster.height as usize + 2);
        let mut right_side = ColorGrid::new(grid_size);
        for link in &self.boundary_links {
            let boundary_value = boundary_values.get(link.boundary_index).copied().unwrap_or_default();
            for (sum, value) in right_side.at_mut(link.x, link.y).iter_mut().zip(boundary_value) {
                *sum += value;
            }
        }
        let kept_workspace = || self.workspace.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut workspace) = kept_workspace().take().or_else(|| Workspace::new(&self.levels).map(Box::new)) else {
            return right_side;
        };
        let values = conjugate_gradient(&self.levels, right_side, &mut workspace);
        *kept_workspace() = Some(workspace);
        values
    }

    /// Photo minus fill for each boundary cell.
    fn boundary_differences(&self, image: &SampledImage) -> Vec<ColorLanes> {
        let mut differences = Vec::with_capacity(self.boundary.len());
        for row in self.boundary.chunk_by(|a, b| a.y == b.y) {
            let Some(first) = row.first() else { continue };
            let raster_row = i64::try_from(first.y).unwrap_or(i64::MAX) - 1;
            let reader = self.raster.row_reader(image, -1, raster_row);
            differences.extend(row.iter().map(|cell| {
                let fill = reader.at(cell.x);
                let [red, green, blue] = cell.known_color;
                [red - fill[0], green - fill[1], blue - fill[2], 0.0]
            }));
        }
        differences
    }
}

impl MembraneOffsets<'_> {
    /// The offsets of one row of a patch with this many columns and rows.
    pub(super) fn row(&self, row: u32, columns: u32, rows: u32) -> MembraneRow {
        let y = scale_index(row as usize, self.raster.height as usize, rows as usize) + 1;
        let values = (0..self.raster.width as usize).map(|x| self.values.at(x + 1, y)).collect();
        MembraneRow { values, columns: columns as usize }
    }
}

impl MembraneRow {
    /// The offset to add to a pixel of the row, in the fill's units.
    #[inline]
    pub(super) fn at(&self, column: usize) -> ColorLanes {
        self.values.get(scale_index(column, self.values.len(), self.columns)).copied().unwrap_or_default()
    }
}

/// Maps an index in `0..from` to `0..to`.
#[inline]
fn scale_index(index: usize, to: usize, from: usize) -> usize {
    if to == from { index } else { index * to / from.max(1) }
}
