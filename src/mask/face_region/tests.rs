#![expect(clippy::cast_precision_loss, reason = "tests: numbers are small")]

use proptest::prelude::*;

use super::*;
use crate::geometry::Similarity;

const SIDE_PX: u32 = 400;

/// A face in a picture of 400×400 pixels: eyes, nose, corners of the mouth. `turn` moves the nose to the side, in eye
/// distances, and brings the eyes closer together; `nod` moves nose and mouth.
fn face(turn: f32, nod: f32) -> [Point; 5] {
    let (half, center) = (55.0 * (1.0 - 0.8 * turn.abs()), 200.0);
    let nose = [center + 110.0 * turn, 195.0 + nod];
    let mouth = |side: f32| [center + side * 0.82 * half + 12.0 * turn, 248.0 + nod / 2.0];
    [[center - half, 140.0], [center + half, 140.0], nose, mouth(-1.0), mouth(1.0)]
}

fn any_face() -> impl Strategy<Value = [Point; 5]> {
    let jitter = prop::array::uniform5([-3.0f32..3.0, -3.0f32..3.0]);
    (-0.35f32..0.35, -12.0f32..12.0, jitter).prop_map(|(turn, nod, jitter)| {
        let points = face(turn, nod);
        std::array::from_fn(|i| [points[i][0] + jitter[i][0], points[i][1] + jitter[i][1]])
    })
}

fn hole(region: FaceRegion, landmarks: &[Point; 5]) -> Mask {
    region.hole_in_photo(SIDE_PX, SIDE_PX, landmarks)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "points of the picture")]
fn contains(mask: &Mask, [x, y]: Point) -> bool {
    mask.is_hole(x as u32, y as u32)
}

/// The number of pixels in both holes.
fn overlap(a: FaceRegion, b: FaceRegion, landmarks: &[Point; 5]) -> usize {
    let (a, b) = (hole(a, landmarks), hole(b, landmarks));
    let mut rest = a.clone();
    rest.remove(&b);
    a.hole_count() - rest.hole_count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn outlines_turn_and_scale_with_the_face(
        landmarks in any_face(),
        scale in 0.1f32..8.0,
        angle_radians in -0.9f32..0.9,
        translation in [-500.0f32..500.0, -500.0f32..500.0],
    ) {
        let map = Similarity { scale, angle_radians, translation };
        let outlines = |landmarks: &[Point; 5], region: FaceRegion| {
            region.outlines(&FaceShape::new(landmarks).unwrap()).concat()
        };
        for region in FaceRegion::ALL {
            let moved = outlines(&landmarks.map(|point| map.apply(point)), region);
            let expected: Vec<Point> = outlines(&landmarks, region).into_iter().map(|point| map.apply(point)).collect();
            // A point on an edge of a convex hull may be left out by rounding, so the nearest one is compared.
            for point in &moved {
                let nearest = expected.iter().map(|[x, y]| (x - point[0]).hypot(y - point[1])).fold(f32::MAX, f32::min);
                prop_assert!(nearest < 0.05 * scale + 0.01, "{region:?} {point:?} {nearest}");
            }
            prop_assert!(moved.len().abs_diff(expected.len()) <= 2);
        }
    }

    #[test]
    fn a_mirrored_face_swaps_left_and_right(landmarks in any_face()) {
        let [eye, other_eye, nose, corner, other_corner] = landmarks.map(|[x, y]| [SIDE_PX as f32 - x, y]);
        let mirrored = [other_eye, eye, nose, other_corner, corner];
        for region in FaceRegion::ALL {
            let swapped = match region {
                FaceRegion::LeftEye => FaceRegion::RightEye,
                FaceRegion::RightEye => FaceRegion::LeftEye,
                FaceRegion::LeftHalf => FaceRegion::RightHalf,
                FaceRegion::RightHalf => FaceRegion::LeftHalf,
                other => other,
            };
            let (before, after) = (hole(region, &landmarks), hole(swapped, &mirrored));
            let expected = Mask::from_fn(SIDE_PX, SIDE_PX, |x, y| before.is_hole(SIDE_PX - 1 - x, y));
            let mut differing = expected.clone();
            differing.remove(&after);
            // Rounding may move a pixel of the edge.
            prop_assert!(differing.hole_count() <= 4 && expected.hole_count().abs_diff(after.hole_count()) <= 4);
        }
    }

    #[test]
    fn each_part_holds_its_landmarks(landmarks in any_face()) {
        let [left_eye, right_eye, nose, left_corner, right_corner] = landmarks;
        let mouth = [0, 1].map(|axis| f32::midpoint(left_corner[axis], right_corner[axis]));
        let eyes = [0, 1].map(|axis| f32::midpoint(left_eye[axis], right_eye[axis]));
        let beyond_mouth = |share: f32| [0, 1].map(|axis| mouth[axis] + share * (mouth[axis] - eyes[axis]));
        let above = |eye: Point| [eye[0], eye[1] - 33.0];
        for (region, inside, outside) in [
            (FaceRegion::Eyes, vec![left_eye, right_eye], vec![eyes, nose, above(left_eye)]),
            (FaceRegion::LeftEye, vec![left_eye], vec![right_eye, eyes]),
            (FaceRegion::RightEye, vec![right_eye], vec![left_eye, eyes]),
            (FaceRegion::Brows, vec![above(left_eye), above(right_eye)], vec![left_eye, right_eye, nose]),
            (FaceRegion::Nose, vec![nose], vec![left_eye, right_eye, mouth]),
            (FaceRegion::Mouth, vec![left_corner, right_corner, mouth], vec![nose, beyond_mouth(0.6)]),
            (FaceRegion::Chin, vec![beyond_mouth(0.6)], vec![mouth, left_corner, right_corner]),
            (FaceRegion::LeftHalf, vec![left_eye, left_corner], vec![right_eye, right_corner]),
            (FaceRegion::RightHalf, vec![right_eye, right_corner], vec![left_eye, left_corner]),
            (FaceRegion::Skin, vec![nose, beyond_mouth(0.6)], vec![left_eye, right_eye, mouth, above(left_eye)]),
        ] {
            let mask = hole(region, &landmarks);
            for point in inside {
                prop_assert!(contains(&mask, point), "{region:?} lacks {point:?}");
            }
            for point in outside {
                prop_assert!(!contains(&mask, point), "{region:?} has {point:?}");
            }
        }
    }

    #[test]
    fn parts_of_one_face_do_not_overlap(landmarks in any_face()) {
        let parts = [
            FaceRegion::LeftEye, FaceRegion::RightEye, FaceRegion::Brows, FaceRegion::Nose, FaceRegion::Mouth, FaceRegion::Chin,
        ];
        for (index, part) in parts.into_iter().enumerate() {
            for other in parts.into_iter().skip(index + 1) {
                let count = overlap(part, other, &landmarks);
                // Brows reach down to the lid.
                let is_lid = matches!(part, FaceRegion::LeftEye | FaceRegion::RightEye) && other == FaceRegion::Brows;
                let limit = if is_lid { hole(part, &landmarks).hole_count() / 6 } else { 0 };
                prop_assert!(count <= limit, "{part:?} {other:?}: {count} of at most {limit}");
            }
        }
        for part in [FaceRegion::Eyes, FaceRegion::Brows, FaceRegion::Mouth] {
            prop_assert_eq!(overlap(FaceRegion::Skin, part, &landmarks), 0);
        }
        prop_assert_eq!(overlap(FaceRegion::LeftHalf, FaceRegion::RightHalf, &landmarks), 0);
    }
}

