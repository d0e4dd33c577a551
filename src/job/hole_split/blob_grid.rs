//! Finds the connected blobs of a hole on a coarse grid.

use crate::mask::Mask;

/// The grid has at most this many cells a side, which bounds time and memory in large photos.
const MAX_CELLS_PER_SIDE: u32 = 1024;

/// The hole on a coarse grid. Blobs less than a cell apart count as one.
pub(super) struct BlobGrid {
    cell_px: u32,
    columns: usize,
    /// Hole pixels in each cell.
    pub(super) counts: Vec<u32>,
}

impl BlobGrid {
    pub(super) fn new(hole: &Mask) -> Self {
        let cell_px = hole.width().max(hole.height()).div_ceil(MAX_CELLS_PER_SIDE).max(1);
        let (columns, rows) = (hole.width().div_ceil(cell_px) as usize, hole.height().div_ceil(cell_px) as usize);
        let mut grid = Self { cell_px, columns, counts: vec![0; columns * rows] };
        let Some(bounds) = hole.hole_bounds() else { return grid };
        for y in bounds.y..bounds.bottom() {
            let columns = bounds.x..bounds.right();
            for x in hole.hole_columns(y, columns) {
                let cell = grid.cell_at(x, y);
                if let Some(count) = grid.counts.get_mut(cell) {
                    *count += 1;
                }
            }
        }
        grid
    }

    pub(super) fn cell_at(&self, x: u32, y: u32) -> usize {
        (y / self.cell_px) as usize * self.columns + (x / self.cell_px) as usize
    }

    pub(super) fn count(&self, cell: usize) -> u32 {
        self.counts.get(cell).copied().unwrap_or_default()
    }

    /// The centre of a cell in photo pixels.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(super) fn center(&self, cell: usize) -> [f64; 2] {
        let columns = self.columns.max(1);
        [cell % columns, cell / columns].map(|position| (position as f64 + 0.5) * f64::from(self.cell_px))
    }

    /// Connected cells with hole pixels, diagonals included.
    pub(super) fn blobs(&self) -> Vec<Vec<usize>> {
        let mut is_new: Vec<bool> = self.counts.iter().map(|count| *count > 0).collect();
        let mut blobs = Vec::new();
        for start in 0..is_new.len() {
            if !is_new.get_mut(start).is_some_and(std::mem::take) {
                continue;
            }
            let mut cells = vec![start];
            let mut next = 0;
            while let Some(&cell) = cells.get(next) {
                next += 1;
                for neighbour in self.neighbours(cell) {
                    if is_new.get_mut(neighbour).is_some_and(std::mem::take) {
                        cells.push(neighbour);
                    }
                }
            }
            blobs.push(cells);
        }
        blobs
    }

    /// The cells around one, itself included.
    fn neighbours(&self, cell: usize) -> impl Iterator<Item = usize> {
        let (column, row, columns) = (cell % self.columns.max(1), cell / self.columns.max(1), self.columns);
        let across = column.saturating_sub(1)..(column + 2).min(columns);
        (row.saturating_sub(1)..row + 2).flat_map(move |row| across.clone().map(move |column| row * columns + column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_connect_diagonally_but_not_across_gaps() {
        let rows = ["#...#", ".#..#", ".....", "##..."];
        let pixels: Vec<u8> = rows.concat().bytes().map(|byte| if byte == b'#' { 255 } else { 0 }).collect();
        let grid = BlobGrid::new(&Mask::from_pixels(5, 4, &pixels).unwrap());
        assert_eq!(grid.blobs(), [vec![0, 6], vec![4, 9], vec![15, 16]]);
        assert_eq!(grid.center(9).map(f64::to_bits), [4.5_f64, 1.5].map(f64::to_bits));
    }

    #[test]
    fn large_masks_have_coarse_cells() {
        let hole = Mask::from_pixels(2100, 3, &[255; 6300]).unwrap();
        let grid = BlobGrid::new(&hole);
        assert_eq!((grid.cell_at(2099, 2), grid.count(0)), (699, 9));
        assert_eq!(grid.center(1).map(f64::to_bits), [4.5_f64, 1.5].map(f64::to_bits));
        assert_eq!(grid.blobs().len(), 1);
    }
}
