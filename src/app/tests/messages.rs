//! What the editor tells the user, and for how long.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use image::{DynamicImage, GrayImage, Luma, RgbImage};

use super::export_and_close::choose_path;
use super::fill::editor_with_fill;
use super::projects::document;
use super::{TestWindow, click, editor, editor_with_photo, has_button, newest_message, press, wait_for};
use crate::app::tasks::{OpenedPhoto, PathPurpose};
use crate::app::toasts::Severity;
use crate::photo::Photo;
use crate::project::PhotoOrigin;

fn lasting_count(window: &TestWindow<'_>) -> usize {
    window.state().widgets.toaster.lasting().len()
}

#[test]
fn a_failed_save_stays_until_it_is_closed() {
    let (mut window, _) = editor_with_fill();
    choose_path(&mut window, PathPurpose::Export, std::path::Path::new("/no/such/folder/out.png"), true);
    wait_for(&mut window, "the message", |editor| !editor.widgets.toaster.lasting().is_empty());
    // Toasts are gone by then.
    window.input_mut().time = Some(1000.0);
    window.run_steps(3);
    assert!(newest_message(&window).details[0].contains("/no/such/folder"), "{:?}", newest_message(&window));
    window.get_by_label("Not saved; your work is still here");
    click(&mut window, "Close this message");
    assert!(window.query_by_label("Not saved; your work is still here").is_none());
    assert_eq!(lasting_count(&window), 0);
}

#[test]
fn the_same_failure_is_told_once() {
    let (mut window, _) = editor_with_fill();
    for _ in 0..3 {
        choose_path(&mut window, PathPurpose::Export, std::path::Path::new("/no/such/folder/out.png"), true);
        wait_for(&mut window, "the end", |editor| !editor.state.files.is_saving);
    }
    assert_eq!(lasting_count(&window), 1);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert_eq!(lasting_count(&window), 0);
}

#[test]
fn damage_of_a_photo_is_told() {
    let (mut window, _) = editor();
    let photo = Photo {
        source: Some("/photos/ann.jpg".into()),
        warnings: vec!["the file is damaged: 12 % of the picture is grey".into(), "the rest is missing".into()],
        ..Photo::from_pixels(DynamicImage::ImageRgb8(RgbImage::new(40, 30)))
    };
    let origin = PhotoOrigin::Sample("ann".into());
    let opened = OpenedPhoto { photo: Arc::new(photo), name: "ann".into(), frame: None, origin };
    window.state_mut().state.photo_opened(opened);
    window.run_steps(2);
    let message = newest_message(&window);
    assert_eq!(message.severity, Severity::Warning);
    assert_eq!(message.headline, "ann.jpg: the file is damaged: 12 % of the picture is grey");
    assert_eq!((message.details.as_slice(), message.is_lasting), (&["the rest is missing".to_owned()][..], false));
}

/// Loads a mask of the photo's size.
fn load_mask(window: &mut TestWindow<'_>, pixel: impl Fn(u32, u32) -> u8) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mask.png");
    let (width, height) = (document(window).photo.width(), document(window).photo.height());
    GrayImage::from_fn(width, height, |x, y| Luma([pixel(x, y)])).save(&path).expect("written");
    choose_path(window, PathPurpose::LoadMask, &path, true);
    wait_for(window, "the mask", |editor| editor.widgets.toaster.latest().is_some());
    // A window is not drawn in its first frame, because its size is unknown.
    window.run_steps(2);
}

#[test]
fn a_mask_upside_down_can_be_inverted() {
    let (mut window, _) = editor_with_photo();
    load_mask(&mut window, |x, _| if x < 4 { 0 } else { 255 });
    let message = newest_message(&window);
    assert!(message.headline.starts_with("mask.png: the mask is white over"), "{message:?}");
    assert!(document(&window).mask().is_hole(4, 0) && !document(&window).mask().is_hole(3, 0));
    click(&mut window, "Invert the mask");
    assert!(!document(&window).mask().is_hole(4, 0) && document(&window).mask().is_hole(3, 0));
    assert!(lasting_count(&window) == 0 && !has_button(&window, "Close this message"));
}

#[test]
fn a_mask_of_labels_leaves_the_paint() {
    let (mut window, _) = editor_with_photo();
    load_mask(&mut window, |x, _| u8::from(x < 40));
    let message = newest_message(&window);
    assert_eq!((message.severity, message.headline.as_str()), (Severity::Error, "Mask not loaded: mask.png"));
    assert!(message.details[0].contains("the values 0 and 1 of 255"), "{message:?}");
    assert!(!document(&window).has_hole());
}

#[test]
fn the_start_screen_promises_only_what_works() {
    let (mut window, _) = editor();
    window.get_by_label("Drop a photo or a project here");
    window.state_mut().state.files.can_drop_files = false;
    window.run_steps(2);
    assert!(window.query_by_label("Drop a photo or a project here").is_none());
    window.get_by_label("Open a photo or a project");
}
