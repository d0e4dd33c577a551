//! A series of photos: the next one of the folder, with the hole of the one before.

use std::path::Path;

use egui::{Key, Modifiers};

use super::fill::{finish_fill, start_fill};
use super::open_paint_undo::drag;
use super::{TestWindow, click, editor, has_button, newest_message, press, wait_for};
use crate::app::dialogs::{DocumentSource, SaveAnswer};
use crate::app::document::PhotoDocument;
use crate::app::preferences::Preferences;
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

/// The names in a folder that are not photos of the series.
fn exported_names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.file_name());
    let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| name.contains("-filled"));
    names.sort();
    names
}

#[test]
fn one_key_exports_and_opens_the_next_photo() {
    let folder = folder_with_photos();
    std::fs::write(folder.path().join("face 9-filled.png"), "of another day").expect("written");
    let (mut window, engine) = editor();
    window.state_mut().state.preferences.keep_hole = true;
    open(&mut window, &folder.path().join("face 9.png"));
    wait_for_photo(&mut window, "face 9");
    press(&mut window, Modifiers::COMMAND, Key::PageDown);
    assert_eq!(exported_names(folder.path()).len(), 1, "there is nothing to export yet");
    start_fill(&mut window, &engine);
    finish_fill(&mut window, &engine);
    press(&mut window, Modifiers::COMMAND, Key::PageDown);
    wait_for_photo(&mut window, "face 10");
    assert_eq!(exported_names(folder.path()), ["face 9-filled-2.png", "face 9-filled.png"]);
    assert_eq!(std::fs::read(folder.path().join("face 9-filled.png")).expect("a file"), b"of another day");
    image::open(folder.path().join("face 9-filled-2.png")).expect("a picture");
    wait_for(&mut window, "the same hole", |editor| {
        editor.state.document.as_ref().is_some_and(PhotoDocument::has_hole)
    });
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!document(&window).has_hole(), "one undo step");
}

#[test]
fn the_hole_is_kept_for_no_other_photo() {
    let folder = folder_with_photos();
    let (mut window, _) = editor();
    window.state_mut().state.preferences.keep_hole = true;
    open(&mut window, &folder.path().join("face 9.png"));
    wait_for_photo(&mut window, "face 9");
    drag(&mut window, [214.0, 146.0], [236.0, 148.0]);
    press(&mut window, Modifiers::NONE, Key::PageDown);
    wait_for(&mut window, "the question", |editor| editor.state.dialogs.save_question.is_some());
    window.state_mut().state.handle(Action::AnswerSaveQuestion(SaveAnswer::Cancel));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    // Not as the next photo of the folder, but chosen in a dialog.
    let other = tempfile::tempdir().expect("a folder");
    std::fs::copy(folder.path().join("face 10.png"), other.path().join("other.png")).expect("copied");
    open(&mut window, &other.path().join("other.png"));
    wait_for_photo(&mut window, "other");
    window.run_steps(4);
    assert!(!document(&window).has_hole());
}

/// Names of the recent files, the last used first.
fn recent_names(preferences: &Preferences) -> Vec<String> {
    let paths = preferences.recent_files.paths();
    paths.iter().map(|path| path.file_name().expect("a file").to_string_lossy().into_owned()).collect()
}

#[test]
fn recent_files_are_offered_and_forgotten() {
    let folder = folder_with_photos();
    let (mut window, _) = editor();
    let (first, second) = (folder.path().join("face 9.png"), folder.path().join("face 10.png"));
    for path in [&first, &second] {
        window.state_mut().state.preferences.recent_files.add(path);
    }
    window.run_steps(2);
    click(&mut window, "Open face 9.png");
    wait_for(&mut window, "the photo", |editor| editor.state.document.is_some());
    assert_eq!(recent_names(&window.state().state.preferences), ["face 9.png", "face 10.png"]);
    std::fs::remove_file(&second).expect("removed");
    click(&mut window, "Recent files and more");
    click(&mut window, "Open face 10.png");
    wait_for(&mut window, "the message", |editor| editor.widgets.toaster.latest().is_some());
    assert!(newest_message(&window).headline.starts_with("Photo not opened: face 10.png"));
    assert_eq!(recent_names(&window.state().state.preferences), ["face 9.png"]);
    click(&mut window, "Recent files and more");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!has_button(&window, "Clear this list"), "Esc closes the menu");
    click(&mut window, "Recent files and more");
    click(&mut window, "Clear this list");
    assert!(window.state().state.preferences.recent_files.paths().is_empty());
    assert!(!has_button(&window, "Open face 9.png"));
}
