//! The batch window: many photos, the grid, the choice of candidates, and the export.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use image::{GrayImage, Luma, Rgb, RgbImage};

use super::export_and_close::choose_path;
use super::first_guess::{act, state};
use super::scripted_engine::{CANDIDATES, ScriptedEngine};
use super::{
    TestWindow, change_preferences, click, editor, editor_of_size, has_button, is_enabled, newest_message, press,
    wait_for,
};
use crate::app::batch::{BatchAction, BatchPhoto, HoleChoice, HoleKind, PhotoState};
use crate::app::dialogs::DialogAction;
use crate::app::state::Action;
use crate::app::tasks::PathPurpose;
use crate::app::toasts::Severity;
use crate::blend::BlendMode;
use crate::job::{Provenance, WorkerCommand};

/// A folder with three photos without faces, one that is broken, and masks for all of them.
struct PhotoFolder(tempfile::TempDir);

impl PhotoFolder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("masks")).expect("a folder");
        for (index, name) in (0_u8..).zip(["ann", "bob", "eve"]) {
            let photo = RgbImage::from_pixel(96, 96, Rgb([40 * index, 90, 120]));
            photo.save(folder.path().join(format!("{name}.png"))).expect("saved");
        }
        std::fs::write(folder.path().join("damaged.png"), b"no picture").expect("saved");
        for name in ["ann", "bob", "eve", "damaged"] {
            let mask = GrayImage::from_fn(96, 96, |x, y| Luma([if is_hole(x, y) { 255 } else { 0 }]));
            mask.save(folder.path().join(format!("masks/{name}.png"))).expect("saved");
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn is_hole(x: u32, y: u32) -> bool {
    (40..56).contains(&x) && (50..60).contains(&y)
}

fn photos<'w>(window: &'w TestWindow<'_>) -> &'w [BatchPhoto] {
    &state(window).batch.photos
}

fn photo<'w>(window: &'w TestWindow<'_>, name: &str) -> &'w BatchPhoto {
    photos(window).iter().find(|photo| photo.name() == name).expect("in the list")
}

/// An open batch window with the photos of a folder, whose holes are its masks.
fn batch_window<'a>(folder: &PhotoFolder, size: [f32; 2]) -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    let (mut window, engine) = editor_of_size(size[0], size[1]);
    change_preferences(&mut window, |preferences| preferences.blend = BlendMode::None.into());
    press(&mut window, Modifiers::COMMAND, Key::B);
    choose_path(&mut window, PathPurpose::BatchFolder, folder.0.path(), true);
    wait_for(&mut window, "the photos", |editor| editor.state.batch.photos.len() == 4);
    let hole = HoleChoice { kind: HoleKind::Masks, ..HoleChoice::default() };
    act(&mut window, Action::Batch(BatchAction::SetHole(hole)));
    assert!(!is_enabled(&window, "Start"), "no masks yet");
    choose_path(&mut window, PathPurpose::BatchMasks, &folder.path("masks"), true);
    window.run_steps(2);
    (window, engine)
}

/// Answers every search until the batch has ended.
fn finish_batch(window: &mut TestWindow<'_>, engine: &ScriptedEngine) {
    let mut answered = 0;
    while state(window).batch.is_running() {
        let newest = |engine: &ScriptedEngine| {
            let is_started = engine.was_sent(|command| matches!(command, WorkerCommand::Start(..)));
            if is_started { engine.newest_job().0 } else { 0 }
        };
        wait_for(window, "a search", |editor| !editor.state.batch.is_running() || newest(engine) > answered);
        if newest(engine) > answered {
            answered = newest(engine);
            engine.report_progress(1, 20);
            engine.report_finish(20, None);
        }
        window.run_steps(2);
    }
}

fn filled_batch<'a>(folder: &PhotoFolder) -> (TestWindow<'a>, Arc<ScriptedEngine>) {
    let (mut window, engine) = batch_window(folder, [1280.0, 820.0]);
    click(&mut window, "Start");
    finish_batch(&mut window, &engine);
    (window, engine)
}

fn focus_grid(window: &mut TestWindow<'_>) {
    window.get_all_by_label_contains("ann.png: ").last().expect("a photo").click();
    window.run_steps(3);
}

fn exported(folder: &Path, name: &str) -> RgbImage {
    image::open(folder.join(name)).expect("exported").into_rgb8()
}

