//! What follows the hole: the first guess while nothing runs, and the running search.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::engine::Script;
use super::filling::{filled, running, start, wait_until_drawn};
use super::work::{paint, stroke};
use super::{Window, editor_with_photo, is_enabled, press};
use crate::app::canvas::{CanvasAction, HoleLook};
use crate::app::document::Document;
use crate::app::shortcuts::Verb;
use crate::app::state::{Action, State};
use crate::blend::BlendMode;
use crate::job::{Command, FillRequest, Start};
use crate::mask::{MaskPreset, Stroke, StrokeKind};
use crate::search::Starts;

fn state<'w>(window: &'w Window<'_>) -> &'w State {
    &window.state().state
}

fn document<'w>(window: &'w Window<'_>) -> &'w Document {
    state(window).document.as_ref().expect("open")
}

fn act(window: &mut Window<'_>, action: Action) {
    window.state_mut().state.handle(action);
    window.run_steps(2);
}

/// An editor whose device is open, with a painted hole.
fn ready<'a>() -> (Window<'a>, std::sync::Arc<Script>) {
    let (mut window, script) = editor_with_photo();
    script.be_ready();
    window.run_steps(2);
    paint(&mut window);
    (window, script)
}

/// Answers the newest request for a picture.
fn draw_newest(window: &mut Window<'_>, script: &Script) {
    let (id, _) = script.sketches().pop().expect("a picture was asked for");
    script.draw(id, vec![0.0; 100], 0.5);
    window.run_steps(2);
}

/// An editor that shows a first guess.
fn guessed<'a>() -> (Window<'a>, std::sync::Arc<Script>) {
    let (mut window, script) = ready();
    draw_newest(&mut window, &script);
    (window, script)
}

fn newest_guess(script: &Script) -> FillRequest {
    script.sketches().pop().expect("a picture was asked for").1
}

fn erase() -> Stroke {
    Stroke { kind: StrokeKind::Erase, ..stroke() }
}

#[test]
fn a_stroke_that_ends_gets_a_first_guess_that_says_what_it_is() {
    let (mut window, script) = ready();
    assert_eq!(script.sketches().len(), 1, "once for the whole stroke");
    let request = newest_guess(&script);
    assert_eq!(*request.hole, *document(&window).mask());
    assert_eq!((request.settings.steps, request.settings.candidates, request.settings.refine_steps), (1, 1, 0));
    assert_eq!((request.settings.starts, request.start), (Starts::Encoder, Start::AsSet));
    assert!(state(&window).shows_hole() && state(&window).patch().is_none());
    draw_newest(&mut window, &script);
    assert_eq!((state(&window).hole_look(), state(&window).patch().is_some()), (HoleLook::Outlined, true));
    window.get_by_label("First guess: Fill improves it");
}

#[test]
fn a_first_guess_is_no_result() {
    let (mut window, _) = guessed();
    assert!(!state(&window).has_result() && !is_enabled(&window, "Export…") && is_enabled(&window, "Fill"));
    let state = &mut window.state_mut().state;
    let project = state.document.as_mut().expect("open").project(&state.remembered, None);
    assert!(project.fill.is_none());
    assert_eq!(state.document.as_ref().expect("open").undo_name(), Some("painting"));
}

#[test]
fn shapes_undo_the_frame_and_the_blend_ask_for_another_guess() {
    let (mut window, script) = guessed();
    let asks = |window: &mut Window<'_>, what: &str, action: Action| {
        let before = script.sketches().len();
        act(window, action);
        assert_eq!(script.sketches().len(), before + 1, "{what}");
        draw_newest(window, &script);
        assert_eq!(state(window).hole_look(), HoleLook::Outlined, "{what}");
    };
    asks(&mut window, "a shape", Action::Shape(MaskPreset::Center));
    asks(&mut window, "undo", Action::Do(Verb::Undo));
    asks(&mut window, "another blend", Action::SetBlend(BlendMode::None.into()));
    let before = document(&window).frame();
    let mut moved = before;
    moved.side_px += 10.0;
    let asked = script.sketches().len();
    act(&mut window, Action::Canvas(CanvasAction::SetFrame(moved)));
    assert_eq!(script.sketches().len(), asked, "not while it is dragged");
    asks(&mut window, "the frame's move", Action::Canvas(CanvasAction::FrameChanged { before }));
    assert_eq!(newest_guess(&script).frame, moved);
}

