//! "More like this", mixes of two candidates, and the order of the thumbnails.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::export_and_close::{choose_path, wait_until_saved};
use super::fill::{editor_with_fill, editor_with_running_fill, wait_until_composed};
use super::open_paint_undo::paint_more;
use super::scripted_engine::{BEST, CANDIDATES, ScriptedEngine};
use super::{TestWindow, change_preferences, click, editor_with_photo, has_button, is_enabled, press, wait_for};
use crate::app::document::{DocumentFace, PhotoDocument};
use crate::app::fill::FillAction;
use crate::app::state::{Action, EditorState};
use crate::app::tasks::PathPurpose;
use crate::job::{Provenance, SearchStart, WorkerCommand};
use crate::search::OptimizerKind;

fn state<'w>(window: &'w TestWindow<'_>) -> &'w EditorState {
    &window.state().state
}

fn fill<'w>(window: &'w TestWindow<'_>) -> &'w DocumentFace {
    state(window).document.as_ref().and_then(PhotoDocument::shown_face).expect("filled")
}

fn act(window: &mut TestWindow<'_>, action: Action) {
    window.state_mut().state.handle(action);
    window.run_steps(2);
}

/// Answers the newest request for a quick preview with the requested latent.
fn answer_newest_preview(window: &mut TestWindow<'_>, engine: &ScriptedEngine, total: f32) {
    let (id, request) = engine.quick_preview_requests().pop().expect("a quick preview was requested");
    let SearchStart::At(latent) = request.start else { panic!("not a mix: {:?}", request.start) };
    engine.answer_quick_preview(id, latent, total);
    window.run_steps(2);
}

#[test]
fn more_like_this_starts_around_the_shown_candidate() {
    let (mut window, engine) = editor_with_fill();
    let (first, _) = engine.newest_job();
    let latent = fill(&window).record().outcome.candidates[BEST].latent.clone();
    let seed = fill(&window).record().outcome.settings.seed;
    press(&mut window, Modifiers::NONE, Key::L);
    let (second, request) = engine.newest_job();
    assert!(second > first && request.start == SearchStart::Around(latent));
    assert_eq!((request.settings.optimizer, request.settings.seed), (OptimizerKind::Hmc, seed + 1));
    assert_eq!((&request.hole, request.frame), (&fill(&window).record().hole, fill(&window).record().frame));
    engine.report_start();
    super::fill::finish_fill(&mut window, &engine);
    let document = state(&window).document.as_ref().expect("open");
    assert!(document.shown_fill_index() == Some(1) && document.is_shown_fill_current());
    press(&mut window, Modifiers::COMMAND, Key::Z);
    let document = state(&window).document.as_ref().expect("open");
    assert!(document.shown_fill_index() == Some(0) && document.is_shown_fill_current());
    wait_until_composed(&mut window);
}

#[test]
fn more_like_this_keeps_its_own_steps() {
    let (mut window, engine) = editor_with_fill();
    click(&mut window, "More like this");
    let steps = engine.newest_job().1.settings.steps;
    let mut settings = state(&window).preferences.settings;
    (settings.lambda, settings.steps) = (0.7, 400);
    change_preferences(&mut window, |preferences| preferences.settings = settings);
    assert!(engine.was_sent(|command| matches!(
        command,
        WorkerCommand::SetLiveSettings(live) if live.steps == steps && (live.lambda - 0.7).abs() < 1e-6
    )));
}

#[test]
fn more_like_this_needs_a_current_fill() {
    let (mut window, _) = editor_with_photo();
    assert!(!has_button(&window, "More like this"));
    press(&mut window, Modifiers::NONE, Key::L);
    assert!(!state(&window).fill.is_running());
    let (mut window_with_fill, _) = editor_with_fill();
    assert!(is_enabled(&window_with_fill, "More like this") && is_enabled(&window_with_fill, "Mix two candidates"));
    let other = crate::model::ModelInfo { sha256: "1".repeat(64), ..super::scripted_engine::model() };
    let original = window_with_fill.state_mut().state.engine.model.replace(other);
    window_with_fill.run_steps(2);
    assert!(!is_enabled(&window_with_fill, "More like this"));
    window_with_fill.state_mut().state.engine.model = original;
    paint_more(&mut window_with_fill);
    assert!(!is_enabled(&window_with_fill, "More like this") && !is_enabled(&window_with_fill, "Mix two candidates"));
    window.run_steps(1);
}

#[test]
fn thumbnails_are_ranked_only_after_the_search() {
    let (mut window, engine) = editor_with_running_fill();
    engine.report_progress(1, 9);
    engine.set_preview();
    window.run_steps(2);
    assert!(has_button(&window, "Candidate 2, best"));
    engine.report_finish(9, None);
    window.run_steps(2);
    assert!(has_button(&window, "Candidate 1, best") && !has_button(&window, "Candidate 2, best"));
    assert_eq!(state(&window).derive().candidate_order, [1, 2, 0]);
}

