//! Output transforms: from the products of a tile to its pixels.

#![expect(clippy::needless_range_loop, reason = "iterators would keep the vectors in memory instead of registers")]
#![expect(clippy::inline_always, reason = "target features apply only to code that is inlined into their function")]

use pulp::{Simd, WithSimd};

use super::simd_matrix::{store_partial, take_consecutive, transform_2d, transposed};
use super::transform_1d::Transform1d;
use super::{TileRow, tiles_and_phases};
use crate::model::cpu::packed_gemm::{GemmOutput, OutputVectors};

/// Convolution: from products to pixels of the smaller picture, `[TILE, side, channels]`.
pub(super) struct ConvOutputTransform<'a, A, const TILE: usize, const PRODUCTS: usize> {
    pub(super) row: TileRow<A, TILE, PRODUCTS>,
    pub(super) product: GemmOutput<'a>,
    pub(super) out: &'a mut [f32],
}

impl<A: Transform1d<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize> WithSimd
    for ConvOutputTransform<'_, A, TILE, PRODUCTS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { row: TileRow { channels, tiles, index, .. }, product, out } = self;
        for tile in 0..tiles {
            for channel in (0..channels).step_by(S::F32_LANES) {
                let length = S::F32_LANES.min(channels - channel);
                let vectors = product.vectors_at(index * tiles + tile, channel);
                let mut products = [[simd.splat_f32s(0.0); PRODUCTS]; PRODUCTS];
                for i in 0..PRODUCTS {
                    for j in 0..PRODUCTS {
                        products[i][j] = vectors.load(simd, i * PRODUCTS + j);
                    }
                }
                let sums = transform_2d!(A::output_transform, simd, products, PRODUCTS => TILE);
                for i in 0..TILE {
                    for j in 0..TILE {
                        let start = (i * TILE * tiles + TILE * tile + j) * channels + channel;
                        store_partial(simd, &mut out[start..][..length], sums[i][j]);
                    }
                }
            }
        }
    }
}

/// Transposed convolution: from products to pixels of the larger picture, `[2 · TILE, 2 · side, channels]`.
pub(super) struct ConvTransposeOutputTransform<'a, A, const TILE: usize, const PRODUCTS: usize> {
    pub(super) row: TileRow<A, TILE, PRODUCTS>,
    pub(super) product: GemmOutput<'a>,
    pub(super) out: &'a mut [f32],
}

impl<A: Transform1d<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize> WithSimd
    for ConvTransposeOutputTransform<'_, A, TILE, PRODUCTS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { row: TileRow { channels, tiles, index, .. }, product, out } = self;
        let side = 2 * TILE * tiles;
        let phase_columns = channels.next_multiple_of(S::F32_LANES);
        for (tile, phase) in tiles_and_phases(tiles) {
            let [edge_y, edge_x] = [phase / 2, phase % 2].map(TileOverlap::for_phase::<TILE>);
            let neighbour_row = edge_y.neighbour(index % tiles, tiles).map(|row| index / tiles * tiles + row);
            let neighbour_tile = edge_x.neighbour(tile, tiles);
            for channel in (0..channels).step_by(S::F32_LANES) {
                let length = S::F32_LANES.min(channels - channel);
                let column = phase * phase_columns + channel;
                let vectors_at = |row: usize, tile: usize| product.vectors_at(row * tiles + tile, column);
                let inputs = |tile: usize| (vectors_at(index, tile), neighbour_row.map(|row| vectors_at(row, tile)));
                let mut columns = [[simd.splat_f32s(0.0); TILE]; PRODUCTS];
                let tile_inputs = inputs(tile);
                for j in 0..PRODUCTS {
                    columns[j] = transform_column::<S, A, TILE, PRODUCTS>(simd, edge_y, tile_inputs, j);
                }
                let mut neighbour_edge = [simd.splat_f32s(0.0); TILE];
                if let Some(tile) = neighbour_tile {
                    neighbour_edge =
                        transform_column::<S, A, TILE, PRODUCTS>(simd, edge_y, inputs(tile), edge_x.product);
                }
                let rows = transposed(&columns);
                for i in 0..TILE {
                    let products = A::transposed_output_transform(simd, rows[i]);
                    let mut pixels = take_consecutive::<_, PRODUCTS, TILE>(products, edge_x.phase);
                    pixels[edge_x.pixel] = simd.add_f32s(pixels[edge_x.pixel], neighbour_edge[i]);
                    for j in 0..TILE {
                        let (y, x) = (2 * i + edge_y.phase, 2 * (TILE * tile + j) + edge_x.phase);
                        store_partial(simd, &mut out[(y * side + x) * channels + channel..][..length], pixels[j]);
                    }
                }
            }
        }
    }
}

/// The pixel in which a tile overlaps with a neighbour, for the even or the odd pixels along an axis.
#[derive(Clone, Copy)]
struct TileOverlap {
    phase: usize,
    /// The neighbour's only product that contributes to this pixel.
    product: usize,
    /// Index of the pixel in the tile.
    pixel: usize,
}

impl TileOverlap {
    /// Even pixels share their first pixel with the tile before, odd ones their last pixel with the tile after.
    fn for_phase<const TILE: usize>(phase: usize) -> Self {
        match phase {
            0 => Self { phase, product: TILE, pixel: 0 },
            _ => Self { phase, product: 0, pixel: TILE - 1 },
        }
    }

    /// Index of the overlapping neighbour, if there is one.
    fn neighbour(self, tile: usize, tiles: usize) -> Option<usize> {
        match self.phase {
            0 => tile.checked_sub(1),
            _ => Some(tile + 1).filter(|tile| *tile < tiles),
        }
    }
}

/// A tile's pixels along one column, from the `j`-th products of each row, plus the neighbour's contribution.
#[inline(always)]
fn transform_column<S: Simd, A: Transform1d<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize>(
    simd: S,
    edge: TileOverlap,
    (vectors, neighbour): (OutputVectors<'_>, Option<OutputVectors<'_>>),
    j: usize,
) -> [S::f32s; TILE] {
    let mut products = [simd.splat_f32s(0.0); PRODUCTS];
    for i in 0..PRODUCTS {
        products[i] = vectors.load(simd, i * PRODUCTS + j);
    }
    let mut pixels = take_consecutive::<_, PRODUCTS, TILE>(A::transposed_output_transform(simd, products), edge.phase);
    if let Some(neighbour) = neighbour {
        pixels[edge.pixel] = simd.add_f32s(pixels[edge.pixel], neighbour.load(simd, edge.product * PRODUCTS + j));
    }
    pixels
}