#[test]
fn a_guess_of_an_older_hole_is_not_shown_as_that_of_the_newest() {
    let (mut window, script) = ready();
    let (old, _) = script.sketches().pop().expect("asked");
    act(&mut window, Action::Shape(MaskPreset::Center));
    script.draw(old, vec![0.0; 100], 0.5);
    window.run_steps(2);
    assert!(state(&window).patch().is_none() && state(&window).shows_hole());
    draw_newest(&mut window, &script);
    assert!(state(&window).shows_guess());
}

#[test]
fn the_last_guess_stays_under_the_tint_while_painting_and_leaves_while_erasing() {
    let (mut window, _) = guessed();
    act(&mut window, Action::Canvas(CanvasAction::BeginStroke(stroke())));
    assert!(state(&window).patch().is_some() && state(&window).shows_hole() && !state(&window).shows_guess());
    act(&mut window, Action::Canvas(CanvasAction::EndStroke));
    act(&mut window, Action::Canvas(CanvasAction::BeginStroke(erase())));
    assert!(state(&window).patch().is_none());
}

#[test]
fn a_guess_waits_for_the_device_and_comes_when_it_is_ready() {
    let (mut window, script) = editor_with_photo();
    paint(&mut window);
    assert!(script.sketches().is_empty());
    script.be_ready();
    window.run_steps(2);
    assert_eq!(script.sketches().len(), 1);
    act(&mut window, Action::SetDevice(crate::device::DeviceChoice::Cpu));
    assert_eq!(script.sketches().len(), 1, "another device is being opened");
    script.be_ready();
    window.run_steps(2);
    assert_eq!(script.sketches().len(), 2);
}

#[test]
fn a_model_without_an_encoder_guesses_nothing() {
    let (mut window, script) = editor_with_photo();
    let model = crate::model::ModelInfo { has_encoder: false, ..super::engine::model() };
    script.tell(crate::job::Event::Ready { device: super::engine::device(), model });
    window.run_steps(2);
    paint(&mut window);
    assert!(script.sketches().is_empty());
}

#[test]
fn the_check_box_switches_guesses_off_and_is_remembered() {
    let (mut window, script) = guessed();
    window.get_by_label("More").click();
    window.run_steps(4);
    window.get_by_label("Show a first guess while painting").click();
    window.run_steps(2);
    assert!(!state(&window).remembered.first_guess);
    assert!(state(&window).patch().is_none() && state(&window).shows_hole());
    act(&mut window, Action::Shape(MaskPreset::Center));
    assert_eq!(script.sketches().len(), 1);
}

#[test]
fn the_guess_stays_until_the_search_has_a_picture_and_comes_back_when_the_fill_is_undone() {
    let (mut window, script) = guessed();
    press(&mut window, Modifiers::NONE, Key::Enter);
    script.start();
    window.run_steps(2);
    assert!(state(&window).patch().is_some() && state(&window).shows_guess());
    super::filling::finish(&mut window, &script);
    assert!(!state(&window).shows_guess());
    assert_eq!(script.sketches().len(), 1);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(script.sketches().len(), 2);
}

#[test]
fn the_before_key_hides_the_guess_and_its_outline() {
    let (mut window, _) = guessed();
    window.key_down(Key::Backslash);
    window.run_steps(2);
    assert!(state(&window).show_before);
    window.key_up(Key::Backslash);
    window.run_steps(2);
    assert!(state(&window).shows_guess());
}

#[test]
fn a_guess_that_fails_is_not_asked_for_again_and_says_nothing() {
    let (mut window, script) = ready();
    let (sketch, _) = script.sketches().pop().expect("asked");
    script.tell(crate::job::Event::NotSketched { sketch, message: "no".to_owned() });
    window.run_steps(4);
    assert_eq!(script.sketches().len(), 1);
    assert!(state(&window).shows_hole() && window.state().toaster.newest().is_none());
}

