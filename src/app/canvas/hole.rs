//! The mask overlay: tints and outlines the hole, in the accent colour inside the face frame and in the warning colour
//! outside.
//!
//! The textures hold only the tint's strength, in white; the colours come from the vertices. So moving the frame
//! uploads nothing. A change of the mask converts and uploads only the changed rectangle of each visible tile.

use egui::{Color32, ColorImage, Mesh, Painter, Rect, Shape, TextureHandle, TextureOptions, Vec2, pos2};

use super::CanvasScene;
use super::budget::Budget;
use super::cache::{TileCache, TileKey};
use super::coverage::{Tint, texels};
use super::grid::{Grid, level_count, level_for_zoom};
use super::outline::{Run, runs};
use super::split::split;
use super::style::CanvasStyle;
use super::tiles::SHARP_FROM_ZOOM;
use super::view::ScreenFromPhoto;
use crate::face::FaceFrame;
use crate::mask::Mask;
use crate::photo::{Point, RectPx};

/// Most tiles in the cache. Visible tiles are kept even beyond this number.
const KEPT_TILES: usize = 128;
/// A change of up to this many texels is uploaded in the same frame regardless of the budget, so that the brush does
/// not lag.
const IMMEDIATE_TEXELS: u64 = 512 * 512;

/// How the hole is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HoleLook {
    Hidden,
    /// Outline only, so that a preview inside the hole stays visible.
    Outlined,
    #[default]
    Tinted,
}

/// The tinted and the outlined overlay. Both keep their textures, because every stroke switches between them.
#[derive(Default)]
pub(super) struct HoleOverlays {
    tinted: HoleOverlay,
    outlined: HoleOverlay,
}

impl HoleOverlays {
    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Marks a part of the photo as changed.
    pub fn changed(&mut self, part: RectPx) {
        self.tinted.changed(part);
        self.outlined.changed(part);
    }

    /// Draws the visible part of the hole as [`CanvasScene::hole_look`] says.
    pub fn paint(
        &mut self,
        painter: &Painter,
        scene: &CanvasScene<'_>,
        map: &ScreenFromPhoto,
        style: &CanvasStyle,
        budget: &mut Budget,
    ) {
        match scene.hole_look {
            HoleLook::Hidden => {}
            HoleLook::Outlined => {
                let style = CanvasStyle { hole_opacity: 0.0, ..style.clone() };
                self.outlined.paint(painter, scene.hole, &scene.frame, map, &style, budget);
            }
            HoleLook::Tinted => self.tinted.paint(painter, scene.hole, &scene.frame, map, style, budget),
        }
    }
}

#[derive(Default)]
struct HoleOverlay {
    tiles: TileCache<Tile>,
    outline: Option<(RectPx, Vec<Run>)>,
    /// Mask size (width, height) and tint alpha for which the tiles were made.
    made_for: Option<(u32, u32, u8)>,
}

struct Tile {
    /// `None` while the tile contains no hole.
    texture: Option<TextureHandle>,
    /// The part of the photo that changed since the last upload.
    stale: RectPx,
}

