//! A part of the photo with the fill drawn in it.

use std::sync::Arc;

use image::DynamicImage;

use super::soft_edge::mix_pixel;
use crate::geometry::RectPx;
use crate::mask::Mask;
use crate::photo::{Photo, PixelData, PixelDataMut};

/// A rectangle of the photo with the fill drawn in it, for the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FillPatch {
    /// The part of the photo that it covers: the bounds of the filled pixels. Empty when nothing is filled.
    pub rect_in_photo: RectPx,
    /// Its size in pixels, which may be smaller than the rectangle's (a preview).
    pub width: u32,
    pub height: u32,
    /// Red, green and blue, not premultiplied, and the share of the fill in the photo pixels that a patch pixel covers.
    pub rgba: Vec<u8>,
    /// How opaque each pixel of the fill is, in a photo with transparency. It replaces the photo's alpha in the filled
    /// share. `None` when the fill is opaque.
    pub opacity: Option<Arc<Vec<u8>>>,
}

impl FillPatch {
    /// Puts a pixel of the fill, by its index in the patch, into the samples of the photo's pixel there.
    pub fn fill_pixel(&self, index: usize, pixel: &mut [u8]) {
        let Some(&[red, green, blue, share]) = self.rgba.as_chunks::<4>().0.get(index) else { return };
        let opacity = self.opacity.as_ref().map_or(Some(&u8::MAX), |opacity| opacity.get(index));
        let (Some(&alpha), true) = (opacity, share != 0) else { return };
        match pixel.len() {
            0 => {}
            1 | 2 => mix_pixel(pixel, &[red, alpha][..pixel.len()], share),
            _ => mix_pixel(pixel, &[red, green, blue, alpha], share),
        }
    }

    /// The same without these pixels of the photo. The patch must have full size.
    #[must_use]
    pub fn without(mut self, pixels: &Mask) -> Self {
        let RectPx { x: left, y: top, width, .. } = self.rect_in_photo;
        let columns = left..self.rect_in_photo.right();
        for (row, rgba) in (top..).zip(self.rgba.chunks_exact_mut((width as usize * 4).max(1))) {
            for x in pixels.hole_columns(row, columns.clone()) {
                if let Some(share) = rgba.get_mut((x - left) as usize * 4 + 3) {
                    *share = 0;
                }
            }
        }
        self
    }

    /// The finished photo, as [`apply`](super::apply) makes it. `None` when the patch has fewer pixels or bits than the
    /// photo.
    #[must_use]
    pub fn paste(&self, photo: &Photo) -> Option<DynamicImage> {
        let is_full_size = (self.width, self.height) == (self.rect_in_photo.width, self.rect_in_photo.height);
        let is_8_bit = matches!(PixelData::of(&photo.pixels), PixelData::Bits8 { .. });
        let mut pixels = (is_full_size && is_8_bit).then(|| photo.pixels.clone())?;
        let PixelDataMut::Bits8 { data, channels } = PixelDataMut::of(&mut pixels)? else { return None };
        self.copy_to(data, channels, photo.width() as usize);
        Some(pixels)
    }

    /// Copies the filled pixels into a photo's samples. The patch must have full size.
    pub(super) fn copy_to(&self, data: &mut [u8], channels: usize, photo_width: usize) {
        let (x, y, width) = (self.rect_in_photo.x as usize, self.rect_in_photo.y as usize, self.width as usize);
        let rows = data.chunks_exact_mut((photo_width * channels).max(1)).skip(y).take(self.height as usize);
        for (row, samples) in rows.enumerate() {
            let pixels = samples.chunks_exact_mut(channels.max(1)).skip(x).take(width);
            for (pixel, index) in pixels.zip(row * width..) {
                self.fill_pixel(index, pixel);
            }
        }
    }
}
