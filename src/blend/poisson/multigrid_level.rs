//! One level of the multigrid solver: the equations of its cells, restriction and interpolation.
//!
//! The equation of a free cell is the discrete Laplace equation `Σ (neighbour − cell) = 0`, with given values for
//! boundary neighbours. A coarse cell is 2×2 finer ones. Links between coarse cells keep the weight 1 (twice as wide,
//! twice as long). A link to a boundary cell has a weight of its own, times one for its length.

use super::red_black::{ColorGrid, ColorLanes, GridSize, RedBlackGrid};

/// The equations of one level.
pub(super) struct Level {
    /// Sum of the weights of a cell's links; 0 for a cell that is not free.
    diagonal: RedBlackGrid<f32>,
    /// Reciprocal of the diagonal; 0 for a cell that is not free.
    inverse_diagonal: RedBlackGrid<f32>,
    /// Sum of the weights of the finest cells' boundary links in each cell.
    boundary_links: RedBlackGrid<f32>,
    /// Weight of a boundary link on this level, times its own.
    boundary_weight: f32,
}

impl Level {
    /// Builds all levels, finest first, until one has at most `cells` cells. The arguments describe the finest level:
    /// its free cells, and the weights of the boundary links of each cell.
    pub(super) fn hierarchy(is_free: RedBlackGrid<bool>, boundary_links: RedBlackGrid<f32>, cells: usize) -> Vec<Self> {
        let mut levels = vec![Self::new(&is_free, boundary_links, 1.0)];
        let mut is_free = is_free;
        // In cells of the finest level.
        let mut cell_width = 1.0;
        while let Some(fine) = levels.last().filter(|level| level.size().width() * level.size().height() > cells) {
            let size = fine.size();
            let mut coarse_free = RedBlackGrid::new(size.coarsened());
            let mut coarse_links = RedBlackGrid::new(size.coarsened());
            coarse_free.for_each_cell(|x, y, cell| *cell = children(size, x, y).any(|(x, y)| is_free.at(x, y)));
            coarse_links.for_each_cell(|x, y, cell| {
                *cell = children(size, x, y).map(|(x, y)| fine.boundary_links.at(x, y)).sum();
            });
            cell_width *= 2.0;
            // The distance from the centre of the coarse cell to that of the boundary cell is (cell_width + 1)/2.
            let level = Self::new(&coarse_free, coarse_links, 2.0 / (cell_width + 1.0));
            is_free = coarse_free;
            levels.push(level);
        }
        levels
    }

    fn new(is_free: &RedBlackGrid<bool>, boundary_links: RedBlackGrid<f32>, boundary_weight: f32) -> Self {
        let size = is_free.size();
        let mut diagonal = RedBlackGrid::new(size);
        diagonal.for_each_cell(|x, y, cell: &mut f32| {
            if is_free.at(x, y) {
                let free_neighbours = neighbour_cells(size, x, y).filter(|(x, y)| is_free.at(*x, *y));
                *cell = free_neighbours.map(|_| 1.0).sum::<f32>() + boundary_weight * boundary_links.at(x, y);
            }
        });
        let mut inverse_diagonal = RedBlackGrid::new(size);
        inverse_diagonal.for_each_cell(|x, y, inverse| {
            let diagonal = diagonal.at(x, y);
            *inverse = if diagonal > 0.0 { 1.0 / diagonal } else { 0.0 };
        });
        Self { diagonal, inverse_diagonal, boundary_links, boundary_weight }
    }

    pub(super) fn size(&self) -> GridSize {
        self.diagonal.size()
    }

    /// Weight of a boundary link on this level.
    pub(super) fn boundary_weight(&self) -> f32 {
        self.boundary_weight
    }

    /// Solves the equations of the cells of one colour, with the other colour fixed (red-black Gauss–Seidel).
    pub(super) fn relax(&self, parity: usize, right_side: &ColorGrid, x: &mut ColorGrid) {
        x.update_from_neighbours(parity, |y, cells, neighbours| {
            let (inverse, right_side) = (self.inverse_diagonal.row(parity, y), right_side.row(parity, y));
            let links = neighbours.left.iter().zip(neighbours.right).zip(neighbours.above.iter().zip(neighbours.below));
            for (((cell, inverse), right_side), ((left, right), (above, below))) in
                cells.iter_mut().zip(inverse).zip(right_side).zip(links)
            {
                for lane in 0..4 {
                    let flow = (left[lane] + right[lane]) + (above[lane] + below[lane]);
                    cell[lane] = (right_side[lane] + flow) * inverse;
                }
            }
        });
    }

    /// Like [`relax`](Self::relax) of the first colour, for `x = 0`. The content of `x` is not read.
    pub(super) fn relax_from_zero(&self, right_side: &ColorGrid, x: &mut ColorGrid) {
        x.for_each_row_of_parity(0, |y, cells| {
            let coefficients = self.inverse_diagonal.row(0, y).iter().zip(right_side.row(0, y));
            for (cell, (inverse, right_side)) in cells.iter_mut().zip(coefficients) {
                *cell = right_side.map(|value| value * inverse);
            }
        });
    }

    /// `out −= A·x`: with the right side in `out`, this gives the residual.
    pub(super) fn subtract_product(&self, x: &ColorGrid, out: &mut ColorGrid) {
        out.for_each_row(|parity, y, cells| {
            self.multiply_row(parity, y, x, cells, |cell, product| {
                for lane in 0..4 {
                    cell[lane] -= product[lane];
                }
            });
        });
    }

