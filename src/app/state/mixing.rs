//! New candidates from found ones: "More like this", and mixes of two candidates.
//!
//! The fill thread draws the mix at every slider position. Releasing the slider keeps the mix as a candidate. Releasing
//! it again for the same pair replaces that candidate instead of adding another.

use std::sync::Arc;

use super::State;
use crate::app::document::{Document, Fill};
use crate::app::messages::{Level, Message};
use crate::blend::Patch;
use crate::job::{Candidate, FillRequest, Sketch, SketchId, Start};
use crate::search::Settings;

/// A linear interpolation between two candidates of the shown fill.
pub struct Mix {
    fill_index: usize,
    /// Candidate indices.
    pub from: usize,
    pub to: usize,
    /// Slider position: 0 is `from`, 1 is `to`.
    pub share: f32,
    /// The pending request; `None` once it is answered.
    waits_for: Option<SketchId>,
    drawn: Option<Box<Sketch>>,
    /// The slider was released: the next picture is kept as a candidate.
    let_go: bool,
    /// Index of the candidate that this mix was kept as.
    kept: Option<usize>,
}

impl Mix {
    /// The mix drawn into the photo.
    pub fn patch(&self) -> Option<&Patch> {
        self.drawn.as_ref().map(|sketch| &sketch.patch)
    }
}

impl State {
    /// Candidate indices in thumbnail order: by rank once the fill has finished, by index while it runs.
    pub fn candidate_order(&self) -> Vec<usize> {
        match (self.fills.run(), self.document.as_ref().and_then(Document::fill)) {
            (None, Some(fill)) => fill.outcome.ranked(),
            _ => (0..self.candidate_count()).collect(),
        }
    }

