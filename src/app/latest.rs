//! The newest value of something that is computed in the background, such as a picture for each position of a slider.
//!
//! The owner compares what it wants with what it has after every action, and starts a computation when they differ. The
//! last value stays on the screen until a newer one replaces it.

/// The newest value, and the computation that is running.
#[derive(Debug)]
pub struct Latest<K, V> {
    pending: Option<K>,
    /// Its computation failed, and is not tried again.
    failed: Option<K>,
    /// The key is `None` for a value that only stands in for the first one.
    value: Option<(Option<K>, V)>,
}

impl<K, V> Default for Latest<K, V> {
    fn default() -> Self {
        Self { pending: None, failed: None, value: None }
    }
}

impl<K: PartialEq, V> Latest<K, V> {
    /// Shows a value until the first one is computed.
    pub fn with_stand_in(value: Option<V>) -> Self {
        Self { value: value.map(|value| (None, value)), ..Self::default() }
    }

    /// The newest value, which may be out of date.
    pub fn value(&self) -> Option<&V> {
        self.value.as_ref().map(|(_, value)| value)
    }

    /// What the newest value was computed for.
    pub fn key(&self) -> Option<&K> {
        self.value.as_ref()?.0.as_ref()
    }

    /// The value for this key, if it is there.
    pub fn current(&self, key: &K) -> Option<&V> {
        self.value().filter(|_| self.key() == Some(key))
    }

    /// Whether a computation is running.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Whether the value for this key must still be computed: it is neither there nor being computed, and did not fail.
    pub fn is_missing(&self, key: &K) -> bool {
        let is = |other: &Option<K>| other.as_ref() == Some(key);
        !(self.current(key).is_some() || is(&self.pending) || is(&self.failed))
    }

    /// Notes that the value for this key is being computed. An answer for an earlier key is no longer expected.
    pub fn begin(&mut self, key: K) {
        (self.pending, self.failed) = (Some(key), None);
    }

    /// Stores the value for a key, or `None` if the computation failed. Returns whether it was expected.
    pub fn finish(&mut self, key: &K, value: Option<V>) -> bool {
        let is_expected = self.pending.as_ref() == Some(key);
        if is_expected {
            self.finish_pending(value);
        }
        is_expected
    }

    /// Like [`finish`](Self::finish), for the key that is being computed.
    pub fn finish_pending(&mut self, value: Option<V>) {
        match (self.pending.take(), value) {
            (Some(key), Some(value)) => self.value = Some((Some(key), value)),
            (key, _) => self.failed = key,
        }
    }

    /// The running computation gives no answer: its key is missing again.
    pub fn abandon(&mut self) {
        self.pending = None;
    }

    /// Takes the value.
    pub fn take(&mut self) -> Option<V> {
        self.value.take().map(|(_, value)| value)
    }

    /// Drops the value. A running computation is no longer expected.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_stays_until_a_newer_one_comes() {
        let mut latest = Latest::with_stand_in(Some("stand-in"));
        assert!(latest.is_missing(&1) && latest.key().is_none());
        latest.begin(1);
        assert!(!latest.is_missing(&1) && latest.is_missing(&2) && latest.is_pending());
        assert!(latest.finish(&1, Some("one")) && latest.current(&1).is_some());
        latest.begin(2);
        assert_eq!((latest.value(), latest.key()), (Some(&"one"), Some(&1)));
        assert!(latest.finish(&2, None) && latest.value() == Some(&"one"));
        assert!(!latest.is_missing(&2) && latest.is_missing(&3), "what failed is not tried again");
    }

    #[test]
    fn answers_that_are_no_longer_expected_are_dropped() {
        let mut latest = Latest::default();
        latest.begin(1);
        latest.begin(2);
        assert!(!latest.finish(&1, Some("one")) && latest.value().is_none());
        latest.abandon();
        assert!(latest.is_missing(&2), "it can be computed again");
        latest.begin(2);
        latest.clear();
        assert!(!latest.finish(&2, Some("two")) && latest.value().is_none());
    }
}
