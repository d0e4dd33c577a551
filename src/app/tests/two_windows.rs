//! Two windows with the same project: neither replaces the other's work unasked.

use egui::{Key, Modifiers};

use super::export_and_close::wait_until_saved;
use super::fill::editor_with_fill;
use super::projects::{document, open, save_as};
use super::{TestWindow, click, editor, newest_message, press, wait_for};
use crate::app::autosave::RecoveryFile;
use crate::app::dialogs::DocumentSource;
use crate::app::shortcuts::EditorCommand;
use crate::app::state::Action;
use crate::app::toasts::Severity;
use crate::fs::Overwrite;
use crate::project;

/// Changes the mask.
fn edit(window: &mut TestWindow<'_>) {
    window.state_mut().state.handle(Action::RunCommand(EditorCommand::InvertMask));
    window.run_steps(2);
}

/// Ctrl+S.
fn save(window: &mut TestWindow<'_>) {
    press(window, Modifiers::COMMAND, Key::S);
    wait_until_saved(window);
}

#[test]
fn another_windows_save_is_not_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    let (mut first, _) = editor_with_fill();
    save_as(&mut first, &path);
    let (mut second, _) = editor();
    open(&mut second, &path);
    edit(&mut first);
    edit(&mut second);
    edit(&mut second);
    save(&mut first);
    let saved = std::fs::read(&path).expect("saved");
    save(&mut second);
    let message = newest_message(&second);
    assert!(message.severity == Severity::Warning && message.headline.contains("saved elsewhere"), "{message:?}");
    assert!(document(&second).has_unsaved_work());
    assert_eq!(std::fs::read(&path).expect("saved"), saved, "the first window's work is there");
    // Under another name, or on purpose.
    let other = folder.path().join("mine.countenance");
    save_as(&mut second, &other);
    assert_eq!((document(&second).project_path(), document(&second).has_unsaved_work()), (Some(&*other), false));
    let (mut third, _) = editor();
    open(&mut third, &path);
    edit(&mut first);
    save(&mut first);
    edit(&mut third);
    save(&mut third);
    let saved = std::fs::read(&path).expect("saved");
    click(&mut third, "Replace");
    wait_until_saved(&mut third);
    assert_ne!(std::fs::read(&path).expect("replaced"), saved);
    edit(&mut third);
    save(&mut third);
    assert_eq!(newest_message(&third).severity, Severity::Success, "its own file again");
}

#[test]
fn recovered_work_does_not_replace_a_later_save() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("work.countenance");
    let (mut first, _) = editor_with_fill();
    save_as(&mut first, &path);
    let unsaved = folder.path().join("unsaved");
    // A window that crashed with work on this project. Another one saved the project since.
    let copy = project::Project { saved_as: Some(path.clone()), ..project::open(&path).expect("saved") };
    let file = RecoveryFile::new(&unsaved);
    file.write(&copy).expect("written");
    let age = std::fs::File::options().append(true).open(file.path()).expect("the copy");
    age.set_modified(std::time::SystemTime::now() - std::time::Duration::from_mins(5)).expect("aged");
    drop(file);
    let (mut window, _) = editor();
    window.state_mut().state.enable_autosave(&unsaved);
    wait_for(&mut window, "the offer", |editor| !editor.state.files.recoverable.is_empty());
    let recoverable = window.state().state.files.recoverable[0].file.path().to_owned();
    window.state_mut().state.handle(Action::Open(DocumentSource::Recoverable(recoverable)));
    wait_for(&mut window, "the work", |editor| editor.state.document.is_some());
    let saved = std::fs::read(&path).expect("saved");
    save(&mut window);
    assert!(newest_message(&window).headline.contains("saved elsewhere"));
    assert_eq!(std::fs::read(&path).expect("saved"), saved);
    click(&mut window, "Replace");
    wait_until_saved(&mut window);
    assert_eq!(newest_message(&window).severity, Severity::Success);
    project::save(&path, &copy, Overwrite::Allow).expect("the other window saves once more");
    edit(&mut window);
    save(&mut window);
    assert!(newest_message(&window).headline.contains("saved elsewhere"));
}
