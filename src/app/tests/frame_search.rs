//! The face frame follows the hole. The test answers the searches.

use std::sync::Arc;

use egui::{Key, Modifiers};
use image::RgbImage;

use super::first_guess::{act, document, state};
use super::open_paint_undo::{paint, stroke};
use super::projects::as_project;
use super::scripted_engine::ScriptedEngine;
use super::{TestWindow, editor, has_button, newest_message, press};
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::fill::FrameSearchMode;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::Action;
use crate::geometry::FaceFrame;
use crate::job::WorkerCommand;
use crate::mask::{Mask, MaskPreset, Stroke, StrokeKind};
use crate::photo::Photo;
use crate::project::{PhotoOrigin, Project};

const FACE: FaceFrame = FaceFrame { center_in_photo: [224.0, 124.0], side_px: 112.0, angle_radians: 0.0 };

/// An editor with a photo in which one face is detected, and a device that is ready.
fn scripted_editor<'a>() -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    let (mut window, engine, photo) = editor_with_blank_photo(512, 512);
    window.state_mut().state.faces_detected(&photo, vec![FACE]);
    engine.report_ready();
    window.run_steps(2);
    (window, engine)
}

/// An editor with a blank photo whose faces are not detected yet. The test sends the results.
pub fn editor_with_blank_photo<'a>(width: u32, height: u32) -> (TestWindow<'a>, Arc<ScriptedEngine>, Arc<Photo>) {
    let (mut window, engine) = editor();
    let photo = Arc::new(Photo::from_pixels(RgbImage::new(width, height).into()));
    let (name, origin) = ("blank".to_owned(), PhotoOrigin::Sample("blank".to_owned()));
    let state = &mut window.state_mut().state;
    state.fill.frame_search.mode = FrameSearchMode::Scripted;
    state.document = Some(PhotoDocument::new(Arc::clone(&photo), name, None, origin));
    (window, engine, photo)
}

/// The current frame, moved a little.
fn moved(window: &TestWindow<'_>, shift_px: f32) -> FaceFrame {
    let frame = document(window).face_frame();
    let [x, y] = frame.center_in_photo;
    FaceFrame { center_in_photo: [x + shift_px, y], ..frame }
}

/// Answers the search for this state of the mask.
fn answer(window: &mut TestWindow<'_>, hole: &Mask, frame: Option<FaceFrame>) {
    let photo = Arc::clone(&document(window).photo);
    window.state_mut().state.frame_found(&photo, hole, frame);
    window.run_steps(2);
}

fn answer_current(window: &mut TestWindow<'_>, frame: Option<FaceFrame>) {
    let hole = document(window).mask().clone();
    answer(window, &hole, frame);
}

fn paint_dab(window: &mut TestWindow<'_>, stroke: Stroke) {
    act(window, Action::Document(DocumentAction::BeginStroke(stroke)));
    act(window, Action::Document(DocumentAction::EndStroke));
}

fn is_fill_started(engine: &ScriptedEngine) -> bool {
    engine.was_sent(|command| matches!(command, WorkerCommand::Start(..)))
}

#[test]
fn a_stroke_moves_the_frame_in_one_undo_step() {
    let (mut window, engine) = scripted_editor();
    paint(&mut window);
    assert!(state(&window).derive().is_frame_pending && document(&window).face_frame() == FACE);
    assert!(engine.quick_preview_requests().is_empty(), "the first guess waits for the frame");
    let found = moved(&window, 6.0);
    answer_current(&mut window, Some(found));
    assert!(!state(&window).derive().is_frame_pending && document(&window).face_frame() == found);
    assert_eq!(engine.quick_preview_requests().pop().expect("a first guess").1.frame, found);

    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!((document(&window).face_frame(), document(&window).has_hole()), (FACE, false));
    assert_eq!(document(&window).undo_name(), None);
    press(&mut window, Modifiers::COMMAND, Key::Y);
    assert_eq!((document(&window).face_frame(), document(&window).has_hole()), (found, true));
    assert!(!state(&window).derive().is_frame_pending, "the frame of this hole is known");
}

#[test]
fn a_frame_placed_by_hand_stays() {
    let (mut window, _) = scripted_editor();
    let by_hand = moved(&window, 9.0);
    act(&mut window, Action::Document(DocumentAction::SetFrame(by_hand)));
    act(&mut window, Action::Document(DocumentAction::FrameChanged { before: FACE }));
    paint(&mut window);
    assert!(!state(&window).derive().is_frame_pending);
    answer_current(&mut window, Some(FACE));
    assert_eq!(document(&window).face_frame(), by_hand);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(document(&window).face_frame(), FACE);
    paint(&mut window);
    assert!(state(&window).derive().is_frame_pending, "moving it by hand was undone");
}

#[test]
fn a_drag_back_to_the_start_changes_nothing() {
    let (mut window, _) = scripted_editor();
    for frame in [moved(&window, 9.0), FACE] {
        act(&mut window, Action::Document(DocumentAction::SetFrame(frame)));
    }
    assert!(!document(&window).has_active_drag() && document(&window).undo_name().is_none());
    paint(&mut window);
    assert!(state(&window).derive().is_frame_pending);
}

#[test]
fn choosing_a_face_pins_the_frame() {
    let (mut window, _) = scripted_editor();
    paint(&mut window);
    let found = moved(&window, 6.0);
    answer_current(&mut window, Some(found));
    act(&mut window, Action::RunCommand(EditorCommand::NextFace));
    let chosen = document(&window).face_frame();
    assert_ne!(chosen, found);
    paint(&mut window);
    assert!(!state(&window).derive().is_frame_pending && document(&window).face_frame() == chosen);
}

