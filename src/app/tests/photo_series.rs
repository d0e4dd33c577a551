//! A series of photos: the next one of the folder, with the hole of the one before.

use std::path::Path;

use egui::{Key, Modifiers};

use super::open_paint_undo::drag;
use super::{TestWindow, editor, newest_message, press, wait_for};
use crate::app::dialogs::{DocumentSource, SaveAnswer};
use crate::app::document::PhotoDocument;
use crate::app::sample_portraits::SamplePortrait;
use crate::app::state::Action;

fn document<'w>(window: &'w TestWindow<'_>) -> &'w PhotoDocument {
    window.state().state.document.as_ref().expect("open")
}

fn wait_for_photo(window: &mut TestWindow<'_>, name: &str) {
    wait_for(window, "the photo and its face", |editor| {
        let document = editor.state.document.as_ref().filter(|document| document.name == name);
        document.is_some_and(|document| document.detected_faces().is_some())
    });
}

/// A folder with the same portrait twice, in two sizes.
fn folder_with_photos() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let portrait = image::load_from_memory(SamplePortrait::Astronaut.image_bytes()).expect("a picture");
    portrait.save(folder.path().join("face 9.png")).expect("written");
    let (width, height) = (portrait.width() * 3 / 2, portrait.height() * 3 / 2);
    let larger = portrait.resize_exact(width, height, image::imageops::FilterType::Triangle);
    larger.save(folder.path().join("face 10.png")).expect("written");
    folder
}

fn open(window: &mut TestWindow<'_>, path: &Path) {
    window.state_mut().state.handle(Action::Open(DocumentSource::File(path.to_owned())));
}

#[test]
fn the_next_photo_gets_the_same_hole() {
    let folder = folder_with_photos();
    let (mut window, _) = editor();
    open(&mut window, &folder.path().join("face 9.png"));
    wait_for_photo(&mut window, "face 9");
    press(&mut window, Modifiers::NONE, Key::PageUp);
    wait_for(&mut window, "the message", |editor| editor.widgets.toaster.latest().is_some());
    assert_eq!(newest_message(&window).headline, "This is the first photo in its folder");
    drag(&mut window, [214.0, 146.0], [236.0, 148.0]);
    let (before, frame) = (document(&window).mask().clone(), document(&window).face_frame());
    press(&mut window, Modifiers::NONE, Key::PageDown);
    wait_for(&mut window, "the question", |editor| editor.state.dialogs.save_question.is_some());
    window.state_mut().state.handle(Action::AnswerSaveQuestion(SaveAnswer::Discard));
    wait_for_photo(&mut window, "face 10");
    press(&mut window, Modifiers::NONE, Key::H);
    wait_for(&mut window, "the hole", |editor| editor.state.document.as_ref().is_some_and(PhotoDocument::has_hole));
    let (after, larger_frame) = (document(&window).mask().clone(), document(&window).face_frame());
    let scale = larger_frame.side_px / frame.side_px;
    assert!((1.4..1.6).contains(&scale), "{scale}");
    #[expect(clippy::cast_precision_loss, reason = "few pixels")]
    let grown = after.hole_count() as f32 / before.hole_count() as f32;
    assert!((grown / (scale * scale) - 1.0).abs() < 0.06, "{grown} for {scale}");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!document(&window).has_hole(), "one undo step");
}
