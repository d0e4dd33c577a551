//! The photo's textures: uploads the visible tiles of the mip level that fits the zoom.
//!
//! A tile that is not uploaded yet is drawn from a coarser tile, or from the overview, which exists from the first
//! frame on. So the photo is never blank.

use std::sync::Arc;

use egui::{Color32, ColorImage, Painter, Rect, Shape, TextureHandle, TextureId, TextureOptions, Vec2};

use super::CanvasScene;
use super::canvas_style::CanvasStyle;
use super::mip_pyramid::MipPyramid;
use super::tile_cache::{TileCache, TileKey};
use super::tile_grid::{TileGrid, level_for_zoom};
use super::upload_budget::UploadBudget;
use super::zoom_pan::ScreenFromPhoto;
use crate::photo::Photo;

/// From this zoom on, pixels are drawn as sharp squares.
pub(super) const SHARP_FROM_ZOOM: f32 = 2.0;
/// Maximum number of cached tiles, to limit GPU memory. Visible tiles are kept even beyond this number.
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
        scene: &CanvasScene<'_>,
        map: &ScreenFromPhoto,
        style: &CanvasStyle,
        budget: &mut UploadBudget,
    ) {
        self.set_photo(painter.ctx(), scene.photo);
        let visible = scene.photo_rect().intersect(map.invert_rect(painter.clip_rect()));
        let Some(shown) = &self.current else { return };
        if !visible.is_positive() {
            return;
        }
        if scene.photo.pixels.color().has_alpha() {
            let photo_on_screen = map.rect(scene.photo_rect());
            paint_checkerboard(&mut self.checkerboard, painter, map.rect(visible), photo_on_screen, style);
        }
        let pyramid = &shown.pyramid;
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
            let (texture, uv) = finest_texture(&mut self.tiles, shown, key);
            painter.add(Shape::image(texture, map.rect(grid.rect_in_photo(tile)), uv, Color32::WHITE));
        }
        self.tiles.end_frame(MAX_CACHED_TILES);
    }

    /// Drops the tiles of the previous photo and starts on the new one.
    fn set_photo(&mut self, ctx: &egui::Context, photo: &Arc<Photo>) {
        if self.current.as_ref().is_some_and(|shown| Arc::ptr_eq(shown.pyramid.photo(), photo)) {
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

/// The finest uploaded texture for a tile, with the tile's texture coordinates in it.
fn finest_texture(tiles: &mut TileCache<TextureHandle>, shown: &ShownPhoto, key: TileKey) -> (TextureId, Rect) {
    let grid = shown.pyramid.grid(key.level);
    let rect_in_photo = grid.rect_in_photo(key.tile);
    for key in [key, TileKey { sharp: false, ..key }] {
        if let Some(texture) = tiles.get(key) {
            return (texture.id(), grid.uv(key.tile, rect_in_photo));
        }
    }
    for level in grid.level + 1..shown.pyramid.level_count() {
        let (coarse, tile) = grid.coarser_tile(key.tile, level);
        if let Some(texture) = tiles.get(TileKey { level, tile, sharp: false }) {
            return (texture.id(), coarse.uv(tile, rect_in_photo));
        }
    }
    let photo = shown.pyramid.photo();
    let photo_size = Vec2::new(photo.width() as f32, photo.height() as f32);
    let share = |point: egui::Pos2| (point.to_vec2() / photo_size).to_pos2();
    (shown.overview.id(), Rect::from_min_max(share(rect_in_photo.min), share(rect_in_photo.max)))
}

/// Draws the checkerboard: squares of a fixed screen size, anchored at the photo's corner.
fn paint_checkerboard(
    cached: &mut Option<([Color32; 2], TextureHandle)>,
    painter: &Painter,
    visible: Rect,
    photo_on_screen: Rect,
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
        let skipped = ((visible.min - photo_on_screen.min) / period).floor() * period;
        let uv = visible.translate(-(photo_on_screen.min.to_vec2() + skipped)) / period;
        painter.add(Shape::image(texture.id(), visible, uv, Color32::WHITE));
    }
}
