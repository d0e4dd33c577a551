//! The fill overlay: draws the fill over the photo.
//!
//! A patch is one rectangle and changes as a whole, at every iteration of a running search. Each is uploaded once. When
//! zoomed out, a smaller copy is uploaded instead. Under a fill that is not opaque, the checkerboard is drawn first, so
//! that it replaces the photo's pixels.

use std::sync::{Arc, Weak};

use egui::{
    Color32, ColorImage, Context, Mesh, Painter, Pos2, Rect, Shape, TextureHandle, TextureOptions, Vec2, pos2, vec2,
};
use rayon::prelude::*;

use super::canvas_style::CanvasStyle;
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
    /// White, as opaque as the filled share; only for a fill that is not opaque.
    ground: Option<TextureHandle>,
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
    pub fn paint(&mut self, painter: &Painter, patch: &Arc<FillPatch>, map: &ScreenFromPhoto, style: &CanvasStyle) {
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
            let on_screen = map.rect(piece.rect_in_photo);
            if let Some(ground) = &piece.ground {
                let mut mesh = Mesh::with_texture(ground.id());
                let anchor = map.rect(Rect::from_min_max(Pos2::ZERO, Pos2::ZERO)).min;
                add_checkerboard(&mut mesh, on_screen, piece.uv, painter.clip_rect(), anchor, style);
                painter.add(mesh);
            }
            painter.add(Shape::image(piece.texture.id(), on_screen, piece.uv, Color32::WHITE));
        }
    }

    fn upload(&mut self, ctx: &Context, patch: &FillPatch, key: &UploadKey) {
        let halved = |image| (0..key.halvings).fold(image, |image: PremultipliedImage, _| image.halved());
        let image = halved(PremultipliedImage::from_patch(patch));
        let ground = patch.opacity.is_some().then(|| halved(PremultipliedImage::ground_of(patch)));
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
        for part @ [left, top, right, bottom] in piece_rects(image.width, image.height, max_side) {
            let (image, border) = image.cut_with_border(part);
            let to_photo = |x: usize, y: usize| (origin + Vec2::new(x as f32, y as f32) * texel_size_px).min(end);
            let rect_in_photo = Rect::from_min_max(to_photo(left, top), to_photo(right, bottom));
            let size = Vec2::new(image.size[0] as f32, image.size[1] as f32);
            let uv_min = (border / size).to_pos2();
            let uv = Rect::from_min_max(uv_min, uv_min + rect_in_photo.size() / texel_size_px / size);
            let (old_texture, old_ground) = old_pieces.next().map(|old| (old.texture, old.ground)).unzip();
            let texture = uploaded(old_texture, image, options, ctx);
            let ground = (ground.as_ref())
                .map(|ground| uploaded(old_ground.flatten(), ground.cut_with_border(part).0, options, ctx));
            self.pieces.push(TexturePiece { texture, ground, rect_in_photo, uv });
        }
    }
}

/// The old texture with a new image, or a new texture.
fn uploaded(old: Option<TextureHandle>, image: ColorImage, options: TextureOptions, ctx: &Context) -> TextureHandle {
    match old {
        Some(mut texture) => {
            texture.set(image, options);
            texture
        }
        None => ctx.load_texture("fill", image, options),
    }
}

