//! Tasks that fail outside their own work: by a panic, or because no thread can be started. Each gives a message, and the
//! next task works.

use std::sync::Arc;

use super::export_and_close::{choose_path, wait_until_saved};
use super::fill::{editor_with_fill, finish_fill, start_fill};
use super::{TestWindow, editor_with_photo, newest_message, wait_for};
use crate::app::fill::COMPOSING_FAILED;
use crate::app::tasks::{ExportOptions, ExportSource, PathPurpose, Task, TaskRunner, export_fill};
use crate::app::toasts::{Severity, UserMessage};
use crate::fs::Overwrite;
use crate::job::{ExportContent, FillRecord, PhotoFill};

/// The shown fill with pictures that are too short, which no task expects.
fn broken_fill(window: &TestWindow<'_>) -> FillRecord {
    let document = window.state().state.document.as_ref().expect("open");
    let mut fill = document.shown_face().expect("filled").fill.record.clone();
    for candidate in &mut Arc::make_mut(&mut fill.outcome).candidates {
        Arc::make_mut(&mut candidate.picture).pixels.truncate(7);
    }
    fill
}

/// Waits for the message about an internal error, and closes it.
fn wait_for_error(window: &mut TestWindow<'_>) {
    wait_for(window, "the message", |editor| {
        !editor.state.files.is_saving
            && editor.widgets.toaster.latest().is_some_and(|message| message.severity == Severity::Error)
    });
    let message = newest_message(window);
    assert!(message.details.iter().any(|detail| detail.contains("internal error")), "{message:?}");
    let toaster = &mut window.state_mut().widgets.toaster;
    toaster.dismiss_all();
    toaster.push(UserMessage::new(Severity::Info, "The next message is another one"));
}

#[test]
fn a_task_without_a_thread_fails_like_any_other() {
    let (mut window, _) = editor_with_photo();
    let state = &mut window.state_mut().state;
    state.files.is_saving = true;
    let tasks = TaskRunner::new(egui::Context::default());
    // No system can give a thread so much memory.
    let thread = std::thread::Builder::new().stack_size(1 << 60);
    tasks.spawn_on(thread, Task::saving(), || Ok(()), |_, ()| unreachable!("it must fail"));
    tasks.try_result().expect("failed at once")(state);
    assert!(!state.files.is_saving);
    let messages = state.outbox.take_messages();
    assert_eq!(messages[0].headline, "Not saved; your work is still here");
    assert!(messages[0].details.iter().any(|detail| detail.contains("Cannot start a thread")), "{messages:?}");
}

#[test]
fn a_panic_in_composing_or_export_is_told() {
    let (mut window, engine) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("filled.png");
    let photo = Arc::clone(&window.state().state.document.as_ref().expect("open").photo);
    let (fill, exported) = (broken_fill(&window), path.clone());
    let source =
        ExportSource { photo: Arc::clone(&photo), fill: PhotoFill::of_one_face(broken_fill(&window)), composed: None };
    let (content, overwrite) = (ExportContent::Photo, Overwrite::Refuse);
    let options = ExportOptions { content, record: true, jpeg_quality: 92, overwrite };
    let outbox = &window.state().state.outbox;
    let (task, photo_to_fill) = (Task::new(COMPOSING_FAILED), Arc::clone(&photo));
    outbox.spawn(task, move || Ok(fill.compose(&photo_to_fill)), |_, _| unreachable!("it must fail"));
    wait_for_error(&mut window);
    window.state_mut().state.files.is_saving = true;
    let export = move || Ok(export_fill(&exported, &source, &options)?);
    window.state().state.outbox.spawn(Task::saving(), export, |_, _| unreachable!("it must fail"));
    wait_for_error(&mut window);
    assert!(!path.exists());
    start_fill(&mut window, &engine);
    finish_fill(&mut window, &engine);
    choose_path(&mut window, PathPurpose::Export, &path, true);
    wait_until_saved(&mut window);
    assert_eq!(newest_message(&window).severity, Severity::Success);
    assert!(path.exists());
}
