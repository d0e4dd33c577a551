//! Project files: saving, opening again, and errors.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::end_to_end::editor_with_real_engine;
use super::export_and_close::{choose_path, wait_until_saved};
use super::fill::{editor_with_fill, editor_with_running_fill, start_fill, wait_until_composed};
use super::open_paint_undo::{paint, stroke};
use super::scripted_engine::CANDIDATES;
use super::{
    TestWindow, change_preferences, click, editor, editor_with_photo, has_button, newest_message, press, wait_for,
};
use crate::app::dialogs::{DocumentSource, SaveAnswer};
use crate::app::document::PhotoDocument;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::Action;
use crate::app::tasks::PathPurpose;
use crate::app::toasts::Severity;
use crate::blend::BlendMode;
use crate::job::WorkerCommand;
use crate::mask::MaskEdit;
use crate::project::Project;

pub fn document<'w>(window: &'w TestWindow<'_>) -> &'w PhotoDocument {
    window.state().state.document.as_ref().expect("open")
}

/// The open document as a project.
pub fn as_project(window: &mut TestWindow<'_>) -> Project {
    let state = &mut window.state_mut().state;
    let project = state.document.as_mut().expect("open").make_project(&state.preferences, None);
    Project { saved_as: None, ..project }
}

pub fn open(window: &mut TestWindow<'_>, path: &Path) {
    window.state_mut().state.handle(Action::Open(DocumentSource::File(path.to_owned())));
    wait_for(window, "the project", |editor| !editor.state.files.is_opening);
}

/// Compares part by part, because masks are too long to print.
pub fn assert_same_project(mut left: Project, mut right: Project) {
    assert!(left.mask == right.mask, "the masks differ");
    let empty = crate::mask::Mask::empty(1, 1);
    (left.mask, right.mask) = (empty.clone(), empty);
    assert!(left.fill == right.fill, "the fills differ");
    (left.fill, right.fill) = (None, None);
    assert_eq!(left, right);
}

fn assert_same(left: &mut TestWindow<'_>, right: &mut TestWindow<'_>) {
    assert_same_project(as_project(left), as_project(right));
}

pub fn save_as(window: &mut TestWindow<'_>, path: &Path) {
    choose_path(window, PathPurpose::SaveProject, path, true);
    wait_until_saved(window);
}

#[test]
fn a_saved_project_opens_unchanged() {
    let (mut window, _) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    press(&mut window, Modifiers::NONE, Key::Num3);
    change_preferences(&mut window, |preferences| preferences.blend = BlendMode::Feather.into());
    let mut settings = window.state().state.preferences.settings;
    (settings.seed, settings.lambda) = (77, 0.3);
    change_preferences(&mut window, |preferences| preferences.settings = settings);
    assert!(document(&window).has_unsaved_work());
    save_as(&mut window, &path);
    assert_eq!(newest_message(&window).severity, Severity::Success);
    assert!(!document(&window).has_unsaved_work() && !document(&window).has_changes_since_project_save());
    wait_until_composed(&mut window);

    let (mut other, engine) = editor();
    open(&mut other, &path);
    wait_until_composed(&mut other);
    assert_same(&mut other, &mut window);
    let pictures = [&other, &window].map(|window| window.state().state.derive().patches[0].clone());
    assert_eq!(pictures[0], pictures[1]);
    assert!(!document(&other).has_unsaved_work() && !other.state().state.is_hole_tinted());
    assert_eq!(other.state().state.candidate_count(), CANDIDATES);
    assert!(has_button(&other, "Candidate 1, best"));
    assert!(!engine.was_sent(|command| matches!(command, WorkerCommand::Start(..))), "opening must not start a search");
    other.get_by_label("work.countenance: saved");
    let loss_count = |window: &TestWindow<'_>| {
        document(window).shown_face().expect("filled").loss_history.candidate_losses(0).count()
    };
    assert_eq!(loss_count(&other), loss_count(&window));
}

#[test]
fn a_fill_of_an_earlier_hole_reopens_unchanged() {
    let (mut window, _) = editor_with_fill();
    window.state_mut().state.document.as_mut().expect("open").edit_mask(&MaskEdit::Stroke(stroke()));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    save_as(&mut window, &path);
    let (mut other, _) = editor();
    open(&mut other, &path);
    assert_same(&mut other, &mut window);
    assert!(document(&other).shown_fill().is_some() && !document(&other).is_shown_fill_current());
    assert!(other.state().state.is_hole_tinted());
}

#[test]
fn a_reopened_project_exports_the_same_bytes() {
    let mut window = editor_with_real_engine("tiny-16.safetensors", 30);
    click(&mut window, "Fill");
    wait_for(&mut window, "the fill", |editor| editor.state.has_fill());
    let folder = tempfile::tempdir().expect("a folder");
    let [project, before, after] = ["a.countenance", "before.png", "after.png"].map(|name| folder.path().join(name));
    save_as(&mut window, &project);
    choose_path(&mut window, PathPurpose::Export, &before, true);
    wait_until_saved(&mut window);
    let (mut other, _) = editor();
    open(&mut other, &project);
    choose_path(&mut other, PathPurpose::Export, &after, true);
    wait_until_saved(&mut other);
    assert_eq!(std::fs::read(before).expect("exported"), std::fs::read(after).expect("exported"));
}

