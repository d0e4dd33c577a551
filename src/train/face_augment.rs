//! Augmentation of training faces: small random rotation, scale, shift and colour changes.
//!
//! It imitates differences in alignment and light. All networks see only augmented faces, so that none of them
//! memorises the data.

use rand_chacha::ChaCha8Rng;

use super::rng::standard_normal;
use crate::photo::catmull_rom_weights;

/// Standard deviations of the angle in radians, of the logarithm of the scale, and of the shift as a share of the side.
const ROTATION_STD: f32 = 0.03;
const SCALE_STD: f32 = 0.03;
const SHIFT_STD: f32 = 0.008;
/// Standard deviations of the logarithms of saturation, contrast, brightness, and the brightness of each channel.
const SATURATION_STD: f32 = 0.1;
const CONTRAST_STD: f32 = 0.06;
const BRIGHTNESS_STD: f32 = 0.05;
const TINT_STD: f32 = 0.025;
/// Random values are limited to this many standard deviations.
const MAX_DEVIATIONS: f32 = 2.5;

/// The augmentation of one face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FaceAugment {
    pub rotation_radians: f32,
    /// Side of the visible area relative to the face's side. Above 1 the face looks smaller.
    pub scale: f32,
    /// Shift as a share of the side.
    pub shift: [f32; 2],
    pub saturation: f32,
    pub contrast: f32,
    /// Factors on red, green and blue, where black is zero.
    pub brightness: [f32; 3],
}

impl FaceAugment {
    pub fn random(rng: &mut ChaCha8Rng) -> Self {
        let mut random = |deviation: f32| deviation * standard_normal(rng).clamp(-MAX_DEVIATIONS, MAX_DEVIATIONS);
        let brightness = random(BRIGHTNESS_STD);
        Self {
            rotation_radians: random(ROTATION_STD),
            scale: random(SCALE_STD).exp(),
            shift: [random(SHIFT_STD), random(SHIFT_STD)],
            saturation: random(SATURATION_STD).exp(),
            contrast: random(CONTRAST_STD).exp(),
            brightness: [0; 3].map(|_: i32| (brightness + random(TINT_STD)).exp()),
        }
    }

    /// Augments an image of interleaved RGB bytes and appends it as planes in [-1, 1]. Pixels outside the image are
    /// mirrored at its edges.
    #[expect(clippy::cast_precision_loss, reason = "images are at most some hundred pixels wide")]
    pub fn append_augmented(&self, planes: &mut Vec<f32>, image: &[u8], size_px: usize, is_mirrored: bool) {
        let pixels = image.as_chunks::<3>().0;
        let middle = size_px as f32 / 2.0;
        let (sine, cosine) = self.rotation_radians.sin_cos();
        let center = self.shift.map(|shift| (0.5 + shift) * size_px as f32 - 0.5);
        let color = |index: usize| {
            let [x, y] = [index % size_px, index / size_px].map(|position| position as f32 + 0.5 - middle);
            let x = if is_mirrored { -x } else { x };
            let source_x = self.scale * (cosine * x - sine * y) + center[0];
            let source_y = self.scale * (sine * x + cosine * y) + center[1];
            sample_cubic(pixels, size_px, [source_x, source_y]).map(|value| value / 127.5 - 1.0)
        };
        let mut colors: Vec<[f32; 3]> = (0..size_px * size_px).map(color).collect();
        self.adjust_colors(&mut colors);
        planes.extend((0..3).flat_map(|channel| colors.iter().map(move |color| color[channel])));
    }

    #[expect(clippy::cast_precision_loss, reason = "images are at most some hundred pixels wide")]
    fn adjust_colors(&self, pixels: &mut [[f32; 3]]) {
        for color in &mut *pixels {
            let grey = color.iter().sum::<f32>() / 3.0;
            *color = color.map(|value| grey + self.saturation * (value - grey));
        }
        let mean = pixels.as_flattened().iter().sum::<f32>() / (3 * pixels.len()).max(1) as f32;
        for color in pixels {
            for (value, brightness) in color.iter_mut().zip(self.brightness) {
                let contrasted = mean + self.contrast * (*value - mean);
                *value = ((contrasted + 1.0) * brightness - 1.0).clamp(-1.0, 1.0);
            }
        }
    }
}

/// The colour at a point, by cubic interpolation. `[0, 0]` is the centre of the first pixel.
#[expect(clippy::cast_possible_truncation, reason = "positions in and around an image of some hundred pixels")]
fn sample_cubic(pixels: &[[u8; 3]], size_px: usize, [x, y]: [f32; 2]) -> [f32; 3] {
    let last = size_px.saturating_sub(1);
    let mirrored_index = |index: isize| {
        let index = if index < 0 { -1 - index } else { index }.unsigned_abs();
        if index > last { (2 * last + 1).saturating_sub(index) } else { index }
    };
    let (left, top) = (x.floor(), y.floor());
    let mut color = [0.0; 3];
    for (tap, weight_y) in catmull_rom_weights(y - top).into_iter().enumerate() {
        let row_start = mirrored_index(top as isize - 1 + tap.cast_signed()) * size_px;
        for (tap, weight_x) in catmull_rom_weights(x - left).into_iter().enumerate() {
            let index = row_start + mirrored_index(left as isize - 1 + tap.cast_signed());
            let pixel = pixels.get(index).copied().unwrap_or_default();
            for (sum, value) in color.iter_mut().zip(pixel) {
                *sum += weight_y * weight_x * f32::from(value);
            }
        }
    }
    color
}

