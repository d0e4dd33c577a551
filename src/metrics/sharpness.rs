//! Sharpness: how much fine structure a fill has.

use super::PlanarImage;

/// The sharpness in the hole, relative to the true picture's: the mean absolute Laplacian of the fill divided by that
/// of the true picture. The mean is over channels and over hole pixels whose four neighbours are in the hole too. The
/// Laplacian is four times a pixel minus its four neighbours. The hole's edge does not count here: see
/// [`seam_jump`](super::seam_jump).
///
/// 1: as sharp as the photo. Below 1: blurred. Above 1: grainy. PSNR rewards blur, so read the two together. `None`
/// without such pixels, and when the true picture is flat there.
///
/// # Panics
/// When the pictures differ in size, or `hole` does not have one value per pixel.
#[must_use]
pub fn sharpness(truth: &PlanarImage, filled: &PlanarImage, hole: &[bool]) -> Option<f64> {
    assert_eq!((truth.width(), truth.height()), (filled.width(), filled.height()), "the pictures differ in size");
    assert_eq!(hole.len(), truth.area(), "the hole must have one value per pixel");
    let (width, area) = (truth.width(), truth.area());
    let inner_pixels: Vec<usize> = (width..area.saturating_sub(width))
        .filter(|pixel| (1..width - 1).contains(&(pixel % width)))
        .filter(|&pixel| [pixel, pixel - 1, pixel + 1, pixel - width, pixel + width].iter().all(|&pixel| hole[pixel]))
        .collect();
    // Sums instead of means: both pictures have the same number of pixels and channels, so these cancel.
    let laplacian_sum = |picture: &PlanarImage| -> f64 {
        let laplacian = |plane: &[f64], i: usize| {
            4.0 * plane[i] - plane[i - 1] - plane[i + 1] - plane[i - width] - plane[i + width]
        };
        picture.planes().flat_map(|plane| inner_pixels.iter().map(move |&pixel| laplacian(plane, pixel).abs())).sum()
    };
    let true_sum = laplacian_sum(truth);
    (true_sum > 0.0).then(|| laplacian_sum(filled) / true_sum)
}
