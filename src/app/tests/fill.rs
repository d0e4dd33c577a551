//! A fill from the Fill button to its result, with the scripted engine.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable};

use super::open_paint_undo::{paint, paint_more};
use super::scripted_engine::{BEST, CANDIDATES, ScriptedEngine, device, model};
use super::{change_preferences, click, editor_with_photo, has_button, is_enabled, newest_message, press, wait_for};
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::fill::COMPOSING_FAILED;
use crate::app::state::{Action, EditorState};
use crate::app::toasts::Severity;
use crate::blend::BlendMode;
use crate::geometry::FaceFrame;
use crate::job::{StopReason, WorkerCommand, WorkerEvent};
use crate::search::Preset;

fn state<'w>(window: &'w super::TestWindow<'_>) -> &'w EditorState {
    &window.state().state
}

/// An editor with a painted hole and a running fill.
pub fn editor_with_running_fill<'a>() -> (super::TestWindow<'a>, std::sync::Arc<ScriptedEngine>) {
    let (mut window, engine) = editor_with_photo();
    start_fill(&mut window, &engine);
    (window, engine)
}

/// Paints a hole and starts a fill.
pub fn start_fill(window: &mut super::TestWindow<'_>, engine: &ScriptedEngine) {
    paint(window);
    press(window, Modifiers::NONE, Key::Enter);
    engine.report_start();
    window.run_steps(2);
}

/// An editor with a finished fill.
pub fn editor_with_fill<'a>() -> (super::TestWindow<'a>, std::sync::Arc<ScriptedEngine>) {
    let (mut window, engine) = editor_with_running_fill();
    finish_fill(&mut window, &engine);
    (window, engine)
}

/// Finishes the running fill and waits for its full-size picture.
pub fn finish_fill(window: &mut super::TestWindow<'_>, engine: &ScriptedEngine) {
    engine.report_progress(1, 150);
    engine.set_preview();
    engine.report_finish(150, None);
    window.run_steps(2);
    wait_until_composed(window);
}

pub fn wait_until_composed(window: &mut super::TestWindow<'_>) {
    wait_for(window, "the picture", |editor| {
        editor.state.document.as_ref().and_then(PhotoDocument::shown_fill).is_some_and(|fill| fill.composed().is_some())
    });
}

#[test]
fn a_fill_gets_the_hole_frame_and_settings() {
    let (window, engine) = editor_with_running_fill();
    let (_, request) = engine.newest_job();
    let document = state(&window).document.as_ref().expect("open");
    assert_eq!(request.hole, *document.mask());
    assert_eq!((request.frame, request.settings), (document.face_frame(), state(&window).preferences.settings));
}

#[test]
fn paint_outside_the_frame_shows_a_warning() {
    let (mut window, _engine) = editor_with_photo();
    paint(&mut window);
    let frame = state(&window).document.as_ref().expect("open").face_frame();
    let bounds = state(&window).document.as_ref().and_then(|document| document.mask().hole_bounds()).expect("painted");
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let [left, top, width, height] = [bounds.x, bounds.y, bounds.width, bounds.height].map(|value| value as f32);
    let mut warnings_at = |center_in_photo: [f32; 2], side_px: f32| {
        let action = DocumentAction::SetFrame(FaceFrame { center_in_photo, side_px, ..frame });
        window.state_mut().state.handle(Action::Document(action));
        window.run_steps(2);
        let is_label_shown = |text: &str| window.query_by_label(text).is_some();
        let partly = is_label_shown("Paint far outside the face frame is not filled");
        (is_enabled(&window, "Fill"), partly, is_label_shown("All paint is outside the face frame"))
    };
    assert_eq!(warnings_at(frame.center_in_photo, frame.side_px), (true, false, false));
    assert_eq!(warnings_at([left + width + 100.0, top], 16.0), (false, false, true));
    assert_eq!(warnings_at([left + width / 2.0, top + height / 2.0], 16.0), (true, true, false));
}