#[test]
fn all_photos_are_filled_and_a_broken_one_is_named() {
    let folder = PhotoFolder::new();
    let (mut window, engine) = batch_window(&folder, [1024.0, 700.0]);
    click(&mut window, "Start");
    wait_for(&mut window, "the first search", |_| {
        engine.was_sent(|command| matches!(command, WorkerCommand::Start(..)))
    });
    engine.report_progress(1, 75);
    window.run_steps(2);
    let settings = engine.newest_job().1.settings;
    assert_eq!(settings, state(&window).preferences.settings);
    assert!(matches!(photo(&window, "ann.png").state, PhotoState::Running(share) if share > 0.0));
    assert_eq!(engine.newest_job().1.hole.hole_count(), 160);
    finish_batch(&mut window, &engine);
    let failed: Vec<_> = photos(&window).iter().filter(|photo| matches!(photo.state, PhotoState::Failed(_))).collect();
    assert_eq!((failed.len(), failed[0].name().as_str()), (1, "damaged.png"));
    assert_eq!(newest_message(&window).headline, "3 photos are filled, 1 failed: point at one to read why");
    let fill = photo(&window, "bob.png").kept_fill().expect("filled");
    assert_eq!(fill.after.len(), CANDIDATES);
    let bytes = fill.before.len() + fill.after.iter().map(|jpeg| jpeg.len()).sum::<usize>();
    assert!(bytes < 100_000, "{bytes}");
    window.get_by_label("4 photos · 3 filled · 1 failed");
}

#[test]
fn keys_choose_candidates_and_exclude_photos() {
    let folder = PhotoFolder::new();
    let (mut window, _) = filled_batch(&folder);
    focus_grid(&mut window);
    assert_eq!(state(&window).batch.selected, 0);
    press(&mut window, Modifiers::NONE, Key::Num2);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    press(&mut window, Modifiers::NONE, Key::Num3);
    press(&mut window, Modifiers::NONE, Key::Num9);
    press(&mut window, Modifiers::NONE, Key::X);
    let ranks =
        ["ann.png", "bob.png", "eve.png"].map(|name| (photo(&window, name).rank, photo(&window, name).is_excluded));
    assert_eq!(ranks, [(1, false), (2, true), (0, false)]);
    press(&mut window, Modifiers::NONE, Key::Space);
    assert!(state(&window).batch.shows_before);
    press(&mut window, Modifiers::NONE, Key::ArrowLeft);
    assert!(!state(&window).batch.shows_before && state(&window).batch.selected == 0);
    assert!(!state(&window).preferences.explore, "X is not the editor's");
}

#[test]
fn all_that_are_not_excluded_are_exported() {
    let folder = PhotoFolder::new();
    let (mut window, _) = filled_batch(&folder);
    act(&mut window, Action::Batch(BatchAction::Select(0)));
    act(&mut window, Action::Batch(BatchAction::ShowCandidate(2)));
    act(&mut window, Action::Batch(BatchAction::Select(3)));
    assert_eq!(photos(&window)[3].name(), "eve.png");
    act(&mut window, Action::Batch(BatchAction::ToggleExcluded));
    let out = tempfile::tempdir().expect("a folder");
    std::fs::write(out.path().join("ann-filled.png"), b"mine").expect("saved");
    std::fs::remove_file(folder.path("bob.png")).expect("removed");
    let export = |window: &mut TestWindow<'_>| {
        choose_path(window, PathPurpose::BatchExport, out.path(), true);
        wait_for(window, "the export", |editor| !editor.state.batch.is_exporting());
    };
    export(&mut window);
    let message = newest_message(&window);
    assert_eq!(message.severity, Severity::Warning);
    assert!(message.headline.starts_with("1 photos exported to ") && message.details[0].starts_with("bob.png: "));
    assert_eq!(std::fs::read(out.path().join("ann-filled.png")).expect("still there"), b"mine", "never replaced");
    let filled = exported(out.path(), "ann-filled-2.png");
    let before = image::open(folder.path("ann.png")).expect("a photo").into_rgb8();
    for (x, y, pixel) in filled.enumerate_pixels() {
        assert_eq!(before.get_pixel(x, y) != pixel, is_hole(x, y), "{x} {y}");
    }
    let record = Provenance::read(&std::fs::read(out.path().join("ann-filled-2.png")).expect("a file"));
    assert_eq!(record.expect("a record").candidate, 0, "the worst of the three is the first");
    assert!(photo(&window, "ann.png").is_exported && !out.path().join("eve-filled.png").exists());
    assert_eq!(state(&window).batch.unexported_count(), 1);
}

