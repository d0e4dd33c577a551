use image::{DynamicImage, RgbImage};

use super::*;
use crate::face::{TEMPLATE_IN_UNIT, fit_frame};
use crate::geometry::FaceFrame;

fn portrait(name: &str) -> Photo {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples").join(name);
    crate::photo::open(&path, crate::photo::DecodeLimits::default()).unwrap()
}

/// Landmarks that `OpenCV` 5.0's `FaceDetectorYN` finds with the same weights, at 640 px on the longer side.
const OPENCV: [(&str, [Point; 5]); 2] = [
    ("astronaut.png", [[201.2, 105.0], [245.2, 104.9], [220.5, 127.2], [203.7, 145.2], [242.3, 145.1]]),
    ("grace_hopper.jpg", [[225.7, 193.4], [306.9, 192.5], [266.9, 237.1], [230.6, 270.2], [301.3, 269.3]]),
];

/// A different resize filter and pass select slightly different cells: 3 % of the face's width.
const LANDMARK_TOLERANCE: f32 = 0.03;

/// Tolerance with half of the face cut off, or with two faces in the input: 10 %.
const CROWDED_TOLERANCE: f32 = 0.1;

/// Remaining error after refining a rotated or small face (without it: up to a fifth of the width).
const TURNED_TOLERANCE: f32 = 0.1;

fn assert_landmarks(name: &str, face: &Detection, expected: &[Point; 5], tolerance: f32) {
    for (found, expected) in face.landmarks_in_photo.iter().zip(expected) {
        let distance = (found[0] - expected[0]).hypot(found[1] - expected[1]);
        assert!(distance < tolerance * face.box_in_photo[2], "{name}: {found:?} where {expected:?} is expected");
    }
}

/// The photo rotated and scaled into an image of `size` pixels, each the mean of 16 points, grey outside.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small numbers"
)]
fn warped(photo: &Photo, size: u32, new_from_old: crate::geometry::Similarity) -> Photo {
    let old_from_new = new_from_old.inverse();
    let source = photo.pixels.to_rgb8();
    let at = |[u, v]: Point| {
        let inside = u >= 0.0 && v >= 0.0 && u < source.width() as f32 && v < source.height() as f32;
        if inside { source.get_pixel(u as u32, v as u32).0 } else { [90; 3] }
    };
    let picture = RgbImage::from_fn(size, size, |x, y| {
        let mut sum = [0u32; 3];
        for k in 0..16u32 {
            let (dx, dy) = ((k % 4) as f32 / 4.0 + 0.125, (k / 4) as f32 / 4.0 + 0.125);
            let pixel = at(old_from_new.apply([x as f32 + dx, y as f32 + dy]));
            sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += u32::from(value));
        }
        image::Rgb(sum.map(|sum| (sum / 16) as u8))
    });
    Photo::from_pixels(DynamicImage::ImageRgb8(picture))
}

#[test]
fn landmarks_agree_with_opencv() {
    for (name, expected) in OPENCV {
        let faces = detect(&portrait(name)).unwrap();
        assert_eq!(faces.len(), 1, "{name}: {faces:?}");
        assert_landmarks(name, &faces[0], &expected, LANDMARK_TOLERANCE);
    }
}

#[test]
fn rotated_small_and_large_faces_are_found() {
    let (name, expected) = OPENCV[1];
    let portrait = portrait(name);
    // (width of the face in pixels, rotation in degrees): 40 px, 30° either way, and a face as wide as the image.
    for (face_px, degrees) in [(40.0, 0.0), (60.0, 30.0), (150.0, -30.0), (420.0, 15.0)] {
        let angle_radians = f32::to_radians(degrees);
        let turned = crate::geometry::Similarity { scale: face_px / 175.5, angle_radians, translation: [0.0, 0.0] };
        let [x, y] = turned.apply([266.0, 230.0]);
        let map = crate::geometry::Similarity { translation: [256.0 - x, 256.0 - y], ..turned };
        let faces = detect(&warped(&portrait, 512, map)).unwrap();
        assert_eq!(faces.len(), 1, "{face_px} px, {degrees}°: {faces:?}");
        let name = format!("{face_px} px, {degrees}°");
        for (found, expected) in faces[0].landmarks_in_photo.iter().zip(expected.map(|point| map.apply(point))) {
            let distance = (found[0] - expected[0]).hypot(found[1] - expected[1]);
            assert!(distance < TURNED_TOLERANCE * face_px, "{name}: {found:?} where {expected:?} is expected");
        }
    }
}

