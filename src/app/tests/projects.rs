//! Project files: saving, opening again, and errors.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::engine::CANDIDATES;
use super::files::{pick, wait_until_saved};
use super::filling::{filled, running, start, wait_until_drawn};
use super::whole::painted;
use super::work::{paint, stroke};
use super::{Window, click, editor, editor_with_photo, has_button, newest_message, press, wait_for};
use crate::app::document::Document;
use crate::app::messages::Level;
use crate::app::shortcuts::Verb;
use crate::app::state::{Action, Answer, Source};
use crate::app::tasks::Purpose;
use crate::blend::BlendMode;
use crate::job::Command;
use crate::mask::Edit;
use crate::project::Project;

pub fn document<'w>(window: &'w Window<'_>) -> &'w Document {
    window.state().state.document.as_ref().expect("open")
}

/// The open document as a project.
pub fn as_project(window: &mut Window<'_>) -> Project {
    let state = &mut window.state_mut().state;
    let project = state.document.as_mut().expect("open").project(&state.remembered, None);
    Project { saved_as: None, ..project }
}

pub fn open(window: &mut Window<'_>, path: &Path) {
    window.state_mut().state.handle(Action::Open(Source::File(path.to_owned())));
    wait_for(window, "the project", |editor| !editor.state.opening);
}

/// Compares part by part, because masks are too long to print.
pub fn assert_same_project(mut left: Project, mut right: Project) {
    assert!(left.mask == right.mask, "the masks differ");
    let empty = std::sync::Arc::new(crate::mask::Mask::empty(1, 1));
    (left.mask, right.mask) = (std::sync::Arc::clone(&empty), empty);
    assert!(left.fill == right.fill, "the fills differ");
    (left.fill, right.fill) = (None, None);
    assert_eq!(left, right);
}

fn assert_same(left: &mut Window<'_>, right: &mut Window<'_>) {
    assert_same_project(as_project(left), as_project(right));
}

pub fn save_as(window: &mut Window<'_>, path: &Path) {
    pick(window, Purpose::SaveProject, path, true);
    wait_until_saved(window);
}

#[test]
fn a_saved_project_opens_unchanged() {
    let (mut window, _) = filled();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    press(&mut window, Modifiers::NONE, Key::Num3);
    window.state_mut().state.handle(Action::SetBlend(BlendMode::Feather.into()));
    let mut settings = window.state().state.remembered.settings;
    (settings.seed, settings.lambda) = (77, 0.3);
    window.state_mut().state.handle(Action::SetSettings(settings));
    assert!(document(&window).is_unsaved());
    save_as(&mut window, &path);
    assert_eq!(newest_message(&window).level, Level::Success);
    assert!(!document(&window).is_unsaved() && !document(&window).differs_from_project());
    wait_until_drawn(&mut window);

    let (mut other, script) = editor();
    open(&mut other, &path);
    wait_until_drawn(&mut other);
    assert_same(&mut other, &mut window);
    let pictures = [&other, &window].map(|window| window.state().state.patch().expect("drawn").clone());
    assert_eq!(pictures[0], pictures[1]);
    assert!(!document(&other).is_unsaved() && !other.state().state.shows_hole());
    assert_eq!(other.state().state.candidate_count(), CANDIDATES);
    assert!(has_button(&other, "Candidate 1, best"));
    assert!(!script.was_sent(|command| matches!(command, Command::Start(..))), "opening must not start a search");
    other.get_by_label("work.countenance: saved");
    let curve = |window: &Window<'_>| document(window).fill().expect("filled").curves.of(0).count();
    assert_eq!(curve(&other), curve(&window));
}

#[test]
fn a_fill_of_an_earlier_hole_reopens_unchanged() {
    let (mut window, _) = filled();
    window.state_mut().state.document.as_mut().expect("open").edit(Edit::Stroke(stroke()));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    save_as(&mut window, &path);
    let (mut other, _) = editor();
    open(&mut other, &path);
    assert_same(&mut other, &mut window);
    assert!(document(&other).fill().is_some() && !document(&other).fill_is_current());
    assert!(other.state().state.shows_hole());
}

#[test]
fn a_reopened_project_exports_the_same_bytes() {
    let mut window = painted("tiny-16.safetensors", 30);
    click(&mut window, "Fill");
    wait_for(&mut window, "the fill", |editor| editor.state.has_result());
    let folder = tempfile::tempdir().expect("a folder");
    let [project, before, after] = ["a.countenance", "before.png", "after.png"].map(|name| folder.path().join(name));
    save_as(&mut window, &project);
    pick(&mut window, Purpose::Export, &before, true);
    wait_until_saved(&mut window);
    let (mut other, _) = editor();
    open(&mut other, &project);
    pick(&mut other, Purpose::Export, &after, true);
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
    window.state_mut().state.handle(Action::Do(Verb::Invert));
    window.run_steps(2);
    window.get_by_label("own.countenance: not saved");
    assert_eq!(window.state().title, "• own – Countenance");
    press(&mut window, Modifiers::COMMAND, Key::S);
    wait_until_saved(&mut window);
    assert_ne!(std::fs::read(&own).expect("saved"), first);
    assert!(!document(&window).is_unsaved());
    assert_eq!(window.state().title, "own – Countenance");
    pick(&mut window, Purpose::SaveProject, &other, false);
    wait_until_saved(&mut window);
    assert_eq!(std::fs::read(&other).expect("there"), b"precious");
    assert!(window.state().state.path_bar.as_ref().is_some_and(|bar| bar.exists));
    assert_eq!(document(&window).project_path(), Some(own.as_path()));
}

