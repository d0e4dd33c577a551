//! The sliders that edit the shown face.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::fill::{editor_with_fill, wait_until_composed};
use super::open_paint_undo::paint_more;
use super::scripted_engine::{BEST, CANDIDATES, ScriptedEngine, model};
use super::{TestWindow, click, has_button, press};
use crate::app::document::{DocumentFace, PhotoDocument};
use crate::app::fill::{EditSlider, FillAction};
use crate::app::state::{Action, EditorState};
use crate::job::{SearchStart, WorkerEvent};
use crate::model::ModelInfo;
use crate::search::LatentEdit;

const SMILE: EditSlider = EditSlider::Direction(0);
const AGE: EditSlider = EditSlider::Direction(1);

fn state<'w>(window: &'w TestWindow<'_>) -> &'w EditorState {
    &window.state().state
}

fn face<'w>(window: &'w TestWindow<'_>) -> &'w DocumentFace {
    state(window).document.as_ref().and_then(PhotoDocument::shown_face).expect("filled")
}

/// How the shown candidate was edited.
fn shown_edit<'w>(window: &'w TestWindow<'_>) -> Option<&'w LatentEdit> {
    face(window).record().shown_candidate().expect("shown").edit.as_deref()
}

fn candidate_count(window: &TestWindow<'_>) -> usize {
    face(window).record().outcome.candidates.len()
}

fn act(window: &mut TestWindow<'_>, action: FillAction) {
    window.state_mut().state.handle(Action::Fill(action));
    window.run_steps(2);
}

/// An editor with a fill by a model with two directions, and open sliders.
fn editor_with_sliders<'a>() -> (TestWindow<'a>, std::sync::Arc<ScriptedEngine>) {
    let (mut window, engine) = editor_with_fill();
    let mut model = model();
    model.metadata.insert("directions".to_owned(), "smile,age".to_owned());
    window.state_mut().state.engine.model = Some(model);
    press(&mut window, Modifiers::NONE, Key::J);
    (window, engine)
}

/// Answers the newest request, which must be for an edit. Returns it.
fn answer_edit(window: &mut TestWindow<'_>, engine: &ScriptedEngine) -> LatentEdit {
    let (id, request) = engine.quick_preview_requests().pop().expect("a request");
    let SearchStart::Edited(edit) = request.start else { panic!("{:?}", request.start) };
    assert_eq!(request.settings.candidates, 1);
    assert_eq!((&request.hole, request.frame), (&face(window).record().hole, face(window).record().frame));
    engine.answer_quick_preview(id, edit.latent.clone(), 0.15);
    window.run_steps(2);
    edit
}

/// Moves a slider, releases it, and answers.
fn edit(window: &mut TestWindow<'_>, engine: &ScriptedEngine, slider: EditSlider, amount: f32) -> LatentEdit {
    act(window, FillAction::SetEdit(slider, amount));
    act(window, FillAction::KeepEdit);
    answer_edit(window, engine)
}

#[test]
fn a_key_opens_and_closes_the_sliders() {
    let (mut window, _) = editor_with_sliders();
    for name in ["Smile", "Age", "Other half"] {
        assert!(window.query_by_role_and_label(Role::Slider, name).is_some(), "{name}");
    }
    press(&mut window, Modifiers::NONE, Key::J);
    assert!(window.query_by_role_and_label(Role::Slider, "Smile").is_none());
    click(&mut window, "Edit the face");
    click(&mut window, "Close the sliders");
    assert!(window.query_by_role_and_label(Role::Slider, "Smile").is_none());
}

#[test]
fn a_moved_slider_shows_the_face_and_keeps_it_when_released() {
    let (mut window, engine) = editor_with_sliders();
    act(&mut window, FillAction::SetEdit(SMILE, 1.5));
    let requested = answer_edit(&mut window, &engine);
    assert_eq!(requested.amounts, [("smile".to_owned(), 1.5)].into());
    assert_eq!(requested.latent, face(&window).record().outcome.candidates[BEST].latent);
    assert_eq!(candidate_count(&window), CANDIDATES, "it is not kept yet");
    assert!((state(&window).derive().losses.expect("drawn").total - 0.15).abs() < 1e-6);

    act(&mut window, FillAction::KeepEdit);
    assert_eq!((candidate_count(&window), shown_edit(&window)), (CANDIDATES + 1, Some(&requested)));
    assert!(has_button(&window, "Candidate 2, edited"));

    // The sliders of the edited face stand where they were; moving another one replaces it.
    let both = edit(&mut window, &engine, AGE, -1.0);
    assert_eq!(both.amounts, [("age".to_owned(), -1.0), ("smile".to_owned(), 1.5)].into());
    assert_eq!((candidate_count(&window), shown_edit(&window)), (CANDIDATES + 1, Some(&both)));
    wait_until_composed(&mut window);
}

