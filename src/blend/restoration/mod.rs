//! Draws a restored face into the photo: for the tasks that know every pixel, but not exactly.
//!
//! Each method starts with the generated face and keeps what the photo says about it (`methods`, `jpeg`): the means over
//! blocks, the luminance, the low frequencies, or what noise and rounding do not explain. Towards the border of the face
//! frame, the restored face passes over into the photo.
//!
//! Unknown pixels are not read. They count as the generated face itself, so a hole is drawn like it, without a seam
//! correction; a finished fill draws the hole anew in the restored photo.

mod jpeg;
mod methods;
mod region;

use std::sync::Arc;

use image::DynamicImage;

use super::feather::smoothstep_down;
use super::fill_patch::FillPatch;
use super::patch_raster::PatchRaster;
use super::sampled_image::SampledImage;
use crate::face_picture::FacePicture;
use crate::geometry::{CropGrid, FaceFrame, RectPx};
use crate::mask::Mask;
use crate::photo::{ChannelValue, Photo, PixelDataMut};
use crate::restore::{ImageTask, luma};
use methods::Method;
use region::{Known, Region, read_photo};

/// Up to this distance from the middle of the frame, as a share of half its side, the face is wholly restored.
const INNER_RADIUS: f32 = 0.72;
/// Exponent of the distance: 2 is a circle, more comes near to a square. The chin and the hair reach into its corners.
const ROUNDNESS: f32 = 3.0;

/// Everything about one photo and frame that does not depend on the generated face.
pub struct Restorer {
    /// `None` when the frame is not finite or outside the photo.
    raster: Option<PatchRaster>,
    method: Method,
    photo: Region,
    known: Vec<Known>,
    /// The share of the restored face in each pixel, 0 to 1.
    weights: Vec<f32>,
    /// Whether a pixel is drawn.
    is_drawn: Vec<bool>,
    alpha: Option<Arc<Vec<u8>>>,
    is_grey: bool,
}

impl Restorer {
    /// Prepares for a photo that is [prepared](crate::restore::prepare_photo) for the task. `max_side_px` limits the
    /// patch's longer side (a preview, whose pixels agree with the photo less exactly); `None` is full size. `draws_hole`:
    /// hole pixels in the frame are drawn, too.
    #[must_use]
    pub fn new(
        photo: &Photo,
        mask: &Mask,
        frame: &FaceFrame,
        task: ImageTask,
        max_side_px: Option<u32>,
        draws_hole: bool,
    ) -> Self {
        let is_grey = !photo.pixels.color().has_color();
        let rect = aligned(frame.bounds_in_photo(photo.width(), photo.height()), photo, task);
        let step = max_side_px.map_or(1, |side| rect.width.max(rect.height).div_ceil(side.max(1))).max(1);
        let (width, height) = (rect.width.div_ceil(step), rect.height.div_ceil(step));
        let raster = CropGrid::new(frame, 1).filter(|_| !rect.is_empty()).map(|unit_grid| PatchRaster {
            rect,
            width,
            height,
            unit_grid,
        });
        let method = Method::new(task, step);
        let Some(raster) = raster else {
            let photo = Region::default();
            let (known, weights, is_drawn) = (Vec::new(), Vec::new(), Vec::new());
            return Self { raster: None, method, photo, known, weights, is_drawn, alpha: None, is_grey };
        };
        let (region, known, alpha) = read_photo(photo, mask, &raster);
        let weights = weights(&raster);
        let mut is_drawn: Vec<bool> = weights.iter().map(|weight| *weight > 0.0).collect();
        method.spread_over_blocks(&mut is_drawn, width as usize);
        for (is_drawn, known) in is_drawn.iter_mut().zip(&known) {
            *is_drawn &= match known {
                Known::Yes => true,
                Known::Hole => draws_hole,
                Known::No => false,
            };
        }
        let alpha = photo.pixels.color().has_alpha().then(|| Arc::new(alpha));
        Self { raster: Some(raster), method, photo: region, known, weights, is_drawn, alpha, is_grey }
    }

    /// The photo's pixels that the restored face replaces.
    #[must_use]
    pub fn changed_pixels(&self, photo: &Photo) -> Mask {
        let Some(PatchRaster { rect, width, .. }) = self.raster else {
            return Mask::empty(photo.width(), photo.height());
        };
        let is_drawn = |x: u32, y: u32| {
            let index = (y - rect.y) as usize * width as usize + (x - rect.x) as usize;
            self.is_drawn.get(index) == Some(&true)
        };
        Mask::full(photo.width(), photo.height()).filtered(rect, is_drawn)
    }

