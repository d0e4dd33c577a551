//! The maps that explain a fill: keys, requests, answers and the legend.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

use super::fill::start_fill;
use super::scripted_engine::ScriptedEngine;
use super::{TestWindow, click, editor_with_photo, has_button, is_enabled, press};
use crate::job::{
    FaceMap, FaceMapSet, MapGroup, MapKind, MapRequest, MapRequestId, Uncertainty, WorkerCommand, WorkerEvent,
};

fn map_requests(engine: &ScriptedEngine) -> Vec<(MapRequestId, MapRequest)> {
    engine.commands_of(|command| match command {
        WorkerCommand::DrawMaps(id, request) => Some((*id, (**request).clone())),
        _ => None,
    })
}

fn cancel_count(engine: &ScriptedEngine) -> usize {
    engine.commands_of(|command| matches!(command, WorkerCommand::CancelMaps).then_some(())).len()
}

/// Finishes the running fill. Its full-size picture is not waited for.
fn finish_fill(window: &mut TestWindow<'_>, engine: &ScriptedEngine) {
    engine.report_progress(1, 150);
    engine.set_preview();
    engine.report_finish(150, None);
    window.run_steps(3);
}

/// An editor with a finished fill.
fn editor_with_fill<'a>() -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    let (mut window, engine) = editor_with_photo();
    start_fill(&mut window, &engine);
    finish_fill(&mut window, &engine);
    (window, engine)
}

/// Answers the newest request.
fn answer(window: &mut TestWindow<'_>, engine: &ScriptedEngine) {
    let (id, request) = map_requests(engine).pop().expect("maps were requested");
    let kinds = MapKind::ALL.into_iter().filter(|kind| kind.group() == request.group);
    let maps: Vec<_> = kinds.map(|kind| Arc::new(FaceMap::new(kind, 8, vec![20.0; 64], vec![true; 64]))).collect();
    let uncertainty = (request.group == MapGroup::Uncertainty).then(|| Uncertainty::of_map(&maps[0], None));
    let maps = Arc::new(FaceMapSet { frame: request.fill.frame, maps, uncertainty });
    engine.push_event(WorkerEvent::Maps { id, maps });
    window.run_steps(3);
}

fn is_computing(window: &TestWindow<'_>) -> bool {
    window.query_all_by_label("Computing the map…").next().is_some()
}

fn shown(window: &TestWindow<'_>) -> Option<MapKind> {
    window.state().state.maps.chosen
}

#[test]
fn one_key_shows_each_map_and_then_none() {
    let (mut window, engine) = editor_with_fill();
    for kind in MapKind::ALL {
        press(&mut window, Modifiers::NONE, Key::U);
        assert_eq!(shown(&window), Some(kind));
        if map_requests(&engine).last().is_none_or(|(_, request)| request.group != kind.group()) {
            assert!(is_computing(&window), "{kind:?}");
        }
        answer_if_pending(&mut window, &engine);
        assert!(window.query_by_label(kind.explanation()).is_some(), "{kind:?}");
    }
    press(&mut window, Modifiers::NONE, Key::U);
    assert_eq!((shown(&window), has_button(&window, "Hide the map")), (None, false));
    press(&mut window, Modifiers::SHIFT, Key::U);
    assert_eq!(shown(&window), Some(MapKind::PriorGradient));
    let groups: Vec<_> = map_requests(&engine).iter().map(|(_, request)| request.group).collect();
    assert_eq!(groups, [MapGroup::Uncertainty, MapGroup::Losses], "each group is computed once");
    click(&mut window, "Hide the map");
    assert_eq!(shown(&window), None);
}

/// Answers the newest request, if it has no answer yet.
fn answer_if_pending(window: &mut TestWindow<'_>, engine: &ScriptedEngine) {
    if is_computing(window) {
        answer(window, engine);
    }
}

#[test]
fn the_legend_says_what_was_invented() {
    let (mut window, engine) = editor_with_fill();
    click(&mut window, "Next map of the face");
    let (id, request) = map_requests(&engine).pop().unwrap();
    let candidate =
        window.state().state.document.as_ref().unwrap().shown_face().unwrap().record().shown_candidate().cloned();
    assert_eq!((Some(request.latent), Some(request.picture)), candidate.map(|it| (it.latent, it.picture)).unzip());
    engine.push_event(WorkerEvent::MapProgress { id, share: 0.5 });
    window.run_steps(2);
    answer(&mut window, &engine);
    assert!(window.query_by_label("The hole: could be many, ±20 of 255").is_some());
}

#[test]
fn another_candidate_gets_its_own_map() {
    let (mut window, engine) = editor_with_fill();
    press(&mut window, Modifiers::NONE, Key::U);
    answer(&mut window, &engine);
    press(&mut window, Modifiers::NONE, Key::Num2);
    let requests = map_requests(&engine);
    assert_eq!(requests.len(), 2);
    assert!(!Arc::ptr_eq(&requests[0].1.picture, &requests[1].1.picture));
    press(&mut window, Modifiers::NONE, Key::Num1);
    assert_eq!(
        (map_requests(&engine).len(), cancel_count(&engine)),
        (2, 1),
        "the first map is kept, the second cancelled"
    );
    assert!(window.query_by_label(MapKind::Uncertainty.explanation()).is_some());
}

#[test]
fn a_new_search_cancels_and_a_failure_is_told() {
    let (mut window, engine) = editor_with_fill();
    press(&mut window, Modifiers::NONE, Key::U);
    start_fill(&mut window, &engine);
    assert_eq!(cancel_count(&engine), 1);
    assert!(window.query_by_label_contains("the map comes when it ends").is_some());
    finish_fill(&mut window, &engine);
    let (id, _) = map_requests(&engine).pop().unwrap();
    engine.push_event(WorkerEvent::MapsFailed { id, message: "no memory".to_owned() });
    window.run_steps(3);
    assert!(window.query_by_label("no memory").is_some());
    assert_eq!(map_requests(&engine).len(), 2, "what failed is not tried again by itself");
}

#[test]
fn a_changed_hole_has_no_map() {
    let (mut window, _engine) = editor_with_fill();
    press(&mut window, Modifiers::NONE, Key::U);
    press(&mut window, Modifiers::COMMAND, Key::I);
    assert!(window.query_all_by_label_contains("The painted area has changed").next().is_some());
}

#[test]
fn without_a_fill_there_is_nothing_to_explain() {
    let (mut window, engine) = editor_with_photo();
    press(&mut window, Modifiers::NONE, Key::U);
    assert!(
        shown(&window).is_none() && map_requests(&engine).is_empty() && !has_button(&window, "Next map of the face")
    );
    start_fill(&mut window, &engine);
    finish_fill(&mut window, &engine);
    assert!(is_enabled(&window, "Next map of the face"));
}
