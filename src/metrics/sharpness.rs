//! How much fine structure a fill has.

use super::Picture;

/// The sharpness in the hole, as a multiple of the truth's: mean absolute Laplacian of the fill, over channels and those pixels
/// whose four neighbours are in the hole too, divided by that of the truth. The Laplacian is four times a pixel less its four
/// neighbours. What happens at the hole's edge has no part in it: see [`seam_jump`](super::seam_jump).
///
/// 1 is as sharp as the photo, below 1 blurred, above 1 grainy. PSNR rewards blur, so that it says little without this. `None`
/// without such pixels, and when the truth is flat there.
///
/// # Panics
/// When the pictures differ in size, or `hole` has not one value a pixel.
#[must_use]
pub fn sharpness(truth: &Picture, filled: &Picture, hole: &[bool]) -> Option<f64> {
    assert_eq!((truth.width(), truth.height()), (filled.width(), filled.height()), "pictures of one size");
    assert_eq!(hole.len(), truth.area(), "one value a pixel");
    let (width, area) = (truth.width(), truth.area());
    let inside: Vec<usize> = (width..area.saturating_sub(width))
        .filter(|pixel| (1..width - 1).contains(&(pixel % width)))
        .filter(|&pixel| [pixel, pixel - 1, pixel + 1, pixel - width, pixel + width].iter().all(|&at| hole[at]))
        .collect();
    // Both have as many pixels and channels, which cancel.
    let detail = |picture: &Picture| -> f64 {
        let laplacian = |plane: &[f64], at: usize| {
            4.0 * plane[at] - plane[at - 1] - plane[at + 1] - plane[at - width] - plane[at + width]
        };
        picture.planes().flat_map(|plane| inside.iter().map(move |&at| laplacian(plane, at).abs())).sum()
    };
    let of_truth = detail(truth);
    (of_truth > 0.0).then(|| detail(filled) / of_truth)
}
