//! Parts of the face, added and removed from the Shapes menu. The test sends the landmarks.

use std::sync::Arc;

use egui::{Key, Modifiers};

use super::first_guess::{act, document};
use super::frame_search::editor_with_blank_photo;
use super::{TestWindow, button, click, newest_message, press};
use crate::app::fill::FrameSearchMode;
use crate::app::state::Action;
use crate::face::template_landmarks;
use crate::geometry::{FaceFrame, Point};
use crate::mask::{FaceRegion, Mask, StrokeKind};

const FACE: FaceFrame = FaceFrame { center_in_photo: [260.0, 240.0], side_px: 220.0, angle_radians: 0.1 };

/// A photo in which one face is detected, with a half-turned head.
fn editor_with_face<'a>() -> (TestWindow<'a>, [Point; 5]) {
    let (mut window, _, photo) = editor_with_blank_photo(512, 512);
    window.state_mut().state.faces_detected(&photo, vec![FACE]);
    window.run_steps(2);
    let mut landmarks = template_landmarks(&FACE);
    landmarks[2][0] += 20.0;
    (window, landmarks)
}

fn answer(window: &mut TestWindow<'_>, found: Option<[Point; 5]>) {
    let photo = Arc::clone(&document(window).photo);
    window.state_mut().state.landmarks_found(&photo, found);
    window.run_steps(2);
}

/// Says that the frame fits the current hole.
fn keep_frame(window: &mut TestWindow<'_>) {
    let (photo, hole) = (Arc::clone(&document(window).photo), document(window).mask().clone());
    window.state_mut().state.frame_found(&photo, &hole, None);
    window.run_steps(2);
}

fn hole_of(region: FaceRegion, landmarks: &[Point; 5]) -> Mask {
    region.hole_in_photo(512, 512, landmarks)
}

#[test]
fn a_click_adds_a_part_in_one_step() {
    let (mut window, landmarks) = editor_with_face();
    click(&mut window, "Shapes");
    click(&mut window, "Mouth");
    assert!(!document(&window).has_hole(), "the landmarks are not found yet");
    answer(&mut window, Some(landmarks));
    assert_eq!(document(&window).mask(), &hole_of(FaceRegion::Mouth, &landmarks));
    assert!(document(&window).needs_frame_search(), "the frame follows the hole");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!document(&window).has_hole() && document(&window).undo_name().is_none());
}

#[test]
fn the_right_button_and_shift_remove() {
    let (mut window, landmarks) = editor_with_face();
    let photo = Arc::clone(&document(&window).photo);
    for is_right_button in [true, false] {
        act(&mut window, Action::EditRegion(FaceRegion::Eyes, StrokeKind::Paint));
        answer(&mut window, Some(landmarks));
        keep_frame(&mut window);
        click(&mut window, "Shapes");
        let name = "Left eye in the picture";
        if is_right_button {
            button(&window, name).click_secondary();
        } else {
            button(&window, name).click_modifiers(Modifiers::SHIFT);
        }
        window.run_steps(2);
        window.state_mut().state.landmarks_found(&photo, Some(landmarks));
        window.run_steps(2);
        assert_eq!(document(&window).mask(), &hole_of(FaceRegion::RightEye, &landmarks));
        keep_frame(&mut window);
    }
}

#[test]
fn every_part_has_a_button() {
    for (name, region) in [
        ("Eyes", FaceRegion::Eyes),
        ("Left eye in the picture", FaceRegion::LeftEye),
        ("Right eye in the picture", FaceRegion::RightEye),
        ("Brows", FaceRegion::Brows),
        ("Nose", FaceRegion::Nose),
        ("Mouth", FaceRegion::Mouth),
        ("Chin", FaceRegion::Chin),
        ("Left half in the picture", FaceRegion::LeftHalf),
        ("Right half in the picture", FaceRegion::RightHalf),
        ("Skin", FaceRegion::Skin),
    ] {
        let (mut window, landmarks) = editor_with_face();
        click(&mut window, "Shapes");
        button(&window, name).focus();
        window.run_steps(2);
        press(&mut window, Modifiers::NONE, Key::Enter);
        answer(&mut window, Some(landmarks));
        assert_eq!(document(&window).mask(), &hole_of(region, &landmarks), "{name}");
    }
}

#[test]
fn clicks_are_drawn_in_their_order() {
    let (mut window, landmarks) = editor_with_face();
    act(&mut window, Action::EditRegion(FaceRegion::Skin, StrokeKind::Paint));
    act(&mut window, Action::EditRegion(FaceRegion::Nose, StrokeKind::Erase));
    answer(&mut window, Some(landmarks));
    let skin = hole_of(FaceRegion::Skin, &landmarks);
    assert_eq!(document(&window).mask(), &skin, "the second waits for its own landmarks");
    keep_frame(&mut window);
    // The hole hides the face, so the second landmarks may be others.
    let guessed = landmarks.map(|[x, y]| [x + 3.0, y]);
    answer(&mut window, Some(guessed));
    let mut expected = skin;
    expected.remove(&hole_of(FaceRegion::Nose, &guessed));
    assert_eq!(document(&window).mask(), &expected);
}

#[test]
fn without_a_found_face_the_frame_decides() {
    let (mut window, _) = editor_with_face();
    act(&mut window, Action::EditRegion(FaceRegion::Chin, StrokeKind::Paint));
    answer(&mut window, None);
    assert_eq!(document(&window).mask(), &hole_of(FaceRegion::Chin, &template_landmarks(&FACE)));
    assert!(newest_message(&window).headline.starts_with("No face is found in the frame"));
}

#[test]
fn landmarks_of_another_photo_are_dropped() {
    let (mut window, landmarks) = editor_with_face();
    let old = Arc::clone(&document(&window).photo);
    act(&mut window, Action::EditRegion(FaceRegion::Mouth, StrokeKind::Paint));
    super::open_sample(&mut window);
    super::wait_for(&mut window, "the sample", |editor| {
        editor.state.document.as_ref().is_some_and(|document| !Arc::ptr_eq(&document.photo, &old))
    });
    window.state_mut().state.landmarks_found(&old, Some(landmarks));
    window.run_steps(2);
    assert!(!document(&window).has_hole());
}

/// With the real detector.
#[test]
fn the_mouth_of_a_portrait_is_covered() {
    let (mut window, _) = super::editor();
    window.state_mut().state.fill.frame_search.mode = FrameSearchMode::Detector;
    super::open_sample(&mut window);
    act(&mut window, Action::EditRegion(FaceRegion::Mouth, StrokeKind::Paint));
    super::wait_for(&mut window, "the mouth", |editor| {
        editor.state.document.as_ref().is_some_and(crate::app::document::PhotoDocument::has_hole)
    });
    // The corners of the mouth, read off the picture.
    let mask = document(&window).mask();
    assert!(mask.is_hole(203, 146) && mask.is_hole(245, 145), "{:?}", mask.hole_bounds());
    assert!(mask.hole_share() < 0.01, "only the mouth");
}
