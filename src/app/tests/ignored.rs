//! Ignored pixels: kept in the photo, but not believed.

use egui::{Key, Modifiers};

use super::open_paint_undo::{drag, paint};
use super::projects::save_as;
use super::{TestWindow, click, editor_with_photo, is_enabled, press, wait_for};
use crate::app::document::PhotoDocument;
use crate::mask::Mask;

fn mask(window: &TestWindow<'_>) -> Mask {
    window.state().state.document.as_ref().map(PhotoDocument::mask).expect("open").clone()
}

/// The number of ignored pixels.
fn ignored(window: &TestWindow<'_>) -> usize {
    mask(window).ignored().hole_count()
}

/// A short drag over the paint of [`paint`], and beyond.
fn ignore(window: &mut TestWindow<'_>) {
    press(window, Modifiers::NONE, Key::I);
    drag(window, [228.0, 146.0], [250.0, 148.0]);
}

#[test]
fn the_ignore_brush_takes_from_the_hole_and_undo_gives_back() {
    let (mut window, _) = editor_with_photo();
    paint(&mut window);
    let painted = mask(&window);
    ignore(&mut window);
    let both = mask(&window);
    assert!(both.has_ignored() && both.hole_count() < painted.hole_count() && !both.is_empty());
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(mask(&window), painted);
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(mask(&window), both);
    press(&mut window, Modifiers::NONE, Key::E);
    drag(&mut window, [200.0, 147.0], [260.0, 147.0]);
    assert!(ignored(&window) < both.ignored().hole_count());
}

#[test]
fn shapes_draw_what_the_last_brush_drew() {
    let (mut window, _) = editor_with_photo();
    press(&mut window, Modifiers::NONE, Key::I);
    press(&mut window, Modifiers::NONE, Key::R);
    drag(&mut window, [200.0, 140.0], [240.0, 160.0]);
    assert!(mask(&window).is_empty() && ignored(&window) > 700, "{}", ignored(&window));
    press(&mut window, Modifiers::NONE, Key::B);
    press(&mut window, Modifiers::NONE, Key::R);
    drag(&mut window, [200.0, 140.0], [240.0, 160.0]);
    assert_eq!(ignored(&window), 0, "the hole covers it");
    assert!(!mask(&window).is_empty());
}

#[test]
fn ignored_pixels_alone_can_be_cleared_but_not_filled() {
    let (mut window, _) = editor_with_photo();
    assert!(!is_enabled(&window, "Clear"));
    ignore(&mut window);
    assert!(is_enabled(&window, "Clear") && !is_enabled(&window, "Fill"));
    assert!(window.state().state.document.as_ref().is_some_and(PhotoDocument::has_unsaved_work));
    click(&mut window, "Clear");
    assert!(mask(&window).is_blank());
}

#[test]
fn a_project_keeps_ignored_pixels() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("face.countenance");
    let (mut window, _) = editor_with_photo();
    ignore(&mut window);
    save_as(&mut window, &path);
    wait_for(&mut window, "the project", |_| path.exists());
    let project = crate::project::open(&path).expect("opens");
    assert_eq!(project.mask, mask(&window));
    assert!(project.mask.has_ignored());
}
