//! The Explore window: pages of faces, selection, interpolation, saved faces, and a face as the start of a fill.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{By, NodeT as _, Queryable};

use super::end_to_end::editor_with_real_engine;
use super::fill::{finish_fill, start_fill};
use super::open_paint_undo::paint;
use super::scripted_engine::{ScriptedEngine, model};
use super::{
    TestWindow, button, change_preferences, click, editor, editor_of_size, editor_with_photo, has_button, is_enabled,
    press, wait_for,
};
use crate::app::explore::{ExploreAction, SavedFaces};
use crate::app::state::{Action, EditorState};
use crate::explore::{LatentLibrary, LatentSource, lerp, mean_latent, sample_latent};
use crate::job::{SearchStart, WorkerCommand, WorkerEvent};
use crate::model::ModelInfo;
use crate::search::{Preset, Settings};

fn state<'w>(window: &'w TestWindow<'_>) -> &'w EditorState {
    &window.state().state
}

fn explore(window: &mut TestWindow<'_>, action: ExploreAction) {
    window.state_mut().state.handle(Action::Explore(action));
    window.run_steps(2);
}

fn active_name<'w>(window: &'w TestWindow<'_>) -> &'w str {
    state(window).explore.browser.active_face().map_or("nothing", |face| face.name.as_str())
}

/// Opens the window and answers its request for faces.
pub fn open_explore(window: &mut TestWindow<'_>, engine: &ScriptedEngine) {
    press(window, Modifiers::NONE, Key::X);
    engine.report_ready();
    window.run_steps(2);
    engine.answer_face_request();
    window.run_steps(2);
}

fn editor_with_explore_open<'a>() -> (TestWindow<'a>, std::sync::Arc<ScriptedEngine>) {
    let (mut window, engine) = editor_with_photo();
    open_explore(&mut window, &engine);
    (window, engine)
}

#[test]
fn the_first_page_is_requested_once_after_loading() {
    let (mut window, engine) = editor();
    press(&mut window, Modifiers::NONE, Key::X);
    window.get_by_label_contains("The model is loading");
    assert!(engine.face_requests().is_empty());
    engine.report_ready();
    window.run_steps(3);
    let (_, request) = engine.face_requests().pop().expect("a request");
    assert_eq!(request.latents, (0..24).map(|number| sample_latent(number, 100)).collect::<Vec<_>>());
    engine.answer_face_request();
    window.run_steps(3);
    assert_eq!(engine.face_requests().len(), 1);
    assert!(has_button(&window, "Face 0") && has_button(&window, "Face 23") && !has_button(&window, "Face 24"));
}

#[test]
fn more_faces_shows_the_next_page() {
    let (mut window, engine) = editor_with_explore_open();
    click(&mut window, "More faces");
    assert_eq!(engine.answer_face_request()[0], sample_latent(24, 100));
    window.run_steps(2);
    explore(&mut window, ExploreAction::ShowFrom(500));
    assert_eq!(engine.answer_face_request()[23], sample_latent(523, 100));
    window.get(By::new().role(egui::accesskit::Role::SpinButton).label("Faces from number"));
    click(&mut window, "Random page");
    assert_ne!(state(&window).explore.browser.first_number(), 500);
}

#[test]
fn average_shows_the_mean_of_selected_faces() {
    let (mut window, engine) = editor_with_explore_open();
    assert!(!is_enabled(&window, "Average") && !is_enabled(&window, "Vary") && !is_enabled(&window, "Morph"));
    for name in ["Face 3", "Face 7", "Face 9"] {
        click(&mut window, name);
    }
    assert!(!is_enabled(&window, "Morph"), "Morph needs two faces");
    click(&mut window, "Face 9");
    assert_eq!(active_name(&window), "face 7");
    click(&mut window, "Average");
    assert_eq!(
        engine.answer_face_request(),
        [mean_latent(&[sample_latent(3, 100), sample_latent(7, 100)]).expect("two faces")]
    );
    assert_eq!(active_name(&window), "average of face 3, face 7");
    window.run_steps(2);
    click(&mut window, "Deselect all");
    assert_eq!(active_name(&window), "nothing");
}

#[test]
fn vary_shows_variations_and_back_returns() {
    let (mut window, engine) = editor_with_explore_open();
    click(&mut window, "Face 3");
    click(&mut window, "Vary");
    assert_eq!(engine.answer_face_request().len(), 23, "the face itself is already there");
    window.run_steps(2);
    assert!(has_button(&window, "Variation 1 of face 3"));
    click(&mut window, "Back");
    assert!(has_button(&window, "Face 0"));
}

