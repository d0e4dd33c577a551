//! Keeps the running search and the encoder's first guess up to date with the hole, and decides which patch is shown.
//!
//! A running search receives each new hole. While no search runs, the encoder draws a first guess. No action triggers
//! these updates: after every action the state compares the hole, frame, blend and model with those last used.

use std::sync::Arc;

use super::State;
use crate::app::canvas::HoleLook;
use crate::app::document::{Document, HoleReach, MaskId};
use crate::blend::{Blend, Patch};
use crate::device::DeviceChoice;
use crate::face::FaceFrame;
use crate::job::{FillRequest, SketchId};
use crate::model::ModelChoice;

/// The encoder's first guess of a fill. It is only a preview: it is not in the undo history and never saved.
pub struct Guess {
    of: Guessed,
    /// The pending request; `None` once it is answered.
    waits_for: Option<SketchId>,
    /// The last picture. It belongs to an earlier hole while a request is pending.
    drawn: Option<Drawn>,
}

struct Drawn {
    mask_id: MaskId,
    frame: FaceFrame,
    patch: Patch,
}

/// The inputs of a first guess: when they change, a new one is requested.
#[derive(Clone, PartialEq)]
struct Guessed {
    mask_id: MaskId,
    frame: FaceFrame,
    blend: Blend,
    model: ModelChoice,
    device: DeviceChoice,
}

/// Where the patch shown in the photo comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Run,
    Mix,
    Fill,
    Guess,
}

impl State {
    /// Updates the running search, the first guess and the mix for the current hole.
    pub(super) fn follow_hole(&mut self) {
        self.let_search_follow();
        self.let_guess_follow();
        self.close_stale_mix();
    }

    fn let_search_follow(&mut self) {
        let Some(document) = self.document.as_mut().filter(|document| !document.is_stroke_open()) else { return };
        let is_news =
            self.fills.run().is_some_and(|run| !run.stopping && run.newest_mask_id() != Some(document.mask_id()));
        if is_news && is_in_frame(document) {
            let mask_id = document.mask_id();
            self.fills.set_hole(document.shared_mask(), mask_id);
        }
    }

    fn let_guess_follow(&mut self) {
        let is_over = !self.remembered.first_guess
            || self.document.as_ref().is_none_or(|document| {
                document.fill_is_current() || !(document.is_drag_open() || is_in_frame(document))
            });
        if is_over && self.guess.take().is_some_and(|guess| guess.drawn.is_some()) {
            self.pictures_changed();
        }
        if is_over || self.fills.is_running() || !self.can_guess() {
            return;
        }
        let Some(document) = self.document.as_mut().filter(|document| !document.is_drag_open()) else { return };
        let of = Guessed {
            mask_id: document.mask_id(),
            frame: document.frame(),
            blend: self.remembered.blend,
            model: self.remembered.model.clone(),
            device: self.remembered.device,
        };
        if self.guess.as_ref().is_some_and(|guess| guess.of == of) {
            return;
        }
        let Some(request) = self.request() else { return };
        let sketch = self.fills.sketch(request.into_first_guess());
        let drawn = self.guess.take().and_then(|guess| guess.drawn);
        self.guess = Some(Guess { of, waits_for: Some(sketch), drawn });
    }

    /// Whether a first guess can be drawn: the device is open and the model has an encoder.
    fn can_guess(&self) -> bool {
        self.fills.device().is_some() && self.model_info.as_ref().is_some_and(|info| info.has_encoder)
    }

    /// A fill request for the current hole, frame and settings. `None` without a photo.
    pub(super) fn request(&mut self) -> Option<FillRequest> {
        let document = self.document.as_mut()?;
        Some(FillRequest {
            photo: Arc::clone(&document.photo),
            hole: document.shared_mask(),
            frame: document.frame(),
            settings: self.remembered.settings,
            start: crate::job::Start::AsSet,
            blend: self.remembered.blend,
            model: self.remembered.model.clone(),
            device: self.remembered.device,
        })
    }

    /// Stores the first guess, or `None` when it could not be drawn. Returns whether it was the pending one.
    pub(super) fn take_guess(&mut self, sketch: SketchId, patch: Option<Patch>) -> bool {
        let Some(guess) = self.guess.as_mut().filter(|guess| guess.waits_for == Some(sketch)) else { return false };
        guess.waits_for = None;
        guess.drawn = patch.map(|patch| Drawn { mask_id: guess.of.mask_id, frame: guess.of.frame, patch });
        self.pictures_changed();
        true
    }

    /// Whether the photo shows a first guess of the current hole.
    pub fn shows_guess(&self) -> bool {
        let drawn = self.guess.as_ref().and_then(|guess| guess.drawn.as_ref());
        let is_of_this =
            self.document.as_ref().zip(drawn).is_some_and(|(document, drawn)| {
                (drawn.mask_id, drawn.frame) == (document.mask_id(), document.frame())
            });
        is_of_this && self.layer().is_some_and(|(layer, _)| layer == Layer::Guess)
    }

    /// The patch shown in the photo: from the running search, a mix, the finished fill or a first guess.
    pub fn patch(&self) -> Option<&Patch> {
        self.layer().map(|(_, patch)| patch)
    }

    /// Changes whenever [`patch`](Self::patch) does.
    pub fn patch_version(&self) -> u64 {
        let layer = self.layer().map_or(0, |(layer, _)| 1 + layer as u64);
        self.scene_version * 8 + layer
    }

    fn layer(&self) -> Option<(Layer, &Patch)> {
        // The erased part must show the photo, but the patch of the earlier hole would cover it.
        let document = self.document.as_ref().filter(|document| !document.is_erasing())?;
        let guess = || Some((Layer::Guess, &self.guess.as_ref()?.drawn.as_ref()?.patch));
        if let Some(run) = self.fills.run() {
            return run.preview.as_ref().map(|preview| (Layer::Run, &preview.patch)).or_else(guess);
        }
        if let Some(patch) = self.mix.as_ref().and_then(|mix| mix.patch()) {
            return Some((Layer::Mix, patch));
        }
        let fill = || Some((Layer::Fill, document.fill()?.patch.as_ref()?));
        if document.fill_is_current() { fill() } else { guess().or_else(fill) }
    }

    /// How the hole is drawn: hidden under its own fill, outlined around a first guess, otherwise tinted.
    pub fn hole_look(&self) -> HoleLook {
        let Some(document) = self.document.as_ref().filter(|document| !document.is_stroke_open()) else {
            return HoleLook::Tinted;
        };
        let is_filled = match self.fills.run() {
            Some(run) => run.shown_mask_id() == Some(document.mask_id()),
            None => document.fill_is_current(),
        };
        if is_filled {
            HoleLook::Hidden
        } else if self.shows_guess() {
            HoleLook::Outlined
        } else {
            HoleLook::Tinted
        }
    }

    /// Whether the hole is drawn as not filled yet.
    pub fn shows_hole(&self) -> bool {
        self.hole_look() == HoleLook::Tinted
    }
}

fn is_in_frame(document: &Document) -> bool {
    matches!(document.hole_reach(), Some(HoleReach::Inside | HoleReach::Partly))
}
