//! The mask: the hole as pixels, and drawing strokes into it.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::capsule::{BrushCapsule, covered_pixels, is_finite, pixel_under};
use super::tile::{TILE_PX, Tile, TileExtent, column_bits};
use crate::geometry::{Point, RectPx};
use crate::photo::sha256_of_pixels;

/// Whether a stroke adds to the hole or removes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StrokeKind {
    Paint,
    Erase,
}

/// One drag of the round brush.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stroke {
    pub kind: StrokeKind,
    /// Radius in photo pixels.
    pub radius_px: f32,
    /// The path of the brush's centre; a single point is a dab. Points that are not finite are skipped.
    pub points_in_photo: Vec<Point>,
}

/// The hole: for each photo pixel, whether it is replaced.
///
/// A copy shares the pixels with the original, and each change copies the tiles that it touches. So the state before a
/// stroke costs only what the stroke changed, whatever the photo's size. Comparing two such copies is as cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    /// The tiles, row by row.
    tile_rows: Vec<Arc<Vec<Tile>>>,
}

impl Mask {
    /// The value of a hole pixel in mask files and in [`to_bytes`](Self::to_bytes).
    pub const HOLE: u8 = 255;

    /// A mask without a hole.
    #[must_use]
    pub fn empty(width: u32, height: u32) -> Self {
        Self::uniform(width, height, Tile::Known)
    }

    /// A mask whose every pixel is hole.
    #[must_use]
    pub fn full(width: u32, height: u32) -> Self {
        Self::uniform(width, height, Tile::Hole)
    }

    fn uniform(width: u32, height: u32, tile: Tile) -> Self {
        let tile_row = Arc::new(vec![tile; width.div_ceil(TILE_PX) as usize]);
        Self { width, height, tile_rows: vec![tile_row; height.div_ceil(TILE_PX) as usize] }
    }

    /// A mask of the pixels `(x, y)` for which `is_hole` returns true.
    #[must_use]
    pub fn from_fn(width: u32, height: u32, is_hole: impl Fn(u32, u32) -> bool) -> Self {
        let full = Self::full(width, height);
        full.filtered(full.rect(), is_hole)
    }

    /// A mask from grey values, row by row: 128 and brighter is hole. `None` when there are not `width × height`
    /// values.
    #[must_use]
    pub fn from_pixels(width: u32, height: u32, pixels: &[u8]) -> Option<Self> {
        let is_complete = pixels.len() == width as usize * height as usize;
        is_complete
            .then(|| Self::from_fn(width, height, |x, y| pixels[y as usize * width as usize + x as usize] >= 128))
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The whole mask as a rectangle.
    #[must_use]
    pub fn rect(&self) -> RectPx {
        RectPx { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// The pixels, row by row: 255 in the hole, 0 elsewhere.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let byte = |is_hole: bool| if is_hole { Self::HOLE } else { 0 };
        (0..self.height).flat_map(|y| self.row(y, 0..self.width).map(byte)).collect()
    }

    /// Whether a pixel is hole; `false` outside the mask.
    #[must_use]
    pub fn is_hole(&self, x: u32, y: u32) -> bool {
        x < self.width && y < self.height && is_hole_in_row(&self.tile_rows[(y / TILE_PX) as usize], x, y)
    }

    /// Whether no pixel is hole.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.has_hole_in(self.rect())
    }

    /// Whether a rectangle has a hole. Parts without one cost almost nothing.
    #[must_use]
    pub(crate) fn has_hole_in(&self, rect: RectPx) -> bool {
        let rect = rect.intersection(self.rect());
        let tile_columns = rect.x / TILE_PX..rect.right().div_ceil(TILE_PX);
        let mut known_row = None;
        for row in rect.y / TILE_PX..rect.bottom().div_ceil(TILE_PX) {
            let tiles = &self.tile_rows[row as usize];
            // Rows of tiles without anything painted are shared.
            if known_row.is_some_and(|known| Arc::ptr_eq(known, tiles)) {
                continue;
            }
            let tiles_in_rect = &tiles[tile_columns.start as usize..tile_columns.end as usize];
            if tiles_in_rect.iter().all(|tile| *tile == Tile::Known) {
                known_row = Some(tiles);
                continue;
            }
            let mut rows = rect.y.max(row * TILE_PX)..rect.bottom().min((row + 1) * TILE_PX);
            if rows.any(|y| self.row_has_hole(y, rect.x..rect.right())) {
                return true;
            }
        }
        false
    }

    /// Whether every pixel is hole.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.tiles().all(|(_, _, tile)| *tile == Tile::Hole)
    }

