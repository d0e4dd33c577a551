//! Coordinate spaces. Points are continuous: pixel `(i, j)` covers `[i, i + 1) × [j, j + 1)`, so its centre is at `i + 0.5`.
//!
//! Transforms are named target-from-source: `photo_from_crop` takes crop pixels to photo pixels.

use serde::{Deserialize, Serialize};

/// A point, x to the right and y down, in the pixels of some space.
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
    /// Whether it holds no pixel.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// The smallest rectangle that holds both; an empty one adds nothing.
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
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// The part of both, empty if they do not meet.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        let right = (self.x + self.width).min(other.x + other.width);
        let bottom = (self.y + self.height).min(other.y + other.height);
        Self { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y) }
    }
}

/// A similarity transform: uniform scale and rotation, then translation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// Length of a unit of the source in the target.
    pub scale: f32,
    /// Clockwise on the screen (y points down).
    pub angle_radians: f32,
    /// Where the source's origin lands.
    pub translation: Point,
}

impl Similarity {
    /// Leaves every point where it is.
    pub const IDENTITY: Self = Self { scale: 1.0, angle_radians: 0.0, translation: [0.0, 0.0] };

    /// Takes a point of the source to the target.
    #[must_use]
    pub fn apply(&self, [x, y]: Point) -> Point {
        let (sin, cos) = self.angle_radians.sin_cos();
        let [tx, ty] = self.translation;
        [self.scale * (cos * x - sin * y) + tx, self.scale * (sin * x + cos * y) + ty]
    }

    /// The transform back. The scale must not be zero.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let turned = Self { scale: 1.0 / self.scale, angle_radians: -self.angle_radians, translation: [0.0, 0.0] };
        let [x, y] = turned.apply(self.translation);
        Self { translation: [-x, -y], ..turned }
    }
}
