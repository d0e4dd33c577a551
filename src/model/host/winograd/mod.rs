//! A 4×4 convolution with stride 2 by Winograd's algorithm, which needs fewer multiplications (Winograd 1980; Lavin &
//! Gray, arXiv 1509.09308).
//!
//! The even and odd rows and columns of the larger picture are four pictures of half the size (the phases), each
//! convolved with 2×2 taps. Along one axis, F(2, 2) needs three products for two pixels instead of four, and F(4, 2)
//! five products for four pixels instead of eight ([`Axis`]). In two dimensions that is 9/16 and 25/64 of the
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
//! The module `spread` holds the input transforms, `gather` the output transforms, `axis` the transforms along one
//! axis, and `vectors` the helpers for tiles of SIMD vectors.

mod axis;
mod gather;
mod spread;
mod vectors;

use std::marker::PhantomData;

use rayon::prelude::*;

use super::Room;
use super::panels::{Panels, Unit, vector_width};
use crate::model::architecture::KERNEL;
use axis::{Axis, Four, Two};
use gather::{GatherLarge, GatherSmall};
use spread::{SpreadLarge, SpreadSmall};

/// Enough rows (over all products) for one GEMM. More rows would only need more memory.
const ROWS: usize = 1152;
/// Minimum channels of the larger and of the smaller picture. With fewer, panels stay half empty and sums are short.
const CHANNELS_FROM: (usize, usize) = (16, 32);
/// Most weight values for which F(4, 2) is used.
const LARGE_TILES_TO: usize = 1 << 21;
/// Kernel taps that meet the even and the odd pixels.
const TAPS_OF: [[usize; 2]; 2] = [[1, 3], [0, 2]];

/// Convolution by F(2, 2): tiles of 2×2 pixels.
pub(super) type TilesOfTwo = Tiled<Two, 2, 3>;
/// Convolution by F(4, 2): tiles of 4×4 pixels.
pub(super) type TilesOfFour = Tiled<Four, 4, 5>;

pub(super) struct Tiled<A, const TILE: usize, const PRODUCTS: usize> {
    large: usize,
    small: usize,
    unit: Unit,
    down: Panels,
    up: Panels,
    axis: PhantomData<A>,
}

/// Whether Winograd's algorithm is faster than one GEMM over all taps.
pub(super) fn pays(large: usize, small: usize) -> bool {
    large >= CHANNELS_FROM.0 && small >= CHANNELS_FROM.1
}

/// Whether F(4, 2) is better than F(2, 2).
pub(super) fn large_tiles_pay(unit: Unit, large: usize, small: usize) -> bool {
    // With bfloat16, F(4, 2) would be hardly faster and would multiply the rounding errors by four.
    !unit.is_bf16() && 5 * 5 * 4 * large * small <= LARGE_TILES_TO
}

