//! A box blur of a grid of four-lane cells. Its run time does not depend on the radius.

/// Sums over a window of `2·radius + 1` cells along each axis, applied twice so that near cells weigh more. Cells
/// beyond the border count as zero in all four lanes.
pub(super) fn box_blur(cells: &mut [[f32; 4]], columns: usize, radius: usize) {
    let mut padded = Vec::new();
    for _ in 0..2 {
        for row in cells.chunks_exact_mut(columns) {
            sum_windows(row, 1, radius, &mut padded);
        }
        sum_windows(cells, columns, radius, &mut padded);
    }
}

/// Replaces each line of `width` cells by the sum of the lines up to `radius` before and after it. A line is one cell
/// when blurring along a row, and a whole row when blurring down the grid.
fn sum_windows(lines: &mut [[f32; 4]], width: usize, radius: usize, padded: &mut Vec<[f32; 4]>) {
    let padding = radius * width;
    padded.clear();
    padded.resize(padding, [0.0; 4]);
    padded.extend_from_slice(lines);
    padded.resize(padded.len() + padding + width, [0.0; 4]);
    let mut sums = vec![[0.0; 4]; width];
    for line in padded.chunks_exact(width).take(2 * radius) {
        add_scaled(&mut sums, line, 1.0);
    }
    let (entering, leaving) = (padded.chunks_exact(width).skip(2 * radius), padded.chunks_exact(width));
    for ((line, entering), leaving) in lines.chunks_exact_mut(width).zip(entering).zip(leaving) {
        add_scaled(&mut sums, entering, 1.0);
        line.copy_from_slice(&sums);
        add_scaled(&mut sums, leaving, -1.0);
    }
}

fn add_scaled(sums: &mut [[f32; 4]], values: &[[f32; 4]], sign: f32) {
    for (sum, value) in sums.iter_mut().zip(values) {
        for (sum, value) in sum.iter_mut().zip(value) {
            *sum += sign * value;
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
mod tests {
    use super::*;

    #[test]
    fn blur_equals_two_box_sums_per_axis() {
        let (columns, rows, radius) = (9, 7, 2usize);
        let mut cells: Vec<[f32; 4]> =
            (0..columns * rows).map(|index| [(index * 37 % 11) as f32, 1.0, 0.0, 1.0]).collect();
        let mut expected = cells.clone();
        for _ in 0..2 {
            let before = expected.clone();
            for (index, cell) in expected.iter_mut().enumerate() {
                let (x, y) = (index % columns, index / columns);
                let is_near =
                    |other: usize| (other % columns).abs_diff(x) <= radius && (other / columns).abs_diff(y) <= radius;
                *cell =
                    [0, 1, 2, 3].map(|lane| (0..before.len()).filter(|i| is_near(*i)).map(|i| before[i][lane]).sum());
            }
        }
        box_blur(&mut cells, columns, radius);
        for (cell, expected) in cells.iter().zip(&expected) {
            assert!(cell.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-2), "{cell:?} and {expected:?}");
        }
    }
}
