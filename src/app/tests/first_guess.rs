//! The encoder's first guess, which is updated with the hole while no search runs.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::open_paint_undo::{paint, stroke};
use super::scripted_engine::ScriptedEngine;
use super::{TestWindow, change_preferences, editor_with_photo, is_enabled, press};
use crate::app::canvas::MaskDisplay;
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::shortcuts::EditorCommand;
use crate::app::state::{Action, EditorState};
use crate::blend::BlendMode;
use crate::job::{FillRequest, SearchStart};
use crate::mask::{MaskPreset, Stroke, StrokeKind};
use crate::search::Starts;

pub fn state<'w>(window: &'w TestWindow<'_>) -> &'w EditorState {
    &window.state().state
}

pub fn document<'w>(window: &'w TestWindow<'_>) -> &'w PhotoDocument {
    state(window).document.as_ref().expect("open")
}

pub fn act(window: &mut TestWindow<'_>, action: Action) {
    window.state_mut().state.handle(action);
    window.run_steps(2);
}

/// An editor with an open device and a painted hole.
fn ready_editor<'a>() -> (TestWindow<'a>, std::sync::Arc<ScriptedEngine>) {
    let (mut window, engine) = editor_with_photo();
    engine.report_ready();
    window.run_steps(2);
    paint(&mut window);
    (window, engine)
}

/// Answers the newest request for a quick preview.
fn answer_newest_preview(window: &mut TestWindow<'_>, engine: &ScriptedEngine) {
    let (id, _) = engine.quick_preview_requests().pop().expect("a quick preview was requested");
    engine.answer_quick_preview(id, vec![0.0; 100], 0.5);
    window.run_steps(2);
}

/// An editor that shows a first guess.
fn editor_with_guess<'a>() -> (TestWindow<'a>, std::sync::Arc<ScriptedEngine>) {
    let (mut window, engine) = ready_editor();
    answer_newest_preview(&mut window, &engine);
    (window, engine)
}

fn newest_guess(engine: &ScriptedEngine) -> FillRequest {
    engine.quick_preview_requests().pop().expect("a quick preview was requested").1
}

fn erase() -> Stroke {
    Stroke { kind: StrokeKind::Erase, ..stroke() }
}

#[test]
fn a_finished_stroke_shows_a_labelled_first_guess() {
    let (mut window, engine) = ready_editor();
    assert_eq!(engine.quick_preview_requests().len(), 1, "one request for the whole stroke");
    let request = newest_guess(&engine);
    assert_eq!(request.hole, *document(&window).mask());
    assert_eq!((request.settings.steps, request.settings.candidates), (1, 1));
    assert_eq!((request.settings.starts, request.start), (Starts::Encoder, SearchStart::FromSettings));
    assert!(state(&window).is_hole_tinted() && state(&window).derive().patches.is_empty());
    answer_newest_preview(&mut window, &engine);
    assert_eq!(
        (state(&window).derive().mask_display, !state(&window).derive().patches.is_empty()),
        (MaskDisplay::Outlined, true)
    );
    window.get_by_label("First guess: press Fill to improve it");
}

#[test]
fn a_first_guess_is_not_a_result() {
    let (mut window, _) = editor_with_guess();
    assert!(!state(&window).has_fill() && !is_enabled(&window, "Export…") && is_enabled(&window, "Fill"));
    let state = &mut window.state_mut().state;
    let project = state.document.as_mut().expect("open").make_project(&state.preferences, None);
    assert!(project.fill.is_none());
    assert_eq!(state.document.as_ref().expect("open").undo_name(), Some("painting"));
}

#[test]
fn hole_frame_and_blend_changes_request_another_guess() {
    let (mut window, engine) = editor_with_guess();
    let requests_guess = |window: &mut TestWindow<'_>, what: &str, change: &dyn Fn(&mut TestWindow<'_>)| {
        let before = engine.quick_preview_requests().len();
        change(window);
        assert_eq!(engine.quick_preview_requests().len(), before + 1, "{what}");
        answer_newest_preview(window, &engine);
        assert_eq!(state(window).derive().mask_display, MaskDisplay::Outlined, "{what}");
    };
    requests_guess(&mut window, "a shape", &|window| act(window, Action::AddShape(MaskPreset::Center)));
    requests_guess(&mut window, "undo", &|window| act(window, Action::RunCommand(EditorCommand::Undo)));
    requests_guess(&mut window, "another blend", &|window| {
        change_preferences(window, |preferences| preferences.blend = BlendMode::None.into());
    });
    let before = document(&window).face_frame();
    let mut moved = before;
    moved.side_px += 10.0;
    let request_count = engine.quick_preview_requests().len();
    act(&mut window, Action::Document(DocumentAction::SetFrame(moved)));
    assert_eq!(engine.quick_preview_requests().len(), request_count, "no request while the frame is dragged");
    requests_guess(&mut window, "the frame's move", &|window| {
        act(window, Action::Document(DocumentAction::FrameChanged { before }));
    });
    assert_eq!(newest_guess(&engine).frame, moved);
}

