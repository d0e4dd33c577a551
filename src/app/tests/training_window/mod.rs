//! The Training window, with synthetic run folders.

mod samples;

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{By, Queryable};
use tempfile::TempDir;

use super::{TestWindow, click, editor, editor_with_photo, is_enabled, newest_message, press, wait_for};
use crate::app::dialogs::DialogAction;
use crate::app::state::{Action, EditorState};
use crate::app::tasks::{DialogAnswer, PathPurpose};
use crate::app::toasts::Severity;
use crate::app::training::folder_not_shown;
use crate::app::training::{FollowedRun, TrainingAction};
use crate::model::ModelChoice;
use crate::train::{TrainEnd, TrainSettings};

/// A run folder with log rows at these steps.
pub fn run_folder(steps: &[u64]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = TrainSettings { steps: 1000, batch: 32, width: 16, ..TrainSettings::default() };
    fs::write(folder.path().join("config.json"), serde_json::to_string(&settings).expect("serializable"))
        .expect("written");
    append(folder.path(), "log.csv", "step,images,elapsed_secs,images_per_sec,d_loss,d_real,d_fake,g_loss,redraw\n");
    for step in steps {
        append(folder.path(), "log.csv", &log_row(*step));
    }
    folder
}

/// A log row at 64 images/s, which is two steps per second.
fn log_row(step: u64) -> String {
    format!("{step},{},{},64.0,1.25,0.75,0.25,0.5,0.125\n", step * 32, step / 2)
}

fn append(run: &Path, name: &str, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(run.join(name)).expect("opened");
    file.write_all(text.as_bytes()).expect("written");
}

fn act(window: &mut TestWindow<'_>, action: TrainingAction) {
    window.state_mut().state.handle(Action::Training(action));
}

fn poll(window: &mut TestWindow<'_>, now: Instant) -> Option<Duration> {
    let EditorState { training, outbox, .. } = &mut window.state_mut().state;
    training.poll(now, outbox)
}

fn followed<'w>(window: &'w TestWindow<'_>) -> &'w FollowedRun {
    window.state().state.training.followed.as_ref().expect("a run is followed")
}

/// Opens the window with its shortcut and follows the run at this path.
fn follow(window: &mut TestWindow<'_>, run: &Path) {
    press(window, Modifiers::COMMAND, Key::T);
    act(window, TrainingAction::EditPath(run.display().to_string()));
    window.run_steps(2);
    click(window, "Follow");
}

fn follow_until_shown(window: &mut TestWindow<'_>, run: &Path) {
    follow(window, run);
    wait_for(window, "the run", |editor| {
        editor.state.training.followed.as_ref().is_some_and(|run| run.view().is_some())
    });
    window.run_steps(2);
}

/// Advances the editor's clock, so that it reads the run again, and waits for a condition.
fn wait_for_run(window: &mut TestWindow<'_>, what: &str, condition: impl Fn(&FollowedRun) -> bool) {
    let mut hours = 0;
    let deadline = Instant::now() + super::TASK_TIMEOUT;
    while !condition(followed(window)) {
        assert!(Instant::now() < deadline, "timeout: {what}");
        hours += 1;
        window.state_mut().now = Box::new(move || Instant::now() + Duration::from_hours(hours));
        std::thread::sleep(Duration::from_millis(2));
        window.step();
    }
    window.run_steps(2);
}

fn is_shown(window: &TestWindow<'_>, text: &str) -> bool {
    window.query_all(By::new().label_contains(text)).next().is_some()
}

