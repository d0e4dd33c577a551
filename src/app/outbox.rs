//! What the editor's state asks of the rest of the program: background tasks, the fill thread, the canvas's view, and
//! messages to the user.

use egui::ColorImage;

use super::canvas::ViewCommand;
use super::state::EditorState;
use super::tasks::{Task, TaskResult, TaskRunner};
use super::toasts::{Severity, UserMessage};
use crate::job::{WorkerCommand, WorkerEvent, WorkerHandle};

/// What a pasted picture becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasteTarget {
    Photo,
    Mask,
}

/// The ways out of the state. Nothing here blocks.
pub struct Outbox {
    tasks: TaskRunner,
    worker: WorkerHandle,
    /// Id of the last request to the fill thread, of any kind.
    last_id: u64,
    messages: Vec<UserMessage>,
    view_commands: Vec<ViewCommand>,
    /// For the clipboard.
    copied_picture: Option<ColorImage>,
    /// The clipboard's picture was asked for.
    requested_paste: Option<PasteTarget>,
}

impl Outbox {
    pub fn new(worker: WorkerHandle, tasks: TaskRunner) -> Self {
        Self {
            tasks,
            worker,
            last_id: 0,
            messages: Vec::new(),
            view_commands: Vec::new(),
            copied_picture: None,
            requested_paste: None,
        }
    }

    /// Runs `work` in the background. The UI thread then applies the result to the state.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: Task,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
        apply: impl FnOnce(&mut EditorState, T) + Send + 'static,
    ) {
        self.tasks.spawn(task, work, apply);
    }

    /// The next result of a background task.
    pub fn try_task_result(&self) -> Option<TaskResult> {
        self.tasks.try_result()
    }

    /// Sends a command to the fill thread.
    pub fn send(&self, command: WorkerCommand) {
        self.worker.send(command);
    }

    /// A new id for a request.
    pub fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Sends a request with a new id, which the answer will carry.
    pub fn request(&mut self, command: impl FnOnce(u64) -> WorkerCommand) -> u64 {
        let id = self.new_id();
        self.worker.send(command(id));
        id
    }

    /// Takes what the fill thread has sent.
    pub fn take_worker_events(&self) -> Vec<WorkerEvent> {
        self.worker.take_events()
    }

    /// Changes the canvas's view before it is drawn next.
    pub fn change_view(&mut self, command: ViewCommand) {
        self.view_commands.push(command);
    }

    /// Takes the commands that the canvas has not run yet.
    pub fn take_view_commands(&mut self) -> Vec<ViewCommand> {
        std::mem::take(&mut self.view_commands)
    }

    /// Puts a picture on the clipboard.
    pub fn copy_picture(&mut self, picture: ColorImage) {
        self.copied_picture = Some(picture);
    }

    pub fn take_copied_picture(&mut self) -> Option<ColorImage> {
        self.copied_picture.take()
    }

    /// Asks the window for the clipboard's picture.
    pub fn request_paste(&mut self, target: PasteTarget) {
        self.requested_paste = Some(target);
    }

    pub fn take_requested_paste(&mut self) -> Option<PasteTarget> {
        self.requested_paste.take()
    }

    /// Tells the user something. Messages are composed in English, and translated here.
    pub fn tell(&mut self, message: impl Into<Option<UserMessage>>) {
        self.messages.extend(message.into().map(UserMessage::translated));
    }

    /// Tells the user something in one line.
    pub fn notify(&mut self, severity: Severity, headline: impl Into<String>) {
        self.tell(UserMessage::new(severity, headline));
    }

    /// Takes the messages that were not shown yet.
    pub fn take_messages(&mut self) -> Vec<UserMessage> {
        std::mem::take(&mut self.messages)
    }

    /// The most tasks with this headline that ran at the same time.
    #[cfg(test)]
    pub fn most_tasks(&self, headline: &str) -> usize {
        self.tasks.concurrency.most(headline)
    }
}
