//! The Explore window: pages of faces, selection, interpolation, saved faces, and a face as the start of a fill.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{By, NodeT as _, Queryable};

use super::engine::{Script, model};
use super::filling::{finish, start};
use super::whole::painted;
use super::work::paint;
use super::{
    Window, button, click, editor, editor_of_size, editor_with_photo, has_button, is_enabled, press, wait_for,
};
use crate::app::explore::Wish;
use crate::app::state::{Action, State};
use crate::device::DeviceChoice;
use crate::explore::{Library, Source, between, mean, sample};
use crate::job::{Command, Event, Start};
use crate::model::ModelInfo;
use crate::search::{Preset, Settings};

fn state<'w>(window: &'w Window<'_>) -> &'w State {
    &window.state().state
}

fn wish(window: &mut Window<'_>, wish: Wish) {
    window.state_mut().state.handle(Action::Explore(wish));
    window.run_steps(2);
}

fn chosen<'w>(window: &'w Window<'_>) -> &'w str {
    state(window).explorer.desk.chosen().map_or("nothing", |face| face.name.as_str())
}

/// Opens the window and answers its request for faces.
fn open(window: &mut Window<'_>, script: &Script) {
    press(window, Modifiers::NONE, Key::X);
    script.be_ready();
    window.run_steps(2);
    script.draw_faces();
    window.run_steps(2);
}

fn exploring<'a>() -> (Window<'a>, std::sync::Arc<Script>) {
    let (mut window, script) = editor_with_photo();
    open(&mut window, &script);
    (window, script)
}

#[test]
fn the_first_page_is_requested_once_after_loading() {
    let (mut window, script) = editor();
    press(&mut window, Modifiers::NONE, Key::X);
    window.get_by_label_contains("The model is loading");
    assert!(script.asked_faces().is_empty());
    script.be_ready();
    window.run_steps(3);
    let (_, request) = script.asked_faces().pop().expect("asked");
    assert_eq!(request.latents, (0..24).map(|number| sample(number, 100)).collect::<Vec<_>>());
    script.draw_faces();
    window.run_steps(3);
    assert_eq!(script.asked_faces().len(), 1);
    assert!(has_button(&window, "Face 0") && has_button(&window, "Face 23") && !has_button(&window, "Face 24"));
}

#[test]
fn more_faces_shows_the_next_page() {
    let (mut window, script) = exploring();
    click(&mut window, "More faces");
    assert_eq!(script.draw_faces()[0], sample(24, 100));
    window.run_steps(2);
    wish(&mut window, Wish::ShowFrom(500));
    assert_eq!(script.draw_faces()[23], sample(523, 100));
    window.get(By::new().role(egui::accesskit::Role::SpinButton).label("Faces from number"));
    click(&mut window, "Random page");
    assert_ne!(state(&window).explorer.desk.first(), 500);
}

#[test]
fn average_shows_the_mean_of_selected_faces() {
    let (mut window, script) = exploring();
    assert!(!is_enabled(&window, "Average") && !is_enabled(&window, "Vary") && !is_enabled(&window, "Morph"));
    for name in ["Face 3", "Face 7", "Face 9"] {
        click(&mut window, name);
    }
    assert!(!is_enabled(&window, "Morph"), "a walk needs two faces");
    click(&mut window, "Face 9");
    assert_eq!(chosen(&window), "face 7");
    click(&mut window, "Average");
    assert_eq!(script.draw_faces(), [mean(&[sample(3, 100), sample(7, 100)]).expect("two")]);
    assert_eq!(chosen(&window), "average of face 3, face 7");
    window.run_steps(2);
    click(&mut window, "Deselect all");
    assert_eq!(chosen(&window), "nothing");
}

#[test]
fn vary_shows_variations_and_back_returns() {
    let (mut window, script) = exploring();
    click(&mut window, "Face 3");
    click(&mut window, "Vary");
    assert_eq!(script.draw_faces().len(), 23, "the face itself is already there");
    window.run_steps(2);
    assert!(has_button(&window, "Variation 1 of face 3"));
    click(&mut window, "Back");
    assert!(has_button(&window, "Face 0"));
}

#[test]
fn a_walk_requests_one_picture_at_a_time() {
    let (mut window, script) = exploring();
    click(&mut window, "Face 3");
    click(&mut window, "Face 7");
    click(&mut window, "Morph");
    let at = |share: f32| between(&sample(3, 100), &sample(7, 100), share);
    let asked = script.asked_faces().len();
    wish(&mut window, Wish::SetShare(0.25));
    wish(&mut window, Wish::SetShare(0.75));
    assert_eq!(script.asked_faces().len(), asked, "the middle is still being drawn");
    assert_eq!(script.draw_faces(), [at(0.5)]);
    window.run_steps(2);
    assert_eq!(script.draw_faces(), [at(0.75)], "then the newest position, skipping those between");
    window.get_by_role_and_label(egui::accesskit::Role::Slider, "Morph position").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    assert_eq!(chosen(&window), "76 % from face 3 to face 7");
    click(&mut window, "End morph");
    assert_eq!(chosen(&window), "face 7");
}

#[test]
fn fills_start_at_the_chosen_face() {
    let (mut window, script) = exploring();
    click(&mut window, "Face 12");
    click(&mut window, "Use as start");
    window.get_by_label("Starts from face 12");
    press(&mut window, Modifiers::NONE, Key::X);
    start(&mut window, &script);
    let (_, request) = script.job();
    assert_eq!(request.start, Start::spread_around(&sample(12, 100), &request.settings));
    let steps = Settings { steps: 77, ..state(&window).remembered.settings };
    window.state_mut().state.handle(Action::SetSettings(steps));
    assert!(script.was_sent(|command| matches!(command, Command::Update(live) if live.steps == 77)));
    finish(&mut window, &script);
    click(&mut window, "Reset the start");
    assert!(window.query_by_label("Starts from face 12").is_none());
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(script.job().1.start, Start::AsSet);
}

