//! Work that survives a crash: a window that is dropped without its exit stands for a killed program.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use eframe::App as _;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::engine::Script;
use super::files::{pick, wait_until_saved};
use super::filling::{finish, start, wait_until_drawn};
use super::projects::{as_project, assert_same_project};
use super::work::paint;
use super::{Window, button, click, has_button, newest_message, wait_for};
use crate::app::Editor;
use crate::app::autosave::find_recoverable;
use crate::app::canvas::CanvasAction;
use crate::app::messages::{Level, Message};
use crate::app::persist::Remembered;
use crate::app::samples::Sample;
use crate::app::state::{Action, Answer, Source};
use crate::app::tasks::Purpose;

/// Hands of a clock that only the test moves.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn advance(&self, secs: u64) {
        self.0.fetch_add(secs, Ordering::Relaxed);
    }

    fn reader(&self) -> Box<dyn Fn() -> Instant> {
        let (start, hands) = (Instant::now(), self.clone());
        Box::new(move || start + Duration::from_secs(hands.0.load(Ordering::Relaxed)))
    }
}

/// An editor that keeps its unsaved work in a folder.
fn editor_in<'a>(folder: &Path) -> (Window<'a>, Arc<Script>, Clock) {
    let (script, clock) = (Arc::new(Script::default()), Clock::default());
    let engine = Box::new(Arc::clone(&script));
    let mut window = Harness::builder().with_size([1280.0, 820.0]).with_max_steps(16).build_eframe(|creation| {
        let mut editor = Editor::new(&creation.egui_ctx, engine, Remembered::default(), None);
        editor.clock = clock.reader();
        editor.state.autosave_in(folder);
        editor
    });
    window.step();
    (window, script, clock)
}

fn open_sample(window: &mut Window<'_>) {
    window.state_mut().state.handle(Action::Open(Source::Sample(Sample::Astronaut)));
    wait_for(window, "the photo", |editor| editor.state.document.is_some());
}

/// As [`editor_in`], with a sample open and painted over.
fn painted_in<'a>(folder: &Path) -> (Window<'a>, Arc<Script>, Clock) {
    let (mut window, script, clock) = editor_in(folder);
    open_sample(&mut window);
    paint(&mut window);
    (window, script, clock)
}

fn copies(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| crate::project::is_project_path(path)).collect()
}

/// Lets so much time pass that work is written down, and waits for that.
fn wait_until_kept(window: &mut Window<'_>, clock: &Clock, folder: &Path) {
    let before = copies(folder).iter().filter_map(|path| std::fs::read(path).ok()).collect::<Vec<_>>();
    window.step();
    clock.advance(5);
    wait_for(window, "the copy", |_| {
        let now = copies(folder).iter().filter_map(|path| std::fs::read(path).ok()).collect::<Vec<_>>();
        !now.is_empty() && now != before
    });
}

/// A window that was dropped may still be writing, and owns its work so long.
fn wait_for_offer(window: &mut Window<'_>, clock: &Clock) {
    wait_for(window, "the offer", |editor| {
        clock.advance(1);
        !editor.state.recoverable.is_empty()
    });
}

#[test]
fn after_a_crash_the_next_window_offers_the_work_and_brings_it_back_unsaved() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, script, clock) = editor_in(folder.path());
    open_sample(&mut window);
    start(&mut window, &script);
    finish(&mut window, &script);
    wait_until_kept(&mut window, &clock, folder.path());
    let lost = as_project(&mut window);
    drop(window);

    let (mut window, _, clock) = editor_in(folder.path());
    wait_for_offer(&mut window, &clock);
    window.get_by_label("Work on astronaut was not saved");
    window.get_by_label("From a moment ago");
    click(&mut window, "Recover");
    wait_for(&mut window, "the work", |editor| editor.state.document.is_some());
    wait_until_drawn(&mut window);
    assert_same_project(as_project(&mut window), lost);
    assert!(window.state().state.document.as_ref().expect("open").is_unsaved());
    assert!(!has_button(&window, "Recover"));
    // It is this window's now, and still safe.
    assert_eq!(copies(folder.path()).len(), 1);
    assert!(find_recoverable(folder.path(), &[]).recoverable.is_empty());
}