#[test]
fn a_running_fill_shows_progress_picture_and_losses() {
    let (mut window, engine) = editor_with_running_fill();
    assert!(has_button(&window, "Stop") && !has_button(&window, "Fill"));
    engine.report_progress(1, 73);
    engine.set_preview();
    window.run_steps(2);
    window.get_by_label(&format!("Iteration 73 of {}", Preset::Best.settings().steps));
    window.get_by_label("1.2 s left");
    assert!(has_button(&window, "Candidate 2, best"));
    assert!(!state(&window).derive().patches.is_empty() && !state(&window).is_hole_tinted());
    let losses = state(&window).derive().losses.expect("losses");
    assert!((losses.total - 1.0 / 73_f32.sqrt()).abs() < 1e-6, "losses of the best candidate: {losses:?}");
    // λ·prior is a fifth of the scripted losses.
    window.get_by_label("20 %");
}

#[test]
fn frame_and_export_are_locked_during_a_fill() {
    let (mut window, engine) = editor_with_running_fill();
    let frame = state(&window).document.as_ref().expect("open").face_frame();
    let moved = FaceFrame { side_px: frame.side_px * 2.0, ..frame };
    window.state_mut().state.handle(Action::Document(DocumentAction::SetFrame(moved)));
    assert_eq!(state(&window).document.as_ref().expect("open").face_frame(), frame);
    assert!(!is_enabled(&window, "Export…"));
    assert!(!engine.was_sent(|command| matches!(command, WorkerCommand::Cancel)));
}

#[test]
fn stop_keeps_the_best_result_so_far() {
    let (mut window, engine) = editor_with_running_fill();
    engine.report_progress(1, 20);
    engine.set_preview();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(has_button(&window, "Stopping…"), "shown before the engine answers");
    assert!(engine.was_sent(|command| matches!(command, WorkerCommand::Cancel)));
    engine.report_finish(20, Some(StopReason::Cancelled));
    window.run_steps(2);
    assert!(state(&window).has_fill() && has_button(&window, "Fill"));
    assert_eq!(newest_message(&window).headline, "Stopped. The best of 20 iterations is kept");
}

#[test]
fn stopping_before_the_first_iteration_shows_no_error() {
    let (mut window, engine) = editor_with_running_fill();
    click(&mut window, "Stop");
    engine.report_failure("Cancelled", "no iteration was done");
    window.run_steps(2);
    assert_eq!(newest_message(&window).severity, Severity::Info);
    assert!(!state(&window).has_fill() && state(&window).is_hole_tinted());
}

#[test]
fn a_failed_fill_shows_the_reason() {
    let (mut window, engine) = editor_with_running_fill();
    engine.report_failure("The device was lost: choose the CPU under Device", "out of memory");
    window.run_steps(2);
    let message = newest_message(&window);
    assert_eq!(
        (message.severity, message.details.as_slice()),
        (Severity::Error, ["out of memory".to_owned()].as_slice())
    );
    assert!(is_enabled(&window, "Fill") && state(&window).document.as_ref().expect("open").has_hole());
}

#[test]
fn an_interrupted_fill_keeps_its_result() {
    let (mut window, engine) = editor_with_running_fill();
    engine.set_preview();
    engine.report_finish(9, Some(StopReason::Failed("device lost".to_owned())));
    window.run_steps(2);
    assert!(state(&window).has_fill());
    assert_eq!(newest_message(&window).details[0], "device lost");
}

#[test]
fn pause_resume_and_step_reach_the_engine() {
    let (mut window, engine) = editor_with_running_fill();
    click(&mut window, "Pause");
    assert!(engine.was_sent(|command| matches!(command, WorkerCommand::Pause)));
    click(&mut window, "Resume");
    assert!(engine.was_sent(|command| matches!(command, WorkerCommand::Resume)));
    press(&mut window, Modifiers::NONE, Key::Period);
    assert!(engine.was_sent(|command| matches!(command, WorkerCommand::StepOnce)));
    assert!(has_button(&window, "Resume"), "a step pauses");
}

