//! Seam visibility: the step across the hole's edge.

use super::PlanarImage;

/// The step across the hole's edge, relative to the true picture's. A step is the mean absolute difference, over
/// channels, between neighbouring pixels (side by side or one above the other) with exactly one of them in the hole.
/// The result is the step of the fill divided by the step of the true picture.
///
/// 1: as in the true picture. Above 1: the hole's outline is visible. Below 1: the fill is smoother at its edge than
/// the photo. `None` without an edge (no hole, or only hole), and when the true picture is flat along it.
///
/// # Panics
/// When the pictures differ in size, or `hole` does not have one value per pixel.
#[must_use]
pub fn seam_jump(truth: &PlanarImage, filled: &PlanarImage, hole: &[bool]) -> Option<f64> {
    assert_eq!((truth.width(), truth.height()), (filled.width(), filled.height()), "the pictures differ in size");
    assert_eq!(hole.len(), truth.area(), "the hole must have one value per pixel");
    let (width, area) = (truth.width(), truth.area());
    let edges: Vec<(usize, usize)> = (0..area)
        .flat_map(|pixel| {
            let right = (pixel % width + 1 < width).then_some(pixel + 1);
            let below = (pixel + width < area).then_some(pixel + width);
            [right, below].into_iter().flatten().map(move |neighbour| (pixel, neighbour))
        })
        .filter(|&(one, two)| hole[one] != hole[two])
        .collect();
    // Sums instead of means: both pictures have the same number of edges and channels, so these cancel.
    let step_sum = |picture: &PlanarImage| -> f64 {
        picture.planes().flat_map(|plane| edges.iter().map(|&(one, two)| (plane[one] - plane[two]).abs())).sum()
    };
    let true_sum = step_sum(truth);
    (true_sum > 0.0).then(|| step_sum(filled) / true_sum)
}
