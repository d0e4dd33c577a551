use image::{DynamicImage, RgbImage};

use super::*;
use crate::mask::StrokeKind;
use crate::photo::{self, DecodeLimits};

fn portrait() -> Photo {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/grace_hopper.jpg");
    photo::open(&path, DecodeLimits::default()).unwrap()
}

#[test]
fn face_values_are_words_or_numbers() {
    assert_eq!(FaceChoice::parse("auto"), Ok(FaceChoice::Auto));
    assert_eq!(FaceChoice::parse("none"), Ok(FaceChoice::None));
    assert_eq!(FaceChoice::parse("2"), Ok(FaceChoice::Number(2)));
    for wrong in ["0", "-1", "first", ""] {
        assert!(FaceChoice::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn auto_falls_back_to_the_centre() {
    let (frame, note) = FaceChoice::Auto.locate(&portrait()).unwrap();
    assert!((150.0..260.0).contains(&frame.side_px) && note.is_none(), "{frame:?} {note:?}");
    let plain = Photo::from_pixels(DynamicImage::ImageRgb8(RgbImage::new(40, 30)));
    let (frame, note) = FaceChoice::Auto.locate(&plain).unwrap();
    assert_eq!(frame, FaceFrame::centered(40, 30));
    assert!(note.unwrap().starts_with("no face found"));
}

#[test]
fn a_missing_face_error_has_the_count() {
    let photo = portrait();
    let error = FaceChoice::Number(2).locate(&photo).unwrap_err();
    insta::assert_snapshot!(error, @"there is no face 2: 1 found (`countenance faces` lists them)");
    let hole = Mask::empty(photo.width(), photo.height());
    let error = FaceChoice::Number(2).faces(&photo, Some(&hole)).unwrap_err();
    insta::assert_snapshot!(error, @"there is no face 2: 1 found in the known pixels");
}

#[test]
fn with_a_mask_the_hole_is_not_read() {
    let photo = portrait();
    let (truth, _) = FaceChoice::Auto.locate(&photo).unwrap();
    let mut hole = Mask::empty(photo.width(), photo.height());
    let mouth = [0.4, 0.6].map(|x| truth.photo_from_unit().apply([x, 0.71]));
    hole.draw_segment(mouth[0], mouth[1], 25.0, StrokeKind::Paint);
    let mut pixels = photo.pixels.to_rgb8();
    let hidden = pixels.enumerate_pixels_mut().filter(|(x, y, _)| hole.is_hole(*x, *y));
    hidden.for_each(|(.., pixel)| *pixel = image::Rgb([0, 255, 0]));
    let painted_over = Photo::from_pixels(pixels.into());
    let faces = FaceChoice::Auto.faces(&photo, Some(&hole)).unwrap();
    assert_eq!(FaceChoice::Number(1).faces(&painted_over, Some(&hole)).unwrap(), faces);
    let [(Some(1), face)] = faces.faces[..] else { panic!("{faces:?}") };
    let frame = face.frame;
    assert!(face.is_certain && frame.is_of_same_face(&truth), "{frame:?} {truth:?}");
}

#[test]
fn the_note_names_the_filled_faces() {
    let note = |found: usize, numbers: &[usize]| {
        let faces = ChosenFaces { faces: Vec::new(), found: Some(found) };
        faces.note(numbers.iter().copied().map(Some)).unwrap_or_default()
    };
    assert_eq!(note(1, &[1]), "");
    insta::assert_snapshot!(note(3, &[2]), @"3 faces found: filling number 2 (choose another with --face N)");
    insta::assert_snapshot!(note(4, &[1, 2, 4]), @"4 faces found: filling numbers 1, 2 and 4");
}
