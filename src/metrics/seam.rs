//! What shows along the edge of the hole.

use super::Picture;

/// The step across the hole's edge, as a multiple of what the truth has there: mean absolute difference, over channels,
/// between neighbouring pixels (side by side or one above the other) of which just one is in the hole; of the fill,
/// divided by that of the truth.
///
/// 1 is an edge like any other place of the photo, above 1 the hole's outline shows, below 1 the fill is smoother there
/// than a photo is. `None` without an edge (no hole, or nothing else), and when the truth is flat along it.
///
/// # Panics
/// When the pictures differ in size, or `hole` has not one value a pixel.
#[must_use]
pub fn seam_jump(truth: &Picture, filled: &Picture, hole: &[bool]) -> Option<f64> {
    assert_eq!((truth.width(), truth.height()), (filled.width(), filled.height()), "pictures of one size");
    assert_eq!(hole.len(), truth.area(), "one value a pixel");
    let (width, area) = (truth.width(), truth.area());
    let edges: Vec<(usize, usize)> = (0..area)
        .flat_map(|pixel| {
            let right = (pixel % width + 1 < width).then_some(pixel + 1);
            let below = (pixel + width < area).then_some(pixel + width);
            [right, below].into_iter().flatten().map(move |neighbour| (pixel, neighbour))
        })
        .filter(|&(one, two)| hole[one] != hole[two])
        .collect();
    // Both have as many edges and channels, which cancel.
    let steps = |picture: &Picture| -> f64 {
        picture.planes().flat_map(|plane| edges.iter().map(|&(one, two)| (plane[one] - plane[two]).abs())).sum()
    };
    let of_truth = steps(truth);
    (of_truth > 0.0).then(|| steps(filled) / of_truth)
}