#[test]
fn painting_reaches_the_running_search_when_the_stroke_ends() {
    let (mut window, script) = running();
    script.show(3);
    window.run_steps(2);
    assert_eq!(state(&window).hole_look(), HoleLook::Hidden);
    act(&mut window, Action::Canvas(CanvasAction::BeginStroke(stroke())));
    assert!(script.newest_hole().is_none() && state(&window).shows_hole(), "what is painted is seen");
    act(&mut window, Action::Canvas(CanvasAction::EndStroke));
    let (number, hole) = script.newest_hole().expect("told");
    assert_eq!((number, &*hole), (1, document(&window).mask()));
    assert!(state(&window).shows_hole() && state(&window).fills.is_running());
    assert!(!script.was_sent(|command| matches!(command, Command::Cancel)));
    script.show_in_hole(4, 1);
    window.run_steps(2);
    assert_eq!(state(&window).hole_look(), HoleLook::Hidden);
}

#[test]
fn shapes_and_undo_of_strokes_reach_it_too_but_a_cleared_hole_does_not() {
    let (mut window, script) = running();
    act(&mut window, Action::Shape(MaskPreset::Center));
    assert_eq!(script.newest_hole().expect("told").0, 1);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    let (number, hole) = script.newest_hole().expect("told");
    assert_eq!((number, &*hole), (2, document(&window).mask()));
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert!(!document(&window).has_hole());
    assert_eq!(script.newest_hole().expect("told").0, 2, "there is nothing to search for");
}

#[test]
fn the_fill_has_the_hole_that_it_was_made_for() {
    let (mut window, script) = running();
    paint_more(&mut window);
    let edited = document(&window).mask_id();
    script.show_in_hole(9, 1);
    script.finish(9, None);
    window.run_steps(2);
    let fill = document(&window).fill().expect("filled");
    assert_eq!((fill.mask_id, &*fill.hole), (edited, document(&window).mask()));
    assert!(document(&window).fill_is_current() && !state(&window).shows_hole());
}

fn paint_more(window: &mut Window<'_>) {
    act(window, Action::Canvas(CanvasAction::BeginStroke(stroke())));
    act(window, Action::Canvas(CanvasAction::EndStroke));
}

#[test]
fn a_fill_that_ends_before_it_was_told_is_that_of_the_hole_before() {
    let (mut window, script) = running();
    let before = document(&window).mask_id();
    let (job, request) = script.job();
    // The answer is on its way when the stroke ends.
    script.finish(9, None);
    let crate::job::FillRequest { hole, .. } = request;
    window.state_mut().state.handle(Action::Canvas(CanvasAction::BeginStroke(stroke())));
    window.run_steps(2);
    assert!(!state(&window).fills.is_running(), "job {job}");
    let fill = document(&window).fill().expect("filled");
    assert!(fill.mask_id == before && fill.hole == hole && !document(&window).fill_is_current());
    assert!(document(&window).is_stroke_open());
    act(&mut window, Action::Canvas(CanvasAction::EndStroke));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(document(&window).fill_is_current(), "undo takes back the stroke alone");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!state(&window).has_result(), "then the fill");
}

#[test]
fn undo_takes_back_no_fill_and_no_move_of_the_frame_while_a_search_runs() {
    let (mut window, script) = filled();
    start(&mut window, &script);
    assert!(is_enabled(&window, "Undo"), "the newest stroke");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!is_enabled(&window, "Undo"), "the fill before");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(state(&window).has_result());
}

#[test]
fn the_blend_can_be_changed_while_a_search_runs_and_is_that_of_its_fill() {
    let (mut window, script) = filled();
    let before = document(&window).fill().expect("filled").look.blend;
    start(&mut window, &script);
    act(&mut window, Action::SetBlend(BlendMode::Feather.into()));
    assert!(script.was_sent(|command| matches!(command, Command::SetBlend(blend) if blend.mode == BlendMode::Feather)));
    assert_eq!(document(&window).fill().expect("the one before").look.blend, before);
    script.show(9);
    script.finish(9, None);
    window.run_steps(2);
    wait_until_drawn(&mut window);
    assert_eq!(document(&window).fill().expect("filled").look.blend.mode, BlendMode::Feather);
}

#[test]
fn a_search_that_goes_on_longer_says_so() {
    let (mut window, script) = running();
    let (job, _) = script.job();
    let iterations = vec![crate::job::IterationLosses { iteration: 80, candidates: super::engine::losses(0.1) }];
    script.tell(crate::job::Event::Progress {
        job,
        iterations,
        elapsed_secs: 1.0,
        remaining_secs: None,
        extended_by: 30,
        paused: false,
    });
    window.run_steps(2);
    window.get_by_label("Iteration 80 of 145");
}
