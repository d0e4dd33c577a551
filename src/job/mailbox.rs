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
        let WorkerEvent::Progress(progress) = event else {
            events.push(event);
            return;
        };
        let waiting = events.iter_mut().find_map(|event| match event {
            WorkerEvent::Progress(waiting) if waiting.job == progress.job => Some(waiting),
            _ => None,
        });
        match waiting {
            Some(waiting) => {
                let mut iterations = std::mem::take(&mut waiting.iterations);
                iterations.extend(progress.iterations);
                *waiting = FillProgress { iterations, ..progress };
            }
            None => events.push(WorkerEvent::Progress(progress)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<WorkerEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{GeneratedFaces, IterationLosses, JobId};

    fn progress(job: JobId, iteration: u32, paused: bool) -> WorkerEvent {
        let iterations = vec![IterationLosses { iteration, candidates: Vec::new() }];
        WorkerEvent::Progress(FillProgress { job, iterations, remaining_secs: None, extended_by: iteration, paused })
    }

    fn faces(id: u64) -> WorkerEvent {
        WorkerEvent::Faces(GeneratedFaces { id, pictures: Vec::new() })
    }

    fn failed(id: u64) -> WorkerEvent {
        WorkerEvent::FacesFailed { id, message: String::new() }
    }

    #[test]
    fn only_the_newest_picture_of_a_kind_waits() {
        let mailbox = Mailbox::default();
        for event in [faces(1), failed(1), faces(2), failed(2)] {
            mailbox.put(event);
        }
        let events = mailbox.take();
        assert!(matches!(
            events[..],
            [
                WorkerEvent::FacesFailed { id: 1, .. },
                WorkerEvent::Faces(GeneratedFaces { id: 2, .. }),
                WorkerEvent::FacesFailed { id: 2, .. }
            ]
        ));
        assert!(mailbox.take().is_empty());
    }

    #[test]
    fn progress_of_one_job_is_one_event() {
        let mailbox = Mailbox::default();
        let events = [progress(1, 1, false), faces(1), progress(1, 2, false), failed(1), progress(1, 3, true)];
        for event in events {
            mailbox.put(event);
        }
        mailbox.put(progress(2, 1, false));
        let [WorkerEvent::Progress(first), _, _, WorkerEvent::Progress(second)] = &mailbox.take()[..] else {
            panic!("two jobs, and what came between")
        };
        let iterations: Vec<u32> = first.iterations.iter().map(|losses| losses.iteration).collect();
        assert_eq!((first.job, iterations, first.extended_by, first.paused), (1, vec![1, 2, 3], 3, true));
        assert_eq!((second.job, second.iterations.len()), (2, 1));
    }
}
