//! Splits a convex polygon into the parts inside and outside the face frame.

use crate::geometry::Point;

/// The parts of a polygon.
#[derive(Debug, Default, PartialEq)]
pub(super) struct SplitPolygon {
    /// The convex polygon inside the frame; fewer than three points if nothing is inside.
    pub inside: Vec<Point>,
    /// Convex polygons that cover the rest without overlap.
    pub outside: Vec<Vec<Point>>,
}

/// Splits along the four edges of a frame. The corners must be in clockwise order on the screen.
pub(super) fn split_at_frame(polygon: &[Point], corners: &[Point; 4]) -> SplitPolygon {
    let mut inside = polygon.to_vec();
    let mut outside = Vec::new();
    for (index, &from) in corners.iter().enumerate() {
        let to = corners[(index + 1) % 4];
        let outer = clip_to_half_plane(&inside, from, to, -1.0);
        if outer.len() >= 3 {
            outside.push(outer);
        }
        inside = clip_to_half_plane(&inside, from, to, 1.0);
    }
    SplitPolygon { inside, outside }
}

/// The part of a convex polygon on one side of the line `from → to`: right of it for `side` 1, left for −1.
fn clip_to_half_plane(polygon: &[Point], from: Point, to: Point, side: f32) -> Vec<Point> {
    let distance = |[x, y]: Point| side * ((to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]));
    let mut out = Vec::with_capacity(polygon.len() + 1);
    for (index, &point) in polygon.iter().enumerate() {
        let next = polygon[(index + 1) % polygon.len()];
        let (d_point, d_next) = (distance(point), distance(next));
        if d_point >= 0.0 {
            out.push(point);
        }
        if (d_point > 0.0 && d_next < 0.0) || (d_point < 0.0 && d_next > 0.0) {
            let share = d_point / (d_point - d_next);
            out.push([point[0] + share * (next[0] - point[0]), point[1] + share * (next[1] - point[1])]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::FaceFrame;

    const TILE: [Point; 4] = [[0.0, 0.0], [100.0, 0.0], [100.0, 60.0], [0.0, 60.0]];

    fn area(polygon: &[Point]) -> f32 {
        let pairs = polygon.iter().zip(polygon.iter().cycle().skip(1));
        pairs.map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<f32>() / 2.0
    }

    fn centroid(polygon: &[Point]) -> Point {
        let sum = polygon.iter().fold([0.0, 0.0], |sum, point| [sum[0] + point[0], sum[1] + point[1]]);
        sum.map(|value| value / polygon.len() as f32)
    }

    proptest! {
        #[test]
        fn parts_add_up_and_lie_on_their_side(
            x in -50f32..150.0, y in -50f32..120.0, side_px in 16f32..200.0, angle_radians in -4f32..4.0,
        ) {
            let frame = FaceFrame { center_in_photo: [x, y], side_px, angle_radians };
            let pieces = split_at_frame(&TILE, &frame.corners_in_photo());
            let outside: f32 = pieces.outside.iter().map(|piece| area(piece)).sum();
            prop_assert!((area(&pieces.inside) + outside - 6000.0).abs() < 0.5);
            if area(&pieces.inside) > 1.0 {
                prop_assert!(frame.contains(centroid(&pieces.inside)));
            }
            for piece in pieces.outside.iter().filter(|piece| area(piece) > 1.0) {
                prop_assert!(!frame.contains(centroid(piece)), "{piece:?}");
            }
        }
    }

    #[test]
    fn a_tile_inside_the_frame_stays_whole() {
        let frame = FaceFrame { center_in_photo: [50.0, 30.0], side_px: 500.0, angle_radians: 0.3 };
        let pieces = split_at_frame(&TILE, &frame.corners_in_photo());
        assert_eq!(pieces.inside, TILE);
        assert!(pieces.outside.is_empty());
    }
}
