//! Poisson blending (Pérez, Gangnet & Blake, *Poisson Image Editing*, 2003): the fill keeps its gradients and matches
//! the known pixels at the edge of the hole.
//!
//! With the fill as guidance field, the solution is the fill plus a *membrane*: the harmonic field whose boundary
//! values are the differences between the photo and the fill (section 2 of the paper, equation 5). Only the membrane is
//! solved for. Known pixels enter only as boundary values.
//!
//! In a photo with alpha, a known colour ties the membrane as firmly as it shows: each boundary value is weighted by its
//! alpha, relative to the most opaque one. Fully transparent pixels have no believable colour and give no boundary value.
//! The same equations interpolate alpha itself into the hole ([`Membrane::opacity_offsets`]); for alpha, transparent
//! pixels are known like all others.
//!
//! Where the hole continues outside the frame, or ends at the photo's border or at ignored pixels, nothing is known, and the membrane has
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

use domain::{BoundaryCell, KnownValue, PoissonDomain};
use multigrid_level::{Level, neighbour_cells};
use red_black::{ColorGrid, ColorLanes, GridSize, RedBlackGrid};
use solve::{Workspace, conjugate_gradient};

use super::known_pixels::{KnownMean, KnownPixels};
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
    weight: f32,
}

/// The membrane for one fill: the offsets to add to its pixels.
pub(super) struct MembraneOffsets {
    raster: PatchRaster,
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
        let pixels = KnownPixels::new(photo, hole);
        let known = |rect| {
            let KnownMean { color: [red, green, blue], alpha } = pixels.mean(rect)?;
            Some(KnownValue { lanes: [red, green, blue, 0.0], weight: alpha })
        };
        let bounds = photo.rect().intersection(hole.rect());
        Self::from_domain(raster, PoissonDomain::new(known, bounds, &raster, shares))
    }

    /// Interpolates alpha into the hole, starting from an opaque fill. The offsets are in the last lane, in the units of
    /// the colours: 0 is opaque, −2 transparent. `None` when every known pixel beside the hole is opaque, or there is none.
    /// No photo pixel under the hole is read.
    pub(super) fn opacity_offsets(
        photo: &Photo,
        hole: &Mask,
        raster: PatchRaster,
        shares: &[u8],
    ) -> Option<MembraneOffsets> {
        let pixels = KnownPixels::new(photo, hole);
        let known = |rect| {
            let alpha = pixels.mean_alpha(rect)?;
            Some(KnownValue { lanes: [0.0, 0.0, 0.0, 2.0 * (alpha - 1.0)], weight: 1.0 })
        };
        let bounds = photo.rect().intersection(hole.rect());
        let domain = PoissonDomain::new(known, bounds, &raster, shares);
        if !domain.boundary.iter().any(|cell| cell.known.lanes[3] < 0.0) {
            return None;
        }
        let membrane = Self::from_domain(raster, domain)?;
        let differences: Vec<ColorLanes> = membrane.boundary.iter().map(|cell| cell.known.lanes).collect();
        Some(membrane.offsets_from(&differences))
    }

    fn from_domain(raster: PatchRaster, domain: PoissonDomain) -> Option<Self> {
        let PoissonDomain { is_free, boundary } = domain;
        if boundary.is_empty() {
            return None;
        }
        let grid_size = is_free.size();
        let max_weight = boundary.iter().map(|cell| cell.known.weight).fold(f32::MIN_POSITIVE, f32::max);
        let boundary_links: Vec<BoundaryLink> = (boundary.iter().enumerate())
            .flat_map(|(boundary_index, BoundaryCell { x, y, known })| {
                let weight = known.weight / max_weight;
                neighbour_cells(grid_size, *x, *y).map(move |(x, y)| BoundaryLink { boundary_index, x, y, weight })
            })
            .filter(|link| is_free.at(link.x, link.y))
            .collect();
        let mut link_weights = RedBlackGrid::new(grid_size);
        for link in &boundary_links {
            *link_weights.at_mut(link.x, link.y) += link.weight;
        }
        let levels = Level::hierarchy(is_free, link_weights, COARSEST_CELLS);
        Some(Self { raster, levels, boundary, boundary_links, workspace: Mutex::default() })
    }

    /// Solves for one fill.
    pub(super) fn offsets(&self, image: &SampledImage) -> MembraneOffsets {
        self.offsets_from(&self.boundary_differences(image))
    }

    fn offsets_from(&self, differences: &[ColorLanes]) -> MembraneOffsets {
        let mut values = self.solve(differences);
        // Partly filled boundary cells are drawn too.
        for (cell, difference) in self.boundary.iter().zip(differences) {
            *values.at_mut(cell.x, cell.y) = *difference;
        }
        MembraneOffsets { raster: self.raster, values }
    }

    /// The membrane in the free cells for given boundary values; zero elsewhere.
    fn solve(&self, boundary_values: &[ColorLanes]) -> ColorGrid {
        let grid_size = GridSize::new(self.raster.width as usize + 2, self.raster.height as usize + 2);
        let mut right_side = ColorGrid::new(grid_size);
        for link in &self.boundary_links {
            let boundary_value = boundary_values.get(link.boundary_index).copied().unwrap_or_default();
            for (sum, value) in right_side.at_mut(link.x, link.y).iter_mut().zip(boundary_value) {
                *sum += link.weight * value;
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
                let [red, green, blue, _] = cell.known.lanes;
                [red - fill[0], green - fill[1], blue - fill[2], 0.0]
            }));
        }
        differences
    }
}

impl MembraneOffsets {
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