#[test]
fn edits_are_undone_one_by_one() {
    let (mut window, engine) = editor_with_sliders();
    let first = edit(&mut window, &engine, SMILE, 1.0);
    let second = edit(&mut window, &engine, EditSlider::OtherHalf, 0.5);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(shown_edit(&window), Some(&first));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!((candidate_count(&window), face(&window).record().look.candidate), (CANDIDATES, BEST));
    for expected in [first, second] {
        press(&mut window, Modifiers::COMMAND, Key::Y);
        assert_eq!(shown_edit(&window), Some(&expected));
    }
    wait_until_composed(&mut window);
}

#[test]
fn reset_draws_the_face_before_the_edit() {
    let (mut window, engine) = editor_with_sliders();
    let before = edit(&mut window, &engine, SMILE, 1.0).latent;
    click(&mut window, "Undo the edit");
    let (id, request) = engine.quick_preview_requests().pop().expect("a request");
    assert_eq!(request.start, SearchStart::At(before.clone()));
    engine.answer_quick_preview(id, before.clone(), 0.1);
    window.run_steps(2);
    assert_eq!(candidate_count(&window), CANDIDATES + 1);
    assert!(shown_edit(&window).is_some_and(|edit| edit.is_empty() && edit.latent == before));
}

#[test]
fn an_edit_that_is_not_kept_ends_with_other_actions() {
    let actions: [fn(&mut TestWindow<'_>); 4] = [
        |window| paint_more(window),
        |window| press(window, Modifiers::NONE, Key::Num3),
        |window| press(window, Modifiers::NONE, Key::Enter),
        |window| press(window, Modifiers::NONE, Key::M),
    ];
    for action in actions {
        let (mut window, engine) = editor_with_sliders();
        act(&mut window, FillAction::SetEdit(SMILE, 1.0));
        action(&mut window);
        answer_edit_late(&mut window, &engine);
        act(&mut window, FillAction::KeepEdit);
        assert_eq!(candidate_count(&window), CANDIDATES);
    }
}

/// Answers the first request for an edit after it was dropped.
fn answer_edit_late(window: &mut TestWindow<'_>, engine: &ScriptedEngine) {
    let requests = engine.quick_preview_requests();
    let (id, _) = requests.into_iter().find(|(_, it)| matches!(it.start, SearchStart::Edited(_))).expect("requested");
    engine.answer_quick_preview(id, vec![0.0; 100], 0.1);
    window.run_steps(2);
}

#[test]
fn a_failed_edit_shows_the_reason() {
    let (mut window, engine) = editor_with_sliders();
    act(&mut window, FillAction::SetEdit(SMILE, 1.0));
    let (id, _) = engine.quick_preview_requests().pop().expect("a request");
    engine.push_event(WorkerEvent::QuickPreviewFailed { id, message: "the device is lost".to_owned() });
    window.run_steps(2);
    assert_eq!(super::newest_message(&window).details, ["the device is lost"]);
    assert!(state(&window).derive().edit.is_some_and(|edit| edit.is_empty()));
}

#[test]
fn sliders_say_why_they_are_disabled() {
    let (mut window, _) = editor_with_sliders();
    let plain = ModelInfo { has_encoder: false, ..model() };
    window.state_mut().state.engine.model = Some(plain);
    window.run_steps(2);
    let reason = state(&window).derive().edit_disabled_reason;
    assert_eq!(reason, Some("This model has no directions: `countenance directions` adds them"));
    window.state_mut().state.engine.model = Some(model());
    paint_more(&mut window);
    assert!(state(&window).derive().edit_disabled_reason.is_some_and(|reason| reason.contains("has changed")));
}
