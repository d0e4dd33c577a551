//! New candidates from existing ones: "More like this", and mixes of two candidates.
//!
//! The fill thread draws the mix at every slider position. Releasing the slider keeps the mix as a candidate. Releasing
//! it again for the same pair replaces that candidate instead of adding another.

use super::{FillContext, FillState};
use crate::app::document::PhotoDocument;
use crate::app::engine::EngineState;
use crate::app::latest::Latest;
use crate::app::outbox::Outbox;
use crate::app::toasts::{Severity, UserMessage};
use crate::geometry::FaceFrame;
use crate::job::{FillRequest, QuickPreview, QuickPreviewId, SearchStart, WorkerCommand};
use crate::search::Settings;

/// A linear interpolation between two candidates of the shown fill.
pub struct CandidateMix {
    fill_index: usize,
    /// The frame of the selected face.
    frame: FaceFrame,
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
    /// The newest picture of the mix.
    pub fn preview(&self) -> Option<&QuickPreview> {
        self.preview.value().map(|preview| &**preview)
    }
}

/// Why no new candidates can be made from the shown one; `None` when they can.
pub fn latent_disabled_reason(document: &PhotoDocument, engine: &EngineState) -> Option<&'static str> {
    let Some(face) = document.shown_face() else { return Some("No candidates yet: press Fill first") };
    match &engine.model {
        _ if !document.is_shown_fill_current() => {
            Some("The painted area has changed since this fill: press Fill first")
        }
        None => Some("The model is not ready yet"),
        Some(model) if model.sha256 != face.record().outcome.model.sha256 => {
            Some("This fill was made with another model: choose that model, or press Fill")
        }
        Some(_) => None,
    }
}

/// Why the shown candidate cannot be mixed; `None` when it can.
pub fn mix_disabled_reason(document: &PhotoDocument, engine: &EngineState) -> Option<&'static str> {
    let count = document.shown_face().map_or(0, |face| face.record().outcome.candidates.len());
    latent_disabled_reason(document, engine).or(match count {
        0 | 1 => Some("There is only one candidate: raise their number under More, or press More like this"),
        count if count >= Settings::MAX_CANDIDATES as usize => Some("There are already as many candidates as possible"),
        _ => None,
    })
}

impl FillState {
    pub(super) fn start_more_like_this(
        &mut self,
        document: &mut PhotoDocument,
        context: FillContext<'_>,
        outbox: &mut Outbox,
    ) {
        let (Some(fill), Some(face)) = (document.shown_fill(), document.shown_face()) else { return };
        let Some(candidate) = face.record().shown_candidate() else { return };
        let outcome = &face.record().outcome;
        // New seed, so that repeating the command gives different faces.
        let seed = outcome.settings.seed.wrapping_add(1);
        let settings = Settings { seed, ..outcome.settings.for_variations() };
        let start = SearchStart::Around(clamp_to_prior(&candidate.latent));
        let request = FillRequest { start, ..context.request_like(document, fill, face, settings) };
        match document.selected_of_several() {
            Some(faces) => self.start_faces(faces, request, None, document, outbox),
            None => self.start(request, outbox),
        }
    }

    pub(super) fn toggle_mix(&mut self, document: &PhotoDocument, engine: &EngineState) {
        let Some(fill) = self.shown_fill(document).filter(|_| self.mix.is_none()) else {
            self.mix = None;
            return;
        };
        let other = fill.candidate_order().into_iter().find(|&index| index != fill.shown_candidate());
        if let Some(other) = other {
            self.mix_with(other, document, engine);
        }
    }

    pub(super) fn mix_with(&mut self, to: usize, document: &PhotoDocument, engine: &EngineState) {
        if mix_disabled_reason(document, engine).is_some() || self.is_running() {
            return;
        }
        let (Some(fill_index), Some(face)) = (document.shown_fill_index(), document.shown_face()) else { return };
        let from = face.record().look.candidate;
        if from != to && to < face.record().outcome.candidates.len() {
            let preview = Latest::default();
            let (position, request, is_released, kept_as) = (0.0, 0, false, None);
            (self.edit, self.timeline) = (None, None);
            let frame = face.record().frame;
            self.mix =
                Some(CandidateMix { fill_index, frame, from, to, position, preview, request, is_released, kept_as });
        }
    }

    /// Moves the mix slider, and requests the picture at the new position.
    pub(super) fn set_mix_position(
        &mut self,
        position: f32,
        document: &PhotoDocument,
        context: FillContext<'_>,
        outbox: &mut Outbox,
    ) {
        let Some((fill, face)) = document.shown_fill().zip(document.shown_face()) else { return };
        let Some(mix) = &mut self.mix else { return };
        let outcome = &face.record().outcome;
        let latent_of = |index: usize| outcome.candidates.get(index).map(|candidate| &candidate.latent);
        let (Some(from), Some(to)) = (latent_of(mix.from), latent_of(mix.to)) else { return };
        let position = position.clamp(0.0, 1.0);
        let latent: Vec<f32> = from.iter().zip(to).map(|(from, to)| from + position * (to - from)).collect();
        let request = context.request_like(document, fill, face, outcome.settings);
        let request = Box::new(request.into_latent_drawing(clamp_to_prior(&latent)));
        mix.request = outbox.request(|id| WorkerCommand::QuickPreview(id, request));
        (mix.position, mix.is_released) = (position, false);
        mix.preview.begin(position);
    }

    /// Keeps the mix as a candidate, as soon as it is drawn.
    pub(super) fn keep_mix(&mut self, document: &mut PhotoDocument) {
        if let Some(mix) = &mut self.mix {
            mix.is_released = true;
            mix.keep_if_drawn(document);
        }
    }

    /// Stores the picture of the mix, if it answers the pending request.
    pub(super) fn mix_drawn(&mut self, preview: Box<QuickPreview>, document: &mut PhotoDocument) {
        if let Some(mix) = self.mix.as_mut().filter(|mix| mix.request == preview.id) {
            mix.preview.finish_pending(Some(preview));
            mix.keep_if_drawn(document);
        }
    }

    /// Closes the mix because it could not be drawn.
    pub(super) fn mix_failed(&mut self, id: QuickPreviewId, message: String, outbox: &mut Outbox) {
        if self.mix.take_if(|mix| mix.request == id).is_some() {
            let headline = UserMessage::new(Severity::Warning, "Could not draw the mix");
            outbox.tell(headline.with_details(vec![message]));
        }
    }

    /// Closes the mix when another fill is shown, the hole has changed, or a search runs.
    pub(super) fn close_stale_mix(&mut self, document: &PhotoDocument) {
        let is_current = |mix: &CandidateMix| {
            document.is_shown_fill_current()
                && document.shown_fill_index() == Some(mix.fill_index)
                && document.face_frame() == mix.frame
        };
        let is_running = self.is_running();
        self.mix.take_if(|mix| is_running || !is_current(mix));
    }
}

impl CandidateMix {
    fn keep_if_drawn(&mut self, document: &mut PhotoDocument) {
        if !self.is_released || self.preview.is_pending() {
            return;
        }
        let Some(preview) = self.preview.take() else { return };
        let QuickPreview { candidate, patch, .. } = *preview;
        self.is_released = false;
        self.kept_as = document.add_or_replace_mix(candidate, patch, self.kept_as);
    }
}

/// Clamps a latent to the prior's range, [-1, 1]: latents read from a file may lie outside.
fn clamp_to_prior(latent: &[f32]) -> Vec<f32> {
    latent.iter().map(|value| value.clamp(-1.0, 1.0)).collect()
}
