//! What an edit covered, kept so that it can be taken back without drawing everything again.

use std::collections::HashMap;

use super::Mask;
use crate::photo::RectPx;

/// Side of a tile: one machine word holds a row.
pub(super) const TILE_PX: u32 = 64;

/// 64×64 pixels, one bit each; most are all alike and take no room.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tile {
    Known,
    Hole,
    Mixed(Box<[u64; TILE_PX as usize]>),
}

/// The other state of some tiles of a mask: what they held before an edit, or, once it is undone, what they held after it.
#[derive(Clone, Debug, Default)]
pub(super) struct SavedTiles {
    tiles: HashMap<(u32, u32), Tile>,
    mixed: usize,
}

impl SavedTiles {
    /// Saves the tiles that a rectangle touches, as they are now, unless they are saved already.
    pub(super) fn save(&mut self, mask: &Mask, rect: RectPx) {
        if rect.is_empty() {
            return;
        }
        for row in rect.y / TILE_PX..=(rect.y + rect.height - 1) / TILE_PX {
            for column in rect.x / TILE_PX..=(rect.x + rect.width - 1) / TILE_PX {
                self.tiles.entry((column, row)).or_insert_with(|| {
                    let tile = read(mask, column, row);
                    self.mixed += usize::from(matches!(tile, Tile::Mixed(_)));
                    tile
                });
            }
        }
    }

    /// Exchanges the saved tiles and the mask's: undoes the edit, or does it again.
    pub(super) fn swap(&mut self, mask: &mut Mask) {
        self.mixed = 0;
        for (&(column, row), tile) in &mut self.tiles {
            let current = read(mask, column, row);
            write(mask, column, row, tile);
            self.mixed += usize::from(matches!(current, Tile::Mixed(_)));
            *tile = current;
        }
    }

    /// Memory held, in bytes, about.
    pub(super) fn bytes(&self) -> usize {
        self.tiles.capacity() * size_of::<((u32, u32), Tile)>() + self.mixed * TILE_PX as usize * size_of::<u64>()
    }
}

fn tile_rect(mask: &Mask, column: u32, row: u32) -> RectPx {
    RectPx { x: column * TILE_PX, y: row * TILE_PX, width: TILE_PX, height: TILE_PX }.intersection(mask.rect())
}

/// Pixels of the tile beyond the mask's border repeat as known, or as hole where all others are hole.
fn read(mask: &Mask, column: u32, row: u32) -> Tile {
    let rect = tile_rect(mask, column, row);
    let columns = rect.x..rect.x + rect.width;
    let rows = || (rect.y..rect.y + rect.height).map(|y| mask.row(y, columns.clone()));
    if rows().all(|row| row.iter().all(|&pixel| pixel == 0)) {
        return Tile::Known;
    }
    if rows().all(|row| row.iter().all(|&pixel| pixel != 0)) {
        return Tile::Hole;
    }
    let mut bits = Box::new([0; TILE_PX as usize]);
    for (word, row) in bits.iter_mut().zip(rows()) {
        *word = row.iter().rev().fold(0, |word, &pixel| word << 1 | u64::from(pixel & 1));
    }
    Tile::Mixed(bits)
}

fn write(mask: &mut Mask, column: u32, row: u32, tile: &Tile) {
    let rect = tile_rect(mask, column, row);
    for (index, y) in (rect.y..rect.y + rect.height).enumerate() {
        let pixels = mask.row_mut(y, rect.x..rect.x + rect.width);
        match tile {
            Tile::Known => pixels.fill(0),
            Tile::Hole => pixels.fill(Mask::HOLE),
            Tile::Mixed(bits) => {
                let mut word = bits[index];
                for pixel in pixels {
                    *pixel = if word & 1 == 1 { Mask::HOLE } else { 0 };
                    word >>= 1;
                }
            }
        }
    }
}
