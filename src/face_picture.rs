//! Generated pictures, in the layout of the networks' output. They are shared as `Arc<FacePicture>` from where the output
//! is read to the texture and the exported file. Only project files and the completion network's input hold planes.

use std::sync::Arc;

use image::RgbImage;

/// A square picture, drawn by the generator or redrawn by the completion network.
#[derive(Clone, Debug, PartialEq)]
pub struct FacePicture {
    pub side_px: usize,
    /// `side_px²` times RGB in [-1, 1], row by row.
    pub pixels: Vec<[f32; 3]>,
}

impl FacePicture {
    /// The pictures of a batch `[count, side, side, channels]`. Only the first three channels are taken.
    ///
    /// # Panics
    /// If there are fewer than three channels.
    #[must_use]
    pub fn of_batch(batch: &[f32], side_px: usize, channels: usize) -> Vec<Arc<Self>> {
        let rgb = |pixel: &[f32]| [pixel[0], pixel[1], pixel[2]];
        let picture = |values: &[f32]| Self { side_px, pixels: values.chunks_exact(channels).map(rgb).collect() };
        batch.chunks_exact(side_px * side_px * channels).map(|values| Arc::new(picture(values))).collect()
    }

    /// From planes `[3, side, side]`.
    #[must_use]
    pub fn from_planes(planes: &[f32]) -> Self {
        let area = planes.len() / 3;
        let rgb = |index: usize| [planes[index], planes[area + index], planes[2 * area + index]];
        Self { side_px: area.isqrt(), pixels: (0..area).map(rgb).collect() }
    }

    /// A picture of one colour.
    #[cfg(test)]
    pub(crate) fn uniform(side_px: usize, color: [f32; 3]) -> Self {
        Self { side_px, pixels: vec![color; side_px * side_px] }
    }

    /// The picture as planes `[3, side, side]`.
    #[must_use]
    pub fn to_planes(&self) -> Vec<f32> {
        (0..3).flat_map(|channel| self.pixels.iter().map(move |pixel| pixel[channel])).collect()
    }

    /// The picture in bytes.
    #[must_use]
    pub fn to_rgb8(&self) -> RgbImage {
        let side = u32::try_from(self.side_px).unwrap_or(u32::MAX);
        let bytes = self.pixels.as_flattened().iter().copied().map(to_byte).collect();
        RgbImage::from_raw(side, side, bytes).unwrap_or_default()
    }
}

/// Rounds a value in [-1, 1] to a byte.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
#[must_use]
pub fn to_byte(value: f32) -> u8 {
    ((value + 1.0) * 127.5 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_and_batches_hold_the_same_pixels() {
        let planes: Vec<f32> = (0..12u8).map(f32::from).collect();
        let picture = FacePicture::from_planes(&planes);
        assert_eq!((picture.side_px, picture.pixels[1], picture.pixels[3]), (2, [1.0, 5.0, 9.0], [3.0, 7.0, 11.0]));
        assert_eq!(picture.to_planes(), planes);
        let batch: Vec<f32> = picture.pixels.iter().flat_map(|&[red, green, blue]| [red, green, blue, 99.0]).collect();
        let pictures = FacePicture::of_batch(&batch.repeat(2), 2, 4);
        assert!(pictures.len() == 2 && pictures.iter().all(|other| **other == picture));
    }

    #[test]
    fn range_ends_are_black_and_white() {
        let pixels = vec![[-1.0, -0.999, 0.0], [1.0, 2.0, -3.0], [f32::NAN, 0.0, 0.0], [0.0; 3]];
        let picture = FacePicture { side_px: 2, pixels };
        assert_eq!(picture.to_rgb8().as_raw()[..7], [0, 0, 128, 255, 255, 0, 0]);
    }
}
