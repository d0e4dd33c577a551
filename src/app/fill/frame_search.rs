//! Searches the faces of the hole in the background whenever it has changed, and lets the fill wait for them. The frame
//! moves to the face that the hole concerns most.
//!
//! No action starts a search: after every action the state checks whether the faces were found for the current hole. Only
//! one search runs at a time. A result for an earlier state of the mask is dropped.

use super::{FillContext, FillState};
use crate::app::document::{FaceSplit, PhotoDocument, SplitInput};
use crate::app::outbox::Outbox;
use crate::app::tasks::Task;
use crate::app::toasts::Severity;
use crate::face::FoundFaces;

/// The search for the face frame, and the fill that waits for it.
#[derive(Default)]
pub struct FrameSearch {
    /// A background task is running.
    is_running: bool,
    /// Fill was pressed: it starts as soon as the frame is found.
    pub(super) starts_fill: bool,
    /// Tests of other things need no detector.
    #[cfg(test)]
    pub mode: FrameSearchMode,
}

/// How a test window searches frames.
#[cfg(test)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrameSearchMode {
    /// As for users.
    #[default]
    Detector,
    /// Never.
    Off,
    /// The test sends the results.
    Scripted,
}

impl FrameSearch {
    /// Forgets the previous document. The result of its task is dropped.
    pub fn document_changed(&mut self) {
        (self.is_running, self.starts_fill) = (false, false);
    }
}

impl FillState {
    /// Whether the frame for the current hole is still being searched.
    pub fn is_frame_pending(&self, document: &PhotoDocument) -> bool {
        #[cfg(test)]
        if self.frame_search.mode == FrameSearchMode::Off {
            return false;
        }
        !self.is_running() && document.needs_frame_search()
    }

    /// Whether the faces of the current hole are still being searched. The frame may be known before.
    pub fn is_split_pending(&self, document: &PhotoDocument) -> bool {
        #[cfg(test)]
        if self.frame_search.mode != FrameSearchMode::Detector {
            return false;
        }
        !self.is_running() && document.has_hole() && document.current_split().is_none()
    }

    /// Whether Fill was pressed and waits for the frame.
    pub fn is_waiting(&self) -> bool {
        self.frame_search.starts_fill
    }

    /// Starts a search if the frame does not belong to the current hole, and starts the waiting fill if it does.
    pub(super) fn follow_frame(&mut self, document: &mut PhotoDocument, context: FillContext<'_>, outbox: &mut Outbox) {
        if self.is_running() {
            self.frame_search.starts_fill = false;
            return;
        }
        if document.has_active_drag() {
            return;
        }
        document.reset_frame_without_hole();
        if self.is_frame_pending(document) || self.is_split_pending(document) {
            self.spawn_frame_search(document, outbox);
        } else if std::mem::take(&mut self.frame_search.starts_fill) {
            match self.start_disabled_reason(document) {
                Some(reason) => outbox.notify(Severity::Info, reason),
                None => self.start_or_wait(document, context, outbox),
            }
        }
    }

    fn spawn_frame_search(&mut self, document: &PhotoDocument, outbox: &Outbox) {
        if std::mem::replace(&mut self.frame_search.is_running, true) {
            return;
        }
        #[cfg(test)]
        if self.frame_search.mode == FrameSearchMode::Scripted {
            return;
        }
        let input = document.split_input();
        // A failure is an answer, too: the fill may be waiting for it.
        let task = Task::new("Face detection failed").with_pictures().with_reset({
            let input = input.clone();
            move |state| state.faces_found(&input, input.split_between(FoundFaces::default()))
        });
        let split = {
            let input = input.clone();
            move || Ok(input.split()?)
        };
        outbox.spawn(task, split, move |state, split| state.faces_found(&input, split));
    }

    /// Handles the result of the search for the faces of a hole of the document.
    pub fn faces_found(&mut self, input: &SplitInput, split: FaceSplit, document: &mut PhotoDocument) {
        self.frame_search.is_running = false;
        if self.is_running() || *document.mask() != input.hole {
            return;
        }
        if self.is_frame_pending(document) {
            document.set_found_frame(split.found().frame);
        }
        document.set_face_split(split);
    }
}
