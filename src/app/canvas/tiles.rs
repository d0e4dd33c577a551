//! The photo's textures: uploads the visible tiles of the mip level that fits the zoom.
//!
//! A tile that is not uploaded yet is drawn from a coarser tile, or from the overview, which exists from the first
//! frame on. So the photo is never blank.

use std::sync::Arc;

use egui::{Color32, ColorImage, Painter, Rect, Shape, TextureHandle, TextureOptions, Vec2, pos2};

use super::budget::Budget;
use super::cache::{TileCache, TileKey};
use super::grid::{Grid, level_for_zoom};
use super::pyramid::Pyramid;
use super::style::CanvasStyle;
use super::view::ScreenFromPhoto;
use crate::photo::Photo;

/// From this zoom on, pixels are drawn as sharp squares.
pub(super) const SHARP_FROM_ZOOM: f32 = 2.0;
/// Most tiles in the cache, to limit GPU memory. Visible tiles are kept even beyond this number.
const KEPT_TILES: usize = 192;
/// Longer side of the overview in pixels, small enough to sample within the first frame.
const OVERVIEW_SIDE: u32 = 512;

#[derive(Default)]
pub(super) struct PhotoTiles {
    source: Option<Source>,
    tiles: TileCache<TextureHandle>,
    checker: Option<([Color32; 2], TextureHandle)>,
}

struct Source {
    pyramid: Arc<Pyramid>,
    overview: TextureHandle,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.pyramid.abandon();
    }
}

impl PhotoTiles {
    /// Draws the visible part of the photo.
    pub fn paint(
        &mut self,
        painter: &Painter,
        photo: &Arc<Photo>,
        map: &ScreenFromPhoto,
        style: &CanvasStyle,
        budget: &mut Budget,
    ) {
        self.follow(painter.ctx(), photo);
        let whole = Rect::from_min_size(pos2(0.0, 0.0), Vec2::new(photo.width() as f32, photo.height() as f32));
        let visible = whole.intersect(map.invert_rect(painter.clip_rect()));
        let Some(source) = &self.source else { return };
        if !visible.is_positive() {
            return;
        }
        if photo.pixels.color().has_alpha() {
            paint_checker(&mut self.checker, painter, map.rect(visible), map.rect(whole), style);
        }
        let pyramid = &source.pyramid;
        let grid = pyramid.grid(level_for_zoom(map.zoom, pyramid.levels()));
        let sharp = map.zoom >= SHARP_FROM_ZOOM;
        for tile in grid.tiles_over(visible) {
            let key = TileKey { level: grid.level, tile, sharp };
            if self.tiles.get(key).is_none()
                && let Some(image) = uploadable(pyramid, grid, tile, budget)
            {
                let options = if sharp { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
                self.tiles.insert(key, painter.ctx().load_texture("photo tile", image, options));
            }
            let part = grid.rect_in_photo(tile);
            let (texture, uv) = best_texture(&mut self.tiles, source, grid, key, part, whole);
            painter.add(Shape::image(texture, map.rect(part), uv, Color32::WHITE));
        }
        self.tiles.end_frame(KEPT_TILES);
    }

    /// Drops the tiles of the previous photo and starts on the new one.
    fn follow(&mut self, ctx: &egui::Context, photo: &Arc<Photo>) {
        if self.source.as_ref().is_some_and(|source| Arc::ptr_eq(source.pyramid.photo(), photo)) {
            return;
        }
        self.tiles.clear();
        let waker = ctx.clone();
        let pyramid = Pyramid::start(photo, move || waker.request_repaint());
        let overview = ctx.load_texture("photo overview", pyramid.overview(OVERVIEW_SIDE), TextureOptions::LINEAR);
        self.source = Some(Source { pyramid, overview });
    }
}

/// A tile's pixels, if its level is built and the budget allows the upload.
fn uploadable(pyramid: &Pyramid, grid: Grid, tile: [u32; 2], budget: &mut Budget) -> Option<ColorImage> {
    // Checks the level first. A level that is not built must not count as refused work, or the canvas would repaint
    // without end.
    if !pyramid.is_built(grid.level) || !budget.allows() {
        return None;
    }
    pyramid.texels(grid.level, grid.texture_texels(tile))
}

/// The finest uploaded texture for a part of the photo, with its texture coordinates.
fn best_texture(
    tiles: &mut TileCache<TextureHandle>,
    source: &Source,
    grid: Grid,
    key: TileKey,
    part: Rect,
    whole: Rect,
) -> (egui::TextureId, Rect) {
    let soft = TileKey { sharp: false, ..key };
    for key in [key, soft] {
        if let Some(texture) = tiles.get(key) {
            return (texture.id(), grid.uv(key.tile, part));
        }
    }
    for level in grid.level + 1..source.pyramid.levels() {
        let (coarse, tile) = grid.ancestor(key.tile, level);
        if let Some(texture) = tiles.get(TileKey { level, tile, sharp: false }) {
            return (texture.id(), coarse.uv(tile, part));
        }
    }
    let share = |point: egui::Pos2| (point.to_vec2() / whole.size()).to_pos2();
    (source.overview.id(), Rect::from_min_max(share(part.min), share(part.max)))
}

/// Draws the checkerboard: squares of a fixed screen size, anchored at the photo's corner.
fn paint_checker(
    cached: &mut Option<([Color32; 2], TextureHandle)>,
    painter: &Painter,
    visible: Rect,
    whole: Rect,
    style: &CanvasStyle,
) {
    if cached.as_ref().is_none_or(|(colors, _)| *colors != style.checker) {
        let [light, dark] = style.checker;
        let image = ColorImage::new([2, 2], vec![light, dark, dark, light]);
        let texture = painter.ctx().load_texture("checkerboard", image, TextureOptions::NEAREST_REPEAT);
        *cached = Some((style.checker, texture));
    }
    if let Some((_, texture)) = cached {
        let period = 2.0 * style.checker_side;
        // Whole periods are skipped: at high zoom, large texture coordinates would lose their fraction in f32.
        let skipped = ((visible.min - whole.min) / period).floor() * period;
        let uv = visible.translate(-(whole.min.to_vec2() + skipped));
        let uv = Rect::from_min_max((uv.min.to_vec2() / period).to_pos2(), (uv.max.to_vec2() / period).to_pos2());
        painter.add(Shape::image(texture.id(), visible, uv, Color32::WHITE));
    }
}