#[test]
fn a_fill_opens_in_the_editor_for_more_work() {
    let folder = PhotoFolder::new();
    let (mut window, engine) = filled_batch(&folder);
    engine.report_ready();
    focus_grid(&mut window);
    press(&mut window, Modifiers::NONE, Key::Num3);
    press(&mut window, Modifiers::NONE, Key::Enter);
    wait_for(&mut window, "the photo", |editor| editor.state.document.is_some());
    let document = state(&window).document.as_ref().expect("open");
    assert_eq!(document.name, "ann");
    assert_eq!(document.shown_face().expect("filled").record().look.candidate, 0);
    assert!(document.is_shown_fill_current() && document.project_path().is_none() && document.has_unsaved_work());
}

#[test]
fn stop_takes_effect_at_once_and_start_goes_on() {
    let folder = PhotoFolder::new();
    let (mut window, engine) = batch_window(&folder, [1280.0, 820.0]);
    click(&mut window, "Start");
    wait_for(&mut window, "a search", |_| engine.was_sent(|command| matches!(command, WorkerCommand::Start(..))));
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!state(&window).batch.is_running());
    assert!(engine.was_sent(|command| matches!(command, WorkerCommand::Cancel)));
    assert!(photos(&window).iter().all(|photo| matches!(photo.state, PhotoState::Waiting)));
    // The stopped search answers late.
    engine.report_finish(3, None);
    window.run_steps(4);
    assert!(photos(&window).iter().all(|photo| photo.kept_fill().is_none()));
    click(&mut window, "Start");
    finish_batch(&mut window, &engine);
    assert_eq!(photos(&window).iter().filter(|photo| photo.kept_fill().is_some()).count(), 3);
}

#[test]
fn fills_that_are_not_exported_are_asked_about() {
    let folder = PhotoFolder::new();
    let (mut window, _) = filled_batch(&folder);
    act(&mut window, Action::RequestClose);
    assert!(!state(&window).files.may_close);
    click(&mut window, "Cancel");
    assert!(state(&window).dialogs.batch_question.is_none() && !state(&window).files.may_close);
    click(&mut window, "Clear the list");
    assert_eq!(photos(&window).len(), 4);
    click(&mut window, "Clear without exporting");
    assert!(photos(&window).is_empty());
    act(&mut window, Action::RequestClose);
    assert!(state(&window).files.may_close);
}

#[test]
fn the_editor_waits_while_a_batch_runs() {
    let folder = PhotoFolder::new();
    let (mut window, engine) = batch_window(&folder, [1280.0, 820.0]);
    super::open_sample(&mut window);
    // The batch window lies over the photo, so the hole comes from the menu.
    act(&mut window, Action::AddShape(crate::mask::MaskPreset::Center));
    assert!(is_enabled(&window, "Fill"));
    act(&mut window, Action::Batch(BatchAction::Start));
    assert!(!is_enabled(&window, "Fill"));
    assert!(state(&window).batch.is_running());
    finish_batch(&mut window, &engine);
    window.run_steps(2);
    assert!(is_enabled(&window, "Fill"));
    assert!(engine.was_sent(|command| matches!(command, WorkerCommand::WarmUp(..))));
}

#[test]
fn without_a_dialog_the_paths_are_typed() {
    let folder = PhotoFolder::new();
    let (mut window, _) = editor();
    press(&mut window, Modifiers::COMMAND, Key::B);
    let no_dialog = crate::app::tasks::DialogAnswer::NoDialog;
    window.state_mut().state.dialog_closed(PathPurpose::BatchFolder, no_dialog);
    let text = folder.0.path().display().to_string();
    act(&mut window, Action::Dialog(DialogAction::SetPathText(text)));
    act(&mut window, Action::SubmitPath { replace: false });
    wait_for(&mut window, "the photos", |editor| editor.state.batch.photos.len() == 4);
    assert!(has_button(&window, "Start"));
}
