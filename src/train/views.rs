//! Augmentation of D's inputs: random shift, brightness, contrast and saturation. Strong augmentation also scales and
//! cuts out a part.
//!
//! A discriminator that sees a small data set often enough memorises it. Random augmentation prevents that. Real and
//! generated images pass through the same augmentation, and its gradients reach the generator (Zhao et al. 2020, arXiv
//! 2006.10738). The probability of strong augmentation starts at 0. It grows while D is certain about real faces, a
//! sign of memorising (Karras et al. 2020, arXiv 2006.06676).

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// The highest probability of strong augmentation.
const MOST_STRENGTH: f32 = 0.85;
/// Target for the mean sign of D's logits on real faces. Above it the augmentation gets stronger, below it weaker.
const SURE: f32 = 0.5;
/// Number of faces in which the probability would rise from 0 to 1.
const FACES_TO_ALL: f32 = 400_000.0;
/// Probability of a cutout, relative to that of the other strong changes.
const CUT_SHARE: f32 = 0.7;
/// Half the side of the cutout square, as a share of the image's side.
const CUT_REACH: f32 = 0.22;

/// Adapts the probability of strong augmentation after `faces` more faces. `sureness` is the mean sign of D's logits on
/// real faces.
pub(super) fn adapted(strength: f32, sureness: f32, faces: f32) -> f32 {
    let step = faces / FACES_TO_ALL;
    let adapted = if sureness > SURE { strength + step } else { strength - step };
    adapted.clamp(0.0, MOST_STRENGTH)
}

/// The augmentation of one image, applied in this order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    /// Added to every value.
    pub brightness: f32,
    /// Factor on the difference from the pixel's grey.
    pub saturation: f32,
    /// Factor on the difference from the image's mean.
    pub contrast: f32,
    /// Visible width and height relative to the image's side. Above 1 the image looks smaller.
    pub scale: [f32; 2],
    /// Each pixel shows the one this many pixels to its right and below, up to an eighth of the side. Pixels outside
    /// are zero.
    pub shift_px: [i32; 2],
    /// Centre of a square of zeros, as shares of the side.
    pub cut: Option<[f32; 2]>,
}

impl View {
    /// No change.
    pub const SAME: Self =
        Self { brightness: 0.0, saturation: 1.0, contrast: 1.0, scale: [1.0; 2], shift_px: [0; 2], cut: None };

    /// A random augmentation for images with this side. Strong colour changes and scaling have the probability
    /// `strength` each, a cutout [`CUT_SHARE`] times that.
    pub fn draw(size_px: usize, strength: f32, rng: &mut ChaCha8Rng) -> Self {
        let reach = i32::try_from(size_px / 8).unwrap_or(0);
        let mut view = Self {
            brightness: rng.random_range(-0.125..0.125),
            saturation: rng.random_range(0.75..1.25),
            contrast: rng.random_range(0.85..1.15),
            shift_px: [rng.random_range(-reach..=reach), rng.random_range(-reach..=reach)],
            ..Self::SAME
        };
        let mut is_strong = |share: f32| strength > 0.0 && rng.random::<f32>() < share * strength;
        let [light, size, cut] = [is_strong(1.0), is_strong(1.0), is_strong(CUT_SHARE)];
        if light {
            // Three times as strong.
            view.brightness *= 3.0;
            view.saturation = 3.0 * view.saturation - 2.0;
            view.contrast = 3.0 * view.contrast - 2.0;
        }
        if size {
            let scale: f32 = rng.random_range(-0.25..0.25);
            let stretch: f32 = rng.random_range(-0.12..0.12);
            view.scale = [(scale + stretch).exp(), (scale - stretch).exp()];
        }
        if cut {
            view.cut = Some([rng.random(), rng.random()]);
        }
        view
    }

    /// Whether the pixel at this position (as shares of the side) lies in the cutout.
    fn cuts(&self, [x, y]: [f32; 2]) -> bool {
        self.cut.is_some_and(|[left, top]| (x - left).abs() < CUT_REACH && (y - top).abs() < CUT_REACH)
    }
}

/// The augmentation of a batch, on a device.
pub(super) struct Views {
    /// `[batch, 1, 1, 1]` each.
    brightness: Tensor<4>,
    saturation: Tensor<4>,
    contrast: Tensor<4>,
    /// `[batch, 3, size, size]`: a product from the left resamples rows, a product from the right columns.
    rows: Tensor<4>,
    columns: Tensor<4>,
    /// `[batch, 1, size, size]`: 0 in cutouts, 1 elsewhere. `None` without cutouts.
    left: Option<Tensor<4>>,
}

