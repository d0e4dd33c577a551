//! A 4×4 convolution with stride 2 in nine sixteenths of its multiplications (Winograd 1980; Lavin & Gray, arXiv
//! 1509.09308).
//!
//! Even and odd rows and columns of the larger picture make four pictures of half the size, each convolved with 2×2 taps. Along
//! one axis, two neighbouring outputs need `g₀d₀ + g₁d₁` and `g₀d₁ + g₁d₂`: three products do, `g₀(d₀ − d₁)`, `(g₀ + g₁)d₁`
//! and `g₁(d₂ − d₁)`, where four would be written. Along both, a tile of 2×2 pixels of the smaller picture needs nine. Each of the
//! nine is one matrix product over all tiles, with the channels of the four pictures side by side. The transposed convolution is
//! the mirror image: what was read is added to, with the same signs.
//!
//! | step | down, to the smaller picture | up, to the larger |
//! | --- | --- | --- |
//! | spread | `[9][tiles][4 · large channels]` from the larger | `[9][tiles][small channels]` from the smaller |
//! | multiply | `[4 · large, small]` | `[small, 4 · large]` |
//! | gather | four sums a pixel | four to nine sums a pixel |

#![expect(
    clippy::inline_always,
    reason = "the features of the vector unit hold only for what is inlined into their function"
)]

use pulp::Arch;
use rayon::prelude::*;

use super::Room;
use super::panels::{Panels, Product};
use super::room;
use super::sums::{Gather, MOST_TERMS, Sum, Write};
use crate::model::architecture::KERNEL;

/// Products along one axis.
const PRODUCTS: usize = 3;
/// Tiles that are worth a product of their own: more would only need more memory.
const TILES: usize = 128;
/// Fewer channels than this on either side leave panels half empty and sums short.
const CHANNELS_FROM: usize = 32;
/// Taps that each product's weight adds up, for the even and the odd pixels of an axis.
const TAPS_OF: [[&[usize]; PRODUCTS]; 2] = [[&[1], &[1, 3], &[3]], [&[0], &[0, 2], &[2]]];
/// What each product reads of its three pixels, with signs.
const READS: [&[(usize, f32)]; PRODUCTS] = [&[(0, 1.0), (1, -1.0)], &[(1, 1.0)], &[(2, 1.0), (1, -1.0)]];

/// One convolution, both ways.
pub(super) struct Winograd {
    large: usize,
    small: usize,
    arch: Arch,
    down: Panels,
    up: Panels,
}

/// A term of a sum: of which product, at which tile along the axis, with which sign.
type Term = (usize, usize, f32);

impl Winograd {
    /// `value(tap, large channel, small channel)`, taps row by row. `None` where it would not pay.
    pub(super) fn new(large: usize, small: usize, value: impl Fn(usize, usize, usize) -> f32 + Sync) -> Option<Self> {
        if large.min(small) < CHANNELS_FROM {
            return None;
        }
        let value = |product: usize, phase_channel: usize, small: usize| {
            let (phase, channel) = (phase_channel / large, phase_channel % large);
            let rows = TAPS_OF[phase / 2][product / PRODUCTS];
            let columns = TAPS_OF[phase % 2][product % PRODUCTS];
            let taps = rows.iter().flat_map(|row| columns.iter().map(move |column| row * KERNEL + column));
            taps.map(|tap| value(tap, channel, small)).sum::<f32>()
        };
        let products = PRODUCTS * PRODUCTS;
        Some(Self {
            large,
            small,
            arch: Arch::new(),
            down: Panels::pack([products, 4 * large, small], value),
            up: Panels::pack([products, small, 4 * large], |product, row, column| value(product, column, row)),
        })
    }

    /// From pictures `[2·side, 2·side, large]` to `[side, side, small]`. `finish` gets each finished row of pixels.
    pub(super) fn down(
        &self,
        side: usize,
        large: &[f32],
        small: &mut [f32],
        Room { columns, products }: &mut Room,
        finish: impl Fn(&mut [f32]) + Sync,
    ) {
        let tiles = side / 2;
        let images = TILES.div_ceil(tiles * tiles);
        let chunks = large.chunks(images * 4 * side * side * self.large);
        for (large, small) in chunks.zip(small.chunks_mut(images * side * side * self.small)) {
            let count = small.len() / (4 * self.small);
            let spread = room(columns, PRODUCTS * PRODUCTS * count * 4 * self.large);
            self.spread_large(tiles, count, large, spread);
            let product = self.down.multiply(count, spread, products);
            self.gather_small(tiles, product, small, &finish);
        }
    }

