//! The domain of the membrane's equations: which cells are free, and which give boundary values.

use rayon::prelude::*;

use super::board::{Board, Squares};
use super::level::neighbours;
use crate::blend::cells::known_mean;
use crate::blend::raster::Raster;
use crate::mask::Mask;
use crate::photo::{Photo, RectPx, Sample, Samples};

/// From this filled share (of 255) on, a partly filled cell is solved for. Below it, the cell's known part gives a
/// boundary value.
const HALF: u8 = 128;

/// A known cell beside a free one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Edge {
    /// Position in the grid. The first row and column of the grid lie just outside the raster.
    pub(super) x: usize,
    pub(super) y: usize,
    /// Mean of its known pixels, in [-1, 1].
    pub(super) known: [f32; 3],
}

/// The free cells, which are solved for, and the boundary cells, row by row.
pub(super) struct Cells {
    pub(super) is_free: Squares<bool>,
    pub(super) edges: Vec<Edge>,
}

impl Cells {
    /// Classifies the cells of a raster. `shares` says how much of each pixel is filled, 0 to 255. No photo pixel under
    /// the hole is read.
    pub(super) fn new(photo: &Photo, hole: &Mask, raster: &Raster, shares: &[u8]) -> Self {
        match Samples::of(&photo.pixels) {
            Samples::Eight { data, channels } => Look { photo, hole, raster, data, channels }.cells(shares),
            Samples::Sixteen { data, channels } => Look { photo, hole, raster, data: &data, channels }.cells(shares),
        }
    }
}

/// Classifies cells and reads the known pixels in them.
struct Look<'a, T> {
    photo: &'a Photo,
    hole: &'a Mask,
    raster: &'a Raster,
    data: &'a [T],
    channels: usize,
}

impl<T: Sample> Look<'_, T> {
    fn cells(&self, shares: &[u8]) -> Cells {
        let columns = self.raster.width as usize;
        let board = Board::new(columns + 2, self.raster.height as usize + 2);
        let mut is_free = Squares::new(board);
        is_free.change_all(|parity, y, cells: &mut [bool]| {
            let Some(row) = y.checked_sub(1).and_then(|row| shares.chunks_exact(columns.max(1)).nth(row)) else {
                return;
            };
            for (index, cell) in cells.iter_mut().enumerate() {
                let x = Board::column(parity, y, index);
                let share = x.checked_sub(1).and_then(|x| row.get(x)).copied().unwrap_or_default();
                // A partly filled cell without known pixels has no boundary value, so it is solved for.
                *cell = share >= HALF || (share > 0 && self.known(x, y).is_none());
            }
        });
        let edges = self.edges(&is_free);
        let mut cells = Cells { is_free, edges };
        cells.drop_unreached();
        cells
    }

    /// The known cells beside free ones.
    fn edges(&self, is_free: &Squares<bool>) -> Vec<Edge> {
        let board = is_free.board();
        let row = |y: usize| {
            (0..board.width()).filter_map(move |x| {
                let beside = !is_free.at(x, y) && neighbours(board, x, y).any(|(x, y)| is_free.at(x, y));
                beside.then(|| self.known(x, y).map(|known| Edge { x, y, known }))?
            })
        };
        (0..board.height()).into_par_iter().flat_map_iter(row).collect()
    }

    fn known(&self, x: usize, y: usize) -> Option<[f32; 3]> {
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

impl Cells {
    /// Removes free cells that no boundary cell reaches: their equations have no unique solution. They get no offset.
    fn drop_unreached(&mut self) {
        let board = self.is_free.board();
        let is_edge = {
            let mut is_edge = Squares::new(board);
            for edge in &self.edges {
                *is_edge.at_mut(edge.x, edge.y) = true;
            }
            is_edge
        };
        let ends = |x: usize, y: usize| {
            self.is_free.at(x, y) && neighbours(board, x, y).any(|(x, y)| !self.is_free.at(x, y) && !is_edge.at(x, y))
        };
        // If free cells border only on free cells and boundary cells, all of them are reached.
        if !(0..board.height()).into_par_iter().any(|y| (0..board.width()).any(|x| ends(x, y))) {
            return;
        }
        let mut reached = Squares::new(board);
        let mut next: Vec<(usize, usize)> = self.edges.iter().map(|edge| (edge.x, edge.y)).collect();
        while let Some((x, y)) = next.pop() {
            for (x, y) in neighbours(board, x, y).filter(|(x, y)| self.is_free.at(*x, *y)) {
                if !std::mem::replace(reached.at_mut(x, y), true) {
                    next.push((x, y));
                }
            }
        }
        self.is_free = reached;
    }
}
