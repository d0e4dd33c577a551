//! Winograd's transforms along one axis.
//!
//! The smaller picture is cut into tiles of `TILE` pixels. With two taps, a tile needs `TILE + 1` products instead of
//! `2 · TILE`. The input transform takes `PRODUCTS` pixels of the larger picture to the factors of the products. The
//! output transform takes the products to the tile's pixels. The transposed convolution uses the transposed matrices:
//! the transpose of the output transform for its input, and that of the input transform for its output.

#![expect(clippy::many_single_char_names, reason = "the values along one axis")]
#![expect(clippy::inline_always, reason = "target features apply only to code that is inlined into their function")]

use pulp::Simd;

pub(in super::super) trait Transform1d<const TILE: usize, const PRODUCTS: usize>: Sync {
    /// Filter transform: the weight of each product as a combination of the two taps.
    const FILTER: [[f32; 2]; PRODUCTS];

    fn input_transform<S: Simd>(simd: S, pixels: [S::f32s; PRODUCTS]) -> [S::f32s; PRODUCTS];

    fn output_transform<S: Simd>(simd: S, products: [S::f32s; PRODUCTS]) -> [S::f32s; TILE];

    fn transposed_input_transform<S: Simd>(simd: S, pixels: [S::f32s; TILE]) -> [S::f32s; PRODUCTS];

    /// The first and the last pixel equal the first and the last product. Neighbouring tiles overlap in these pixels.
    fn transposed_output_transform<S: Simd>(simd: S, products: [S::f32s; PRODUCTS]) -> [S::f32s; PRODUCTS];
}

/// F(2, 2): three products for two pixels. The transforms only add and subtract.
pub(in super::super) struct F2;

impl Transform1d<2, 3> for F2 {
    const FILTER: [[f32; 2]; 3] = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];

    #[inline(always)]
    fn input_transform<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 3] {
        [simd.sub_f32s(a, b), b, simd.sub_f32s(c, b)]
    }

    #[inline(always)]
    fn output_transform<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 2] {
        [simd.add_f32s(a, b), simd.add_f32s(b, c)]
    }

    #[inline(always)]
    fn transposed_input_transform<S: Simd>(simd: S, [a, b]: [S::f32s; 2]) -> [S::f32s; 3] {
        [a, simd.add_f32s(a, b), b]
    }

    #[inline(always)]
    fn transposed_output_transform<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 3] {
        [a, simd.sub_f32s(simd.sub_f32s(b, a), c), c]
    }
}

/// F(4, 2): five products for four pixels, with the interpolation points 0, 1, −1, 2 and infinity.
pub(in super::super) struct F4;

impl Transform1d<4, 5> for F4 {
    const FILTER: [[f32; 2]; 5] =
        [[1.0, 0.0], [-0.5, -0.5], [-1.0 / 6.0, 1.0 / 6.0], [1.0 / 6.0, 1.0 / 3.0], [0.0, 1.0]];

    #[inline(always)]
    fn input_transform<S: Simd>(simd: S, [a, b, c, d, e]: [S::f32s; 5]) -> [S::f32s; 5] {
        let times = |factor: f32, value, sum| simd.mul_add_f32s(simd.splat_f32s(factor), value, sum);
        let outer = simd.sub_f32s(d, b);
        [
            times(0.5, outer, simd.sub_f32s(a, c)),
            times(-2.0, b, simd.sub_f32s(d, c)),
            times(2.0, b, times(-3.0, c, d)),
            outer,
            times(-2.0, outer, simd.sub_f32s(e, c)),
        ]
    }

    #[inline(always)]
    fn output_transform<S: Simd>(simd: S, [a, b, c, d, e]: [S::f32s; 5]) -> [S::f32s; 4] {
        let times = |factor: f32, value, sum| simd.mul_add_f32s(simd.splat_f32s(factor), value, sum);
        let (even, odd) = (simd.add_f32s(b, c), simd.sub_f32s(b, c));
        [
            simd.add_f32s(simd.add_f32s(a, even), d),
            times(2.0, d, odd),
            times(4.0, d, even),
            times(8.0, d, simd.add_f32s(odd, e)),
        ]
    }

    #[inline(always)]
    fn transposed_input_transform<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 5] {
        let times = |factor: f32, value, sum| simd.mul_add_f32s(simd.splat_f32s(factor), value, sum);
        let (even, odd) = (simd.add_f32s(a, c), simd.add_f32s(b, d));
        [a, simd.add_f32s(even, odd), simd.sub_f32s(even, odd), times(8.0, d, times(4.0, c, times(2.0, b, a))), d]
    }

    #[inline(always)]
    fn transposed_output_transform<S: Simd>(simd: S, [a, b, c, d, e]: [S::f32s; 5]) -> [S::f32s; 5] {
        let times = |factor: f32, value, sum| simd.mul_add_f32s(simd.splat_f32s(factor), value, sum);
        let outer = times(-2.0, e, times(0.5, a, d));
        let sum = simd.add_f32s(simd.add_f32s(a, b), e);
        [
            a,
            simd.sub_f32s(times(2.0, c, times(-2.0, b, simd.splat_f32s(0.0))), outer),
            simd.sub_f32s(times(-3.0, c, simd.splat_f32s(0.0)), sum),
            simd.add_f32s(simd.add_f32s(b, c), outer),
            e,
        ]
    }
}
