//! What a screen reader is told.

use egui::accesskit::{Live, Role};
use egui_kittest::kittest::{By, NodeT as _, Queryable};

use super::fill::{editor_with_running_fill, finish_fill};
use super::open_paint_undo::paint;
use super::{TestWindow, button, editor_with_photo};

fn status<'w>(window: &'w TestWindow<'_>) -> egui_kittest::Node<'w> {
    let mut nodes = window.get_all(By::new().role(Role::Status));
    nodes.find(|node| node.accesskit_node().description().is_some()).expect("the status bar")
}

#[test]
fn the_end_of_a_fill_is_announced() {
    let (mut window, engine) = editor_with_running_fill();
    assert_eq!(status(&window).accesskit_node().label().as_deref(), Some("Filling…"));
    finish_fill(&mut window, &engine);
    let node = status(&window);
    let label = node.accesskit_node().label().expect("a name");
    assert!(label.starts_with("Fill finished: 150 iterations"), "{label}");
    assert_eq!(node.accesskit_node().live(), Live::Polite);
    let description = node.accesskit_node().description().expect("the whole status bar");
    assert!(description.starts_with("astronaut  512 × 512, "), "{description}");
}

#[test]
fn window_canvas_and_disabled_buttons_are_described() {
    let (mut window, _) = editor_with_photo();
    window.run_steps(2);
    assert_eq!(window.root().accesskit_node().label().as_deref(), Some("astronaut – Countenance"));
    let canvas =
        |window: &TestWindow<'_>| window.get_by_label("Canvas").accesskit_node().description().expect("a description");
    assert_eq!(canvas(&window), "A photo of 512 × 512 pixels, nothing is painted");
    assert_eq!(button(&window, "Undo").accesskit_node().description().as_deref(), Some("Nothing to undo"));
    paint(&mut window);
    assert_eq!(canvas(&window), "A photo of 512 × 512 pixels, part of it is painted");
}

#[test]
fn only_buttons_that_stay_selected_are_toggles() {
    let (window, _) = editor_with_photo();
    let is_toggle = |name| button(&window, name).accesskit_node().toggled().is_some();
    assert!(is_toggle("Brush") && is_toggle("Eraser"));
    assert!(!is_toggle("Open photo…") && !is_toggle("Save project"));
}
