//! Editing the hole and the settings while a search runs.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::fill::{editor_with_fill, editor_with_running_fill, start_fill, wait_until_composed};
use super::first_guess::{act, document, state};
use super::open_paint_undo::stroke;
use super::{TestWindow, change_preferences, is_enabled, press};
use crate::app::canvas::MaskDisplay;
use crate::app::document::DocumentAction;
use crate::app::state::Action;
use crate::blend::BlendMode;
use crate::job::{FillProgress, WorkerCommand, WorkerEvent};
use crate::mask::MaskPreset;
use crate::search::Preset;

#[test]
fn a_finished_stroke_reaches_the_running_search() {
    let (mut window, engine) = editor_with_running_fill();
    engine.set_preview();
    window.run_steps(2);
    assert_eq!(state(&window).derive().mask_display, MaskDisplay::Hidden);
    act(&mut window, Action::Document(DocumentAction::BeginStroke(stroke())));
    assert!(engine.newest_hole().is_none() && state(&window).is_hole_tinted(), "the paint is visible");
    act(&mut window, Action::Document(DocumentAction::EndStroke));
    assert_eq!(engine.newest_hole().as_ref(), Some(document(&window).mask()));
    assert!(state(&window).is_hole_tinted() && state(&window).fill.is_running());
    assert!(!engine.was_sent(|command| matches!(command, WorkerCommand::Cancel)));
    engine.set_preview_in_hole(document(&window).mask().clone());
    window.run_steps(2);
    assert_eq!(state(&window).derive().mask_display, MaskDisplay::Hidden);
}

#[test]
fn a_running_search_ignores_a_cleared_hole() {
    let (mut window, engine) = editor_with_running_fill();
    act(&mut window, Action::AddShape(MaskPreset::Center));
    assert_eq!(engine.newest_hole().as_ref(), Some(document(&window).mask()));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    let hole = engine.newest_hole();
    assert_eq!(hole.as_ref(), Some(document(&window).mask()));
    press(&mut window, Modifiers::NONE, Key::Delete);
    assert!(!document(&window).has_hole());
    assert_eq!(engine.newest_hole(), hole, "an empty hole is not sent");
}

#[test]
fn a_fill_has_its_own_edited_hole() {
    let (mut window, engine) = editor_with_running_fill();
    paint_more(&mut window);
    engine.set_preview_in_hole(document(&window).mask().clone());
    engine.report_finish(9, None);
    window.run_steps(2);
    let face = document(&window).shown_face().expect("filled");
    assert_eq!(&face.record().hole, document(&window).mask());
    assert!(document(&window).is_shown_fill_current() && !state(&window).is_hole_tinted());
}

fn paint_more(window: &mut TestWindow<'_>) {
    act(window, Action::Document(DocumentAction::BeginStroke(stroke())));
    act(window, Action::Document(DocumentAction::EndStroke));
}

#[test]
fn a_late_edit_does_not_change_the_fill() {
    let (mut window, engine) = editor_with_running_fill();
    let before = document(&window).mask().clone();
    let (job, request) = engine.newest_job();
    // The search ends before the stroke does.
    engine.report_finish(9, None);
    let crate::job::FillRequest { hole, .. } = request;
    window.state_mut().state.handle(Action::Document(DocumentAction::BeginStroke(stroke())));
    window.run_steps(2);
    assert!(!state(&window).fill.is_running(), "job {job}");
    let face = document(&window).shown_face().expect("filled");
    assert!(face.record().hole == before && face.record().hole == hole && !document(&window).is_shown_fill_current());
    assert!(document(&window).has_active_stroke());
    act(&mut window, Action::Document(DocumentAction::EndStroke));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(document(&window).is_shown_fill_current(), "undo removes only the stroke");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!state(&window).has_fill(), "the next undo removes the fill");
}

#[test]
fn undo_is_limited_to_strokes_during_a_search() {
    let (mut window, engine) = editor_with_fill();
    start_fill(&mut window, &engine);
    assert!(is_enabled(&window, "Undo"), "the newest stroke can be undone");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!is_enabled(&window, "Undo"), "the previous fill cannot be undone");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(state(&window).has_fill());
}

#[test]
fn blend_changes_apply_to_the_running_fill() {
    let (mut window, engine) = editor_with_fill();
    let before = document(&window).shown_face().expect("filled").fill.record.look.blend;
    start_fill(&mut window, &engine);
    change_preferences(&mut window, |preferences| preferences.blend = BlendMode::Feather.into());
    assert!(
        engine
            .was_sent(|command| matches!(command, WorkerCommand::SetBlend(blend) if blend.mode == BlendMode::Feather))
    );
    assert_eq!(document(&window).shown_face().expect("the one before").fill.record.look.blend, before);
    engine.set_preview();
    engine.report_finish(9, None);
    window.run_steps(2);
    wait_until_composed(&mut window);
    assert_eq!(document(&window).shown_face().expect("filled").fill.record.look.blend.mode, BlendMode::Feather);
}

#[test]
fn an_extended_search_shows_its_new_length() {
    let (mut window, engine) = editor_with_running_fill();
    let (job, _) = engine.newest_job();
    let iterations =
        vec![crate::job::IterationLosses { iteration: 70, candidates: super::scripted_engine::losses(0.1) }];
    let progress = FillProgress { job, iterations, remaining_secs: None, extended_by: 30, paused: false };
    engine.push_event(WorkerEvent::Progress(progress));
    window.run_steps(2);
    window.get_by_label(&format!("Iteration 70 of {}", Preset::Best.settings().steps + 30));
}