#[test]
fn work_is_written_within_ten_seconds_and_not_before_five() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = painted_in(folder.path());
    clock.advance(4);
    window.run_steps(3);
    assert!(copies(folder.path()).is_empty());
    clock.advance(1);
    wait_for(&mut window, "the copy", |_| !copies(folder.path()).is_empty());
}

#[test]
fn strokes_are_kept_while_a_search_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, script, clock) = editor_in(folder.path());
    open_sample(&mut window);
    start(&mut window, &script);
    wait_until_kept(&mut window, &clock, folder.path());
    assert!(window.state().state.fills.is_running());
    let kept = crate::project::open(&copies(folder.path())[0]).expect("a project");
    assert_eq!(*kept.mask, *window.state().state.document.as_ref().expect("open").mask());
}

#[test]
fn a_stroke_that_goes_on_for_long_is_kept_as_it_grows() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = editor_in(folder.path());
    open_sample(&mut window);
    let handle = |window: &mut Window<'_>, action| window.state_mut().state.handle(Action::Canvas(action));
    handle(&mut window, CanvasAction::BeginStroke(super::work::stroke()));
    wait_until_kept(&mut window, &clock, folder.path());
    handle(&mut window, CanvasAction::ExtendStroke([260.0, 180.0]));
    wait_until_kept(&mut window, &clock, folder.path());
    let kept = crate::project::open(&copies(folder.path())[0]).expect("a project");
    assert!(kept.mask.is_hole(260, 180));
}

#[test]
fn a_running_window_keeps_its_work_to_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = painted_in(folder.path());
    wait_until_kept(&mut window, &clock, folder.path());
    assert!(find_recoverable(folder.path(), &[]).recoverable.is_empty());
    let (mut other, _, other_clock) = painted_in(folder.path());
    wait_until_kept(&mut other, &other_clock, folder.path());
    assert_eq!(copies(folder.path()).len(), 2, "each has its own");
    assert!(other.state().state.recoverable.is_empty());
    // A window that is there already offers the work of one that crashes.
    drop(window);
    wait_for_offer(&mut other, &other_clock);
    assert_eq!(other.state().state.recoverable.len(), 1, "not its own");
}

#[test]
fn work_of_a_program_that_is_still_ending_is_offered_when_it_has_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut crashed, _, clock) = painted_in(folder.path());
    wait_until_kept(&mut crashed, &clock, folder.path());
    let (mut window, _, clock) = editor_in(folder.path());
    for _ in 0..20 {
        clock.advance(1);
        std::thread::sleep(Duration::from_millis(2));
        window.step();
    }
    assert!(window.state().state.recoverable.is_empty(), "it is not this window's yet");
    drop(crashed);
    wait_for_offer(&mut window, &clock);
    window.get_by_label("Work on astronaut was not saved");
}

#[test]
fn discard_removes_the_work_and_the_offer() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = painted_in(folder.path());
    wait_until_kept(&mut window, &clock, folder.path());
    drop(window);
    let (mut window, _, clock) = editor_in(folder.path());
    wait_for_offer(&mut window, &clock);
    click(&mut window, "Discard");
    assert!(!has_button(&window, "Discard"));
    wait_for(&mut window, "the end of the file", |_| copies(folder.path()).is_empty());
}

#[test]
fn the_offer_stands_above_an_open_photo_and_asks_before_its_work_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = painted_in(folder.path());
    wait_until_kept(&mut window, &clock, folder.path());
    drop(window);
    let (mut window, _, clock) = editor_in(folder.path());
    wait_for_offer(&mut window, &clock);
    open_sample(&mut window);
    paint(&mut window);
    assert!(button(&window, "Recover").rect().bottom() < 200.0);
    click(&mut window, "Recover");
    window.run_steps(2);
    window.get_by_label("Save before opening something else?");
    window.state_mut().state.handle(Action::Answer(Answer::Discard));
    wait_for(&mut window, "the work", |editor| editor.state.recoverable.is_empty());
}

