//! Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004, "Image Quality Assessment: From Error Visibility to
//! Structural Similarity", section III-B).

use rayon::prelude::*;

use super::PlanarImage;

/// Standard deviation of the Gaussian window (section III-B).
const SIGMA_PX: f64 = 1.5;
/// The window is 11×11: five pixels to each side.
const WINDOW_RADIUS_PX: usize = 5;
/// `(K1·L)²` with K1 = 0.01 and values of range L = 1.
const C1: f64 = 0.01 * 0.01;
/// `(K2·L)²` with K2 = 0.03.
const C2: f64 = 0.03 * 0.03;

/// The SSIM map: `[height, width]`, mean over the channels, −1 to 1; 1 where the windows are equal.
///
/// The picture is mirrored at its borders. Variances are weighted by the window, without Bessel's correction. This is
/// scikit-image's `structural_similarity(…, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
/// channel_axis=2)`.
pub struct SsimMap {
    width: usize,
    height: usize,
    values: Vec<f64>,
}

impl SsimMap {
    /// Compares two pictures.
    ///
    /// # Panics
    /// When the pictures differ in size.
    #[must_use]
    pub fn new(truth: &PlanarImage, filled: &PlanarImage) -> Self {
        let (width, height) = (truth.width(), truth.height());
        assert_eq!((width, height), (filled.width(), filled.height()), "the pictures differ in size");
        let mut values = vec![0.0; width * height];
        for (x, y) in truth.planes().zip(filled.planes()) {
            let mean_product = |one: &[f64], two: &[f64]| {
                gaussian_blur(one.iter().zip(two).map(|(one, two)| one * two).collect(), width, height)
            };
            let (mean_x, mean_y) = (gaussian_blur(x.to_vec(), width, height), gaussian_blur(y.to_vec(), width, height));
            let (xx, yy, xy) = (mean_product(x, x), mean_product(y, y), mean_product(x, y));
            for (index, value) in values.iter_mut().enumerate() {
                let (mx, my) = (mean_x[index], mean_y[index]);
                let (var_x, var_y, covariance) = (xx[index] - mx * mx, yy[index] - my * my, xy[index] - mx * my);
                let numerator = (2.0 * mx * my + C1) * (2.0 * covariance + C2);
                *value += numerator / ((mx * mx + my * my + C1) * (var_x + var_y + C2)) / 3.0;
            }
        }
        Self { width, height, values }
    }

    /// The SSIM of the two pictures: the mean over pixels whose window lies inside the picture, or over all pixels if
    /// the picture is smaller than a window.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let inner = |index: usize, size: usize| {
            size <= 2 * WINDOW_RADIUS_PX || (WINDOW_RADIUS_PX..size - WINDOW_RADIUS_PX).contains(&index)
        };
        self.mean_where(|index| inner(index % self.width, self.width) && inner(index / self.width, self.height))
    }

    /// Mean over the hole's pixels, including those at the picture's border. Their windows extend beyond the hole, so
    /// known pixels near it have an influence. 1 without a hole.
    #[must_use]
    pub fn mean_in_hole(&self, hole: &[bool]) -> f64 {
        self.mean_where(|index| hole.get(index) == Some(&true))
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of pixels, far below 2^52")]
    fn mean_where(&self, is_counted: impl Fn(usize) -> bool) -> f64 {
        let chosen = || self.values.iter().enumerate().filter(|(index, _)| is_counted(*index)).map(|(_, value)| value);
        let count = chosen().count();
        if count == 0 { 1.0 } else { chosen().sum::<f64>() / count as f64 }
    }
}

/// The Gaussian window along one axis; its weights sum to 1.
fn gaussian_window() -> [f64; 2 * WINDOW_RADIUS_PX + 1] {
    let distances_px = [-5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0_f64];
    let weights = distances_px.map(|distance_px| (-0.5 * (distance_px / SIGMA_PX).powi(2)).exp());
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// Blurs a plane with the separable Gaussian window. The plane is mirrored at its borders.
fn gaussian_blur(mut plane: Vec<f64>, width: usize, height: usize) -> Vec<f64> {
    let window = gaussian_window();
    let row_length = width.max(1);
    plane.par_chunks_exact_mut(row_length).for_each_init(Vec::new, |padded, row| {
        padded.clear();
        padded.extend((0..width + 2 * WINDOW_RADIUS_PX).map(|i| row[mirror_index(i, width)]));
        for (value, values) in row.iter_mut().zip(padded.windows(window.len())) {
            *value = values.iter().zip(&window).map(|(value, weight)| value * weight).sum();
        }
    });
    let mut blurred = vec![0.0; plane.len()];
    blurred.par_chunks_exact_mut(row_length).enumerate().for_each(|(y, sums)| {
        for (i, weight) in window.iter().enumerate() {
            let row = &plane[mirror_index(y + i, height) * width..][..width];
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value * weight;
            }
        }
    });
    blurred
}

/// Maps an index of a line that is padded by [`WINDOW_RADIUS_PX`] at both ends to an index of the line. The padding
/// mirrors the line and repeats its end value (`c b a | a b c | c b a`), as often as needed for short lines.
fn mirror_index(index: usize, length: usize) -> usize {
    let period = 2 * length;
    // Adds whole periods to avoid negative numbers.
    let position = (index + WINDOW_RADIUS_PX * period - WINDOW_RADIUS_PX) % period;
    position.min(period - 1 - position)
}
