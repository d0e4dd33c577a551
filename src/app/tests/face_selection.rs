//! Detected faces: which one gets the face frame, and how to choose another.

use std::sync::Arc;

use eframe::App as _;
use egui::{Event, Key, Modifiers, RawInput};
use egui_kittest::kittest::Queryable;
use image::RgbImage;

use super::scripted_engine::ScriptedEngine;
use super::{editor, wait_for};
use crate::app::canvas::Tool;
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::fill::FrameSearchMode;
use crate::app::preferences::Preferences;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, EditorState};
use crate::app::tasks::{OpenedPhoto, TaskRunner};
use crate::geometry::FaceFrame;
use crate::photo::Photo;
use crate::project::PhotoOrigin;

const LARGER: FaceFrame = FaceFrame { center_in_photo: [120.0, 150.0], side_px: 80.0, angle_radians: 0.0 };
const SMALLER: FaceFrame = FaceFrame { center_in_photo: [300.0, 150.0], side_px: 60.0, angle_radians: 0.1 };

fn blank_photo() -> Arc<Photo> {
    Arc::new(Photo::from_pixels(RgbImage::new(400, 300).into()))
}

fn open(state: &mut EditorState, photo: &Arc<Photo>) {
    let (photo, name) = (Arc::clone(photo), "blank".to_owned());
    let origin = PhotoOrigin::Sample(name.clone());
    state.photo_opened(OpenedPhoto { photo, name, frame: None, origin });
}

/// A state with a photo whose face detection has not finished: background results are never polled.
fn state_during_detection() -> (EditorState, Arc<Photo>) {
    let (state, photo, _) = state_and_engine_during_detection();
    (state, photo)
}

fn state_and_engine_during_detection() -> (EditorState, Arc<Photo>, Arc<ScriptedEngine>) {
    let (worker, engine) = ScriptedEngine::connected();
    let tasks = TaskRunner::new(egui::Context::default());
    let mut state = EditorState::new(worker, tasks, Preferences::default());
    // The test answers the search for faces itself.
    state.fill.frame_search.mode = FrameSearchMode::Off;
    let photo = blank_photo();
    open(&mut state, &photo);
    (state, photo, engine)
}

/// A window with a photo without faces.
fn window_with_blank_photo<'a>() -> (super::TestWindow<'a>, Arc<Photo>) {
    let (mut window, _) = editor();
    let photo = blank_photo();
    open(&mut window.state_mut().state, &photo);
    wait_for(&mut window, "the search for faces", |editor| document(&editor.state).detected_faces().is_some());
    (window, photo)
}

fn report_faces(state: &mut EditorState, photo: &Arc<Photo>, frames: &[FaceFrame]) {
    state.faces_detected(photo, frames.to_vec());
}

fn document(state: &EditorState) -> &PhotoDocument {
    state.document.as_ref().expect("open")
}

#[test]
fn the_largest_face_gets_the_frame_without_undo() {
    let (mut state, photo) = state_during_detection();
    assert_eq!(
        (document(&state).detected_faces(), document(&state).face_frame()),
        (None, FaceFrame::centered(400, 300))
    );
    report_faces(&mut state, &photo, &[LARGER, SMALLER]);
    let document = document(&state);
    assert_eq!((document.face_frame(), document.undo_name()), (LARGER, None));
    assert!(!document.has_unsaved_work());
}

#[test]
fn a_moved_frame_stays_when_faces_are_found() {
    let (mut state, photo) = state_during_detection();
    let before = document(&state).face_frame();
    let moved = FaceFrame { side_px: 50.0, ..before };
    state.handle(Action::Document(DocumentAction::SetFrame(moved)));
    state.handle(Action::Document(DocumentAction::FrameChanged { before }));
    report_faces(&mut state, &photo, &[LARGER, SMALLER]);
    assert_eq!(document(&state).face_frame(), moved);
    // The found faces can still be chosen.
    state.handle(Action::RunCommand(EditorCommand::NextFace));
    assert_eq!(document(&state).face_frame(), LARGER);
}

