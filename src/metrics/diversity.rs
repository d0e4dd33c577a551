//! Diversity: how much several fills of one hole differ.

use super::{MetricRegion, PlanarImage, l1};

/// Mean [`l1`] in the hole over all pairs of fills, 0 (all equal) to 1. `None` for fewer than two fills.
///
/// # Panics
/// When the pictures differ in size.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of pairs, far below 2^52")]
pub fn diversity(fills: &[PlanarImage], hole: &[bool]) -> Option<f64> {
    let pairs = || fills.iter().enumerate().flat_map(|(index, one)| fills[..index].iter().map(move |two| (one, two)));
    let count = pairs().count();
    let sum: f64 = pairs().map(|(one, two)| l1(one, two, MetricRegion::Hole(hole))).sum();
    (count > 0).then(|| sum / count as f64)
}
