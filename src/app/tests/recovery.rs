//! Recovery of unsaved work. Dropping a window without `on_exit` stands for a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use eframe::App as _;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::export_and_close::{choose_path, wait_until_saved};
use super::fill::{finish_fill, start_fill, wait_until_composed};
use super::open_paint_undo::paint;
use super::projects::{as_project, assert_same_project};
use super::scripted_engine::ScriptedEngine;
use super::{TestWindow, button, click, has_button, newest_message, wait_for};
use crate::app::Editor;
use crate::app::autosave::find_recoverable;
use crate::app::dialogs::{DocumentSource, SaveAnswer};
use crate::app::document::DocumentAction;
use crate::app::fill::FrameSearchMode;
use crate::app::preferences::Preferences;
use crate::app::sample_portraits::SamplePortrait;
use crate::app::state::Action;
use crate::app::tasks::PathPurpose;
use crate::app::toasts::{Severity, UserMessage};

/// A clock that only the test advances.
#[derive(Clone, Default)]
struct TestClock(Arc<AtomicU64>);

impl TestClock {
    fn advance(&self, secs: u64) {
        self.0.fetch_add(secs, Ordering::Relaxed);
    }

    fn reader(&self) -> Box<dyn Fn() -> Instant> {
        let (start, clock) = (Instant::now(), self.clone());
        Box::new(move || start + Duration::from_secs(clock.0.load(Ordering::Relaxed)))
    }
}

/// An editor that autosaves into a folder.
fn editor_in<'a>(folder: &Path) -> (TestWindow<'a>, Arc<ScriptedEngine>, TestClock) {
    let (worker, engine) = ScriptedEngine::connected();
    let clock = TestClock::default();
    let mut window = Harness::builder().with_size([1280.0, 820.0]).with_max_steps(16).build_eframe(|creation| {
        let mut editor = Editor::new(&creation.egui_ctx, worker, Preferences::default(), None);
        editor.now = clock.reader();
        editor.state.enable_autosave(folder);
        editor.state.fill.frame_search.mode = FrameSearchMode::Off;
        editor
    });
    window.step();
    (window, engine, clock)
}

fn open_sample(window: &mut TestWindow<'_>) {
    window.state_mut().state.handle(Action::Open(DocumentSource::Sample(SamplePortrait::Astronaut)));
    wait_for(window, "the photo", |editor| editor.state.document.is_some());
}

/// Like [`editor_in`], with a painted sample photo.
fn painted_in<'a>(folder: &Path) -> (TestWindow<'a>, Arc<ScriptedEngine>, TestClock) {
    let (mut window, engine, clock) = editor_in(folder);
    open_sample(&mut window);
    paint(&mut window);
    (window, engine, clock)
}

fn autosave_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| crate::project::is_project_path(path)).collect()
}

/// Advances the clock until autosave is due, and waits for the changed file.
fn wait_for_autosave(window: &mut TestWindow<'_>, clock: &TestClock, folder: &Path) {
    let before = autosave_files(folder).iter().filter_map(|path| std::fs::read(path).ok()).collect::<Vec<_>>();
    window.step();
    clock.advance(5);
    wait_for(window, "the copy", |_| {
        let now = autosave_files(folder).iter().filter_map(|path| std::fs::read(path).ok()).collect::<Vec<_>>();
        !now.is_empty() && now != before
    });
}

/// Waits until recovery is offered. A dropped window may still be writing and holds its lock until then.
fn wait_for_recovery_offer(window: &mut TestWindow<'_>, clock: &TestClock) {
    wait_for(window, "the offer", |editor| {
        clock.advance(1);
        !editor.state.files.recoverable.is_empty()
    });
}

#[test]
fn recovery_restores_the_work_after_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, engine, clock) = editor_in(folder.path());
    open_sample(&mut window);
    start_fill(&mut window, &engine);
    finish_fill(&mut window, &engine);
    wait_for_autosave(&mut window, &clock, folder.path());
    let expected = as_project(&mut window);
    drop(window);

    let (mut window, _, clock) = editor_in(folder.path());
    wait_for_recovery_offer(&mut window, &clock);
    window.get_by_label("Work on astronaut was not saved");
    window.get_by_label("From a moment ago");
    click(&mut window, "Recover");
    wait_for(&mut window, "the work", |editor| editor.state.document.is_some());
    wait_until_composed(&mut window);
    assert_same_project(as_project(&mut window), expected);
    assert!(window.state().state.document.as_ref().expect("open").has_unsaved_work());
    assert!(!has_button(&window, "Recover"));
    // The file now belongs to this window and still exists.
    assert_eq!(autosave_files(folder.path()).len(), 1);
    assert!(find_recoverable(folder.path(), &[]).projects.is_empty());
}