impl HoleOverlay {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.tiles.clear();
        self.outline = None;
    }

    /// Marks a part of the photo as changed.
    pub fn changed(&mut self, part: RectPx) {
        self.outline = None;
        for (_, tile) in self.tiles.iter_mut() {
            tile.stale = tile.stale.union(part);
        }
    }

    /// Draws the visible part of the hole.
    pub fn paint(
        &mut self,
        painter: &Painter,
        mask: &Mask,
        frame: &FaceFrame,
        map: &ScreenFromPhoto,
        style: &CanvasStyle,
        budget: &mut Budget,
    ) {
        let inside = (style.hole_opacity.clamp(0.0, 1.0) * 255.0).round() as u8;
        let made_for = (mask.width(), mask.height(), inside);
        if self.made_for.replace(made_for) != Some(made_for) {
            self.clear();
        }
        let whole = Rect::from_min_size(pos2(0.0, 0.0), Vec2::new(mask.width() as f32, mask.height() as f32));
        let visible = whole.intersect(map.invert_rect(painter.clip_rect()));
        if !visible.is_positive() {
            return;
        }
        let sharp = map.zoom >= SHARP_FROM_ZOOM;
        let levels = level_count(mask.width(), mask.height());
        let grid = Grid::new(mask.width(), mask.height(), level_for_zoom(map.zoom, levels));
        let tint = Tint { inside, outlined: !sharp };
        let corners = frame.corners_in_photo();
        budget.next_kind();
        for tile in grid.tiles_over(visible) {
            let key = TileKey { level: grid.level, tile, sharp };
            self.refresh(painter.ctx(), mask, grid, key, tint, budget);
            if let Some(Tile { texture: Some(texture), .. }) = self.tiles.get(key) {
                let part = grid.rect_in_photo(tile).intersect(visible);
                let uv = |[x, y]: Point| grid.uv(tile, Rect::from_min_max(pos2(x, y), pos2(x, y))).min;
                painter.add(tile_shape(texture, part, &corners, map, style, uv));
            }
        }
        self.tiles.end_frame(KEPT_TILES);
        if sharp {
            self.paint_outline(painter, mask, frame, visible, map, style);
        }
    }

    /// Creates a tile or uploads its changed part.
    fn refresh(&mut self, ctx: &egui::Context, mask: &Mask, grid: Grid, key: TileKey, tint: Tint, budget: &mut Budget) {
        let all = grid.texture_texels(key.tile);
        let options = if key.sharp { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
        let Some(tile) = self.tiles.get(key) else {
            if budget.allows() {
                let image = image(mask, grid, all, tint);
                let texture = (!is_clear(&image)).then(|| ctx.load_texture("hole tile", image, options));
                self.tiles.insert(key, Tile { texture, stale: RectPx::default() });
            }
            return;
        };
        let stale = texels_touched(grid, tile.stale).intersection(all);
        let immediate = u64::from(stale.width) * u64::from(stale.height) <= IMMEDIATE_TEXELS;
        if !stale.is_empty() && !immediate && !budget.allows() {
            return;
        }
        tile.stale = RectPx::default();
        if stale.is_empty() {
            return;
        }
        let part = image(mask, grid, stale, tint);
        let offset = [stale.x - all.x, stale.y - all.y].map(|texel| texel as usize);
        if tile.texture.is_none() && !is_clear(&part) {
            let clear = ColorImage::filled([all.width as usize, all.height as usize], Color32::TRANSPARENT);
            tile.texture = Some(ctx.load_texture("hole tile", clear, options));
        }
        if let Some(texture) = &mut tile.texture {
            texture.set_partial(offset, part, options);
        }
    }

    fn paint_outline(
        &mut self,
        painter: &Painter,
        mask: &Mask,
        frame: &FaceFrame,
        visible: Rect,
        map: &ScreenFromPhoto,
        style: &CanvasStyle,
    ) {
        let part = whole_pixels(visible);
        if self.outline.as_ref().is_none_or(|(of, _)| *of != part) {
            self.outline = Some((part, runs(mask, part)));
        }
        let half_width = style.hole_outline_width / 2.0;
        let mut mesh = Mesh::default();
        for run in self.outline.iter().flat_map(|(_, runs)| runs) {
            let [from, to] = [run.from, run.to].map(|[x, y]| [x as f32, y as f32]);
            let middle = [f32::midpoint(from[0], to[0]), f32::midpoint(from[1], to[1])];
            let color = if frame.contains(middle) { style.accent } else { style.warn };
            let line = Rect::from_min_max(map.snap(map.apply(from)), map.snap(map.apply(to)));
            mesh.add_colored_rect(line.expand(half_width), color);
        }
        painter.add(Shape::mesh(mesh));
    }
}

fn image(mask: &Mask, grid: Grid, part: RectPx, tint: Tint) -> ColorImage {
    ColorImage::new([part.width as usize, part.height as usize], texels(mask, grid, part, tint))
}

fn is_clear(image: &ColorImage) -> bool {
    image.pixels.iter().all(|&texel| texel == Color32::TRANSPARENT)
}

/// The texels that a change of the mask can alter: those under it and their neighbours, whose outline depends on it.
fn texels_touched(grid: Grid, in_photo: RectPx) -> RectPx {
    if in_photo.is_empty() {
        return RectPx::default();
    }
    let side = grid.texel_side();
    let [x, y] = [in_photo.x, in_photo.y].map(|start| (start / side).saturating_sub(1));
    let right = (in_photo.x + in_photo.width).div_ceil(side) + 1;
    let bottom = (in_photo.y + in_photo.height).div_ceil(side) + 1;
    RectPx { x, y, width: right - x, height: bottom - y }
}

/// The pixels that a rectangle of the photo touches, plus a border of one pixel, so that the outline does not stop at
/// the view's edge.
fn whole_pixels(in_photo: Rect) -> RectPx {
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
    let pieces = split(&polygon, corners);
    let mut mesh = Mesh::with_texture(texture.id());
    let inside = std::iter::once((&pieces.inside, style.accent));
    for (piece, color) in inside.chain(pieces.outside.iter().map(|piece| (piece, style.warn))) {
        let first = mesh.vertices.len() as u32;
        mesh.vertices.extend(piece.iter().map(|&point| egui::epaint::Vertex {
            pos: map.apply(point),
            uv: uv(point),
            color,
        }));
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
    use crate::mask::{Edit, History, Stroke, StrokeKind};

    proptest! {
        #[test]
        fn partial_updates_match_a_new_tile(
            level in 0u32..3, first in (-5f32..75.0, -5f32..55.0), second in (-5f32..75.0, -5f32..55.0),
            radius_px in 0.5f32..9.0, outlined: bool,
        ) {
            let mut history = History::new(70, 51);
            let stroke = |point: (f32, f32), kind| {
                Edit::Stroke(Stroke { kind, radius_px, points_in_photo: vec![point.into()] })
            };
            history.push(stroke(first, StrokeKind::Paint));
            let grid = Grid::new(70, 51, level);
            let (bounds, tint) = (grid.bounds(), Tint { inside: 100, outlined });
            let mut shown = texels(history.mask(), grid, bounds, tint);
            let changed = history.push(stroke(second, StrokeKind::Erase));
            let part = texels_touched(grid, changed).intersection(bounds);
            for (row, texels) in texels(history.mask(), grid, part, tint).chunks(part.width.max(1) as usize).enumerate() {
                let start = (part.y as usize + row) * bounds.width as usize + part.x as usize;
                shown[start..start + texels.len()].copy_from_slice(texels);
            }
            prop_assert!(shown == texels(history.mask(), grid, bounds, tint));
        }
    }
}
