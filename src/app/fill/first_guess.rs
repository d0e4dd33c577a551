//! The encoder's first guess, which the hole shows until there is a fill.
//!
//! No action asks for it: after every action the state compares the hole, frame, blend and model with those of the last
//! guess.

use std::sync::Arc;

use super::{FillContext, FillState};
use crate::app::document::PhotoDocument;
use crate::app::latest::Latest;
use crate::app::outbox::Outbox;
use crate::blend::{Blend, FillPatch};
use crate::device::DeviceChoice;
use crate::geometry::FaceFrame;
use crate::job::{QuickPreviewId, WorkerCommand};
use crate::mask::Mask;
use crate::model::ModelChoice;

/// The encoder's first guess of a fill. It is only a preview: never in the undo history and never saved.
#[derive(Default)]
pub(super) struct FirstGuess {
    /// Blended into the photo. It belongs to an earlier hole while a request is pending.
    patch: Latest<FirstGuessKey, Arc<FillPatch>>,
    /// The newest request.
    request: QuickPreviewId,
}

/// The inputs of a first guess: when they change, a new one is requested.
#[derive(Clone, PartialEq)]
struct FirstGuessKey {
    hole: Mask,
    frame: FaceFrame,
    blend: Blend,
    model: ModelChoice,
    device: DeviceChoice,
}

impl FirstGuess {
    pub fn patch(&self) -> Option<&Arc<FillPatch>> {
        self.patch.value()
    }

    /// Whether the guess was made for the current hole and frame.
    pub fn is_of(&self, document: &PhotoDocument) -> bool {
        let key = self.patch.key();
        key.is_some_and(|key| key.hole == *document.mask() && key.frame == document.face_frame())
    }
}

impl FillState {
    pub(super) fn update_first_guess(
        &mut self,
        document: &PhotoDocument,
        context: FillContext<'_>,
        outbox: &mut Outbox,
    ) {
        let FillContext { preferences, engine, .. } = context;
        let is_obsolete = !preferences.first_guess
            || document.is_shown_fill_current()
            || self.timeline.is_some()
            || !(document.has_active_drag() || document.is_hole_in_frame());
        if is_obsolete {
            self.first_guess.patch.clear();
            return;
        }
        let must_wait = self.is_running() || self.is_frame_pending(document) || document.has_active_drag();
        if must_wait || !engine.can_draw_first_guess() {
            return;
        }
        let key = FirstGuessKey {
            hole: document.mask().clone(),
            frame: document.face_frame(),
            blend: preferences.blend,
            model: preferences.model.clone(),
            device: preferences.device,
        };
        if self.first_guess.patch.is_missing(&key) {
            let request = Box::new(context.request(document).into_first_guess());
            self.first_guess.request = outbox.request(|id| WorkerCommand::QuickPreview(id, request));
            self.first_guess.patch.begin(key);
        }
    }

    /// Stores the first guess, or `None` when it could not be drawn. Returns whether `id` was pending.
    pub(super) fn first_guess_drawn(&mut self, id: QuickPreviewId, patch: Option<Arc<FillPatch>>) -> bool {
        let guess = &mut self.first_guess;
        let is_expected = guess.request == id && guess.patch.is_pending();
        if is_expected {
            if patch.is_none() {
                guess.patch.take();
            }
            guess.patch.finish_pending(patch);
        }
        is_expected
    }
}