#[test]
fn both_eyes_are_the_left_and_the_right() {
    let landmarks = face(0.1, 0.0);
    let mut both = hole(FaceRegion::LeftEye, &landmarks);
    both.add(&hole(FaceRegion::RightEye, &landmarks));
    assert_eq!(both, hole(FaceRegion::Eyes, &landmarks));
}

#[test]
fn the_far_eye_of_a_turned_head_is_narrower() {
    let width = |region, turn: f32| hole(region, &face(turn, 0.0)).hole_bounds().unwrap().width;
    assert_eq!(width(FaceRegion::LeftEye, 0.0), width(FaceRegion::RightEye, 0.0));
    assert!(width(FaceRegion::RightEye, 0.25) * 4 < width(FaceRegion::LeftEye, 0.25) * 3);
    assert!(width(FaceRegion::RightHalf, 0.25) * 4 < width(FaceRegion::LeftHalf, 0.25) * 3);
}

/// Left stays left in the picture when a face stands on its head.
#[test]
fn left_is_left_in_the_picture() {
    let upside_down = face(0.0, 0.0).map(|[x, y]| [400.0 - x, 400.0 - y]);
    let bounds = |region| hole(region, &upside_down).hole_bounds().unwrap();
    assert!(bounds(FaceRegion::LeftEye).right() < 200 && bounds(FaceRegion::RightEye).x > 200);
    assert!(bounds(FaceRegion::LeftHalf).right() <= 201 && bounds(FaceRegion::RightHalf).x >= 199);
    assert!(bounds(FaceRegion::Brows).y > bounds(FaceRegion::Eyes).y, "the brows are below the eyes");
    assert!(bounds(FaceRegion::Chin).bottom() < bounds(FaceRegion::Mouth).bottom());
}

#[test]
fn unusable_landmarks_make_no_hole() {
    let mut with_nan = face(0.0, 0.0);
    with_nan[2][1] = f32::NAN;
    let on_a_line = [[10.0, 10.0], [20.0, 10.0], [30.0, 10.0], [40.0, 10.0], [50.0, 10.0]];
    for landmarks in [[[7.0; 2]; 5], on_a_line, [[f32::INFINITY, 0.0]; 5], [[3e38, -3e38]; 5]] {
        for region in FaceRegion::ALL {
            assert!(hole(region, &landmarks).is_empty(), "{region:?} {landmarks:?}");
        }
    }
    assert!(hole(FaceRegion::Nose, &with_nan).is_empty());
}
