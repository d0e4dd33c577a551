//! Background tasks: file access, file dialogs and other slow work. Each task runs on its own thread, because most of
//! them wait: for a disk, or for the user in a dialog.
//!
//! A task is a closure. What becomes of its result is a second closure, which the UI thread applies to the state. The UI
//! thread never waits.

mod export_fill;
mod file_dialog;
mod neighbour_photo;
mod open_photo;
mod project_io;

pub use export_fill::{ExportOptions, ExportSource, export_fill, export_under_unused_name};
pub use file_dialog::{DialogAnswer, PathPurpose, show_file_dialog, with_extension};
pub use neighbour_photo::neighbour_photo;
pub use open_photo::{OpenedPhoto, open_photo, open_sample, sample_thumbnail};
pub use project_io::{OpenedProject, ReplacedProject, SavedProject, open_project, save_project};

use std::path::{Path, PathBuf};
use std::sync::mpsc;

use super::state::EditorState;
use super::toasts::UserMessage;
use crate::catch_panic::catch_panic;
use crate::fs::WriteError;
use crate::job::trim_heap;
use crate::photo::SaveError;

/// What is known of a task besides its work.
pub struct Task {
    /// The headline when it fails.
    failure: String,
    /// Tells the state that the task has failed.
    reset: TaskResult,
    loses_work: bool,
    allocates_pictures: bool,
}

impl Task {
    /// A task. `failure`: the headline of the message when it fails.
    pub fn new(failure: impl Into<String>) -> Self {
        Self { failure: failure.into(), reset: Box::new(|_| {}), loses_work: false, allocates_pictures: false }
    }

    /// A task that cannot fail in any way that a user could mend.
    pub fn internal() -> Self {
        Self::new("A task in the background failed")
    }

    /// A task that opens a photo or a project.
    pub fn opening(failure: impl Into<String>) -> Self {
        Self::new(failure).with_pictures().with_reset(|state| state.files.is_opening = false)
    }

    /// A task that opens this photo or project. A file that cannot be opened is no longer among the recent files.
    pub fn opening_file(failure: impl Into<String>, path: PathBuf) -> Self {
        Self::opening(failure).with_reset(move |state| {
            state.files.is_opening = false;
            state.preferences.recent_files.remove(&path);
        })
    }

    /// A task that saves the user's work.
    pub fn saving() -> Self {
        Self::new("Not saved; your work is still here").losing_work().with_reset(|state| {
            (state.files.is_saving, state.dialogs.after_save) = (false, None);
        })
    }

    /// The task allocates whole pictures. Only then is freed memory returned to the system, which can stall other
    /// threads.
    pub fn with_pictures(self) -> Self {
        Self { allocates_pictures: true, ..self }
    }

    /// A failure may lose work: the message stays until it is closed.
    pub fn losing_work(self) -> Self {
        Self { loses_work: true, ..self }
    }

    /// `reset` tells the state that the task has failed.
    pub fn with_reset(self, reset: impl FnOnce(&mut EditorState) + Send + 'static) -> Self {
        Self { reset: Box::new(reset), ..self }
    }

    /// The result of a task that has failed: by an error, or else by a panic.
    fn failed(self, error: Option<anyhow::Error>) -> TaskResult {
        let advice = "The program hit an internal error: try again or with another file, and please report it";
        let error = error.unwrap_or_else(|| anyhow::anyhow!(advice)).context(self.failure);
        let message = UserMessage::from_error(&error);
        let message = if self.loses_work { message.lasting() } else { message };
        Box::new(move |state| {
            (self.reset)(state);
            state.outbox.tell(message);
        })
    }
}

/// The name of a file for headlines.
pub fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Separates the answer that the file exists, and may not be replaced, from other errors of saving.
pub fn existing_file(result: Result<(), SaveError>) -> Result<Option<PathBuf>, SaveError> {
    match result {
        Ok(()) => Ok(None),
        Err(SaveError::Write(WriteError::Exists { path })) => Ok(Some(path)),
        Err(error) => Err(error),
    }
}

