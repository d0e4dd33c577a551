use std::f32::consts::FRAC_PI_2;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use super::*;
use crate::face::detect::INPUT_PX;
use crate::face::{detect, detect_fast, face_frames, find_frame};
use crate::geometry::Point;
use crate::mask::{Mask, StrokeKind};
use crate::photo::{self, DecodeLimits, Photo};

/// A sample portrait.
fn portrait(name: &str) -> RgbImage {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples").join(name);
    photo::open(&path, DecodeLimits::default()).unwrap().pixels.into_rgb8()
}

fn photo_of(pixels: RgbImage) -> Photo {
    Photo::from_pixels(pixels.into())
}

/// The middle of the portrait of Grace Hopper, turned clockwise by some degrees about the face, and the face's frame.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn turned(degrees: f32) -> (Photo, FaceFrame) {
    let source = portrait("grace_hopper.jpg");
    let new = Similarity { scale: 1.0, angle_radians: degrees.to_radians(), translation: [260.0, 240.0] };
    let old_from_new = new.inverse();
    let pixels = RgbImage::from_fn(520, 520, |x, y| {
        let [u, v] = old_from_new.apply([x as f32 + 0.5, y as f32 + 0.5]);
        let (u, v) = (u + 264.0, v + 240.0);
        imageops::interpolate_bilinear(&source, u.clamp(0.5, 511.0) - 0.5, v.clamp(0.5, 599.0) - 0.5)
            .unwrap_or(Rgb([128; 3]))
    });
    // Placed by hand, as in the tests of `find_frame`.
    let [x, y] = new.apply([0.0, -10.0]);
    (photo_of(pixels), FaceFrame { center_in_photo: [x, y], side_px: 212.0, angle_radians: new.angle_radians })
}

/// A hole along a line in the frame's unit square.
fn hole_in(photo: &Photo, frame: &FaceFrame, from: Point, to: Point, radius: f32) -> Mask {
    let mut hole = Mask::empty(photo.width(), photo.height());
    let map = frame.photo_from_unit();
    hole.draw_segment(map.apply(from), map.apply(to), radius * frame.side_px, StrokeKind::Paint);
    hole
}

/// The angle between a found frame and the true one in degrees, if it is of the same face.
fn error_degrees(found: Option<FaceFrame>, truth: &FaceFrame) -> f32 {
    found.filter(|found| truth.is_of_same_face(found)).map_or(180.0, |found| turn_between(&found, truth).to_degrees())
}

#[test]
fn faces_are_framed_in_their_true_direction() {
    for degrees in [90.0, 135.0, 180.0, -90.0] {
        let (photo, truth) = turned(degrees);
        let frames = face_frames(&photo).unwrap();
        assert_eq!(frames.len(), 1, "{degrees}°: {frames:?}");
        let error = error_degrees(Some(frames[0]), &truth);
        assert!(error < 12.0, "{degrees}°: off by {error}°, {frames:?}");
    }
}

#[test]
fn partly_hidden_faces_are_turned_too() {
    let mouth = ([0.36, 0.71], [0.64, 0.71], 0.12);
    let eyes = ([0.24, 0.3], [0.76, 0.3], 0.11);
    for (degrees, (from, to, radius)) in [(0.0, eyes), (90.0, mouth), (135.0, eyes), (180.0, mouth)] {
        let (photo, truth) = turned(degrees);
        let hole = hole_in(&photo, &truth, from, to, radius);
        let error = error_degrees(find_frame(&photo, &hole).unwrap(), &truth);
        assert!(error < 12.0, "{degrees}°: off by {error}°");
    }
}

#[test]
fn hidden_pixels_do_not_choose_the_direction() {
    let (photo, truth) = turned(180.0);
    let hole = hole_in(&photo, &truth, [0.24, 0.3], [0.76, 0.3], 0.11);
    let frame = find_frame(&photo, &hole).unwrap().unwrap();
    let mut pixels = photo.pixels.to_rgb8();
    for (x, y, pixel) in pixels.enumerate_pixels_mut().filter(|(x, y, _)| hole.is_hole(*x, *y)) {
        *pixel = Rgb([if (x / 9 + y / 5) % 2 == 0 { 0 } else { 255 }, 90, 17]);
    }
    assert_eq!(find_frame(&photo_of(pixels), &hole).unwrap(), Some(frame));
}

#[test]
fn a_face_on_its_head_beside_an_upright_one() {
    let mut both = RgbImage::from_pixel(900, 620, Rgb([120, 110, 100]));
    imageops::overlay(&mut both, &portrait("astronaut.png"), 20, 50);
    let second = imageops::resize(&portrait("grace_hopper.jpg"), 256, 300, FilterType::Triangle);
    imageops::overlay(&mut both, &imageops::rotate180(&second), 600, 160);
    let frames = face_frames(&photo_of(both)).unwrap();
    let degrees: Vec<f32> = frames.iter().map(|frame| frame.angle_radians.to_degrees().abs()).collect();
    assert!(matches!(degrees[..], [first, second] if first < 10.0 && second > 170.0), "{frames:?}");
}

#[test]
fn small_photos_are_turned_too() {
    let (photo, _) = turned(0.0);
    let chip = imageops::resize(&photo.pixels.to_rgb8(), 224, 224, FilterType::Triangle);
    for (picture, radians) in
        [(chip.clone(), 0.0), (imageops::rotate90(&chip), FRAC_PI_2), (imageops::rotate180(&chip), PI)]
    {
        let faces = detect_fast(&photo_of(picture)).unwrap();
        let truth = FaceFrame { angle_radians: radians, ..FaceFrame::centered(224, 224) };
        let turn = faces.first().and_then(|face| fit_frame(&face.landmarks_in_photo)).unwrap();
        assert!(faces.len() == 1 && turn_between(&turn, &truth) < 0.2, "{radians}: {faces:?}");
    }
}

#[test]
fn upright_faces_keep_their_landmarks() {
    for name in ["astronaut.png", "grace_hopper.jpg"] {
        let rgb = portrait(name);
        let upright = detect_unrefined(&rgb, 0..1, MIN_SCORE, |_| true).unwrap();
        assert_eq!(detect(&photo_of(rgb)).unwrap(), upright, "{name}");
        // Even when the score is low.
        let (photo, _) = turned(0.0);
        let faint = Detection { score: 0.6, ..detect(&photo).unwrap().remove(0) };
        let mut faces = [faint.clone()];
        assert!(turn_whole_faces(&photo.pixels.to_rgb8(), &mut faces) <= 0.0 && faces[0] == faint);
    }
}

#[test]
fn turned_inputs_map_back_to_the_photo() {
    let rgb = RgbImage::from_fn(640, 480, |x, y| Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 7]));
    let input = DetectorInput::whole_photo(&rgb, INPUT_PX, 1.0).unwrap();
    for quarters in 0..4 {
        let turned = input.turned(quarters);
        for (x, y) in [(0usize, 0usize), (300, 200), (639, 17)] {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small"
            )]
            let [u, v] = turned.photo_from_input.apply([x as f32 + 0.5, y as f32 + 0.5]).map(|at| at as u32);
            // Below the photo, its last row is repeated.
            let [red, green, blue] = rgb.get_pixel(u, v.min(479)).0.map(f32::from);
            let found = &turned.pixels.values[3 * (y * INPUT_PX + x)..][..3];
            assert!(found == [blue, green, red], "{quarters} quarters, ({x}, {y})");
        }
    }
}
