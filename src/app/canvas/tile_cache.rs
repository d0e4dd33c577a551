//! A cache of tiles that evicts the least recently drawn ones.

use std::collections::HashMap;

/// Identifies a tile: its level, its position and its texture filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct TileKey {
    pub level: u32,
    /// Column and row.
    pub tile: [u32; 2],
    /// Uses the nearest-neighbour filter, which shows each pixel as a sharp square.
    pub sharp: bool,
}

struct CachedTile<T> {
    value: T,
    last_used_frame: u64,
}

/// Tiles by key. The least recently used tiles are evicted first.
pub(super) struct TileCache<T> {
    entries: HashMap<TileKey, CachedTile<T>>,
    frame: u64,
}

impl<T> Default for TileCache<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), frame: 0 }
    }
}

impl<T> TileCache<T> {
    /// Returns a tile and marks it as used in this frame.
    pub fn get(&mut self, key: TileKey) -> Option<&mut T> {
        let entry = self.entries.get_mut(&key)?;
        entry.last_used_frame = self.frame;
        Some(&mut entry.value)
    }

    pub fn insert(&mut self, key: TileKey, value: T) {
        self.entries.insert(key, CachedTile { value, last_used_frame: self.frame });
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&TileKey, &mut T)> {
        self.entries.iter_mut().map(|(key, entry)| (key, &mut entry.value))
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Ends a frame: evicts tiles until at most `max_tiles` are left, but none that this frame used.
    pub fn end_frame(&mut self, max_tiles: usize) {
        let frame = self.frame;
        self.frame += 1;
        let surplus = self.entries.len().saturating_sub(max_tiles);
        if surplus == 0 {
            return;
        }
        let unused = self.entries.iter().filter(|(_, entry)| entry.last_used_frame < frame);
        let mut unused: Vec<_> = unused.map(|(&key, entry)| (entry.last_used_frame, key)).collect();
        unused.sort_unstable_by_key(|&(last_used_frame, _)| last_used_frame);
        for (_, key) in unused.into_iter().take(surplus) {
            self.entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(column: u32) -> TileKey {
        TileKey { level: 0, tile: [column, 0], sharp: false }
    }

    #[test]
    fn least_recently_used_tiles_are_evicted_first() {
        let mut cache = TileCache::default();
        for column in 0..4 {
            cache.insert(key(column), column);
            cache.end_frame(10);
        }
        assert_eq!(cache.get(key(0)), Some(&mut 0), "used again");
        cache.end_frame(2);
        let remaining: Vec<_> = (0..4).filter(|&column| cache.get(key(column)).is_some()).collect();
        assert_eq!(remaining, [0, 3]);
        cache.end_frame(0);
        assert_eq!(cache.iter_mut().count(), 2, "both were just used");
    }
}