#[test]
fn lambda_and_steps_reach_a_running_search() {
    let (mut window, engine) = editor_with_running_fill();
    let mut settings = state(&window).preferences.settings;
    (settings.lambda, settings.steps) = (0.5, 300);
    change_preferences(&mut window, |preferences| preferences.settings = settings);
    assert!(engine.was_sent(|command| matches!(
        command,
        WorkerCommand::SetLiveSettings(live) if (live.lambda - 0.5).abs() < 1e-6 && live.steps == 300
    )));
    engine.report_progress(1, 10);
    window.run_steps(2);
    window.get_by_label("Iteration 10 of 300");
}

#[test]
fn events_of_an_older_fill_are_ignored() {
    let (mut window, engine) = editor_with_running_fill();
    let (job, _) = engine.newest_job();
    engine.push_event(WorkerEvent::Failed { job: job - 1, message: "old".to_owned(), causes: Vec::new() });
    window.run_steps(2);
    assert!(state(&window).fill.is_running());
}

#[test]
fn a_result_is_one_undo_step() {
    let (mut window, _) = editor_with_fill();
    assert!(!state(&window).is_hole_tinted() && !state(&window).derive().patches.is_empty());
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!state(&window).has_fill() && state(&window).is_hole_tinted());
    assert!(state(&window).document.as_ref().expect("open").has_hole(), "the stroke is still there");
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert!(state(&window).has_fill());
    wait_for(&mut window, "the picture again", |editor| !editor.state.derive().patches.is_empty());
}

#[test]
fn painting_after_a_fill_can_be_undone() {
    let (mut window, _) = editor_with_fill();
    paint_more(&mut window);
    assert!(state(&window).is_hole_tinted() && state(&window).has_fill());
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert!(!state(&window).is_hole_tinted());
}

#[test]
fn a_finished_fill_shows_the_best_candidate() {
    let (window, _) = editor_with_fill();
    let document = state(&window).document.as_ref().expect("open");
    let fill = document.shown_fill().expect("filled");
    assert_eq!(fill.faces[0].record().look.candidate, BEST);
    let patch = &fill.composition.value().expect("drawn")[0];
    assert_eq!((patch.width, patch.height), (patch.rect_in_photo.width, patch.rect_in_photo.height));
}

#[test]
fn number_keys_choose_a_candidate() {
    let (mut window, _) = editor_with_fill();
    assert_eq!(state(&window).candidate_count(), CANDIDATES);
    let shown_variant = |window: &super::TestWindow<'_>| {
        state(window).document.as_ref().and_then(PhotoDocument::shown_face).expect("filled").fill.record.look
    };
    press(&mut window, Modifiers::NONE, Key::Num3);
    assert_eq!(shown_variant(&window).candidate, 0, "the third in order is the worst");
    wait_for(&mut window, "its picture", |editor| {
        let fill = editor.state.document.as_ref().and_then(PhotoDocument::shown_fill).expect("filled");
        fill.composition.key().is_some_and(|composed| composed[0].candidate == 0)
    });
    press(&mut window, Modifiers::NONE, Key::Num9);
    assert_eq!(shown_variant(&window).candidate, 0, "there is no ninth candidate");
    press(&mut window, Modifiers::NONE, Key::A);
    assert_eq!(shown_variant(&window).candidate, BEST);
    click(&mut window, "Candidate 2");
    assert_eq!(shown_variant(&window).candidate, 2);
}

#[test]
fn the_chosen_candidate_reaches_a_running_search() {
    let (mut window, engine) = editor_with_running_fill();
    engine.set_preview();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Num1);
    assert!(engine.was_sent(|command| matches!(command, WorkerCommand::ShowCandidate(Some(0)))));
}

#[test]
fn changing_the_blend_composes_the_fill_again() {
    let (mut window, _) = editor_with_fill();
    change_preferences(&mut window, |preferences| preferences.blend = BlendMode::None.into());
    wait_for(&mut window, "the picture", |editor| {
        let fill = editor.state.document.as_ref().and_then(PhotoDocument::shown_fill).expect("filled");
        fill.composition.key().is_some_and(|composed| composed[0].blend.mode == BlendMode::None)
    });
}