#[test]
fn two_faces_are_both_found() {
    let mut both = RgbImage::from_pixel(1200, 760, image::Rgb([120, 110, 100]));
    let mut expected = Vec::new();
    for ((name, landmarks), (scale, x, y)) in OPENCV.into_iter().zip([(1.0, 40, 90), (0.6, 760, 200)]) {
        let picture = portrait(name).pixels.to_rgb8();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "small"
        )]
        let side = |side: u32| (side as f32 * scale) as u32;
        let (width, height) = (side(picture.width()), side(picture.height()));
        let small = image::imageops::resize(&picture, width, height, image::imageops::FilterType::Triangle);
        image::imageops::overlay(&mut both, &small, x, y);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        expected.push((name, landmarks.map(|[u, v]| [u * scale + x as f32, v * scale + y as f32])));
    }
    let faces = detect(&Photo::from_pixels(both.into())).unwrap();
    assert_eq!(faces.len(), 2, "{faces:?}");
    let widths: Vec<f32> = faces.iter().map(|face| face.box_in_photo[2]).collect();
    assert!(widths[0] >= widths[1], "the largest first: {widths:?}");
    for (name, landmarks) in &expected {
        let near = |face: &&Detection| (face.landmarks_in_photo[2][0] - landmarks[2][0]).abs() < 60.0;
        assert_landmarks(name, faces.iter().find(near).expect(name), landmarks, CROWDED_TOLERANCE);
    }
}

#[test]
fn a_face_cut_by_the_border_is_found() {
    let (name, expected) = OPENCV[1];
    // Cheek and ear are cut off; the eye stays 20 pixels inside.
    let cut = portrait(name).pixels.crop_imm(205, 60, 300, 500);
    let faces = detect(&Photo::from_pixels(cut)).unwrap();
    assert_eq!(faces.len(), 1, "{faces:?}");
    assert_landmarks(name, &faces[0], &expected.map(|[x, y]| [x - 205.0, y - 60.0]), CROWDED_TOLERANCE);
    let frame = fit_frame(&faces[0].landmarks_in_photo).unwrap();
    assert!(frame.corners_in_photo()[0][0] < 0.0, "the frame reaches out of the photo: {frame:?}");
}

#[test]
fn the_frame_aligns_landmarks_to_the_template() {
    for (name, _) in OPENCV {
        let face = detect(&portrait(name)).unwrap().remove(0);
        let frame: FaceFrame = fit_frame(&face.landmarks_in_photo).unwrap();
        let unit_from_photo = frame.photo_from_unit().inverse();
        for i in [0, 1, 3, 4] {
            let [u, v] = unit_from_photo.apply(face.landmarks_in_photo[i]);
            let [x, y] = TEMPLATE_IN_UNIT[i];
            assert!((u - x).hypot(v - y) < 0.05, "{name}, landmark {i}: ({u}, {v})");
        }
    }
}

#[test]
fn no_face_is_found_in_a_plain_image() {
    let plain = Photo::from_pixels(DynamicImage::ImageRgb8(RgbImage::from_fn(300, 200, |x, y| {
        image::Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 120])
    })));
    assert_eq!(detect(&plain).unwrap(), []);
    assert_eq!(detect(&Photo::from_pixels(DynamicImage::ImageLuma8(image::GrayImage::new(1, 1)))).unwrap(), []);
}
