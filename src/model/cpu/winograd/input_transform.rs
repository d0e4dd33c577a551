//! Input transforms: from a tile's pixels to the factors of its products.

#![expect(clippy::needless_range_loop, reason = "iterators would keep the vectors in memory instead of registers")]
#![expect(clippy::inline_always, reason = "target features apply only to code that is inlined into their function")]

use pulp::{Simd, WithSimd};

use super::simd_matrix::{load_padded, store_partial, transform_2d, transposed};
use super::transform_1d::Transform1d;
use super::{TileRow, tiles_and_phases};

/// Convolution: from pixels of the larger picture, `[2 · side, 2 · side, channels]`, to
/// `[product][tile][phase][channels]`.
pub(super) struct ConvInputTransform<'a, A, const TILE: usize, const PRODUCTS: usize> {
    pub(super) row: TileRow<A, TILE, PRODUCTS>,
    pub(super) picture: &'a [f32],
    pub(super) out: &'a mut [f32],
}

impl<A: Transform1d<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize> WithSimd
    for ConvInputTransform<'_, A, TILE, PRODUCTS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { row: TileRow { channels, tiles, index, .. }, picture, out } = self;
        let side = 2 * TILE * tiles;
        for (tile, phase) in tiles_and_phases(tiles) {
            // Pixel `2m + phase` for m from `TILE · tile − phase` on.
            let pixel = |tile: usize, i: usize, phase: usize| {
                (2 * (TILE * tile + i)).checked_sub(phase).filter(|pixel| *pixel < side)
            };
            let mut starts = [[None; PRODUCTS]; PRODUCTS];
            for (i, starts) in starts.iter_mut().enumerate() {
                for (j, start) in starts.iter_mut().enumerate() {
                    let (y, x) = (pixel(index % tiles, i, phase / 2), pixel(tile, j, phase % 2));
                    *start = y.zip(x).map(|(y, x)| (y * side + x) * channels);
                }
            }
            for channel in (0..channels).step_by(S::F32_LANES) {
                let length = S::F32_LANES.min(channels - channel);
                let mut pixels = [[simd.splat_f32s(0.0); PRODUCTS]; PRODUCTS];
                for i in 0..PRODUCTS {
                    for j in 0..PRODUCTS {
                        if let Some(start) = starts[i][j] {
                            pixels[i][j] = load_padded(simd, &picture[start + channel..][..length]);
                        }
                    }
                }
                let factors = transform_2d!(A::input_transform, simd, pixels, PRODUCTS => PRODUCTS);
                for i in 0..PRODUCTS {
                    for j in 0..PRODUCTS {
                        let start = (((i * PRODUCTS + j) * tiles + tile) * 4 + phase) * channels + channel;
                        store_partial(simd, &mut out[start..][..length], factors[i][j]);
                    }
                }
            }
        }
    }
}

/// Transposed convolution: from pixels of the smaller picture, `[side, side, channels]`, to
/// `[product][tile][channels]`.
pub(super) struct ConvTransposeInputTransform<'a, A, const TILE: usize, const PRODUCTS: usize> {
    pub(super) row: TileRow<A, TILE, PRODUCTS>,
    pub(super) pictures: &'a [f32],
    pub(super) out: &'a mut [f32],
}

impl<A: Transform1d<TILE, PRODUCTS>, const TILE: usize, const PRODUCTS: usize> WithSimd
    for ConvTransposeInputTransform<'_, A, TILE, PRODUCTS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { row: TileRow { channels, tiles, index, .. }, pictures, out } = self;
        let row_pixels = &pictures[index * TILE * TILE * tiles * channels..];
        for tile in 0..tiles {
            for channel in (0..channels).step_by(S::F32_LANES) {
                let length = S::F32_LANES.min(channels - channel);
                let mut pixels = [[simd.splat_f32s(0.0); TILE]; TILE];
                for i in 0..TILE {
                    for j in 0..TILE {
                        let start = (i * TILE * tiles + TILE * tile + j) * channels + channel;
                        pixels[i][j] = load_padded(simd, &row_pixels[start..][..length]);
                    }
                }
                let factors = transform_2d!(A::transposed_input_transform, simd, pixels, TILE => PRODUCTS);
                for i in 0..PRODUCTS {
                    for j in 0..PRODUCTS {
                        let start = ((i * PRODUCTS + j) * tiles + tile) * channels + channel;
                        store_partial(simd, &mut out[start..][..length], factors[i][j]);
                    }
                }
            }
        }
    }
}