#[test]
fn faces_of_a_closed_photo_are_ignored() {
    let (mut state, _) = state_during_detection();
    report_faces(&mut state, &blank_photo(), &[LARGER]);
    assert_eq!(
        (document(&state).detected_faces(), document(&state).face_frame()),
        (None, FaceFrame::centered(400, 300))
    );
}

#[test]
fn next_face_cycles_with_one_undo_step_each() {
    let (mut state, photo) = state_during_detection();
    report_faces(&mut state, &photo, &[LARGER, SMALLER]);
    for expected in [SMALLER, LARGER] {
        state.handle(Action::RunCommand(EditorCommand::NextFace));
        assert_eq!(document(&state).face_frame(), expected);
    }
    for expected in [SMALLER, LARGER] {
        state.handle(Action::RunCommand(EditorCommand::Undo));
        assert_eq!(document(&state).face_frame(), expected);
    }
    assert_eq!(document(&state).undo_name(), None);
}

#[test]
fn next_face_does_nothing_with_one_face() {
    let (mut state, photo) = state_during_detection();
    report_faces(&mut state, &photo, &[LARGER]);
    state.handle(Action::RunCommand(EditorCommand::NextFace));
    assert_eq!((document(&state).face_frame(), document(&state).undo_name()), (LARGER, None));
}

#[test]
fn clicking_another_face_moves_the_frame_there() {
    let (mut window, photo) = window_with_blank_photo();
    report_faces(&mut window.state_mut().state, &photo, &[LARGER, SMALLER]);
    window.state_mut().state.view.tool = Tool::Frame;
    window.run_steps(2);
    let pos = window.state().widgets.canvas.screen_from_photo(SMALLER.center_in_photo).expect("the photo is drawn");
    window.hover_at(pos);
    window.run_steps(2);
    window.drag_at(pos);
    window.run_steps(2);
    window.drop_at(pos);
    window.run_steps(2);
    let state = &mut window.state_mut().state;
    assert_eq!(document(state).face_frame(), SMALLER);
    state.handle(Action::RunCommand(EditorCommand::Undo));
    assert_eq!((document(state).face_frame(), document(state).undo_name()), (LARGER, None));
}

#[test]
fn the_status_bar_shows_the_number_of_faces() {
    let (mut window, photo) = window_with_blank_photo();
    window.get_by_label("No face found: place the frame by hand (F)");
    let cases = [(&[LARGER][..], "1 face found"), (&[LARGER, SMALLER], "2 faces found: Tab selects the next")];
    for (faces, text) in cases {
        report_faces(&mut window.state_mut().state, &photo, faces);
        window.run_steps(2);
        window.get_by_label(text);
    }
}

#[test]
fn tab_selects_the_next_of_several_faces() {
    let (mut window, photo) = window_with_blank_photo();
    let context = window.ctx.clone();
    let tab = |editor: &mut crate::app::Editor, modifiers| {
        let event = Event::Key { key: Key::Tab, physical_key: None, pressed: true, repeat: false, modifiers };
        let mut input = RawInput { events: vec![event], ..RawInput::default() };
        editor.raw_input_hook(&context, &mut input);
        input.events.is_empty()
    };
    let editor = window.state_mut();
    report_faces(&mut editor.state, &photo, &[LARGER]);
    assert!(!tab(editor, Modifiers::NONE), "with one face, Tab moves the focus");
    report_faces(&mut editor.state, &photo, &[LARGER, SMALLER]);
    assert!(
        !tab(editor, Modifiers::SHIFT) && document(&editor.state).face_frame() == LARGER,
        "Shift+Tab moves the focus"
    );
    assert!(tab(editor, Modifiers::NONE));
    assert_eq!(document(&editor.state).face_frame(), SMALLER);
}

#[test]
fn faces_found_after_a_fill_keep_its_frame() {
    let (mut state, photo, engine) = state_and_engine_during_detection();
    let before = document(&state).face_frame();
    state.handle(Action::AddShape(crate::mask::MaskPreset::Center));
    state.handle(Action::RunCommand(EditorCommand::Fill));
    engine.report_finish(3, None);
    state.poll();
    report_faces(&mut state, &photo, &[LARGER]);
    assert!(document(&state).face_frame() == before && document(&state).is_shown_fill_current());
}