#[test]
fn a_followed_run_shows_charts_and_progress() {
    let run = run_folder(&[20, 40]);
    let (mut window, _) = editor();
    follow_until_shown(&mut window, run.path());
    for text in
        ["Running", "step 40 of 1000 · 64.0 images/s · 8 min left", "Recipe encoder · 64 × 64 pixels · width 16"]
    {
        assert!(is_shown(&window, text), "{text}");
    }
    for chart in
        ["Losses: G 0.50 at step 40, D 1.2 at step 40", "D outputs: Real 0.75 at step 40, Generated 0.25 at step 40"]
    {
        window.get(By::new().role(Role::Image).label(chart));
    }
    assert!(!is_shown(&window, "Gradient norms"), "the run has no such column");
    append(run.path(), "log.csv", &log_row(60));
    append(run.path(), "log.csv", "80,2560,4");
    wait_for_run(&mut window, "step 60", |run| run.view().is_some_and(|view| view.step == 60));
    assert!(is_shown(&window, "step 60 of 1000"));
    append(run.path(), "log.csv", "0,64.0,1.25,0.75,0.25,0.5,0.125\n");
    wait_for_run(&mut window, "step 80", |run| run.view().is_some_and(|view| view.step == 80));
    assert_eq!(window.state().state.preferences.training_run.as_deref(), Some(run.path()));
}

#[test]
fn reopening_the_window_continues_with_the_run() {
    let run = run_folder(&[20]);
    let (mut window, _) = editor();
    click(&mut window, "Training…");
    assert!(window.state().state.training.is_open);
    act(&mut window, TrainingAction::Toggle);
    follow_until_shown(&mut window, run.path());
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!window.state().state.training.is_open && !is_shown(&window, "Running"));
    append(run.path(), "log.csv", &log_row(40));
    press(&mut window, Modifiers::COMMAND, Key::T);
    wait_for(&mut window, "step 40", |editor| {
        editor.state.training.followed.as_ref().and_then(FollowedRun::view).is_some_and(|view| view.step == 40)
    });
}

#[test]
fn a_closed_window_does_not_read_the_run() {
    let run = run_folder(&[20]);
    let (mut window, _) = editor();
    follow_until_shown(&mut window, run.path());
    let later = Instant::now() + Duration::from_hours(1);
    assert_eq!(poll(&mut window, later), None, "a reading task repaints the window when it ends");
    act(&mut window, TrainingAction::Toggle);
    assert_eq!(poll(&mut window, later + Duration::from_hours(1)), None);
}

#[test]
fn the_editor_can_use_the_runs_models() {
    let run = run_folder(&[20]);
    let (mut window, _) = editor_with_photo();
    follow_until_shown(&mut window, run.path());
    assert!(!is_enabled(&window, "Use the best model") && !is_enabled(&window, "Use the newest model"));
    append(run.path(), "quality.csv", "step,context_loss,hole_l1,kid,diversity\n");
    append(run.path(), "quality.csv", "100,0.5,0.5,NaN,0.1\n200,0.125,0.5,3.0,0.1\n300,0.25,0.5,2.0,0.1\n");
    fs::write(run.path().join("best.safetensors"), crate::model::TINY_MODEL).expect("written");
    wait_for_run(&mut window, "the best", |run| run.view().is_some_and(|view| view.has_best_model));
    assert_eq!(followed(&window).view().and_then(|view| view.best).map(|best| best.step), Some(200));
    assert!(!is_enabled(&window, "Use the newest model"));
    click(&mut window, "Use the best model");
    wait_for(&mut window, "the model", |editor| editor.state.engine.model.is_some());
    let expected = ModelChoice::File(run.path().join("best.safetensors"));
    assert_eq!(window.state().state.preferences.model, expected);
    fs::write(run.path().join("model.safetensors"), "half a model").expect("written");
    wait_for_run(&mut window, "the newest", |run| run.view().is_some_and(|view| view.has_newest_model));
    click(&mut window, "Use the newest model");
    wait_for(&mut window, "the message", |editor| {
        editor.widgets.toaster.latest().is_some_and(|message| message.severity == Severity::Error)
    });
    assert_eq!(window.state().state.preferences.model, expected, "the model in use stays");
}

