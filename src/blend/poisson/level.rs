//! One level of the multigrid solver: the equations of its cells, restriction and interpolation.
//!
//! The equation of a free cell is the discrete Laplace equation `Σ (neighbour − cell) = 0`, with given values for
//! boundary neighbours. A coarse cell is 2×2 finer ones. Links between coarse cells keep the weight 1 (twice as wide,
//! twice as long). A link to a boundary cell is weighted by its length.

use super::board::{Board, Squares, Value};

/// One level.
pub(super) struct Level {
    /// Sum of the weights of a cell's links; 0 for a cell that is not free.
    diagonal: Squares<f32>,
    /// Reciprocal of the diagonal; 0 for a cell that is not free.
    inverse: Squares<f32>,
    /// Number of boundary links of the finest cells in each cell.
    edge_links: Squares<f32>,
    /// Weight of a boundary link.
    edge_weight: f32,
}

impl Level {
    /// The finest level, from its free cells and the number of each cell's boundary links, and all coarser levels down
    /// to one of at most `cells` cells.
    pub(super) fn pyramid(is_free: Squares<bool>, edge_links: Squares<f32>, cells: usize) -> Vec<Self> {
        let mut levels = vec![Self::new(&is_free, edge_links, 1.0)];
        let mut is_free = is_free;
        // In cells of the finest level.
        let mut side = 1.0;
        while let Some(fine) = levels.last().filter(|level| level.board().width() * level.board().height() > cells) {
            let board = fine.board().coarser();
            let (mut coarse_free, mut coarse_links) = (Squares::new(board), Squares::new(board));
            coarse_free.change_all(|parity, y, cells: &mut [bool]| {
                for (index, cell) in cells.iter_mut().enumerate() {
                    let x = Board::column(parity, y, index);
                    *cell = children(is_free.board(), x, y).any(|(x, y)| is_free.at(x, y));
                }
            });
            coarse_links.change_all(|parity, y, cells: &mut [f32]| {
                for (index, cell) in cells.iter_mut().enumerate() {
                    let x = Board::column(parity, y, index);
                    *cell = children(is_free.board(), x, y).map(|(x, y)| fine.edge_links.at(x, y)).sum();
                }
            });
            side *= 2.0;
            // The link's length, from the centre of the coarse cell to the centre of the boundary cell, is (side +
            // 1)/2.
            let level = Self::new(&coarse_free, coarse_links, 2.0 / (side + 1.0));
            is_free = coarse_free;
            levels.push(level);
        }
        levels
    }

    fn new(is_free: &Squares<bool>, edge_links: Squares<f32>, edge_weight: f32) -> Self {
        let board = is_free.board();
        let mut diagonal = Squares::new(board);
        diagonal.change_all(|parity, y, cells: &mut [f32]| {
            let edge = edge_links.row(parity, y);
            for (index, (cell, edge)) in cells.iter_mut().zip(edge).enumerate() {
                let x = Board::column(parity, y, index);
                if is_free.at(x, y) {
                    let around = neighbours(board, x, y).filter(|(x, y)| is_free.at(*x, *y));
                    *cell = around.map(|_| 1.0).sum::<f32>() + edge_weight * edge;
                }
            }
        });
        let mut inverse = Squares::new(board);
        inverse.change_all(|parity, y, cells: &mut [f32]| {
            for (inverse, diagonal) in cells.iter_mut().zip(diagonal.row(parity, y)) {
                *inverse = if *diagonal > 0.0 { 1.0 / diagonal } else { 0.0 };
            }
        });
        Self { diagonal, inverse, edge_links, edge_weight }
    }

    pub(super) fn board(&self) -> Board {
        self.diagonal.board()
    }

    /// Weight of a boundary link on this level.
    pub(super) fn edge_weight(&self) -> f32 {
        self.edge_weight
    }

    /// Solves the equations of the cells of one colour, with the other colour fixed (red-black Gauss–Seidel).
    pub(super) fn relax(&self, parity: usize, right_side: &Squares<Value>, x: &mut Squares<Value>) {
        x.change_seeing(parity, |y, cells, around| {
            let (inverse, right_side) = (self.inverse.row(parity, y), right_side.row(parity, y));
            let flows = around.left.iter().zip(around.right).zip(around.above.iter().zip(around.below));
            for (((cell, inverse), right_side), ((left, right), (above, below))) in
                cells.iter_mut().zip(inverse).zip(right_side).zip(flows)
            {
                for lane in 0..4 {
                    let flow = (left[lane] + right[lane]) + (above[lane] + below[lane]);
                    cell[lane] = (right_side[lane] + flow) * inverse;
                }
            }
        });
    }

    /// Like [`relax`](Self::relax) of the first colour, for `x = 0`. The content of `x` is not read.
    pub(super) fn relax_zero(&self, right_side: &Squares<Value>, x: &mut Squares<Value>) {
        x.change_rows(0, |y, cells| {
            let known = self.inverse.row(0, y).iter().zip(right_side.row(0, y));
            for (cell, (inverse, right_side)) in cells.iter_mut().zip(known) {
                *cell = right_side.map(|value| value * inverse);
            }
        });
    }

    /// `out −= A·x`: with the right side in `out`, this gives the residual.
    pub(super) fn subtract_product(&self, x: &Squares<Value>, out: &mut Squares<Value>) {
        out.change_all(|parity, y, cells| {
            self.each_product(parity, y, x, cells, |cell, product| {
                for lane in 0..4 {
                    cell[lane] -= product[lane];
                }
            });
        });
    }

    /// `out = A·x`.
    pub(super) fn product(&self, x: &Squares<Value>, out: &mut Squares<Value>) {
        out.change_all(|parity, y, cells| self.each_product(parity, y, x, cells, |cell, product| *cell = product));
    }

