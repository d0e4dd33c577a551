//! Divides one level of a mip pyramid into tiles.
//!
//! Level 0 is the photo; each further level has half the side length, rounded up. A tile's texture has a border of one
//! texel from its neighbours, so that linear filtering shows no seam between tiles.

use egui::{Rect, pos2};

use crate::geometry::RectPx;

/// Texels along one side of a tile, without the border.
pub(super) const TILE_SIDE: u32 = 512;
/// Width of the border around a tile's texture, in texels.
const TILE_BORDER: u32 = 1;

/// Number of levels until a photo of this size fits into one tile; at least 1.
pub(super) fn level_count(width: u32, height: u32) -> u32 {
    let tiles = width.max(height).div_ceil(TILE_SIDE).max(1);
    tiles.next_power_of_two().trailing_zeros() + 1
}

/// The level whose texels are at most one physical pixel wide and more than half a pixel.
pub(super) fn level_for_zoom(zoom: f32, levels: u32) -> u32 {
    let halvings = (1.0 / zoom).log2().floor().max(0.0);
    (halvings as u32).min(levels.saturating_sub(1))
}

/// The tiles of one level of a photo or mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TileGrid {
    photo_width: u32,
    photo_height: u32,
    pub level: u32,
}

impl TileGrid {
    pub fn new(photo_width: u32, photo_height: u32, level: u32) -> Self {
        Self { photo_width, photo_height, level }
    }

    /// Photo pixels along one side of a texel.
    pub fn texel_side_px(&self) -> u32 {
        1 << self.level
    }

    /// All texels of the level.
    pub fn bounds(&self) -> RectPx {
        let side = self.texel_side_px();
        RectPx { x: 0, y: 0, width: self.photo_width.div_ceil(side), height: self.photo_height.div_ceil(side) }
    }

    /// The texels of a tile's texture: the tile and its border, clipped to the level.
    pub fn texels_with_border(&self, tile: [u32; 2]) -> RectPx {
        let [x, y] = tile.map(|index| (index * TILE_SIDE).saturating_sub(TILE_BORDER));
        let [right, bottom] = tile.map(|index| (index + 1) * TILE_SIDE + TILE_BORDER);
        RectPx { x, y, width: right - x, height: bottom - y }.intersection(self.bounds())
    }

    /// The part of the photo that a tile shows, in photo pixels.
    pub fn rect_in_photo(&self, tile: [u32; 2]) -> Rect {
        let side = TILE_SIDE * self.texel_side_px();
        let [x, y] = tile.map(|index| index * side);
        let right = (x + side).min(self.photo_width);
        let bottom = (y + side).min(self.photo_height);
        Rect::from_min_max(pos2(x as f32, y as f32), pos2(right as f32, bottom as f32))
    }

    /// Texture coordinates of a part of the photo in a tile.
    pub fn uv(&self, tile: [u32; 2], in_photo: Rect) -> Rect {
        let texels = self.texels_with_border(tile);
        let side = self.texel_side_px() as f32;
        let u = |x: f32| (x / side - texels.x as f32) / texels.width as f32;
        let v = |y: f32| (y / side - texels.y as f32) / texels.height as f32;
        Rect::from_min_max(pos2(u(in_photo.min.x), v(in_photo.min.y)), pos2(u(in_photo.max.x), v(in_photo.max.y)))
    }

    /// The tiles that show a part of the photo.
    pub fn tiles_covering(&self, in_photo: Rect) -> impl Iterator<Item = [u32; 2]> + use<> {
        let side = (TILE_SIDE * self.texel_side_px()) as f32;
        let bounds = self.bounds();
        let range = |min: f32, max: f32, texels: u32| {
            let count = texels.div_ceil(TILE_SIDE);
            let first = (min / side).floor().max(0.0) as u32;
            let end = ((max / side).ceil().max(0.0) as u32).min(count);
            first..end
        };
        let columns = range(in_photo.min.x, in_photo.max.x, bounds.width);
        range(in_photo.min.y, in_photo.max.y, bounds.height)
            .flat_map(move |row| columns.clone().map(move |column| [column, row]))
    }

    /// The tile of a coarser level that contains `tile`.
    pub fn coarser_tile(&self, tile: [u32; 2], coarser: u32) -> (Self, [u32; 2]) {
        (Self { level: coarser, ..*self }, tile.map(|index| index >> (coarser - self.level)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_the_photo_without_overlap() {
        for (width, height, level) in [(1300, 700, 0), (1300, 700, 1), (513, 2049, 0), (1, 1, 0), (5001, 3, 3)] {
            let grid = TileGrid::new(width, height, level);
            let all = Rect::from_min_max(pos2(0.0, 0.0), pos2(width as f32, height as f32));
            let area: f32 = grid.tiles_covering(all).map(|tile| grid.rect_in_photo(tile).area()).sum();
            assert!((area - all.area()).abs() < 0.5, "{width}×{height} at level {level}: {area}");
        }
    }

    #[test]
    fn the_last_level_is_one_tile() {
        for (width, height) in [(1, 1), (512, 512), (513, 10), (6000, 4000), (12_000, 9_000)] {
            let levels = level_count(width, height);
            let bounds = TileGrid::new(width, height, levels - 1).bounds();
            assert!(bounds.width <= TILE_SIDE && bounds.height <= TILE_SIDE, "{width}×{height}");
            if levels > 1 {
                let finer = TileGrid::new(width, height, levels - 2).bounds();
                assert!(finer.width.max(finer.height) > TILE_SIDE, "{width}×{height} has a level too many");
            }
        }
    }

    #[test]
    fn texels_are_at_most_one_screen_pixel_wide() {
        assert_eq!(level_for_zoom(3.0, 5), 0);
        assert_eq!(level_for_zoom(1.0, 5), 0);
        assert_eq!(level_for_zoom(0.51, 5), 0);
        assert_eq!(level_for_zoom(0.5, 5), 1);
        assert_eq!(level_for_zoom(0.2, 5), 2);
        assert_eq!(level_for_zoom(0.001, 5), 4);
    }

    #[test]
    fn texture_coordinates_skip_the_border() {
        let grid = TileGrid::new(2000, 2000, 0);
        let texels = grid.texels_with_border([1, 1]);
        assert_eq!(texels, RectPx { x: 511, y: 511, width: 514, height: 514 });
        let uv = grid.uv([1, 1], grid.rect_in_photo([1, 1]));
        assert!((uv.min.x - 1.0 / 514.0).abs() < 1e-6 && (uv.max.y - 513.0 / 514.0).abs() < 1e-6);
        assert_eq!(grid.texels_with_border([0, 0]), RectPx { x: 0, y: 0, width: 513, height: 513 });
    }

    #[test]
    fn an_ancestor_contains_its_descendant() {
        let grid = TileGrid::new(6000, 4000, 0);
        let (coarse, tile) = grid.coarser_tile([7, 5], 2);
        assert_eq!((coarse.level, tile), (2, [1, 1]));
        assert!(coarse.rect_in_photo(tile).contains_rect(grid.rect_in_photo([7, 5])));
    }
}
