//! Prepares the photo for the task in the background, when Fill is pressed: then the fill starts.

use std::sync::Arc;

use super::FillState;
use crate::app::document::PhotoDocument;
use crate::app::outbox::Outbox;
use crate::app::tasks::Task;
use crate::photo::Photo;
use crate::restore::{ImageTask, prepare_photo};

impl FillState {
    /// Prepares the photo, if the task needs that. Returns whether the fill must wait for it.
    pub(super) fn prepares_photo(&mut self, document: &PhotoDocument, task: ImageTask, outbox: &Outbox) -> bool {
        let Some(opened) = document.photo_to_prepare(task) else { return false };
        if self.preparing_for.replace(task).is_some() {
            return true;
        }
        let shown = Arc::clone(&document.photo);
        let message = Task::new("The photo cannot be prepared for this task").with_pictures().with_reset({
            let shown = Arc::clone(&shown);
            move |state| state.photo_prepared(&shown, task, None)
        });
        let prepare = move || Ok(prepare_photo(&opened, task)?);
        outbox.spawn(message, prepare, move |state, photo| state.photo_prepared(&shown, task, Some(photo)));
        true
    }

    /// Whether the photo is being prepared for a task.
    pub fn is_photo_preparing(&self) -> bool {
        self.preparing_for.is_some()
    }

    /// The photo is prepared, or could not be. Returns whether a fill waits for it.
    pub fn photo_prepared(&mut self, task: ImageTask, photo: Option<&Arc<Photo>>) -> bool {
        let is_waiting = self.preparing_for.take_if(|preparing| *preparing == task).is_some();
        is_waiting && photo.is_some()
    }
}
