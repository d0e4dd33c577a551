//! Similarity transforms.

use serde::{Deserialize, Serialize};

/// A point in the pixels of some space, x to the right and y down.
pub type Point = [f32; 2];

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
        let linear = Self { scale: 1.0 / self.scale, angle_radians: -self.angle_radians, translation: [0.0, 0.0] };
        let [x, y] = linear.apply(self.translation);
        Self { translation: [-x, -y], ..linear }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
    }

    #[test]
    fn positive_angle_turns_clockwise() {
        let quarter = Similarity { scale: 2.0, angle_radians: std::f32::consts::FRAC_PI_2, translation: [10.0, 20.0] };
        let [x, y] = quarter.apply([1.0, 0.0]);
        assert!((x - 10.0).abs() < 1e-5 && (y - 22.0).abs() < 1e-5);
    }
}
