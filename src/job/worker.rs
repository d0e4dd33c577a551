//! The editor's background thread.

use std::sync::Arc;
use std::sync::mpsc;

use super::{Command, Event, Preview, Slot};

/// A handle to the thread named `fill`. Dropping it stops the thread.
pub struct Worker {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    previews: Arc<Slot<Preview>>,
}

impl Worker {
    /// Starts the thread. `wake` is called (from that thread) whenever there is something new to draw.
    #[must_use]
    pub fn spawn(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let _ = wake;
        unimplemented!()
    }

    /// Hands over a command; never blocks.
    pub fn send(&self, command: Command) {
        // A worker that is gone has said why in its last event.
        let _ = self.commands.send(command);
    }

    /// The next event, if one waits.
    #[must_use]
    pub fn try_event(&self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// The newest preview, if it was not taken yet.
    #[must_use]
    pub fn take_preview(&self) -> Option<Preview> {
        self.previews.take()
    }
}
