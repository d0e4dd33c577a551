//! A panic while a fill is composed or exported gives a message, and the next one works.

use std::sync::Arc;

use super::export_and_close::{choose_path, wait_until_saved};
use super::fill::{editor_with_fill, finish_fill, start_fill};
use super::{TestWindow, newest_message, wait_for};
use crate::app::tasks::{BackgroundTask, ExportOptions, PathPurpose};
use crate::app::toasts::Severity;
use crate::fs::Overwrite;
use crate::job::{ExportContent, FillRecord};

/// The shown fill with pictures that are too short, which no task expects.
fn broken_fill(window: &TestWindow<'_>) -> FillRecord {
    let document = window.state().state.document.as_ref().expect("open");
    let mut fill = document.shown_fill().expect("filled").record.clone();
    for candidate in &mut Arc::make_mut(&mut fill.outcome).candidates {
        Arc::make_mut(&mut candidate.picture).pixels.truncate(7);
    }
    fill
}

#[test]
fn a_panic_in_composing_or_export_is_told() {
    let (mut window, engine) = editor_with_fill();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("filled.png");
    let photo = Arc::clone(&window.state().state.document.as_ref().expect("open").photo);
    let tasks = [
        BackgroundTask::Compose { fill_index: 0, photo: Arc::clone(&photo), fill: broken_fill(&window) },
        BackgroundTask::Export {
            path: path.clone(),
            photo,
            fill: broken_fill(&window),
            options: ExportOptions { content: ExportContent::Photo, record: true, overwrite: Overwrite::Refuse },
            revision: 0,
        },
    ];
    for task in tasks {
        window.state_mut().toaster.dismiss_all();
        window.state_mut().state.is_saving = matches!(task, BackgroundTask::Export { .. });
        window.state().state.spawn(task);
        wait_for(&mut window, "the message", |editor| {
            !editor.state.is_saving
                && editor.toaster.latest().is_some_and(|message| message.severity == Severity::Error)
        });
        let message = newest_message(&window);
        assert!(message.details.iter().any(|detail| detail.contains("internal error")), "{message:?}");
        assert!(!path.exists());
    }
    start_fill(&mut window, &engine);
    finish_fill(&mut window, &engine);
    choose_path(&mut window, PathPurpose::Export, &path, true);
    wait_until_saved(&mut window);
    assert_eq!(newest_message(&window).severity, Severity::Success);
    assert!(path.exists());
}
