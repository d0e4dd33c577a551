//! A cache of the pictures that a window shows, filled by one request at a time.
//!
//! Each request asks for what is shown at that moment, so a fast slider builds up no queue.

use std::collections::HashMap;
use std::hash::Hash;

/// Pictures by key.
pub struct PictureCache<K, V> {
    pictures: HashMap<K, V>,
    /// What the running request asks for.
    requested: Vec<K>,
}

impl<K, V> Default for PictureCache<K, V> {
    fn default() -> Self {
        Self { pictures: HashMap::new(), requested: Vec::new() }
    }
}

impl<K: Clone + Eq + Hash, V> PictureCache<K, V> {
    pub fn get(&self, key: &K) -> Option<&V> {
        self.pictures.get(key)
    }

    /// Whether a request is running.
    pub fn is_pending(&self) -> bool {
        !self.requested.is_empty()
    }

    /// Of the things that are shown, those without a picture, each once: the first `max_count`. None while a request is
    /// running.
    pub fn missing<T>(&self, shown: impl IntoIterator<Item = T>, key_of: impl Fn(&T) -> K, max_count: usize) -> Vec<T> {
        let mut missing: Vec<T> = Vec::new();
        if !self.is_pending() {
            for item in shown {
                let key = key_of(&item);
                let is_new = missing.iter().all(|other| key_of(other) != key);
                if is_new && missing.len() < max_count && !self.pictures.contains_key(&key) {
                    missing.push(item);
                }
            }
        }
        missing
    }

    /// Notes a request for these pictures.
    pub fn begin_request(&mut self, keys: Vec<K>) {
        self.requested = keys;
    }

    /// Ends the request: stores its pictures, in its order, and drops those that are no longer shown.
    pub fn finish_request(&mut self, pictures: impl IntoIterator<Item = V>, shown: &[K]) {
        self.pictures.extend(self.requested.drain(..).zip(pictures));
        self.pictures.retain(|key, _| shown.contains(key));
    }

    /// Number of pictures in memory.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.pictures.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(cache: &PictureCache<u32, char>, shown: &[u32]) -> Vec<u32> {
        cache.missing(shown.iter().copied(), |key| *key, 3)
    }

    #[test]
    fn missing_pictures_are_requested_once_in_one_request() {
        let mut cache = PictureCache::default();
        assert_eq!(missing(&cache, &[1, 2, 1, 3, 4]), [1, 2, 3]);
        cache.begin_request(vec![1, 2, 3]);
        assert!(cache.is_pending() && missing(&cache, &[4]).is_empty());
        cache.finish_request(['a', 'b', 'c'], &[1, 2, 3, 4]);
        assert!(!cache.is_pending() && cache.get(&2) == Some(&'b'));
        assert_eq!(missing(&cache, &[1, 2, 3, 4]), [4]);
    }

    #[test]
    fn pictures_that_are_not_shown_are_dropped() {
        let mut cache = PictureCache::default();
        cache.begin_request(vec![1]);
        cache.finish_request(['a'], &[1]);
        cache.begin_request(vec![2]);
        cache.finish_request(['b'], &[2]);
        assert!(cache.get(&1).is_none() && cache.get(&2).is_some());
        cache.begin_request(vec![3]);
        cache.finish_request(['c'], &[2]);
        assert_eq!(cache.count(), 1, "a late picture");
    }
}
