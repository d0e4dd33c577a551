//! Small square matrices whose elements are SIMD vectors.

#![expect(clippy::inline_always, reason = "target features apply only to code that is inlined into their function")]

use pulp::Simd;

/// Applies a function of [`Transform1d`](super::transform_1d::Transform1d) to the rows and then to the columns of a
/// matrix. A macro, because a function passed as an argument would not be inlined.
macro_rules! transform_2d {
    ($transform:path, $simd:ident, $matrix:expr, $from:ident => $to:ident) => {{
        let mut rows = [[$simd.splat_f32s(0.0); $to]; $from];
        for index in 0..$from {
            rows[index] = $transform($simd, $matrix[index]);
        }
        let transposed_rows = transposed(&rows);
        let mut columns = [[$simd.splat_f32s(0.0); $to]; $to];
        for index in 0..$to {
            columns[index] = $transform($simd, transposed_rows[index]);
        }
        transposed(&columns)
    }};
}
pub(super) use transform_2d;

#[inline(always)]
pub(super) fn transposed<V: Copy, const ROWS: usize, const COLUMNS: usize>(
    matrix: &[[V; COLUMNS]; ROWS],
) -> [[V; ROWS]; COLUMNS] {
    let mut out = [[matrix[0][0]; ROWS]; COLUMNS];
    for j in 0..COLUMNS {
        for i in 0..ROWS {
            out[j][i] = matrix[i][j];
        }
    }
    out
}

/// `PART` consecutive values from `first` on.
#[inline(always)]
#[expect(clippy::manual_memcpy, reason = "a copied slice would keep the vectors in memory")]
pub(super) fn take_consecutive<V: Copy, const ALL: usize, const PART: usize>(
    values: [V; ALL],
    first: usize,
) -> [V; PART] {
    let mut out = [values[0]; PART];
    for i in 0..PART {
        out[i] = values[first + i];
    }
    out
}

/// Loads a vector. Missing values at the end are zero.
#[inline(always)]
pub(super) fn load_padded<S: Simd>(simd: S, values: &[f32]) -> S::f32s {
    match S::as_simd_f32s(values) {
        ([vector, ..], _) => *vector,
        (_, part) => simd.partial_load_f32s(part),
    }
}

/// Stores as much of a vector as fits.
#[inline(always)]
pub(super) fn store_partial<S: Simd>(simd: S, out: &mut [f32], vector: S::f32s) {
    match S::as_mut_simd_f32s(out) {
        ([out, ..], _) => *out = vector,
        (_, part) => simd.partial_store_f32s(part, vector),
    }
}
