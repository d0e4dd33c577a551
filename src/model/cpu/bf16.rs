//! GEMM in bfloat16 with sums in f32, on processors with AVX-512 BF16 (AMD since Zen 4, Intel servers since Cooper
//! Lake). It doubles the arithmetic throughput and halves the memory of the weights.
//!
//! A bfloat16 is the upper half of an f32 and has an 8-bit mantissa. The instruction adds two products to each sum, so
//! values are stored in pairs, the first in the lower half.

#[cfg(target_arch = "x86_64")]
pub(super) use avx512::Bf16;
#[cfg(not(target_arch = "x86_64"))]
pub(super) use unsupported::Bf16;

/// Columns of a panel: two vectors of sums.
pub(super) const PANEL_WIDTH: usize = 32;

/// Rounds two values to the nearest bfloat16, ties to even, and packs them.
pub(super) fn pack_pair(first: f32, second: f32) -> u32 {
    let rounded = |value: f32| {
        let bits = value.to_bits();
        bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16
    };
    rounded(first) | rounded(second) << 16
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    #![expect(unsafe_code, reason = "uses instructions that not every processor has")]

    use std::arch::x86_64::{
        __m512bh, __m512i, _mm512_cvtne2ps_pbh, _mm512_dpbf16_ps, _mm512_loadu_ps, _mm512_loadu_si512,
        _mm512_set1_epi32, _mm512_setzero_ps, _mm512_storeu_ps, _mm512_storeu_si512,
    };
    use std::mem::transmute;

    use super::{PANEL_WIDTH, pack_pair};
    use crate::model::cpu::packed_gemm::{RowOffsets, in_row_blocks};

    /// Most rows whose sums fit in the registers: two vectors per row, two of the panel, and one pair of `a`.
    const MAX_BLOCK_ROWS: usize = 12;

    /// Proof that the processor has the instructions.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Bf16(());

    #[expect(clippy::unused_self, reason = "`self` proves that the instructions exist")]
    impl Bf16 {
        pub(in super::super) fn try_new() -> Option<Self> {
            let has = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bf16");
            has.then_some(Self(()))
        }

        /// Rounds and packs rows of `length` values. An odd last value is paired with zero.
        pub(in super::super) fn round(self, length: usize, rows: &[f32], out: &mut [u32]) {
            // SAFETY: a `Self` exists only where the processor has the instructions.
            unsafe { round(length, rows, out) }
        }

        /// Multiplies all rows of `a` by one panel.
        pub(in super::super) fn multiply(self, a: &[u32], offsets: RowOffsets, panel: &[u32], out: &mut [f32]) {
            // SAFETY: a `Self` exists only where the processor has the instructions.
            unsafe { multiply(a, offsets, panel.as_chunks().0, out.as_chunks_mut().0) }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16")]
    fn round(length: usize, rows: &[f32], out: &mut [u32]) {
        for (row, out) in rows.chunks_exact(length).zip(out.chunks_exact_mut(length.div_ceil(2))) {
            let (vectors, remainder) = row.as_chunks::<32>();
            let (out, out_remainder) = out.split_at_mut(16 * vectors.len());
            for (values, out) in vectors.iter().zip(out.as_chunks_mut::<16>().0) {
                // SAFETY: the 32 values are read and the 16 pairs written; both types are 512 bits.
                unsafe {
                    let low = _mm512_loadu_ps(values.as_ptr());
                    let high = _mm512_loadu_ps(values.as_ptr().add(16));
                    let pairs = transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low));
                    _mm512_storeu_si512(out.as_mut_ptr().cast(), pairs);
                }
            }
            for (values, out) in remainder.chunks(2).zip(out_remainder) {
                *out = pack_pair(values[0], values.get(1).copied().unwrap_or(0.0));
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16")]
    fn multiply(a: &[u32], mut offsets: RowOffsets, panel: &[[u32; PANEL_WIDTH]], out: &mut [[f32; PANEL_WIDTH]]) {
        in_row_blocks!(out, MAX_BLOCK_ROWS, block => multiply_block::<HEIGHT>(a, &mut offsets, panel, block));
    }

    /// Multiplies `HEIGHT` rows of `a` by one panel, with the sums in registers.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512bf16")]
    #[inline]
    fn multiply_block<const HEIGHT: usize>(
        a: &[u32],
        offsets: &mut RowOffsets,
        panel: &[[u32; PANEL_WIDTH]],
        out: &mut [[f32; PANEL_WIDTH]],
    ) {
        let rows: [&[u32]; HEIGHT] = std::array::from_fn(|_| &a[offsets.next()..][..panel.len()]);
        let mut sums = [[_mm512_setzero_ps(); 2]; HEIGHT];
        for index in 0..panel.len() {
            let pairs = panel[index].as_ptr();
            // SAFETY: the 32 pairs are read; both types are 512 bits.
            let [left, right] = unsafe {
                let both = [_mm512_loadu_si512(pairs.cast()), _mm512_loadu_si512(pairs.add(16).cast())];
                transmute::<[__m512i; 2], [__m512bh; 2]>(both)
            };
            for row in 0..HEIGHT {
                let value = _mm512_set1_epi32(rows[row][index].cast_signed());
                // SAFETY: both types are 512 bits.
                let value = unsafe { transmute::<__m512i, __m512bh>(value) };
                sums[row][0] = _mm512_dpbf16_ps(sums[row][0], value, left);
                sums[row][1] = _mm512_dpbf16_ps(sums[row][1], value, right);
            }
        }
        for row in 0..HEIGHT {
            let out = out[row].as_mut_ptr();
            // SAFETY: the 32 values are written.
            unsafe {
                _mm512_storeu_ps(out, sums[row][0]);
                _mm512_storeu_ps(out.add(16), sums[row][1]);
            }
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod unsupported {
    use crate::model::cpu::packed_gemm::RowOffsets;

    /// Never constructed: this architecture has no such instructions.
    #[derive(Clone, Copy)]
    pub(in super::super) enum Bf16 {}

    impl Bf16 {
        pub(in super::super) fn try_new() -> Option<Self> {
            None
        }

        pub(in super::super) fn round(self, _: usize, _: &[f32], _: &mut [u32]) {
            match self {}
        }

        pub(in super::super) fn multiply(self, _: &[u32], _: RowOffsets, _: &[u32], _: &mut [f32]) {
            match self {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_to_nearest_ties_to_even() {
        let cases: [(f32, u32); 7] = [
            (1.0, 0x3f80),
            (-2.5, 0xc020),
            (0.0, 0),
            // Halfway between 0x3f80 and 0x3f81, and between 0x3f81 and 0x3f82.
            (f32::from_bits(0x3f80_8000), 0x3f80),
            (f32::from_bits(0x3f81_8000), 0x3f82),
            (f32::from_bits(0x3f80_8001), 0x3f81),
            (f32::from_bits(0x3f80_7fff), 0x3f80),
        ];
        for (value, expected) in cases {
            assert_eq!(pack_pair(value, 1.0), 0x3f80_0000 | expected, "{value}");
        }
    }

    #[test]
    fn processor_and_scalar_code_round_alike() {
        let Some(unit) = Bf16::try_new() else { return };
        let values: Vec<f32> = (0..3 * 75u16).map(|i| (f32::from(i) * 0.37 - 40.0).powi(3) / 7.0).collect();
        for length in [1, 2, 31, 32, 33, 63, 64, 75] {
            let rows = values.len() / length;
            let mut found = vec![u32::MAX; rows * length.div_ceil(2)];
            unit.round(length, &values[..rows * length], &mut found);
            let expected = values
                .chunks_exact(length)
                .flat_map(|row| row.chunks(2).map(|two| pack_pair(two[0], two.get(1).copied().unwrap_or(0.0))));
            assert_eq!(found, expected.collect::<Vec<_>>(), "{length}");
        }
    }
}