#[test]
fn changing_the_model_clears_faces_and_start() {
    let (mut window, script) = exploring();
    click(&mut window, "Face 12");
    click(&mut window, "Use as start");
    let other = ModelInfo { sha256: "1".repeat(64), latent_dim: 8, ..model() };
    script.tell(Event::Ready { device: super::engine::device(), model: other });
    window.run_steps(2);
    assert!(state(&window).explorer.start().is_none() && chosen(&window) == "nothing");
    assert!(super::newest_message(&window).headline.contains("face 12 belongs to another model"));
    assert_eq!(script.draw_faces()[0], sample(0, 8));
}

#[test]
fn try_again_loads_the_model_after_an_error() {
    let (mut window, script) = editor_with_photo();
    press(&mut window, Modifiers::NONE, Key::X);
    script.tell(Event::NotReady { message: "the model is damaged".to_owned() });
    window.run_steps(2);
    window.get_by_label("the model is damaged");
    let is_warm_up = |command: &Command| matches!(command, Command::WarmUp(..));
    assert!(!script.was_sent(is_warm_up));
    click(&mut window, "Try again");
    assert!(script.was_sent(is_warm_up));
    script.be_ready();
    window.run_steps(2);
    let (faces, _) = script.asked_faces().pop().expect("asked");
    script.tell(Event::NotDrawn { faces, message: "the device is lost".to_owned() });
    window.run_steps(3);
    window.get_by_label("the device is lost");
    assert_eq!(script.asked_faces().len(), 1, "it does not repeat the request");
}

#[test]
fn faces_wait_while_a_fill_runs() {
    let (mut window, script) = editor_with_photo();
    paint(&mut window);
    open(&mut window, &script);
    press(&mut window, Modifiers::NONE, Key::Enter);
    click(&mut window, "More faces");
    window.get_by_label("New faces appear when the fill has finished");
    script.start();
    finish(&mut window, &script);
    assert!(window.query_by_label("New faces appear when the fill has finished").is_none());
}

#[test]
fn faces_are_saved_renamed_and_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("latents.json");
    let (mut window, script) = editor_with_photo();
    window.state_mut().state.keep_faces_in(path.clone());
    open(&mut window, &script);
    let is_free = |editor: &crate::app::Editor| editor.state.explorer.shelf.obstacle().is_none();
    wait_for(&mut window, "the library", is_free);
    click(&mut window, "Face 12");
    assert!(!is_enabled(&window, "Save"), "a name is needed");
    wish(&mut window, Wish::TypeName("ann".to_owned()));
    click(&mut window, "Save");
    wait_for(&mut window, "the library", is_free);
    let found = |name: &str| Library::open(&path).expect("readable").find(&Source::parse(name), &model()).ok();
    assert_eq!(found("ann"), Some(sample(12, 100)));
    assert!(has_button(&window, "ann") && chosen(&window) == "ann");

    wish(&mut window, Wish::TypeName("smiling ann".to_owned()));
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
    let (mut window, script) = editor_with_photo();
    window.state_mut().state.keep_faces_in(path.clone());
    open(&mut window, &script);
    wait_for(&mut window, "the message", |editor| editor.toaster.newest().is_some());
    assert!(super::newest_message(&window).headline.contains("is not a library of latents"));
    assert!(!state(&window).explorer.shelf.is_unread());
    assert_eq!(std::fs::read(&path).expect("there"), b"no library");
}

#[test]
fn the_smallest_window_shows_all_explore_controls() {
    let (mut window, script) = editor_of_size(1024.0, 700.0);
    open(&mut window, &script);
    click(&mut window, "Face 3");
    for name in ["Face 0", "Face 5", "Face 23", "More faces", "Average", "Deselect all", "Use as start", "Save"] {
        let bounds = button(&window, name).rect();
        assert!(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1024.0, 672.0)).contains_rect(bounds), "{name}");
    }
    press(&mut window, Modifiers::NONE, Key::X);
    assert!(!has_button(&window, "Face 0") && !state(&window).remembered.explore);
}

#[test]
fn the_real_engine_fills_from_an_explored_face() {
    let mut window = painted("tiny-16.safetensors", 5);
    window.state_mut().state.handle(Action::SetDevice(DeviceChoice::Cpu));
    press(&mut window, Modifiers::NONE, Key::X);
    wait_for(&mut window, "the faces", |editor| {
        let explorer = &editor.state.explorer;
        explorer.desk.faces().len() == 24 && explorer.shown().all(|face| explorer.album.picture(face).is_some())
    });
    let explorer = &state(&window).explorer;
    let picture = |place: usize| explorer.album.picture(&explorer.desk.faces()[place]).expect("drawn");
    assert!(picture(0).dimensions() == (16, 16) && picture(0) != picture(1));
    click(&mut window, "Face 12");
    click(&mut window, "Use as start");
    // The chip moves the Fill button.
    window.run_steps(2);
    click(&mut window, "Fill");
    wait_for(&mut window, "the fill", |editor| editor.state.has_result());
    let document = state(&window).document.as_ref().expect("open");
    let outcome = &document.fill().expect("filled").outcome;
    let settings = Settings { steps: 5, candidates: 2, ..Preset::Best.settings() };
    assert_eq!(outcome.start, Start::spread_around(&sample(12, 8), &settings));
    let node = button(&window, "Face 12");
    assert!(!node.accesskit_node().is_disabled());
}