#[test]
fn an_interpolation_requests_one_picture_at_a_time() {
    let (mut window, engine) = editor_with_explore_open();
    click(&mut window, "Face 3");
    click(&mut window, "Face 7");
    click(&mut window, "Morph");
    let latent_at = |position: f32| lerp(&sample_latent(3, 100), &sample_latent(7, 100), position);
    let request_count = engine.face_requests().len();
    explore(&mut window, ExploreAction::SetInterpolationPosition(0.25));
    explore(&mut window, ExploreAction::SetInterpolationPosition(0.75));
    assert_eq!(engine.face_requests().len(), request_count, "the middle is still being drawn");
    assert_eq!(engine.answer_face_request(), [latent_at(0.5)]);
    window.run_steps(2);
    assert_eq!(engine.answer_face_request(), [latent_at(0.75)], "then the newest position, skipping those between");
    window.get_by_role_and_label(egui::accesskit::Role::Slider, "Morph position").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    assert_eq!(active_name(&window), "76 % from face 3 to face 7");
    click(&mut window, "End morph");
    assert_eq!(active_name(&window), "face 7");
}

#[test]
fn fills_start_from_the_chosen_face() {
    let (mut window, engine) = editor_with_explore_open();
    click(&mut window, "Face 12");
    click(&mut window, "Use as start");
    window.get_by_label("Starts from face 12");
    press(&mut window, Modifiers::NONE, Key::X);
    start_fill(&mut window, &engine);
    let (_, request) = engine.newest_job();
    assert_eq!(request.start, SearchStart::spread_around(&sample_latent(12, 100), &request.settings));
    let steps = Settings { steps: 77, ..state(&window).preferences.settings };
    change_preferences(&mut window, |preferences| preferences.settings = steps);
    assert!(engine.was_sent(|command| matches!(command, WorkerCommand::SetLiveSettings(live) if live.steps == 77)));
    finish_fill(&mut window, &engine);
    click(&mut window, "Reset the start");
    assert!(window.query_by_label("Starts from face 12").is_none());
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(engine.newest_job().1.start, SearchStart::FromSettings);
}

#[test]
fn changing_the_model_clears_faces_and_start() {
    let (mut window, engine) = editor_with_explore_open();
    click(&mut window, "Face 12");
    click(&mut window, "Use as start");
    let other = ModelInfo { sha256: "1".repeat(64), latent_dim: 8, ..model() };
    engine.push_event(WorkerEvent::WarmedUp { device: super::scripted_engine::device(), model: other });
    window.run_steps(2);
    assert!(state(&window).explore.start_face().is_none() && active_name(&window) == "nothing");
    assert!(super::newest_message(&window).headline.contains("face 12 belongs to another model"));
    assert_eq!(engine.answer_face_request()[0], sample_latent(0, 8));
}

#[test]
fn try_again_loads_the_model_after_an_error() {
    let (mut window, engine) = editor_with_photo();
    press(&mut window, Modifiers::NONE, Key::X);
    engine.push_event(WorkerEvent::WarmUpFailed { message: "the model is damaged".to_owned() });
    window.run_steps(2);
    window.get_by_label("the model is damaged");
    let is_warm_up = |command: &WorkerCommand| matches!(command, WorkerCommand::WarmUp(..));
    assert!(!engine.was_sent(is_warm_up));
    click(&mut window, "Try again");
    assert!(engine.was_sent(is_warm_up));
    engine.report_ready();
    window.run_steps(2);
    let (id, _) = engine.face_requests().pop().expect("a request");
    engine.push_event(WorkerEvent::FacesFailed { id, message: "the device is lost".to_owned() });
    window.run_steps(3);
    window.get_by_label("the device is lost");
    assert_eq!(engine.face_requests().len(), 1, "it does not repeat the request");
}

#[test]
fn faces_wait_while_a_fill_runs() {
    let (mut window, engine) = editor_with_photo();
    paint(&mut window);
    open_explore(&mut window, &engine);
    press(&mut window, Modifiers::NONE, Key::Enter);
    click(&mut window, "More faces");
    window.get_by_label("New faces appear when the fill has finished");
    engine.report_start();
    finish_fill(&mut window, &engine);
    assert!(window.query_by_label("New faces appear when the fill has finished").is_none());
}