#[test]
fn work_is_autosaved_after_five_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = painted_in(folder.path());
    clock.advance(4);
    window.run_steps(3);
    assert!(autosave_files(folder.path()).is_empty());
    clock.advance(1);
    wait_for(&mut window, "the copy", |_| !autosave_files(folder.path()).is_empty());
}

#[test]
fn strokes_are_autosaved_during_a_search() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, engine, clock) = editor_in(folder.path());
    open_sample(&mut window);
    start_fill(&mut window, &engine);
    wait_for_autosave(&mut window, &clock, folder.path());
    assert!(window.state().state.fill.is_running());
    let project = crate::project::open(&autosave_files(folder.path())[0]).expect("a project");
    assert_eq!(project.mask, *window.state().state.document.as_ref().expect("open").mask());
}

#[test]
fn an_unfinished_stroke_is_autosaved() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = editor_in(folder.path());
    open_sample(&mut window);
    let handle = |window: &mut TestWindow<'_>, action| window.state_mut().state.handle(Action::Document(action));
    handle(&mut window, DocumentAction::BeginStroke(super::open_paint_undo::stroke()));
    wait_for_autosave(&mut window, &clock, folder.path());
    handle(&mut window, DocumentAction::ExtendStroke([260.0, 180.0]));
    wait_for_autosave(&mut window, &clock, folder.path());
    let project = crate::project::open(&autosave_files(folder.path())[0]).expect("a project");
    assert!(project.mask.is_hole(260, 180));
}

#[test]
fn work_of_a_running_window_is_not_offered() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = painted_in(folder.path());
    wait_for_autosave(&mut window, &clock, folder.path());
    assert!(find_recoverable(folder.path(), &[]).projects.is_empty());
    let (mut other, _, other_clock) = painted_in(folder.path());
    wait_for_autosave(&mut other, &other_clock, folder.path());
    assert_eq!(autosave_files(folder.path()).len(), 2, "each window has its own file");
    assert!(other.state().state.files.recoverable.is_empty());
    // An open window offers the work of another window that crashes.
    drop(window);
    wait_for_recovery_offer(&mut other, &other_clock);
    assert_eq!(other.state().state.files.recoverable.len(), 1, "its own work is not offered");
}

#[test]
fn work_is_offered_when_its_program_has_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut crashed, _, clock) = painted_in(folder.path());
    wait_for_autosave(&mut crashed, &clock, folder.path());
    let (mut window, _, clock) = editor_in(folder.path());
    for _ in 0..20 {
        clock.advance(1);
        std::thread::sleep(Duration::from_millis(2));
        window.step();
    }
    assert!(window.state().state.files.recoverable.is_empty(), "the other window still holds the lock");
    drop(crashed);
    wait_for_recovery_offer(&mut window, &clock);
    window.get_by_label("Work on astronaut was not saved");
}

#[test]
fn discard_removes_the_recoverable_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = painted_in(folder.path());
    wait_for_autosave(&mut window, &clock, folder.path());
    drop(window);
    let (mut window, _, clock) = editor_in(folder.path());
    wait_for_recovery_offer(&mut window, &clock);
    click(&mut window, "Discard");
    assert!(!has_button(&window, "Discard"));
    wait_for(&mut window, "the end of the file", |_| autosave_files(folder.path()).is_empty());
}

#[test]
fn recovery_asks_before_replacing_unsaved_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = painted_in(folder.path());
    wait_for_autosave(&mut window, &clock, folder.path());
    drop(window);
    let (mut window, _, clock) = editor_in(folder.path());
    wait_for_recovery_offer(&mut window, &clock);
    open_sample(&mut window);
    paint(&mut window);
    assert!(button(&window, "Recover").rect().bottom() < 200.0);
    click(&mut window, "Recover");
    window.run_steps(2);
    window.get_by_label("Save before opening something else?");
    window.state_mut().state.handle(Action::AnswerSaveQuestion(SaveAnswer::Discard));
    wait_for(&mut window, "the work", |editor| editor.state.files.recoverable.is_empty());
}

