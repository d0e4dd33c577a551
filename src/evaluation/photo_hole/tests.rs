//! Tests of the holes on a synthetic, tilted face in a photo.

use image::RgbImage;

use super::*;
use crate::geometry::FaceFrame;

/// A tilted face whose nose points to the side.
fn face(index: usize) -> EvaluationFace {
    let frame = FaceFrame { center_in_photo: [210.0, 190.0], side_px: 240.0, angle_radians: 0.2 };
    let landmarks_in_unit = [[0.29, 0.30], [0.70, 0.31], [0.56, 0.53], [0.34, 0.71], [0.66, 0.70]];
    EvaluationFace { frame, landmarks_in_unit, ..EvaluationFace::of_crop("ann", index, RgbImage::new(400, 380)) }
}

/// Whether a point of the unit square is hole.
fn is_hole(mask: &Mask, face: &EvaluationFace, point: Point) -> bool {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the photo")]
    let [x, y] = face.frame.photo_from_unit().apply(point).map(|value| value as u32);
    mask.is_hole(x, y)
}

#[test]
fn holes_cover_the_landmarks_they_name() {
    let face = face(0);
    let [right_eye, left_eye, nose, right_corner, left_corner] = face.landmarks_in_unit;
    let bridge = between(right_eye, left_eye, 0.5);
    let temples = [[0.1, 0.29], [0.9, 0.31]];
    let points = [right_eye, left_eye, bridge, nose, right_corner, left_corner, temples[0], temples[1]];
    let covered = |kind: PhotoHoleKind| {
        let mask = kind.hole_in_photo(&face, 0);
        points.map(|point| u8::from(is_hole(&mask, &face, point)))
    };
    assert_eq!(covered(PhotoHoleKind::Mouth), [0, 0, 0, 0, 1, 1, 0, 0]);
    assert_eq!(covered(PhotoHoleKind::Eye), [1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(covered(PhotoHoleKind::Eyes), [1, 1, 1, 0, 0, 0, 0, 0]);
    assert_eq!(covered(PhotoHoleKind::Nose), [0, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(covered(PhotoHoleKind::LowerHalf), [0, 0, 0, 0, 1, 1, 0, 0]);
    assert_eq!(covered(PhotoHoleKind::Half), [1, 0, 1, 0, 1, 0, 1, 0]);
    assert_eq!(covered(PhotoHoleKind::Glasses), [1, 1, 1, 0, 0, 0, 1, 1]);
}

#[test]
fn holes_lie_in_the_frame() {
    for index in 0..20 {
        let face = face(index);
        for kind in PhotoHoleKind::ALL {
            let mask = kind.hole_in_photo(&face, 3);
            let inside = (0..mask.height()).map(|y| face.frame.columns_in_photo(y, mask.width()));
            let outside = inside
                .zip(0..)
                .any(|(columns, y)| (0..mask.width()).any(|x| mask.is_hole(x, y) && !columns.contains(&x)));
            assert!(!outside && !mask.is_empty(), "{}", kind.id());
        }
    }
}

#[test]
fn holes_have_the_expected_share() {
    let face = face(0);
    let share = |kind: PhotoHoleKind| {
        let count = u32::try_from(kind.hole_in_photo(&face, 0).hole_count()).unwrap();
        f64::from(count) / f64::from(face.frame.side_px).powi(2)
    };
    let near = |kind: PhotoHoleKind, expected: f64| {
        let share = share(kind);
        assert!((share - expected).abs() < 0.003, "{} covers {share}", kind.id());
    };
    let capsule = |length: f64, radius: f64| 2.0 * radius * length + std::f64::consts::PI * radius * radius;
    near(PhotoHoleKind::Mouth, capsule(0.320, 0.115));
    near(PhotoHoleKind::Eye, capsule(0.14, 0.09));
    near(PhotoHoleKind::Eyes, capsule(0.550, 0.09));
    near(PhotoHoleKind::Glasses, capsule(0.730, 0.11));
    near(PhotoHoleKind::LowerHalf, 0.45);
    near(PhotoHoleKind::Half, 0.5);
    // Three to five scratches that may cross.
    assert!((0.03..5.0 * capsule(0.76, 0.0105)).contains(&share(PhotoHoleKind::Scratches)));
}

#[test]
fn only_scratches_depend_on_face_and_seed() {
    for kind in PhotoHoleKind::ALL {
        let hole = |index, seed| kind.hole_in_photo(&face(index), seed);
        assert_eq!(hole(3, 5), hole(3, 5));
        let is_drawn = kind == PhotoHoleKind::Scratches;
        assert_eq!(hole(3, 5) != hole(4, 5), is_drawn, "{}", kind.id());
        assert_eq!(hole(3, 5) != hole(3, 6), is_drawn, "{}", kind.id());
    }
}

#[test]
fn a_frame_beyond_the_photo_is_clipped() {
    let frame = FaceFrame { center_in_photo: [10.0, 10.0], side_px: 100.0, angle_radians: 0.0 };
    let face = EvaluationFace { frame, ..EvaluationFace::of_crop("ann", 0, RgbImage::new(40, 40)) };
    assert!(PhotoHoleKind::Half.hole_in_photo(&face, 0).is_hole(0, 0));
    assert!(PhotoHoleKind::Mouth.hole_in_photo(&face, 0).is_hole(10, 30));
    assert!(!PhotoHoleKind::Eye.hole_in_photo(&face, 0).is_hole(30, 30));
}