    /// Share of the pixels that are hole, 0 to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "pixel counts are far below 2^52")]
    pub fn hole_share(&self) -> f64 {
        self.hole_count() as f64 / (f64::from(self.width) * f64::from(self.height)).max(1.0)
    }

    /// SHA-256 of the size and the pixels, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_of_pixels(self.width, self.height, "mask", &self.to_bytes())
    }

    /// Number of hole pixels.
    #[must_use]
    pub fn hole_count(&self) -> usize {
        let count = |(column, row, tile): (u32, u32, &Tile)| match tile {
            Tile::Known => 0,
            Tile::Hole => self.tile_rect(column, row).area(),
            Tile::Mixed(bits) => bits.iter().map(|word| word.count_ones() as usize).sum(),
        };
        self.tiles().map(count).sum()
    }

    /// The smallest rectangle around the hole; `None` when there is no hole.
    #[must_use]
    pub fn hole_bounds(&self) -> Option<RectPx> {
        let bounds = self.difference(&Self::empty(self.width, self.height));
        (!bounds.is_empty()).then_some(bounds)
    }

    /// The smallest rectangle around the pixels in which two masks of the same size differ.
    #[must_use]
    pub fn difference(&self, other: &Self) -> RectPx {
        let bounds = |(column, row, tile, other): (u32, u32, &Tile, &Tile)| {
            let rect = self.tile_rect(column, row);
            let columns = column_bits(&(0..rect.width), 0);
            let words = (rect.y..rect.bottom()).zip(0..).map(|(y, i)| (y, (tile.word(i) ^ other.word(i)) & columns));
            words.filter(|(_, word)| *word != 0).fold(RectPx::default(), |bounds, (y, word)| {
                let columns = rect.x + word.trailing_zeros()..rect.x + TILE_PX - word.leading_zeros();
                bounds.union(RectPx::from_ranges(columns, y..y + 1))
            })
        };
        self.tiles_unlike(other).map(bounds).fold(RectPx::default(), RectPx::union)
    }

    /// Memory in bytes that only this mask needs, and not `other`, of the same size.
    #[must_use]
    pub fn bytes_beside(&self, other: &Self) -> usize {
        let unshared_rows = self.tile_rows.iter().zip(&other.tile_rows).filter(|(row, other)| !Arc::ptr_eq(row, other));
        let tiles: usize = unshared_rows.map(|(row, _)| row.len() * size_of::<Tile>()).sum();
        tiles + self.tiles_unlike(other).map(|(_, _, tile, _)| tile.bytes()).sum::<usize>()
    }

    /// Part of a row, which must lie inside the mask: whether each pixel is hole.
    pub(crate) fn row(
        &self,
        y: u32,
        columns: Range<u32>,
    ) -> impl DoubleEndedIterator<Item = bool> + ExactSizeIterator + Clone {
        let tiles = &*self.tile_rows[(y / TILE_PX) as usize];
        columns.map(move |x| is_hole_in_row(tiles, x, y))
    }

    /// The hole's columns in part of a row, which must lie inside the mask.
    pub(crate) fn hole_columns(&self, y: u32, columns: Range<u32>) -> impl DoubleEndedIterator<Item = u32> {
        let tiles = &*self.tile_rows[(y / TILE_PX) as usize];
        columns.filter(move |x| is_hole_in_row(tiles, *x, y))
    }

    /// Whether part of a row, which must lie inside the mask, has a hole.
    pub(crate) fn row_has_hole(&self, y: u32, columns: Range<u32>) -> bool {
        self.words(y, columns).any(|word| word != 0)
    }

    /// The number of hole pixels in part of a row, which must lie inside the mask.
    pub(crate) fn row_hole_count(&self, y: u32, columns: Range<u32>) -> u32 {
        let tile = columns.start / TILE_PX;
        if columns.end <= (tile + 1) * TILE_PX {
            let word = self.tile_rows[(y / TILE_PX) as usize][tile as usize].word((y % TILE_PX) as usize);
            return (word & column_bits(&columns, tile * TILE_PX)).count_ones();
        }
        self.words(y, columns).map(u64::count_ones).sum()
    }

    /// The words of part of a row. Bits of other columns are 0.
    fn words(&self, y: u32, columns: Range<u32>) -> impl Iterator<Item = u64> {
        let tiles = &self.tile_rows[(y / TILE_PX) as usize];
        let tile_columns = columns.start / TILE_PX..columns.end.div_ceil(TILE_PX);
        tile_columns.map(move |column| {
            let word = tiles[column as usize].word((y % TILE_PX) as usize);
            word & column_bits(&columns, column * TILE_PX)
        })
    }

    /// The tiles with their positions.
    fn tiles(&self) -> impl Iterator<Item = (u32, u32, &Tile)> {
        (0..)
            .zip(&self.tile_rows)
            .flat_map(|(row, tiles)| (0..).zip(tiles.iter()).map(move |(column, tile)| (column, row, tile)))
    }

    /// The tiles that are not the same in another mask of this size, with the other's. Rows of tiles that both share are
    /// not looked at.
    fn tiles_unlike<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (u32, u32, &'a Tile, &'a Tile)> {
        let rows = (0..).zip(self.tile_rows.iter().zip(&other.tile_rows));
        rows.filter(|(_, (tiles, other))| !Arc::ptr_eq(tiles, other)).flat_map(|(row, (tiles, other))| {
            let pairs = (0..).zip(tiles.iter().zip(other.iter())).filter(|(_, (tile, other))| tile != other);
            pairs.map(move |(column, (tile, other))| (column, row, tile, other))
        })
    }

    fn tile_rect(&self, column: u32, row: u32) -> RectPx {
        RectPx { x: column * TILE_PX, y: row * TILE_PX, width: TILE_PX, height: TILE_PX }.intersection(self.rect())
    }

    /// Replaces each word of a rectangle, which must lie inside the mask, by `word(x, y, old)`: the bits of the pixels
    /// of row `y` from column `x` on. `word` must leave the bits of other columns as they are.
    fn map_words(&mut self, rect: RectPx, word: impl Fn(u32, u32, u64) -> u64) {
        if rect.is_empty() {
            return;
        }
        for row in rect.y / TILE_PX..rect.bottom().div_ceil(TILE_PX) {
            for column in rect.x / TILE_PX..rect.right().div_ceil(TILE_PX) {
                let tile_rect = self.tile_rect(column, row);
                let tile = &self.tile_rows[row as usize][column as usize];
                let columns = column_bits(&(0..tile_rect.width), 0);
                let extent = TileExtent { columns, rows: tile_rect.height as usize };
                let mut bits = tile.bits(extent);
                let mut has_changed = false;
                for y in rect.y.max(tile_rect.y)..rect.bottom().min(tile_rect.bottom()) {
                    let old = &mut bits[(y - tile_rect.y) as usize];
                    let new = word(tile_rect.x, y, *old) & columns;
                    has_changed |= new != *old;
                    *old = new;
                }
                if has_changed {
                    Arc::make_mut(&mut self.tile_rows[row as usize])[column as usize] = Tile::new(&bits, extent);
                }
            }
        }
    }

    /// Swaps hole and known pixels.
    pub fn invert(&mut self) {
        self.map_words(self.rect(), |_, _, old| !old);
    }

    /// Adds the hole of another mask; pixels outside either mask are ignored.
    pub fn add(&mut self, other: &Self) {
        let changed = other.hole_bounds().unwrap_or_default().intersection(self.rect());
        self.map_words(changed, |x, y, old| old | other.word(x, y));
    }

    /// Removes the hole of another mask.
    pub fn remove(&mut self, other: &Self) {
        let changed = other.hole_bounds().unwrap_or_default().intersection(self.rect());
        self.map_words(changed, |x, y, old| old & !other.word(x, y));
    }

    /// The hole pixels `(x, y)` in a rectangle that `keep` accepts.
    #[must_use]
    pub(crate) fn filtered(&self, rect: RectPx, keep: impl Fn(u32, u32) -> bool) -> Self {
        let rect = rect.intersection(self.rect());
        let columns = rect.x..rect.right();
        let mut kept = Self::empty(self.width, self.height);
        kept.map_words(rect, |x, y, _| {
            let mut word = self.word(x, y) & column_bits(&columns, x);
            let mut unseen = word;
            while unseen != 0 {
                let bit = unseen.trailing_zeros();
                unseen &= unseen - 1;
                if !keep(x + bit, y) {
                    word &= !(1 << bit);
                }
            }
            word
        });
        kept
    }

    /// The bits of the pixels of row `y` from column `x` on, the first of a tile. Bits beyond the border are 0.
    fn word(&self, x: u32, y: u32) -> u64 {
        let word = self.tile_rows[(y / TILE_PX) as usize][(x / TILE_PX) as usize].word((y % TILE_PX) as usize);
        word & column_bits(&(0..self.width), x)
    }

    /// Draws a whole stroke.
    pub fn draw_stroke(&mut self, stroke: &Stroke) {
        let mut previous = None;
        for &point in stroke.points_in_photo.iter().filter(|point| is_finite(**point)) {
            self.draw_segment(previous.unwrap_or(point), point, stroke.radius_px, stroke.kind);
            previous = Some(point);
        }
    }

    /// Draws the brush from one point to the next: every pixel whose centre is within the radius of the segment, and
    /// the pixels under both ends whatever the radius. Radii below half a pixel count as half a pixel, so that a thin
    /// line has no gaps. The cost is proportional to the rows crossed and the tiles touched.
    pub fn draw_segment(&mut self, from: Point, to: Point, radius_px: f32, kind: StrokeKind) {
        let Some(capsule) = BrushCapsule::new(from, to, radius_px) else { return };
        let [columns, rows] = capsule.bounds();
        let bounds = covered_pixels(columns, self.width);
        // Rounding must not set a pixel outside the bounds.
        let covered = |y: u32| {
            let columns = covered_pixels(capsule.row_span(f64::from(y) + 0.5), self.width);
            let start = columns.start.max(bounds.start);
            start..columns.end.min(bounds.end).max(start)
        };
        let rows: Vec<(u32, Range<u32>)> = covered_pixels(rows, self.height).map(|y| (y, covered(y))).collect();
        // Tile row by tile row: a long slanting segment touches few tiles of each.
        for rows in rows.chunk_by(|(y, _), (next, _)| y / TILE_PX == next / TILE_PX) {
            let top = rows[0].0;
            let row_rects = rows.iter().map(|(y, columns)| RectPx::from_ranges(columns.clone(), *y..y + 1));
            self.set_bits(row_rects.fold(RectPx::default(), RectPx::union), kind, |x, y| {
                column_bits(&rows[(y - top) as usize].1, x)
            });
        }
        for end in [from, to] {
            self.set_rect(pixel_under(end, self.width, self.height), kind);
        }
    }

    /// Draws these columns of each row of a rectangle, which must lie inside the mask.
    pub(super) fn set_spans(&mut self, rect: RectPx, kind: StrokeKind, spans: &[Vec<Range<u32>>]) {
        self.set_bits(rect, kind, |x, y| {
            let spans = spans.get((y - rect.y) as usize).map_or(&[][..], |spans| spans);
            spans.iter().fold(0, |bits, span| bits | column_bits(span, x))
        });
    }

    /// Draws a rectangle, which must lie inside the mask.
    pub(super) fn set_rect(&mut self, rect: RectPx, kind: StrokeKind) {
        let columns = rect.x..rect.right();
        self.set_bits(rect, kind, |x, _| column_bits(&columns, x));
    }

    /// Draws the pixels whose bits `covered(x, y)` returns, in a rectangle inside the mask.
    fn set_bits(&mut self, rect: RectPx, kind: StrokeKind, covered: impl Fn(u32, u32) -> u64) {
        self.map_words(rect, |x, y, old| match kind {
            StrokeKind::Paint => old | covered(x, y),
            StrokeKind::Erase => old & !covered(x, y),
        });
    }
}

#[inline]
fn is_hole_in_row(tiles: &[Tile], x: u32, y: u32) -> bool {
    tiles[(x / TILE_PX) as usize].word((y % TILE_PX) as usize) >> (x % TILE_PX) & 1 == 1
}

#[cfg(test)]
mod tests;
