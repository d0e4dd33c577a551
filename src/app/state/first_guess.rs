//! Keeps the running search and the encoder's first guess up to date with the hole, and decides which patch is shown.
//!
//! A running search receives each new hole. While no search runs, the encoder draws a first guess. No action triggers
//! these updates: after every action the state compares the hole, frame, blend and model with those last used.

use std::sync::Arc;

use super::EditorState;
use crate::app::canvas::MaskDisplay;
use crate::app::document::{FrameOverlap, PhotoDocument};
use crate::app::latest::Latest;
use crate::blend::{Blend, FillPatch};
use crate::device::DeviceChoice;
use crate::geometry::FaceFrame;
use crate::job::{FillRequest, QuickPreviewId};
use crate::mask::Mask;
use crate::model::ModelChoice;

/// The encoder's first guess of a fill. It is only a preview: never in the undo history and never saved.
#[derive(Default)]
pub struct FirstGuess {
    /// Blended into the photo. It belongs to an earlier hole while a request is pending.
    patch: Latest<FirstGuessKey, FillPatch>,
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
        let Some(document) = self.document.as_ref().filter(|document| !document.has_active_stroke()) else { return };
        let Some(run) = self.fill_controller.running().filter(|run| !run.is_stopping) else { return };
        if run.hole != *document.mask() && is_hole_in_frame(document) {
            self.fill_controller.set_hole(document.mask().clone());
        }
    }

    fn update_first_guess(&mut self) {
        let is_obsolete = !self.preferences.first_guess
            || self.document.as_ref().is_none_or(|document| {
                document.is_shown_fill_current() || !(document.has_active_drag() || is_hole_in_frame(document))
            });
        if is_obsolete {
            if self.first_guess.patch.value().is_some() {
                self.bump_scene_version();
            }
            self.first_guess.patch.clear();
        }
        let must_wait = self.fill_controller.is_running() || self.is_frame_pending();
        if is_obsolete || must_wait || !self.can_draw_first_guess() {
            return;
        }
        let Some(document) = self.document.as_ref().filter(|document| !document.has_active_drag()) else { return };
        let key = FirstGuessKey {
            hole: document.mask().clone(),
            frame: document.face_frame(),
            blend: self.preferences.blend,
            model: self.preferences.model.clone(),
            device: self.preferences.device,
        };
        if !self.first_guess.patch.is_missing(&key) {
            return;
        }
        let Some(request) = self.fill_request() else { return };
        self.first_guess.request = self.fill_controller.request_quick_preview(request.into_first_guess());
        self.first_guess.patch.begin(key);
    }

    /// Whether a first guess can be drawn: the device is open and the model has an encoder.
    fn can_draw_first_guess(&self) -> bool {
        self.fill_controller.device().is_some() && self.model_info.as_ref().is_some_and(|info| info.has_encoder)
    }

    /// A fill request for the current hole, frame and settings. `None` without a photo.
    pub(super) fn fill_request(&self) -> Option<FillRequest> {
        let document = self.document.as_ref()?;
        Some(FillRequest {
            photo: Arc::clone(&document.photo),
            hole: document.mask().clone(),
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
        let guess = &mut self.first_guess;
        let is_expected = guess.request == id && guess.patch.is_pending();
        if is_expected {
            if patch.is_none() {
                guess.patch.take();
            }
            guess.patch.finish_pending(patch);
            self.bump_scene_version();
        }
        is_expected
    }

    /// Whether the photo shows a first guess of the current hole.
    pub fn shows_first_guess(&self) -> bool {
        let guess = self.first_guess.patch.key();
        let is_current =
            self.document.as_ref().zip(guess).is_some_and(|(document, guess)| {
                guess.hole == *document.mask() && guess.frame == document.face_frame()
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
        let guess = || Some((PatchSource::Guess, self.first_guess.patch.value()?));
        if let Some(run) = self.fill_controller.running() {
            return run.preview.as_ref().map(|preview| (PatchSource::Run, &preview.patch)).or_else(guess);
        }
        if let Some(patch) = self.mix.as_ref().and_then(|mix| mix.patch()) {
            return Some((PatchSource::Mix, patch));
        }
        let fill = || Some((PatchSource::Fill, document.shown_fill()?.composition.value()?));
        if document.is_shown_fill_current() { fill() } else { guess().or_else(fill) }
    }

    /// How the hole is drawn: hidden under its own fill, outlined around a first guess, otherwise tinted.
    pub fn mask_display(&self) -> MaskDisplay {
        let Some(document) = self.document.as_ref().filter(|document| !document.has_active_stroke()) else {
            return MaskDisplay::Tinted;
        };
        let is_filled = match self.fill_controller.running() {
            Some(run) => run.preview.as_ref().is_some_and(|preview| preview.hole == *document.mask()),
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