    /// Draws one generated picture.
    #[must_use]
    pub fn render(&self, picture: &FacePicture) -> FillPatch {
        let Some(PatchRaster { rect, width, height, .. }) = self.raster else { return FillPatch::default() };
        let mut rgba = Vec::with_capacity(4 * self.is_drawn.len());
        for (pixel, is_drawn) in self.restored(picture).iter().zip(&self.is_drawn) {
            rgba.extend(pixel.map(u8::from_f32));
            rgba.push(if *is_drawn { u8::MAX } else { 0 });
        }
        FillPatch { rect_in_photo: rect, width, height, rgba, opacity: self.alpha.clone() }
    }

    /// The photo with the restored face. Needs a restorer at full size; without one, the photo stays.
    #[must_use]
    pub fn apply(&self, photo: &Photo, picture: &FacePicture) -> DynamicImage {
        let mut pixels = photo.pixels.clone();
        let Some(PatchRaster { rect, width, height, .. }) = self.raster else { return pixels };
        if (width, height) != (rect.width, rect.height) {
            return pixels;
        }
        let restored = self.restored(picture);
        let place = |index: usize| (rect.y as usize + index / width as usize, rect.x as usize + index % width as usize);
        let photo_width = photo.width() as usize;
        let drawn = restored.iter().enumerate().filter(|(index, _)| self.is_drawn.get(*index) == Some(&true));
        let places = drawn.map(|(index, color)| {
            let (y, x) = place(index);
            (y * photo_width + x, *color)
        });
        match PixelDataMut::of(&mut pixels) {
            Some(PixelDataMut::Bits8 { data, channels }) => write_colors(data, channels, places),
            Some(PixelDataMut::Bits16 { data, channels }) => write_colors(data, channels, places),
            None => {}
        }
        pixels
    }

    /// The restored pixels, in levels of 255.
    fn restored(&self, picture: &FacePicture) -> Vec<[f32; 3]> {
        let Some(raster) = &self.raster else { return Vec::new() };
        let image = SampledImage::from(picture);
        let mut drawn = self.photo.clone();
        for (pixels, row) in drawn.pixels.chunks_exact_mut(raster.width.max(1) as usize).zip(0_i64..) {
            let reader = raster.row_reader(&image, 0, row);
            for (column, pixel) in pixels.iter_mut().enumerate() {
                let [red, green, blue, _] = reader.at(column);
                let color = [red, green, blue].map(|value| (value + 1.0) * 127.5);
                *pixel = if self.is_grey { [luma(color); 3] } else { color };
            }
        }
        let mut photo = self.photo.clone();
        for ((pixel, drawn), known) in photo.pixels.iter_mut().zip(&drawn.pixels).zip(&self.known) {
            if *known != Known::Yes {
                *pixel = *drawn;
            }
        }
        self.method.restore(&photo, &drawn, &self.weights, &self.known)
    }
}

/// Writes colours in levels of 255 at these pixels.
fn write_colors<T: ChannelValue>(data: &mut [T], channels: usize, colors: impl Iterator<Item = (usize, [f32; 3])>) {
    for (pixel, color) in colors {
        let color_channels = if channels < 3 { 1 } else { 3 };
        let samples = data.get_mut(pixel * channels..pixel * channels + color_channels).unwrap_or_default();
        for (sample, value) in samples.iter_mut().zip(color) {
            *sample = T::from_f32(value * (T::MAX / 255.0));
        }
    }
}

/// The rectangle, grown to the blocks that the task works in.
fn aligned(rect: RectPx, photo: &Photo, task: ImageTask) -> RectPx {
    let block = match task {
        ImageTask::SuperResolution { factor } => factor,
        ImageTask::Dejpeg { .. } => jpeg::CHROMA_BLOCK_PX,
        _ => 1,
    };
    let along = |start: u32, end: u32, size: u32| start / block * block..(end.div_ceil(block) * block).min(size);
    if rect.is_empty() {
        return rect;
    }
    RectPx::from_ranges(along(rect.x, rect.right(), photo.width()), along(rect.y, rect.bottom(), photo.height()))
}

/// The share of the restored face in each pixel: 1 in the middle of the frame, 0 from its border on.
#[expect(clippy::cast_possible_truncation, reason = "positions need no more than single precision")]
fn weights(raster: &PatchRaster) -> Vec<f32> {
    let weight = |index: u32| {
        let center = raster.center_in_photo(i64::from(index % raster.width), i64::from(index / raster.width));
        let [u, v] = raster.unit_grid.to_crop(center).map(|at| (2.0 * at as f32 - 1.0).abs());
        let distance = (u.powf(ROUNDNESS) + v.powf(ROUNDNESS)).powf(1.0 / ROUNDNESS);
        smoothstep_down((distance - INNER_RADIUS) / (1.0 - INNER_RADIUS))
    };
    (0..raster.width * raster.height).map(weight).collect()
}

#[cfg(test)]
mod tests;
