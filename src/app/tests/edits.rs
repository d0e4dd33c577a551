//! Editing while a search runs.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::filling::{filled, running, start, wait_until_drawn};
use super::guess::{act, document, state};
use super::work::stroke;
use super::{Window, is_enabled, press};
use crate::app::canvas::{CanvasAction, HoleLook};
use crate::app::state::Action;
use crate::blend::BlendMode;
use crate::job::Command;
use crate::mask::MaskPreset;
use crate::search::Preset;

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
    let iterations = vec![crate::job::IterationLosses { iteration: 70, candidates: super::engine::losses(0.1) }];
    script.tell(crate::job::Event::Progress {
        job,
        iterations,
        elapsed_secs: 1.0,
        remaining_secs: None,
        extended_by: 30,
        paused: false,
    });
    window.run_steps(2);
    window.get_by_label(&format!("Iteration 70 of {}", Preset::Best.settings().steps + 30));
}