    /// From pictures `[side, side, small]` to `[2·side, 2·side, large]`. `finish` gets each finished row of pixels.
    pub(super) fn up(
        &self,
        side: usize,
        small: &[f32],
        large: &mut [f32],
        Room { columns, products }: &mut Room,
        finish: impl Fn(&mut [f32]) + Sync,
    ) {
        let tiles = side / 2;
        let images = TILES.div_ceil(tiles * tiles);
        let chunks = small.chunks(images * side * side * self.small);
        for (small, large) in chunks.zip(large.chunks_mut(images * 4 * side * side * self.large)) {
            let count = small.len() / (4 * self.small);
            let spread = room(columns, PRODUCTS * PRODUCTS * count * self.small);
            self.spread_small(tiles, count, small, spread);
            let product = self.up.multiply(count, spread, products);
            self.gather_large(tiles, product, large, &finish);
        }
    }

    /// One row of tiles at a time, for one product.
    fn spread_large(&self, tiles: usize, count: usize, pictures: &[f32], spread: &mut [f32]) {
        let (channels, side) = (self.large, 4 * tiles);
        spread.par_chunks_exact_mut(tiles * 4 * channels).enumerate().for_each(|(index, out)| {
            let (product, row) = (index / (count / tiles), index % (count / tiles));
            let (image, tile_y) = (row / tiles, row % tiles);
            let reads = [READS[product / PRODUCTS], READS[product % PRODUCTS]];
            for (position, out) in out.chunks_exact_mut(channels).enumerate() {
                let (tile_x, phase) = (position / 4, position % 4);
                let mut sum = Sum::default();
                for (y, sign_y) in reads[0] {
                    // Pixel `2m + phase` for m from `2 · tile − phase` on.
                    let y = (4 * tile_y + 2 * y).checked_sub(phase / 2).filter(|y| *y < side);
                    for (x, sign_x) in reads[1] {
                        let x = (4 * tile_x + 2 * x).checked_sub(phase % 2).filter(|x| *x < side);
                        let (Some(y), Some(x)) = (y, x) else { continue };
                        let start = ((image * side + y) * side + x) * channels;
                        sum.add(&pictures[start..start + channels], sign_y * sign_x);
                    }
                }
                self.arch.dispatch(Write(&sum, out));
            }
        });
    }

    /// One row of tiles at a time, for one product.
    fn spread_small(&self, tiles: usize, count: usize, pictures: &[f32], spread: &mut [f32]) {
        /// The pixels of a tile that each product reads.
        const PIXELS: [&[usize]; PRODUCTS] = [&[0], &[0, 1], &[1]];
        let (channels, side) = (self.small, 2 * tiles);
        spread.par_chunks_exact_mut(tiles * channels).enumerate().for_each(|(index, out)| {
            let (product, row) = (index / (count / tiles), index % (count / tiles));
            let (image, tile_y) = (row / tiles, row % tiles);
            for (tile_x, out) in out.chunks_exact_mut(channels).enumerate() {
                let mut sum = Sum::default();
                for y in PIXELS[product / PRODUCTS] {
                    for x in PIXELS[product % PRODUCTS] {
                        let pixel = (image * side + 2 * tile_y + y) * side + 2 * tile_x + x;
                        sum.add(&pictures[pixel * channels..(pixel + 1) * channels], 1.0);
                    }
                }
                self.arch.dispatch(Write(&sum, out));
            }
        });
    }

    fn gather_small(
        &self,
        tiles: usize,
        product: Product<'_>,
        pictures: &mut [f32],
        finish: &(impl Fn(&mut [f32]) + Sync),
    ) {
        let (channels, side) = (self.small, 2 * tiles);
        pictures.par_chunks_exact_mut(side * channels).enumerate().for_each(|(row, line)| {
            let (image, y) = (row / side, row % side);
            for (x, out) in line.chunks_exact_mut(channels).enumerate() {
                let tile = (image * tiles + y / 2) * tiles + x / 2;
                let first = y % 2 * PRODUCTS + x % 2;
                let matrices = [0, 1, PRODUCTS, PRODUCTS + 1].map(|offset| (first + offset, tile, 1.0));
                self.arch.dispatch(Gather { product, column: 0, rows: &matrices, out });
            }
            finish(line);
        });
    }

