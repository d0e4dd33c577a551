#![expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "tests: numbers are small")]

use proptest::prelude::*;

use super::*;

const SIZE: (u32, u32) = (90, 70);

fn drawn(outline: AreaOutline) -> Mask {
    let mut mask = Mask::empty(SIZE.0, SIZE.1);
    mask.draw_area(&Area { kind: StrokeKind::Paint, outline });
    mask
}

fn any_point() -> impl Strategy<Value = Point> {
    [-20.0f32..110.0, -20.0f32..90.0]
}

/// How often a polygon winds around a point, by the angles at which its edges are seen.
fn winding(points: &[Point], [x, y]: [f64; 2]) -> i32 {
    let angle = |a: &Point, b: &Point| {
        let [ax, ay] = [f64::from(a[0]) - x, f64::from(a[1]) - y];
        let [bx, by] = [f64::from(b[0]) - x, f64::from(b[1]) - y];
        (ax * by - ay * bx).atan2(ax * bx + ay * by)
    };
    let ends = points.iter().skip(1).chain(points.first());
    let sum: f64 = points.iter().zip(ends).map(|(a, b)| angle(a, b)).sum();
    (sum / std::f64::consts::TAU).round() as i32
}

/// The distance from a point to the nearest edge.
fn distance_to_edge(points: &[Point], [x, y]: [f64; 2]) -> f64 {
    let ends = points.iter().skip(1).chain(points.first());
    let distances = points.iter().zip(ends).map(|(a, b)| {
        let ([ax, ay], [bx, by]) = (a.map(f64::from), b.map(f64::from));
        let (dx, dy) = (bx - ax, by - ay);
        let length_squared = dx * dx + dy * dy;
        let along = if length_squared > 0.0 { ((x - ax) * dx + (y - ay) * dy) / length_squared } else { 0.0 };
        let along = along.clamp(0.0, 1.0);
        (x - ax - along * dx).hypot(y - ay - along * dy)
    });
    distances.fold(f64::INFINITY, f64::min)
}

fn centers() -> impl Iterator<Item = (u32, u32, [f64; 2])> {
    let center = |x: u32, y: u32| (x, y, [f64::from(x) + 0.5, f64::from(y) + 0.5]);
    (0..SIZE.1).flat_map(move |y| (0..SIZE.0).map(move |x| center(x, y)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_polygon_holds_what_it_winds_around(points in prop::collection::vec(any_point(), 1..12)) {
        let mask = drawn(AreaOutline::Polygon(points.clone()));
        for (x, y, center) in centers() {
            if distance_to_edge(&points, center) > 1e-3 {
                prop_assert_eq!(mask.is_hole(x, y), winding(&points, center) != 0, "{} {}", x, y);
            }
        }
    }

    #[test]
    fn an_ellipse_holds_what_its_equation_says(corners in [any_point(), any_point()]) {
        let mask = drawn(AreaOutline::Ellipse(corners));
        let [a, b] = corners.map(|corner| corner.map(f64::from));
        for (x, y, center) in centers() {
            let scaled = [0, 1].map(|axis| {
                (center[axis] - f64::midpoint(a[axis], b[axis])) / ((a[axis] - b[axis]).abs() / 2.0)
            });
            let radius = scaled[0].hypot(scaled[1]);
            if (radius - 1.0).abs() > 1e-6 {
                prop_assert_eq!(mask.is_hole(x, y), radius < 1.0, "{} {}", x, y);
            }
        }
    }

    #[test]
    fn a_rectangle_holds_the_pixels_between_its_corners(corners in [any_point(), any_point()]) {
        let mask = drawn(AreaOutline::Rectangle(corners));
        let [a, b] = corners.map(|corner| corner.map(f64::from));
        for (x, y, center) in centers() {
            let is_inside = [0, 1].iter().all(|&axis| {
                (a[axis].min(b[axis])..=a[axis].max(b[axis])).contains(&center[axis])
            });
            prop_assert_eq!(mask.is_hole(x, y), is_inside, "{} {}", x, y);
        }
    }

    #[test]
    fn growing_and_shrinking_change_what_is_near_the_other_kind(
        points in prop::collection::vec(any_point(), 3..8),
        distance_px in prop_oneof![0.5f32..12.0, -12.0f32..-0.5],
    ) {
        let before = drawn(AreaOutline::Polygon(points));
        let mut after = before.clone();
        after.grow(distance_px);
        let other_kind: Vec<(u32, u32)> = centers()
            .map(|(x, y, _)| (x, y))
            .filter(|(x, y)| before.is_hole(*x, *y) == (distance_px > 0.0))
            .collect();
        for (x, y, _) in centers() {
            let is_near = other_kind.iter().any(|(other_x, other_y)| {
                (other_x.abs_diff(x) as f32).hypot(other_y.abs_diff(y) as f32) <= distance_px.abs()
            });
            let expected = if distance_px > 0.0 { is_near } else { before.is_hole(x, y) && !is_near };
            prop_assert_eq!(after.is_hole(x, y), expected, "{} {}", x, y);
        }
    }
}

#[test]
fn erasing_an_area_leaves_the_rest() {
    let mut mask = Mask::full(20, 10);
    let outline = AreaOutline::Rectangle([[2.0, 3.0], [8.0, 5.0]]);
    mask.draw_area(&Area { kind: StrokeKind::Erase, outline });
    assert_eq!(mask.hole_count(), 200 - 12);
    assert!(!mask.is_hole(2, 3) && !mask.is_hole(7, 4) && mask.is_hole(8, 4) && mask.is_hole(2, 5));
}

#[test]
fn unusable_numbers_change_nothing() {
    let nan = [f32::NAN, 1.0];
    for outline in [
        AreaOutline::Rectangle([nan, [5.0, 5.0]]),
        AreaOutline::Ellipse([[1.0, 1.0], [f32::INFINITY, 5.0]]),
        AreaOutline::Ellipse([[1.0, 3.2], [9.0, 3.2]]),
        AreaOutline::Polygon(vec![nan, nan, nan]),
        AreaOutline::Polygon(Vec::new()),
    ] {
        assert!(drawn(outline.clone()).is_empty(), "{outline:?}");
    }
    let mut mask = Mask::full(9, 9);
    mask.grow(f32::NAN);
    mask.grow(-30.0);
    assert!(mask.is_full(), "the photo's border is no edge of the hole");
    let mut empty = Mask::empty(9, 9);
    empty.grow(30.0);
    assert!(empty.is_empty());
}

/// A hole in the middle of a large photo costs what it covers, and a growth beyond the border is clipped.
#[test]
fn a_large_growth_is_clipped_to_the_photo() {
    let mut mask = Mask::empty(300, 200);
    mask.draw_area(&Area { kind: StrokeKind::Paint, outline: AreaOutline::Rectangle([[0.0, 0.0], [10.0, 10.0]]) });
    mask.grow(50.0);
    assert!(mask.is_hole(59, 0) && mask.is_hole(0, 59) && !mask.is_hole(60, 0) && !mask.is_hole(58, 58));
    mask.grow(1e9);
    assert!(mask.is_full());
}
