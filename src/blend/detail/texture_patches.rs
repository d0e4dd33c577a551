//! Texture patches: small squares of known skin's high-pass (the detail above the generator's resolution).

use std::ops::Range;

use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::surroundings::{HoleSurroundings, TextureTile};
use crate::geometry::{FaceFrame, RectPx};

/// Tiles within this distance of the target, as a share of the frame's side, determine the typical energy. The skin
/// around an eye differs from that of the chin.
const NEAR_SHARE: f32 = 0.15;

/// At least this many tiles determine the typical energy, however far away they are.
const MIN_NEAR_TILES: usize = 64;

/// The typical energy is this quantile of the tiles' energies. Most of a face is skin, but brows, hair and wrinkles
/// must not count.
const TYPICAL_QUANTILE: f32 = 0.3;

/// Accepted energy of a tile, relative to the typical energy. A tile with less is overexposed or not skin; one with
/// more contains an edge. Grain alone stays within: over 64 pixels its energy varies by less than a third.
const ACCEPTED_ENERGY: Range<f32> = 0.1..2.5;

/// Lower typical energy is not texture: rounding to 8 bits alone has a variance of a twelfth of a squared level, 5e-6
/// in the fill's units.
const MIN_TEXTURE_ENERGY: f32 = 6e-6;

/// Patch sides to try, in tiles (of one generator pixel or more). Larger patches keep more of the pattern.
const PATCH_SIDES_TILES: [usize; 3] = [3, 2, 1];

/// With fewer patches than this, smaller ones are tried: a few patches would repeat visibly.
const MIN_PATCHES: usize = 12;

/// More patches would make no visible difference.
const MAX_PATCHES: usize = 96;

/// Limit on the pixels of all patches together, which bounds memory.
const MAX_PATCH_PIXELS: usize = 1_500_000;

/// Texture patches, cut from places without edges around the hole.
pub(super) struct TexturePatches {
    pub(super) side_px: usize,
    pub(super) centers_in_photo: Vec<[f32; 2]>,
    /// The patches one after the other, each row by row: red, green and blue in the fill's units, and an unused lane.
    pub(super) pixels: Vec<[f32; 4]>,
}

impl TexturePatches {
    /// Cuts patches from the surroundings of the target. `None` without known pixels or texture there.
    pub(super) fn new(
        surroundings: &HoleSurroundings<'_>,
        target: RectPx,
        frame: &FaceFrame,
        rng: &mut ChaCha8Rng,
    ) -> Option<Self> {
        let tiles = surroundings.tiles(frame);
        let typical = typical_energy(&tiles, target, NEAR_SHARE * frame.side_px)?;
        let [columns, rows] = surroundings.size_tiles();
        let mut is_accepted = vec![false; columns * rows];
        let accepted = ACCEPTED_ENERGY.start * typical..=ACCEPTED_ENERGY.end * typical;
        for tile in tiles.iter().filter(|tile| accepted.contains(&tile.high_pass_energy)) {
            is_accepted[tile.row * columns + tile.column] = true;
        }
        let (side_tiles, mut sources) = find_sources(&is_accepted, columns)?;
        let side_px = side_tiles * surroundings.tile_px() as usize;
        let count = (MAX_PATCH_PIXELS / (side_px * side_px)).clamp(1, MAX_PATCHES);
        let rect = |&(column, row): &(usize, usize)| surroundings.rect(column, row, side_tiles);
        let center = |source: &(usize, usize)| center_of(rect(source));
        sources.sort_by(|a, b| distance_to_rect(target, center(a)).total_cmp(&distance_to_rect(target, center(b))));
        // A random selection of the nearest, so that they come from all sides.
        sources.truncate(4 * count);
        sources.shuffle(rng);
        sources.truncate(count);
        Some(Self {
            side_px,
            centers_in_photo: sources.iter().map(center).collect(),
            pixels: sources.par_iter().flat_map_iter(|source| read_patch(surroundings, rect(source))).collect(),
        })
    }

    /// One patch, in rows of [`side_px`](Self::side_px).
    pub(super) fn get(&self, index: usize) -> &[[f32; 4]] {
        let area = self.side_px * self.side_px;
        self.pixels.get(index * area..(index + 1) * area).unwrap_or_default()
    }
}

/// The typical energy around the target: a low quantile of the energies of the tiles near it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of the number of tiles"
)]
fn typical_energy(tiles: &[TextureTile], target: RectPx, near_px: f32) -> Option<f32> {
    let mut by_distance: Vec<(f32, f32)> =
        tiles.iter().map(|tile| (distance_to_rect(target, tile.center_in_photo), tile.high_pass_energy)).collect();
    by_distance.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = by_distance.partition_point(|tile| tile.0 <= near_px).max(MIN_NEAR_TILES);
    let mut energies: Vec<f32> = by_distance.into_iter().take(count).map(|tile| tile.1).collect();
    energies.sort_by(f32::total_cmp);
    let typical = energies.get((energies.len() as f32 * TYPICAL_QUANTILE) as usize).copied()?;
    (typical >= MIN_TEXTURE_ENERGY).then_some(typical)
}

/// The patch side in tiles, and the positions (column and row of the first tile) where all tiles of a patch are
/// accepted, row by row.
fn find_sources(is_accepted: &[bool], columns: usize) -> Option<(usize, Vec<(usize, usize)>)> {
    let rows = is_accepted.len() / columns;
    let mut best = None;
    for side in PATCH_SIDES_TILES {
        let is_source = |&(column, row): &(usize, usize)| {
            (row..row + side).all(|row| {
                let start = row * columns + column;
                is_accepted.get(start..start + side).is_some_and(|tiles| tiles.iter().all(|tile| *tile))
            })
        };
        let starts = |count: usize| 0..(count + 1).saturating_sub(side);
        let positions = starts(rows).flat_map(|row| starts(columns).map(move |column| (column, row)));
        let sources: Vec<(usize, usize)> = positions.filter(is_source).collect();
        let is_enough = sources.len() >= MIN_PATCHES;
        if best.as_ref().is_none_or(|(_, most): &(usize, Vec<_>)| sources.len() > most.len()) && !sources.is_empty() {
            best = Some((side, sources));
        }
        if is_enough {
            break;
        }
    }
    best
}

/// The high-pass of a part of the photo, row by row.
fn read_patch(surroundings: &HoleSurroundings<'_>, rect: RectPx) -> Vec<[f32; 4]> {
    let mut row = Vec::new();
    let mut pixels = Vec::with_capacity(rect.width as usize * rect.height as usize);
    for y in rect.y..rect.bottom() {
        surroundings.read_high_pass(y, rect.x..rect.right(), &mut row);
        pixels.extend_from_slice(&row);
    }
    pixels
}

#[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
fn center_of(rect: RectPx) -> [f32; 2] {
    [rect.x as f32 + rect.width as f32 / 2.0, rect.y as f32 + rect.height as f32 / 2.0]
}

/// Distance from a point to the nearest point of a rectangle, in pixels.
#[expect(clippy::cast_precision_loss, reason = "photos are less than 2^24 pixels wide")]
fn distance_to_rect(rect: RectPx, [x, y]: [f32; 2]) -> f32 {
    let along = |value: f32, start: u32, end: u32| (start as f32 - value).max(value - end as f32).max(0.0);
    along(x, rect.x, rect.right()).hypot(along(y, rect.y, rect.bottom()))
}
