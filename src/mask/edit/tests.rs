use proptest::prelude::*;

use super::*;
use crate::geometry::RectPx;
use crate::mask::StrokeKind;

fn stroke(kind: StrokeKind, radius_px: f32, points: &[[f32; 2]]) -> Stroke {
    Stroke { kind, radius_px, points_in_photo: points.to_vec() }
}

fn any_point() -> impl Strategy<Value = [f32; 2]> {
    let coordinate = || {
        prop_oneof![
            8 => -20.0f32..220.0,
            1 => Just(f32::NAN),
            1 => Just(f32::INFINITY),
            1 => prop_oneof![Just(-3e38f32), Just(3e38f32), Just(-1e6f32), Just(1e6f32)],
        ]
    };
    [coordinate(), coordinate()]
}

fn any_edit(width: u32, height: u32) -> impl Strategy<Value = MaskEdit> {
    let kind = prop_oneof![2 => Just(StrokeKind::Paint), 1 => Just(StrokeKind::Erase), 1 => Just(StrokeKind::Ignore)];
    let strokes = (kind, 0.0f32..70.0, prop::collection::vec(any_point(), 0..6))
        .prop_map(|(kind, radius, points)| MaskEdit::Stroke(stroke(kind, radius, &points)));
    let preset = (0..MaskPreset::ALL.len(), 16.0f32..100.0, any::<u64>()).prop_map(|(index, side_px, seed)| {
        let frame = FaceFrame { center_in_photo: [40.0, 30.0], side_px, angle_radians: 0.3 };
        MaskEdit::Preset { preset: MaskPreset::ALL[index], frame, crop_size_px: 16, seed }
    });
    let region = (0..FaceRegion::ALL.len(), any_point(), any::<bool>()).prop_map(|(index, nose, is_added)| {
        let kind = if is_added { StrokeKind::Paint } else { StrokeKind::Erase };
        let landmarks_in_photo = [[30.0, 20.0], [50.0, 22.0], nose, [32.0, 45.0], [48.0, 46.0]];
        MaskEdit::FaceRegion { region: FaceRegion::ALL[index], kind, landmarks_in_photo }
    });
    let count = width as usize * height as usize;
    let replace = prop::collection::vec(prop_oneof![Just(0u8), Just(255u8)], count)
        .prop_map(move |pixels| MaskEdit::Replace(Mask::from_pixels(width, height, &pixels).unwrap()));
    prop_oneof![6 => strokes, 1 => Just(MaskEdit::Clear), 1 => Just(MaskEdit::Invert), 1 => (-9.0f32..9.0).prop_map(MaskEdit::Grow), 2 => preset, 2 => region, 1 => replace]
}

/// The smallest rectangle around these pixels.
fn bounds_of(pixels: impl IntoIterator<Item = (u32, u32)>) -> RectPx {
    let rects = pixels.into_iter().map(|(x, y)| RectPx { x, y, width: 1, height: 1 });
    rects.fold(RectPx::default(), RectPx::union)
}

fn pixels(mask: &Mask) -> impl Iterator<Item = (u32, u32)> {
    let columns = 0..mask.width();
    (0..mask.height()).flat_map(move |y| columns.clone().map(move |x| (x, y)))
}

