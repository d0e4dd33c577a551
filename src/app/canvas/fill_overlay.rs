//! The fill overlay: draws the fill over the photo.
//!
//! A patch is one rectangle and changes as a whole, at every iteration of a running search. Each is uploaded once. When zoomed out, a smaller copy is uploaded instead.

use std::sync::{Arc, Weak};

use egui::{Color32, ColorImage, Context, Painter, Rect, Shape, TextureHandle, TextureOptions, Vec2, pos2};
use rayon::prelude::*;

use super::mip_pyramid::halve_rows;
use super::photo_tiles::SHARP_FROM_ZOOM;
use super::tile_grid::level_for_zoom;
use super::zoom_pan::ScreenFromPhoto;
use crate::blend::FillPatch;

/// Limits the number of halvings; more than any screen needs.
const MAX_HALVINGS: u32 = 16;
/// Patches of up to this many pixels are converted on the UI thread alone: in half a millisecond.
const MAX_PIXELS_ON_ONE_THREAD: usize = 512 * 512;
/// Longest side of a texture, even if the GPU supports larger ones.
const MAX_TEXTURE_SIDE: usize = 8192;

#[derive(Default)]
pub(super) struct FillOverlay {
    uploaded_key: Option<UploadKey>,
    pieces: Vec<TexturePiece>,
}

/// The current textures' content.
struct UploadKey {
    patch: Weak<FillPatch>,
    halvings: u32,
    sharp: bool,
}

impl UploadKey {
    fn matches(&self, other: &Self) -> bool {
        self.patch.ptr_eq(&other.patch) && (self.halvings, self.sharp) == (other.halvings, other.sharp)
    }
}

struct TexturePiece {
    texture: TextureHandle,
    /// The rectangle that it covers, in photo pixels.
    rect_in_photo: Rect,
    uv: Rect,
}

/// An image in egui's premultiplied colours.
struct PremultipliedImage {
    width: usize,
    height: usize,
    pixels: Vec<Color32>,
}

impl FillOverlay {
    /// Draws the patch within the painter's clip rectangle.
    pub fn paint(&mut self, painter: &Painter, patch: &Arc<FillPatch>, map: &ScreenFromPhoto) {
        let rect = patch.rect_in_photo;
        if rect.is_empty() || patch.width == 0 || patch.height == 0 {
            return;
        }
        let texel_on_screen = rect.width as f32 / patch.width as f32 * map.zoom;
        // A preview is coarser than the photo, so its texels must not look like sharp photo pixels.
        let full_size = (patch.width, patch.height) == (rect.width, rect.height);
        let sharp = full_size && map.zoom >= SHARP_FROM_ZOOM;
        let halvings = level_for_zoom(texel_on_screen, MAX_HALVINGS);
        let key = UploadKey { patch: Arc::downgrade(patch), halvings, sharp };
        if !self.uploaded_key.as_ref().is_some_and(|uploaded| uploaded.matches(&key)) {
            self.upload(painter.ctx(), patch, &key);
            self.uploaded_key = Some(key);
        }
        for piece in &self.pieces {
            painter.add(Shape::image(piece.texture.id(), map.rect(piece.rect_in_photo), piece.uv, Color32::WHITE));
        }
    }

