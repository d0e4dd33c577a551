//! A 4×4 convolution with stride 2 by Winograd's algorithm, which needs fewer multiplications (Winograd 1980; Lavin &
//! Gray, arXiv 1509.09308).
//!
//! The even and odd rows and columns of the larger picture are four pictures of half the size (the phases), each
//! convolved with 2×2 taps. Along one axis, F(2, 2) needs three products for two pixels instead of four, and F(4, 2)
//! five products for four pixels instead of eight ([`Transform1d`]). In two dimensions that is 9/16 and 25/64 of the
//! multiplications. Each product is one GEMM over all tiles of the smaller picture, with the channels of the four
//! phases side by side. The transposed convolution uses the transposed matrices. F(4, 2) needs nearly three times the
//! memory for its weights, so only small layers use it, and only in f32.
//!
//! | step | convolution, to the smaller picture | transposed convolution, to the larger |
//! | --- | --- | --- |
//! | input transform | `[tile row][product][tile][4 · large channels]` from the larger | `[tile row][product][tile][small channels]` from the smaller |
//! | GEMM | `[4 · large, small]` | `[small, 4 · large]` |
//! | output transform | a tile's pixels | a tile's pixels, plus the neighbours' contributions at its edge |
//!
//! `transform_1d` holds the transforms along one axis, `simd_matrix` the helpers for tiles of SIMD vectors.

mod input_transform;
mod output_transform;
mod simd_matrix;
mod transform_1d;

use std::marker::PhantomData;

use rayon::prelude::*;

use super::CpuScratch;
use super::packed_gemm::{PackedWeights, SimdUnit, simd_lanes};
use crate::model::plan::ConvKernel;
use input_transform::{ConvInputTransform, ConvTransposeInputTransform};
use output_transform::{ConvOutputTransform, ConvTransposeOutputTransform};
use transform_1d::{F2, F4, Transform1d};

/// Enough rows (over all products) for one GEMM. More rows would only need more memory.
const MIN_GEMM_ROWS: usize = 1152;
/// Minimum channels of the larger and of the smaller picture. With fewer, panels stay half empty and sums are short.
const MIN_CHANNELS: (usize, usize) = (16, 32);
/// Most weight values for which F(4, 2) is used.
const MAX_F4_WEIGHTS: usize = 1 << 21;
/// Kernel taps that meet the even and the odd pixels.
const PHASE_TAPS: [[usize; 2]; 2] = [[1, 3], [0, 2]];

/// Convolution by F(2, 2): tiles of 2×2 pixels.
pub(super) type WinogradF2 = WinogradConv<F2, 2, 3>;
/// Convolution by F(4, 2): tiles of 4×4 pixels.
pub(super) type WinogradF4 = WinogradConv<F4, 4, 5>;

pub(super) struct WinogradConv<A, const TILE: usize, const PRODUCTS: usize> {
    large: usize,
    small: usize,
    unit: SimdUnit,
    conv_weights: PackedWeights,
    conv_transpose_weights: PackedWeights,
    axis: PhantomData<A>,
}

/// Whether Winograd's algorithm is faster than one GEMM over all taps.
pub(super) fn is_faster(large: usize, small: usize) -> bool {
    large >= MIN_CHANNELS.0 && small >= MIN_CHANNELS.1
}

/// Whether F(4, 2) is better than F(2, 2).
pub(super) fn prefers_f4(unit: SimdUnit, large: usize, small: usize) -> bool {
    // With bfloat16, F(4, 2) would be hardly faster and would multiply the rounding errors by four.
    !unit.is_bf16() && 5 * 5 * 4 * large * small <= MAX_F4_WEIGHTS
}

