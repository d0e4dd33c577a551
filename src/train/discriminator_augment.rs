//! Augmentation of D's inputs: random shift, brightness, contrast and saturation. Strong augmentation changes colours
//! more, scales, and cuts out a square.
//!
//! A discriminator that sees a small data set often enough memorises it. Random augmentation prevents that. Real and
//! generated images are augmented alike, and the generator's gradients pass through the augmentation (Zhao et al.
//! 2020, arXiv 2006.10738). The probability of strong augmentation starts at 0. It grows while D is certain about real
//! faces, a sign of memorising (Karras et al. 2020, arXiv 2006.06676).

use burn::tensor::{Device, Tensor};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::net::upload_shaped;

/// The highest probability of strong augmentation.
const MAX_STRENGTH: f32 = 0.85;
/// Target for the mean sign of D's logits on real faces. Above it the augmentation gets stronger, below it weaker.
const TARGET_REAL_SIGN: f32 = 0.5;
/// Number of faces over which the probability would rise from 0 to 1.
const RAMP_FACES: f32 = 400_000.0;
/// Probability of a cutout, relative to that of the other strong changes.
const CUTOUT_SHARE: f32 = 0.7;
/// Half the side of the cutout square, as a share of the image's side.
const CUTOUT_HALF_SIDE: f32 = 0.22;

/// Adapts the probability of strong augmentation after `faces` more faces with this mean sign of D's logits.
pub(super) fn adapted_strength(strength: f32, mean_real_sign: f32, faces: f32) -> f32 {
    let step = faces / RAMP_FACES;
    let adapted = if mean_real_sign > TARGET_REAL_SIGN { strength + step } else { strength - step };
    adapted.clamp(0.0, MAX_STRENGTH)
}

/// The augmentation of one image, applied in this order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DiscriminatorAugment {
    /// Added to every value.
    pub brightness: f32,
    /// Factor on the difference from the pixel's grey.
    pub saturation: f32,
    /// Factor on the difference from the image's mean.
    pub contrast: f32,
    /// Visible width and height relative to the image's side. Above 1 the image looks smaller.
    pub scale: [f32; 2],
    /// Offset to each pixel's source, right and down, at most an eighth of the side. Sources outside the image are
    /// zero.
    pub shift_px: [i32; 2],
    /// Centre of a square of zeros, as shares of the side.
    pub cutout_center: Option<[f32; 2]>,
}

impl DiscriminatorAugment {
    pub const IDENTITY: Self = Self {
        brightness: 0.0,
        saturation: 1.0,
        contrast: 1.0,
        scale: [1.0; 2],
        shift_px: [0; 2],
        cutout_center: None,
    };

    /// A random augmentation for images with this side. Strong colour changes and scaling have the probability
    /// `strength` each, a cutout [`CUTOUT_SHARE`] times that.
    pub fn random(size_px: usize, strength: f32, rng: &mut ChaCha8Rng) -> Self {
        let max_shift = i32::try_from(size_px / 8).unwrap_or(0);
        let mut augment = Self {
            brightness: rng.random_range(-0.125..0.125),
            saturation: rng.random_range(0.75..1.25),
            contrast: rng.random_range(0.85..1.15),
            shift_px: [0; 2].map(|_: i32| rng.random_range(-max_shift..=max_shift)),
            ..Self::IDENTITY
        };
        let mut is_strong = |share: f32| strength > 0.0 && rng.random::<f32>() < share * strength;
        let [color, size, cutout] = [is_strong(1.0), is_strong(1.0), is_strong(CUTOUT_SHARE)];
        if color {
            // Three times as far from the identity.
            augment.brightness *= 3.0;
            augment.saturation = 3.0 * augment.saturation - 2.0;
            augment.contrast = 3.0 * augment.contrast - 2.0;
        }
        if size {
            let scale: f32 = rng.random_range(-0.25..0.25);
            let stretch: f32 = rng.random_range(-0.12..0.12);
            augment.scale = [(scale + stretch).exp(), (scale - stretch).exp()];
        }
        if cutout {
            augment.cutout_center = Some([rng.random(), rng.random()]);
        }
        augment
    }

    /// Whether the pixel at this position (as shares of the side) lies in the cutout.
    fn is_cut_out(&self, [x, y]: [f32; 2]) -> bool {
        self.cutout_center.is_some_and(|center| (x - center[0]).abs().max((y - center[1]).abs()) < CUTOUT_HALF_SIDE)
    }
}

/// The augmentation of a batch, on a device.
pub(super) struct AugmentBatch {
    /// `[batch, 1, 1, 1]` each.
    brightness: Tensor<4>,
    saturation: Tensor<4>,
    contrast: Tensor<4>,
    /// `[batch, 3, size, size]` each: the one resamples rows from the left, the other columns from the right.
    row_matrix: Tensor<4>,
    column_matrix: Tensor<4>,
    /// `[batch, 1, size, size]`: 0 in cutouts, 1 elsewhere. `None` without cutouts.
    keep_mask: Option<Tensor<4>>,
}