#[test]
fn a_guess_of_an_older_hole_is_ignored() {
    let (mut window, engine) = ready_editor();
    let (old, _) = engine.quick_preview_requests().pop().expect("a request");
    act(&mut window, Action::AddShape(MaskPreset::Center));
    engine.answer_quick_preview(old, vec![0.0; 100], 0.5);
    window.run_steps(2);
    assert!(state(&window).derive().patches.is_empty() && state(&window).is_hole_tinted());
    answer_newest_preview(&mut window, &engine);
    assert!(state(&window).derive().shows_first_guess);
}

#[test]
fn the_guess_stays_while_painting_but_not_erasing() {
    let (mut window, _) = editor_with_guess();
    act(&mut window, Action::Document(DocumentAction::BeginStroke(stroke())));
    assert!(
        !state(&window).derive().patches.is_empty()
            && state(&window).is_hole_tinted()
            && !state(&window).derive().shows_first_guess
    );
    act(&mut window, Action::Document(DocumentAction::EndStroke));
    act(&mut window, Action::Document(DocumentAction::BeginStroke(erase())));
    assert!(state(&window).derive().patches.is_empty());
}

#[test]
fn a_guess_waits_for_the_device() {
    let (mut window, engine) = editor_with_photo();
    paint(&mut window);
    assert!(engine.quick_preview_requests().is_empty());
    engine.report_ready();
    window.run_steps(2);
    assert_eq!(engine.quick_preview_requests().len(), 1);
    change_preferences(&mut window, |preferences| preferences.device = crate::device::DeviceChoice::Cpu);
    assert_eq!(engine.quick_preview_requests().len(), 1, "the other device is not open yet");
    engine.report_ready();
    window.run_steps(2);
    assert_eq!(engine.quick_preview_requests().len(), 2);
}

#[test]
fn a_model_without_an_encoder_has_no_guess() {
    let (mut window, engine) = editor_with_photo();
    let model = crate::model::ModelInfo { has_encoder: false, ..super::scripted_engine::model() };
    engine.push_event(crate::job::WorkerEvent::WarmedUp { device: super::scripted_engine::device(), model });
    window.run_steps(2);
    paint(&mut window);
    assert!(engine.quick_preview_requests().is_empty());
}

#[test]
fn the_check_box_switches_guesses_off() {
    let (mut window, engine) = editor_with_guess();
    window.get_by_label("More").click();
    window.run_steps(4);
    window.get_by_label("Show a first guess while painting").click_accesskit();
    window.run_steps(2);
    assert!(!state(&window).preferences.first_guess);
    assert!(state(&window).derive().patches.is_empty() && state(&window).is_hole_tinted());
    act(&mut window, Action::AddShape(MaskPreset::Center));
    assert_eq!(engine.quick_preview_requests().len(), 1);
}

#[test]
fn undoing_a_fill_brings_the_guess_back() {
    let (mut window, engine) = editor_with_guess();
    press(&mut window, Modifiers::NONE, Key::Enter);
    engine.report_start();
    window.run_steps(2);
    assert!(!state(&window).derive().patches.is_empty() && state(&window).derive().shows_first_guess);
    super::fill::finish_fill(&mut window, &engine);
    assert!(!state(&window).derive().shows_first_guess);
    assert_eq!(engine.quick_preview_requests().len(), 1);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(engine.quick_preview_requests().len(), 2);
}

#[test]
fn the_before_key_hides_the_guess() {
    let (mut window, _) = editor_with_guess();
    window.key_down(Key::Backslash);
    window.run_steps(2);
    assert!(state(&window).view.show_before);
    window.key_up(Key::Backslash);
    window.run_steps(2);
    assert!(state(&window).derive().shows_first_guess);
}

#[test]
fn a_failed_guess_is_silent_and_not_repeated() {
    let (mut window, engine) = ready_editor();
    let (id, _) = engine.quick_preview_requests().pop().expect("a request");
    engine.push_event(crate::job::WorkerEvent::QuickPreviewFailed { id, message: "no".to_owned() });
    window.run_steps(4);
    assert_eq!(engine.quick_preview_requests().len(), 1);
    assert!(state(&window).is_hole_tinted() && window.state().widgets.toaster.latest().is_none());
}
