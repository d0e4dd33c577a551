//! One overlay of the mask: tints and outlines the hole, in the accent colour inside the face frame and in the warning
//! colour outside.
//!
//! The textures hold only the tint's strength, in white; the colours come from the vertices. So moving the frame
//! uploads nothing. A change of the mask converts and uploads only the changed rectangle of each visible tile.

use egui::epaint::Vertex;
use egui::{Color32, ColorImage, Mesh, Painter, Rect, Shape, TextureHandle, TextureOptions, pos2};

use super::CanvasScene;
use super::canvas_style::CanvasStyle;
use super::clip_polygon::split_at_frame;
use super::mask_outline::{OutlineSegment, outline_segments};
use super::mask_texels::{MaskTint, mask_texels};
use super::photo_tiles::SHARP_FROM_ZOOM;
use super::tile_cache::{TileCache, TileKey};
use super::tile_grid::{TileGrid, level_count, level_for_zoom};
use super::upload_budget::UploadBudget;
use super::zoom_pan::ScreenFromPhoto;
use crate::geometry::{Point, RectPx};
use crate::mask::Mask;

/// Maximum number of cached tiles. Visible tiles are kept even beyond this number.
const MAX_CACHED_TILES: usize = 128;
/// A change of up to this many texels is uploaded at once regardless of the budget, so that the brush does not lag.
const MAX_IMMEDIATE_TEXELS: u64 = 512 * 512;

/// The overlay of one mask, tinted or outlined.
#[derive(Default)]
pub(super) struct MaskOverlay {
    tiles: TileCache<OverlayTile>,
    cached_outline: Option<(RectPx, Vec<OutlineSegment>)>,
    /// Mask size (width, height) and tint alpha for which the tiles were made.
    cached_for: Option<(u32, u32, u8)>,
}

struct OverlayTile {
    /// `None` while the tile contains no hole.
    texture: Option<TextureHandle>,
    /// The part of the photo that changed since the last upload.
    stale_in_photo: RectPx,
}

impl MaskOverlay {
    /// Forgets everything.
    fn clear(&mut self) {
        self.tiles.clear();
        self.cached_outline = None;
    }

    /// Marks a part of the photo as changed.
    pub fn mark_changed(&mut self, part: RectPx) {
        self.cached_outline = None;
        for (_, tile) in self.tiles.iter_mut() {
            tile.stale_in_photo = tile.stale_in_photo.union(part);
        }
    }

    /// Draws the visible part of the hole of a mask of the photo's size.
    pub fn paint(
        &mut self,
        painter: &Painter,
        mask: &Mask,
        scene: &CanvasScene<'_>,
        map: &ScreenFromPhoto,
        style: &CanvasStyle,
        budget: &mut UploadBudget,
    ) {
        let hole_alpha = (style.tint_opacity.clamp(0.0, 1.0) * 255.0).round() as u8;
        let cache_key = (mask.width(), mask.height(), hole_alpha);
        if self.cached_for.replace(cache_key) != Some(cache_key) {
            self.clear();
        }
        let visible = scene.photo_rect().intersect(map.invert_rect(painter.clip_rect()));
        if !visible.is_positive() {
            return;
        }
        let sharp = map.zoom >= SHARP_FROM_ZOOM;
        let levels = level_count(mask.width(), mask.height());
        let grid = TileGrid::new(mask.width(), mask.height(), level_for_zoom(map.zoom, levels));
        let tint = MaskTint { hole_alpha, has_outline: !sharp };
        let corners = scene.face_frame.corners_in_photo();
        budget.begin_kind();
        for tile in grid.tiles_covering(visible) {
            let key = TileKey { level: grid.level, tile, sharp };
            self.update_tile(painter.ctx(), mask, grid, key, tint, budget);
            if let Some(OverlayTile { texture: Some(texture), .. }) = self.tiles.get(key) {
                let part = grid.rect_in_photo(tile).intersect(visible);
                let uv = |[x, y]: Point| grid.uv(tile, Rect::from_min_max(pos2(x, y), pos2(x, y))).min;
                painter.add(tile_shape(texture, part, &corners, map, style, uv));
            }
        }
        self.tiles.end_frame(MAX_CACHED_TILES);
        if sharp {
            self.paint_outline(painter, mask, scene, visible, map, style);
        }
    }