#[test]
fn faces_are_saved_renamed_and_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("latents.json");
    let (mut window, engine) = editor_with_photo();
    window.state_mut().state.explore.saved_faces = SavedFaces::with_path(path.clone());
    open_explore(&mut window, &engine);
    let is_free = |editor: &crate::app::Editor| editor.state.explore.saved_faces.disabled_reason().is_none();
    wait_for(&mut window, "the library", is_free);
    click(&mut window, "Face 12");
    assert!(!is_enabled(&window, "Save"), "a name is needed");
    explore(&mut window, ExploreAction::SetNameText("ann".to_owned()));
    click(&mut window, "Save");
    wait_for(&mut window, "the library", is_free);
    let found = |name: &str| {
        LatentLibrary::open(&path).expect("readable").find_latent(&LatentSource::parse(name), &model()).ok()
    };
    assert_eq!(found("ann"), Some(sample_latent(12, 100)));
    assert!(has_button(&window, "ann") && active_name(&window) == "ann");

    explore(&mut window, ExploreAction::SetNameText("smiling ann".to_owned()));
    click(&mut window, "Rename");
    wait_for(&mut window, "the library", is_free);
    assert!(found("ann").is_none() && found("smiling ann").is_some() && has_button(&window, "smiling ann"));

    click(&mut window, "Delete");
    wait_for(&mut window, "the library", is_free);
    assert!(found("smiling ann").is_none() && !has_button(&window, "smiling ann"));
    click(&mut window, "Save");
    wait_for(&mut window, "the library", is_free);
    assert!(found("smiling ann").is_some(), "a deleted face can be saved again");
}

#[test]
fn an_unreadable_library_is_reported_and_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("latents.json");
    std::fs::write(&path, "no library").expect("written");
    let (mut window, engine) = editor_with_photo();
    window.state_mut().state.explore.saved_faces = SavedFaces::with_path(path.clone());
    open_explore(&mut window, &engine);
    wait_for(&mut window, "the message", |editor| editor.widgets.toaster.latest().is_some());
    let message = super::newest_message(&window);
    assert!(message.details[0].contains("is not a library of latents"), "{message:?}");
    assert!(!state(&window).explore.saved_faces.must_be_read());
    assert_eq!(std::fs::read(&path).expect("the file exists"), b"no library");
}

#[test]
fn the_smallest_window_shows_all_explore_controls() {
    let (mut window, engine) = editor_of_size(1024.0, 700.0);
    open_explore(&mut window, &engine);
    click(&mut window, "Face 3");
    for name in ["Face 0", "Face 5", "Face 23", "More faces", "Average", "Deselect all", "Use as start", "Save"] {
        let bounds = button(&window, name).rect();
        assert!(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1024.0, 672.0)).contains_rect(bounds), "{name}");
    }
    press(&mut window, Modifiers::NONE, Key::X);
    assert!(!has_button(&window, "Face 0") && !state(&window).preferences.explore);
}

#[test]
fn the_real_engine_fills_from_an_explored_face() {
    let mut window = editor_with_real_engine("tiny-16.safetensors", 5);
    // Loads the model, as the start of the program does.
    window.state_mut().state.handle(Action::RetryModel);
    press(&mut window, Modifiers::NONE, Key::X);
    wait_for(&mut window, "the faces", |editor| {
        let explore = &editor.state.explore;
        explore.browser.faces().len() == 24
            && explore.shown_faces().all(|face| explore.thumbnails.get(&face.latent_hash()).is_some())
    });
    let explore = &state(&window).explore;
    let picture = |index: usize| explore.thumbnails.get(&explore.browser.faces()[index].latent_hash()).expect("drawn");
    assert!(picture(0).side_px == 16 && picture(0) != picture(1));
    click(&mut window, "Face 12");
    click(&mut window, "Use as start");
    // The start-face chip moves the Fill button, so the layout needs another frame.
    window.run_steps(2);
    click(&mut window, "Fill");
    wait_for(&mut window, "the fill", |editor| editor.state.has_fill());
    let document = state(&window).document.as_ref().expect("open");
    let outcome = &document.shown_face().expect("filled").fill.record.outcome;
    let settings = Settings { steps: 5, candidates: 2, ..Preset::Best.settings() };
    assert_eq!(outcome.start, SearchStart::spread_around(&sample_latent(12, 8), &settings));
    let node = button(&window, "Face 12");
    assert!(!node.accesskit_node().is_disabled());
}