/// The result of a task, to be applied to the state.
pub type TaskResult = Box<dyn FnOnce(&mut EditorState) + Send>;

/// Starts tasks and collects their results.
pub struct TaskRunner {
    sender: mpsc::Sender<TaskResult>,
    receiver: mpsc::Receiver<TaskResult>,
    context: egui::Context,
    #[cfg(test)]
    pub concurrency: std::sync::Arc<Concurrency>,
}

impl TaskRunner {
    pub fn new(context: egui::Context) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self {
            sender,
            receiver,
            context,
            #[cfg(test)]
            concurrency: std::sync::Arc::default(),
        }
    }

    /// Runs `work` in the background. The UI thread then calls `apply` with the result, or shows the error.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: Task,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
        apply: impl FnOnce(&mut EditorState, T) + Send + 'static,
    ) {
        self.spawn_on(std::thread::Builder::new(), task, work, apply);
    }

    /// Like [`spawn`](Self::spawn), on a thread with these settings.
    pub(super) fn spawn_on<T: Send + 'static>(
        &self,
        thread: std::thread::Builder,
        task: Task,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
        apply: impl FnOnce(&mut EditorState, T) + Send + 'static,
    ) {
        #[cfg(test)]
        let counted = self.concurrency.begin(&task.failure);
        let (sender, context) = (self.sender.clone(), self.context.clone());
        // The thread gets the task when it runs: a thread that cannot be started must not take it along.
        let (task_sender, task_receiver) = mpsc::channel::<Task>();
        let spawned = thread.name("task".to_owned()).spawn(move || {
            let Ok(task) = task_receiver.recv() else { return };
            let allocates_pictures = task.allocates_pictures;
            // A decoder that panics on a malicious file must not crash the editor.
            let result: TaskResult = match catch_panic(work) {
                Ok(Ok(value)) => Box::new(move |state| apply(state, value)),
                Ok(Err(error)) => task.failed(Some(error)),
                Err(reason) => {
                    tracing::error!("{}: {reason}", task.failure);
                    task.failed(None)
                }
            };
            #[cfg(test)]
            drop(counted);
            // Fails only when the window is already closed.
            let _ = sender.send(result);
            context.request_repaint();
            if allocates_pictures {
                trim_heap();
            }
        });
        if let Err(error) = spawned {
            let error = anyhow::Error::new(error).context("Cannot start a thread: close other programs and try again");
            let _ = self.sender.send(task.failed(Some(error)));
        } else {
            let _ = task_sender.send(task);
        }
    }

    /// The next waiting result.
    pub fn try_result(&self) -> Option<TaskResult> {
        self.receiver.try_recv().ok()
    }
}

/// Counts the tasks with the same headline that run at the same time.
#[cfg(test)]
#[derive(Default)]
pub struct Concurrency {
    /// Running and most, by headline.
    counts: std::sync::Mutex<std::collections::HashMap<String, [usize; 2]>>,
}

#[cfg(test)]
impl Concurrency {
    /// Counts one until the result is dropped.
    fn begin(self: &std::sync::Arc<Self>, headline: &str) -> impl Drop + use<> {
        struct End(std::sync::Arc<Concurrency>, String);
        impl Drop for End {
            fn drop(&mut self) {
                self.0.counts.lock().expect("not poisoned").entry(self.1.clone()).or_default()[0] -= 1;
            }
        }
        let mut counts = self.counts.lock().expect("not poisoned");
        let [running, most] = counts.entry(headline.to_owned()).or_default();
        *running += 1;
        *most = (*most).max(*running);
        End(std::sync::Arc::clone(self), headline.to_owned())
    }

    /// The most so far.
    pub fn most(&self, headline: &str) -> usize {
        self.counts.lock().expect("not poisoned").get(headline).map_or(0, |[_, most]| *most)
    }
}
