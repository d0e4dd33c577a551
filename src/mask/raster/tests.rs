#![expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "tests: numbers are small")]

use proptest::prelude::*;

use super::*;

/// Distance from a pixel's centre to a segment, by the textbook formula.
fn distance(x: u32, y: u32, [ax, ay]: [f32; 2], [bx, by]: [f32; 2]) -> f64 {
    let (px, py) = (f64::from(x) + 0.5 - f64::from(ax), f64::from(y) + 0.5 - f64::from(ay));
    let (dx, dy) = (f64::from(bx) - f64::from(ax), f64::from(by) - f64::from(ay));
    let square = dx * dx + dy * dy;
    let t = if square > 0.0 { ((px * dx + py * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
    (px - t * dx).hypot(py - t * dy)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_segment_covers_exactly_the_pixels_within_radius(
        (width, height) in (1u32..80, 1u32..80),
        from in [-20.0f32..100.0, -20.0f32..100.0],
        to in [-20.0f32..100.0, -20.0f32..100.0],
        radius in 0.5f32..30.0,
    ) {
        let mut mask = Mask::empty(width, height);
        mask.draw_segment(from, to, radius, StrokeKind::Paint);
        for y in 0..height {
            for x in 0..width {
                let distance = distance(x, y, from, to);
                let is_end = [from, to].iter().any(|end| {
                    end[0].floor() == x as f32 && end[1].floor() == y as f32
                });
                if (distance - f64::from(radius)).abs() > 1e-4 {
                    prop_assert_eq!(mask.is_hole(x, y), distance < f64::from(radius) || is_end, "at {}, {}", x, y);
                }
            }
        }
    }
}

#[test]
fn the_smallest_dab_marks_the_pixel_under_it() {
    for point in [[3.0, 2.0], [3.99, 2.99], [3.02, 2.98]] {
        let mut mask = Mask::empty(7, 5);
        mask.draw_segment(point, point, 0.0, StrokeKind::Paint);
        assert!(mask.is_hole(3, 2), "{point:?}");
    }
}

#[test]
fn a_dab_of_radius_two_is_a_disc() {
    let mut mask = Mask::empty(5, 5);
    mask.draw_segment([2.5, 2.5], [2.5, 2.5], 2.0, StrokeKind::Paint);
    let rows: Vec<String> = mask
        .to_bytes()
        .chunks(5)
        .map(|row| row.iter().map(|&pixel| if pixel == 255 { '#' } else { '.' }).collect())
        .collect();
    assert_eq!(rows, ["..#..", ".###.", "#####", ".###.", "..#.."]);
}

#[test]
fn a_thin_slanting_line_has_no_gaps() {
    let mut mask = Mask::empty(40, 40);
    mask.draw_segment([1.0, 2.0], [38.0, 19.5], 0.1, StrokeKind::Paint);
    assert!((1..38).all(|x| (0..40).any(|y| mask.is_hole(x, y))));
}

#[test]
fn grey_values_from_half_up_become_hole() {
    let mask = Mask::from_pixels(4, 1, &[0, 127, 128, 255]).unwrap();
    assert_eq!(mask.to_bytes(), [0, 0, 255, 255]);
    assert_eq!(mask.hole_count(), 2);
    assert_eq!(mask.hole_bounds(), Some(RectPx { x: 2, y: 0, width: 2, height: 1 }));
    assert_eq!(Mask::from_pixels(4, 2, &[0; 7]), None);
    assert_eq!(Mask::empty(3, 3).hole_bounds(), None);
}

#[test]
fn a_cloned_mask_is_equal() {
    let mut dabbed = Mask::empty(9, 7);
    dabbed.draw_segment([2.0, 1.0], [6.0, 3.0], 1.0, StrokeKind::Paint);
    let mut outside = dabbed.clone();
    outside.invert();
    for mask in [Mask::empty(0, 7), Mask::empty(9, 0), Mask::empty(9, 7), dabbed, outside] {
        assert_eq!(mask.clone(), mask);
    }
}

#[test]
fn removing_the_filtered_part_leaves_the_rest() {
    let pixels: Vec<u8> = (0..63u8).map(|index| if index % 5 < 3 { 255 } else { 0 }).collect();
    let hole = Mask::from_pixels(9, 7, &pixels).unwrap();
    let rect = RectPx { x: 2, y: 1, width: 20, height: 4 };
    let part = hole.filtered(rect, |x, y| (x + y) % 2 == 0);
    let mut left = hole.clone();
    left.remove(&part);
    for (x, y) in (0..7).flat_map(|y| (0..9).map(move |x| (x, y))) {
        let is_part = hole.is_hole(x, y) && rect.contains(x, y) && (x + y) % 2 == 0;
        assert_eq!((part.is_hole(x, y), left.is_hole(x, y)), (is_part, hole.is_hole(x, y) && !is_part), "{x}, {y}");
    }
}
