//! The mask tiles that an edit changed, saved so that undo need not redraw the mask.

use std::collections::HashMap;

use super::Mask;
use crate::geometry::RectPx;

/// Side of a tile: a row of bits fits one machine word.
pub(super) const TILE_PX: u32 = 64;

/// 64×64 pixels, one bit each. Uniform tiles, which are the most common, store no pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
enum MaskTile {
    Known,
    Hole,
    Mixed(Box<[u64; TILE_PX as usize]>),
}

/// Saved tiles of one edit: their state before the edit or, once it is undone, after it.
#[derive(Clone, Debug, Default)]
pub(super) struct UndoTiles {
    tiles: HashMap<(u32, u32), MaskTile>,
    mixed_count: usize,
}

impl UndoTiles {
    /// Saves the current state of the tiles that a rectangle touches, unless they are saved already.
    pub(super) fn save(&mut self, mask: &Mask, rect: RectPx) {
        if rect.is_empty() {
            return;
        }
        for row in rect.y / TILE_PX..=(rect.y + rect.height - 1) / TILE_PX {
            for column in rect.x / TILE_PX..=(rect.x + rect.width - 1) / TILE_PX {
                self.tiles.entry((column, row)).or_insert_with(|| {
                    let tile = read_tile(mask, column, row);
                    self.mixed_count += usize::from(matches!(tile, MaskTile::Mixed(_)));
                    tile
                });
            }
        }
    }

    /// Swaps the saved tiles with the mask's: undoes the edit, or redoes it.
    pub(super) fn swap(&mut self, mask: &mut Mask) {
        self.mixed_count = 0;
        for (&(column, row), tile) in &mut self.tiles {
            let current = read_tile(mask, column, row);
            write_tile(mask, column, row, tile);
            self.mixed_count += usize::from(matches!(current, MaskTile::Mixed(_)));
            *tile = current;
        }
    }

    /// Approximate memory use in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.tiles.capacity() * size_of::<((u32, u32), MaskTile)>()
            + self.mixed_count * TILE_PX as usize * size_of::<u64>()
    }
}

fn tile_rect(mask: &Mask, column: u32, row: u32) -> RectPx {
    RectPx { x: column * TILE_PX, y: row * TILE_PX, width: TILE_PX, height: TILE_PX }.intersection(mask.rect())
}

/// Bits for pixels beyond the mask's border have no meaning: they are never written back.
fn read_tile(mask: &Mask, column: u32, row: u32) -> MaskTile {
    let rect = tile_rect(mask, column, row);
    let columns = rect.x..rect.x + rect.width;
    let rows = || (rect.y..rect.y + rect.height).map(|y| mask.row(y, columns.clone()));
    if rows().all(|row| row.iter().all(|&pixel| pixel == 0)) {
        return MaskTile::Known;
    }
    if rows().all(|row| row.iter().all(|&pixel| pixel != 0)) {
        return MaskTile::Hole;
    }
    let mut bits = Box::new([0; TILE_PX as usize]);
    for (word, row) in bits.iter_mut().zip(rows()) {
        *word = row.iter().rev().fold(0, |word, &pixel| word << 1 | u64::from(pixel & 1));
    }
    MaskTile::Mixed(bits)
}

fn write_tile(mask: &mut Mask, column: u32, row: u32, tile: &MaskTile) {
    let rect = tile_rect(mask, column, row);
    for (index, y) in (rect.y..rect.y + rect.height).enumerate() {
        let pixels = mask.row_mut(y, rect.x..rect.x + rect.width);
        match tile {
            MaskTile::Known => pixels.fill(0),
            MaskTile::Hole => pixels.fill(Mask::HOLE),
            MaskTile::Mixed(bits) => {
                let mut word = bits[index];
                for pixel in pixels {
                    *pixel = if word & 1 == 1 { Mask::HOLE } else { 0 };
                    word >>= 1;
                }
            }
        }
    }
}
