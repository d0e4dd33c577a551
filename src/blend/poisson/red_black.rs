//! A grid of values in red-black layout: the two colours of a chessboard are stored apart.
//!
//! The four neighbours of a cell have the other colour. With the colours apart, all cells of one colour can be updated
//! while those of the other are read: row by row on several threads, with neighbours adjacent in memory.

use rayon::prelude::*;

/// Three colour channels. The fourth lane fills the vector register.
pub(super) type ColorLanes = [f32; 4];
pub(super) type ColorGrid = RedBlackGrid<ColorLanes>;

/// Smaller grids are processed on one thread.
const PARALLEL_CELLS: usize = 16_384;

/// The size of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GridSize {
    /// Columns per colour: half of the width, rounded up.
    half_width: usize,
    height: usize,
}

/// A value for each cell, with a border of default values around them.
#[derive(Clone)]
pub(super) struct RedBlackGrid<T> {
    size: GridSize,
    parities: [Vec<T>; 2],
}

/// The neighbours of the cells of one row and colour. All slices have the length of the row.
pub(super) struct NeighbourRows<'a> {
    pub(super) left: &'a [ColorLanes],
    pub(super) right: &'a [ColorLanes],
    pub(super) above: &'a [ColorLanes],
    pub(super) below: &'a [ColorLanes],
}

impl GridSize {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { half_width: width.div_ceil(2), height }
    }

    /// The next coarser grid, whose cells are 2×2 cells of this one.
    pub(super) fn coarsened(self) -> Self {
        Self::new(self.half_width, self.height.div_ceil(2))
    }

    /// Number of columns; always even.
    pub(super) fn width(self) -> usize {
        2 * self.half_width
    }

    pub(super) fn height(self) -> usize {
        self.height
    }

    /// The column of the cell at an index in a row of one colour.
    pub(super) fn column(parity: usize, y: usize, index: usize) -> usize {
        2 * index + (y + parity) % 2
    }

    fn stride(self) -> usize {
        self.half_width + 2
    }

    /// Colour of a cell, and its index in the array of that colour.
    fn parity_and_index(self, x: usize, y: usize) -> (usize, usize) {
        ((x + y) % 2, (y + 1) * self.stride() + x / 2 + 1)
    }
}

impl<T: Copy + Default + Send + Sync> RedBlackGrid<T> {
    pub(super) fn new(size: GridSize) -> Self {
        let cells = size.stride() * (size.height + 2);
        Self { size, parities: [vec![T::default(); cells], vec![T::default(); cells]] }
    }

    pub(super) fn size(&self) -> GridSize {
        self.size
    }

    /// The value of a cell.
    pub(super) fn at(&self, x: usize, y: usize) -> T {
        let (parity, index) = self.size.parity_and_index(x, y);
        self.parities[parity].get(index).copied().unwrap_or_default()
    }

    /// The value of a cell, mutable.
    pub(super) fn at_mut(&mut self, x: usize, y: usize) -> &mut T {
        let (parity, index) = self.size.parity_and_index(x, y);
        &mut self.parities[parity][index]
    }

    /// The cells of one colour in a row.
    pub(super) fn row(&self, parity: usize, y: usize) -> &[T] {
        let start = (y + 1) * self.size.stride() + 1;
        &self.parities[parity][start..start + self.size.half_width]
    }

    /// Calls `change` with each row number and its cells of one colour.
    pub(super) fn for_each_row_of_parity(&mut self, parity: usize, change: impl Fn(usize, &mut [T]) + Sync) {
        for_each_row_in(self.size, &mut self.parities[parity], change);
    }

    /// Calls `change` with the colour, row number and cells of each row of both colours.
    pub(super) fn for_each_row(&mut self, change: impl Fn(usize, usize, &mut [T]) + Sync) {
        for parity in 0..2 {
            self.for_each_row_of_parity(parity, |y, cells| change(parity, y, cells));
        }
    }