#[test]
fn saving_the_project_removes_the_copy_and_the_next_change_brings_it_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let (mut window, _, clock) = painted_in(folder.path());
    wait_until_kept(&mut window, &clock, folder.path());
    let path = elsewhere.path().join("work.countenance");
    pick(&mut window, Purpose::SaveProject, &path, true);
    wait_for(&mut window, "the end of the copy", |_| copies(folder.path()).is_empty());
    wait_until_saved(&mut window);
    paint(&mut window);
    wait_until_kept(&mut window, &clock, folder.path());
    // What is recovered belongs to the same project.
    drop(window);
    let (mut window, _, clock) = editor_in(folder.path());
    wait_for_offer(&mut window, &clock);
    window.get_by_label("Work on work was not saved");
    click(&mut window, "Recover");
    wait_for(&mut window, "the work", |editor| editor.state.document.is_some());
    let document = window.state().state.document.as_ref().expect("open");
    assert_eq!(document.project_path(), Some(path.as_path()));
    assert!(document.is_unsaved());
}

#[test]
fn the_copy_stays_after_an_export_and_goes_when_the_window_closes() {
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let (mut window, script, clock) = editor_in(folder.path());
    open_sample(&mut window);
    start(&mut window, &script);
    finish(&mut window, &script);
    pick(&mut window, Purpose::Export, &elsewhere.path().join("a.png"), true);
    wait_until_saved(&mut window);
    wait_until_kept(&mut window, &clock, folder.path());
    window.state_mut().on_exit();
    assert_eq!(std::fs::read_dir(folder.path()).expect("there").count(), 0, "no lock either");
}

#[test]
fn work_that_was_given_up_is_gone_and_work_that_nobody_decided_on_is_not() {
    for given_up in [true, false] {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut window, _, clock) = painted_in(folder.path());
        wait_until_kept(&mut window, &clock, folder.path());
        if given_up {
            window.state_mut().state.handle(Action::RequestClose);
            window.state_mut().state.handle(Action::Answer(Answer::Discard));
        }
        window.state_mut().on_exit();
        assert_eq!(copies(folder.path()).is_empty(), given_up);
    }
}

#[test]
fn a_copy_that_cannot_be_written_is_told_once_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let blocked = folder.path().join("blocked");
    std::fs::write(&blocked, "a file where the folder should be").expect("written");
    let place = blocked.join("unsaved");
    let (mut window, _, clock) = painted_in(&place);
    clock.advance(5);
    wait_for(&mut window, "the warning", |editor| editor.toaster.newest().is_some());
    let message = newest_message(&window);
    assert_eq!(message.level, Level::Warning);
    assert!(message.headline.contains("save the project") && !message.details.is_empty(), "{message:?}");
    window.state_mut().toaster.push(Message::new(Level::Info, "Something else"));
    for _ in 0..3 {
        window.step();
        clock.advance(5);
        window.run_steps(3);
    }
    std::fs::remove_file(&blocked).expect("removed");
    let deadline = Instant::now() + super::PATIENCE;
    while copies(&place).is_empty() {
        assert!(Instant::now() < deadline, "it was not tried again");
        clock.advance(5);
        window.step();
    }
    assert_eq!(newest_message(&window).headline, "Something else");
}

#[test]
fn work_whose_photo_is_gone_stays_on_offer() {
    let folder = tempfile::tempdir().expect("a folder");
    let photos = tempfile::tempdir().expect("a folder");
    let photo = photos.path().join("face.png");
    std::fs::write(&photo, Sample::Astronaut.bytes()).expect("written");
    let (mut window, _, clock) = editor_in(folder.path());
    window.state_mut().state.handle(Action::Open(Source::File(photo.clone())));
    wait_for(&mut window, "the photo", |editor| editor.state.document.is_some());
    window.state_mut().state.handle(Action::Canvas(CanvasAction::BeginStroke(super::work::stroke())));
    wait_until_kept(&mut window, &clock, folder.path());
    drop(window);
    std::fs::remove_file(&photo).expect("removed");
    let (mut window, _, clock) = editor_in(folder.path());
    wait_for_offer(&mut window, &clock);
    click(&mut window, "Recover");
    wait_for(&mut window, "the message", |editor| editor.toaster.newest().is_some());
    let message = newest_message(&window);
    assert!(message.details[0].contains(&photo.display().to_string()), "{message:?}");
    assert!(has_button(&window, "Recover"));
    assert_eq!(copies(folder.path()).len(), 1);
}
