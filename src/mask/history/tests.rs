use proptest::prelude::*;

use super::*;
use crate::mask::StrokeKind;

fn stroke(kind: StrokeKind, radius_px: f32, points: &[[f32; 2]]) -> Stroke {
    Stroke { kind, radius_px, points_in_photo: points.to_vec() }
}

fn any_point() -> impl Strategy<Value = [f32; 2]> {
    let coordinate = || {
        prop_oneof![
            8 => -20.0f32..120.0,
            1 => Just(f32::NAN),
            1 => Just(f32::INFINITY),
            1 => prop_oneof![Just(-3e38f32), Just(3e38f32), Just(-1e6f32), Just(1e6f32)],
        ]
    };
    [coordinate(), coordinate()]
}

fn any_edit(width: u32, height: u32) -> impl Strategy<Value = MaskEdit> {
    let kind = prop_oneof![2 => Just(StrokeKind::Paint), 1 => Just(StrokeKind::Erase)];
    let strokes = (kind, 0.0f32..40.0, prop::collection::vec(any_point(), 0..6))
        .prop_map(|(kind, radius, points)| MaskEdit::Stroke(stroke(kind, radius, &points)));
    let preset = (0..MaskPreset::ALL.len(), 16.0f32..100.0, any::<u64>()).prop_map(|(index, side_px, seed)| {
        let frame = FaceFrame { center_in_photo: [40.0, 30.0], side_px, angle_radians: 0.3 };
        MaskEdit::Preset { preset: MaskPreset::ALL[index], frame, crop_size_px: 16, seed }
    });
    let count = width as usize * height as usize;
    let replace = prop::collection::vec(prop_oneof![Just(0u8), Just(255u8)], count)
        .prop_map(move |pixels| MaskEdit::Replace(Arc::new(Mask::from_pixels(width, height, pixels).unwrap())));
    prop_oneof![6 => strokes, 1 => Just(MaskEdit::Clear), 1 => Just(MaskEdit::Invert), 2 => preset, 1 => replace]
}

/// The edits drawn on an empty mask, without a history.
fn drawn(width: u32, height: u32, edits: &[MaskEdit]) -> Mask {
    let mut mask = Mask::empty(width, height);
    for edit in edits {
        match edit {
            MaskEdit::Stroke(stroke) => {
                mask.draw_stroke(stroke);
            }
            MaskEdit::Clear => mask = Mask::empty(width, height),
            MaskEdit::Invert => {
                mask.invert();
            }
            MaskEdit::Preset { preset, frame, crop_size_px, seed } => {
                mask.add(&preset.hole_in_photo(width, height, frame, *crop_size_px, *seed));
            }
            MaskEdit::Replace(other) => mask = Mask::clone(other),
        }
    }
    mask
}

fn assert_same_outside(before: &Mask, after: &Mask, changed: RectPx) {
    assert_eq!(changed, changed.intersection(after.rect()), "clipped to the photo");
    for y in 0..after.height() {
        for x in 0..after.width() {
            let same = before.is_hole(x, y) == after.is_hole(x, y);
            assert!(same || changed.contains(x, y), "{x}, {y} changed outside {changed:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn undo_and_redo_match_redrawing_the_edits(
        (width, height, edits) in (1u32..150, 1u32..90).prop_flat_map(|(width, height)| {
            (Just(width), Just(height), prop::collection::vec(any_edit(width, height), 1..8))
        }),
        max_saved_bytes in prop_oneof![Just(usize::MAX), Just(2000usize), Just(0usize)],
    ) {
        let mut history = MaskHistory::with_undo_limit(width, height, max_saved_bytes);
        for edit in &edits {
            let before = history.mask().clone();
            let changed = history.push(edit.clone());
            assert_same_outside(&before, history.mask(), changed);
        }
        for done in (0..edits.len()).rev() {
            prop_assert_eq!(history.mask(), &drawn(width, height, &edits[..=done]));
            let before = history.mask().clone();
            let changed = history.undo().unwrap();
            prop_assert_eq!(history.edits().len(), done);
            assert_same_outside(&before, history.mask(), changed);
        }
        prop_assert!(history.mask().is_empty());
        prop_assert!(history.undo().is_none());
        for done in 0..edits.len() {
            history.redo().unwrap();
            prop_assert_eq!(history.mask(), &drawn(width, height, &edits[..=done]));
        }
        prop_assert!(history.redo().is_none());
    }

    #[test]
    fn extending_a_stroke_equals_drawing_it_at_once(
        points in prop::collection::vec(any_point(), 1..8),
        radius in 0.0f32..30.0,
    ) {
        let mut history = MaskHistory::new(101, 67);
        history.push(MaskEdit::Stroke(stroke(StrokeKind::Paint, 5.0, &[[50.0, 30.0], [90.0, 66.0]])));
        let before = history.mask().clone();
        history.push(MaskEdit::Stroke(stroke(StrokeKind::Erase, radius, &points[..1])));
        for point in &points[1..] {
            history.extend_stroke(*point);
        }
        prop_assert_eq!(history.mask(), &drawn(101, 67, history.edits()));
        history.undo();
        prop_assert_eq!(history.mask(), &before);
    }
}

#[test]
fn a_new_edit_drops_undone_edits() {
    let mut history = MaskHistory::new(10, 10);
    history.push(MaskEdit::Invert);
    history.undo();
    history.push(MaskEdit::Stroke(stroke(StrokeKind::Paint, 1.0, &[[5.0, 5.0]])));
    assert!(history.redo().is_none());
    assert_eq!(history.edits().len(), 1);
    assert!(history.mask().hole_count() < 10);
}

#[test]
fn a_mask_of_another_size_replaces_nothing() {
    let mut history = MaskHistory::new(10, 10);
    history.push(MaskEdit::Invert);
    let changed = history.push(MaskEdit::Replace(Arc::new(Mask::empty(9, 10))));
    assert!(changed.is_empty());
    assert_eq!(history.mask().hole_count(), 100);
}

#[test]
fn saved_tiles_stay_within_the_memory_limit() {
    let mut history = MaskHistory::with_undo_limit(640, 640, 100_000);
    for index in 0..60u8 {
        let y = f32::from(index) * 10.0;
        history.push(MaskEdit::Stroke(stroke(StrokeKind::Paint, 3.0, &[[0.0, y], [640.0, y]])));
        assert!(history.undo_bytes() <= 100_000);
    }
    while history.undo().is_some() {
        assert!(history.undo_bytes() <= 100_000);
    }
    assert!(history.mask().is_empty());
}
