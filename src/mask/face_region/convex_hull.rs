//! Ellipses as polygons, and the convex hull around some.

use std::f32::consts::TAU;

use crate::geometry::Point;

/// Corners of the polygon that stands for an ellipse. It deviates by half a percent of the radius.
pub(super) const ELLIPSE_CORNERS: u16 = 32;

/// The corners of a polygon that stands for a circle of radius 1.
pub(super) fn unit_circle() -> impl Iterator<Item = Point> {
    (0..ELLIPSE_CORNERS).map(|index| {
        let (sin, cos) = (f32::from(index) / f32::from(ELLIPSE_CORNERS) * TAU).sin_cos();
        [cos, sin]
    })
}

/// An ellipse as a polygon.
pub(super) fn ellipse([x, y]: Point, [radius_x, radius_y]: Point) -> Vec<Point> {
    unit_circle().map(|[cos, sin]| [x + radius_x * cos, y + radius_y * sin]).collect()
}

/// The corners of the convex hull in order (Andrew 1979, "Another efficient algorithm for convex hulls in two
/// dimensions").
pub(super) fn convex_hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let upper = half_hull(points.iter().copied());
    let lower = half_hull(points.iter().rev().copied());
    [upper, lower].concat()
}

/// One side of the hull, without its last point.
fn half_hull(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut hull: Vec<Point> = Vec::new();
    for point in points {
        while let [.., before, last] = hull[..]
            && !turns_left(before, last, point)
        {
            hull.pop();
        }
        hull.push(point);
    }
    hull.pop();
    hull
}

fn turns_left(a: Point, b: Point, c: Point) -> bool {
    let (to_b, to_c) = (minus(b, a), minus(c, b));
    to_b[0] * to_c[1] - to_b[1] * to_c[0] > 0.0
}

/// The vector from `b` to `a`.
pub(super) fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hull_leaves_out_inner_points() {
        let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
        let inner = [[1.0, 1.0], [1.0, 0.0], [0.5, 1.9], [2.0, 2.0]];
        let mut hull = convex_hull([square, inner].concat());
        assert_eq!(hull.len(), 4);
        hull.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        assert_eq!(hull, [[0.0, 0.0], [0.0, 2.0], [2.0, 0.0], [2.0, 2.0]]);
    }
}