#[test]
fn the_detail_slider_composes_the_fill_again() {
    let (mut window, _) = editor_with_fill();
    window.get_by_label("More").click();
    window.run_steps(4);
    window.get_by_role_and_label(egui::accesskit::Role::Slider, "Detail").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::ArrowLeft);
    let percent = state(&window).preferences.blend.detail_percent;
    assert!(percent < 100, "{percent}");
    wait_for(&mut window, "the picture", |editor| {
        let fill = editor.state.document.as_ref().and_then(PhotoDocument::shown_fill).expect("filled");
        fill.composition.key().is_some_and(|composed| composed[0].blend.detail_percent == percent)
    });
}

#[test]
fn a_dragged_detail_slider_composes_one_picture_at_a_time() {
    let (mut window, _) = editor_with_fill();
    for percent in (0..100).rev() {
        change_preferences(&mut window, |preferences| preferences.blend.detail_percent = percent);
    }
    wait_for(&mut window, "the last position", |editor| {
        let fill = editor.state.document.as_ref().and_then(PhotoDocument::shown_fill).expect("filled");
        fill.composition.key().is_some_and(|composed| composed[0].blend.detail_percent == 0)
    });
    assert_eq!(state(&window).outbox.most_tasks(COMPOSING_FAILED), 1);
}

#[test]
fn redrawing_the_hole_is_switched_under_more() {
    let (mut window, engine) = editor_with_fill();
    window.get_by_label("More").click();
    window.run_steps(4);
    assert!(window.get_by_label("Redraw the hole").accesskit_node().is_disabled(), "face-64 has no such network");
    let model = crate::model::inspect(&crate::model::ModelChoice::Face128).expect("built in");
    engine.push_event(WorkerEvent::WarmedUp { device: device(), model });
    window.run_steps(2);
    let before = state(&window).preferences.blend.completion;
    window.get_by_label("Redraw the hole").click_accesskit();
    window.run_steps(2);
    assert_eq!(state(&window).preferences.blend.completion, !before);
    wait_for(&mut window, "the picture", |editor| {
        let fill = editor.state.document.as_ref().and_then(PhotoDocument::shown_fill).expect("filled");
        fill.composition.key().is_some_and(|composed| composed[0].blend.completion != before)
    });
}

#[test]
fn the_status_bar_shows_the_device_notice() {
    let (mut window, engine) = editor_with_photo();
    window.get_by_label("Preparing the device and the model…");
    engine.push_event(WorkerEvent::WarmedUp { device: device(), model: model() });
    window.run_steps(2);
    window.get_by_label("No GPU here: the CPU does the work");
}

#[test]
fn the_status_bar_reports_a_device_failure() {
    let (mut window, engine) = editor_with_running_fill();
    engine.report_finish(150, None);
    engine.push_event(WorkerEvent::WarmUpFailed { message: "the GPU broke down".to_owned() });
    window.run_steps(2);
    window.get_by_label("The device or the model is not ready");
}

#[test]
fn the_before_key_and_the_divider_work() {
    let (mut window, _) = editor_with_fill();
    window.key_down(Key::Backslash);
    window.run_steps(2);
    assert!(state(&window).view.show_before);
    window.key_up(Key::Backslash);
    window.run_steps(2);
    assert!(!state(&window).view.show_before);
    press(&mut window, Modifiers::NONE, Key::D);
    assert!(state(&window).view.divider.is_some());
    press(&mut window, Modifiers::NONE, Key::D);
    assert!(state(&window).view.divider.is_none());
}

#[test]
fn a_poorly_fitting_fill_shows_a_warning() {
    let (mut window, engine) = editor_with_running_fill();
    engine.set_preview();
    engine.report_finish_explaining(150, None, Some(0.01));
    window.run_steps(2);
    let message = newest_message(&window);
    assert!(message.headline.starts_with("This does not look like a face"), "{}", message.headline);
    assert!(state(&window).document.as_ref().is_some_and(|document| document.shown_fill().is_some()));
}
