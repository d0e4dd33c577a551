//! Products with several matrices of frozen weights, packed once for the vector unit at hand.
//!
//! A panel is as many columns as two vectors hold, row after row, so that the innermost loop reads it from front to back while
//! the sums of a dozen rows stay in registers. A general matrix product packs both sides at every call, which costs as much as
//! the product itself where one side has few rows: one candidate at 4×4 pixels has four.

#![expect(
    clippy::inline_always,
    reason = "the features of the vector unit hold only for what is inlined into their function"
)]

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Multiplications that one thread does at least.
const GRAIN: usize = 1 << 19;

/// Matrices of one size.
pub(super) struct Panels {
    rows: usize,
    columns: usize,
    arch: Arch,
    /// Columns of a panel.
    width: usize,
    /// `[matrix][panel][row][width]`; columns after the last are zero.
    values: Vec<f32>,
}

/// What a product leaves: `[matrix][panel][row][width]`.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    values: &'a [f32],
    rows: usize,
    width: usize,
    panels: usize,
}

impl Panels {
    /// For a vector unit: `value(matrix, row, column)`.
    pub(super) fn pack(
        arch: Arch,
        [matrices, rows, columns]: [usize; 3],
        value: impl Fn(usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        let width = 2 * vector_width(arch);
        let panels = columns.div_ceil(width);
        let mut values = vec![0.0; matrices * panels * rows * width];
        values.par_chunks_exact_mut(rows * width).enumerate().for_each(|(index, panel)| {
            let (matrix, first) = (index / panels, index % panels * width);
            for (row, out) in panel.chunks_exact_mut(width).enumerate() {
                for (column, out) in (first..columns).zip(out) {
                    *out = value(matrix, row, column);
                }
            }
        });
        Self { rows, columns, arch, width, values }
    }

    /// `aᵢ · Wᵢ` for each matrix: `a` is `[count / group][matrix][group][rows]`, row by row.
    pub(super) fn multiply<'a>(&self, count: usize, group: usize, a: &[f32], room: &'a mut Vec<f32>) -> Product<'a> {
        let panels = self.columns.div_ceil(self.width);
        let panel = self.rows * self.width;
        let matrices = self.values.len() / (panels * panel);
        let out = super::room(room, matrices * panels * count * self.width);
        let least = GRAIN.div_ceil(count * panel);
        out.par_chunks_exact_mut(count * self.width).with_min_len(least).enumerate().for_each(|(index, out)| {
            let a = &a[index / panels * group * self.rows..];
            let panel = &self.values[index * panel..][..panel];
            self.arch.dispatch(Multiply { a, group, between: matrices * group * self.rows, panel, out });
        });
        Product { values: out, rows: count, width: self.width, panels }
    }
}

impl<'a> Product<'a> {
    /// A vector of each matrix, from this column on.
    #[inline(always)]
    pub(super) fn of(self, row: usize, column: usize) -> Vectors<'a> {
        let (panel, offset) = (column / self.width, column % self.width);
        let start = (panel * self.rows + row) * self.width + offset;
        Vectors { values: &self.values[start..], stride: self.panels * self.rows * self.width }
    }
}

/// A vector of each matrix of a product.
#[derive(Clone, Copy)]
pub(super) struct Vectors<'a> {
    values: &'a [f32],
    stride: usize,
}

impl Vectors<'_> {
    #[inline(always)]
    pub(super) fn load<S: Simd>(self, _: S, matrix: usize) -> S::f32s {
        S::as_simd_f32s(&self.values[matrix * self.stride..][..S::F32_LANES]).0[0]
    }
}

/// Values of a vector.
pub(super) fn vector_width(arch: Arch) -> usize {
    arch.dispatch(Width)
}

