//! Pictures as D sees them: shifted, and of another brightness, contrast and saturation; strong views also scaled, and with a
//! part cut out.
//!
//! A discriminator that sees 20,000 faces often enough learns them by heart; one that never sees the same picture twice cannot.
//! Real and drawn pictures pass through the same random views, and gradients pass through them to the generator (Zhao et
//! al. 2020, arXiv 2006.10738). None is strong at first, and the more the surer D becomes of real faces, which shows that it knows
//! them (Karras et al. 2020, arXiv 2006.06676).

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// The largest share of strong views.
const MOST_STRENGTH: f32 = 0.85;
/// The share of real faces found real, less that of those found fake, above which there shall be more strong views.
const SURE: f32 = 0.5;
/// In so many faces the share would go from none to all.
const FACES_TO_ALL: f32 = 400_000.0;
/// Of a strong view's parts, that one is cut out is so many times as likely as the others.
const CUT_SHARE: f32 = 0.7;
/// Half the side of the square that is cut out, as a share of the picture's.
const CUT_REACH: f32 = 0.22;

/// The share of strong views after so many faces of which D was so sure: the mean sign of its logits on real ones.
pub(super) fn adapted(strength: f32, sureness: f32, faces: f32) -> f32 {
    let step = faces / FACES_TO_ALL;
    let adapted = if sureness > SURE { strength + step } else { strength - step };
    adapted.clamp(0.0, MOST_STRENGTH)
}

/// What is done to one picture, in this order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    /// Added to every value.
    pub brightness: f32,
    /// Factor on what differs from the pixel's grey.
    pub saturation: f32,
    /// Factor on what differs from the picture's mean.
    pub contrast: f32,
    /// What of the picture is seen across and down: above 1 it looks smaller.
    pub scale: [f32; 2],
    /// What lies so many pixels right of and below a pixel is shown there; up to an eighth of the side. Outside there are zeros.
    pub shift_px: [i32; 2],
    /// The middle of a square of zeros, as shares of the side.
    pub cut: Option<[f32; 2]>,
}

impl View {
    /// A picture as it is.
    pub const SAME: Self =
        Self { brightness: 0.0, saturation: 1.0, contrast: 1.0, scale: [1.0; 2], shift_px: [0; 2], cut: None };

    /// A random view of a picture with this side. Its light, its size and a cut are strong with a probability of `strength` each.
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
            // Three times as far.
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

    /// Whether a pixel with this middle, as shares of the side, is cut out.
    fn cuts(&self, [x, y]: [f32; 2]) -> bool {
        self.cut.is_some_and(|[left, top]| (x - left).abs() < CUT_REACH && (y - top).abs() < CUT_REACH)
    }
}

/// The views of a batch, on a device.
pub(super) struct Views {
    /// `[batch, 1, 1, 1]` each.
    brightness: Tensor<4>,
    saturation: Tensor<4>,
    contrast: Tensor<4>,
    /// `[batch, 3, size, size]`: multiplied from the left they move rows, from the right columns.
    rows: Tensor<4>,
    columns: Tensor<4>,
    /// `[batch, 1, size, size]`: 0 where something is cut out, else 1. `None` when nothing is.
    left: Option<Tensor<4>>,
}

