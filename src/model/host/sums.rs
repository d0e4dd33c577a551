//! Sums before and after the products: each value is written once, whatever its number of terms.

#![expect(
    clippy::inline_always,
    reason = "the features of the vector unit hold only for what is inlined into their function"
)]

use pulp::{Simd, WithSimd};

use super::panels::Product;

/// Terms of a sum, at most.
pub(super) const MOST_TERMS: usize = 9;

/// Adds up as many columns of some rows (matrix, row, sign) as `out` is long.
pub(super) struct Gather<'a> {
    pub(super) product: Product<'a>,
    pub(super) column: usize,
    pub(super) rows: &'a [(usize, usize, f32)],
    pub(super) out: &'a mut [f32],
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { product, mut column, rows, out: mut rest } = self;
        while !rest.is_empty() {
            let run = product.run(column, rest.len());
            let (out, after) = rest.split_at_mut(run);
            let mut sum = Sum::default();
            for (matrix, row, sign) in rows {
                sum.add(product.row(*matrix, *row, column, run), *sign);
            }
            sum.write(out);
            (column, rest) = (column + run, after);
        }
    }
}

/// A sum of runs of memory, all of one length: written once, whatever its number of terms.
pub(super) struct Sum<'a> {
    terms: [(&'a [f32], f32); MOST_TERMS],
    count: usize,
}

impl Default for Sum<'_> {
    #[inline(always)]
    fn default() -> Self {
        Self { terms: [(&[], 0.0); MOST_TERMS], count: 0 }
    }
}

impl<'a> Sum<'a> {
    #[inline(always)]
    pub(super) fn add(&mut self, values: &'a [f32], sign: f32) {
        self.terms[self.count] = (values, sign);
        self.count += 1;
    }

    #[inline(always)]
    fn write(&self, out: &mut [f32]) {
        /// As many sums as stay in registers.
        const BLOCK: usize = 16;
        let terms = &self.terms[..self.count];
        let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
        let start_of_rest = blocks.len() * BLOCK;
        for (index, out) in blocks.iter_mut().enumerate() {
            let mut sums = [0.0f32; BLOCK];
            for (values, sign) in terms {
                let values = &values[index * BLOCK..][..BLOCK];
                for position in 0..BLOCK {
                    sums[position] += sign * values[position];
                }
            }
            *out = sums;
        }
        for (index, out) in rest.iter_mut().enumerate() {
            *out = terms.iter().map(|(values, sign)| sign * values[start_of_rest + index]).sum();
        }
    }
}

/// Writes a sum with the vectors at hand.
pub(super) struct Write<'a>(pub(super) &'a Sum<'a>, pub(super) &'a mut [f32]);

impl WithSimd for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.0.write(self.1);
    }
}