    /// `out = A·x`.
    pub(super) fn multiply(&self, x: &ColorGrid, out: &mut ColorGrid) {
        out.for_each_row(|parity, y, cells| self.multiply_row(parity, y, x, cells, |cell, product| *cell = product));
    }

    /// Calls `store` with each cell of a row and the value of `A·x` there.
    #[inline]
    fn multiply_row(
        &self,
        parity: usize,
        y: usize,
        x: &ColorGrid,
        cells: &mut [ColorLanes],
        store: impl Fn(&mut ColorLanes, ColorLanes),
    ) {
        let neighbours = x.neighbours(parity, y);
        let terms = self.diagonal.row(parity, y).iter().zip(x.row(parity, y));
        let links = neighbours.left.iter().zip(neighbours.right).zip(neighbours.above.iter().zip(neighbours.below));
        for ((cell, (diagonal, x)), ((left, right), (above, below))) in cells.iter_mut().zip(terms).zip(links) {
            let is_free = if *diagonal > 0.0 { 1.0 } else { 0.0 };
            let mut product = [0.0; 4];
            for lane in 0..4 {
                let flow = (left[lane] + right[lane]) + (above[lane] + below[lane]);
                product[lane] = diagonal * x[lane] - is_free * flow;
            }
            store(cell, product);
        }
    }

    /// Restricts the residual: sums it over the finer cells in each coarse cell. Only the first colour is summed: the
    /// second must have been relaxed last, which makes its residual zero.
    pub(super) fn restrict_residual(&self, right_side: &ColorGrid, x: &ColorGrid, coarse: &mut ColorGrid) {
        let height = self.size().height();
        coarse.for_each_row(|parity, coarse_y, cells| {
            let rows = [2 * coarse_y, 2 * coarse_y + 1].map(|y| {
                (y < height).then(|| (x.neighbours(0, y), x.row(0, y), right_side.row(0, y), self.diagonal.row(0, y)))
            });
            for (index, cell) in cells.iter_mut().enumerate() {
                // In each row of the 2×2 cells, one has the first colour.
                let column = GridSize::column(parity, coarse_y, index);
                *cell = [0.0; 4];
                for (neighbours, x, right_side, diagonal) in rows.iter().flatten() {
                    let Some(diagonal) = diagonal.get(column).filter(|diagonal| **diagonal > 0.0) else { continue };
                    for lane in 0..4 {
                        let flow = (neighbours.left[column][lane] + neighbours.right[column][lane])
                            + (neighbours.above[column][lane] + neighbours.below[column][lane]);
                        cell[lane] += right_side[column][lane] + flow - diagonal * x[column][lane];
                    }
                }
            }
        });
    }

    /// Adds each coarse cell's value to the free cells in it.
    pub(super) fn add_coarse_correction(&self, coarse: &ColorGrid, x: &mut ColorGrid) {
        x.for_each_row(|parity, y, cells| {
            let coarse_y = y / 2;
            let rows = [coarse.row(0, coarse_y), coarse.row(1, coarse_y)];
            for (index, (cell, inverse)) in cells.iter_mut().zip(self.inverse_diagonal.row(parity, y)).enumerate() {
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
    pub(super) fn interpolate_from(&self, coarse: &Self, values: &ColorGrid, x: &mut ColorGrid) {
        let size = coarse.size();
        let value = |x: usize, y: usize| {
            let is_inside = x < size.width() && y < size.height();
            (is_inside && coarse.inverse_diagonal.at(x, y) > 0.0).then(|| values.at(x, y))
        };
        // Index of the nearer neighbour of the coarse cell that holds this one.
        let nearer = |index: usize| if index.is_multiple_of(2) { (index / 2).wrapping_sub(1) } else { index / 2 + 1 };
        x.for_each_row(|parity, y, cells| {
            for (index, (cell, inverse)) in cells.iter_mut().zip(self.inverse_diagonal.row(parity, y)).enumerate() {
                if *inverse <= 0.0 {
                    continue;
                }
                let x = GridSize::column(parity, y, index);
                let (coarse_x, coarse_y, near_x, near_y) = (x / 2, y / 2, nearer(x), nearer(y));
                let weighted_cells = [
                    (9.0, coarse_x, coarse_y),
                    (3.0, near_x, coarse_y),
                    (3.0, coarse_x, near_y),
                    (1.0, near_x, near_y),
                ];
                let (mut sum, mut weights) = ([0.0; 4], 0.0f32);
                for (weight, x, y) in weighted_cells {
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
fn children(fine: GridSize, x: usize, y: usize) -> impl Iterator<Item = (usize, usize)> {
    let cells = [(2 * x, 2 * y), (2 * x + 1, 2 * y), (2 * x, 2 * y + 1), (2 * x + 1, 2 * y + 1)];
    cells.into_iter().filter(move |(x, y)| *x < fine.width() && *y < fine.height())
}

/// The four neighbours of a cell, within the grid.
pub(super) fn neighbour_cells(size: GridSize, x: usize, y: usize) -> impl Iterator<Item = (usize, usize)> {
    let cells = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)];
    cells.into_iter().filter(move |(x, y)| *x < size.width() && *y < size.height())
}

/// Sums the finer cells in each coarse cell.
pub(super) fn sum_to_coarse(fine: &ColorGrid) -> ColorGrid {
    let mut coarse = ColorGrid::new(fine.size().coarsened());
    coarse.for_each_cell(|x, y, cell| {
        for (x, y) in children(fine.size(), x, y) {
            let value = fine.at(x, y);
            for lane in 0..4 {
                cell[lane] += value[lane];
            }
        }
    });
    coarse
}
