//! New candidates from existing ones: "More like this", and mixes of two candidates.
//!
//! The fill thread draws the mix at every slider position. Releasing the slider keeps the mix as a candidate. Releasing
//! it again for the same pair replaces that candidate instead of adding another.

use std::sync::Arc;

use super::EditorState;
use crate::app::document::{DocumentFill, PhotoDocument};
use crate::app::latest::Latest;
use crate::app::toasts::Severity;
use crate::blend::FillPatch;
use crate::job::{Candidate, FillRequest, QuickPreview, QuickPreviewId, SearchStart};
use crate::search::Settings;

/// A linear interpolation between two candidates of the shown fill.
pub struct CandidateMix {
    fill_index: usize,
    /// Candidate indices.
    pub from: usize,
    pub to: usize,
    /// Slider position: 0 is `from`, 1 is `to`.
    pub position: f32,
    /// The picture at the slider's position.
    preview: Latest<f32, Box<QuickPreview>>,
    /// The newest request.
    request: QuickPreviewId,
    /// The slider was released: the next picture is kept as a candidate.
    is_released: bool,
    /// Index of the candidate that this mix was kept as.
    kept_as: Option<usize>,
}

impl CandidateMix {
    /// The mix drawn into the photo.
    pub fn patch(&self) -> Option<&FillPatch> {
        self.preview.value().map(|preview| &preview.patch)
    }
}

impl EditorState {
    /// Candidate indices in thumbnail order: by rank once the fill has finished, by index while it runs.
    pub fn candidate_order(&self) -> Vec<usize> {
        match (self.fill_controller.running(), self.shown_fill()) {
            (None, Some(fill)) => fill.record.outcome.ranked_candidates(),
            _ => (0..self.candidate_count()).collect(),
        }
    }

