//! The worker's events, until the editor takes them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{FillProgress, WorkerEvent};

/// Events in order. It needs little memory, however seldom it is emptied: a newer picture replaces one of its kind that
/// was not taken, and progress is added to earlier progress.
#[derive(Debug, Default)]
pub struct Mailbox {
    events: Mutex<Vec<WorkerEvent>>,
}

impl Mailbox {
    /// Takes all events, oldest first.
    pub fn take(&self) -> Vec<WorkerEvent> {
        std::mem::take(&mut *self.lock())
    }

    /// Whether a preview of a search waits to be taken. A newer one would replace it unseen.
    pub fn has_preview(&self) -> bool {
        self.lock().iter().any(|event| matches!(event, WorkerEvent::Preview(_)))
    }

    /// Puts an event.
    pub fn put(&self, event: WorkerEvent) {
        let mut events = self.lock();
        let is_picture = |event: &WorkerEvent| {
            matches!(event, WorkerEvent::Preview(_) | WorkerEvent::QuickPreview(_) | WorkerEvent::Faces(_))
        };
        if is_picture(&event) {
            events.retain(|waiting| std::mem::discriminant(waiting) != std::mem::discriminant(&event));
        }
        match (event, events.last_mut()) {
            (WorkerEvent::Progress(progress), Some(WorkerEvent::Progress(waiting))) if waiting.job == progress.job => {
                let mut iterations = std::mem::take(&mut waiting.iterations);
                iterations.extend(progress.iterations);
                *waiting = FillProgress { iterations, ..progress };
            }
            (event, _) => events.push(event),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<WorkerEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