impl Views {
    /// Uploads the augmentation of a batch of images with this side.
    pub fn new(views: &[View], size_px: usize, device: &Device) -> Self {
        let numbers = |of: fn(&View) -> f32| {
            let values: Vec<f32> = views.iter().map(of).collect();
            Tensor::<4>::from_data(TensorData::new(values, [views.len(), 1, 1, 1]), device)
        };
        let planes = |values: Vec<f32>| {
            Tensor::<4>::from_data(TensorData::new(values, [views.len(), 1, size_px, size_px]), device)
        };
        // Entry (i, j) of the row matrix is the weight of source row j in row i. The column matrix is its transpose.
        let matrix = |axis: usize, by_rows: bool| {
            let mut values = vec![0.0; views.len() * size_px * size_px];
            for (view, matrix) in views.iter().zip(values.chunks_exact_mut(size_px * size_px)) {
                for to in 0..size_px {
                    for (from, share) in seen_at(to, size_px, view.scale[axis], view.shift_px[axis]) {
                        matrix[if by_rows { to * size_px + from } else { from * size_px + to }] = share;
                    }
                }
            }
            planes(values).expand([views.len(), 3, size_px, size_px])
        };
        let left = views.iter().any(|view| view.cut.is_some()).then(|| {
            #[expect(clippy::cast_precision_loss, reason = "images are at most some hundred pixels wide")]
            let share = |at: usize| (at as f32 + 0.5) / size_px as f32;
            let of_view = |view: &View| {
                let view = *view;
                let is_left = move |at: usize| !view.cuts([share(at % size_px), share(at / size_px)]);
                (0..size_px * size_px).map(move |at| f32::from(u8::from(is_left(at))))
            };
            planes(views.iter().flat_map(of_view).collect())
        });
        Self {
            brightness: numbers(|view| view.brightness),
            saturation: numbers(|view| view.saturation),
            contrast: numbers(|view| view.contrast),
            rows: matrix(1, true),
            columns: matrix(0, false),
            left,
        }
    }

    /// Augments images `[batch, 3, size, size]`. The operation is differentiable.
    pub fn look(&self, pictures: Tensor<4>) -> Tensor<4> {
        let x = pictures + self.brightness.clone();
        let grey = x.clone().mean_dim(1);
        let x = (x - grey.clone()) * self.saturation.clone() + grey;
        let mean = x.clone().mean_dim(1).mean_dim(2).mean_dim(3);
        let x = (x - mean.clone()) * self.contrast.clone() + mean;
        let x = self.rows.clone().matmul(x).matmul(self.columns.clone());
        match &self.left {
            Some(left) => x * left.clone(),
            None => x,
        }
    }

    /// The same augmentation, for images with autodiff.
    pub fn with_autodiff(&self) -> Self {
        Self {
            brightness: self.brightness.clone().autodiff(),
            saturation: self.saturation.clone().autodiff(),
            contrast: self.contrast.clone().autodiff(),
            rows: self.rows.clone().autodiff(),
            columns: self.columns.clone().autodiff(),
            left: self.left.clone().map(Tensor::autodiff),
        }
    }
}