/// What the mask says of its pixels, computed from each pixel alone.
fn assert_consistent(mask: &Mask) {
    let holes: Vec<(u32, u32)> = pixels(mask).filter(|(x, y)| mask.is_hole(*x, *y)).collect();
    assert_eq!(mask.hole_count(), holes.len());
    assert_eq!(mask.is_empty(), holes.is_empty());
    assert_eq!(mask.is_full(), holes.len() == mask.rect().area());
    assert_eq!(mask.hole_bounds().unwrap_or_default(), bounds_of(holes));
    let hole = Mask::from_pixels(mask.width(), mask.height(), &mask.to_bytes()).unwrap();
    assert_eq!(hole, mask.without_ignored(), "one form for a hole");
    assert_eq!(&hole.with_ignored(&mask.ignored()), mask);
    for (x, y) in pixels(mask) {
        assert!(!(mask.is_hole(x, y) && mask.is_ignored(x, y)), "{x} {y}");
        assert_eq!(mask.unknown().is_hole(x, y), mask.is_hole(x, y) || mask.is_ignored(x, y));
    }
    for y in 0..mask.height() {
        let columns = mask.width() / 3..mask.width();
        let expected: Vec<u32> = columns.clone().filter(|x| mask.is_hole(*x, y)).collect();
        assert_eq!(mask.row_has_hole(y, columns.clone()), !expected.is_empty());
        assert_eq!(mask.row_hole_count(y, columns.clone()) as usize, expected.len());
        assert_eq!(mask.hole_columns(y, columns).collect::<Vec<u32>>(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn edits_leave_copies_alone_and_differences_are_found(
        (width, height, edits) in (1u32..200, 1u32..140).prop_flat_map(|(width, height)| {
            (Just(width), Just(height), prop::collection::vec(any_edit(width, height), 1..6))
        }),
    ) {
        let mut mask = Mask::empty(width, height);
        let bytes = |mask: &Mask| (mask.to_bytes(), mask.ignored().to_bytes());
        let mut states = vec![(mask.clone(), bytes(&mask))];
        for edit in &edits {
            let before = mask.clone();
            mask.apply(edit);
            let state = |mask: &Mask, x, y| (mask.is_hole(x, y), mask.is_ignored(x, y));
            let changed = pixels(&mask).filter(|&(x, y)| state(&before, x, y) != state(&mask, x, y));
            prop_assert_eq!(before.difference(&mask), bounds_of(changed));
            assert_consistent(&mask);
            states.push((mask.clone(), bytes(&mask)));
        }
        for (state, bytes_then) in &states {
            prop_assert_eq!(&bytes(state), bytes_then, "a later edit changed a copy");
        }
        for ((first, first_bytes), (second, second_bytes)) in states.iter().zip(&states[1..]) {
            prop_assert_eq!(first == second, first_bytes == second_bytes);
        }
    }

    #[test]
    fn drawing_point_by_point_equals_drawing_at_once(
        points in prop::collection::vec(any_point(), 1..8),
        radius in 0.0f32..30.0,
    ) {
        let mut at_once = Mask::full(101, 167);
        let mut in_parts = at_once.clone();
        at_once.draw_stroke(&stroke(StrokeKind::Erase, radius, &points));
        let finite: Vec<[f32; 2]> = points.into_iter().filter(|[x, y]| x.is_finite() && y.is_finite()).collect();
        for (index, point) in finite.iter().enumerate() {
            in_parts.draw_segment(finite[index.saturating_sub(1)], *point, radius, StrokeKind::Erase);
        }
        prop_assert_eq!(at_once, in_parts);
    }
}

/// A hole from x = 4, ignored pixels from x = 8, both up to x = 12.
fn half_ignored() -> Mask {
    Mask::from_fn(16, 2, |x, _| (4..12).contains(&x)).with_ignored(&Mask::from_fn(16, 2, |x, _| (8..12).contains(&x)))
}

/// What each pixel of the first row is.
fn row(mask: &Mask) -> String {
    (0..16)
        .map(|x| match (mask.is_hole(x, 0), mask.is_ignored(x, 0)) {
            (true, _) => '#',
            (_, true) => 'i',
            _ => '.',
        })
        .collect()
}

#[test]
fn the_last_stroke_decides_what_a_pixel_is() {
    let after = |edit: MaskEdit| {
        let mut mask = half_ignored();
        mask.apply(&edit);
        row(&mask)
    };
    let area =
        |kind| MaskEdit::Area(Area { kind, outline: crate::mask::AreaOutline::Rectangle([[6.0, 0.0], [10.0, 2.0]]) });
    assert_eq!(row(&half_ignored()), "....####iiii....");
    assert_eq!(after(area(StrokeKind::Paint)), "....######ii....");
    assert_eq!(after(area(StrokeKind::Ignore)), "....##iiiiii....");
    assert_eq!(after(area(StrokeKind::Erase)), "....##....ii....");
    assert_eq!(after(MaskEdit::Invert), "####....iiii####");
    assert_eq!(after(MaskEdit::Grow(2.0)), "..######iiii....");
    assert_eq!(after(MaskEdit::Grow(-1.0)), ".....##.iiii....");
    assert_eq!(after(MaskEdit::Clear), "................");
    let mut mask = half_ignored();
    mask.add(&Mask::from_fn(16, 2, |x, _| x < 10));
    assert_eq!(row(&mask), "##########ii....");
}

#[test]
fn a_mask_of_another_size_replaces_nothing() {
    let mut mask = Mask::full(10, 10);
    mask.apply(&MaskEdit::Replace(Mask::empty(9, 10)));
    assert!(mask.is_full());
}

/// The state before a stroke needs memory for what the stroke changed, not for the whole mask.
#[test]
fn a_copy_shares_what_a_stroke_does_not_touch() {
    let mut mask = Mask::empty(6000, 4000);
    let before = mask.clone();
    assert_eq!(mask.bytes_beside(&before), 0);
    mask.draw_segment([3000.0, 2000.0], [3100.0, 2000.0], 20.0, StrokeKind::Paint);
    let bytes = mask.bytes_beside(&before);
    assert!((1000..16_000).contains(&bytes), "{bytes}");
}