    /// Why no new candidates can be made from the shown one; `None` when they can.
    pub(super) fn latent_disabled_reason(&self) -> Option<&'static str> {
        let Some(fill) = self.shown_fill() else { return Some("No candidates yet: press Fill first") };
        let is_current = self.document.as_ref().is_some_and(PhotoDocument::is_shown_fill_current);
        match &self.model_info {
            _ if !is_current => Some("The painted area has changed since this fill: press Fill first"),
            None => Some("The model is not ready yet"),
            Some(info) if info.sha256 != fill.record.outcome.model.sha256 => {
                Some("This fill was made with another model: choose that model, or press Fill")
            }
            Some(_) => None,
        }
    }

    /// Why the shown candidate cannot be mixed; `None` when it can.
    pub(super) fn mix_disabled_reason(&self) -> Option<&'static str> {
        self.latent_disabled_reason().or_else(|| match self.candidate_count() {
            0 | 1 => Some("There is only one candidate: raise their number under More, or press More like this"),
            count if count >= Settings::MAX_CANDIDATES as usize => {
                Some("There are already as many candidates as possible")
            }
            _ => None,
        })
    }

    /// A fill request with the hole and the frame of an earlier fill.
    fn request_like(&self, fill: &DocumentFill, settings: Settings, start: SearchStart) -> Option<FillRequest> {
        Some(FillRequest {
            photo: Arc::clone(&self.document.as_ref()?.photo),
            hole: fill.record.hole.clone(),
            frame: fill.record.frame,
            settings,
            start,
            blend: fill.record.look.blend,
            model: self.preferences.model.clone(),
            device: self.preferences.device,
        })
    }

    /// Starts a fill whose candidates resemble the shown one.
    pub(super) fn start_more_like_this(&mut self) {
        let Some(fill) = self.shown_fill() else { return };
        let Some(candidate) = fill.record.shown_candidate() else { return };
        // New seed, so that repeating the command gives different faces.
        let seed = fill.record.outcome.settings.seed.wrapping_add(1);
        let settings = Settings { seed, ..fill.record.outcome.settings.for_variations() };
        let start = SearchStart::Around(clamp_to_prior(&candidate.latent));
        if let Some(request) = self.request_like(fill, settings, start) {
            self.fill_controller.start(request);
            self.bump_scene_version();
        }
    }

    /// Opens the mix slider between the shown candidate and the best other one, or closes it.
    pub(super) fn toggle_mix(&mut self) {
        if self.mix.is_some() {
            self.close_mix();
            return;
        }
        let shown = self.shown_fill().map(|fill| fill.record.look.candidate);
        if let Some(other) = self.candidate_order().into_iter().find(|&index| Some(index) != shown) {
            self.mix_with(other);
        }
    }

    /// Opens the mix slider between the shown candidate and candidate `to`.
    pub(super) fn mix_with(&mut self, to: usize) {
        if self.mix_disabled_reason().is_some() || self.fill_controller.is_running() {
            return;
        }
        let Some(document) = &self.document else { return };
        let (Some(fill_index), Some(fill)) = (document.shown_fill_index(), document.shown_fill()) else { return };
        let from = fill.record.look.candidate;
        if from != to && to < fill.record.outcome.candidates.len() {
            self.mix = Some(CandidateMix {
                fill_index,
                from,
                to,
                position: 0.0,
                preview: Latest::default(),
                request: 0,
                is_released: false,
                kept_as: None,
            });
            self.bump_scene_version();
        }
    }

    /// Moves the mix slider, and requests the picture at the new position.
    pub(super) fn set_mix_position(&mut self, position: f32) {
        let Some(fill) = self.shown_fill() else { return };
        let Some(mix) = &self.mix else { return };
        let latent_of = |index: usize| fill.record.outcome.candidates.get(index).map(|candidate| &candidate.latent);
        let (Some(from), Some(to)) = (latent_of(mix.from), latent_of(mix.to)) else { return };
        let position = position.clamp(0.0, 1.0);
        let latent: Vec<f32> = from.iter().zip(to).map(|(from, to)| from + position * (to - from)).collect();
        let Some(request) = self.request_like(fill, fill.record.outcome.settings, SearchStart::FromSettings) else {
            return;
        };
        let id = self.fill_controller.request_quick_preview(request.into_latent_drawing(clamp_to_prior(&latent)));
        if let Some(mix) = &mut self.mix {
            (mix.position, mix.request, mix.is_released) = (position, id, false);
            mix.preview.begin(position);
        }
    }

    /// The mix slider was released: keeps the mix as a candidate, as soon as it is drawn.
    pub(super) fn keep_mix(&mut self) {
        if let Some(mix) = &mut self.mix {
            mix.is_released = true;
            self.keep_mix_if_drawn();
        }
    }

    /// Stores the picture of the mix, if it answers the pending request.
    pub(super) fn mix_drawn(&mut self, preview: Box<QuickPreview>) {
        if let Some(mix) = self.mix.as_mut().filter(|mix| mix.request == preview.id) {
            mix.preview.finish_pending(Some(preview));
            self.keep_mix_if_drawn();
            self.bump_scene_version();
        }
    }

    /// Closes the mix because it could not be drawn.
    pub(super) fn mix_failed(&mut self, id: QuickPreviewId, message: String) {
        if self.mix.as_ref().is_some_and(|mix| mix.request == id) {
            self.close_mix();
            self.notify_with_details(Severity::Warning, "Could not draw the mix", vec![message]);
        }
    }

    fn keep_mix_if_drawn(&mut self) {
        let Some(mix) = self.mix.as_mut().filter(|mix| mix.is_released && !mix.preview.is_pending()) else { return };
        let (Some(preview), Some(document)) = (mix.preview.take(), &mut self.document) else { return };
        let QuickPreview { candidate, patch, .. } = *preview;
        mix.is_released = false;
        mix.kept_as = document.add_or_replace_mix(candidate, patch, mix.kept_as);
        self.bump_scene_version();
    }

    pub(super) fn close_mix(&mut self) {
        if self.mix.take().is_some() {
            self.bump_scene_version();
        }
    }

    /// Closes the mix when another fill is shown, the hole has changed, or a search runs.
    pub(super) fn close_stale_mix(&mut self) {
        let Some(mix) = &self.mix else { return };
        let is_current = self.document.as_ref().is_some_and(|document| {
            document.is_shown_fill_current() && document.shown_fill_index() == Some(mix.fill_index)
        });
        if self.fill_controller.is_running() || !is_current {
            self.close_mix();
        }
    }

    /// The drawn mix, as the candidate that it would become.
    pub fn drawn_mix(&self) -> Option<&Candidate> {
        self.mix.as_ref().and_then(|mix| mix.preview.value()).map(|preview| &preview.candidate)
    }
}

/// Clamps a latent to the prior's range, [-1, 1]: latents read from a file may lie outside.
fn clamp_to_prior(latent: &[f32]) -> Vec<f32> {
    latent.iter().map(|value| value.clamp(-1.0, 1.0)).collect()
}