/// The source pixels of an output pixel along one axis and their weights (linear interpolation).
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions in and around a image of some hundred pixels"
)]
fn seen_at(to: usize, size_px: usize, scale: f32, shift_px: i32) -> impl Iterator<Item = (usize, f32)> {
    let middle = size_px as f32 / 2.0 - 0.5;
    let from = (to as f32 - middle) * scale + middle + shift_px as f32;
    let (first, share) = (from.floor(), from - from.floor());
    [(first, 1.0 - share), (first + 1.0, share)]
        .into_iter()
        .filter(move |(at, share)| *share > 0.0 && *at >= 0.0 && *at < size_px as f32)
        .map(|(at, share)| (at as usize, share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::draws::{Purpose, prior, stream};

    fn augmented(view: View, pixels: &[f32]) -> Vec<f32> {
        let picture = Tensor::<4>::from_data(TensorData::new(pixels.to_vec(), [1, 3, 8, 8]), &Device::flex());
        let result = Views::new(&[view], 8, &Device::flex()).look(picture);
        result.into_data().iter::<f32>().collect()
    }

    #[test]
    fn a_shift_moves_pixels_and_fills_with_zeros() {
        let pixels: Vec<f32> = (0..192u8).map(f32::from).map(|value| value + 1.0).collect();
        let result = augmented(View { shift_px: [1, -2], ..View::SAME }, &pixels);
        for (index, value) in result.iter().enumerate() {
            let (plane, y, x) = (index / 64, index / 8 % 8, index % 8);
            let expected = if x + 1 < 8 && y >= 2 { pixels[plane * 64 + (y - 2) * 8 + x + 1] } else { 0.0 };
            assert!((value - expected).abs() < 1e-3, "{plane} {y} {x}: {value} for {expected}");
        }
    }

    #[test]
    fn brightness_saturation_and_contrast_change_as_set() {
        let pixels = prior(&mut stream(2, Purpose::Samples), 192);
        let mean = |values: &[f32]| values.iter().sum::<f32>() / 192.0;
        let bright = augmented(View { brightness: 0.1, ..View::SAME }, &pixels);
        assert!(bright.iter().zip(&pixels).all(|(seen, pixel)| (seen - pixel - 0.1).abs() < 1e-5));
        let flat = augmented(View { contrast: 0.85, ..View::SAME }, &pixels);
        let middle = mean(&pixels);
        assert!(flat.iter().zip(&pixels).all(|(seen, pixel)| (seen - middle - 0.85 * (pixel - middle)).abs() < 1e-5));
        let grey = augmented(View { saturation: 0.75, ..View::SAME }, &pixels);
        for pixel in 0..64 {
            let of = |values: &[f32]| [values[pixel], values[64 + pixel], values[128 + pixel]];
            let (was, is) = (of(&pixels), of(&grey));
            let middle = was.iter().sum::<f32>() / 3.0;
            assert!(was.iter().zip(is).all(|(was, is)| (is - middle - 0.75 * (was - middle)).abs() < 1e-5));
        }
    }

    #[test]
    fn scaling_interpolates_and_a_cutout_is_zero() {
        let ramp: Vec<f32> = (0..192u8).map(|at| f32::from(at % 8)).collect();
        let result = augmented(View { scale: [0.5, 1.0], ..View::SAME }, &ramp);
        for (x, value) in result[..8].iter().enumerate() {
            let expected = (f32::from(u8::try_from(x).unwrap()) - 3.5) * 0.5 + 3.5;
            assert!((value - expected).abs() < 1e-5, "{x}: {value} for {expected}");
        }
        let ones = [1.0; 192];
        let cut = augmented(View { cut: Some([0.25, 0.75]), ..View::SAME }, &ones);
        let zeros: Vec<usize> = (0..64).filter(|at| cut[*at] == 0.0).collect();
        assert_eq!((zeros.len(), zeros[0], zeros[15]), (16, 4 * 8, 7 * 8 + 3));
        assert!(augmented(View { scale: [1.0, 2.0], ..View::SAME }, &ones)[..8].iter().all(|value| *value == 0.0));
    }

    #[test]
    fn strong_augmentation_has_the_requested_probability() {
        let mut rng = stream(3, Purpose::Samples);
        let mut count = |strength: f32| {
            let drawn: Vec<View> = (0..1000).map(|_| View::draw(64, strength, &mut rng)).collect();
            let share = |is: fn(&View) -> bool| drawn.iter().filter(|view| is(view)).count();
            [
                share(|view| view.brightness.abs() > 0.125),
                share(|view| (view.scale[0] - 1.0).abs() > 1e-6),
                share(|view| view.cut.is_some()),
            ]
        };
        assert_eq!(count(0.0), [0; 3]);
        // Two thirds of the strong brightness changes exceed the weak range.
        let [light, size, cut] = count(0.5);
        assert!((270..400).contains(&light) && (440..560).contains(&size) && (300..400).contains(&cut));
    }

    #[test]
    fn augmentation_strength_adapts_within_bounds() {
        assert!((adapted(0.4, 0.9, 4000.0) - 0.41).abs() < 1e-6);
        assert!((adapted(0.4, 0.1, 4000.0) - 0.39).abs() < 1e-6);
        assert!((adapted(0.84, 0.9, 4e5) - MOST_STRENGTH).abs() < 1e-6);
        assert!(adapted(0.21, 0.0, 4e5).abs() < 1e-6);
    }
}
