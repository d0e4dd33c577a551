use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::face::{self, FaceFrame};
use crate::photo::{Photo, RectPx};

fn stroke(kind: StrokeKind, radius_px: f32, points: &[[f32; 2]]) -> Stroke {
    Stroke { kind, radius_px, points_in_photo: points.to_vec() }
}

/// Distance from a pixel's centre to a segment, by the textbook.
fn distance(x: u32, y: u32, [ax, ay]: [f32; 2], [bx, by]: [f32; 2]) -> f64 {
    let (px, py) = (f64::from(x) + 0.5 - f64::from(ax), f64::from(y) + 0.5 - f64::from(ay));
    let (dx, dy) = (f64::from(bx) - f64::from(ax), f64::from(by) - f64::from(ay));
    let square = dx * dx + dy * dy;
    let t = if square > 0.0 { ((px * dx + py * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
    (px - t * dx).hypot(py - t * dy)
}

fn outside(rect: RectPx, x: u32, y: u32) -> bool {
    rect.intersection(RectPx { x, y, width: 1, height: 1 }).is_empty()
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

fn any_edit(width: u32, height: u32) -> impl Strategy<Value = Edit> {
    let kind = prop_oneof![2 => Just(StrokeKind::Paint), 1 => Just(StrokeKind::Erase)];
    let strokes = (kind, 0.0f32..40.0, prop::collection::vec(any_point(), 0..6))
        .prop_map(|(kind, radius, points)| Edit::Stroke(stroke(kind, radius, &points)));
    let preset = (0..MaskPreset::ALL.len(), 16.0f32..100.0, any::<u64>()).prop_map(|(index, side_px, seed)| {
        let frame = FaceFrame { center_in_photo: [40.0, 30.0], side_px, angle_radians: 0.3 };
        Edit::Preset { preset: MaskPreset::ALL[index], frame, crop_size_px: 16, seed }
    });
    let count = width as usize * height as usize;
    let replace = prop::collection::vec(prop_oneof![Just(0u8), Just(255u8)], count)
        .prop_map(move |pixels| Edit::Replace(Arc::new(Mask::from_pixels(width, height, pixels).unwrap())));
    prop_oneof![6 => strokes, 1 => Just(Edit::Clear), 1 => Just(Edit::Invert), 2 => preset, 1 => replace]
}

/// The edits drawn on a fresh mask, without any history.
fn drawn(width: u32, height: u32, edits: &[Edit]) -> Mask {
    let mut mask = Mask::empty(width, height);
    for edit in edits {
        match edit {
            Edit::Stroke(stroke) => {
                mask.draw_stroke(stroke);
            }
            Edit::Clear => mask = Mask::empty(width, height),
            Edit::Invert => {
                mask.invert();
            }
            Edit::Preset { preset, frame, crop_size_px, seed } => {
                mask.add(&preset.hole_in_photo(width, height, frame, *crop_size_px, *seed));
            }
            Edit::Replace(other) => mask = Mask::clone(other),
        }
    }
    mask
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_segment_holds_exactly_the_pixels_within_its_radius(
        (width, height) in (1u32..80, 1u32..80),
        from in [-20.0f32..100.0, -20.0f32..100.0],
        to in [-20.0f32..100.0, -20.0f32..100.0],
        radius in 0.5f32..30.0,
    ) {
        let mut mask = Mask::empty(width, height);
        let changed = mask.draw_segment(from, to, radius, StrokeKind::Paint);
        for y in 0..height {
            for x in 0..width {
                let distance = distance(x, y, from, to);
                let is_end = [from, to].iter().any(|end| {
                    end[0].floor() == x as f32 && end[1].floor() == y as f32
                });
                if (distance - f64::from(radius)).abs() > 1e-4 {
                    prop_assert_eq!(mask.is_hole(x, y), distance < f64::from(radius) || is_end, "at {}, {}", x, y);
                }
                prop_assert!(!mask.is_hole(x, y) || !outside(changed, x, y));
            }
        }
    }

    #[test]
    fn history_is_the_edits_drawn_one_after_another_and_undo_and_redo_walk_along_it(
        (width, height, edits) in (1u32..150, 1u32..90).prop_flat_map(|(width, height)| {
            (Just(width), Just(height), prop::collection::vec(any_edit(width, height), 1..8))
        }),
        max_saved_bytes in prop_oneof![Just(usize::MAX), Just(2000usize), Just(0usize)],
    ) {
        let mut history = History::with_max_saved_bytes(width, height, max_saved_bytes);
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
        prop_assert!(history.undo().is_none() && !history.can_undo());
        for done in 0..edits.len() {
            history.redo().unwrap();
            prop_assert_eq!(history.mask(), &drawn(width, height, &edits[..=done]));
        }
        prop_assert!(history.redo().is_none() && !history.can_redo());
    }

    #[test]
    fn a_stroke_grown_point_by_point_is_the_stroke_drawn_at_once(
        points in prop::collection::vec(any_point(), 1..8),
        radius in 0.0f32..30.0,
    ) {
        let mut history = History::new(101, 67);
        history.push(Edit::Stroke(stroke(StrokeKind::Paint, 5.0, &[[50.0, 30.0], [90.0, 66.0]])));
        let before = history.mask().clone();
        history.push(Edit::Stroke(stroke(StrokeKind::Erase, radius, &points[..1])));
        for point in &points[1..] {
            history.extend_stroke(*point);
        }
        prop_assert_eq!(history.mask(), &drawn(101, 67, history.edits()));
        history.undo();
        prop_assert_eq!(history.mask(), &before);
    }

    #[test]
    fn weights_are_the_share_of_hole_in_the_window(
        size in 1usize..12, reach in 0usize..7, focus in 0.0f32..=1.0, bits in prop::collection::vec(any::<bool>(), 144),
    ) {
        let known: Vec<f32> = bits[..size * size].iter().map(|&bit| f32::from(u8::from(bit))).collect();
        let window = 2 * reach + 1;
        let weights = context_weights(&known, size, window, focus);
        for (index, weight) in weights.iter().enumerate() {
            let (x, y) = (index % size, index / size);
            let near = |at: usize, center: usize| at.abs_diff(center) <= reach;
            let holes = (0..size * size).filter(|i| known[*i] == 0.0 && near(i % size, x) && near(i / size, y)).count();
            let share = holes as f32 / (window * window) as f32;
            prop_assert!((weight - known[index] * (1.0 - focus + focus * share)).abs() < 1e-6);
        }
    }

    #[test]
    fn cropping_a_preset_again_keeps_all_it_leaves_known(
        index in 0..MaskPreset::ALL.len(),
        side_px in 16.0f32..150.0,
        angle_radians in -3.2f32..3.2,
        center in [115.0f32..125.0, 115.0f32..125.0],
        seed in any::<u64>(),
    ) {
        let preset = MaskPreset::ALL[index];
        let frame = FaceFrame { center_in_photo: center, side_px, angle_radians };
        let photo = Photo::from_pixels(image::DynamicImage::new_rgb8(240, 240));
        let mask = preset.hole_in_photo(240, 240, &frame, 32, seed);
        let crop = face::crop(&photo, &mask, &frame, 32).unwrap();
        for (hole, known) in preset.hole_in_crop(32, seed).iter().zip(&crop.known) {
            prop_assert!(*hole || *known == 1.0);
        }
        let with_rounding = FaceFrame { side_px: side_px + 0.01, ..frame };
        for y in 0..240 {
            for x in 0..240 {
                prop_assert!(!mask.is_hole(x, y) || with_rounding.contains([x as f32 + 0.5, y as f32 + 0.5]));
            }
        }
    }

    #[test]
    fn a_preset_on_whole_pixels_crops_to_itself(
        index in 0..MaskPreset::ALL.len(), scale in 1u32..5, (x, y) in (0u32..40, 0u32..40), seed in any::<u64>(),
    ) {
        let preset = MaskPreset::ALL[index];
        let side = 32 * scale;
        let center_in_photo = [x as f32 + side as f32 / 2.0, y as f32 + side as f32 / 2.0];
        let frame = FaceFrame { center_in_photo, side_px: side as f32, angle_radians: 0.0 };
        let photo = Photo::from_pixels(image::DynamicImage::new_rgb8(200, 200));
        let mask = preset.hole_in_photo(200, 200, &frame, 32, seed);
        let crop = face::crop(&photo, &mask, &frame, 32).unwrap();
        let expected: Vec<f32> =
            preset.hole_in_crop(32, seed).iter().map(|&hole| if hole { 0.0 } else { 1.0 }).collect();
        prop_assert_eq!(crop.known, expected);
    }
}

fn assert_same_outside(before: &Mask, after: &Mask, changed: RectPx) {
    assert_eq!(changed, changed.intersection(after.rect()), "clipped to the photo");
    for y in 0..after.height() {
        for x in 0..after.width() {
            let same = before.is_hole(x, y) == after.is_hole(x, y);
            assert!(same || !outside(changed, x, y), "{x}, {y} changed outside {changed:?}");
        }
    }
}

#[test]
fn the_smallest_dab_marks_the_pixel_under_it() {
    for point in [[3.0, 2.0], [3.99, 2.99], [3.02, 2.98]] {
        let mut mask = Mask::empty(7, 5);
        let changed = mask.draw_segment(point, point, 0.0, StrokeKind::Paint);
        assert!(mask.is_hole(3, 2), "{point:?}");
        assert!(!outside(changed, 3, 2));
    }
}

#[test]
fn a_dab_of_radius_two_is_a_disc() {
    let mut mask = Mask::empty(5, 5);
    let changed = mask.draw_segment([2.5, 2.5], [2.5, 2.5], 2.0, StrokeKind::Paint);
    let rows: Vec<String> = mask
        .pixels()
        .chunks(5)
        .map(|row| row.iter().map(|&pixel| if pixel == 255 { '#' } else { '.' }).collect())
        .collect();
    assert_eq!(rows, ["..#..", ".###.", "#####", ".###.", "..#.."]);
    assert_eq!(changed, mask.rect());
}

#[test]
fn a_thin_slanting_line_has_no_gaps() {
    let mut mask = Mask::empty(40, 40);
    mask.draw_segment([1.0, 2.0], [38.0, 19.5], 0.1, StrokeKind::Paint);
    assert!((1..38).all(|x| (0..40).any(|y| mask.is_hole(x, y))));
}

#[test]
fn grey_values_become_hole_from_half_up() {
    let mask = Mask::from_pixels(4, 1, vec![0, 127, 128, 255]).unwrap();
    assert_eq!(mask.pixels(), [0, 0, 255, 255]);
    assert_eq!(mask.count(), 2);
    assert_eq!(mask.hole_bounds(), Some(RectPx { x: 2, y: 0, width: 2, height: 1 }));
    assert_eq!(Mask::from_pixels(4, 2, vec![0; 7]), None);
    assert_eq!(Mask::empty(3, 3).hole_bounds(), None);
}

#[test]
fn a_new_edit_forgets_what_was_undone() {
    let mut history = History::new(10, 10);
    history.push(Edit::Invert);
    history.undo();
    history.push(Edit::Stroke(stroke(StrokeKind::Paint, 1.0, &[[5.0, 5.0]])));
    assert!(!history.can_redo());
    assert_eq!(history.edits().len(), 1);
    assert!(history.mask().count() < 10);
}

#[test]
fn a_mask_of_another_size_replaces_nothing() {
    let mut history = History::new(10, 10);
    history.push(Edit::Invert);
    let changed = history.push(Edit::Replace(Arc::new(Mask::empty(9, 10))));
    assert!(changed.is_empty());
    assert_eq!(history.mask().count(), 100);
}

#[test]
fn saved_tiles_stay_within_their_bound() {
    let mut history = History::with_max_saved_bytes(640, 640, 100_000);
    for index in 0..60u8 {
        let y = f32::from(index) * 10.0;
        history.push(Edit::Stroke(stroke(StrokeKind::Paint, 3.0, &[[0.0, y], [640.0, y]])));
        assert!(history.saved_bytes() <= 100_000);
    }
    while history.undo().is_some() {
        assert!(history.saved_bytes() <= 100_000);
    }
    assert!(history.mask().is_empty());
}

#[test]
fn weights_of_a_five_by_five_worked_by_hand() {
    let mut known = [1.0; 25];
    for hole in [11, 12, 16] {
        known[hole] = 0.0;
    }
    let weights = context_weights(&known, 5, 3, 1.0);
    #[rustfmt::skip]
    let ninths = [
        0.0, 0.0, 0.0, 0.0, 0.0,
        1.0, 2.0, 2.0, 1.0, 0.0,
        2.0, 0.0, 0.0, 1.0, 0.0,
        2.0, 0.0, 3.0, 1.0, 0.0,
        1.0, 1.0, 1.0, 0.0, 0.0,
    ];
    for (weight, ninth) in weights.iter().zip(ninths) {
        assert!((weight - ninth / 9.0).abs() < 1e-6, "{weights:?}");
    }
    assert_eq!(context_weights(&known, 5, 3, 0.0), known);
    assert!((context_weights(&known, 5, 3, 0.25)[5] - (0.75 + 0.25 / 9.0)).abs() < 1e-6);
}

#[test]
fn the_paper_keeps_a_seventh_of_a_centre_masks_known_pixels() {
    let hole = MaskPreset::Center.hole_in_crop(64, 0);
    let known: Vec<f32> = hole.iter().map(|&hole| if hole { 0.0 } else { 1.0 }).collect();
    let weights = context_weights(&known, 64, 7, 1.0);
    // Three pixels all around the 32×32 hole have it in their window: 38² − 32² of 64² − 32².
    assert_eq!(weights.iter().filter(|&&weight| weight > 0.0).count(), 420);
    // Beside the middle of an edge the window holds 3 × 7 hole pixels.
    assert!((weights[32 * 64 + 15] - 21.0 / 49.0).abs() < 1e-6);
}

#[test]
fn presets_have_the_holes_they_are_named_for() {
    let count = |preset: MaskPreset| preset.hole_in_crop(64, 7).iter().filter(|&&hole| hole).count();
    assert_eq!(count(MaskPreset::Center), 32 * 32);
    assert_eq!(count(MaskPreset::Half), 32 * 64);
    assert_eq!(count(MaskPreset::Left), 32 * 64);
    assert_eq!(count(MaskPreset::Grid), 64 * 64 - 16 * 16);
    assert_eq!(count(MaskPreset::Lowres), 64 * 64 - 8 * 8);
    assert_eq!(count(MaskPreset::Full), 64 * 64);
    // 3277 expected, standard deviation 26.
    assert!((3140..3410).contains(&count(MaskPreset::Random)));
    let half = MaskPreset::Half.hole_in_crop(64, 0);
    assert!(!half[31 * 64] && half[32 * 64]);
    let left = MaskPreset::Left.hole_in_crop(64, 0);
    assert!(left[31] && !left[32]);
}

#[test]
fn the_random_preset_follows_its_seed() {
    let hole = |seed| MaskPreset::Random.hole_in_crop(64, seed);
    assert_eq!(hole(1), hole(1));
    assert_ne!(hole(1), hole(2));
}

#[test]
fn a_saved_mask_loads_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mask.png");
    let mut mask = Mask::empty(13, 7);
    mask.draw_segment([2.0, 2.0], [9.0, 5.0], 1.5, StrokeKind::Paint);
    save_mask(&path, &mask, crate::photo::Overwrite::Refuse).unwrap();
    assert_eq!(load_mask(&path, 13, 7).unwrap(), mask);
    let error = load_mask(&path, 14, 7).unwrap_err().to_string();
    assert!(error.contains("13×7") && error.contains("14×7") && error.contains("mask.png"), "{error}");
}

#[test]
fn transparent_white_is_not_hole() {
    let pixels = image::RgbaImage::from_fn(2, 1, |x, _| image::Rgba([255, 255, 255, if x == 0 { 0 } else { 255 }]));
    let bytes = crate::photo::encode_png(&image::DynamicImage::ImageRgba8(pixels), None).unwrap();
    assert_eq!(decode_mask(&bytes, 2, 1).unwrap().pixels(), [0, 255]);
    let error = decode_mask(&bytes, 5, 5).unwrap_err().to_string();
    assert!(error.starts_with("the mask is 2×1"), "{error}");
    assert!(matches!(decode_mask(b"none", 5, 5), Err(MaskFileError::Photo(_))));
}

#[test]
fn a_frame_that_is_no_square_makes_no_hole() {
    for side_px in [0.0, -5.0, f32::NAN, f32::INFINITY] {
        let frame = FaceFrame { center_in_photo: [5.0, 5.0], side_px, angle_radians: 0.0 };
        assert!(MaskPreset::Full.hole_in_photo(10, 10, &frame, 64, 0).is_empty());
    }
    let huge = FaceFrame { center_in_photo: [0.0, 0.0], side_px: 3e38, angle_radians: 0.5 };
    let _ = MaskPreset::Full.hole_in_photo(10, 10, &huge, 64, 0);
}