/// Adds the squares of the checkerboard that are visible in a rectangle with these texture coordinates. `anchor` is the
/// corner of the photo, where the photo's own checkerboard starts.
fn add_checkerboard(mesh: &mut Mesh, rect: Rect, uv: Rect, clip: Rect, anchor: Pos2, style: &CanvasStyle) {
    let visible = rect.intersect(clip);
    if !visible.is_positive() {
        return;
    }
    let side = style.checkerboard_side;
    let [first, end] = [(visible.min - anchor) / side, (visible.max - anchor) / side];
    let texture_point = |at: Pos2| uv.min + (at - rect.min) / rect.size() * uv.size();
    for row in first.y.floor() as i64..end.y.ceil() as i64 {
        for column in first.x.floor() as i64..end.x.ceil() as i64 {
            let corner = anchor + vec2(column as f32, row as f32) * side;
            let square = Rect::from_min_size(corner, Vec2::splat(side)).intersect(visible);
            let color = style.checkerboard[(column + row).rem_euclid(2) as usize];
            mesh.add_rect_with_uv(
                square,
                Rect::from_min_max(texture_point(square.min), texture_point(square.max)),
                color,
            );
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
        let opacities = patch.opacity.as_deref();
        let color = |(index, c): (usize, &[u8])| {
            let opacity = opacities.and_then(|opacities| opacities.get(index)).copied();
            let alpha = opacity.map_or(c[3], |opacity| product(c[3], opacity));
            Color32::from_rgba_unmultiplied(c[0], c[1], c[2], alpha)
        };
        // A preview does not wait for the thread pool, which may be busy with a fill.
        let mut pixels: Vec<_> = if width * height <= MAX_PIXELS_ON_ONE_THREAD {
            patch.rgba.chunks_exact(4).enumerate().map(color).collect()
        } else {
            patch.rgba.par_chunks_exact(4).enumerate().map(color).collect()
        };
        pixels.resize(width * height, Color32::TRANSPARENT);
        Self { width, height, pixels }
    }

    /// White, as opaque as the patch's filled share.
    fn ground_of(patch: &FillPatch) -> Self {
        let white = |c: &[u8]| Color32::from_rgba_premultiplied(c[3], c[3], c[3], c[3]);
        let pixels = patch.rgba.par_chunks_exact(4).map(white).collect();
        Self { width: patch.width as usize, height: patch.height as usize, pixels }
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

/// The product of two shares of 255.
fn product(a: u8, b: u8) -> u8 {
    ((u16::from(a) * u16::from(b) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkerboard_continues_that_of_the_photo() {
        let style = CanvasStyle { checkerboard_side: 8.0, ..CanvasStyle::default() };
        let rect = Rect::from_min_max(pos2(24.0, 12.0), pos2(64.0, 32.0));
        let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let clip = Rect::from_min_max(pos2(0.0, 0.0), pos2(44.0, 100.0));
        let mut mesh = Mesh::default();
        add_checkerboard(&mut mesh, rect, uv, clip, pos2(4.0, 4.0), &style);
        // Columns 20 to 40 and rows 8 to 28 from the anchor: squares 2 to 4 and 1 to 3.
        assert_eq!(mesh.vertices.len(), 4 * 3 * 3);
        assert_eq!(mesh.calc_bounds(), rect.intersect(clip));
        // Column 2 and row 1, then column 3.
        assert_eq!([0, 4].map(|vertex| mesh.vertices[vertex].color), [style.checkerboard[1], style.checkerboard[0]]);
        let last = mesh.vertices.iter().map(|vertex| vertex.uv).fold(pos2(0.0, 0.0), Pos2::max);
        assert!((last - pos2(0.5, 1.0)).length() < 1e-6, "half of the width is clipped: {last}");
    }

    #[test]
    fn a_transparent_fill_hides_the_photo() {
        let rect_in_photo = crate::geometry::RectPx { x: 0, y: 0, width: 3, height: 1 };
        let rgba = vec![200, 100, 0, 255, 200, 100, 0, 255, 200, 100, 0, 0];
        let opacity = Some(Arc::new(vec![0, 128, 255]));
        let patch = FillPatch { rect_in_photo, width: 3, height: 1, rgba, opacity };
        let ground = PremultipliedImage::ground_of(&patch).pixels;
        assert_eq!(ground, [Color32::WHITE, Color32::WHITE, Color32::TRANSPARENT]);
        let fill = PremultipliedImage::from_patch(&patch).pixels;
        assert_eq!(
            fill,
            [Color32::TRANSPARENT, Color32::from_rgba_unmultiplied(200, 100, 0, 128), Color32::TRANSPARENT]
        );
    }

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