    /// Calls `take` with each cell of a row and the value of `A·x` there.
    #[inline]
    fn each_product(
        &self,
        parity: usize,
        y: usize,
        x: &Squares<Value>,
        cells: &mut [Value],
        take: impl Fn(&mut Value, Value),
    ) {
        let around = x.around(parity, y);
        let own = self.diagonal.row(parity, y).iter().zip(x.row(parity, y));
        let flows = around.left.iter().zip(around.right).zip(around.above.iter().zip(around.below));
        for ((cell, (diagonal, x)), ((left, right), (above, below))) in cells.iter_mut().zip(own).zip(flows) {
            let is_free = if *diagonal > 0.0 { 1.0 } else { 0.0 };
            let mut product = [0.0; 4];
            for lane in 0..4 {
                let flow = (left[lane] + right[lane]) + (above[lane] + below[lane]);
                product[lane] = diagonal * x[lane] - is_free * flow;
            }
            take(cell, product);
        }
    }

    /// Restricts the residual: the sum over the finer cells in each coarse cell. The equations of the second colour
    /// must hold (it was relaxed last), so that only the first colour is summed.
    pub(super) fn restrict(&self, right_side: &Squares<Value>, x: &Squares<Value>, coarse: &mut Squares<Value>) {
        let height = self.board().height();
        coarse.change_all(|parity, coarse_y, cells| {
            let rows = [2 * coarse_y, 2 * coarse_y + 1].map(|y| {
                (y < height).then(|| (x.around(0, y), x.row(0, y), right_side.row(0, y), self.diagonal.row(0, y)))
            });
            for (index, cell) in cells.iter_mut().enumerate() {
                // In each row of the 2×2 cells, one has the first colour.
                let place = Board::column(parity, coarse_y, index);
                *cell = [0.0; 4];
                for (around, x, right_side, diagonal) in rows.iter().flatten() {
                    let Some(diagonal) = diagonal.get(place).filter(|diagonal| **diagonal > 0.0) else { continue };
                    for lane in 0..4 {
                        let flow = (around.left[place][lane] + around.right[place][lane])
                            + (around.above[place][lane] + around.below[place][lane]);
                        cell[lane] += right_side[place][lane] + flow - diagonal * x[place][lane];
                    }
                }
            }
        });
    }

    /// Adds each coarse cell's value to the free cells in it.
    pub(super) fn add_coarse(&self, coarse: &Squares<Value>, x: &mut Squares<Value>) {
        x.change_all(|parity, y, cells| {
            let coarse_y = y / 2;
            let rows = [coarse.row(0, coarse_y), coarse.row(1, coarse_y)];
            for (index, (cell, inverse)) in cells.iter_mut().zip(self.inverse.row(parity, y)).enumerate() {
                if *inverse > 0.0
                    && let Some(value) = rows[(index + coarse_y) % 2].get(index / 2)
                {
                    for lane in 0..4 {
                        cell[lane] += value[lane];
                    }
                }
            }
        });
    }

    /// Interpolates the coarse values to the free cells (bilinear, from free coarse cells only).
    pub(super) fn interpolate(&self, coarse: &Self, values: &Squares<Value>, x: &mut Squares<Value>) {
        let board = coarse.board();
        let value = |x: usize, y: usize| {
            let inside = x < board.width() && y < board.height();
            (inside && coarse.inverse.at(x, y) > 0.0).then(|| values.at(x, y))
        };
        // The nearer neighbour of the coarse cell that holds this one.
        let beside = |at: usize| if at.is_multiple_of(2) { (at / 2).wrapping_sub(1) } else { at / 2 + 1 };
        x.change_all(|parity, y, cells| {
            for (index, (cell, inverse)) in cells.iter_mut().zip(self.inverse.row(parity, y)).enumerate() {
                if *inverse <= 0.0 {
                    continue;
                }
                let x = Board::column(parity, y, index);
                let around = [
                    (9.0, x / 2, y / 2),
                    (3.0, beside(x), y / 2),
                    (3.0, x / 2, beside(y)),
                    (1.0, beside(x), beside(y)),
                ];
                let (mut sum, mut weights) = ([0.0; 4], 0.0f32);
                for (weight, x, y) in around {
                    if let Some(value) = value(x, y) {
                        weights += weight;
                        for lane in 0..4 {
                            sum[lane] += weight * value[lane];
                        }
                    }
                }
                *cell = sum.map(|sum| sum / weights);
            }
        });
    }
}

/// The finer cells in a coarse one.
fn children(fine: Board, x: usize, y: usize) -> impl Iterator<Item = (usize, usize)> {
    let cells = [(2 * x, 2 * y), (2 * x + 1, 2 * y), (2 * x, 2 * y + 1), (2 * x + 1, 2 * y + 1)];
    cells.into_iter().filter(move |(x, y)| *x < fine.width() && *y < fine.height())
}

/// The four neighbours of a cell, within the grid.
pub(super) fn neighbours(board: Board, x: usize, y: usize) -> impl Iterator<Item = (usize, usize)> {
    let cells = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)];
    cells.into_iter().filter(move |(x, y)| *x < board.width() && *y < board.height())
}

/// Sums the finer cells in each coarse cell.
pub(super) fn sums(fine: &Squares<Value>) -> Squares<Value> {
    let mut coarse = Squares::new(fine.board().coarser());
    coarse.change_all(|parity, y, cells: &mut [Value]| {
        for (index, cell) in cells.iter_mut().enumerate() {
            for (x, y) in children(fine.board(), Board::column(parity, y, index), y) {
                let value = fine.at(x, y);
                for lane in 0..4 {
                    cell[lane] += value[lane];
                }
            }
        }
    });
    coarse
}
