//! Projects that refer to a photo file: finding the photo, and restoring mask, frame and fill.

use std::path::{Path, PathBuf};

use egui::{Key, Modifiers};
use image::{Rgb, RgbImage};

use super::fill::finish_fill;
use super::open_paint_undo::stroke;
use super::projects::{document, open, save_as};
use super::{editor, editor_with_photo, newest_message, press, wait_for};
use crate::app::document::DocumentAction;
use crate::app::sample_portraits::SamplePortrait;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::Action;
use crate::app::toasts::Severity;
use crate::geometry::FaceFrame;
use crate::mask::MaskEdit;

/// Writes a photo, fills a hole in its middle and saves the project next to it. Returns the photo and the project.
fn saved_photo(folder: &Path) -> (PathBuf, PathBuf) {
    let (photo, project) = (folder.join("face.png"), folder.join("face.countenance"));
    grey(64, 48).save(&photo).expect("written");
    let (mut window, engine) = editor();
    open(&mut window, &photo);
    wait_for(&mut window, "the faces", |editor| {
        editor.state.document.as_ref().is_some_and(|document| document.detected_faces().is_some())
    });
    let opened = window.state_mut().state.document.as_mut().expect("open");
    let before = opened.face_frame();
    let moved = FaceFrame { center_in_photo: [32.0, 24.0], side_px: 40.0, angle_radians: 0.1 };
    opened.update(DocumentAction::SetFrame(moved), false);
    opened.update(DocumentAction::FrameChanged { before }, false);
    let mut dot = stroke();
    dot.points_in_photo = vec![[30.0, 20.0]];
    opened.edit_mask(&MaskEdit::Stroke(dot));
    window.state_mut().state.handle(Action::RunCommand(EditorCommand::Fill));
    engine.report_start();
    finish_fill(&mut window, &engine);
    assert_eq!(document(&window).suggested_project_path(), project);
    save_as(&mut window, &project);
    (photo, project)
}

fn grey(width: u32, height: u32) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb([120, 120, 120]))
}

#[test]
fn undo_works_in_an_opened_project() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, path) = saved_photo(folder.path());
    let (mut window, _) = editor();
    open(&mut window, &path);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(document(&window).shown_fill().is_none() && document(&window).has_hole());
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!document(&window).has_hole() && document(&window).undo_name().is_none());
    press(&mut window, Modifiers::COMMAND, Key::Y);
    press(&mut window, Modifiers::COMMAND, Key::Y);
    assert!(document(&window).is_shown_fill_current());
}

#[test]
fn face_detection_keeps_the_frame_of_a_project() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, path) = saved_photo(folder.path());
    let (mut window, _) = editor();
    open(&mut window, &path);
    let frame = FaceFrame { center_in_photo: [32.0, 24.0], side_px: 40.0, angle_radians: 0.1 };
    assert_eq!(document(&window).face_frame(), frame);
    let found = FaceFrame { center_in_photo: [10.0, 10.0], ..frame };
    window.state_mut().state.document.as_mut().expect("open").set_detected_faces(vec![found], false);
    assert_eq!(document(&window).face_frame(), frame);
}

#[test]
fn a_photo_moved_with_its_project_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    std::fs::create_dir(&old).expect("created");
    saved_photo(&old);
    std::fs::rename(&old, &new).expect("moved");
    let (mut window, _) = editor();
    open(&mut window, &new.join("face.countenance"));
    assert_eq!(document(&window).photo.source.as_deref(), Some(new.join("face.png").as_path()));
    assert!(window.state().widgets.toaster.latest().is_none(), "no warning, because the photo is unchanged");
    std::fs::remove_file(new.join("face.png")).expect("removed");
    let (mut window, _) = editor_with_photo();
    open(&mut window, &new.join("face.countenance"));
    let message = newest_message(&window);
    assert_eq!(
        (message.severity, message.headline.as_str()),
        (Severity::Error, "Project not opened: face.countenance")
    );
    let photo_path = old.join("face.png").display().to_string();
    assert!(message.details[0].contains(&photo_path) && message.details[0].contains("put it there"), "{message:?}");
    assert_eq!(document(&window).name, SamplePortrait::Astronaut.file_stem(), "the open photo stays");
}

#[test]
fn a_changed_photo_opens_with_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let (photo, project) = saved_photo(folder.path());
    let mut retouched = grey(64, 48);
    retouched.put_pixel(1, 1, Rgb([0, 0, 0]));
    retouched.save(&photo).expect("written");
    let (mut window, _) = editor();
    open(&mut window, &project);
    let message = newest_message(&window);
    assert_eq!(message.severity, Severity::Warning);
    assert!(message.details[0].contains("has changed") && message.details[0].contains("may not fit"), "{message:?}");
    assert!(document(&window).has_hole());

    grey(48, 64).save(&photo).expect("written");
    let (mut window, _) = editor();
    open(&mut window, &project);
    let message = newest_message(&window);
    assert_eq!(message.severity, Severity::Error);
    assert!(message.details[0].contains("48×64") && message.details[0].contains("64×48"), "{message:?}");
    assert!(window.state().state.document.is_none());
}