    /// Why no new candidates can be made from the shown one; `None` when they can.
    pub(super) fn obstacle_to_latents(&self) -> Option<&'static str> {
        let Some(fill) = self.document.as_ref().and_then(Document::fill) else {
            return Some("No candidates yet: press Fill first");
        };
        let is_current = self.document.as_ref().is_some_and(Document::fill_is_current);
        match &self.model_info {
            _ if !is_current => Some("The painted area has changed since this fill: press Fill first"),
            None => Some("The model is not ready yet"),
            Some(info) if info.sha256 != fill.outcome.model.sha256 => {
                Some("This fill was made with another model: choose that model, or press Fill")
            }
            Some(_) => None,
        }
    }

    /// Why the shown candidate cannot be mixed; `None` when it can.
    pub(super) fn obstacle_to_mixing(&self) -> Option<&'static str> {
        self.obstacle_to_latents().or_else(|| match self.candidate_count() {
            0 | 1 => Some("There is only one candidate: raise their number under More, or press More like this"),
            count if count >= Settings::MAX_CANDIDATES as usize => {
                Some("There are already as many candidates as possible")
            }
            _ => None,
        })
    }

    /// A fill request with the hole and the frame of an earlier fill.
    fn request_again(&self, fill: &Fill, settings: Settings, start: Start) -> Option<FillRequest> {
        Some(FillRequest {
            photo: Arc::clone(&self.document.as_ref()?.photo),
            hole: Arc::clone(&fill.hole),
            frame: fill.frame,
            settings,
            start,
            blend: fill.look.blend,
            model: self.remembered.model.clone(),
            device: self.remembered.device,
        })
    }

    /// Starts a fill whose candidates resemble the shown one.
    pub(super) fn start_more_like_this(&mut self) {
        let Some(fill) = self.document.as_ref().and_then(Document::fill) else { return };
        let Some(candidate) = fill.outcome.candidates.get(fill.look.candidate) else { return };
        let before = fill.outcome.settings;
        // New seed, so that repeating the command gives different faces.
        let seed = before.seed.wrapping_add(1);
        let settings = Settings { seed, ..before.to_sample_around() };
        let start = Start::Around(within_prior(&candidate.latent));
        let mask_id = fill.mask_id;
        if let Some(request) = self.request_again(fill, settings, start) {
            self.fills.start(request, mask_id);
            self.pictures_changed();
        }
    }

    /// Opens the mix slider between the shown candidate and the best other one, or closes it.
    pub(super) fn toggle_mix(&mut self) {
        if self.mix.is_some() {
            self.close_mix();
            return;
        }
        let shown = self.document.as_ref().and_then(Document::fill).map(|fill| fill.look.candidate);
        let other = self.candidate_order().into_iter().find(|&index| Some(index) != shown);
        if let Some(other) = other {
            self.mix_with(other);
        }
    }

    /// Opens the mix slider between the shown candidate and candidate `to`.
    pub(super) fn mix_with(&mut self, to: usize) {
        if self.obstacle_to_mixing().is_some() || self.fills.is_running() {
            return;
        }
        let Some((fill_index, fill)) =
            self.document.as_ref().and_then(|document| document.fill_index().zip(document.fill()))
        else {
            return;
        };
        let from = fill.look.candidate;
        if from != to && to < fill.outcome.candidates.len() {
            self.mix =
                Some(Mix { fill_index, from, to, share: 0.0, waits_for: None, drawn: None, let_go: false, kept: None });
            self.pictures_changed();
        }
    }

    /// Moves the mix slider, and requests the picture at the new position.
    pub(super) fn set_mix_share(&mut self, share: f32) {
        let Some(fill) = self.document.as_ref().and_then(Document::fill) else { return };
        let Some(mix) = &self.mix else { return };
        let latent_of = |index: usize| fill.outcome.candidates.get(index).map(|candidate| &candidate.latent);
        let (Some(from), Some(to)) = (latent_of(mix.from), latent_of(mix.to)) else { return };
        let share = share.clamp(0.0, 1.0);
        let between: Vec<f32> = from.iter().zip(to).map(|(from, to)| from + share * (to - from)).collect();
        let request = self.request_again(fill, fill.outcome.settings, Start::AsSet);
        let Some(request) = request.map(|request| request.into_drawing_of(within_prior(&between))) else { return };
        let sketch = self.fills.sketch(request);
        if let Some(mix) = &mut self.mix {
            (mix.share, mix.waits_for, mix.let_go) = (share, Some(sketch), false);
        }
    }

    /// The mix slider was released: keeps the mix as a candidate, as soon as it is drawn.
    pub(super) fn let_mix_go(&mut self) {
        if let Some(mix) = &mut self.mix {
            mix.let_go = true;
            self.keep_mix_if_drawn();
        }
    }

    /// Stores the picture of the mix, if it answers the pending request.
    pub(super) fn take_mix(&mut self, sketch: Box<Sketch>) {
        if let Some(mix) = self.mix.as_mut().filter(|mix| mix.waits_for == Some(sketch.id)) {
            (mix.waits_for, mix.drawn) = (None, Some(sketch));
            self.keep_mix_if_drawn();
            self.pictures_changed();
        }
    }

    /// Closes the mix because it could not be drawn.
    pub(super) fn lose_mix(&mut self, sketch: SketchId, message: String) {
        if self.mix.as_ref().is_some_and(|mix| mix.waits_for == Some(sketch)) {
            self.close_mix();
            self.messages.push(Message::new(Level::Warning, "Could not draw the mix").with_details(vec![message]));
        }
    }

    fn keep_mix_if_drawn(&mut self) {
        let Some(mix) = self.mix.as_mut().filter(|mix| mix.let_go && mix.waits_for.is_none()) else { return };
        let (Some(sketch), Some(document)) = (mix.drawn.take(), &mut self.document) else { return };
        let Sketch { candidate, patch, .. } = *sketch;
        mix.let_go = false;
        mix.kept = document.keep_mix(candidate, patch, mix.kept);
        self.pictures_changed();
    }

    pub(super) fn close_mix(&mut self) {
        if self.mix.take().is_some() {
            self.pictures_changed();
        }
    }

    /// Closes the mix when another fill is shown, the hole has changed, or a search runs.
    pub(super) fn close_stale_mix(&mut self) {
        let Some(mix) = &self.mix else { return };
        let is_current = self
            .document
            .as_ref()
            .is_some_and(|document| document.fill_is_current() && document.fill_index() == Some(mix.fill_index));
        if self.fills.is_running() || !is_current {
            self.close_mix();
        }
    }

    /// The drawn mix, as the candidate that it would become.
    pub fn mixed_candidate(&self) -> Option<&Candidate> {
        self.mix.as_ref().and_then(|mix| mix.drawn.as_ref()).map(|sketch| &sketch.candidate)
    }
}

/// Clamps a latent to the prior's range, [-1, 1]: latents read from a file may lie outside.
fn within_prior(latent: &[f32]) -> Vec<f32> {
    latent.iter().map(|value| value.clamp(-1.0, 1.0)).collect()
}