#[test]
fn saving_the_project_removes_the_autosave() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = painted_in(folder.path());
    wait_for_autosave(&mut window, &clock, folder.path());
    let path = output.path().join("work.countenance");
    choose_path(&mut window, PathPurpose::SaveProject, &path, true);
    wait_for(&mut window, "the end of the copy", |_| autosave_files(folder.path()).is_empty());
    wait_until_saved(&mut window);
    paint(&mut window);
    wait_for_autosave(&mut window, &clock, folder.path());
    // The recovered work belongs to the same project file.
    drop(window);
    let (mut window, _, clock) = editor_in(folder.path());
    wait_for_recovery_offer(&mut window, &clock);
    window.get_by_label("Work on work was not saved");
    click(&mut window, "Recover");
    wait_for(&mut window, "the work", |editor| editor.state.document.is_some());
    let document = window.state().state.document.as_ref().expect("open");
    assert_eq!(document.project_path(), Some(path.as_path()));
    assert!(document.has_unsaved_work());
}

#[test]
fn closing_after_an_export_removes_the_autosave() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = tempfile::tempdir().expect("a folder");
    let (mut window, engine, clock) = editor_in(folder.path());
    open_sample(&mut window);
    start_fill(&mut window, &engine);
    finish_fill(&mut window, &engine);
    choose_path(&mut window, PathPurpose::Export, &output.path().join("a.png"), true);
    wait_until_saved(&mut window);
    wait_for_autosave(&mut window, &clock, folder.path());
    window.state_mut().on_exit();
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "the lock file is removed too");
}

#[test]
fn only_discarded_work_is_removed_on_exit() {
    for is_discarded in [true, false] {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut window, _, clock) = painted_in(folder.path());
        wait_for_autosave(&mut window, &clock, folder.path());
        if is_discarded {
            window.state_mut().state.handle(Action::RequestClose);
            window.state_mut().state.handle(Action::AnswerSaveQuestion(SaveAnswer::Discard));
        }
        window.state_mut().on_exit();
        assert_eq!(autosave_files(folder.path()).is_empty(), is_discarded);
    }
}

#[test]
fn a_failed_autosave_warns_once_and_retries() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocked = folder.path().join("blocked");
    std::fs::write(&blocked, "a file where the folder should be").expect("written");
    let autosave_folder = blocked.join("unsaved");
    let (mut window, _, clock) = painted_in(&autosave_folder);
    clock.advance(5);
    wait_for(&mut window, "the warning", |editor| editor.widgets.toaster.latest().is_some());
    let message = newest_message(&window);
    assert_eq!(message.severity, Severity::Warning);
    assert!(message.headline.contains("save the project") && !message.details.is_empty(), "{message:?}");
    window.state_mut().widgets.toaster.push(UserMessage::new(Severity::Info, "Something else"));
    for _ in 0..3 {
        window.step();
        clock.advance(5);
        window.run_steps(3);
    }
    std::fs::remove_file(&blocked).expect("removed");
    let deadline = Instant::now() + super::TASK_TIMEOUT;
    while autosave_files(&autosave_folder).is_empty() {
        assert!(Instant::now() < deadline, "autosave was not retried");
        clock.advance(5);
        window.step();
    }
    assert_eq!(newest_message(&window).headline, "Something else");
}

#[test]
fn work_with_a_missing_photo_stays_recoverable() {
    let folder = tempfile::tempdir().expect("a folder");
    let photos = tempfile::tempdir().expect("a folder");
    let photo = photos.path().join("face.png");
    std::fs::write(&photo, SamplePortrait::Astronaut.image_bytes()).expect("written");
    let (mut window, _, clock) = editor_in(folder.path());
    window.state_mut().state.handle(Action::Open(DocumentSource::File(photo.clone())));
    wait_for(&mut window, "the photo", |editor| editor.state.document.is_some());
    window.state_mut().state.handle(Action::Document(DocumentAction::BeginStroke(super::open_paint_undo::stroke())));
    wait_for_autosave(&mut window, &clock, folder.path());
    drop(window);
    std::fs::remove_file(&photo).expect("removed");
    let (mut window, _, clock) = editor_in(folder.path());
    wait_for_recovery_offer(&mut window, &clock);
    click(&mut window, "Recover");
    wait_for(&mut window, "the message", |editor| editor.widgets.toaster.latest().is_some());
    let message = newest_message(&window);
    assert!(message.details[0].contains(&photo.display().to_string()), "{message:?}");
    assert!(has_button(&window, "Recover"));
    assert_eq!(autosave_files(folder.path()).len(), 1);
}