impl<A: Transform1d<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize> WinogradConv<A, TILE, PRODUCTS> {
    /// From the kernel `value(tap, large channel, small channel)`, taps in row order.
    pub(super) fn new(
        unit: SimdUnit,
        large: usize,
        small: usize,
        value: impl Fn(usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        // The channels of a phase are padded to whole vectors.
        let phase_columns = large.next_multiple_of(simd_lanes(unit.arch()));
        let value = |product: usize, phase: usize, channel: usize, small: usize| {
            let (rows, columns) = (PHASE_TAPS[phase / 2], PHASE_TAPS[phase % 2]);
            let (row_factors, column_factors) = (A::FILTER[product / PRODUCTS], A::FILTER[product % PRODUCTS]);
            let mut sum = 0.0;
            for (row, row_factor) in rows.into_iter().zip(row_factors) {
                for (column, column_factor) in columns.into_iter().zip(column_factors) {
                    if row_factor * column_factor != 0.0 {
                        sum +=
                            row_factor * column_factor * value(row * ConvKernel::DCGAN.size() + column, channel, small);
                    }
                }
            }
            sum
        };
        let products = PRODUCTS * PRODUCTS;
        let transpose_shape = [products, small, 4 * phase_columns];
        Self {
            large,
            small,
            unit,
            conv_weights: PackedWeights::pack(unit, [products, 4 * large, small], |product, row, column| {
                value(product, row / large, row % large, column)
            }),
            conv_transpose_weights: PackedWeights::pack(unit, transpose_shape, |product, row, column| {
                let (phase, channel) = (column / phase_columns, column % phase_columns);
                if channel < large { value(product, phase, channel, row) } else { 0.0 }
            }),
            axis: PhantomData,
        }
    }

    /// Pictures per GEMM.
    fn pictures_per_gemm(tiles: usize) -> usize {
        MIN_GEMM_ROWS.div_ceil(tiles * tiles * PRODUCTS * PRODUCTS)
    }

    /// Convolution: `[2·side, 2·side, large]` to `[side, side, small]`. The epilogue gets each finished row of pixels.
    pub(super) fn conv(
        &self,
        side: usize,
        large: &[f32],
        small: &mut [f32],
        scratch: &mut CpuScratch,
        epilogue: impl Fn(&mut [f32]) + Sync,
    ) {
        let (tiles, arch) = (side / TILE, self.unit.arch());
        let pixels = Self::pictures_per_gemm(tiles) * side * side;
        let pictures = large.chunks(4 * pixels * self.large).zip(small.chunks_mut(pixels * self.small));
        for (large, small) in pictures {
            let count = small.len() / (TILE * TILE * self.small);
            let product = self.conv_weights.multiply(count, tiles, scratch, |index, out| {
                let picture = &large[index / tiles * 4 * side * side * self.large..];
                arch.dispatch(ConvInputTransform { row: Self::tile_row(tiles, index, self.large), picture, out });
            });
            small.par_chunks_exact_mut(TILE * side * self.small).enumerate().for_each(|(index, out)| {
                let row = Self::tile_row(tiles, index, self.small);
                arch.dispatch(ConvOutputTransform { row, product, out: &mut *out });
                out.chunks_exact_mut(side * self.small).for_each(&epilogue);
            });
        }
    }

    /// Transposed convolution: `[side, side, small]` to `[2·side, 2·side, large]`. The epilogue gets each finished row.
    pub(super) fn conv_transpose(
        &self,
        side: usize,
        small: &[f32],
        large: &mut [f32],
        scratch: &mut CpuScratch,
        epilogue: impl Fn(&mut [f32]) + Sync,
    ) {
        let (tiles, arch) = (side / TILE, self.unit.arch());
        let pixels = Self::pictures_per_gemm(tiles) * side * side;
        let pictures = small.chunks(pixels * self.small).zip(large.chunks_mut(4 * pixels * self.large));
        for (small, large) in pictures {
            let count = small.len() / (TILE * TILE * self.small);
            let product = self.conv_transpose_weights.multiply(count, tiles, scratch, |index, out| {
                let row = Self::tile_row(tiles, index, self.small);
                arch.dispatch(ConvTransposeInputTransform { row, pictures: small, out });
            });
            large.par_chunks_exact_mut(4 * TILE * side * self.large).enumerate().for_each(|(index, out)| {
                let row = Self::tile_row(tiles, index, self.large);
                arch.dispatch(ConvTransposeOutputTransform { row, product, out: &mut *out });
                out.chunks_exact_mut(2 * side * self.large).for_each(&epilogue);
            });
        }
    }

    fn tile_row(tiles: usize, index: usize, channels: usize) -> TileRow<A, TILE, PRODUCTS> {
        TileRow { channels, tiles, index, axis: PhantomData }
    }
}

/// One row of tiles.
struct TileRow<A, const TILE: usize, const PRODUCTS: usize> {
    channels: usize,
    /// Tiles per row.
    tiles: usize,
    /// Index of the row over all pictures.
    index: usize,
    axis: PhantomData<A>,
}

/// Each pair of a tile in the row and a phase of the larger picture.
fn tiles_and_phases(tiles: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..tiles).flat_map(|tile| (0..4).map(move |phase| (tile, phase)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cpu::CpuPrecision;
    use crate::model::cpu::gemm::GemmWeights;
    use crate::model::cpu::im2col::{col2im, im2col};
    use crate::model::cpu::packed_gemm::f32_simd_units;

    #[test]
    fn winograd_agrees_with_direct_convolution() {
        // Channel counts that fill panels and that do not; one picture, and more than fit in one GEMM.
        for (large, small, side, batch) in [(32, 64, 8, 1), (48, 33, 4, 3), (40, 96, 4, 70), (32, 32, 32, 2)] {
            let (kernel, taps) = (ConvKernel::DCGAN, ConvKernel::DCGAN.taps());
            let noise = |i: usize, modulus: usize| f32::from(u8::try_from(i * 31 % modulus).unwrap()) / 100.0 - 0.5;
            let weight: Vec<f32> = (0..taps * large * small).map(|i| noise(i, 97)).collect();
            let value = |tap: usize, channel: usize, row: usize| weight[(row * large + channel) * taps + tap];
            let direct = GemmWeights::new(small, taps * large, |row, column| {
                weight[(row * large + column % large) * taps + column / large]
            });
            let pixels = batch * side * side;
            let large_pictures: Vec<f32> = (0..4 * pixels * large).map(|i| noise(i, 89)).collect();
            let small_pictures: Vec<f32> = (0..pixels * small).map(|i| noise(i, 83)).collect();
            let mut columns = vec![0.0; pixels * taps * large];

            let mut expected_small = vec![f32::NAN; small_pictures.len()];
            im2col(kernel, side, large, &large_pictures, &mut columns);
            direct.multiply_transposed(pixels, &columns, &mut expected_small);
            expected_small.chunks_exact_mut(side * small).for_each(|row| row[0] += 1000.0);
            let mut expected_large = vec![f32::NAN; large_pictures.len()];
            direct.multiply(pixels, &small_pictures, &mut columns);
            col2im(kernel, side, large, &columns, &mut expected_large, |pixels| pixels[0] += 1000.0);
            let case = Case { side, large_pictures, small_pictures, expected_small, expected_large };
            for unit in f32_simd_units() {
                case.check(&WinogradF2::new(unit, large, small, value));
                case.check(&WinogradF4::new(unit, large, small, value));
            }
        }
    }

    /// Input pictures and expected outputs. The epilogue adds 1000 to the first value of each row of pixels.
    struct Case {
        side: usize,
        large_pictures: Vec<f32>,
        small_pictures: Vec<f32>,
        expected_small: Vec<f32>,
        expected_large: Vec<f32>,
    }

    impl Case {
        fn check<A: Transform1d<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize>(
            &self,
            winograd: &WinogradConv<A, TILE, PRODUCTS>,
        ) {
            let epilogue = |pixels: &mut [f32]| pixels[0] += 1000.0;
            let mut scratch = CpuScratch::default();
            let mut found = vec![f32::NAN; self.small_pictures.len()];
            winograd.conv(self.side, &self.large_pictures, &mut found, &mut scratch, epilogue);
            assert_close(&found, &self.expected_small);
            let mut found = vec![f32::NAN; self.large_pictures.len()];
            winograd.conv_transpose(self.side, &self.small_pictures, &mut found, &mut scratch, epilogue);
            assert_close(&found, &self.expected_large);
        }
    }

    fn assert_close(found: &[f32], expected: &[f32]) {
        let scale =
            expected.iter().filter(|value| value.abs() < 500.0).fold(0.0f32, |most, value| most.max(value.abs()));
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            let tolerance = if expected.abs() < 500.0 { 1e-5 * scale } else { 1e-3 };
            assert!((found - expected).abs() <= tolerance, "{index}: {found} where {expected} is expected");
        }
    }

    #[test]
    fn algorithm_choice_follows_the_channel_counts() {
        let unit = SimdUnit::for_precision(CpuPrecision::Single);
        assert!(!is_faster(3, 64) && is_faster(32, 64));
        assert!(prefers_f4(unit, 32, 64) && !prefers_f4(unit, 256, 512));
    }
}