#[test]
fn save_replaces_only_the_projects_own_file() {
    let (mut window, _) = editor_with_photo();
    paint(&mut window);
    let folder = tempfile::tempdir().expect("a folder");
    let (own, other) = (folder.path().join("own.countenance"), folder.path().join("other.countenance"));
    std::fs::write(&other, "precious").expect("written");
    save_as(&mut window, &own);
    let first = std::fs::read(&own).expect("saved");
    window.state_mut().state.handle(Action::RunCommand(EditorCommand::InvertMask));
    window.run_steps(2);
    window.get_by_label("own.countenance: not saved");
    assert_eq!(window.state().sent_title, "• own – Countenance");
    press(&mut window, Modifiers::COMMAND, Key::S);
    wait_until_saved(&mut window);
    assert_ne!(std::fs::read(&own).expect("saved"), first);
    assert!(!document(&window).has_unsaved_work());
    assert_eq!(window.state().sent_title, "own – Countenance");
    choose_path(&mut window, PathPurpose::SaveProject, &other, false);
    wait_until_saved(&mut window);
    assert_eq!(std::fs::read(&other).expect("the file exists"), b"precious");
    assert!(window.state().state.dialogs.path_bar.as_ref().is_some_and(|bar| bar.file_exists));
    assert_eq!(document(&window).project_path(), Some(own.as_path()));
}

#[test]
fn exporting_does_not_save_the_project() {
    let (mut window, _) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    choose_path(&mut window, PathPurpose::Export, &folder.path().join("a.png"), true);
    wait_until_saved(&mut window);
    assert!(document(&window).has_changes_since_project_save() && !document(&window).has_unsaved_work());
}

#[test]
fn a_failed_save_stays_unsaved() {
    let (mut window, _) = editor_with_fill();
    choose_path(&mut window, PathPurpose::SaveProject, Path::new("/nowhere/at/all.countenance"), true);
    wait_until_saved(&mut window);
    assert_eq!(newest_message(&window).headline, "Not saved; your work is still here");
    assert!(document(&window).has_unsaved_work() && document(&window).project_path().is_none());
}

#[test]
fn save_and_close_writes_the_project() {
    let (mut window, _) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    save_as(&mut window, &path);
    window.state_mut().state.handle(Action::RunCommand(EditorCommand::InvertMask));
    let saved = std::fs::read(&path).expect("saved");
    window.state_mut().state.handle(Action::RequestClose);
    window.run_steps(2);
    window.get_by_label("The fill has not been saved: astronaut");
    click(&mut window, "Save and close");
    wait_for(&mut window, "the end", |editor| editor.state.files.may_close);
    assert_ne!(std::fs::read(&path).expect("saved"), saved);
}

#[test]
fn save_and_close_waits_for_the_search() {
    let (mut window, engine) = editor_with_photo();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    save_as(&mut window, &path);
    start_fill(&mut window, &engine);
    engine.set_preview();
    window.run_steps(2);
    window.state_mut().state.handle(Action::RequestClose);
    window.state_mut().state.handle(Action::AnswerSaveQuestion(SaveAnswer::Save));
    window.run_steps(4);
    assert!(engine.was_sent(|command| matches!(command, WorkerCommand::Cancel)));
    assert!(!window.state().state.files.may_close && !window.state().state.files.is_saving);
    engine.report_finish(20, Some(crate::job::StopReason::Cancelled));
    wait_for(&mut window, "the end", |editor| editor.state.files.may_close);
    assert!(crate::project::open(&path).expect("saved").fill.is_some());
}

#[test]
fn saving_during_a_search_keeps_the_strokes() {
    let (mut window, _) = editor_with_running_fill();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    save_as(&mut window, &path);
    let project = crate::project::open(&path).expect("saved");
    assert_eq!(project.mask, *document(&window).mask());
    assert!(project.fill.is_none() && window.state().state.fill.is_running());
}

#[test]
fn an_unreadable_project_leaves_the_document_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    let (mut window, _) = editor_with_fill();
    save_as(&mut window, &path);
    let text = std::fs::read_to_string(&path).expect("saved");
    let newer = text.replace("countenance-project-1", "countenance-project-9");
    for (content, expected) in [(&text[..text.len() / 2], "broken"), (newer.as_str(), "newer program")] {
        std::fs::write(&path, content).expect("written");
        open(&mut window, &path);
        let message = newest_message(&window);
        assert!(message.severity == Severity::Error && message.details[0].contains(expected), "{message:?}");
        assert!(document(&window).shown_fill().is_some());
    }
}

#[test]
fn a_project_keeps_its_model() {
    use crate::model::{ModelChoice, inspect};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    let (mut window, _) = editor_with_fill();
    save_as(&mut window, &path);
    let saved = std::fs::read_to_string(&path).expect("the project");
    let model_hash = inspect(&ModelChoice::Face64).expect("a built-in model").sha256;
    let content = saved.replace(&"0".repeat(64), &model_hash);
    assert!(content.contains(&model_hash), "the project names its model's hash");
    std::fs::write(&path, content).expect("the project");
    let (mut other, _) = editor();
    open(&mut other, &path);
    assert_eq!(other.state().state.preferences.model, ModelChoice::Face64);
}

#[test]
fn missing_model_and_device_are_replaced_with_notice() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    let (mut window, _) = editor_with_fill();
    let preferences = &mut window.state_mut().state.preferences;
    preferences.model = crate::model::ModelChoice::File(folder.path().join("gone.safetensors"));
    preferences.device = crate::device::DeviceChoice::Gpu(Some(99));
    save_as(&mut window, &path);
    let (mut other, _) = editor();
    open(&mut other, &path);
    let details = newest_message(&other).details.join("\n");
    assert!(details.contains("gone.safetensors") && details.contains("gpu:99"), "{details}");
    let preferences = &other.state().state.preferences;
    assert_eq!(preferences.model, crate::model::ModelChoice::default());
    assert_eq!(preferences.device, crate::device::DeviceChoice::Auto);
    assert!(document(&other).shown_fill().is_some());
}