    fn upload(&mut self, ctx: &Context, patch: &FillPatch, key: &UploadKey) {
        let image = (0..key.halvings).fold(PremultipliedImage::from_patch(patch), |image, _| image.halved());
        let max_side = ctx.input(|input| input.max_texture_side).min(MAX_TEXTURE_SIDE);
        let options = if key.sharp { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
        let rect = patch.rect_in_photo;
        let size_px = Vec2::new(rect.width as f32, rect.height as f32);
        let patch_size = Vec2::new(patch.width as f32, patch.height as f32);
        let texel_size_px = size_px / patch_size * (1u32 << key.halvings) as f32;
        let origin = pos2(rect.x as f32, rect.y as f32);
        // Halving rounds an odd side up, so the last texel may extend beyond the patch.
        let end = origin + size_px;
        let mut old_pieces = std::mem::take(&mut self.pieces).into_iter();
        for [left, top, right, bottom] in piece_rects(image.width, image.height, max_side) {
            let (image, border) = image.cut_with_border([left, top, right, bottom]);
            let to_photo = |x: usize, y: usize| (origin + Vec2::new(x as f32, y as f32) * texel_size_px).min(end);
            let rect_in_photo = Rect::from_min_max(to_photo(left, top), to_photo(right, bottom));
            let size = Vec2::new(image.size[0] as f32, image.size[1] as f32);
            let uv_min = (border / size).to_pos2();
            let uv = Rect::from_min_max(uv_min, uv_min + rect_in_photo.size() / texel_size_px / size);
            let texture = match old_pieces.next() {
                Some(TexturePiece { mut texture, .. }) => {
                    texture.set(image, options);
                    texture
                }
                None => ctx.load_texture("fill", image, options),
            };
            self.pieces.push(TexturePiece { texture, rect_in_photo, uv });
        }
    }
}

/// Rectangles (left, top, right, bottom) that cover an image. Each fits into a texture of `max_side` with its border.
fn piece_rects(width: usize, height: usize, max_side: usize) -> impl Iterator<Item = [usize; 4]> {
    let step = max_side.saturating_sub(2).max(1);
    (0..height).step_by(step).flat_map(move |top| {
        (0..width).step_by(step).map(move |left| [left, top, (left + step).min(width), (top + step).min(height)])
    })
}

impl PremultipliedImage {
    fn from_patch(patch: &FillPatch) -> Self {
        let (width, height) = (patch.width as usize, patch.height as usize);
        let color = |c: &[u8]| Color32::from_rgba_unmultiplied(c[0], c[1], c[2], c[3]);
        // A preview does not wait for the thread pool, which may be busy with a fill.
        let mut pixels: Vec<_> = if width * height <= MAX_PIXELS_ON_ONE_THREAD {
            patch.rgba.chunks_exact(4).map(color).collect()
        } else {
            patch.rgba.par_chunks_exact(4).map(color).collect()
        };
        pixels.resize(width * height, Color32::TRANSPARENT);
        Self { width, height, pixels }
    }

    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut pixels = vec![Color32::TRANSPARENT; width * height];
        let halve = |(out, rows): (&mut [Color32], &[Color32])| {
            halve_rows(&rows[..self.width], &rows[rows.len() - self.width..], out);
        };
        if self.pixels.len() <= MAX_PIXELS_ON_ONE_THREAD {
            pixels.chunks_exact_mut(width).zip(self.pixels.chunks(2 * self.width)).for_each(halve);
        } else {
            pixels.par_chunks_exact_mut(width).zip(self.pixels.par_chunks(2 * self.width)).for_each(halve);
        }
        Self { width, height, pixels }
    }

    /// A part of the image with a border of one texel where neighbours exist, and the border's width (left, top).
    fn cut_with_border(&self, [left, top, right, bottom]: [usize; 4]) -> (ColorImage, Vec2) {
        let (x, y) = (left.saturating_sub(1), top.saturating_sub(1));
        let (x_end, y_end) = ((right + 1).min(self.width), (bottom + 1).min(self.height));
        let rows = self.pixels.chunks_exact(self.width).skip(y).take(y_end - y);
        let pixels = rows.flat_map(|row| &row[x..x_end]).copied().collect();
        let border = Vec2::new((left - x) as f32, (top - y) as f32);
        (ColorImage::new([x_end - x, y_end - y], pixels), border)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_a_patch_larger_than_a_texture() {
        let pieces: Vec<_> = piece_rects(300, 130, 102).collect();
        assert_eq!(pieces.len(), 6);
        let area: usize = pieces.iter().map(|[left, top, right, bottom]| (right - left) * (bottom - top)).sum();
        assert_eq!(area, 300 * 130);
        assert_eq!(piece_rects(100, 100, 102).collect::<Vec<_>>(), [[0, 0, 100, 100]], "one texture if it fits");
    }

    #[test]
    fn pieces_include_a_border_of_neighbouring_texels() {
        let pixels = (0..6 * 4).map(|index| Color32::from_gray(index * 10)).collect();
        let image = PremultipliedImage { width: 6, height: 4, pixels };
        let (piece, border) = image.cut_with_border([2, 0, 4, 4]);
        assert_eq!((piece.size, border), ([4, 4], Vec2::new(1.0, 0.0)));
        assert_eq!(piece.pixels[0], Color32::from_gray(10));
    }

    #[test]
    fn halving_keeps_the_last_odd_row() {
        let pixels = vec![Color32::BLACK, Color32::BLACK, Color32::WHITE];
        let halved = PremultipliedImage { width: 1, height: 3, pixels }.halved();
        assert_eq!((halved.width, halved.height), (1, 2));
        assert_eq!(halved.pixels, [Color32::BLACK, Color32::WHITE]);
    }
}
