//! Searches the face frame in the background whenever the hole has changed, and lets the fill wait for it.
//!
//! No action starts a search: after every action the state checks whether the frame was found for the current hole. Only
//! one search runs at a time. A result for an earlier state of the mask is dropped.

use std::sync::Arc;

use super::EditorState;
use crate::app::document::PhotoDocument;
use crate::app::shortcuts::EditorCommand;
use crate::app::tasks::BackgroundTask;
use crate::app::toasts::{Severity, UserMessage};
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::photo::Photo;

/// The search for the face frame, and the fill that waits for it.
#[derive(Default)]
pub struct FrameSearch {
    /// A background task is running.
    is_running: bool,
    /// Fill was pressed: it starts as soon as the frame is found.
    starts_fill: bool,
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

impl EditorState {
    /// Whether the frame for the current hole is still being searched.
    pub fn is_frame_pending(&self) -> bool {
        #[cfg(test)]
        if self.frame_search.mode == FrameSearchMode::Off {
            return false;
        }
        !self.is_locked() && self.document.as_ref().is_some_and(PhotoDocument::needs_frame_search)
    }

    /// Whether Fill was pressed and waits for the frame.
    pub fn is_fill_waiting(&self) -> bool {
        self.frame_search.starts_fill
    }

    /// Lets the fill start as soon as the frame is found.
    pub(super) fn start_fill_when_frame_is_found(&mut self) {
        self.frame_search.starts_fill = true;
    }

    pub(super) fn cancel_waiting_fill(&mut self) {
        self.frame_search.starts_fill = false;
    }

    /// Starts a search if the frame does not belong to the current hole, and starts the waiting fill if it does.
    pub(super) fn update_frame_search(&mut self) {
        if self.is_locked() {
            self.cancel_waiting_fill();
            return;
        }
        let Some(document) = self.document.as_mut().filter(|document| !document.has_active_drag()) else { return };
        document.reset_frame_without_hole();
        if self.is_frame_pending() {
            self.spawn_frame_search();
        } else if self.frame_search.starts_fill {
            self.frame_search.starts_fill = false;
            match self.disabled_reason(EditorCommand::Fill) {
                Some(reason) => self.notify(Severity::Info, reason),
                None => self.start_fill(),
            }
        }
    }

    fn spawn_frame_search(&mut self) {
        let Some(document) = self.document.as_ref().filter(|_| !self.frame_search.is_running) else { return };
        let (photo, hole) = (Arc::clone(&document.photo), document.mask().clone());
        self.frame_search.is_running = true;
        #[cfg(test)]
        if self.frame_search.mode == FrameSearchMode::Scripted {
            return;
        }
        self.spawn(BackgroundTask::FindFrame { photo, hole });
    }

    /// Handles the result of [`BackgroundTask::FindFrame`].
    pub(super) fn frame_found(
        &mut self,
        photo: &Arc<Photo>,
        hole: &Mask,
        frame: Option<FaceFrame>,
        error: Option<UserMessage>,
    ) {
        if self.document_with_photo(photo).is_none() {
            return;
        }
        self.frame_search.is_running = false;
        let is_expected = self.is_frame_pending();
        if let Some(document) = self.document.as_mut().filter(|document| is_expected && document.mask() == hole) {
            document.set_found_frame(frame);
            self.messages.extend(error);
        }
    }
}