#[test]
fn exporting_does_not_save_the_project() {
    let (mut window, _) = filled();
    let folder = tempfile::tempdir().expect("a folder");
    pick(&mut window, Purpose::Export, &folder.path().join("a.png"), true);
    wait_until_saved(&mut window);
    assert!(document(&window).differs_from_project() && !document(&window).is_unsaved());
}

#[test]
fn a_failed_save_stays_unsaved() {
    let (mut window, _) = filled();
    pick(&mut window, Purpose::SaveProject, Path::new("/nowhere/at/all.countenance"), true);
    wait_until_saved(&mut window);
    assert_eq!(newest_message(&window).headline, "Not saved; your work is still here");
    assert!(document(&window).is_unsaved() && document(&window).project_path().is_none());
}

#[test]
fn save_and_close_writes_the_project() {
    let (mut window, _) = filled();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    save_as(&mut window, &path);
    window.state_mut().state.handle(Action::Do(Verb::Invert));
    let saved = std::fs::read(&path).expect("saved");
    window.state_mut().state.handle(Action::RequestClose);
    window.run_steps(2);
    window.get_by_label("The fill has not been saved: astronaut");
    click(&mut window, "Save and close");
    wait_for(&mut window, "the end", |editor| editor.state.closing);
    assert_ne!(std::fs::read(&path).expect("saved"), saved);
}

#[test]
fn save_and_close_waits_for_the_search() {
    let (mut window, script) = editor_with_photo();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    save_as(&mut window, &path);
    start(&mut window, &script);
    script.show(20);
    window.run_steps(2);
    window.state_mut().state.handle(Action::RequestClose);
    window.state_mut().state.handle(Action::Answer(Answer::Save));
    window.run_steps(4);
    assert!(script.was_sent(|command| matches!(command, Command::Cancel)));
    assert!(!window.state().state.closing && !window.state().state.saving);
    script.finish(20, Some(crate::job::StopReason::Cancelled));
    wait_for(&mut window, "the end", |editor| editor.state.closing);
    assert!(crate::project::open(&path).expect("saved").fill.is_some());
}

#[test]
fn saving_during_a_search_keeps_the_strokes() {
    let (mut window, _) = running();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    save_as(&mut window, &path);
    let project = crate::project::open(&path).expect("saved");
    assert_eq!(*project.mask, *document(&window).mask());
    assert!(project.fill.is_none() && window.state().state.fills.is_running());
}

#[test]
fn an_unreadable_project_leaves_the_document_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    let (mut window, _) = filled();
    save_as(&mut window, &path);
    let text = std::fs::read_to_string(&path).expect("saved");
    let newer = text.replace("countenance-project-1", "countenance-project-9");
    for (content, expected) in [(&text[..text.len() / 2], "broken"), (newer.as_str(), "newer program")] {
        std::fs::write(&path, content).expect("written");
        open(&mut window, &path);
        let message = newest_message(&window);
        assert!(message.level == Level::Error && message.details[0].contains(expected), "{message:?}");
        assert!(document(&window).fill().is_some());
    }
}

#[test]
fn a_project_keeps_its_model() {
    use crate::model::{ModelChoice, inspect};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    let (mut window, _) = filled();
    save_as(&mut window, &path);
    let saved = std::fs::read_to_string(&path).expect("the project");
    let own = inspect(&ModelChoice::Face64).expect("a built-in model").sha256;
    let before = saved.replace(&"0".repeat(64), &own);
    assert!(before.contains(&own), "the project names its model's hash");
    std::fs::write(&path, before).expect("the project");
    let (mut other, _) = editor();
    open(&mut other, &path);
    assert_eq!(other.state().state.remembered.model, ModelChoice::Face64);
}

#[test]
fn missing_model_and_device_are_replaced_with_notice() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    let (mut window, _) = filled();
    let remembered = &mut window.state_mut().state.remembered;
    remembered.model = crate::model::ModelChoice::File(folder.path().join("gone.safetensors"));
    remembered.device = crate::device::DeviceChoice::Gpu(Some(99));
    save_as(&mut window, &path);
    let (mut other, _) = editor();
    open(&mut other, &path);
    let details = newest_message(&other).details.join("\n");
    assert!(details.contains("gone.safetensors") && details.contains("gpu:99"), "{details}");
    let remembered = &other.state().state.remembered;
    assert_eq!(remembered.model, crate::model::ModelChoice::default());
    assert_eq!(remembered.device, crate::device::DeviceChoice::Auto);
    assert!(document(&other).fill().is_some());
}
