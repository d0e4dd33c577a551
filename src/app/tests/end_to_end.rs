//! End-to-end tests with the real search on tiny networks: open, paint, fill, compare, export, undo.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::Harness;

use super::export_and_close::{choose_path, wait_until_saved};
use super::open_paint_undo::paint;
use super::{TestWindow, click, newest_message, press, wait_for};
use crate::app::Editor;
use crate::app::fill::FrameSearchMode;
use crate::app::preferences::Preferences;
use crate::app::tasks::PathPurpose;
use crate::app::toasts::Severity;
use crate::device::DeviceChoice;
use crate::job::{StopReason, WorkerHandle};
use crate::model::ModelChoice;
use crate::search::{Preset, Settings};

/// An editor with this model and number of steps, and a sample photo with a painted mouth.
pub fn editor_with_real_engine<'a>(model: &str, steps: u32) -> TestWindow<'a> {
    let model = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/fixtures").join(model);
    let preferences = Preferences {
        model: ModelChoice::File(model),
        device: DeviceChoice::Cpu,
        settings: Settings { steps, candidates: 2, ..Preset::Best.settings() },
        ..Preferences::default()
    };
    let mut window = Harness::builder().with_size([1280.0, 820.0]).with_max_steps(16).build_eframe(|creation| {
        let context = creation.egui_ctx.clone();
        let worker = WorkerHandle::spawn(Arc::new(move |_| context.request_repaint()));
        Editor::new(&creation.egui_ctx, worker, preferences, None)
    });
    window.state_mut().state.fill.frame_search.mode = FrameSearchMode::Off;
    window.step();
    click(&mut window, "Sample: Eileen Collins");
    wait_for(&mut window, "the sample", |editor| editor.state.document.is_some());
    paint(&mut window);
    window
}

fn stop_reason(window: &TestWindow<'_>) -> Option<StopReason> {
    let document = window.state().state.document.as_ref().expect("open");
    document.shown_face().expect("a fill").fill.record.outcome.stopped.clone()
}

#[test]
fn open_paint_fill_compare_export_undo() {
    let mut window = editor_with_real_engine("tiny-16.safetensors", 30);
    window.state_mut().state.fill.frame_search.mode = FrameSearchMode::Detector;
    click(&mut window, "Fill");
    wait_for(&mut window, "the fill at full size", |editor| {
        let document = editor.state.document.as_ref().expect("open");
        document.shown_fill().is_some_and(|fill| fill.composition.key().is_some())
    });
    assert_eq!(stop_reason(&window), None);
    press(&mut window, Modifiers::NONE, Key::D);
    assert!(window.state().state.view.divider.is_some());

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("filled.png");
    choose_path(&mut window, PathPurpose::Export, &path, true);
    wait_until_saved(&mut window);
    let exported = image::open(&path).expect("a picture").to_rgb8();
    let document = window.state().state.document.as_ref().expect("open");
    let original = document.photo.pixels.to_rgb8();
    let changed: Vec<_> =
        exported.enumerate_pixels().filter(|(x, y, pixel)| *pixel != original.get_pixel(*x, *y)).collect();
    assert!(changed.len() > 100, "{} pixels", changed.len());
    assert!(changed.iter().all(|(x, y, _)| document.mask().is_hole(*x, *y)), "only the hole may change");

    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!window.state().state.has_fill(), "the first undo removes the fill");
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!window.state().state.document.as_ref().expect("open").has_hole(), "the second undo removes the stroke");
}

#[test]
fn escape_stops_a_fill_and_keeps_its_result() {
    let mut window = editor_with_real_engine("tiny-16.safetensors", Settings::MAX_STEPS);
    click(&mut window, "Fill");
    wait_for(&mut window, "progress", |editor| {
        editor.state.fill.running().is_some_and(|run| run.loss_history.latest_iteration() > 3)
    });
    press(&mut window, Modifiers::NONE, Key::Escape);
    wait_for(&mut window, "the end", |editor| !editor.state.fill.is_running());
    assert_eq!(stop_reason(&window), Some(StopReason::Cancelled));
}

#[test]
fn a_missing_model_shows_an_error() {
    let mut window = editor_with_real_engine("no-such-model.safetensors", 30);
    click(&mut window, "Fill");
    wait_for(&mut window, "the message", |editor| editor.widgets.toaster.latest().is_some());
    assert_eq!(newest_message(&window).severity, Severity::Error);
    let state = &window.state().state;
    assert!(!state.fill.is_running() && !state.has_fill());
    assert!(state.document.as_ref().expect("open").has_hole());
}