impl AugmentBatch {
    /// Uploads the augmentation of a batch of images with this side.
    pub fn new(augments: &[DiscriminatorAugment], size_px: usize, device: &Device) -> Self {
        let (count, area) = (augments.len(), size_px * size_px);
        let factors = |factor: fn(&DiscriminatorAugment) -> f32| {
            upload_shaped(augments.iter().map(factor).collect(), [count, 1, 1, 1], device)
        };
        let planes = |values: Vec<f32>| upload_shaped(values, [count, 1, size_px, size_px], device);
        // Entry (i, j) of the row matrix is the weight of source row j in row i. The column matrix is its transpose.
        let matrix = |axis: usize, by_rows: bool| {
            let mut values = vec![0.0; count * area];
            for (augment, matrix) in augments.iter().zip(values.chunks_exact_mut(area)) {
                let (scale, shift_px) = (augment.scale[axis], augment.shift_px[axis]);
                for to in 0..size_px {
                    for (from, weight) in interpolation_weights(to, size_px, scale, shift_px) {
                        matrix[if by_rows { to * size_px + from } else { from * size_px + to }] = weight;
                    }
                }
            }
            planes(values).expand([count, 3, size_px, size_px])
        };
        let keep_mask = augments.iter().any(|augment| augment.cutout_center.is_some()).then(|| {
            #[expect(clippy::cast_precision_loss, reason = "images are at most some hundred pixels wide")]
            let position = |index: usize| (index as f32 + 0.5) / size_px as f32;
            let is_kept = |augment: &DiscriminatorAugment, index: usize| {
                !augment.is_cut_out([position(index % size_px), position(index / size_px)])
            };
            let pixels = augments.iter().flat_map(|augment| (0..area).map(move |index| (augment, index)));
            planes(pixels.map(|(augment, index)| f32::from(u8::from(is_kept(augment, index)))).collect())
        });
        Self {
            brightness: factors(|augment| augment.brightness),
            saturation: factors(|augment| augment.saturation),
            contrast: factors(|augment| augment.contrast),
            row_matrix: matrix(1, true),
            column_matrix: matrix(0, false),
            keep_mask,
        }
    }

    /// Augments images `[batch, 3, size, size]`. The operation is differentiable.
    pub fn apply(&self, images: Tensor<4>) -> Tensor<4> {
        let x = images + self.brightness.clone();
        let grey = x.clone().mean_dim(1);
        let x = (x - grey.clone()) * self.saturation.clone() + grey;
        let mean = x.clone().mean_dim(1).mean_dim(2).mean_dim(3);
        let x = (x - mean.clone()) * self.contrast.clone() + mean;
        let x = self.row_matrix.clone().matmul(x).matmul(self.column_matrix.clone());
        match &self.keep_mask {
            Some(keep_mask) => x * keep_mask.clone(),
            None => x,
        }
    }

    /// The same augmentation, for images with autodiff.
    pub fn with_autodiff(&self) -> Self {
        Self {
            brightness: self.brightness.clone().autodiff(),
            saturation: self.saturation.clone().autodiff(),
            contrast: self.contrast.clone().autodiff(),
            row_matrix: self.row_matrix.clone().autodiff(),
            column_matrix: self.column_matrix.clone().autodiff(),
            keep_mask: self.keep_mask.clone().map(Tensor::autodiff),
        }
    }
}

