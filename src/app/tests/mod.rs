//! Editor tests. A scripted engine replaces the search, and the tests find widgets by label, as a user does.

mod areas;
mod batch_window;
mod broken_disks;
mod candidate_strip;
mod chinese;
mod clipboard;
mod costs;
mod end_to_end;
mod explore_window;
mod export_and_close;
mod face_edit;
mod face_regions;
mod face_selection;
mod fill;
mod first_guess;
mod frame_search;
mod how_it_works;
mod ignored;
mod image_tasks;
mod linux_packages;
mod live_edits;
mod maps;
mod messages;
mod mixing;
mod open_paint_undo;
mod photo_series;
mod project_photos;
mod projects;
mod recovery;
mod screen_reader;
mod scripted_engine;
mod settings_panel;
mod several_faces;
mod soak;
mod system_fonts;
mod task_panics;
mod timeline;
mod training_window;
mod two_windows;
mod zoom_to_face;

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT as _, Queryable};

use super::dialogs::DocumentSource;
use super::fill::FrameSearchMode;
use super::preferences::Preferences;
use super::sample_portraits::SamplePortrait;
use super::state::Action;
use super::{Editor, toasts::UserMessage};
use scripted_engine::ScriptedEngine;

type TestWindow<'a> = Harness<'a, Editor>;

/// An editor of this size without a photo, and its scripted engine.
fn editor_of_size<'a>(width: f32, height: f32) -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    editor_at_scale(width, height, 1.0)
}

/// An editor of this size in points, on a screen with this many pixels per point.
fn editor_at_scale<'a>(width: f32, height: f32, pixels_per_point: f32) -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    let (worker, engine) = ScriptedEngine::connected();
    let mut harness = Harness::builder()
        .with_size([width, height])
        .with_pixels_per_point(pixels_per_point)
        .with_max_steps(16)
        .build_eframe(|creation| Editor::new(&creation.egui_ctx, worker, Preferences::default(), None));
    harness.state_mut().state.fill.frame_search.mode = FrameSearchMode::Off;
    harness.step();
    (harness, engine)
}

fn editor<'a>() -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    editor_of_size(1280.0, 820.0)
}

/// An editor with a sample photo open.
fn editor_with_photo<'a>() -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    let (mut window, engine) = editor();
    open_sample(&mut window);
    (window, engine)
}

fn open_sample(window: &mut TestWindow<'_>) {
    window.state_mut().state.handle(Action::Open(DocumentSource::Sample(SamplePortrait::Astronaut)));
    wait_for(window, "the photo", |editor| editor.state.document.is_some());
}

/// Timeout for background tasks, far longer than they need.
const TASK_TIMEOUT: Duration = Duration::from_secs(20);

fn wait_for(window: &mut TestWindow<'_>, what: &str, condition: impl Fn(&Editor) -> bool) {
    let deadline = Instant::now() + TASK_TIMEOUT;
    while !condition(window.state()) {
        assert!(Instant::now() < deadline, "timeout: {what}");
        std::thread::sleep(Duration::from_millis(2));
        window.step();
    }
    window.step();
}

/// Changes the preferences, as the settings panel does, and runs the editor until it has reacted.
fn change_preferences(window: &mut TestWindow<'_>, change: impl FnOnce(&mut Preferences)) {
    let mut preferences = window.state().state.preferences.clone();
    change(&mut preferences);
    window.state_mut().state.handle(Action::SetPreferences(Box::new(preferences)));
    window.run_steps(2);
}

/// Presses a key and runs the editor until it has reacted.
fn press(window: &mut TestWindow<'_>, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(2);
}

/// Clicks the only button of this name.
fn click(window: &mut TestWindow<'_>, name: &str) {
    button(window, name).click();
    window.run_steps(2);
}

fn button<'w>(window: &'w TestWindow<'_>, name: &'w str) -> egui_kittest::Node<'w> {
    window.get(By::new().role(egui::accesskit::Role::Button).label(name))
}

fn has_button(window: &TestWindow<'_>, name: &str) -> bool {
    window.query(By::new().role(egui::accesskit::Role::Button).label(name)).is_some()
}

fn is_enabled(window: &TestWindow<'_>, name: &str) -> bool {
    !button(window, name).accesskit_node().is_disabled()
}

fn newest_message<'w>(window: &'w TestWindow<'_>) -> &'w UserMessage {
    window.state().widgets.toaster.latest().expect("a message")
}
