//! The kernel inception distance between two sets of features (KID, Bińkowski et al. 2018, arXiv 1801.01401).
//!
//! It is the unbiased estimate of the squared maximum mean discrepancy with the kernel `(x·y/d + 1)³`, averaged over
//! random subsets. An unbiased estimate can be slightly negative.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// Number of subsets.
const SUBSET_COUNT: usize = 10;
/// Rows of a subset, or fewer if a set is smaller.
const SUBSET_ROWS: usize = 128;

/// The distance between two sets of rows of `length` values; `None` if either has fewer than two rows.
pub(super) fn kernel_distance(length: usize, a: &[f32], b: &[f32], rng: &mut ChaCha8Rng) -> Option<f64> {
    let rows = |all: &[f32]| all.len().checked_div(length).unwrap_or(0);
    let size = SUBSET_ROWS.min(rows(a)).min(rows(b));
    if size < 2 {
        return None;
    }
    let mut sum = 0.0;
    for _ in 0..SUBSET_COUNT {
        let (a, b) = (random_subset(length, a, size, rng), random_subset(length, b, size, rng));
        sum += mean_kernel(&a, &a, true) + mean_kernel(&b, &b, true) - 2.0 * mean_kernel(&a, &b, false);
    }
    #[expect(clippy::cast_precision_loss, reason = "ten subsets")]
    let mean = sum / SUBSET_COUNT as f64;
    Some(mean)
}

/// Draws `size` rows without repetition.
fn random_subset<'a>(length: usize, all: &'a [f32], size: usize, rng: &mut ChaCha8Rng) -> Vec<&'a [f32]> {
    let mut rows: Vec<&[f32]> = all.chunks_exact(length).collect();
    for index in 0..size {
        let other = rng.random_range(index..rows.len());
        rows.swap(index, other);
    }
    rows.truncate(size);
    rows
}

/// The mean of the kernel over all pairs of rows. `only_different` skips pairs of a row with itself.
#[expect(clippy::cast_precision_loss, reason = "counts of numbers and pairs, far below 2^52")]
fn mean_kernel(a: &[&[f32]], b: &[&[f32]], only_different: bool) -> f64 {
    let mut sum = 0.0;
    for (i, one) in a.iter().enumerate() {
        for (j, other) in b.iter().enumerate() {
            if !(only_different && i == j) {
                let product: f32 = one.iter().zip(*other).map(|(x, y)| x * y).sum();
                sum += (f64::from(product) / one.len() as f64 + 1.0).powi(3);
            }
        }
    }
    let pairs = a.len() * (b.len() - usize::from(only_different));
    sum / pairs as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::rng::{RngStream, rng_for, standard_normal};

    #[test]
    fn the_distance_follows_its_definition() {
        // Two rows each: k(a1, a2) + k(b1, b2) − 2 · mean of the four mixed pairs, with k(x, y) = (x·y/2 + 1)³.
        let (a, b) = ([1.0, 0.0, 0.0, 2.0], [2.0, 2.0, -1.0, 1.0]);
        let kernel = |product: f64| (product / 2.0 + 1.0).powi(3);
        let mixed = (kernel(2.0) + kernel(-1.0) + kernel(4.0) + kernel(2.0)) / 4.0;
        let expected = kernel(0.0) + kernel(0.0) - 2.0 * mixed;
        let found = kernel_distance(2, &a, &b, &mut rng_for(0, RngStream::Evaluation)).unwrap();
        assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
        assert_eq!(kernel_distance(2, &a[..2], &b, &mut rng_for(0, RngStream::Evaluation)), None);
    }

    #[test]
    fn the_distance_grows_from_zero_with_a_shift() {
        let mut rng = rng_for(1, RngStream::Evaluation);
        let mut normal = |shift: f32| (0..200 * 8).map(|_| standard_normal(&mut rng) + shift).collect::<Vec<f32>>();
        let (a, same, near, far) = (normal(0.0), normal(0.0), normal(0.3), normal(1.0));
        let distance = |b: &[f32]| kernel_distance(8, &a, b, &mut rng_for(2, RngStream::Evaluation)).unwrap();
        let (same, near, far) = (distance(&same), distance(&near), distance(&far));
        assert!(same.abs() < 0.05 && near > 0.1 && far > 5.0 * near, "{same} {near} {far}");
    }
}
