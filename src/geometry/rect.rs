//! Rectangles of whole pixels.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A rectangle of whole pixels: `x..x + width`, `y..y + height`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RectPx {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl RectPx {
    /// The rectangle of these columns and rows.
    pub(crate) fn from_ranges(columns: Range<u32>, rows: Range<u32>) -> Self {
        Self { x: columns.start, y: rows.start, width: columns.end - columns.start, height: rows.end - rows.start }
    }

    /// Whether it contains no pixel.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Number of pixels.
    #[must_use]
    pub fn area(self) -> usize {
        self.width as usize * self.height as usize
    }

    /// One past its last column.
    #[must_use]
    pub fn right(self) -> u32 {
        self.x.saturating_add(self.width)
    }

    /// One past its last row.
    #[must_use]
    pub fn bottom(self) -> u32 {
        self.y.saturating_add(self.height)
    }

    /// Whether it contains a pixel.
    #[cfg(test)]
    pub(crate) fn contains(self, x: u32, y: u32) -> bool {
        (self.x..self.right()).contains(&x) && (self.y..self.bottom()).contains(&y)
    }

    /// The smallest rectangle that contains both. An empty one adds nothing.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let columns = self.x.min(other.x)..self.right().max(other.right());
        Self::from_ranges(columns, self.y.min(other.y)..self.bottom().max(other.bottom()))
    }

    /// The common part; empty if they do not overlap.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (right, bottom) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        Self { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y) }
    }

    /// Grown by a margin on every side, clamped to the range of u32.
    #[must_use]
    pub fn grown(self, margin_px: u32) -> Self {
        let grown = |start: u32, end: u32| start.saturating_sub(margin_px)..end.saturating_add(margin_px);
        Self::from_ranges(grown(self.x, self.right()), grown(self.y, self.bottom()))
    }
}

/// Clips a range of pixels to `0..size`.
pub(crate) fn clip_range(range: Range<i64>, size: u32) -> Range<u32> {
    let clip = |value: i64| u32::try_from(value.clamp(0, i64::from(size))).unwrap_or(size);
    let start = clip(range.start);
    start..clip(range.end).max(start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_rect() -> impl Strategy<Value = RectPx> {
        (0u32..50, 0u32..50, 0u32..30, 0u32..30).prop_map(|(x, y, width, height)| RectPx { x, y, width, height })
    }

    proptest! {
        #[test]
        fn intersection_contains_pixels_of_both(a in any_rect(), b in any_rect()) {
            for y in 0..90 {
                for x in 0..90 {
                    let both = a.contains(x, y) && b.contains(x, y);
                    prop_assert_eq!(a.intersection(b).contains(x, y), both);
                    prop_assert!(a.union(b).contains(x, y) || !(a.contains(x, y) || b.contains(x, y)));
                }
            }
        }
    }

    #[test]
    fn rectangles_near_u32_max_do_not_overflow() {
        let far = RectPx { x: u32::MAX - 1, y: 0, width: 9, height: u32::MAX };
        assert_eq!(far.intersection(RectPx { x: 0, y: 0, width: 5, height: 5 }).width, 0);
        assert_eq!(far.union(RectPx { x: 0, y: 0, width: 5, height: 5 }).width, u32::MAX);
        assert_eq!(far.grown(3), RectPx { x: u32::MAX - 4, y: 0, width: 4, height: u32::MAX });
        let inner = RectPx { x: 10, y: 2, width: 5, height: 5 };
        assert_eq!(inner.grown(3), RectPx { x: 7, y: 0, width: 11, height: 10 });
    }
}
