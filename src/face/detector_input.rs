//! The input of the face detector: the photo or a part of it as a square map.

use std::f32::consts::FRAC_PI_2;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;
use rayon::prelude::*;

use super::DetectError;
use super::layers::FeatureMap;
use crate::geometry::Similarity;

/// One input of the detector.
pub(super) struct DetectorInput {
    /// `[side, side, 3]`: BGR, 0 to 255.
    pub pixels: FeatureMap,
    pub photo_from_input: Similarity,
}

impl DetectorInput {
    /// The whole photo: its longer side takes `share` of the input, and its border pixels are repeated around it.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sides are small and positive"
    )]
    pub fn whole_photo(photo: &RgbImage, input_px: usize, share: f32) -> Result<Self, DetectError> {
        let longer = photo.width().max(photo.height()) as f32;
        // Enlarging a tiny photo further adds no information.
        let factor = (input_px as f32 * share / longer).min(4.0);
        let side = |length: u32| ((length as f32 * factor).round() as usize).clamp(1, input_px);
        let (width, height) = (side(photo.width()), side(photo.height()));
        let small = resized(photo, width as u32, height as u32)?;
        let offset_px = if share < 1.0 { (input_px - width.max(height)) / 2 } else { 0 };
        let pixels = input_pixels(input_px, |x, y| {
            let source = |index: usize, size: usize| index.saturating_sub(offset_px).min(size - 1) as u32;
            small.get_pixel(source(x, width), source(y, height)).0.map(f32::from)
        });
        let scale = longer / width.max(height) as f32;
        let corner = -(offset_px as f32) * scale;
        let photo_from_input = Similarity { scale, angle_radians: 0.0, translation: [corner, corner] };
        Ok(Self { pixels, photo_from_input })
    }

    /// This input with its picture turned anticlockwise by some quarters.
    pub fn turned(&self, quarters: u8) -> Self {
        let FeatureMap { side, channels, values } = &self.pixels;
        let last = side - 1;
        let source = |x: usize, y: usize| match quarters % 4 {
            0 => (x, y),
            1 => (last - y, x),
            2 => (last - x, last - y),
            _ => (y, last - x),
        };
        let pixel = |index: usize| {
            let (x, y) = source(index % side, index / side);
            &values[(y * side + x) * channels..][..*channels]
        };
        let values = (0..side * side).flat_map(pixel).copied().collect();
        let pixels = FeatureMap { side: *side, channels: *channels, values };
        Self { pixels, photo_from_input: self.turned_map(quarters) }
    }

    /// The map from an input that is turned by some quarters to the photo.
    #[expect(clippy::cast_precision_loss, reason = "some hundred pixels")]
    fn turned_map(&self, quarters: u8) -> Similarity {
        let half = self.pixels.side as f32 / 2.0;
        let angle_radians = self.photo_from_input.angle_radians + f32::from(quarters) * FRAC_PI_2;
        let turned = Similarity { angle_radians, translation: [0.0; 2], ..self.photo_from_input };
        let ([center_x, center_y], [dx, dy]) = (self.photo_from_input.apply([half, half]), turned.apply([half, half]));
        Similarity { translation: [center_x - dx, center_y - dy], ..turned }
    }

    /// A part of the photo, rotated and scaled; beyond the photo, its border pixels are repeated.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sides are far below 2^24, scales small and positive"
    )]
    pub fn aligned_part(photo: &RgbImage, input_px: usize, photo_from_input: Similarity) -> Self {
        let (right, bottom) = (photo.width() as f32 - 1.0, photo.height() as f32 - 1.0);
        // Enough points along each side of an input pixel that no photo pixel is skipped.
        let points = (photo_from_input.scale.ceil() as u16).clamp(1, 6);
        let step = 1.0 / f32::from(points);
        let pixels = input_pixels(input_px, |x, y| {
            let mut sum = [0.0; 3];
            for (i, j) in (0..points).flat_map(|i| (0..points).map(move |j| (i, j))) {
                let position = |index: usize, k: u16| index as f32 + (f32::from(k) + 0.5) * step;
                let [u, v] = photo_from_input.apply([position(x, i), position(y, j)]);
                let pixel = bilinear(photo, (u - 0.5).clamp(0.0, right), (v - 0.5).clamp(0.0, bottom));
                sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value);
            }
            sum.map(|sum| sum * step * step)
        });
        Self { pixels, photo_from_input }
    }
}

/// Bilinear interpolation at `(x, y)`, measured between pixel centres: `x` is 0 to width − 1 and `y` 0 to height − 1.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the caller keeps the coordinates within the photo"
)]
fn bilinear(photo: &RgbImage, x: f32, y: f32) -> [f32; 3] {
    let (left, top) = (x as u32, y as u32);
    let (right, bottom) = ((left + 1).min(photo.width() - 1), (top + 1).min(photo.height() - 1));
    let (along, down) = (x - left as f32, y - top as f32);
    let row = |y: u32| {
        let (a, b) = (photo.get_pixel(left, y).0, photo.get_pixel(right, y).0);
        std::array::from_fn::<f32, 3, _>(|c| f32::from(a[c]) * (1.0 - along) + f32::from(b[c]) * along)
    };
    let (above, below) = (row(top), row(bottom));
    std::array::from_fn(|c| above[c] * (1.0 - down) + below[c] * down)
}

/// The map in which `pixel` gives the RGB value at `(x, y)`, 0 to 255.
fn input_pixels(input_px: usize, pixel: impl Fn(usize, usize) -> [f32; 3] + Sync) -> FeatureMap {
    let bgr = |index: usize| {
        let [red, green, blue] = pixel(index % input_px, index / input_px);
        [blue, green, red]
    };
    let pixels: Vec<[f32; 3]> = (0..input_px * input_px).into_par_iter().map(bgr).collect();
    FeatureMap { side: input_px, channels: 3, values: pixels.into_flattened() }
}

/// The photo resized with an area average.
fn resized(photo: &RgbImage, width: u32, height: u32) -> Result<RgbImage, DetectError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| DetectError::Resize(error);
    // With a type of pixel known to the compiler, the code for the other types stays out of the program.
    let source = TypedImageRef::<U8x3>::from_buffer(photo.width(), photo.height(), photo.as_raw())
        .map_err(|error| failed(Box::new(error)))?;
    let mut small = RgbImage::new(width, height);
    let mut target =
        TypedImage::<U8x3>::from_buffer(width, height, &mut small).map_err(|error| failed(Box::new(error)))?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize_typed(&source, &mut target, &options).map_err(|error| failed(Box::new(error)))?;
    Ok(small)
}
