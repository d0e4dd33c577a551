//! Lines of equal value through a grid of values (marching squares).

/// Values at the points of a square grid, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub side: usize,
    pub values: Vec<f32>,
}

impl Field {
    /// The value at a point of the grid.
    fn at(&self, column: usize, row: usize) -> f32 {
        self.values.get(row * self.side + column).copied().unwrap_or_default()
    }

    /// The value between the points, by bilinear interpolation. `x` and `y` count columns and rows.
    #[must_use]
    pub fn interpolate(&self, [x, y]: [f32; 2]) -> f32 {
        let ([column, across], [row, down]) = (self.cell(x), self.cell(y));
        let (column, row) = (to_index(column), to_index(row));
        let [upper, lower] =
            [row, row + 1].map(|row| self.at(column, row) * (1.0 - across) + self.at(column + 1, row) * across);
        upper * (1.0 - down) + lower * down
    }

    /// The slope along x and along y of the [interpolated](Self::interpolate) value.
    #[must_use]
    pub fn slope(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        const STEP: f32 = 0.5;
        let along =
            |dx: f32, dy: f32| (self.interpolate([x + dx, y + dy]) - self.interpolate([x - dx, y - dy])) / (2.0 * STEP);
        [along(STEP, 0.0), along(0.0, STEP)]
    }

    /// The cell that a coordinate lies in, and where in it.
    fn cell(&self, coordinate: f32) -> [f32; 2] {
        let last = super::drawing::to_f32(self.side.saturating_sub(2));
        let cell = coordinate.floor().clamp(0.0, last);
        [cell, (coordinate - cell).clamp(0.0, 1.0)]
    }

    /// Pieces of the line where the value is `level`, in columns and rows.
    #[must_use]
    pub fn contour(&self, level: f32) -> Vec<[[f32; 2]; 2]> {
        let cells = self.side.saturating_sub(1);
        let cells = (0..cells).flat_map(|row| (0..cells).map(move |column| (column, row)));
        cells.flat_map(|(column, row)| self.contour_in_cell(column, row, level)).collect()
    }

    fn contour_in_cell(&self, column: usize, row: usize, level: f32) -> Vec<[[f32; 2]; 2]> {
        let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(dx, dy)| (column + dx, row + dy));
        let crossing = |from: (usize, usize), to: (usize, usize)| {
            let (a, b) = (self.at(from.0, from.1) - level, self.at(to.0, to.1) - level);
            let share = a / (a - b);
            let mix = |from: usize, to: usize| {
                super::drawing::to_f32(from) * (1.0 - share) + super::drawing::to_f32(to) * share
            };
            ((a < 0.0) != (b < 0.0)).then(|| [mix(from.0, to.0), mix(from.1, to.1)])
        };
        let crossings: Vec<[f32; 2]> =
            (0..4).filter_map(|index| crossing(corners[index], corners[(index + 1) % 4])).collect();
        // At a saddle there are four crossings: two pieces, of which either pairing is right.
        crossings.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the grid")]
fn to_index(cell: f32) -> usize {
    cell as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::drawing::to_f32;

    fn bowl() -> Field {
        let distance = |index: usize| (to_f32(index % 21) - 10.0).hypot(to_f32(index / 21) - 10.0);
        Field { side: 21, values: (0..441).map(distance).collect() }
    }

    #[test]
    fn contours_of_a_bowl_are_circles() {
        let pieces = bowl().contour(6.0);
        assert!(pieces.len() > 30, "{}", pieces.len());
        for [x, y] in pieces.iter().flatten() {
            assert!(((x - 10.0).hypot(y - 10.0) - 6.0).abs() < 0.1, "{x} {y}");
        }
        let length: f32 = pieces.iter().map(|[a, b]| (a[0] - b[0]).hypot(a[1] - b[1])).sum();
        assert!((length - std::f32::consts::TAU * 6.0).abs() < 0.5, "closed: {length}");
        assert!(bowl().contour(99.0).is_empty());
    }

    #[test]
    fn values_between_points_are_interpolated() {
        let plane =
            Field { side: 4, values: (0..16).map(|index| 2.0 * to_f32(index % 4) - to_f32(index / 4)).collect() };
        assert!((plane.interpolate([1.25, 2.5]) - 0.0).abs() < 1e-6);
        assert!((plane.interpolate([3.0, 3.0]) - 3.0).abs() < 1e-6);
        let slope = plane.slope([1.6, 1.4]);
        assert!((slope[0] - 2.0).abs() < 1e-5 && (slope[1] + 1.0).abs() < 1e-5, "{slope:?}");
    }
}
