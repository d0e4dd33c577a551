//! Batched GEMM with frozen weights, packed once for the processor's vector unit.
//!
//! A panel holds as many columns as two vectors, row after row. The innermost loop reads it sequentially and keeps the
//! sums of up to twelve rows in registers. A general GEMM packs both sides at every call. With few rows (one candidate
//! at 4×4 pixels has four), that packing costs as much as the product itself.

#![expect(clippy::inline_always, reason = "target features apply only to code that is inlined into their function")]

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::bf16::{self, Bf16};
use super::{CpuPrecision, CpuScratch, scratch_slice};

/// Multiplications per rayon task.
const MULTIPLICATIONS_PER_TASK: usize = 1 << 19;

/// The SIMD instructions of the GEMM.
#[derive(Clone, Copy)]
pub(super) enum SimdUnit {
    Single(Arch),
    /// Used only where two vectors of the `Arch` are as wide as a bfloat16 panel.
    Bf16(Arch, Bf16),
}

/// Packed weight matrices of equal size.
pub(super) struct PackedWeights {
    matrices: usize,
    rows: usize,
    columns: usize,
    /// Columns of a panel.
    width: usize,
    weights: PackedPanels,
}

/// `[matrix][panel][row][width]`. Columns after the last are zero.
enum PackedPanels {
    Single(Arch, Vec<f32>),
    /// Rows in pairs.
    Bf16(Bf16, Vec<u32>),
}

/// The output of a batched GEMM: `[matrix][panel][row][width]`.
#[derive(Clone, Copy)]
pub(super) struct GemmOutput<'a> {
    values: &'a [f32],
    rows: usize,
    width: usize,
    panels: usize,
}

impl SimdUnit {
    pub(super) fn for_precision(precision: CpuPrecision) -> Self {
        let arch = Arch::new();
        let bf16 =
            Bf16::try_new().filter(|_| precision == CpuPrecision::Bf16 && 2 * simd_lanes(arch) == bf16::PANEL_WIDTH);
        bf16.map_or(Self::Single(arch), |bf16| Self::Bf16(arch, bf16))
    }

    pub(super) fn is_bf16(self) -> bool {
        matches!(self, Self::Bf16(..))
    }

    /// The vector unit for everything but the GEMM.
    pub(super) fn arch(self) -> Arch {
        match self {
            Self::Single(arch) | Self::Bf16(arch, _) => arch,
        }
    }
}

impl PackedWeights {
    /// Packs the weights `value(matrix, row, column)`.
    pub(super) fn pack(
        unit: SimdUnit,
        [matrices, rows, columns]: [usize; 3],
        value: impl Fn(usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        let width = 2 * simd_lanes(unit.arch());
        let shape = [matrices, columns, width];
        let weights = match unit {
            SimdUnit::Single(arch) => PackedPanels::Single(arch, pack_panels(shape, rows, value)),
            SimdUnit::Bf16(_, bf16) => {
                let pair = |matrix: usize, index: usize, column: usize| {
                    let second = if 2 * index + 1 < rows { value(matrix, 2 * index + 1, column) } else { 0.0 };
                    bf16::pack_pair(value(matrix, 2 * index, column), second)
                };
                PackedPanels::Bf16(bf16, pack_panels(shape, rows.div_ceil(2), pair))
            }
        };
        Self { matrices, rows, columns, width, weights }
    }

    /// Computes `aᵢ · Wᵢ` for each matrix i. `a` is `[count / group][matrix][group][rows]`. `write(index, values)`
    /// fills `a[index]`.
    pub(super) fn multiply<'a>(
        &self,
        count: usize,
        group: usize,
        CpuScratch { columns, bf16_columns, gemm_output }: &'a mut CpuScratch,
        write: impl Fn(usize, &mut [f32]) + Sync,
    ) -> GemmOutput<'a> {
        let (matrices, width) = (self.matrices, self.width);
        let panels = self.columns.div_ceil(width);
        let out = scratch_slice(gemm_output, matrices * panels * count * width);
        let panels_per_task = MULTIPLICATIONS_PER_TASK.div_ceil(count * self.rows * width);
        let outs = out.par_chunks_exact_mut(count * width).with_min_len(panels_per_task).enumerate();
        let part = matrices * group * self.rows;
        let a = scratch_slice(columns, count / group * part);
        let parts = a.par_chunks_exact_mut(part).enumerate();
        match &self.weights {
            PackedPanels::Single(arch, weights) => {
                parts.for_each(|(index, part)| write(index, part));
                outs.for_each(|(index, out)| {
                    let a = &a[index / panels * group * self.rows..];
                    let panel = &weights[index * self.rows * width..][..self.rows * width];
                    let offsets = RowOffsets::for_groups(group, self.rows, part);
                    arch.dispatch(PanelGemm { a, offsets, panel, out });
                });
            }
            PackedPanels::Bf16(bf16, weights) => {
                let pairs = self.rows.div_ceil(2);
                let part = matrices * group * pairs;
                let rounded = scratch_slice(bf16_columns, count / group * part);
                parts.zip(rounded.par_chunks_exact_mut(part)).for_each(|((index, part), rounded)| {
                    write(index, part);
                    bf16.round(self.rows, part, rounded);
                });
                outs.for_each(|(index, out)| {
                    let a = &rounded[index / panels * group * pairs..];
                    let panel = &weights[index * pairs * width..][..pairs * width];
                    bf16.multiply(a, RowOffsets::for_groups(group, pairs, part), panel, out);
                });
            }
        }
        GemmOutput { values: out, rows: count, width, panels }
    }
}

