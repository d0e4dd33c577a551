//! What begins at a latent that was found: more faces like it, and mixes of two.
//!
//! What would surprise: a mix is drawn on the fill thread at every place of the slider, and letting go keeps it. As long as the same
//! two are being mixed, letting go again replaces that mix rather than adding another.

use std::sync::Arc;

use super::State;
use crate::app::document::{Document, Fill};
use crate::app::messages::{Level, Message};
use crate::blend::Patch;
use crate::job::{Candidate, FillRequest, Sketch, SketchId, Start};
use crate::search::Settings;

/// A walk between two candidates of the shown fill.
pub struct Mix {
    fill_index: usize,
    /// Indices of the two.
    pub from: usize,
    pub to: usize,
    /// Where the slider stands: 0 at `from`, 1 at `to`.
    pub share: f32,
    /// The picture that was asked for last; `None` when it is there.
    waits_for: Option<SketchId>,
    drawn: Option<Box<Sketch>>,
    /// The slider was let go: what comes next is kept.
    let_go: bool,
    /// The candidate that this mix has become.
    kept: Option<usize>,
}

impl Mix {
    /// What is drawn, in place in the photo.
    pub fn patch(&self) -> Option<&Patch> {
        self.drawn.as_ref().map(|sketch| &sketch.patch)
    }
}

impl State {
    /// The candidates in the order of their thumbnails: the best first when the fill is finished, as they were started while it
    /// runs.
    pub fn candidate_order(&self) -> Vec<usize> {
        match (self.fills.run(), self.document.as_ref().and_then(Document::fill)) {
            (None, Some(fill)) => fill.outcome.ranked(),
            _ => (0..self.candidate_count()).collect(),
        }
    }

    /// Why nothing can begin at the shown candidate.
    pub(super) fn obstacle_to_latents(&self) -> Option<&'static str> {
        let Some(fill) = self.document.as_ref().and_then(Document::fill) else {
            return Some("No candidates yet: press Fill first");
        };
        let is_current = self.document.as_ref().is_some_and(Document::fill_is_current);
        match &self.model_info {
            _ if !is_current => Some("The hole has changed since this fill: press Fill first"),
            None => Some("The model is not ready yet"),
            Some(info) if info.sha256 != fill.outcome.model.sha256 => {
                Some("This fill was found with another model: choose that one, or press Fill")
            }
            Some(_) => None,
        }
    }

    /// Why there is nothing to mix.
    pub(super) fn obstacle_to_mixing(&self) -> Option<&'static str> {
        self.obstacle_to_latents().or_else(|| match self.candidate_count() {
            0 | 1 => Some("There is only one candidate: take more of them under More, or press More like this"),
            count if count >= Settings::MAX_CANDIDATES as usize => Some("There is no room for more candidates"),
            _ => None,
        })
    }

    /// A fill of the hole and the frame of the shown fill.
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

    /// Starts a fill whose candidates are like the shown one.
    pub(super) fn start_more_like_this(&mut self) {
        let Some(fill) = self.document.as_ref().and_then(Document::fill) else { return };
        let Some(candidate) = fill.outcome.candidates.get(fill.look.candidate) else { return };
        let before = fill.outcome.settings;
        // Another seed than that of the fill before, so that more of what came of it are others again.
        let seed = before.seed.wrapping_add(1);
        let settings = Settings { seed, ..before.to_sample_around() };
        let start = Start::Around(within_prior(&candidate.latent));
        let mask_id = fill.mask_id;
        if let Some(request) = self.request_again(fill, settings, start) {
            self.fills.start(request, mask_id);
            self.pictures_changed();
        }
    }

    /// Opens the slider between the shown candidate and the next best, or closes it.
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

    /// Opens the slider between the shown candidate and this one.
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

    /// Walks to another place between the two, and has it drawn.
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

    /// The slider was let go: what it shows, or will show in a moment, becomes a candidate.
    pub(super) fn let_mix_go(&mut self) {
        if let Some(mix) = &mut self.mix {
            mix.let_go = true;
            self.keep_mix_if_drawn();
        }
    }

    /// Takes in a picture of a mix, if it is the one that is waited for.
    pub(super) fn take_mix(&mut self, sketch: Box<Sketch>) {
        if let Some(mix) = self.mix.as_mut().filter(|mix| mix.waits_for == Some(sketch.id)) {
            (mix.waits_for, mix.drawn) = (None, Some(sketch));
            self.keep_mix_if_drawn();
            self.pictures_changed();
        }
    }

    /// The picture of a mix cannot be had.
    pub(super) fn lose_mix(&mut self, sketch: SketchId, message: String) {
        if self.mix.as_ref().is_some_and(|mix| mix.waits_for == Some(sketch)) {
            self.close_mix();
            self.messages.push(Message::new(Level::Warning, "The mix cannot be drawn").with_details(vec![message]));
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

    /// A mix is over when another fill is shown, the hole is another, or a search runs.
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

    /// What the slider shows, as it would be kept.
    pub fn mixed_candidate(&self) -> Option<&Candidate> {
        self.mix.as_ref().and_then(|mix| mix.drawn.as_ref()).map(|sketch| &sketch.candidate)
    }
}

/// Latents of a search lie in the prior's support; those of a file may not.
fn within_prior(latent: &[f32]) -> Vec<f32> {
    latent.iter().map(|value| value.clamp(-1.0, 1.0)).collect()
}