impl<A: Axis<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize> Tiled<A, TILE, PRODUCTS> {
    /// From the kernel `value(tap, large channel, small channel)`, taps in row order.
    pub(super) fn new(
        unit: Unit,
        large: usize,
        small: usize,
        value: impl Fn(usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        // The channels of a phase are padded to whole vectors.
        let phase_columns = large.next_multiple_of(vector_width(unit.arch()));
        let value = |product: usize, phase: usize, channel: usize, small: usize| {
            let (rows, columns) = (TAPS_OF[phase / 2], TAPS_OF[phase % 2]);
            let (of_rows, of_columns) = (A::TAPS[product / PRODUCTS], A::TAPS[product % PRODUCTS]);
            let mut sum = 0.0;
            for (row, of_row) in rows.into_iter().zip(of_rows) {
                for (column, of_column) in columns.into_iter().zip(of_columns) {
                    if of_row * of_column != 0.0 {
                        sum += of_row * of_column * value(row * KERNEL + column, channel, small);
                    }
                }
            }
            sum
        };
        let products = PRODUCTS * PRODUCTS;
        Self {
            large,
            small,
            unit,
            down: Panels::pack(unit, [products, 4 * large, small], |product, row, column| {
                value(product, row / large, row % large, column)
            }),
            up: Panels::pack(unit, [products, small, 4 * phase_columns], |product, row, column| {
                let (phase, channel) = (column / phase_columns, column % phase_columns);
                if channel < large { value(product, phase, channel, row) } else { 0.0 }
            }),
            axis: PhantomData,
        }
    }

    /// Pictures per GEMM.
    fn images(tiles: usize) -> usize {
        ROWS.div_ceil(tiles * tiles * PRODUCTS * PRODUCTS)
    }

    /// Convolution: pictures `[2·side, 2·side, large]` to `[side, side, small]`. The epilogue `finish` gets each
    /// finished row of pixels.
    pub(super) fn down(
        &self,
        side: usize,
        large: &[f32],
        small: &mut [f32],
        rooms: &mut Room,
        finish: impl Fn(&mut [f32]) + Sync,
    ) {
        let (tiles, arch) = (side / TILE, self.unit.arch());
        let pictures = large.chunks(Self::images(tiles) * 4 * side * side * self.large);
        for (large, small) in pictures.zip(small.chunks_mut(Self::images(tiles) * side * side * self.small)) {
            let count = small.len() / (TILE * TILE * self.small);
            let product = self.down.multiply(count, tiles, rooms, |index, out| {
                let picture = &large[index / tiles * 4 * side * side * self.large..];
                arch.dispatch(SpreadLarge { row: Self::row(tiles, index, self.large), picture, out });
            });
            small.par_chunks_exact_mut(TILE * side * self.small).enumerate().for_each(|(index, out)| {
                arch.dispatch(GatherSmall { row: Self::row(tiles, index, self.small), product, out: &mut *out });
                out.chunks_exact_mut(side * self.small).for_each(&finish);
            });
        }
    }

    /// Transposed convolution: pictures `[side, side, small]` to `[2·side, 2·side, large]`. The epilogue `finish` gets
    /// each finished row of pixels.
    pub(super) fn up(
        &self,
        side: usize,
        small: &[f32],
        large: &mut [f32],
        rooms: &mut Room,
        finish: impl Fn(&mut [f32]) + Sync,
    ) {
        let (tiles, arch) = (side / TILE, self.unit.arch());
        let pictures = small.chunks(Self::images(tiles) * side * side * self.small);
        for (small, large) in pictures.zip(large.chunks_mut(Self::images(tiles) * 4 * side * side * self.large)) {
            let count = small.len() / (TILE * TILE * self.small);
            let product = self.up.multiply(count, tiles, rooms, |index, out| {
                arch.dispatch(SpreadSmall { row: Self::row(tiles, index, self.small), pictures: small, out });
            });
            large.par_chunks_exact_mut(4 * TILE * side * self.large).enumerate().for_each(|(index, out)| {
                arch.dispatch(GatherLarge { row: Self::row(tiles, index, self.large), product, out: &mut *out });
                out.chunks_exact_mut(2 * side * self.large).for_each(&finish);
            });
        }
    }

    fn row(tiles: usize, index: usize, channels: usize) -> TileRow<A, TILE, PRODUCTS> {
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
fn phases(tiles: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..tiles).flat_map(|tile| (0..4).map(move |phase| (tile, phase)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::host::Arithmetic;
    use crate::model::host::fold::{TAPS, fold, unfold};
    use crate::model::host::panels::single_units;
    use crate::model::host::product::Weights;

    #[test]
    fn winograd_agrees_with_direct_convolution() {
        // Channel counts that fill panels and that do not; one picture, and more than fit in one GEMM.
        for (large, small, side, batch) in [(32, 64, 8, 1), (48, 33, 4, 3), (40, 96, 4, 70), (32, 32, 32, 2)] {
            let noise = |i: usize, modulus: usize| f32::from(u8::try_from(i * 31 % modulus).unwrap()) / 100.0 - 0.5;
            let weight: Vec<f32> = (0..TAPS * large * small).map(|i| noise(i, 97)).collect();
            let value = |tap: usize, channel: usize, row: usize| weight[(row * large + channel) * TAPS + tap];
            let direct = Weights::new(small, TAPS * large, |row, column| {
                weight[(row * large + column % large) * TAPS + column / large]
            });
            let pixels = batch * side * side;
            let large_pictures: Vec<f32> = (0..4 * pixels * large).map(|i| noise(i, 89)).collect();
            let small_pictures: Vec<f32> = (0..pixels * small).map(|i| noise(i, 83)).collect();
            let mut columns = vec![0.0; pixels * TAPS * large];

            let mut expected_small = vec![f32::NAN; small_pictures.len()];
            unfold(side, large, &large_pictures, &mut columns);
            direct.multiply_back(pixels, &columns, &mut expected_small);
            expected_small.chunks_exact_mut(side * small).for_each(|row| row[0] += 1000.0);
            let mut expected_large = vec![f32::NAN; large_pictures.len()];
            direct.multiply(pixels, &small_pictures, &mut columns);
            fold(side, large, &columns, &mut expected_large, |pixels| pixels[0] += 1000.0);
            let case = Case { side, large_pictures, small_pictures, expected_small, expected_large };
            for unit in single_units() {
                case.check(&TilesOfTwo::new(unit, large, small, value));
                case.check(&TilesOfFour::new(unit, large, small, value));
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
        fn check<A: Axis<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize>(
            &self,
            way: &Tiled<A, TILE, PRODUCTS>,
        ) {
            let mut rooms = Room::default();
            let mut found = vec![f32::NAN; self.small_pictures.len()];
            way.down(self.side, &self.large_pictures, &mut found, &mut rooms, |pixels| pixels[0] += 1000.0);
            assert_close(&found, &self.expected_small);
            let mut found = vec![f32::NAN; self.large_pictures.len()];
            way.up(self.side, &self.small_pictures, &mut found, &mut rooms, |pixels| pixels[0] += 1000.0);
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
        let unit = Unit::of(Arithmetic::Single);
        assert!(!pays(3, 64) && pays(32, 64));
        assert!(large_tiles_pay(unit, 32, 64) && !large_tiles_pay(unit, 256, 512));
    }
}