#[test]
fn fill_waits_for_the_frame() {
    let (mut window, engine) = scripted_editor();
    paint(&mut window);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(has_button(&window, "Starting…") && !is_fill_started(&engine));
    let found = moved(&window, 6.0);
    answer_current(&mut window, Some(found));
    assert_eq!(engine.newest_job().1.frame, found);
    assert!(has_button(&window, "Stop"));
}

#[test]
fn stop_cancels_the_wait() {
    let (mut window, engine) = scripted_editor();
    paint(&mut window);
    press(&mut window, Modifiers::NONE, Key::Enter);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(has_button(&window, "Fill"));
    let found = moved(&window, 6.0);
    answer_current(&mut window, Some(found));
    assert!(!is_fill_started(&engine) && document(&window).face_frame() == found);
}

#[test]
fn a_waiting_fill_tells_why_it_cannot_start() {
    let (mut window, engine) = scripted_editor();
    let far = Stroke { kind: StrokeKind::Paint, radius_px: 9.0, points_in_photo: vec![[480.0, 480.0]] };
    paint_dab(&mut window, far);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(has_button(&window, "Starting…"), "the frame may still move to the paint");
    answer_current(&mut window, None);
    assert!(has_button(&window, "Fill") && !is_fill_started(&engine));
    assert!(newest_message(&window).headline.starts_with("The paint is outside the face frame"));
}

#[test]
fn results_for_older_holes_are_dropped() {
    let (mut window, _) = scripted_editor();
    paint(&mut window);
    let first = document(&window).mask().clone();
    paint_dab(&mut window, stroke());
    let (old, new) = (moved(&window, 3.0), moved(&window, 6.0));
    answer(&mut window, &first, Some(old));
    assert!(state(&window).derive().is_frame_pending && document(&window).face_frame() == FACE);
    answer_current(&mut window, Some(new));
    assert_eq!(document(&window).face_frame(), new);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(state(&window).derive().is_frame_pending, "the first hole was not searched to the end");
    answer(&mut window, &first, Some(old));
    assert_eq!(document(&window).face_frame(), old);
}

#[test]
fn paint_beside_every_face_keeps_the_frame() {
    let (mut window, _) = scripted_editor();
    let far = Stroke { kind: StrokeKind::Paint, radius_px: 9.0, points_in_photo: vec![[480.0, 480.0]] };
    paint_dab(&mut window, far);
    let found = moved(&window, 6.0);
    answer_current(&mut window, Some(found));
    assert!(document(&window).face_frame() == FACE && !state(&window).derive().is_frame_pending);
    paint(&mut window);
    answer_current(&mut window, None);
    assert!(document(&window).face_frame() == FACE && !state(&window).derive().is_frame_pending);
}

#[test]
fn without_a_hole_the_detected_frame_returns() {
    let (mut window, _) = scripted_editor();
    paint(&mut window);
    let found = moved(&window, 6.0);
    answer_current(&mut window, Some(found));
    act(&mut window, Action::RunCommand(EditorCommand::ClearMask));
    assert_eq!(document(&window).face_frame(), FACE);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(document(&window).face_frame(), found);
}

#[test]
fn a_shape_keeps_its_frame_until_cleared() {
    let (mut window, _) = scripted_editor();
    act(&mut window, Action::AddShape(MaskPreset::Random));
    paint(&mut window);
    assert!(!state(&window).derive().is_frame_pending && document(&window).face_frame() == FACE);
    act(&mut window, Action::RunCommand(EditorCommand::ClearMask));
    paint(&mut window);
    assert!(state(&window).derive().is_frame_pending);
}

#[test]
fn a_running_fill_keeps_its_frame() {
    let (mut window, engine) = scripted_editor();
    paint(&mut window);
    let found = moved(&window, 6.0);
    answer_current(&mut window, Some(found));
    press(&mut window, Modifiers::NONE, Key::Enter);
    engine.report_start();
    window.run_steps(2);
    paint_dab(&mut window, stroke());
    assert!(!state(&window).derive().is_frame_pending);
    let other = moved(&window, 9.0);
    answer_current(&mut window, Some(other));
    assert_eq!(document(&window).face_frame(), found);
    act(&mut window, Action::RunCommand(EditorCommand::Undo));
    act(&mut window, Action::RunCommand(EditorCommand::Undo));
    assert!(!document(&window).has_hole() && document(&window).face_frame() == found, "the search uses this frame");
    act(&mut window, Action::RunCommand(EditorCommand::Redo));
    engine.set_preview_in_hole(document(&window).mask().clone());
    engine.report_finish(9, None);
    window.run_steps(2);
    assert!(document(&window).is_shown_fill_current() && !state(&window).derive().is_frame_pending);
}

#[test]
fn a_reopened_frame_follows_the_hole_again() {
    let (mut window, _) = scripted_editor();
    paint(&mut window);
    let found = moved(&window, 6.0);
    answer_current(&mut window, Some(found));
    let project = as_project(&mut window);
    assert!(!project.frame_is_by_hand);
    for is_by_hand in [false, true] {
        let project = Project { frame_is_by_hand: is_by_hand, ..project.clone() };
        let (photo, origin) = (Arc::clone(&document(&window).photo), project.photo.origin.clone());
        let mut reopened = PhotoDocument::from_project(Arc::clone(&photo), photo, "again".to_owned(), origin, &project);
        assert!(reopened.face_frame() == found && !reopened.needs_frame_search());
        reopened.update(DocumentAction::BeginStroke(stroke()), false);
        reopened.update(DocumentAction::EndStroke, false);
        assert_eq!(reopened.needs_frame_search(), !is_by_hand);
    }
}
