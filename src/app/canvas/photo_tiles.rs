//! The photo's textures: uploads the visible tiles of the mip level that fits the zoom.
//!
//! A tile that is not uploaded yet is drawn from a coarser tile, or from the overview, which exists from the first
//! frame on. So the photo is never blank.

use std::sync::Arc;

use egui::{Color32, ColorImage, Painter, Rect, Shape, TextureHandle, TextureOptions, Vec2, pos2};

use super::canvas_style::CanvasStyle;
use super::mip_pyramid::MipPyramid;
use super::tile_cache::{TileCache, TileKey};
use super::tile_grid::{TileGrid, level_for_zoom};
use super::upload_budget::UploadBudget;
use super::zoom_pan::ScreenFromPhoto;
use crate::photo::Photo;

/// From this zoom on, pixels are drawn as sharp squares.
pub(super) const SHARP_FROM_ZOOM: f32 = 2.0;
/// Most tiles in the cache, to limit GPU memory. Visible tiles are kept even beyond this number.
const MAX_CACHED_TILES: usize = 192;
/// Longer side of the overview in pixels, small enough to sample within the first frame.
const OVERVIEW_SIDE: u32 = 512;

#[derive(Default)]
pub(super) struct PhotoTiles {
    current: Option<ShownPhoto>,
    tiles: TileCache<TextureHandle>,
    checkerboard: Option<([Color32; 2], TextureHandle)>,
}

struct ShownPhoto {
    pyramid: Arc<MipPyramid>,
    overview: TextureHandle,
}

impl Drop for ShownPhoto {
    fn drop(&mut self) {
        self.pyramid.cancel();
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
        budget: &mut UploadBudget,
    ) {
        self.set_photo(painter.ctx(), photo);
        let whole = Rect::from_min_size(pos2(0.0, 0.0), Vec2::new(photo.width() as f32, photo.height() as f32));
        let visible = whole.intersect(map.invert_rect(painter.clip_rect()));
        let Some(source) = &self.current else { return };
        if !visible.is_positive() {
            return;
        }
        if photo.pixels.color().has_alpha() {
            paint_checkerboard(&mut self.checkerboard, painter, map.rect(visible), map.rect(whole), style);
        }
        let pyramid = &source.pyramid;
        let grid = pyramid.grid(level_for_zoom(map.zoom, pyramid.level_count()));
        let sharp = map.zoom >= SHARP_FROM_ZOOM;
        for tile in grid.tiles_covering(visible) {
            let key = TileKey { level: grid.level, tile, sharp };
            if self.tiles.get(key).is_none()
                && let Some(image) = tile_image(pyramid, grid, tile, budget)
            {
                let options = if sharp { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
                self.tiles.insert(key, painter.ctx().load_texture("photo tile", image, options));
            }
            let part = grid.rect_in_photo(tile);
            let (texture, uv) = finest_texture(&mut self.tiles, source, grid, key, part, whole);
            painter.add(Shape::image(texture, map.rect(part), uv, Color32::WHITE));
        }
        self.tiles.end_frame(MAX_CACHED_TILES);
    }

    /// Drops the tiles of the previous photo and starts on the new one.
    fn set_photo(&mut self, ctx: &egui::Context, photo: &Arc<Photo>) {
        if self.current.as_ref().is_some_and(|source| Arc::ptr_eq(source.pyramid.photo(), photo)) {
            return;
        }
        self.tiles.clear();
        let repaint_context = ctx.clone();
        let pyramid = MipPyramid::start_build(photo, move || repaint_context.request_repaint());
        let overview = ctx.load_texture("photo overview", pyramid.overview(OVERVIEW_SIDE), TextureOptions::LINEAR);
        self.current = Some(ShownPhoto { pyramid, overview });
    }
}

/// A tile's pixels, if its level is built and the budget allows the upload.
fn tile_image(pyramid: &MipPyramid, grid: TileGrid, tile: [u32; 2], budget: &mut UploadBudget) -> Option<ColorImage> {
    // Checks the level first. A level that is not built must not count as refused work, or the canvas would repaint
    // without end.
    if !pyramid.is_built(grid.level) || !budget.try_start() {
        return None;
    }
    pyramid.texels(grid.level, grid.texels_with_border(tile))
}

/// The finest uploaded texture for a part of the photo, with its texture coordinates.
fn finest_texture(
    tiles: &mut TileCache<TextureHandle>,
    source: &ShownPhoto,
    grid: TileGrid,
    key: TileKey,
    part: Rect,
    whole: Rect,
) -> (egui::TextureId, Rect) {
    let linear_key = TileKey { sharp: false, ..key };
    for key in [key, linear_key] {
        if let Some(texture) = tiles.get(key) {
            return (texture.id(), grid.uv(key.tile, part));
        }
    }
    for level in grid.level + 1..source.pyramid.level_count() {
        let (coarse, tile) = grid.coarser_tile(key.tile, level);
        if let Some(texture) = tiles.get(TileKey { level, tile, sharp: false }) {
            return (texture.id(), coarse.uv(tile, part));
        }
    }
    let share = |point: egui::Pos2| (point.to_vec2() / whole.size()).to_pos2();
    (source.overview.id(), Rect::from_min_max(share(part.min), share(part.max)))
}

/// Draws the checkerboard: squares of a fixed screen size, anchored at the photo's corner.
fn paint_checkerboard(
    cached: &mut Option<([Color32; 2], TextureHandle)>,
    painter: &Painter,
    visible: Rect,
    whole: Rect,
    style: &CanvasStyle,
) {
    if cached.as_ref().is_none_or(|(colors, _)| *colors != style.checkerboard) {
        let [light, dark] = style.checkerboard;
        let image = ColorImage::new([2, 2], vec![light, dark, dark, light]);
        let texture = painter.ctx().load_texture("checkerboard", image, TextureOptions::NEAREST_REPEAT);
        *cached = Some((style.checkerboard, texture));
    }
    if let Some((_, texture)) = cached {
        let period = 2.0 * style.checkerboard_side;
        // Whole periods are skipped: at high zoom, large texture coordinates would lose their fraction in f32.
        let skipped = ((visible.min - whole.min) / period).floor() * period;
        let uv = visible.translate(-(whole.min.to_vec2() + skipped));
        let uv = Rect::from_min_max((uv.min.to_vec2() / period).to_pos2(), (uv.max.to_vec2() / period).to_pos2());
        painter.add(Shape::image(texture.id(), visible, uv, Color32::WHITE));
    }
}
