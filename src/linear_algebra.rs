//! Linear algebra on small dense matrices, row by row, means and correlations, in double precision.

/// Cholesky: replaces the lower half of a positive definite matrix `[dim, dim]` by `L` with `L·Lᵀ` = the matrix.
pub(crate) fn cholesky(matrix: &mut [f64], dim: usize) {
    for column in 0..dim {
        for before in 0..column {
            let factor = matrix[column * dim + before];
            for row in column..dim {
                matrix[row * dim + column] -= matrix[row * dim + before] * factor;
            }
        }
        let pivot = matrix[column * dim + column].max(f64::MIN_POSITIVE).sqrt();
        for row in column..dim {
            matrix[row * dim + column] /= pivot;
        }
    }
}

/// Solves `L·x = right` for a factor `L` of [`cholesky`]. `right` becomes `x`.
pub(crate) fn solve_lower(factor: &[f64], right: &mut [f64]) {
    let dim = right.len();
    for row in 0..dim {
        let sum: f64 = (0..row).map(|column| factor[row * dim + column] * right[column]).sum();
        right[row] = (right[row] - sum) / factor[row * dim + row];
    }
}

/// Solves `Lᵀ·x = right` for a factor `L` of [`cholesky`]. `right` becomes `x`.
pub(crate) fn solve_upper(factor: &[f64], right: &mut [f64]) {
    let dim = right.len();
    for row in (0..dim).rev() {
        let sum: f64 = (row + 1..dim).map(|below| factor[below * dim + row] * right[below]).sum();
        right[row] = (right[row] - sum) / factor[row * dim + row];
    }
}

/// Solves `matrix·x = right` for a positive definite matrix `[dim, dim]`, which becomes its factor. `right` becomes `x`.
pub(crate) fn solve_positive(matrix: &mut [f64], right: &mut [f64]) {
    cholesky(matrix, right.len());
    solve_lower(matrix, right);
    solve_upper(matrix, right);
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The mean; 0 without values.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    sum / to_f64(count.max(1))
}

/// Pearson's correlation; 0 when one of the two is constant.
pub(crate) fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let (mean_a, mean_b) = (mean(pairs.iter().map(|pair| pair.0)), mean(pairs.iter().map(|pair| pair.1)));
    let moment = |of: &dyn Fn(f64, f64) -> f64| mean(pairs.iter().map(|(a, b)| of(a - mean_a, b - mean_b)));
    let scale = (moment(&|a, _| a * a) * moment(&|_, b| b * b)).sqrt();
    if scale > 0.0 { moment(&|a, b| a * b) / scale } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cholesky_gives_the_lower_factor() {
        let mut matrix = vec![4.0, 2.0, 2.0, 5.0];
        cholesky(&mut matrix, 2);
        let expected = [2.0, 1.0, 2.0];
        assert!([0, 2, 3].iter().zip(expected).all(|(at, value)| (matrix[*at] - value).abs() < 1e-12), "{matrix:?}");
    }

    #[test]
    fn positive_systems_are_solved() {
        let matrix = [4.0, 2.0, 0.5, 2.0, 5.0, 1.0, 0.5, 1.0, 3.0];
        let solution = [1.0, -2.0, 0.5];
        let mut right: Vec<f64> = matrix.chunks(3).map(|row| dot(row, &solution)).collect();
        solve_positive(&mut matrix.to_vec(), &mut right);
        assert!(right.iter().zip(solution).all(|(found, expected)| (found - expected).abs() < 1e-12), "{right:?}");
    }
}
