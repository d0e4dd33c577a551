//! Points, pixel rectangles and similarity transforms. Points are continuous: pixel `(i, j)` covers
//! `[i, i + 1) × [j, j + 1)`, so its centre is at `i + 0.5`.
//!
//! Transforms are named target-from-source: `photo_from_crop` maps crop pixels to photo pixels.

use serde::{Deserialize, Serialize};

/// A point in the pixels of some space, x to the right and y down.
pub type Point = [f32; 2];

/// A rectangle of whole pixels: `x..x + width`, `y..y + height`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RectPx {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl RectPx {
    /// Whether it contains no pixel.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
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
    #[must_use]
    pub fn contains(self, x: u32, y: u32) -> bool {
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
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        let right = self.right().max(other.right());
        let bottom = self.bottom().max(other.bottom());
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// The common part; empty if they do not overlap.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        let right = self.right().min(other.right());
        let bottom = self.bottom().min(other.bottom());
        Self { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y) }
    }

    /// Grown by a margin on every side, clamped to the range of u32.
    #[must_use]
    pub fn grown(self, margin_px: u32) -> Self {
        let (x, y) = (self.x.saturating_sub(margin_px), self.y.saturating_sub(margin_px));
        let end = |end: u32| end.saturating_add(margin_px);
        Self { x, y, width: end(self.right()) - x, height: end(self.bottom()) - y }
    }
}

/// A similarity transform: uniform scale and rotation, then translation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// Length of one source unit in the target.
    pub scale: f32,
    /// Clockwise on the screen (y points down).
    pub angle_radians: f32,
    /// Where the source's origin lands.
    pub translation: Point,
}

impl Similarity {
    /// Maps every point to itself.
    pub const IDENTITY: Self = Self { scale: 1.0, angle_radians: 0.0, translation: [0.0, 0.0] };

    /// Maps a point from the source to the target.
    #[must_use]
    pub fn apply(&self, [x, y]: Point) -> Point {
        let (sin, cos) = self.angle_radians.sin_cos();
        let [tx, ty] = self.translation;
        [self.scale * (cos * x - sin * y) + tx, self.scale * (sin * x + cos * y) + ty]
    }

    /// The inverse transform. The scale must not be zero.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let turned = Self { scale: 1.0 / self.scale, angle_radians: -self.angle_radians, translation: [0.0, 0.0] };
        let [x, y] = turned.apply(self.translation);
        Self { translation: [-x, -y], ..turned }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_rect() -> impl Strategy<Value = RectPx> {
        (0u32..50, 0u32..50, 0u32..30, 0u32..30).prop_map(|(x, y, width, height)| RectPx { x, y, width, height })
    }

    fn any_similarity() -> impl Strategy<Value = Similarity> {
        (0.05f32..60.0, -4.0f32..4.0, [-3000.0f32..3000.0, -3000.0f32..3000.0])
            .prop_map(|(scale, angle_radians, translation)| Similarity { scale, angle_radians, translation })
    }

    proptest! {
        #[test]
        fn inverse_maps_points_back(map in any_similarity(), point in [-500.0f32..500.0, -500.0f32..500.0]) {
            let [x, y] = map.inverse().apply(map.apply(point));
            // Single precision has a relative error of 2^-24 of the largest value: 30 000 of scale × point, plus the
            // translation.
            let tolerance = (4.0 * 35_000.0 / 16_777_216.0 / map.scale).max(1e-3) * 4.0;
            prop_assert!((x - point[0]).abs() < tolerance && (y - point[1]).abs() < tolerance, "{x}, {y}");
        }

        #[test]
        fn distances_grow_by_the_scale(map in any_similarity()) {
            let ([ax, ay], [bx, by]) = (map.apply([0.0, 0.0]), map.apply([3.0, 4.0]));
            let length = (bx - ax).hypot(by - ay);
            prop_assert!((length - 5.0 * map.scale).abs() < 0.01 * map.scale.max(1.0));
        }

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
    fn positive_angle_turns_clockwise() {
        let quarter = Similarity { scale: 2.0, angle_radians: std::f32::consts::FRAC_PI_2, translation: [10.0, 20.0] };
        let [x, y] = quarter.apply([1.0, 0.0]);
        assert!((x - 10.0).abs() < 1e-5 && (y - 22.0).abs() < 1e-5);
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
