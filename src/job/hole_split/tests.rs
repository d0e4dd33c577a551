use proptest::prelude::*;

use super::*;
use crate::geometry::RectPx;

fn frame(x: f32, y: f32, side_px: f32) -> FaceFrame {
    FaceFrame { center_in_photo: [x, y], side_px, angle_radians: 0.0 }
}

/// A hole of rectangles `[x, y, width, height]` in a photo of 300×100 pixels.
fn hole(rects: &[[u32; 4]]) -> Mask {
    let rects = rects.iter().map(|&[x, y, width, height]| RectPx { x, y, width, height });
    let rects: Vec<RectPx> = rects.collect();
    Mask::from_fn(300, 100, |x, y| rects.iter().any(|rect| rect.contains(x, y)))
}

/// The index and the bounds of each part.
fn bounds(parts: &[FacePart]) -> Vec<(usize, [u32; 4])> {
    let rect = |part: &FacePart| part.hole.hole_bounds().map(|rect| [rect.x, rect.y, rect.width, rect.height]);
    parts.iter().map(|part| (part.index, rect(part).unwrap())).collect()
}

#[test]
fn each_face_gets_the_holes_in_its_frame() {
    let frames = [frame(50.0, 50.0, 60.0), frame(150.0, 50.0, 40.0), frame(250.0, 50.0, 40.0)];
    let parts = split_hole(&hole(&[[40, 50, 20, 10], [240, 45, 10, 10]]), &frames);
    assert_eq!(bounds(&parts), [(0, [40, 50, 20, 10]), (2, [240, 45, 10, 10])]);
}

#[test]
fn a_blob_at_the_edge_of_another_frame_stays_whole() {
    // The second frame begins at x = 80.
    let frames = [frame(50.0, 50.0, 60.0), frame(110.0, 50.0, 60.0)];
    let blob = [30, 50, 54, 10];
    assert_eq!(bounds(&split_hole(&hole(&[blob]), &frames)), [(0, blob)]);
}

#[test]
fn a_blob_over_two_faces_is_torn_between_them() {
    let frames = [frame(50.0, 50.0, 60.0), frame(110.0, 50.0, 60.0)];
    let parts = split_hole(&hole(&[[30, 50, 100, 10]]), &frames);
    assert_eq!(bounds(&parts), [(0, [30, 50, 50, 10]), (1, [80, 50, 50, 10])]);
}

#[test]
fn no_blob_is_torn_for_a_doubtful_face() {
    let sure = SplitFace::from(frame(50.0, 50.0, 60.0));
    let doubtful = SplitFace { frame: frame(110.0, 50.0, 60.0), is_certain: false };
    let parts = split_hole(&hole(&[[20, 50, 90, 10]]), &[sure, doubtful]);
    assert_eq!(parts.iter().map(|part| part.index).collect::<Vec<_>>(), [0]);
    // A blob of its own concerns no other face.
    let parts = split_hole(&hole(&[[30, 50, 10, 10], [105, 50, 10, 10]]), &[sure, doubtful]);
    assert_eq!(bounds(&parts), [(0, [30, 50, 10, 10]), (1, [105, 50, 10, 10])]);
}

#[test]
fn a_small_face_in_a_large_frame_keeps_its_hole() {
    let frames = [frame(50.0, 50.0, 90.0), frame(80.0, 70.0, 20.0)];
    let small = [76, 68, 8, 4];
    assert_eq!(bounds(&split_hole(&hole(&[small]), &frames)), [(1, small)]);
}

#[test]
fn a_blob_beside_a_frame_goes_to_a_filled_face() {
    // Both fillable areas contain the blob at x = 85, but only the second face has a hole in its frame.
    let frames = [frame(50.0, 50.0, 40.0), frame(120.0, 50.0, 40.0)];
    let parts = split_hole(&hole(&[[84, 50, 4, 4], [118, 50, 4, 4]]), &frames);
    assert_eq!(bounds(&parts), [(1, [84, 50, 38, 4])]);
    assert!(split_hole(&hole(&[[84, 50, 4, 4]]), &frames).is_empty());
}

#[test]
fn one_frame_fills_its_whole_area() {
    let frames = [frame(50.0, 50.0, 40.0)];
    let parts = split_hole(&hole(&[[0, 40, 300, 4]]), &frames);
    assert_eq!(bounds(&parts), [(0, [10, 40, 80, 4])]);
    assert!(split_hole(&hole(&[[80, 40, 20, 4]]), &frames).is_empty());
    assert!(split_hole(&hole(&[[0, 0, 300, 100]]), &[frame(f32::NAN, 0.0, 50.0)]).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn parts_do_not_overlap_and_cover_frames(
        frames in prop::collection::vec(([0f32..300.0, 0f32..100.0], 20f32..90.0, -3f32..3.0), 1..5),
        rects in prop::collection::vec([0u32..280, 0u32..90, 1u32..80, 1u32..40], 1..6),
    ) {
        let frames: Vec<_> = frames.into_iter().map(|([x, y], side_px, angle_radians)| {
            FaceFrame { angle_radians, ..frame(x, y, side_px) }
        }).collect();
        let hole = hole(&rects);
        let parts = split_hole(&hole, &frames);
        let mut left = hole.clone();
        for part in &parts {
            prop_assert!(has_hole_in_frame(&part.hole, &frames[part.index]));
            let mut outside = part.hole.clone();
            outside.remove(&filled_pixels(&hole, &part.frame, 0));
            prop_assert!(outside.is_empty());
            let before = left.hole_count();
            left.remove(&part.hole);
            prop_assert_eq!(before - left.hole_count(), part.hole.hole_count());
        }
        for frame in &frames {
            // A little smaller: pixels at the very edge may fall on either side by rounding.
            prop_assert!(!has_hole_in_frame(&left, &frame.grown(-0.001)), "a hole in a frame is filled");
        }
    }
}