    /// Calls `change` with the column, row number and value of each cell.
    pub(super) fn for_each_cell(&mut self, change: impl Fn(usize, usize, &mut T) + Sync) {
        self.for_each_row(|parity, y, cells| {
            for (index, cell) in cells.iter_mut().enumerate() {
                change(GridSize::column(parity, y, index), y, cell);
            }
        });
    }

    /// All cells with their borders, for sums. Borders hold default values, which add nothing.
    pub(super) fn parities(&self) -> [&[T]; 2] {
        let [even, odd] = &self.parities;
        [even, odd]
    }
}

impl ColorGrid {
    /// The neighbours of the cells of one colour in a row.
    pub(super) fn neighbours(&self, parity: usize, y: usize) -> NeighbourRows<'_> {
        neighbour_rows(self.size, &self.parities[1 - parity], parity, y)
    }

    /// Updates the cells of one colour from their neighbours of the other.
    pub(super) fn update_from_neighbours(
        &mut self,
        parity: usize,
        change: impl Fn(usize, &mut [ColorLanes], &NeighbourRows<'_>) + Sync,
    ) {
        let size = self.size;
        let [even, odd] = &mut self.parities;
        let (updated, other) = if parity == 0 { (even, &*odd) } else { (odd, &*even) };
        for_each_row_in(size, updated, |y, cells| change(y, cells, &neighbour_rows(size, other, parity, y)));
    }
}

fn for_each_row_in<T: Send>(size: GridSize, cells: &mut [T], change: impl Fn(usize, &mut [T]) + Sync) {
    let stride = size.stride();
    let inside = stride..cells.len() - stride;
    let rows = &mut cells[inside];
    let change = |(y, row): (usize, &mut [T])| change(y, &mut row[1..=size.half_width]);
    if size.width() * size.height < PARALLEL_CELLS {
        rows.chunks_exact_mut(stride).enumerate().for_each(change);
    } else {
        rows.par_chunks_exact_mut(stride).with_min_len(16).enumerate().for_each(change);
    }
}

fn neighbour_rows(size: GridSize, other: &[ColorLanes], parity: usize, y: usize) -> NeighbourRows<'_> {
    let (half, stride) = (size.half_width, size.stride());
    let row = (y + 1) * stride;
    // In every second row the cells of the other colour start one column further left.
    let left = row + (y + parity) % 2;
    NeighbourRows {
        left: &other[left..left + half],
        right: &other[left + 1..left + 1 + half],
        above: &other[row - stride + 1..row - stride + 1 + half],
        below: &other[row + stride + 1..row + stride + 1 + half],
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
mod tests {
    use super::*;

    #[test]
    fn neighbours_match_the_grid() {
        let mut grid = ColorGrid::new(GridSize::new(7, 5));
        for y in 0..5 {
            for x in 0..8 {
                *grid.at_mut(x, y) = [(10 * y + x + 1) as f32; 4];
            }
        }
        for parity in 0..2 {
            for y in 0..5 {
                let NeighbourRows { left, right, above, below } = grid.neighbours(parity, y);
                for (index, value) in grid.row(parity, y).iter().enumerate() {
                    let x = GridSize::column(parity, y, index);
                    let expected = |x: usize, y: usize| if x < 8 && y < 5 { (10 * y + x + 1) as f32 } else { 0.0 };
                    assert_eq!(value[0].to_bits(), expected(x, y).to_bits());
                    assert_eq!(left[index][0].to_bits(), expected(x.wrapping_sub(1), y).to_bits());
                    assert_eq!(right[index][0].to_bits(), expected(x + 1, y).to_bits());
                    assert_eq!(above[index][0].to_bits(), expected(x, y.wrapping_sub(1)).to_bits());
                    assert_eq!(below[index][0].to_bits(), expected(x, y + 1).to_bits());
                }
            }
        }
    }
}
