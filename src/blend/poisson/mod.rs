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
//! | `cells` | which cells are solved for, and which give boundary values |
//! | `board` | values on a grid in red-black layout, so that half of them can be updated at once |
//! | `level` | the equations of one grid, restriction and interpolation |
//! | `solve` | conjugate gradients, preconditioned with multigrid |

mod board;
mod cells;
mod level;
mod solve;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

use board::{Board, Squares, Value};
use cells::{Cells, Edge};
use level::{Level, neighbours};
use solve::{Workspace, solve};

use super::raster::Raster;
use super::sample::Picture;
use crate::mask::Mask;
use crate::photo::Photo;

/// Most cells to solve for. In larger holes a cell covers 2×2 photo pixels or more, which bounds memory. The generator
/// has far fewer pixels, so only the photo's grain is matched less exactly at the edge.
const MAX_CELLS: u64 = 4_000_000;
/// Grids of at most this many cells are solved by relaxation alone.
const COARSEST_CELLS: usize = 64;

/// The equations of one hole, ready to be solved for any fill.
pub(super) struct Membrane {
    raster: Raster,
    levels: Vec<Level>,
    edges: Vec<Edge>,
    links: Vec<Link>,
    /// Memory kept from the last solve.
    workspace: Mutex<Option<Box<Workspace>>>,
}

/// A link from a boundary cell to the free cell at `(x, y)` beside it.
struct Link {
    /// Index of the boundary cell.
    edge: usize,
    x: usize,
    y: usize,
}

/// The membrane for one fill: the offsets to add to its pixels.
pub(super) struct Offsets<'a> {
    raster: &'a Raster,
    values: Squares<Value>,
}

/// The membrane along one row of a raster's pixels.
pub(super) struct OffsetRow {
    line: Vec<Value>,
    columns: usize,
}

impl Membrane {
    /// The raster to solve on: that of the patch, or a coarser one for a large hole.
    pub(super) fn raster(patch: Raster) -> Raster {
        let scaled = |times: u32| (patch.width.div_ceil(times), patch.height.div_ceil(times));
        let fits = |times: &u32| {
            let (width, height) = scaled(*times);
            u64::from(width) * u64::from(height) <= MAX_CELLS
        };
        let (width, height) = scaled((1..=patch.width).find(fits).unwrap_or(1));
        Raster { width, height, ..patch }
    }

    /// Sets up the equations. `shares` says how much of each raster pixel is filled, 0 to 255. `None` when no known
    /// pixel lies beside the hole. No photo pixel under the hole is read.
    pub(super) fn new(photo: &Photo, hole: &Mask, raster: Raster, shares: &[u8]) -> Option<Self> {
        let Cells { is_free, edges } = Cells::new(photo, hole, &raster, shares);
        if edges.is_empty() {
            return None;
        }
        let board = is_free.board();
        let links: Vec<Link> = (edges.iter().enumerate())
            .flat_map(|(edge, Edge { x, y, .. })| neighbours(board, *x, *y).map(move |(x, y)| Link { edge, x, y }))
            .filter(|link| is_free.at(link.x, link.y))
            .collect();
        let mut counts = Squares::new(board);
        for link in &links {
            *counts.at_mut(link.x, link.y) += 1.0;
        }
        Some(Self {
            raster,
            levels: Level::pyramid(is_free, counts, COARSEST_CELLS),
            edges,
            links,
            workspace: Mutex::default(),
        })
    }

    /// Solves for one fill.
    pub(super) fn offsets(&self, picture: &Picture) -> Offsets<'_> {
        let differences = self.differences(picture);
        let mut values = self.solve(&differences);
        // Partly filled boundary cells are drawn too.
        for (edge, difference) in self.edges.iter().zip(differences) {
            *values.at_mut(edge.x, edge.y) = difference;
        }
        Offsets { raster: &self.raster, values }
    }

    /// The membrane in the free cells for given boundary values; zero elsewhere.
    fn solve(&self, edge_values: &[Value]) -> Squares<Value> {
        let board = Board::new(self.raster.width as usize + 2, self.raster.height as usize + 2);
        let mut right_side: Squares<Value> = Squares::new(board);
        for Link { edge, x, y } in &self.links {
            let given = edge_values.get(*edge).copied().unwrap_or_default();
            for (value, given) in right_side.at_mut(*x, *y).iter_mut().zip(given) {
                *value += given;
            }
        }
        let left = || self.workspace.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut workspace) = left().take().or_else(|| Workspace::new(&self.levels).map(Box::new)) else {
            return right_side;
        };
        let values = solve(&self.levels, right_side, &mut workspace);
        *left() = Some(workspace);
        values
    }

    /// Photo minus fill for each boundary cell.
    fn differences(&self, picture: &Picture) -> Vec<Value> {
        let mut differences = Vec::with_capacity(self.edges.len());
        for row in self.edges.chunk_by(|a, b| a.y == b.y) {
            let Some(first) = row.first() else { continue };
            let row_of_raster = i64::try_from(first.y).unwrap_or(i64::MAX) - 1;
            let reader = self.raster.reader(picture, -1, row_of_raster);
            differences.extend(row.iter().map(|edge| {
                let fill = reader.at(edge.x);
                let [red, green, blue] = edge.known;
                [red - fill[0], green - fill[1], blue - fill[2], 0.0]
            }));
        }
        differences
    }
}

impl Offsets<'_> {
    /// The offsets of one row of a patch with this many columns and rows.
    pub(super) fn row(&self, row: u32, columns: u32, rows: u32) -> OffsetRow {
        let y = scaled(row as usize, self.raster.height as usize, rows as usize) + 1;
        let line = (0..self.raster.width as usize).map(|x| self.values.at(x + 1, y)).collect();
        OffsetRow { line, columns: columns as usize }
    }
}

impl OffsetRow {
    /// The offset to add to a pixel of the row, in the fill's units.
    #[inline]
    pub(super) fn at(&self, column: usize) -> Value {
        self.line.get(scaled(column, self.line.len(), self.columns)).copied().unwrap_or_default()
    }
}

/// Maps an index in `0..from` to `0..to`.
#[inline]
fn scaled(index: usize, to: usize, from: usize) -> usize {
    if to == from { index } else { index * to / from.max(1) }
}
