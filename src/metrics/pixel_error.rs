//! Pixel-wise metrics: L1 and PSNR.

use super::PlanarImage;

/// The pixels that a metric covers.
#[derive(Clone, Copy, Debug)]
pub enum MetricRegion<'a> {
    Whole,
    /// One value per pixel, row by row: true in the hole. Pixels beyond its end are not in the hole.
    Hole(&'a [bool]),
}

impl MetricRegion<'_> {
    /// Whether the region contains a pixel, given by its row-major index.
    pub(super) fn contains(self, pixel: usize) -> bool {
        match self {
            Self::Whole => true,
            Self::Hole(hole) => hole.get(pixel) == Some(&true),
        }
    }
}

/// Mean absolute difference over the region's pixels and channels, 0 to 1; 0 for a region without pixels.
///
/// # Panics
/// When the pictures differ in size.
#[must_use]
pub fn l1(truth: &PlanarImage, filled: &PlanarImage, region: MetricRegion) -> f64 {
    mean_cost(truth, filled, region, f64::abs)
}

/// Peak signal-to-noise ratio over the region's pixels and channels, in decibels: `−10·log10(mean squared difference)`,
/// with peak 1. Infinite for equal pictures and for a region without pixels.
///
/// # Panics
/// When the pictures differ in size.
#[must_use]
pub fn psnr_db(truth: &PlanarImage, filled: &PlanarImage, region: MetricRegion) -> f64 {
    -10.0 * mean_cost(truth, filled, region, |difference| difference * difference).log10()
}

#[expect(clippy::cast_precision_loss, reason = "counts of values, far below 2^52")]
fn mean_cost(truth: &PlanarImage, filled: &PlanarImage, region: MetricRegion, cost: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    for (_, one, two) in truth.value_pairs(filled).filter(|(pixel, ..)| region.contains(*pixel)) {
        sum += cost(one - two);
        count += 1;
    }
    sum / count.max(1) as f64
}
