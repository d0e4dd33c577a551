//! The timeline: going through the iterations of a search, keeping one, branches, and the list of fills.

use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

use super::export_and_close::{choose_path, wait_until_saved};
use super::fill::{editor_with_fill, finish_fill, wait_until_composed};
use super::open_paint_undo::paint_more;
use super::scripted_engine::{BEST, CANDIDATES, ScriptedEngine};
use super::{TestWindow, change_preferences, click, editor_with_photo, has_button, is_enabled, press, wait_for};
use crate::app::document::{BranchPoint, DocumentAction, PhotoDocument};
use crate::app::fill::FillAction;
use crate::app::state::{Action, EditorState};
use crate::app::tasks::PathPurpose;
use crate::job::{FillRecord, FillRequest, Provenance, SearchStart};

fn state<'w>(window: &'w TestWindow<'_>) -> &'w EditorState {
    &window.state().state
}

fn document<'w>(window: &'w TestWindow<'_>) -> &'w PhotoDocument {
    state(window).document.as_ref().expect("open")
}

fn record<'w>(window: &'w TestWindow<'_>) -> &'w FillRecord {
    document(window).shown_face().expect("filled").record()
}

fn act(window: &mut TestWindow<'_>, action: Action) {
    window.state_mut().state.handle(action);
    window.run_steps(2);
}

fn show_iteration(window: &mut TestWindow<'_>, iteration: u32) {
    act(window, Action::Fill(FillAction::ShowIteration(iteration)));
}

/// The newest request for a picture, and its latent.
fn newest_request(engine: &ScriptedEngine) -> (u64, FillRequest, Vec<f32>) {
    let (id, request) = engine.quick_preview_requests().pop().expect("a picture was requested");
    let SearchStart::At(latent) = request.start.clone() else { panic!("not an iteration: {:?}", request.start) };
    (id, request, latent)
}

fn answer(window: &mut TestWindow<'_>, engine: &ScriptedEngine, total: f32) {
    let (id, _, latent) = newest_request(engine);
    engine.answer_quick_preview(id, latent, total);
    window.run_steps(2);
}

fn shown_iteration(window: &TestWindow<'_>) -> Option<u32> {
    state(window).derive().timeline.and_then(|timeline| timeline.shown)
}

#[test]
fn every_iteration_can_be_shown_in_place() {
    let (mut window, engine) = editor_with_fill();
    window.get_by_label("Result (iteration 150)");
    press(&mut window, Modifiers::NONE, Key::Comma);
    assert_eq!(shown_iteration(&window), Some(149));
    let (_, request, latent) = newest_request(&engine);
    assert_eq!(Some(latent.as_slice()), record(&window).outcome.latent_history.latent(149, BEST));
    assert_eq!((&request.hole, request.settings.steps), (&record(&window).hole, 1));
    let shown = |window: &TestWindow<'_>| state(window).derive().patches.into_iter().cloned().collect::<Vec<_>>();
    let result = shown(&window);
    answer(&mut window, &engine, 0.3);
    assert_ne!(shown(&window), result, "the picture of the iteration");
    assert!((state(&window).derive().losses.expect("losses").total - 0.3).abs() < 1e-6);
    window.get_by_label("Iteration 149 of 150");

    press(&mut window, Modifiers::NONE, Key::Period);
    press(&mut window, Modifiers::NONE, Key::Period);
    assert_eq!(shown_iteration(&window), Some(150), "it ends there");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert_eq!((shown_iteration(&window), shown(&window)), (None, result));
}

#[test]
fn a_drag_asks_for_the_newest_iteration_only() {
    let (mut window, engine) = editor_with_fill();
    show_iteration(&mut window, 10);
    let (first, ..) = newest_request(&engine);
    show_iteration(&mut window, 20);
    let (second, ..) = newest_request(&engine);
    engine.answer_quick_preview(first, vec![0.5; 100], 9.0);
    window.run_steps(2);
    assert!(state(&window).derive().losses.expect("losses").total < 1.0, "the answer to an earlier request");
    engine.answer_quick_preview(second, vec![0.5; 100], 7.0);
    window.run_steps(2);
    assert!((state(&window).derive().losses.expect("losses").total - 7.0).abs() < 1e-6);
    let count = engine.quick_preview_requests().len();
    window.run_steps(3);
    assert_eq!(engine.quick_preview_requests().len(), count, "nothing is asked for twice");
}

#[test]
fn an_iteration_can_be_kept_and_exported() {
    let (mut window, engine) = editor_with_fill();
    assert!(!is_enabled(&window, "Keep this iteration"));
    show_iteration(&mut window, 40);
    answer(&mut window, &engine, 0.9);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("forty.png");
    press(&mut window, Modifiers::COMMAND, Key::P);
    let kept = record(&window).shown_candidate().expect("shown");
    assert_eq!((kept.kept_at, record(&window).outcome.candidates.len()), (Some(40), CANDIDATES + 1));
    assert_eq!(shown_iteration(&window), None);
    assert!(has_button(&window, "Candidate 4, iteration 40"));
    wait_until_composed(&mut window);
    choose_path(&mut window, PathPurpose::Export, &path, false);
    wait_until_saved(&mut window);
    let provenance = Provenance::read(&std::fs::read(&path).expect("exported")).expect("recorded");
    assert_eq!((provenance.kept_at, provenance.steps, provenance.mixed), (Some(40), 1, false));
    // Its own place on the timeline is known.
    window.get_by_label("Result (iteration 40)");
}