#[test]
fn stopping_and_ending_a_run_is_shown() {
    let run = run_folder(&[20]);
    let (mut window, _) = editor();
    follow_until_shown(&mut window, run.path());
    click(&mut window, "Stop after this step");
    wait_for(&mut window, "the request", |_| run.path().join("stop").exists());
    wait_for_run(&mut window, "the answer", |run| run.folder().is_stop_requested());
    wait_for(&mut window, "the status", |editor| {
        let view = editor.state.training.followed.as_ref().and_then(FollowedRun::view);
        view.is_some_and(|view| view.status.text() == "Stopping after this step")
    });
    assert!(!is_enabled(&window, "Stop after this step"));
    fs::remove_file(run.path().join("stop")).expect("removed");
    for (end, text) in [
        (TrainEnd::Stopped, "Stopped: continue with the same command and --resume"),
        (TrainEnd::Done, "Finished"),
        (TrainEnd::Failed("g_loss is NaN or infinite".into()), "Failed: g_loss is NaN or infinite"),
    ] {
        fs::write(run.path().join("ended.json"), serde_json::to_string(&end).expect("serializable")).expect("written");
        wait_for_run(&mut window, text, |run| run.view().is_some_and(|view| view.status.text() == text));
        window.get(By::new().role(Role::Status).label(text));
        assert!(!is_enabled(&window, "Stop after this step"));
        assert!(followed(&window).view().is_some_and(|view| view.remaining.is_none()));
    }
}

#[test]
fn a_silent_run_shows_a_warning() {
    let run = run_folder(&[20]);
    let past = SystemTime::now() - Duration::from_mins(5);
    for name in ["log.csv", "config.json"] {
        let file = File::options().append(true).open(run.path().join(name)).expect("opened");
        file.set_modified(past).expect("time set");
    }
    let (mut window, _) = editor();
    follow_until_shown(&mut window, run.path());
    assert!(is_shown(
        &window,
        "No updates for 5 min: if the run was killed, continue with the same command and --resume"
    ));
    assert!(is_enabled(&window, "Stop after this step"));
}

#[test]
fn a_missing_run_is_followed_once_it_exists() {
    let parent = tempfile::tempdir().expect("a folder");
    let path = parent.path().join("later");
    let (mut window, _) = editor();
    follow(&mut window, &path);
    wait_for(&mut window, "the error", |editor| {
        editor.state.training.followed.as_ref().is_some_and(|run| run.error().is_some())
    });
    assert!(is_shown(&window, "There is no folder"));
    fs::create_dir(&path).expect("created");
    wait_for_run(&mut window, "no run", |run| run.error().is_some_and(|text| text.contains("holds no run")));
    assert!(is_shown(&window, "choose the --out folder of `countenance train`"));
    let source = run_folder(&[20]);
    for name in ["config.json", "log.csv"] {
        fs::copy(source.path().join(name), path.join(name)).expect("copied");
    }
    wait_for_run(&mut window, "the run", |run| run.view().is_some() && run.error().is_none());
    fs::remove_dir_all(&path).expect("removed");
    // The files disappear one by one, so the folder may first look like one without a run.
    wait_for_run(&mut window, "the error", |run| run.error().is_some_and(|text| text.contains("There is no folder")));
    assert!(is_shown(&window, "There is no folder") && is_shown(&window, "step 20 of 1000"), "the last view stays");
}

#[test]
fn the_path_can_be_typed_without_a_dialog() {
    let run = run_folder(&[20]);
    let (mut window, _) = editor();
    window.state_mut().state.dialog_closed(PathPurpose::FollowTrainingRun, DialogAnswer::NoDialog);
    window.run_steps(2);
    window.state_mut().state.handle(Action::Dialog(DialogAction::SetPathText(run.path().display().to_string())));
    window.state_mut().state.handle(Action::SubmitPath { replace: false });
    window.run_steps(2);
    assert!(window.state().state.training.is_open && window.state().state.dialogs.path_bar.is_none());
    assert_eq!(followed(&window).folder().path(), run.path());
}

#[test]
fn a_failed_file_manager_shows_the_path() {
    let (mut window, _) = editor();
    window.state_mut().state.outbox.tell(folder_not_shown("/runs/mine".as_ref()));
    window.run_steps(2);
    assert_eq!(newest_message(&window).details, ["/runs/mine"]);
}