    /// Creates a tile or uploads its changed part.
    fn update_tile(
        &mut self,
        ctx: &egui::Context,
        mask: &Mask,
        grid: TileGrid,
        key: TileKey,
        tint: MaskTint,
        budget: &mut UploadBudget,
    ) {
        let all = grid.texels_with_border(key.tile);
        let options = if key.sharp { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
        let Some(tile) = self.tiles.get(key) else {
            if budget.try_start() {
                let image = mask_image(mask, grid, all, tint);
                let texture = (!is_transparent(&image)).then(|| ctx.load_texture("hole tile", image, options));
                self.tiles.insert(key, OverlayTile { texture, stale_in_photo: RectPx::default() });
            }
            return;
        };
        let stale = affected_texels(grid, tile.stale_in_photo).intersection(all);
        let is_immediate = u64::from(stale.width) * u64::from(stale.height) <= MAX_IMMEDIATE_TEXELS;
        if !is_immediate && !budget.try_start() {
            return;
        }
        tile.stale_in_photo = RectPx::default();
        if stale.is_empty() {
            return;
        }
        let image = mask_image(mask, grid, stale, tint);
        let offset = [stale.x - all.x, stale.y - all.y].map(|texel| texel as usize);
        if tile.texture.is_none() && !is_transparent(&image) {
            let empty = ColorImage::filled([all.width as usize, all.height as usize], Color32::TRANSPARENT);
            tile.texture = Some(ctx.load_texture("hole tile", empty, options));
        }
        if let Some(texture) = &mut tile.texture {
            texture.set_partial(offset, image, options);
        }
    }

    fn paint_outline(
        &mut self,
        painter: &Painter,
        mask: &Mask,
        scene: &CanvasScene<'_>,
        visible: Rect,
        map: &ScreenFromPhoto,
        style: &CanvasStyle,
    ) {
        let part = enclosing_pixels(visible);
        if self.cached_outline.as_ref().is_none_or(|(cached_part, _)| *cached_part != part) {
            self.cached_outline = Some((part, outline_segments(mask, part)));
        }
        let half_width = style.outline_width / 2.0;
        let mut mesh = Mesh::default();
        for segment in self.cached_outline.iter().flat_map(|(_, segments)| segments) {
            let [from, to] = [segment.from, segment.to].map(|[x, y]| [x as f32, y as f32]);
            let midpoint = [f32::midpoint(from[0], to[0]), f32::midpoint(from[1], to[1])];
            let color = if scene.face_frame.contains(midpoint) { style.accent } else { style.warning };
            let line = Rect::from_min_max(map.snap(map.apply(from)), map.snap(map.apply(to)));
            mesh.add_colored_rect(line.expand(half_width), color);
        }
        painter.add(Shape::mesh(mesh));
    }
}

fn mask_image(mask: &Mask, grid: TileGrid, part: RectPx, tint: MaskTint) -> ColorImage {
    ColorImage::new([part.width as usize, part.height as usize], mask_texels(mask, grid, part, tint))
}

fn is_transparent(image: &ColorImage) -> bool {
    image.pixels.iter().all(|&texel| texel == Color32::TRANSPARENT)
}

/// The texels that a change of the mask can alter: those under it and their neighbours, whose outline depends on it.
fn affected_texels(grid: TileGrid, in_photo: RectPx) -> RectPx {
    if in_photo.is_empty() {
        return RectPx::default();
    }
    let side = grid.texel_side_px();
    let [x, y] = [in_photo.x, in_photo.y].map(|start| (start / side).saturating_sub(1));
    let right = (in_photo.x + in_photo.width).div_ceil(side) + 1;
    let bottom = (in_photo.y + in_photo.height).div_ceil(side) + 1;
    RectPx { x, y, width: right - x, height: bottom - y }
}

/// The pixels that a rectangle of the photo touches, plus a border of one pixel, so that the outline does not stop at
/// the view's edge.
fn enclosing_pixels(in_photo: Rect) -> RectPx {
    let [x, y] = [in_photo.min.x, in_photo.min.y].map(|start| (start.floor().max(0.0) as u32).saturating_sub(1));
    let [right, bottom] = [in_photo.max.x, in_photo.max.y].map(|end| end.ceil().max(0.0) as u32 + 1);
    RectPx { x, y, width: right - x, height: bottom - y }
}

/// The visible part of a tile as a mesh, split at the face frame.
fn tile_shape(
    texture: &TextureHandle,
    part: Rect,
    corners: &[Point; 4],
    map: &ScreenFromPhoto,
    style: &CanvasStyle,
    uv: impl Fn(Point) -> egui::Pos2,
) -> Shape {
    let polygon = [part.left_top(), part.right_top(), part.right_bottom(), part.left_bottom()].map(Into::into);
    let pieces = split_at_frame(&polygon, corners);
    let mut mesh = Mesh::with_texture(texture.id());
    let inside = std::iter::once((&pieces.inside, style.accent));
    for (piece, color) in inside.chain(pieces.outside.iter().map(|piece| (piece, style.warning))) {
        let first = mesh.vertices.len() as u32;
        mesh.vertices.extend(piece.iter().map(|&point| Vertex { pos: map.apply(point), uv: uv(point), color }));
        for index in 2..piece.len() as u32 {
            mesh.add_triangle(first, first + index - 1, first + index);
        }
    }
    Shape::mesh(mesh)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mask::{MaskEdit, Stroke, StrokeKind};

    proptest! {
        #[test]
        fn partial_updates_match_a_new_tile(
            level in 0u32..3, first in (-5f32..75.0, -5f32..55.0), second in (-5f32..75.0, -5f32..55.0),
            radius_px in 0.5f32..9.0, outlined: bool,
        ) {
            let mut mask = Mask::empty(70, 51);
            let stroke = |point: (f32, f32), kind| {
                MaskEdit::Stroke(Stroke { kind, radius_px, points_in_photo: vec![point.into()] })
            };
            mask.apply(&stroke(first, StrokeKind::Paint));
            let grid = TileGrid::new(70, 51, level);
            let (bounds, tint) = (grid.bounds(), MaskTint { hole_alpha: 100, has_outline: outlined });
            let mut texels = mask_texels(&mask, grid, bounds, tint);
            let before = mask.clone();
            mask.apply(&stroke(second, StrokeKind::Erase));
            let part = affected_texels(grid, mask.difference(&before)).intersection(bounds);
            let changed_texels = mask_texels(&mask, grid, part, tint);
            for (row, row_texels) in changed_texels.chunks(part.width.max(1) as usize).enumerate() {
                let start = (part.y as usize + row) * bounds.width as usize + part.x as usize;
                texels[start..start + row_texels.len()].copy_from_slice(row_texels);
            }
            prop_assert!(texels == mask_texels(&mask, grid, bounds, tint));
        }
    }
}