/// Packs values as `[matrix][panel][row][width]`.
fn pack_panels<T: Copy + Default + Send>(
    [matrices, columns, width]: [usize; 3],
    rows: usize,
    value: impl Fn(usize, usize, usize) -> T + Sync,
) -> Vec<T> {
    let panels = columns.div_ceil(width);
    let mut values = vec![T::default(); matrices * panels * rows * width];
    values.par_chunks_exact_mut(rows * width).enumerate().for_each(|(index, panel)| {
        let (matrix, first) = (index / panels, index % panels * width);
        for (row, out) in panel.chunks_exact_mut(width).enumerate() {
            for (column, out) in (first..columns).zip(out) {
                *out = value(matrix, row, column);
            }
        }
    });
    values
}

impl<'a> GemmOutput<'a> {
    /// One vector of each matrix, starting at this row and column.
    #[inline(always)]
    pub(super) fn vectors_at(self, row: usize, column: usize) -> OutputVectors<'a> {
        let (panel, offset) = (column / self.width, column % self.width);
        let start = (panel * self.rows + row) * self.width + offset;
        OutputVectors { values: &self.values[start..], stride: self.panels * self.rows * self.width }
    }
}

/// One vector of each matrix of an output.
#[derive(Clone, Copy)]
pub(super) struct OutputVectors<'a> {
    values: &'a [f32],
    stride: usize,
}

impl OutputVectors<'_> {
    #[inline(always)]
    pub(super) fn load<S: Simd>(self, _: S, matrix: usize) -> S::f32s {
        S::as_simd_f32s(&self.values[matrix * self.stride..][..S::F32_LANES]).0[0]
    }
}

/// f32 lanes of a vector.
pub(super) fn simd_lanes(arch: Arch) -> usize {
    arch.dispatch(LaneCount)
}