/// The source pixels of an output pixel along one axis, with their weights for linear interpolation.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions in and around an image of some hundred pixels"
)]
fn interpolation_weights(
    index: usize,
    size_px: usize,
    scale: f32,
    shift_px: i32,
) -> impl Iterator<Item = (usize, f32)> {
    let middle = size_px as f32 / 2.0 - 0.5;
    let source = (index as f32 - middle) * scale + middle + shift_px as f32;
    let (first, fraction) = (source.floor(), source - source.floor());
    [(first, 1.0 - fraction), (first + 1.0, fraction)]
        .into_iter()
        .filter(move |(index, weight)| *weight > 0.0 && *index >= 0.0 && *index < size_px as f32)
        .map(|(index, weight)| (index as usize, weight))
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::model::read_values;
    use crate::train::rng::{RngStream, rng_for, sample_prior};

    fn augmented(augment: DiscriminatorAugment, pixels: &[f32]) -> Vec<f32> {
        let image = Tensor::<4>::from_data(TensorData::new(pixels.to_vec(), [1, 3, 8, 8]), &Device::flex());
        read_values(AugmentBatch::new(&[augment], 8, &Device::flex()).apply(image))
    }

    #[test]
    fn a_shift_moves_pixels_and_fills_with_zeros() {
        let pixels: Vec<f32> = (0..192u8).map(f32::from).map(|value| value + 1.0).collect();
        let result = augmented(DiscriminatorAugment { shift_px: [1, -2], ..DiscriminatorAugment::IDENTITY }, &pixels);
        for (index, value) in result.iter().enumerate() {
            let (plane, y, x) = (index / 64, index / 8 % 8, index % 8);
            let expected = if x + 1 < 8 && y >= 2 { pixels[plane * 64 + (y - 2) * 8 + x + 1] } else { 0.0 };
            assert!((value - expected).abs() < 1e-3, "{plane} {y} {x}: {value} for {expected}");
        }
    }

    #[test]
    fn brightness_saturation_and_contrast_change_as_set() {
        let pixels = sample_prior(&mut rng_for(2, RngStream::Samples), 192);
        let mean = |values: &[f32]| values.iter().sum::<f32>() / 192.0;
        let bright = augmented(DiscriminatorAugment { brightness: 0.1, ..DiscriminatorAugment::IDENTITY }, &pixels);
        assert!(bright.iter().zip(&pixels).all(|(new, pixel)| (new - pixel - 0.1).abs() < 1e-5));
        let flat = augmented(DiscriminatorAugment { contrast: 0.85, ..DiscriminatorAugment::IDENTITY }, &pixels);
        let middle = mean(&pixels);
        assert!(flat.iter().zip(&pixels).all(|(new, pixel)| (new - middle - 0.85 * (pixel - middle)).abs() < 1e-5));
        let grey = augmented(DiscriminatorAugment { saturation: 0.75, ..DiscriminatorAugment::IDENTITY }, &pixels);
        for pixel in 0..64 {
            let color = |values: &[f32]| [values[pixel], values[64 + pixel], values[128 + pixel]];
            let (before, after) = (color(&pixels), color(&grey));
            let middle = before.iter().sum::<f32>() / 3.0;
            assert!(before.iter().zip(after).all(|(old, new)| (new - middle - 0.75 * (old - middle)).abs() < 1e-5));
        }
    }

    #[test]
    fn scaling_interpolates_and_a_cutout_is_zero() {
        let ramp: Vec<f32> = (0..192u8).map(|at| f32::from(at % 8)).collect();
        let result = augmented(DiscriminatorAugment { scale: [0.5, 1.0], ..DiscriminatorAugment::IDENTITY }, &ramp);
        for (x, value) in result[..8].iter().enumerate() {
            let expected = (f32::from(u8::try_from(x).unwrap()) - 3.5) * 0.5 + 3.5;
            assert!((value - expected).abs() < 1e-5, "{x}: {value} for {expected}");
        }
        let ones = [1.0; 192];
        let cut = augmented(
            DiscriminatorAugment { cutout_center: Some([0.25, 0.75]), ..DiscriminatorAugment::IDENTITY },
            &ones,
        );
        let zeros: Vec<usize> = (0..64).filter(|at| cut[*at] == 0.0).collect();
        assert_eq!((zeros.len(), zeros[0], zeros[15]), (16, 4 * 8, 7 * 8 + 3));
        assert!(
            augmented(DiscriminatorAugment { scale: [1.0, 2.0], ..DiscriminatorAugment::IDENTITY }, &ones)[..8]
                .iter()
                .all(|value| *value == 0.0)
        );
    }

    #[test]
    fn strong_augmentation_has_the_requested_probability() {
        let mut rng = rng_for(3, RngStream::Samples);
        let mut count = |strength: f32| {
            let augments: Vec<DiscriminatorAugment> =
                (0..1000).map(|_| DiscriminatorAugment::random(64, strength, &mut rng)).collect();
            let share = |is: fn(&DiscriminatorAugment) -> bool| augments.iter().filter(|augment| is(augment)).count();
            [
                share(|augment| augment.brightness.abs() > 0.125),
                share(|augment| (augment.scale[0] - 1.0).abs() > 1e-6),
                share(|augment| augment.cutout_center.is_some()),
            ]
        };
        assert_eq!(count(0.0), [0; 3]);
        // Two thirds of the strong brightness changes exceed the weak range.
        let [color, size, cutout] = count(0.5);
        assert!((270..400).contains(&color) && (440..560).contains(&size) && (300..400).contains(&cutout));
    }

    #[test]
    fn augmentation_strength_adapts_within_bounds() {
        assert!((adapted_strength(0.4, 0.9, 4000.0) - 0.41).abs() < 1e-6);
        assert!((adapted_strength(0.4, 0.1, 4000.0) - 0.39).abs() < 1e-6);
        assert!((adapted_strength(0.84, 0.9, 4e5) - MAX_STRENGTH).abs() < 1e-6);
        assert!(adapted_strength(0.21, 0.0, 4e5).abs() < 1e-6);
    }
}
