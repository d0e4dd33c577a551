//! Pictures as D sees them: shifted, and of another brightness, contrast and saturation.
//!
//! A discriminator that sees 20,000 faces often enough learns them by heart; one that never sees the same picture twice cannot.
//! Real and drawn pictures pass through the same random views, and gradients pass through them to the generator (Zhao et
//! al. 2020, arXiv 2006.10738).

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// What is done to one picture, in this order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    /// Added to every value, -0.125 to 0.125.
    pub brightness: f32,
    /// Factor on what differs from the pixel's grey, 0.75 to 1.25.
    pub saturation: f32,
    /// Factor on what differs from the picture's mean, 0.85 to 1.15.
    pub contrast: f32,
    /// What lies so many pixels right of and below a pixel is shown there; up to an eighth of the side. Outside there are zeros.
    pub shift_px: [i32; 2],
}

impl View {
    /// A random view of a picture with this side.
    pub fn draw(size_px: usize, rng: &mut ChaCha8Rng) -> Self {
        let reach = i32::try_from(size_px / 8).unwrap_or(0);
        Self {
            brightness: rng.random_range(-0.125..0.125),
            saturation: rng.random_range(0.75..1.25),
            contrast: rng.random_range(0.85..1.15),
            shift_px: [rng.random_range(-reach..=reach), rng.random_range(-reach..=reach)],
        }
    }
}

/// The views of a batch, on a device.
pub(super) struct Views {
    /// `[batch, 1, 1, 1]` each.
    brightness: Tensor<4>,
    saturation: Tensor<4>,
    contrast: Tensor<4>,
    /// `[batch, 3, size, size]`: multiplied from the left they shift rows, from the right columns.
    rows: Tensor<4>,
    columns: Tensor<4>,
}

impl Views {
    /// Uploads the views of a batch of pictures with this side.
    pub fn new(views: &[View], size_px: usize, device: &Device) -> Self {
        let numbers = |of: fn(&View) -> f32| {
            let values: Vec<f32> = views.iter().map(of).collect();
            Tensor::<4>::from_data(TensorData::new(values, [views.len(), 1, 1, 1]), device)
        };
        // Entry (i, j) of the left matrix is 1 where row i shows row j; the right one is its mirror image.
        let matrix = |axis: usize, by_rows: bool| {
            let mut values = vec![0.0; views.len() * size_px * size_px];
            for (view, matrix) in views.iter().zip(values.chunks_exact_mut(size_px * size_px)) {
                for to in 0..size_px {
                    let from = to.checked_add_signed(view.shift_px[axis] as isize).filter(|from| *from < size_px);
                    if let Some(from) = from {
                        matrix[if by_rows { to * size_px + from } else { from * size_px + to }] = 1.0;
                    }
                }
            }
            Tensor::<4>::from_data(TensorData::new(values, [views.len(), 1, size_px, size_px]), device).expand([
                views.len(),
                3,
                size_px,
                size_px,
            ])
        };
        Self {
            brightness: numbers(|view| view.brightness),
            saturation: numbers(|view| view.saturation),
            contrast: numbers(|view| view.contrast),
            rows: matrix(1, true),
            columns: matrix(0, false),
        }
    }

    /// The pictures `[batch, 3, size, size]` so seen. Gradients pass.
    pub fn look(&self, pictures: Tensor<4>) -> Tensor<4> {
        let x = pictures + self.brightness.clone();
        let grey = x.clone().mean_dim(1);
        let x = (x - grey.clone()) * self.saturation.clone() + grey;
        let mean = x.clone().mean_dim(1).mean_dim(2).mean_dim(3);
        let x = (x - mean.clone()) * self.contrast.clone() + mean;
        self.rows.clone().matmul(x).matmul(self.columns.clone())
    }

    /// The same views, for pictures with autodiff.
    pub fn with_autodiff(&self) -> Self {
        Self {
            brightness: self.brightness.clone().autodiff(),
            saturation: self.saturation.clone().autodiff(),
            contrast: self.contrast.clone().autodiff(),
            rows: self.rows.clone().autodiff(),
            columns: self.columns.clone().autodiff(),
        }
    }
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

    const SAME: View = View { brightness: 0.0, saturation: 1.0, contrast: 1.0, shift_px: [0, 0] };

    #[test]
    fn a_shift_shows_what_lies_there_and_zeros_outside() {
        let pixels: Vec<f32> = (0..192u8).map(f32::from).map(|value| value + 1.0).collect();
        let seen = looked(View { shift_px: [1, -2], ..SAME }, &pixels);
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
        let bright = looked(View { brightness: 0.1, ..SAME }, &pixels);
        assert!(bright.iter().zip(&pixels).all(|(seen, pixel)| (seen - pixel - 0.1).abs() < 1e-5));
        let flat = looked(View { contrast: 0.85, ..SAME }, &pixels);
        let middle = mean(&pixels);
        assert!(flat.iter().zip(&pixels).all(|(seen, pixel)| (seen - middle - 0.85 * (pixel - middle)).abs() < 1e-5));
        let grey = looked(View { saturation: 0.75, ..SAME }, &pixels);
        for pixel in 0..64 {
            let of = |values: &[f32]| [values[pixel], values[64 + pixel], values[128 + pixel]];
            let (was, is) = (of(&pixels), of(&grey));
            let middle = was.iter().sum::<f32>() / 3.0;
            assert!(was.iter().zip(is).all(|(was, is)| (is - middle - 0.75 * (was - middle)).abs() < 1e-5));
        }
    }
}
