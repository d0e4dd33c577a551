//! The channels between the editor and the worker thread: commands in, events out.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use super::mailbox::Mailbox;
use super::{WorkerCommand, WorkerEvent};

/// Called whenever the editor should redraw.
pub type RequestRepaint = Arc<dyn Fn(RepaintUrgency) + Send + Sync>;

/// How soon the editor should redraw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepaintUrgency {
    /// For pictures and losses of a running fill: more of them follow soon.
    Soon,
    Now,
}

/// The editor's ends.
pub struct WorkerHandle {
    commands: Sender<WorkerCommand>,
    mailbox: Arc<Mailbox>,
}

/// The worker thread's ends.
pub struct WorkerChannels {
    pub commands: Receiver<WorkerCommand>,
    mailbox: Arc<Mailbox>,
    request_repaint: RequestRepaint,
}

/// Makes the channels. `request_repaint` is called from the worker thread whenever the editor should redraw.
pub(crate) fn worker_channels(request_repaint: RequestRepaint) -> (WorkerHandle, WorkerChannels) {
    let (sender, receiver) = mpsc::channel();
    let mailbox = Arc::new(Mailbox::default());
    let handle = WorkerHandle { commands: sender, mailbox: Arc::clone(&mailbox) };
    (handle, WorkerChannels { commands: receiver, mailbox, request_repaint })
}

impl WorkerHandle {
    /// Sends a command. Never blocks.
    pub fn send(&self, command: WorkerCommand) {
        // Sending fails only when the thread has ended or never started.
        let _ = self.commands.send(command);
    }

    /// Closes the command channel, which ends the thread.
    #[cfg(test)]
    pub(crate) fn into_mailbox(self) -> Arc<Mailbox> {
        self.mailbox
    }

    /// Takes all events that wait, oldest first. Never blocks.
    #[must_use]
    pub fn take_events(&self) -> Vec<WorkerEvent> {
        self.mailbox.take()
    }
}

impl WorkerChannels {
    /// Sends an event. Never blocks.
    pub fn send(&self, event: WorkerEvent) {
        let is_frequent =
            matches!(event, WorkerEvent::Progress(_) | WorkerEvent::Preview(_) | WorkerEvent::MapProgress { .. });
        self.mailbox.put(event);
        (self.request_repaint)(if is_frequent { RepaintUrgency::Soon } else { RepaintUrgency::Now });
    }

    /// Whether the last preview of a search was taken.
    pub fn wants_preview(&self) -> bool {
        !self.mailbox.has_preview()
    }
}
