//! Areas painted with their tools, and the hole grown and shrunk.

use egui::{Key, Modifiers};

use super::open_paint_undo::drag;
use super::{change_preferences, click, editor_with_photo, is_enabled, press};
use crate::app::document::PhotoDocument;
use crate::mask::Mask;

fn mask(window: &super::TestWindow<'_>) -> Mask {
    window.state().state.document.as_ref().map(PhotoDocument::mask).expect("open").clone()
}

#[test]
fn a_rectangle_is_painted_grown_and_shrunk_and_undone() {
    let (mut window, _) = editor_with_photo();
    press(&mut window, Modifiers::NONE, Key::R);
    drag(&mut window, [200.0, 140.0], [240.0, 160.0]);
    let painted = mask(&window).hole_bounds().expect("painted");
    assert!(painted.width.abs_diff(40) <= 1 && painted.height.abs_diff(20) <= 1, "{painted:?}");
    change_preferences(&mut window, |preferences| preferences.grow_px = 5.0);
    click(&mut window, "Shapes");
    click(&mut window, "Grow");
    assert_eq!(mask(&window).hole_bounds().expect("grown"), painted.grown(5));
    click(&mut window, "Shrink");
    assert_eq!(mask(&window).hole_bounds().expect("shrunk"), painted);
    for _ in 0..3 {
        press(&mut window, Modifiers::COMMAND, Key::Z);
    }
    assert!(mask(&window).is_empty());
}

#[test]
fn an_empty_hole_cannot_grow() {
    let (mut window, _) = editor_with_photo();
    click(&mut window, "Shapes");
    assert!(!is_enabled(&window, "Grow") && !is_enabled(&window, "Shrink"));
}
