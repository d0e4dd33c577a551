//! Keeps the running search and the encoder's first guess up to date with the hole, and decides which patch is shown.
//!
//! A running search receives each new hole. While no search runs, the encoder draws a first guess. No action triggers
//! these updates: after every action the state compares the hole, frame, blend and model with those last used.

use std::sync::Arc;

use super::EditorState;
use crate::app::canvas::MaskDisplay;
use crate::app::document::{FrameOverlap, MaskId, PhotoDocument};
use crate::blend::{Blend, FillPatch};
use crate::device::DeviceChoice;
use crate::geometry::FaceFrame;
use crate::job::{FillRequest, QuickPreviewId};
use crate::model::ModelChoice;

/// The encoder's first guess of a fill. It is only a preview: never in the undo history and never saved.
pub struct FirstGuess {
    key: FirstGuessKey,
    /// The pending request; `None` once it is answered.
    pending: Option<QuickPreviewId>,
    /// The newest picture. It belongs to an earlier hole while a request is pending.
    newest: Option<DrawnGuess>,
}

struct DrawnGuess {
    mask_id: MaskId,
    frame: FaceFrame,
    patch: FillPatch,
}

/// The inputs of a first guess: when they change, a new one is requested.
#[derive(Clone, PartialEq)]
struct FirstGuessKey {
    mask_id: MaskId,
    frame: FaceFrame,
    blend: Blend,
    model: ModelChoice,
    device: DeviceChoice,
}

/// Where the patch shown in the photo comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PatchSource {
    Run,
    Mix,
    Fill,
    Guess,
}

impl EditorState {
    /// Updates the face frame, the running search, the first guess and the mix for the current hole.
    pub(super) fn update_for_hole(&mut self) {
        self.update_frame_search();
        self.update_running_fill();
        self.update_first_guess();
        self.close_stale_mix();
    }

    fn update_running_fill(&mut self) {
        let Some(document) = self.document.as_mut().filter(|document| !document.has_active_stroke()) else { return };
        let mask_id = document.mask_id();
        let Some(run) = self.fill_controller.running().filter(|run| !run.is_stopping) else { return };
        if run.newest_mask_id() != Some(mask_id) && is_hole_in_frame(document) {
            self.fill_controller.set_hole(document.shared_mask(), mask_id);
        }
    }

    fn update_first_guess(&mut self) {
        let is_obsolete = !self.preferences.first_guess
            || self.document.as_ref().is_none_or(|document| {
                document.is_shown_fill_current() || !(document.has_active_drag() || is_hole_in_frame(document))
            });
        if is_obsolete && self.first_guess.take().is_some_and(|guess| guess.newest.is_some()) {
            self.bump_scene_version();
        }
        let must_wait = self.fill_controller.is_running() || self.is_frame_pending();
        if is_obsolete || must_wait || !self.can_draw_first_guess() {
            return;
        }
        let Some(document) = self.document.as_mut().filter(|document| !document.has_active_drag()) else { return };
        let key = FirstGuessKey {
            mask_id: document.mask_id(),
            frame: document.face_frame(),
            blend: self.preferences.blend,
            model: self.preferences.model.clone(),
            device: self.preferences.device,
        };
        if self.first_guess.as_ref().is_some_and(|guess| guess.key == key) {
            return;
        }
        let Some(request) = self.fill_request() else { return };
        let pending = Some(self.fill_controller.request_quick_preview(request.into_first_guess()));
        let newest = self.first_guess.take().and_then(|guess| guess.newest);
        self.first_guess = Some(FirstGuess { key, pending, newest });
    }

    /// Whether a first guess can be drawn: the device is open and the model has an encoder.
    fn can_draw_first_guess(&self) -> bool {
        self.fill_controller.device().is_some() && self.model_info.as_ref().is_some_and(|info| info.has_encoder)
    }

