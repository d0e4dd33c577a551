//! A set of the photo's pixels, one bit each, in tiles.
//!
//! A copy shares the pixels with the original, and each change copies the tiles that it touches. So the state before a
//! stroke costs only what the stroke changed, whatever the photo's size. Comparing two such copies is as cheap.

use std::ops::Range;
use std::sync::Arc;

use super::tile::{TILE_PX, Tile, TileExtent, column_bits};
use crate::geometry::RectPx;

/// A set of pixels of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BitPlane {
    width: u32,
    height: u32,
    /// The tiles, row by row.
    tile_rows: Vec<Arc<Vec<Tile>>>,
}

impl BitPlane {
    /// No pixel.
    pub(super) fn empty(width: u32, height: u32) -> Self {
        Self::uniform(width, height, Tile::Empty)
    }

    /// Every pixel.
    pub(super) fn full(width: u32, height: u32) -> Self {
        Self::uniform(width, height, Tile::Full)
    }

    fn uniform(width: u32, height: u32, tile: Tile) -> Self {
        let tile_row = Arc::new(vec![tile; width.div_ceil(TILE_PX) as usize]);
        Self { width, height, tile_rows: vec![tile_row; height.div_ceil(TILE_PX) as usize] }
    }

    pub(super) fn width(&self) -> u32 {
        self.width
    }

    pub(super) fn height(&self) -> u32 {
        self.height
    }

    /// The whole picture as a rectangle.
    pub(super) fn rect(&self) -> RectPx {
        RectPx { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// Whether a pixel is in the set; `false` outside the picture.
    pub(super) fn contains(&self, x: u32, y: u32) -> bool {
        x < self.width && y < self.height && is_set_in_row(&self.tile_rows[(y / TILE_PX) as usize], x, y)
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.touches(self.rect())
    }

    /// Whether a pixel of a rectangle is in the set. Parts without one cost almost nothing.
    pub(super) fn touches(&self, rect: RectPx) -> bool {
        let rect = rect.intersection(self.rect());
        let tile_columns = rect.x / TILE_PX..rect.right().div_ceil(TILE_PX);
        let mut empty_row = None;
        for row in rect.y / TILE_PX..rect.bottom().div_ceil(TILE_PX) {
            let tiles = &self.tile_rows[row as usize];
            // Rows of tiles without anything painted are shared.
            if empty_row.is_some_and(|empty| Arc::ptr_eq(empty, tiles)) {
                continue;
            }
            let tiles_in_rect = &tiles[tile_columns.start as usize..tile_columns.end as usize];
            if tiles_in_rect.iter().all(|tile| *tile == Tile::Empty) {
                empty_row = Some(tiles);
                continue;
            }
            let mut rows = rect.y.max(row * TILE_PX)..rect.bottom().min((row + 1) * TILE_PX);
            if rows.any(|y| self.row_touches(y, rect.x..rect.right())) {
                return true;
            }
        }
        false
    }

    pub(super) fn is_full(&self) -> bool {
        self.tiles().all(|(_, _, tile)| *tile == Tile::Full)
    }

    /// The number of pixels.
    pub(super) fn count(&self) -> usize {
        let count = |(column, row, tile): (u32, u32, &Tile)| match tile {
            Tile::Empty => 0,
            Tile::Full => self.tile_rect(column, row).area(),
            Tile::Mixed(bits) => bits.iter().map(|word| word.count_ones() as usize).sum(),
        };
        self.tiles().map(count).sum()
    }

    /// The smallest rectangle around the pixels; empty when there are none.
    pub(super) fn bounds(&self) -> RectPx {
        self.difference(&Self::empty(self.width, self.height))
    }

    /// The smallest rectangle around the pixels in which two sets of the same size differ.
    pub(super) fn difference(&self, other: &Self) -> RectPx {
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

    /// Memory in bytes that only this set needs, and not `other`, of the same size.
    pub(super) fn bytes_beside(&self, other: &Self) -> usize {
        let unshared_rows = self.tile_rows.iter().zip(&other.tile_rows).filter(|(row, other)| !Arc::ptr_eq(row, other));
        let tiles: usize = unshared_rows.map(|(row, _)| row.len() * size_of::<Tile>()).sum();
        tiles + self.tiles_unlike(other).map(|(_, _, tile, _)| tile.bytes()).sum::<usize>()
    }

    /// Part of a row, which must lie inside the picture: whether each pixel is in the set.
    pub(super) fn row(
        &self,
        y: u32,
        columns: Range<u32>,
    ) -> impl DoubleEndedIterator<Item = bool> + ExactSizeIterator + Clone {
        let tiles = &*self.tile_rows[(y / TILE_PX) as usize];
        columns.map(move |x| is_set_in_row(tiles, x, y))
    }

    /// The set's columns in part of a row, which must lie inside the picture.
    pub(super) fn columns(&self, y: u32, columns: Range<u32>) -> impl DoubleEndedIterator<Item = u32> {
        let tiles = &*self.tile_rows[(y / TILE_PX) as usize];
        columns.filter(move |x| is_set_in_row(tiles, *x, y))
    }

    /// Whether a pixel of part of a row, which must lie inside the picture, is in the set.
    pub(super) fn row_touches(&self, y: u32, columns: Range<u32>) -> bool {
        self.words(y, columns).any(|word| word != 0)
    }

    /// The number of pixels in part of a row, which must lie inside the picture.
    pub(super) fn row_count(&self, y: u32, columns: Range<u32>) -> u32 {
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

    /// The tiles that are not the same in another set of this size, with the other's. Rows of tiles that both share are
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

    /// Replaces each word of a rectangle, which must lie inside the picture, by `word(x, y, old)`: the bits of the pixels
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

    /// Swaps the pixels in the set with all others.
    pub(super) fn invert(&mut self) {
        self.map_words(self.rect(), |_, _, old| !old);
    }

    /// Adds the pixels whose bits `covered(x, y)` returns, in a rectangle inside the picture.
    pub(super) fn add_bits(&mut self, rect: RectPx, covered: impl Fn(u32, u32) -> u64) {
        self.map_words(rect, |x, y, old| old | covered(x, y));
    }

    /// Removes the pixels whose bits `covered(x, y)` returns, in a rectangle inside the picture.
    pub(super) fn remove_bits(&mut self, rect: RectPx, covered: impl Fn(u32, u32) -> u64) {
        if self.touches(rect) {
            self.map_words(rect, |x, y, old| old & !covered(x, y));
        }
    }

    /// Adds the pixels of another set; those outside either picture do not count.
    pub(super) fn add(&mut self, other: &Self) {
        let changed = other.bounds().intersection(self.rect());
        self.add_bits(changed, |x, y| other.word(x, y));
    }

    /// Removes the pixels of another set.
    pub(super) fn remove(&mut self, other: &Self) {
        let changed = other.bounds().intersection(self.rect());
        self.remove_bits(changed, |x, y| other.word(x, y));
    }

    /// The pixels `(x, y)` in a rectangle that `keep` accepts.
    pub(super) fn filtered(&self, rect: RectPx, keep: impl Fn(u32, u32) -> bool) -> Self {
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
}

#[inline]
fn is_set_in_row(tiles: &[Tile], x: u32, y: u32) -> bool {
    tiles[(x / TILE_PX) as usize].word((y % TILE_PX) as usize) >> (x % TILE_PX) & 1 == 1
}
