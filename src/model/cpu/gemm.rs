//! Matrix products (GEMM).

use gemm::Parallelism;

/// Smaller products run on one thread.
const MIN_PARALLEL_MULTIPLICATIONS: usize = 1 << 18;

/// A weight matrix, stored row-major together with its transpose, so that both products read contiguous rows.
pub(super) struct GemmWeights {
    rows: usize,
    columns: usize,
    matrix: Vec<f32>,
    transpose: Vec<f32>,
}

impl GemmWeights {
    /// Builds the matrix with the elements `value(row, column)`.
    pub(super) fn new(rows: usize, columns: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let indices = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let matrix = indices.map(|(row, column)| value(row, column)).collect();
        Self { matrix, ..Self::new_transpose_only(rows, columns, value) }
    }

    /// Stores only the transpose, which [`multiply_transposed`](Self::multiply_transposed) needs, in half the memory.
    pub(super) fn new_transpose_only(rows: usize, columns: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let indices = (0..columns).flat_map(|column| (0..rows).map(move |row| (row, column)));
        let transpose = indices.map(|(row, column)| value(row, column)).collect();
        Self { rows, columns, matrix: Vec::new(), transpose }
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// `out = a · W`: `[count, rows] · [rows, columns]`.
    pub(super) fn multiply(&self, count: usize, a: &[f32], out: &mut [f32]) {
        multiply(count, self.columns, self.rows, a, &self.matrix, out);
    }

    /// `out = a · Wᵀ`: `[count, columns] · [columns, rows]`.
    pub(super) fn multiply_transposed(&self, count: usize, a: &[f32], out: &mut [f32]) {
        multiply(count, self.rows, self.columns, a, &self.transpose, out);
    }
}

/// `out = a · b`, all row-major: `[m, k] · [k, n]`. Large products run on several threads.
#[expect(clippy::many_single_char_names, reason = "the names of linear algebra")]
fn multiply(m: usize, n: usize, k: usize, a: &[f32], b: &[f32], out: &mut [f32]) {
    assert!(a.len() >= m * k && b.len() >= k * n && out.len() >= m * n, "matrices too short for their sizes");
    let parallelism = if m * n * k < MIN_PARALLEL_MULTIPLICATIONS { Parallelism::None } else { Parallelism::Rayon(0) };
    let signed = |length: usize| isize::try_from(length).unwrap_or(isize::MAX);
    // gemm prefers column-major matrices. Read as column-major, ours are transposed: outᵀ = bᵀ · aᵀ.
    // SAFETY: the assert above shows that the sizes stay inside the three slices. `out` is borrowed mutably, so
    // it overlaps neither `a` nor `b`.
    #[expect(unsafe_code, reason = "gemm has no safe interface")]
    unsafe {
        gemm::gemm(
            n,
            m,
            k,
            out.as_mut_ptr(),
            signed(n),
            1,
            false,
            b.as_ptr(),
            signed(n),
            1,
            a.as_ptr(),
            signed(k),
            1,
            0.0_f32,
            1.0_f32,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_products_match_the_definition() {
        for (count, rows, columns) in [(1, 1, 1), (3, 5, 7), (17, 40, 33), (64, 70, 90)] {
            let value = |a: usize, b: usize| f32::from(u8::try_from((a * 31 + b * 17) % 23).unwrap()) - 11.0;
            let weights = GemmWeights::new(rows, columns, value);
            let a: Vec<f32> = (0..count * rows).map(|i| value(i, 3)).collect();
            let mut out = vec![f32::NAN; count * columns];
            weights.multiply(count, &a, &mut out);
            let b: Vec<f32> = (0..count * columns).map(|i| value(i, 5)).collect();
            let mut back = vec![f32::NAN; count * rows];
            weights.multiply_transposed(count, &b, &mut back);
            for i in 0..count {
                for column in 0..columns {
                    let expected: f32 = (0..rows).map(|row| a[i * rows + row] * value(row, column)).sum();
                    assert!((out[i * columns + column] - expected).abs() < 1e-3);
                }
                for row in 0..rows {
                    let expected: f32 = (0..columns).map(|column| b[i * columns + column] * value(row, column)).sum();
                    assert!((back[i * rows + row] - expected).abs() < 1e-3);
                }
            }
        }
    }
}