    /// A fill request for the current hole, frame and settings. `None` without a photo.
    pub(super) fn fill_request(&mut self) -> Option<FillRequest> {
        let document = self.document.as_mut()?;
        Some(FillRequest {
            photo: Arc::clone(&document.photo),
            hole: document.shared_mask(),
            frame: document.face_frame(),
            settings: self.preferences.settings,
            start: crate::job::SearchStart::FromSettings,
            blend: self.preferences.blend,
            model: self.preferences.model.clone(),
            device: self.preferences.device,
        })
    }

    /// Stores the first guess, or `None` when it could not be drawn. Returns whether `id` was pending.
    pub(super) fn first_guess_drawn(&mut self, id: QuickPreviewId, patch: Option<FillPatch>) -> bool {
        let Some(guess) = self.first_guess.as_mut().filter(|guess| guess.pending == Some(id)) else { return false };
        guess.pending = None;
        guess.newest = patch.map(|patch| DrawnGuess { mask_id: guess.key.mask_id, frame: guess.key.frame, patch });
        self.bump_scene_version();
        true
    }

    /// Whether the photo shows a first guess of the current hole.
    pub fn shows_first_guess(&self) -> bool {
        let guess = self.first_guess.as_ref().and_then(|guess| guess.newest.as_ref());
        let is_current = self.document.as_ref().zip(guess).is_some_and(|(document, guess)| {
            (guess.mask_id, guess.frame) == (document.mask_id(), document.face_frame())
        });
        is_current && self.patch_with_source().is_some_and(|(source, _)| source == PatchSource::Guess)
    }

    /// The patch shown in the photo: from the running search, a mix, the finished fill or a first guess.
    pub fn shown_patch(&self) -> Option<&FillPatch> {
        self.patch_with_source().map(|(_, patch)| patch)
    }

    /// Changes whenever [`shown_patch`](Self::shown_patch) does.
    pub fn shown_patch_version(&self) -> u64 {
        let source = self.patch_with_source().map_or(0, |(source, _)| 1 + source as u64);
        self.scene_version * 8 + source
    }

    fn patch_with_source(&self) -> Option<(PatchSource, &FillPatch)> {
        // The erased part must show the photo, but the patch of the earlier hole would cover it.
        let document = self.document.as_ref().filter(|document| !document.is_erasing())?;
        let guess = || Some((PatchSource::Guess, &self.first_guess.as_ref()?.newest.as_ref()?.patch));
        if let Some(run) = self.fill_controller.running() {
            return run.preview.as_ref().map(|preview| (PatchSource::Run, &preview.patch)).or_else(guess);
        }
        if let Some(patch) = self.mix.as_ref().and_then(|mix| mix.patch()) {
            return Some((PatchSource::Mix, patch));
        }
        let fill = || Some((PatchSource::Fill, document.shown_fill()?.patch.as_ref()?));
        if document.is_shown_fill_current() { fill() } else { guess().or_else(fill) }
    }

    /// How the hole is drawn: hidden under its own fill, outlined around a first guess, otherwise tinted.
    pub fn mask_display(&self) -> MaskDisplay {
        let Some(document) = self.document.as_ref().filter(|document| !document.has_active_stroke()) else {
            return MaskDisplay::Tinted;
        };
        let is_filled = match self.fill_controller.running() {
            Some(run) => run.shown_mask_id() == Some(document.mask_id()),
            None => document.is_shown_fill_current(),
        };
        if is_filled {
            MaskDisplay::Hidden
        } else if self.shows_first_guess() {
            MaskDisplay::Outlined
        } else {
            MaskDisplay::Tinted
        }
    }

    /// Whether the hole is drawn as not filled yet.
    pub fn is_hole_tinted(&self) -> bool {
        self.mask_display() == MaskDisplay::Tinted
    }
}

fn is_hole_in_frame(document: &PhotoDocument) -> bool {
    matches!(document.frame_overlap(), Some(FrameOverlap::Inside | FrameOverlap::PartlyOutside))
}