#[test]
fn a_branch_goes_on_from_an_iteration_with_other_settings() {
    let (mut window, engine) = editor_with_fill();
    show_iteration(&mut window, 30);
    change_preferences(&mut window, |preferences| preferences.settings.lambda = 0.5);
    assert_eq!(shown_iteration(&window), Some(30), "a change of the settings leaves the iteration");
    click(&mut window, "Go on from this iteration");
    let (_, request) = engine.newest_job();
    let latents = record(&window).outcome.latent_history.latents(30).expect("kept").to_vec();
    assert_eq!(request.start, SearchStart::Continue { iteration: 30, latents });
    assert!((request.settings.lambda - 0.5).abs() < 1e-6);
    assert_eq!(request.settings.candidates as usize, CANDIDATES);
    engine.report_start();
    finish_fill(&mut window, &engine);
    assert_eq!(
        document(&window).shown_fill().expect("filled").branch,
        Some(BranchPoint { fill_index: 0, iteration: 30 })
    );
    assert_eq!(document(&window).shown_fill_index(), Some(1));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(document(&window).shown_fill_index(), Some(0));
    wait_until_composed(&mut window);
}

#[test]
fn a_changed_hole_shows_the_iteration_in_it_and_a_branch_fills_it() {
    let (mut window, engine) = editor_with_fill();
    let first_hole = document(&window).mask().clone();
    show_iteration(&mut window, 30);
    answer(&mut window, &engine, 0.5);
    paint_more(&mut window);
    assert_ne!(*document(&window).mask(), first_hole);
    let (_, request, _) = newest_request(&engine);
    assert_eq!(request.hole, *document(&window).mask(), "the iteration in the new hole, no first guess");
    assert!(!is_enabled(&window, "Keep this iteration"));
    press(&mut window, Modifiers::NONE, Key::N);
    let (_, request) = engine.newest_job();
    assert_eq!(request.hole, *document(&window).mask());
    assert!(matches!(request.start, SearchStart::Continue { iteration: 30, .. }));
    engine.report_start();
    finish_fill(&mut window, &engine);

    // The first fill comes back with its hole, and undo returns to the branch.
    let second_hole = document(&window).mask().clone();
    act(&mut window, Action::Document(DocumentAction::ShowFill(0)));
    assert_eq!((document(&window).shown_fill_index(), document(&window).mask()), (Some(0), &first_hole));
    assert!(document(&window).is_shown_fill_current() && document(&window).undo_name() == Some("showing another fill"));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!((document(&window).shown_fill_index(), document(&window).mask()), (Some(1), &second_hole));
    press(&mut window, Modifiers::COMMAND, Key::Y);
    assert_eq!((document(&window).shown_fill_index(), document(&window).mask()), (Some(0), &first_hole));
    wait_until_composed(&mut window);
}

#[test]
fn two_fills_can_be_compared() {
    let (mut window, engine) = editor_with_fill();
    assert!(!is_enabled(&window, "Fills"), "there is only one");
    press(&mut window, Modifiers::NONE, Key::N);
    engine.report_start();
    finish_fill(&mut window, &engine);
    click(&mut window, "Fills");
    assert!(has_button(&window, "Fill 2, from iteration 150 of fill 1"));
    click(&mut window, "Compare with fill 1");
    assert!(state(&window).view.divider.is_some());
    wait_for(&mut window, "both pictures", |editor| {
        editor.state.derive().compared.is_some_and(|(_, compared)| compared.composed().is_some())
    });
    click(&mut window, "Fill 1");
    assert_eq!(document(&window).shown_fill_index(), Some(0));
    assert!(state(&window).derive().compared.is_none(), "a fill is not compared with itself");
    wait_until_composed(&mut window);
}

#[test]
fn the_search_plays_to_its_result() {
    let (mut window, engine) = editor_with_fill();
    let mut now = Instant::now();
    let mut next = |window: &mut TestWindow<'_>| {
        now += Duration::from_millis(200);
        window.state_mut().state.play_timeline(now)
    };
    show_iteration(&mut window, 146);
    answer(&mut window, &engine, 0.3);
    press(&mut window, Modifiers::NONE, Key::K);
    assert!(has_button(&window, "Stop playing"));
    assert!(next(&mut window).is_some());
    let second = shown_iteration(&window);
    assert_eq!(second, Some(148), "of 150 iterations, every second one");
    assert!(next(&mut window).is_some() && shown_iteration(&window) == second, "it waits for the picture");
    answer(&mut window, &engine, 0.3);
    assert!(next(&mut window).is_some());
    assert_eq!(shown_iteration(&window), Some(150));
    answer(&mut window, &engine, 0.3);
    assert!(next(&mut window).is_none() && shown_iteration(&window).is_none(), "the result follows");
    // Again from the start.
    press(&mut window, Modifiers::NONE, Key::K);
    assert_eq!(shown_iteration(&window), Some(1));
}

#[test]
fn a_click_on_the_losses_shows_the_iteration() {
    let (mut window, _engine) = editor_with_fill();
    let plot = window.get_by_label("Losses").rect();
    // The right half of the plot under its heading.
    let at = plot.left_bottom() + egui::vec2(200.0, 60.0);
    window.hover_at(at);
    window.run_steps(2);
    window.drag_at(at);
    window.run_steps(2);
    window.drop_at(at);
    window.run_steps(2);
    let shown = shown_iteration(&window).expect("an iteration");
    assert!((75..150).contains(&shown), "{shown}");
}

#[test]
fn there_is_no_timeline_without_iterations() {
    let (mut window, _) = editor_with_photo();
    press(&mut window, Modifiers::NONE, Key::Comma);
    press(&mut window, Modifiers::NONE, Key::N);
    assert!(state(&window).derive().timeline.is_none() && !state(&window).fill.is_running());
}