impl Views {
    /// Uploads the views of a batch of pictures with this side.
    pub fn new(views: &[View], size_px: usize, device: &Device) -> Self {
        let numbers = |of: fn(&View) -> f32| {
            let values: Vec<f32> = views.iter().map(of).collect();
            Tensor::<4>::from_data(TensorData::new(values, [views.len(), 1, 1, 1]), device)
        };
        let planes = |values: Vec<f32>| {
            Tensor::<4>::from_data(TensorData::new(values, [views.len(), 1, size_px, size_px]), device)
        };
        // Entry (i, j) of the left matrix is how much row i shows of row j; the right one is its mirror image.
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
            #[expect(clippy::cast_precision_loss, reason = "pictures are at most some hundred pixels wide")]
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

    /// The pictures `[batch, 3, size, size]` so seen. Gradients pass.
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

    /// The same views, for pictures with autodiff.
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

/// The pixels of a row that a pixel of the view shows, and how much of each: between the two that its middle comes from.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places in and around a picture of some hundred pixels"
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

    fn looked(view: View, pixels: &[f32]) -> Vec<f32> {
        let picture = Tensor::<4>::from_data(TensorData::new(pixels.to_vec(), [1, 3, 8, 8]), &Device::flex());
        let seen = Views::new(&[view], 8, &Device::flex()).look(picture);
        seen.into_data().iter::<f32>().collect()
    }

    #[test]
    fn a_shift_shows_what_lies_there_and_zeros_outside() {
        let pixels: Vec<f32> = (0..192u8).map(f32::from).map(|value| value + 1.0).collect();
        let seen = looked(View { shift_px: [1, -2], ..View::SAME }, &pixels);
        for (index, value) in seen.iter().enumerate() {
            let (plane, y, x) = (index / 64, index / 8 % 8, index % 8);
            let expected = if x + 1 < 8 && y >= 2 { pixels[plane * 64 + (y - 2) * 8 + x + 1] } else { 0.0 };
            assert!((value - expected).abs() < 1e-3, "{plane} {y} {x}: {value} for {expected}");
        }
    }

    #[test]
    fn brightness_saturation_and_contrast_do_what_they_say() {
        let pixels = prior(&mut stream(2, Purpose::Samples), 192);
        let mean = |values: &[f32]| values.iter().sum::<f32>() / 192.0;
        let bright = looked(View { brightness: 0.1, ..View::SAME }, &pixels);
        assert!(bright.iter().zip(&pixels).all(|(seen, pixel)| (seen - pixel - 0.1).abs() < 1e-5));
        let flat = looked(View { contrast: 0.85, ..View::SAME }, &pixels);
        let middle = mean(&pixels);
        assert!(flat.iter().zip(&pixels).all(|(seen, pixel)| (seen - middle - 0.85 * (pixel - middle)).abs() < 1e-5));
        let grey = looked(View { saturation: 0.75, ..View::SAME }, &pixels);
        for pixel in 0..64 {
            let of = |values: &[f32]| [values[pixel], values[64 + pixel], values[128 + pixel]];
            let (was, is) = (of(&pixels), of(&grey));
            let middle = was.iter().sum::<f32>() / 3.0;
            assert!(was.iter().zip(is).all(|(was, is)| (is - middle - 0.75 * (was - middle)).abs() < 1e-5));
        }
    }

    #[test]
    fn scaled_pictures_are_read_between_their_pixels_and_a_cut_is_a_square_of_zeros() {
        let ramp: Vec<f32> = (0..192u8).map(|at| f32::from(at % 8)).collect();
        let seen = looked(View { scale: [0.5, 1.0], ..View::SAME }, &ramp);
        for (x, value) in seen[..8].iter().enumerate() {
            let expected = (f32::from(u8::try_from(x).unwrap()) - 3.5) * 0.5 + 3.5;
            assert!((value - expected).abs() < 1e-5, "{x}: {value} for {expected}");
        }
        let ones = [1.0; 192];
        let cut = looked(View { cut: Some([0.25, 0.75]), ..View::SAME }, &ones);
        let zeros: Vec<usize> = (0..64).filter(|at| cut[*at] == 0.0).collect();
        assert_eq!((zeros.len(), zeros[0], zeros[15]), (16, 4 * 8, 7 * 8 + 3));
        assert!(looked(View { scale: [1.0, 2.0], ..View::SAME }, &ones)[..8].iter().all(|value| *value == 0.0));
    }

    #[test]
    fn strong_views_are_as_many_as_asked_for() {
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
        // Two thirds of those in strong light are further out than any other.
        let [light, size, cut] = count(0.5);
        assert!((270..400).contains(&light) && (440..560).contains(&size) && (300..400).contains(&cut));
    }

    #[test]
    fn the_share_follows_what_d_is_sure_of_within_bounds() {
        assert!((adapted(0.4, 0.9, 4000.0) - 0.41).abs() < 1e-6);
        assert!((adapted(0.4, 0.1, 4000.0) - 0.39).abs() < 1e-6);
        assert!((adapted(0.84, 0.9, 4e5) - MOST_STRENGTH).abs() < 1e-6);
        assert!(adapted(0.21, 0.0, 4e5).abs() < 1e-6);
    }
}