#[test]
fn releasing_the_mix_slider_keeps_the_mix() {
    let (mut window, engine) = editor_with_fill();
    let spread = |index: usize| 0.1 * f32::from(u8::try_from(index).expect("a small number"));
    let document = window.state_mut().state.document.as_mut().expect("open");
    let fill_mut = document.shown_face_mut().expect("filled");
    for (index, candidate) in
        std::sync::Arc::make_mut(&mut fill_mut.fill.record.outcome).candidates.iter_mut().enumerate()
    {
        candidate.latent = vec![spread(index); 100];
    }
    super::button(&window, "Candidate 3").click_modifiers(Modifiers::SHIFT);
    window.run_steps(2);
    let mix = state(&window).fill.mix().expect("open");
    assert_eq!((mix.from, mix.to), (BEST, 0));
    assert_eq!(fill(&window).record().look.candidate, BEST, "the shown one stays");

    act(&mut window, Action::Fill(FillAction::SetMixPosition(0.25)));
    let (_, request) = engine.quick_preview_requests().pop().expect("a request");
    let expected = spread(BEST) + 0.25 * (spread(0) - spread(BEST));
    let SearchStart::At(latent) = &request.start else { panic!("{:?}", request.start) };
    assert!(latent.len() == 100 && latent.iter().all(|value| (value - expected).abs() < 1e-6), "{latent:?}");
    answer_newest_preview(&mut window, &engine, 0.15);
    assert_eq!(state(&window).candidate_count(), CANDIDATES, "the mix is not kept yet");
    assert!((state(&window).derive().losses.expect("drawn").total - 0.15).abs() < 1e-6);

    act(&mut window, Action::Fill(FillAction::KeepMix));
    assert_eq!((state(&window).candidate_count(), fill(&window).record().look.candidate), (CANDIDATES + 1, CANDIDATES));
    assert!(fill(&window).record().outcome.candidates[CANDIDATES].is_mix);
    assert_eq!(state(&window).derive().candidate_order, [1, 3, 2, 0], "ranked among the others");
    assert!(has_button(&window, "Candidate 2, mix"));
    assert!(state(&window).document.as_ref().expect("open").has_unsaved_work());

    act(&mut window, Action::Fill(FillAction::SetMixPosition(0.75)));
    act(&mut window, Action::Fill(FillAction::KeepMix));
    assert_eq!(state(&window).candidate_count(), CANDIDATES + 1, "its picture is not drawn yet");
    answer_newest_preview(&mut window, &engine, 0.05);
    assert_eq!(state(&window).candidate_count(), CANDIDATES + 1, "the mix is updated, not added again");
    assert_eq!(fill(&window).record().outcome.best, CANDIDATES);
    assert!(has_button(&window, "Candidate 1, best, mix"));
}

/// An editor with a kept mix.
fn editor_with_mix<'a>() -> (TestWindow<'a>, std::sync::Arc<ScriptedEngine>) {
    let (mut window, engine) = editor_with_fill();
    press(&mut window, Modifiers::NONE, Key::M);
    act(&mut window, Action::Fill(FillAction::SetMixPosition(0.5)));
    answer_newest_preview(&mut window, &engine, 0.15);
    act(&mut window, Action::Fill(FillAction::KeepMix));
    wait_until_composed(&mut window);
    (window, engine)
}

#[test]
fn arrow_keys_move_and_keep_the_mix() {
    let (mut window, engine) = editor_with_fill();
    click(&mut window, "Mix two candidates");
    window.get_by_role_and_label(egui::accesskit::Role::Slider, "Mix").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    answer_newest_preview(&mut window, &engine, 0.15);
    assert_eq!(state(&window).candidate_count(), CANDIDATES + 1);
    assert!(state(&window).fill.mix().is_some_and(|mix| mix.position > 0.0));
}

#[test]
fn other_actions_end_a_mix() {
    let actions: [fn(&mut TestWindow<'_>); 4] = [
        |window| paint_more(window),
        |window| press(window, Modifiers::NONE, Key::Num3),
        |window| press(window, Modifiers::NONE, Key::Enter),
        |window| press(window, Modifiers::NONE, Key::M),
    ];
    for action in actions {
        let (mut window, engine) = editor_with_fill();
        press(&mut window, Modifiers::NONE, Key::M);
        act(&mut window, Action::Fill(FillAction::SetMixPosition(0.5)));
        answer_newest_preview(&mut window, &engine, 0.15);
        action(&mut window);
        assert!(state(&window).fill.mix().is_none());
        assert_eq!(
            fill(&window).record().outcome.candidates.len(),
            CANDIDATES,
            "a mix that was not released is dropped"
        );
    }
}

#[test]
fn a_failed_mix_shows_the_reason() {
    let (mut window, engine) = editor_with_fill();
    press(&mut window, Modifiers::NONE, Key::M);
    act(&mut window, Action::Fill(FillAction::SetMixPosition(0.5)));
    let (id, _) = engine.quick_preview_requests().pop().expect("a request");
    engine.push_event(crate::job::WorkerEvent::QuickPreviewFailed { id, message: "the device is lost".to_owned() });
    window.run_steps(2);
    assert!(state(&window).fill.mix().is_none());
    assert_eq!(super::newest_message(&window).details, ["the device is lost"]);
}

#[test]
fn projects_and_exports_include_the_mix() {
    let (mut window, _) = editor_with_mix();
    let folder = tempfile::tempdir().expect("a folder");
    let [project, picture] = ["a.countenance", "a.png"].map(|name| folder.path().join(name));
    super::projects::save_as(&mut window, &project);
    let read = crate::project::open(&project).expect("saved").fill.expect("filled").faces.swap_remove(0);
    assert_eq!(
        (&*read.fill.record.outcome, read.fill.record.look.candidate),
        (&*fill(&window).record().outcome, CANDIDATES)
    );
    choose_path(&mut window, PathPurpose::Export, &picture, true);
    wait_until_saved(&mut window);
    let provenance = Provenance::read(&std::fs::read(&picture).expect("exported")).expect("a record");
    let latent = fill(&window).record().outcome.candidates[CANDIDATES].latent.clone();
    assert!(provenance.mixed && provenance.start == SearchStart::At(latent) && provenance.candidate == 0);
    wait_for(&mut window, "quiet", |editor| !editor.state.files.is_saving);
}
