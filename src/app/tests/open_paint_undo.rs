//! Opening, painting, undo, shapes, shortcuts and settings.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{By, Queryable};

use super::{
    change_preferences, click, editor, editor_of_size, editor_with_photo, is_enabled, newest_message, press, wait_for,
};
use crate::app::canvas::Tool;
use crate::app::dialogs::DocumentSource;
use crate::app::document::DocumentAction;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::Action;
use crate::app::toasts::Severity;
use crate::mask::{MaskPreset, Stroke, StrokeKind};
use crate::search::Preset;

pub fn stroke() -> Stroke {
    Stroke { kind: StrokeKind::Paint, radius_px: 12.0, points_in_photo: vec![[220.0, 140.0]] }
}

/// A short drag with the pointer over the mouth.
pub fn paint(window: &mut super::TestWindow<'_>) {
    drag(window, [214.0, 146.0], [236.0, 148.0]);
}

/// A short drag above that of [`paint`].
pub fn paint_more(window: &mut super::TestWindow<'_>) {
    drag(window, [214.0, 126.0], [236.0, 128.0]);
}

pub fn drag(window: &mut super::TestWindow<'_>, from: [f32; 2], to: [f32; 2]) {
    let at = |window: &super::TestWindow<'_>, point_in_photo| {
        window.state().widgets.canvas.screen_from_photo(point_in_photo).expect("the photo is drawn")
    };
    window.step();
    let (from, to) = (at(window, from), at(window, to));
    window.hover_at(from);
    window.run_steps(2);
    window.drag_at(from);
    window.run_steps(2);
    window.hover_at(to);
    window.run_steps(2);
    window.drop_at(to);
    window.run_steps(2);
    window.remove_cursor();
    window.run_steps(2);
}

fn hole_pixels(window: &super::TestWindow<'_>) -> usize {
    let document = window.state().state.document.as_ref().expect("a photo is open");
    document.mask().hole_count()
}

#[test]
fn the_start_screen_offers_dialog_path_and_samples() {
    let (window, _) = editor();
    for name in ["Open photo…", "Sample: Eileen Collins", "Sample: Grace Hopper"] {
        assert!(is_enabled(&window, name), "{name}");
    }
    window.get(By::new().role(egui::accesskit::Role::TextInput).label("Path of a photo or project"));
}

#[test]
fn clicking_a_sample_opens_it_with_a_frame() {
    let (mut window, _) = editor();
    click(&mut window, "Sample: Eileen Collins");
    wait_for(&mut window, "the sample", |editor| editor.state.document.is_some());
    let document = window.state().state.document.as_ref().expect("open");
    assert_eq!((document.photo.width(), document.name.as_str()), (512, "astronaut"));
    assert!(
        document.face_frame().side_px < 200.0,
        "the frame must be smaller than the photo: {:?}",
        document.face_frame()
    );
    window.get_by_label("Canvas");
}

#[test]
fn an_invalid_photo_leaves_the_document_open() {
    let (mut window, _) = editor_with_photo();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.png");
    std::fs::write(&path, "not a picture").expect("written");
    window.state_mut().state.handle(Action::Open(DocumentSource::File(path)));
    wait_for(&mut window, "the message", |editor| editor.widgets.toaster.latest().is_some());
    let message = newest_message(&window);
    assert_eq!((message.severity, message.headline.as_str()), (Severity::Error, "Photo not opened: notes.png"));
    assert_eq!(message.details, ["this is a text file: choose a PNG, JPEG, WebP, TIFF or BMP file"]);
    assert!(!window.state().state.files.is_opening);
    assert_eq!(window.state().state.document.as_ref().expect("still open").name, "astronaut");
}

#[test]
fn messages_are_announced_to_assistive_technology() {
    let (mut window, _) = editor();
    window.state_mut().state.handle(Action::Open(DocumentSource::File("/nowhere/at/all.png".into())));
    wait_for(&mut window, "the message", |editor| editor.widgets.toaster.latest().is_some());
    window.get_by_label("Photo not opened: all.png");
}

#[test]
fn fill_is_disabled_without_a_hole() {
    let (mut window, _) = editor_with_photo();
    assert!(!is_enabled(&window, "Fill"));
    paint(&mut window);
    assert!(is_enabled(&window, "Fill"));
}

#[test]
fn shortcuts_undo_and_redo_a_stroke() {
    let (mut window, _) = editor_with_photo();
    paint(&mut window);
    let painted = hole_pixels(&window);
    assert!(painted > 400, "{painted}");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(hole_pixels(&window), 0);
    assert!(!is_enabled(&window, "Undo") && !is_enabled(&window, "Fill"));
    assert!(!window.state().state.document.as_ref().expect("open").has_unsaved_work());
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(hole_pixels(&window), painted);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    press(&mut window, Modifiers::COMMAND, Key::Y);
    assert_eq!(hole_pixels(&window), painted);
}

