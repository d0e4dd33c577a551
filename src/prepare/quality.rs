//! Quality measures of a face's crop: sharpness, and a fingerprint for finding duplicates.

use image::GrayImage;
use image::imageops::{self, FilterType};
use serde::{Deserialize, Serialize};

/// Side in pixels of the crop for sharpness and fingerprint, independent of the dataset's size.
pub(super) const MEASURED_SIDE_PX: u32 = 128;
/// Rows of the reduced picture for the fingerprint. It has one more column.
const FINGERPRINT_ROWS: u32 = 16;

/// Variance of the Laplacian (`4-neighbours − 4·pixel`) of grey values 0 to 255 (Pech-Pacheco et al. 2000). Beyond the
/// border, the picture is mirrored about its border pixels, as in `OpenCV`.
pub(super) fn sharpness(grey: &GrayImage) -> f32 {
    let (width, height) = grey.dimensions();
    let grey_at = |x: u32, y: u32| f64::from(grey.get_pixel(x, y).0[0]);
    let before = |index: u32, length: u32| index.checked_sub(1).unwrap_or_else(|| 1.min(length - 1));
    let after = |index: u32, length: u32| if index + 1 < length { index + 1 } else { length.saturating_sub(2) };
    let (mut sum, mut squares) = (0.0, 0.0);
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        let horizontal = grey_at(before(x, width), y) + grey_at(after(x, width), y);
        let vertical = grey_at(x, before(y, height)) + grey_at(x, after(y, height));
        let value = horizontal + vertical - 4.0 * grey_at(x, y);
        sum += value;
        squares += value * value;
    }
    let count = f64::from(width) * f64::from(height);
    #[expect(clippy::cast_possible_truncation, reason = "a variance of numbers up to 1020")]
    let variance = (squares / count - (sum / count).powi(2)) as f32;
    variance
}

/// A difference hash (Krawetz 2013) of 256 bits: whether each cell of a 17×16 reduction is darker than the next.
///
/// The usual 64 bits are too few: small aligned faces of different people look too similar. With 256 bits, different
/// people are farther apart than a picture and its rescaled, recompressed copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint([u64; 4]);

impl Fingerprint {
    pub(super) fn of(grey: &GrayImage) -> Self {
        let small = imageops::resize(grey, FINGERPRINT_ROWS + 1, FINGERPRINT_ROWS, FilterType::Triangle);
        let mut bits = [0u64; 4];
        let cells = (0..FINGERPRINT_ROWS).flat_map(|y| (0..FINGERPRINT_ROWS).map(move |x| (x, y)));
        for (index, (x, y)) in cells.enumerate() {
            if small.get_pixel(x, y).0[0] < small.get_pixel(x + 1, y).0[0] {
                bits[index / 64] |= 1 << (index % 64);
            }
        }
        Self(bits)
    }

    /// Whether two fingerprints differ in at most this many bits. Stops early for most pairs.
    pub(super) fn is_within(&self, other: &Self, bits: u32) -> bool {
        let mut remaining = bits;
        self.0.iter().zip(&other.0).all(|(a, b)| {
            let differing = (a ^ b).count_ones();
            let fits = differing <= remaining;
            remaining = remaining.saturating_sub(differing);
            fits
        })
    }
}

/// Converts planar RGB in [-1, 1] to grey, with the weights of `OpenCV` (ITU-R BT.601).
pub(super) fn to_grey(side_px: u32, planar: &[f32]) -> GrayImage {
    let area = side_px as usize * side_px as usize;
    GrayImage::from_fn(side_px, side_px, |x, y| {
        let index = y as usize * side_px as usize + x as usize;
        let value = |channel: usize| planar.get(channel * area + index).map_or(0.0, |value| (value + 1.0) * 127.5);
        let grey = 0.299 * value(0) + 0.587 * value(1) + 0.114 * value(2);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
        image::Luma([(grey + 0.5) as u8])
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sharpness_equals_opencv() {
        // cv2.Laplacian(np.array([[10, 20, 90], [30, 250, 70], [5, 60, 110]], np.uint8), cv2.CV_64F).var()
        let grey = GrayImage::from_raw(3, 3, vec![10, 20, 90, 30, 250, 70, 5, 60, 110]).unwrap();
        assert!((sharpness(&grey) - 160_816.67).abs() < 0.1, "{}", sharpness(&grey));
        assert!(sharpness(&GrayImage::from_pixel(9, 9, image::Luma([77]))).abs() < 1e-6);
    }

    #[test]
    fn fingerprint_ignores_brightness_but_not_mirroring() {
        let picture = GrayImage::from_fn(128, 128, |x, y| image::Luma([((x * 5 + y * 3) % 97) as u8]));
        let mut brighter = picture.clone();
        brighter.pixels_mut().for_each(|pixel| pixel.0[0] += 40);
        let fingerprint = Fingerprint::of(&picture);
        assert!(fingerprint.is_within(&Fingerprint::of(&brighter), 4));
        assert!(!fingerprint.is_within(&Fingerprint::of(&imageops::flip_horizontal(&picture)), 60));
    }

    proptest! {
        #[test]
        fn fingerprint_distance_counts_all_bits(a: [u64; 4], b: [u64; 4], bits in 0u32..256) {
            let distance: u32 = a.iter().zip(&b).map(|(a, b)| (a ^ b).count_ones()).sum();
            prop_assert_eq!(Fingerprint(a).is_within(&Fingerprint(b), bits), distance <= bits);
        }
    }
}