/// The processor's vector unit and narrower ones that it supports, with sums in f32.
#[cfg(test)]
pub(super) fn f32_simd_units() -> Vec<SimdUnit> {
    let mut units = vec![Arch::new(), Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    units.extend(pulp::x86::V3::try_new().map(Arch::V3));
    units.into_iter().map(SimdUnit::Single).collect()
}

/// Reads the lane count of a vector unit.
struct LaneCount;

impl WithSimd for LaneCount {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

/// Start offsets of rows that are stored in groups. They are counted up, because a division per row would take as long
/// as a short product.
pub(super) struct RowOffsets {
    next: usize,
    remaining_in_group: usize,
    group: usize,
    length: usize,
    /// Distance from a group's last row to the first row of the next group.
    gap: usize,
}

impl RowOffsets {
    fn for_groups(group: usize, length: usize, between: usize) -> Self {
        Self { next: 0, remaining_in_group: group, group, length, gap: between - (group - 1) * length }
    }

    #[inline(always)]
    pub(super) fn next(&mut self) -> usize {
        let start = self.next;
        self.remaining_in_group -= 1;
        if self.remaining_in_group == 0 {
            self.remaining_in_group = self.group;
            self.next += self.gap;
        } else {
            self.next += self.length;
        }
        start
    }
}

/// Runs `$multiply` on blocks of at most `$max` rows (twelve or fewer), with the number of rows as the constant
/// `HEIGHT`. A macro, because a closure would lose the target features of the vector unit.
macro_rules! in_row_blocks {
    ($out:expr, $max:expr, $block:ident => $multiply:expr) => {{
        let mut out = $out;
        while !out.is_empty() {
            // Blocks of nearly equal height, so that the last one is not a single row.
            let height = out.len().div_ceil(out.len().div_ceil($max));
            let ($block, remaining) = out.split_at_mut(height);
            in_row_blocks!(height, $multiply, 1 2 3 4 5 6 7 8 9 10 11);
            out = remaining;
        }
    }};
    ($height:ident, $multiply:expr, $($rows:literal)*) => {
        match $height {
            $($rows => {
                const HEIGHT: usize = $rows;
                $multiply
            })*
            _ => {
                const HEIGHT: usize = 12;
                $multiply
            }
        }
    };
}
pub(super) use in_row_blocks;

/// Multiplies all rows of `a` by one panel.
struct PanelGemm<'a> {
    a: &'a [f32],
    offsets: RowOffsets,
    panel: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for PanelGemm<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let panel = S::as_simd_f32s(self.panel).0.as_chunks::<2>().0;
        let out = S::as_mut_simd_f32s(self.out).0.as_chunks_mut::<2>().0;
        let mut offsets = self.offsets;
        // Registers: two sums per row, the panel's two vectors and one value of `a`.
        let max_rows = if S::REGISTER_COUNT >= 32 { 12 } else { 6 };
        in_row_blocks!(out, max_rows, block => multiply_block::<S, HEIGHT>(simd, self.a, &mut offsets, panel, block));
    }
}

/// Multiplies `HEIGHT` rows of `a` by one panel, with the sums in registers.
#[inline(always)]
fn multiply_block<S: Simd, const HEIGHT: usize>(
    simd: S,
    a: &[f32],
    offsets: &mut RowOffsets,
    panel: &[[S::f32s; 2]],
    out: &mut [[S::f32s; 2]],
) {
    let rows: [&[f32]; HEIGHT] = std::array::from_fn(|_| &a[offsets.next()..][..panel.len()]);
    let mut sums = [[simd.splat_f32s(0.0); 2]; HEIGHT];
    for index in 0..panel.len() {
        let [left, right] = panel[index];
        for row in 0..HEIGHT {
            let value = simd.splat_f32s(rows[row][index]);
            sums[row][0] = simd.mul_add_f32s(value, left, sums[row][0]);
            sums[row][1] = simd.mul_add_f32s(value, right, sums[row][1]);
        }
    }
    #[expect(clippy::manual_memcpy, reason = "a copied array would keep the sums in memory instead of registers")]
    for row in 0..HEIGHT {
        out[row] = sums[row];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_gemm_matches_the_definition() {
        for (matrices, count, group, rows, columns) in
            [(1, 1, 1, 1, 1), (2, 5, 5, 7, 33), (3, 12, 3, 20, 32), (2, 29, 29, 8, 70), (4, 30, 2, 9, 40)]
        {
            let value = |a: usize, b: usize| f32::from(u8::try_from((a * 31 + b * 17) % 23).unwrap()) - 11.0;
            let a: Vec<f32> = (0..matrices * count * rows).map(|i| value(i, 3)).collect();
            // bfloat16 represents small integers exactly.
            for unit in f32_simd_units().into_iter().chain([SimdUnit::for_precision(CpuPrecision::Bf16)]) {
                let pack = |matrix: usize, row: usize, column: usize| value(matrix + row, column);
                let packed = PackedWeights::pack(unit, [matrices, rows, columns], pack);
                let mut scratch = CpuScratch { gemm_output: vec![f32::NAN; 3], ..CpuScratch::default() };
                let part = matrices * group * rows;
                let write = |index: usize, out: &mut [f32]| out.copy_from_slice(&a[index * part..][..part]);
                let product = packed.multiply(count, group, &mut scratch, write);
                for (matrix, row) in (0..matrices).flat_map(|matrix| (0..count).map(move |row| (matrix, row))) {
                    let start = ((row / group * matrices + matrix) * group + row % group) * rows;
                    for column in 0..columns {
                        let expected: f32 = (0..rows).map(|k| a[start + k] * value(matrix + k, column)).sum();
                        let found = product.vectors_at(row, column);
                        // Sums of small integers are exact.
                        let found = found.values[matrix * found.stride];
                        assert_eq!(found.to_bits(), expected.to_bits(), "{matrix} {row} {column}");
                    }
                }
            }
        }
    }
}