#[test]
fn moving_the_frame_is_one_undo_step() {
    let (mut window, _) = editor_with_photo();
    let before = window.state().state.document.as_ref().expect("open").face_frame();
    let state = &mut window.state_mut().state;
    for shift in [5.0, 9.0, 14.0] {
        let mut moved = before;
        moved.center_in_photo[0] += shift;
        state.handle(Action::Document(DocumentAction::SetFrame(moved)));
    }
    state.handle(Action::Document(DocumentAction::FrameChanged { before }));
    state.handle(Action::RunCommand(EditorCommand::Undo));
    let document = state.document.as_ref().expect("open");
    assert_eq!((document.face_frame(), document.undo_name()), (before, None));
}

#[test]
fn a_cancelled_drag_leaves_no_undo_step() {
    let (mut window, _) = editor_with_photo();
    let state = &mut window.state_mut().state;
    let before = state.document.as_ref().expect("open").face_frame();
    state.handle(Action::Document(DocumentAction::BeginStroke(stroke())));
    state.handle(Action::Document(DocumentAction::ExtendStroke([236.0, 148.0])));
    state.handle(Action::Document(DocumentAction::CancelDrag));
    let mut moved = before;
    moved.side_px += 40.0;
    state.handle(Action::Document(DocumentAction::SetFrame(moved)));
    state.handle(Action::Document(DocumentAction::CancelDrag));
    let document = state.document.as_ref().expect("open");
    assert_eq!((document.undo_name(), document.redo_name(), document.face_frame()), (None, None, before));
    assert!(!document.has_hole());
}

#[test]
fn shapes_clear_and_invert_change_the_hole() {
    let (mut window, _) = editor_with_photo();
    window.state_mut().state.handle(Action::AddShape(MaskPreset::Center));
    let centre = hole_pixels(&window);
    assert!(centre > 1000, "{centre}");
    window.run_steps(2);
    click(&mut window, "Shapes");
    click(&mut window, "Invert");
    assert_eq!(hole_pixels(&window), 512 * 512 - centre);
    click(&mut window, "Clear");
    assert_eq!(hole_pixels(&window), 0);
}

#[test]
fn tools_and_brush_size_have_shortcuts() {
    let (mut window, _) = editor_with_photo();
    for (key, tool) in [(Key::E, Tool::Eraser), (Key::I, Tool::Ignore), (Key::F, Tool::Frame), (Key::B, Tool::Brush)] {
        press(&mut window, Modifiers::NONE, key);
        assert_eq!(window.state().state.view.tool, tool);
    }
    let before = window.state().state.preferences.brush_radius_px;
    press(&mut window, Modifiers::NONE, Key::CloseBracket);
    assert!(window.state().state.preferences.brush_radius_px > before);
    press(&mut window, Modifiers::NONE, Key::OpenBracket);
    assert!((window.state().state.preferences.brush_radius_px - before).abs() < 1e-3);
}

#[test]
fn resetting_to_the_preset_keeps_the_seed() {
    let (mut window, _) = editor_with_photo();
    let mut settings = window.state().state.preferences.settings;
    settings.seed = 77;
    change_preferences(&mut window, |preferences| preferences.settings = settings);
    assert!(!window.state().state.preferences.has_modified_preset(), "presets do not include the seed");
    settings.lambda = 3.0;
    change_preferences(&mut window, |preferences| preferences.settings = settings);
    window.run_steps(2);
    click(&mut window, "Reset to the preset");
    let preferences = &window.state().state.preferences;
    assert_eq!((preferences.settings.lambda, preferences.settings.seed), (Preset::Best.settings().lambda, 77));
}

#[test]
fn all_controls_fit_in_the_smallest_window() {
    let (mut window, _) = editor_of_size(1024.0, 700.0);
    window
        .state_mut()
        .state
        .handle(Action::Open(DocumentSource::Sample(crate::app::sample_portraits::SamplePortrait::Astronaut)));
    wait_for(&mut window, "the photo", |editor| editor.state.document.is_some());
    for name in ["Open photo…", "Undo", "Actual pixels", "Help, theme and language", "Fill", "Step"] {
        let rect = super::button(&window, name).rect();
        assert!(rect.right() <= 1024.0 && rect.bottom() <= 700.0, "{name}: {rect}");
    }
    let middle = |name| super::button(&window, name).rect().center().y;
    assert!((middle("Open photo…") - middle("Help, theme and language")).abs() < 1.0, "the toolbar is one row");
}

#[test]
fn f1_opens_the_help_and_escape_closes_it() {
    let (mut window, _) = editor_with_photo();
    press(&mut window, Modifiers::NONE, Key::F1);
    window.get_by_label("Straight line from the last point");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.state().state.dialogs.help_window.is_none());
}