/// The vector unit at hand, and narrower ones that it can do the work of.
#[cfg(test)]
pub(super) fn vector_units() -> Vec<Arch> {
    let mut units = vec![Arch::new(), Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    units.extend(pulp::x86::V3::try_new().map(Arch::V3));
    units
}

/// Asks the vector unit for its width.
struct Width;

impl WithSimd for Width {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

/// All rows of `a` with one panel.
struct Multiply<'a> {
    a: &'a [f32],
    /// Rows that lie behind each other.
    group: usize,
    /// From one group to the next.
    between: usize,
    panel: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let panel = S::as_simd_f32s(self.panel).0.as_chunks::<2>().0;
        let mut out = S::as_mut_simd_f32s(self.out).0.as_chunks_mut::<2>().0;
        let mut first = 0;
        let row_at = |row: usize| row / self.group * self.between + row % self.group * panel.len();
        // Two sums a row, beside them the panel's two vectors and one value of `a`.
        let most = if S::REGISTER_COUNT >= 32 { 12 } else { 6 };
        while !out.is_empty() {
            // Blocks of even height: the last must not be left with one row.
            let height = out.len().div_ceil(out.len().div_ceil(most));
            let (block, rest) = out.split_at_mut(height);
            match height {
                1 => multiply_block::<S, 1>(simd, self.a, |row| row_at(first + row), panel, block),
                2 => multiply_block::<S, 2>(simd, self.a, |row| row_at(first + row), panel, block),
                3 => multiply_block::<S, 3>(simd, self.a, |row| row_at(first + row), panel, block),
                4 => multiply_block::<S, 4>(simd, self.a, |row| row_at(first + row), panel, block),
                5 => multiply_block::<S, 5>(simd, self.a, |row| row_at(first + row), panel, block),
                6 => multiply_block::<S, 6>(simd, self.a, |row| row_at(first + row), panel, block),
                7 => multiply_block::<S, 7>(simd, self.a, |row| row_at(first + row), panel, block),
                8 => multiply_block::<S, 8>(simd, self.a, |row| row_at(first + row), panel, block),
                9 => multiply_block::<S, 9>(simd, self.a, |row| row_at(first + row), panel, block),
                10 => multiply_block::<S, 10>(simd, self.a, |row| row_at(first + row), panel, block),
                11 => multiply_block::<S, 11>(simd, self.a, |row| row_at(first + row), panel, block),
                _ => multiply_block::<S, 12>(simd, self.a, |row| row_at(first + row), panel, block),
            }
            (out, first) = (rest, first + height);
        }
    }
}

/// `HEIGHT` rows of `a` with one panel, the sums in registers.
#[inline(always)]
fn multiply_block<S: Simd, const HEIGHT: usize>(
    simd: S,
    a: &[f32],
    row_at: impl Fn(usize) -> usize,
    panel: &[[S::f32s; 2]],
    out: &mut [[S::f32s; 2]],
) {
    let rows: [&[f32]; HEIGHT] = std::array::from_fn(|row| &a[row_at(row)..][..panel.len()]);
    let mut sums = [[simd.splat_f32s(0.0); 2]; HEIGHT];
    for index in 0..panel.len() {
        let [left, right] = panel[index];
        for row in 0..HEIGHT {
            let value = simd.splat_f32s(rows[row][index]);
            sums[row][0] = simd.mul_add_f32s(value, left, sums[row][0]);
            sums[row][1] = simd.mul_add_f32s(value, right, sums[row][1]);
        }
    }
    #[expect(clippy::manual_memcpy, reason = "copied as a whole, a sum would live in memory all along: half the speed")]
    for row in 0..HEIGHT {
        out[row] = sums[row];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_definition() {
        for (matrices, count, group, rows, columns) in
            [(1, 1, 1, 1, 1), (2, 5, 5, 7, 33), (3, 12, 3, 20, 32), (2, 29, 29, 8, 70), (4, 30, 2, 9, 40)]
        {
            let value = |a: usize, b: usize| f32::from(u8::try_from((a * 31 + b * 17) % 23).unwrap()) - 11.0;
            let a: Vec<f32> = (0..matrices * count * rows).map(|i| value(i, 3)).collect();
            for arch in vector_units() {
                let pack = |matrix: usize, row: usize, column: usize| value(matrix + row, column);
                let packed = Panels::pack(arch, [matrices, rows, columns], pack);
                let mut room = vec![f32::NAN; 3];
                let product = packed.multiply(count, group, &a, &mut room);
                for (matrix, row) in (0..matrices).flat_map(|matrix| (0..count).map(move |row| (matrix, row))) {
                    let start = ((row / group * matrices + matrix) * group + row % group) * rows;
                    for column in 0..columns {
                        let expected: f32 = (0..rows).map(|k| a[start + k] * value(matrix + k, column)).sum();
                        let found = product.of(row, column);
                        // Small integers: no sum is rounded.
                        let found = found.values[matrix * found.stride];
                        assert_eq!(found.to_bits(), expected.to_bits(), "{matrix} {row} {column}");
                    }
                }
            }
        }
    }
}