    fn gather_large(
        &self,
        tiles: usize,
        product: Product<'_>,
        pictures: &mut [f32],
        finish: &(impl Fn(&mut [f32]) + Sync),
    ) {
        let (channels, side) = (self.large, 4 * tiles);
        pictures.par_chunks_exact_mut(side * channels).enumerate().for_each(|(row, line)| {
            let (image, y) = (row / side, row % side);
            for (x, out) in line.chunks_exact_mut(channels).enumerate() {
                let mut rows = [(0, 0, 0.0); MOST_TERMS];
                let mut count = 0;
                for (product_y, tile_y, sign_y) in terms(y, tiles) {
                    for (product_x, tile_x, sign_x) in terms(x, tiles) {
                        let tile = (image * tiles + tile_y) * tiles + tile_x;
                        rows[count] = (product_y * PRODUCTS + product_x, tile, sign_y * sign_x);
                        count += 1;
                    }
                }
                let column = (y % 2 * 2 + x % 2) * channels;
                self.arch.dispatch(Gather { product, column, rows: &rows[..count], out });
            }
            finish(line);
        });
    }
}

/// What adds up to a pixel of the larger picture, along one axis.
#[inline(always)]
fn terms(pixel: usize, tiles: usize) -> impl Iterator<Item = Term> {
    let tile = pixel / 4;
    let terms: [Option<Term>; PRODUCTS] = match pixel % 4 {
        0 => [Some((0, tile, 1.0)), tile.checked_sub(1).map(|before| (2, before, 1.0)), None],
        3 => [Some((2, tile, 1.0)), Some((0, tile + 1, 1.0)).filter(|_| tile + 1 < tiles), None],
        _ => [Some((0, tile, -1.0)), Some((1, tile, 1.0)), Some((2, tile, -1.0))],
    };
    terms.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::host::fold::{TAPS, fold, unfold};
    use crate::model::host::product::Weights;

    #[test]
    fn both_ways_agree_with_the_direct_convolution() {
        // Channels that fill panels and those that do not; one image and more than a chunk.
        for (large, small, side, batch) in [(32, 64, 8, 1), (48, 33, 4, 3), (40, 96, 4, 70), (32, 32, 32, 2)] {
            let value = |i: usize, modulus: usize| f32::from(u8::try_from(i * 31 % modulus).unwrap()) / 100.0 - 0.5;
            let weight: Vec<f32> = (0..TAPS * large * small).map(|i| value(i, 97)).collect();
            let winograd =
                Winograd::new(large, small, |tap, channel, row| weight[(row * large + channel) * TAPS + tap]).unwrap();
            let direct = Weights::new(small, TAPS * large, |row, column| {
                weight[(row * large + column % large) * TAPS + column / large]
            });
            let pixels = batch * side * side;
            let large_pictures: Vec<f32> = (0..4 * pixels * large).map(|i| value(i, 89)).collect();
            let small_pictures: Vec<f32> = (0..pixels * small).map(|i| value(i, 83)).collect();
            let (mut rooms, mut columns) = (Room::default(), vec![0.0; pixels * TAPS * large]);

            let mut found = vec![f32::NAN; small_pictures.len()];
            winograd.down(side, &large_pictures, &mut found, &mut rooms, |pixels| pixels[0] += 1000.0);
            let mut expected = vec![f32::NAN; found.len()];
            unfold(side, large, &large_pictures, &mut columns);
            direct.multiply_back(pixels, &columns, &mut expected);
            expected.chunks_exact_mut(side * small).for_each(|row| row[0] += 1000.0);
            assert_close(&found, &expected);

            let mut found = vec![f32::NAN; large_pictures.len()];
            winograd.up(side, &small_pictures, &mut found, &mut rooms, |pixels| pixels[0] += 1000.0);
            let mut expected = vec![f32::NAN; found.len()];
            direct.multiply(pixels, &small_pictures, &mut columns);
            fold(side, large, &columns, &mut expected, |pixels| pixels[0] += 1000.0);
            assert_close(&found, &expected);
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
    fn few_channels_are_left_to_the_direct_way() {
        assert!(Winograd::new(3, 64, |_, _, _| 0.0).is_none());
    }
}