#[cfg(test)]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "test values are small"
)]
mod tests {
    use super::*;
    use crate::train::batch::to_planar;
    use crate::train::rng::{RngStream, rng_for};

    const SIZE: usize = 32;
    const IDENTITY: FaceAugment = FaceAugment {
        rotation_radians: 0.0,
        scale: 1.0,
        shift: [0.0; 2],
        saturation: 1.0,
        contrast: 1.0,
        brightness: [1.0; 3],
    };

    /// A smooth test image: a wave per channel, with a phase that grows across and down.
    fn test_image() -> Vec<u8> {
        let value = |x: f32, y: f32, channel: f32| 128.0 + 90.0 * (0.2 * x + 0.13 * y + channel).sin();
        let pixel = |at: usize| {
            [0u8, 1, 2].map(|channel| value((at % SIZE) as f32, (at / SIZE) as f32, f32::from(channel)) as u8)
        };
        (0..SIZE * SIZE).flat_map(pixel).collect()
    }

    fn augmented(augment: FaceAugment, is_mirrored: bool) -> Vec<f32> {
        let mut planes = Vec::new();
        augment.append_augmented(&mut planes, &test_image(), SIZE, is_mirrored);
        planes
    }

    fn max_difference(a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn the_identity_keeps_or_mirrors_the_face() {
        let mut expected: Vec<f32> = to_planar(&test_image()).collect();
        assert!(max_difference(&augmented(IDENTITY, false), &expected) < 1e-5);
        expected.chunks_mut(SIZE).for_each(<[f32]>::reverse);
        assert!(max_difference(&augmented(IDENTITY, true), &expected) < 1e-5);
    }

    #[test]
    fn faces_are_shifted_rotated_and_scaled() {
        let original = augmented(IDENTITY, false);
        let at = |planes: &[f32], x: usize, y: usize| planes[y * SIZE + x];
        let moved = augmented(FaceAugment { shift: [2.0 / 32.0, -1.0 / 32.0], ..IDENTITY }, false);
        assert!((at(&moved, 10, 12) - at(&original, 12, 11)).abs() < 1e-4);
        let turned = augmented(FaceAugment { rotation_radians: std::f32::consts::FRAC_PI_2, ..IDENTITY }, false);
        // A quarter turn moves the pixels below the centre to its right.
        assert!((at(&turned, 20, 10) - at(&original, 21, 20)).abs() < 1e-4);
        let smaller = augmented(FaceAugment { scale: 2.0, ..IDENTITY }, false);
        let neighbours = [(8, 20), (9, 20), (8, 21), (9, 21)].map(|(x, y)| at(&original, x, y));
        assert!((at(&smaller, 12, 18) - neighbours.iter().sum::<f32>() / 4.0).abs() < 0.01, "{}", at(&smaller, 12, 18));
    }

    #[test]
    fn pixels_outside_are_mirrored() {
        let original = augmented(IDENTITY, false);
        let moved = augmented(FaceAugment { shift: [-4.0 / 32.0, 0.0], ..IDENTITY }, false);
        for x in 0..4 {
            assert!((moved[7 * SIZE + x] - original[7 * SIZE + 3 - x]).abs() < 1e-4);
        }
    }

    #[test]
    fn contrast_brightness_and_saturation_change_as_set() {
        let original = augmented(IDENTITY, false);
        let mean = original.iter().sum::<f32>() / original.len() as f32;
        let flat = augmented(FaceAugment { contrast: 0.9, ..IDENTITY }, false);
        let brighter = augmented(FaceAugment { brightness: [1.1, 1.0, 1.0], ..IDENTITY }, false);
        let area = SIZE * SIZE;
        for at in 0..original.len() {
            assert!((flat[at] - mean - 0.9 * (original[at] - mean)).abs() < 1e-4);
            let factor = if at < area { 1.1 } else { 1.0 };
            assert!((brighter[at] - (factor * (original[at] + 1.0) - 1.0).clamp(-1.0, 1.0)).abs() < 1e-4);
        }
        let pale = augmented(FaceAugment { saturation: 0.5, ..IDENTITY }, false);
        assert!(((pale[5] - pale[area + 5]) - 0.5 * (original[5] - original[area + 5])).abs() < 1e-4);
    }

    #[test]
    fn random_augmentations_differ_and_are_limited() {
        let mut rng = rng_for(4, RngStream::Samples);
        let augments: Vec<FaceAugment> = (0..200).map(|_| FaceAugment::random(&mut rng)).collect();
        assert!(augments.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(augments.iter().all(|augment| augment.rotation_radians.abs() <= 0.0751 && augment.scale < 1.08));
        let mean = augments.iter().map(|augment| augment.shift[0]).sum::<f32>() / 200.0;
        assert!(mean.abs() < 0.003, "{mean}");
    }
}
