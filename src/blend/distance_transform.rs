//! Exact Euclidean distance transform: the distance to the nearest source cell, and which cell it is, in linear time.
//!
//! Felzenszwalb & Huttenlocher, "Distance Transforms of Sampled Functions" (Theory of Computing 8, 2012): first along
//! the columns, then along each row as the lower envelope of parabolas.

/// The nearest source of each cell of a grid, row by row.
#[derive(Debug, Default)]
pub(super) struct DistanceTransform {
    /// The index of the nearest source in the grid.
    pub(super) nearest_source: Vec<usize>,
    /// The distance to it, in cells between centres; 0 for the sources.
    pub(super) distance: Vec<f32>,
}

/// Finds the nearest source of every cell of a grid with this many columns; `None` when there are no sources.
pub(super) fn distance_transform(sources: &[bool], columns: usize) -> Option<DistanceTransform> {
    if !sources.contains(&true) {
        return None;
    }
    let in_column = nearest_in_column(sources, columns);
    let mut transform = DistanceTransform::default();
    let mut envelope = Vec::with_capacity(columns);
    for (row, nearest_rows) in in_column.chunks_exact(columns).enumerate() {
        transform.push_row(row, nearest_rows, &mut envelope);
    }
    Some(transform)
}

/// The row of the nearest source in the same column, for each cell.
fn nearest_in_column(sources: &[bool], columns: usize) -> Vec<Option<usize>> {
    let rows = sources.len() / columns;
    let mut nearest = vec![None; sources.len()];
    for row in 0..rows {
        for column in 0..columns {
            let cell = row * columns + column;
            let above = row.checked_sub(1).and_then(|_| nearest[cell - columns]);
            nearest[cell] = if sources[cell] { Some(row) } else { above };
        }
    }
    for row in (0..rows.saturating_sub(1)).rev() {
        for column in 0..columns {
            let cell = row * columns + column;
            let below = nearest[cell + columns];
            let above = nearest[cell];
            let is_nearer = |below: &usize| above.is_none_or(|above| below.abs_diff(row) < above.abs_diff(row));
            nearest[cell] = below.filter(is_nearer).or(above);
        }
    }
    nearest
}

/// One column's parabola, and the column from which it is the lowest.
#[derive(Clone, Copy)]
struct Parabola {
    column: usize,
    source_row: usize,
    height: f64,
    lowest_from: f64,
}

impl DistanceTransform {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "squared distances are far below 2^52, and distances need no more than single precision"
    )]
    fn push_row(&mut self, row: usize, nearest_rows: &[Option<usize>], envelope: &mut Vec<Parabola>) {
        let columns = nearest_rows.len();
        envelope.clear();
        for (column, source_row) in nearest_rows.iter().enumerate() {
            let Some(source_row) = *source_row else { continue };
            let (x, height) = (column as f64, (source_row.abs_diff(row) as f64).powi(2));
            let mut lowest_from = f64::NEG_INFINITY;
            while let Some(last) = envelope.last() {
                let last_x = last.column as f64;
                lowest_from = ((height + x * x) - (last.height + last_x * last_x)) / (2.0 * (x - last_x));
                if lowest_from > last.lowest_from {
                    break;
                }
                envelope.pop();
                lowest_from = f64::NEG_INFINITY;
            }
            envelope.push(Parabola { column, source_row, height, lowest_from });
        }
        let mut parabolas = envelope.iter().peekable();
        let Some(mut lowest) = parabolas.next() else { return };
        for column in 0..columns {
            while let Some(next) = parabolas.next_if(|next| next.lowest_from <= column as f64) {
                lowest = next;
            }
            let dx = lowest.column.abs_diff(column) as f64;
            self.nearest_source.push(lowest.source_row * columns + lowest.column);
            self.distance.push((dx * dx + lowest.height).sqrt() as f32);
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_source_is_nearer_than_the_one_found(
            columns in 1usize..24,
            bits in prop::collection::vec(prop::bool::weighted(0.06), 1..500),
        ) {
            let rows = bits.len().div_ceil(columns);
            let mut sources = bits;
            sources.resize(rows * columns, false);
            let between = |a: usize, b: usize| {
                let (x, y) = ((a % columns).abs_diff(b % columns), (a / columns).abs_diff(b / columns));
                ((x * x + y * y) as f32).sqrt()
            };
            let all: Vec<usize> = (0..sources.len()).filter(|cell| sources[*cell]).collect();
            let Some(found) = distance_transform(&sources, columns) else {
                prop_assert!(all.is_empty());
                return Ok(());
            };
            for cell in 0..sources.len() {
                let least = all.iter().map(|source| between(cell, *source)).fold(f32::INFINITY, f32::min);
                prop_assert!(sources[found.nearest_source[cell]]);
                prop_assert!((found.distance[cell] - least).abs() < 1e-4);
                prop_assert!((between(cell, found.nearest_source[cell]) - least).abs() < 1e-4);
            }
        }
    }
}
