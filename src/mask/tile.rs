//! A tile of a set of pixels: 64×64 pixels, one bit each.

use std::ops::Range;
use std::sync::Arc;

/// Side of a tile: a row of bits fits one machine word.
pub(super) const TILE_PX: u32 = 64;

/// The pixels of a tile: bit `x` of word `y` says whether the pixel is in the set. Bits beyond the picture's border are 0.
pub(super) type TileBits = [u64; TILE_PX as usize];

/// A tile. Most tiles are uniform and store no pixels; copies of the others share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tile {
    Empty,
    /// Every pixel up to the picture's border.
    Full,
    /// Neither.
    Mixed(Arc<TileBits>),
}

/// The part of a tile that lies in the picture.
#[derive(Clone, Copy)]
pub(super) struct TileExtent {
    /// The bits of its columns.
    pub columns: u64,
    pub rows: usize,
}

impl Tile {
    pub(super) fn new(bits: &TileBits, extent: TileExtent) -> Self {
        let is_uniform = |word: u64| bits[..extent.rows].iter().all(|bits| *bits == word);
        if is_uniform(0) {
            Self::Empty
        } else if is_uniform(extent.columns) {
            Self::Full
        } else {
            Self::Mixed(Arc::new(*bits))
        }
    }

    pub(super) fn bits(&self, extent: TileExtent) -> TileBits {
        match self {
            Self::Empty => [0; TILE_PX as usize],
            Self::Full => std::array::from_fn(|row| if row < extent.rows { extent.columns } else { 0 }),
            Self::Mixed(bits) => **bits,
        }
    }

    /// The bits of a row. Those beyond the picture's border have no meaning.
    #[inline]
    pub(super) fn word(&self, row: usize) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Full => !0,
            Self::Mixed(bits) => bits[row],
        }
    }

    /// Memory for its pixels in bytes.
    pub(super) fn bytes(&self) -> usize {
        if matches!(self, Self::Mixed(_)) { size_of::<TileBits>() } else { 0 }
    }
}

/// Of the columns from `x` on that a word holds, the bits of those in a range.
#[inline]
pub(super) fn column_bits(columns: &Range<u32>, x: u32) -> u64 {
    let (start, end) = (columns.start.max(x) - x, columns.end.saturating_sub(x).min(TILE_PX));
    if start < end { (!0 >> (TILE_PX - (end - start))) << start } else { 0 }
}
