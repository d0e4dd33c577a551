//! Output transforms: from the products of a tile to its pixels.

#![expect(clippy::needless_range_loop, reason = "iterators would keep the vectors in memory instead of registers")]
#![expect(clippy::inline_always, reason = "target features apply only to code that is inlined into their function")]

use pulp::{Simd, WithSimd};

use super::axis::Axis;
use super::vectors::{along_both, part, store, transposed};
use super::{TileRow, phases};
use crate::model::host::panels::{Product, Vectors};

/// Convolution: from products to pixels of the smaller picture, `[TILE, side, channels]`.
pub(super) struct GatherSmall<'a, A, const TILE: usize, const PRODUCTS: usize> {
    pub(super) row: TileRow<A, TILE, PRODUCTS>,
    pub(super) product: Product<'a>,
    pub(super) out: &'a mut [f32],
}

impl<A: Axis<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize> WithSimd
    for GatherSmall<'_, A, TILE, PRODUCTS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { row: TileRow { channels, tiles, index, .. }, product, out } = self;
        for tile in 0..tiles {
            for channel in (0..channels).step_by(S::F32_LANES) {
                let length = S::F32_LANES.min(channels - channel);
                let from = product.of(index * tiles + tile, channel);
                let mut products = [[simd.splat_f32s(0.0); PRODUCTS]; PRODUCTS];
                for i in 0..PRODUCTS {
                    for j in 0..PRODUCTS {
                        products[i][j] = from.load(simd, i * PRODUCTS + j);
                    }
                }
                let sums = along_both!(A::sums, simd, products, PRODUCTS => TILE);
                for i in 0..TILE {
                    for j in 0..TILE {
                        let start = (i * TILE * tiles + TILE * tile + j) * channels + channel;
                        store(simd, &mut out[start..][..length], sums[i][j]);
                    }
                }
            }
        }
    }
}

/// Transposed convolution: from products to pixels of the larger picture, `[2 · TILE, 2 · side, channels]`.
pub(super) struct GatherLarge<'a, A, const TILE: usize, const PRODUCTS: usize> {
    pub(super) row: TileRow<A, TILE, PRODUCTS>,
    pub(super) product: Product<'a>,
    pub(super) out: &'a mut [f32],
}

impl<A: Axis<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize> WithSimd
    for GatherLarge<'_, A, TILE, PRODUCTS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { row: TileRow { channels, tiles, index, .. }, product, out } = self;
        let side = 2 * TILE * tiles;
        let phase_columns = channels.next_multiple_of(S::F32_LANES);
        for (tile, phase) in phases(tiles) {
            let (edge_y, edge_x) = (Edge::of::<TILE>(phase / 2), Edge::of::<TILE>(phase % 2));
            let row_of_other = edge_y.other(index % tiles, tiles).map(|row| index / tiles * tiles + row);
            let other_tile = edge_x.other(tile, tiles);
            for channel in (0..channels).step_by(S::F32_LANES) {
                let length = S::F32_LANES.min(channels - channel);
                let of = |row: usize, tile: usize| product.of(row * tiles + tile, phase * phase_columns + channel);
                let mut columns = [[simd.splat_f32s(0.0); TILE]; PRODUCTS];
                let (own, other) = (of(index, tile), row_of_other.map(|row| of(row, tile)));
                for j in 0..PRODUCTS {
                    columns[j] = column::<S, A, TILE, PRODUCTS>(simd, edge_y, own, other, j);
                }
                let mut beside = [simd.splat_f32s(0.0); TILE];
                if let Some(tile) = other_tile {
                    let (own, other) = (of(index, tile), row_of_other.map(|row| of(row, tile)));
                    beside = column::<S, A, TILE, PRODUCTS>(simd, edge_y, own, other, edge_x.product);
                }
                let lines = transposed(&columns);
                for i in 0..TILE {
                    let mut pixels = part::<_, PRODUCTS, TILE>(A::pixels(simd, lines[i]), edge_x.phase);
                    pixels[edge_x.pixel] = simd.add_f32s(pixels[edge_x.pixel], beside[i]);
                    for j in 0..TILE {
                        let (y, x) = (2 * i + edge_y.phase, 2 * (TILE * tile + j) + edge_x.phase);
                        store(simd, &mut out[(y * side + x) * channels + channel..][..length], pixels[j]);
                    }
                }
            }
        }
    }
}

/// The pixel in which a tile overlaps with a neighbour, for the even or the odd pixels along an axis.
#[derive(Clone, Copy)]
struct Edge {
    phase: usize,
    /// The neighbour's only product that contributes to this pixel.
    product: usize,
    /// Index of the pixel in the tile.
    pixel: usize,
}

impl Edge {
    /// Even pixels share their first pixel with the tile before, odd ones their last pixel with the tile after.
    fn of<const TILE: usize>(phase: usize) -> Self {
        match phase {
            0 => Self { phase, product: TILE, pixel: 0 },
            _ => Self { phase, product: 0, pixel: TILE - 1 },
        }
    }

    /// Index of the overlapping neighbour, if there is one.
    fn other(self, tile: usize, tiles: usize) -> Option<usize> {
        match self.phase {
            0 => tile.checked_sub(1),
            _ => Some(tile + 1).filter(|tile| *tile < tiles),
        }
    }
}

/// A tile's pixels along one column, from the `j`-th products of each row, plus the neighbour's contribution at the
/// edge.
#[inline(always)]
fn column<S: Simd, A: Axis<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize>(
    simd: S,
    edge: Edge,
    own: Vectors<'_>,
    other: Option<Vectors<'_>>,
    j: usize,
) -> [S::f32s; TILE] {
    let mut products = [simd.splat_f32s(0.0); PRODUCTS];
    for i in 0..PRODUCTS {
        products[i] = own.load(simd, i * PRODUCTS + j);
    }
    let mut pixels = part::<_, PRODUCTS, TILE>(A::pixels(simd, products), edge.phase);
    if let Some(other) = other {
        pixels[edge.pixel] = simd.add_f32s(pixels[edge.pixel], other.load(simd, edge.product * PRODUCTS + j));
    }
    pixels
}
