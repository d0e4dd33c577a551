//! Detected faces: which one gets the face frame, and how to choose another.

use std::sync::Arc;

use eframe::App as _;
use egui::{Event, Key, Modifiers, RawInput};
use egui_kittest::kittest::Queryable;
use image::RgbImage;

use super::engine::Script;
use super::{editor, wait_for};
use crate::app::canvas::{CanvasAction, Tool};
use crate::app::document::Document;
use crate::app::persist::Remembered;
use crate::app::shortcuts::Verb;
use crate::app::state::{Action, State};
use crate::app::tasks::{Done, Tasks};
use crate::face::FaceFrame;
use crate::photo::Photo;
use crate::project::PhotoOrigin;

const LARGER: FaceFrame = FaceFrame { center_in_photo: [120.0, 150.0], side_px: 80.0, angle_radians: 0.0 };
const SMALLER: FaceFrame = FaceFrame { center_in_photo: [300.0, 150.0], side_px: 60.0, angle_radians: 0.1 };

fn blank_photo() -> Arc<Photo> {
    Arc::new(Photo::from_pixels(RgbImage::new(400, 300).into()))
}

fn open(state: &mut State, photo: &Arc<Photo>) {
    let (photo, name) = (Arc::clone(photo), "blank".to_owned());
    let origin = PhotoOrigin::Sample(name.clone());
    state.handle(Action::Done(Done::Photo { photo, name, frame: None, origin }));
}

/// A state with a photo whose face detection has not finished: background results are never polled.
fn looking() -> (State, Arc<Photo>) {
    let (state, photo, _) = looking_with_script();
    (state, photo)
}

fn looking_with_script() -> (State, Arc<Photo>, Arc<Script>) {
    let (tasks, script) = (Tasks::new(egui::Context::default()), Arc::new(Script::default()));
    let mut state = State::new(Box::new(Arc::clone(&script)), tasks, Remembered::default());
    let photo = blank_photo();
    open(&mut state, &photo);
    (state, photo, script)
}

/// A window with a photo without faces.
fn window_with_blank_photo<'a>() -> (super::Window<'a>, Arc<Photo>) {
    let (mut window, _) = editor();
    let photo = blank_photo();
    open(&mut window.state_mut().state, &photo);
    wait_for(&mut window, "the search for faces", |editor| document(&editor.state).faces().is_some());
    (window, photo)
}

fn find(state: &mut State, photo: &Arc<Photo>, frames: &[FaceFrame]) {
    state.handle(Action::Done(Done::Faces { photo: Arc::clone(photo), frames: frames.to_vec(), problem: None }));
}

fn document(state: &State) -> &Document {
    state.document.as_ref().expect("open")
}

#[test]
fn the_largest_face_gets_the_frame_without_undo() {
    let (mut state, photo) = looking();
    assert_eq!((document(&state).faces(), document(&state).frame()), (None, FaceFrame::centered(400, 300)));
    find(&mut state, &photo, &[LARGER, SMALLER]);
    let document = document(&state);
    assert_eq!((document.frame(), document.undo_name()), (LARGER, None));
    assert!(!document.is_unsaved());
}

#[test]
fn a_moved_frame_stays_when_faces_are_found() {
    let (mut state, photo) = looking();
    let before = document(&state).frame();
    let moved = FaceFrame { side_px: 50.0, ..before };
    state.handle(Action::Canvas(CanvasAction::SetFrame(moved)));
    state.handle(Action::Canvas(CanvasAction::FrameChanged { before }));
    find(&mut state, &photo, &[LARGER, SMALLER]);
    assert_eq!(document(&state).frame(), moved);
    // The found faces can still be chosen.
    state.handle(Action::Do(Verb::NextFace));
    assert_eq!(document(&state).frame(), LARGER);
}

#[test]
fn faces_of_a_closed_photo_are_ignored() {
    let (mut state, _) = looking();
    find(&mut state, &blank_photo(), &[LARGER]);
    assert_eq!((document(&state).faces(), document(&state).frame()), (None, FaceFrame::centered(400, 300)));
}

#[test]
fn next_face_cycles_with_one_undo_step_each() {
    let (mut state, photo) = looking();
    find(&mut state, &photo, &[LARGER, SMALLER]);
    for expected in [SMALLER, LARGER] {
        state.handle(Action::Do(Verb::NextFace));
        assert_eq!(document(&state).frame(), expected);
    }
    for expected in [SMALLER, LARGER] {
        state.handle(Action::Do(Verb::Undo));
        assert_eq!(document(&state).frame(), expected);
    }
    assert_eq!(document(&state).undo_name(), None);
}

#[test]
fn next_face_does_nothing_with_one_face() {
    let (mut state, photo) = looking();
    find(&mut state, &photo, &[LARGER]);
    state.handle(Action::Do(Verb::NextFace));
    assert_eq!((document(&state).frame(), document(&state).undo_name()), (LARGER, None));
}

#[test]
fn clicking_another_face_moves_the_frame_there() {
    let (mut window, photo) = window_with_blank_photo();
    find(&mut window.state_mut().state, &photo, &[LARGER, SMALLER]);
    window.state_mut().state.tool = Tool::Frame;
    window.run_steps(2);
    let pos = window.state().canvas.screen_from_photo(SMALLER.center_in_photo).expect("the photo is drawn");
    window.hover_at(pos);
    window.run_steps(2);
    window.drag_at(pos);
    window.run_steps(2);
    window.drop_at(pos);
    window.run_steps(2);
    let state = &mut window.state_mut().state;
    assert_eq!(document(state).frame(), SMALLER);
    state.handle(Action::Do(Verb::Undo));
    assert_eq!((document(state).frame(), document(state).undo_name()), (LARGER, None));
}

#[test]
fn the_status_bar_shows_the_number_of_faces() {
    let (mut window, photo) = window_with_blank_photo();
    window.get_by_label("No face found: place the frame by hand (F)");
    let cases = [(&[LARGER][..], "1 face found"), (&[LARGER, SMALLER], "2 faces found: Tab selects the next")];
    for (faces, text) in cases {
        find(&mut window.state_mut().state, &photo, faces);
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
    find(&mut editor.state, &photo, &[LARGER]);
    assert!(!tab(editor, Modifiers::NONE), "with one face, Tab moves the focus");
    find(&mut editor.state, &photo, &[LARGER, SMALLER]);
    assert!(!tab(editor, Modifiers::SHIFT) && document(&editor.state).frame() == LARGER, "Shift+Tab moves the focus");
    assert!(tab(editor, Modifiers::NONE));
    assert_eq!(document(&editor.state).frame(), SMALLER);
}

#[test]
fn faces_found_after_a_fill_keep_its_frame() {
    let (mut state, photo, script) = looking_with_script();
    let before = document(&state).frame();
    state.handle(Action::Shape(crate::mask::MaskPreset::Center));
    state.handle(Action::Do(Verb::Fill));
    script.finish(3, None);
    state.poll();
    find(&mut state, &photo, &[LARGER]);
    assert!(document(&state).frame() == before && document(&state).fill_is_current());
}
