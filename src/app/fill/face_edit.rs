//! Edits of the shown face: sliders that move its latent along directions of the model.
//!
//! The fill thread draws the edited face at every slider position, with a few steps that keep the known pixels.
//! Releasing a slider keeps the face as a candidate, as an undo step. A candidate knows how it was edited, so the sliders
//! of an edited one stand where the user has left them, and moving them replaces it.

use std::sync::Arc;

use super::{FillContext, FillState, latent_disabled_reason};
use crate::app::document::PhotoDocument;
use crate::app::engine::EngineState;
use crate::app::latest::Latest;
use crate::app::outbox::Outbox;
use crate::app::toasts::{Severity, UserMessage};
use crate::geometry::FaceFrame;
use crate::job::{Candidate, QuickPreview, QuickPreviewId, WorkerCommand};
use crate::search::{LatentEdit, MAX_EDIT_AMOUNT, Settings};

/// A slider of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditSlider {
    /// The direction of the model with this index.
    Direction(usize),
    /// Towards the other half of the face.
    OtherHalf,
}

/// An edit that is not kept yet.
pub struct FaceEdit {
    fill_index: usize,
    /// The frame of the selected face.
    frame: FaceFrame,
    /// The candidate that is edited.
    candidate: usize,
    edit: LatentEdit,
    preview: Latest<LatentEdit, Box<QuickPreview>>,
    /// The newest request.
    request: QuickPreviewId,
    /// The slider was released: the next picture is kept as a candidate.
    is_released: bool,
}

impl FaceEdit {
    /// The newest picture of the edit.
    pub fn preview(&self) -> Option<&QuickPreview> {
        self.preview.value().map(|preview| &**preview)
    }
}

/// Why the shown face cannot be edited; `None` when it can.
pub fn edit_disabled_reason(document: &PhotoDocument, engine: &EngineState) -> Option<&'static str> {
    let is_full = || {
        let face = document.shown_face()?;
        let is_edited = face.record().shown_candidate().is_some_and(|candidate| candidate.edit.is_some());
        let count = face.record().outcome.candidates.len();
        let is_full = !is_edited && count >= Settings::MAX_CANDIDATES as usize;
        is_full.then_some("There are already as many candidates as possible")
    };
    let nothing = || {
        let model = engine.model.as_ref()?;
        let has_any = model.has_encoder || model.direction_names().next().is_some();
        (!has_any).then_some("This model has no directions: `countenance directions` adds them")
    };
    latent_disabled_reason(document, engine).or_else(nothing).or_else(is_full)
}

impl FillState {
    /// How the shown face is edited: as the sliders stand.
    pub fn shown_edit(&self, document: &PhotoDocument) -> LatentEdit {
        let pending = self.edit.as_ref().map(|edit| edit.edit.clone());
        pending.or_else(|| shown_edit(document)).unwrap_or_default()
    }

    /// Moves a slider, and requests the picture of the edited face.
    pub(super) fn set_edit(
        &mut self,
        slider: EditSlider,
        amount: f32,
        document: &PhotoDocument,
        context: FillContext<'_>,
        outbox: &mut Outbox,
    ) {
        let edit = self.shown_edit(document);
        let edit = match slider {
            EditSlider::OtherHalf => LatentEdit { other_half: amount.clamp(0.0, 1.0), ..edit },
            EditSlider::Direction(index) => {
                let name = context.engine.model.as_ref().and_then(|model| model.direction_names().nth(index));
                let Some(name) = name else { return };
                let mut amounts = edit.amounts;
                amounts.insert(name.to_owned(), amount.clamp(-MAX_EDIT_AMOUNT, MAX_EDIT_AMOUNT));
                LatentEdit { amounts, ..edit }
            }
        };
        self.request_edit(edit, document, context, outbox);
    }

    /// Puts all sliders back to 0, and keeps that.
    pub(super) fn reset_edit(&mut self, document: &mut PhotoDocument, context: FillContext<'_>, outbox: &mut Outbox) {
        let edit = self.shown_edit(document);
        if !edit.is_empty() {
            self.request_edit(LatentEdit::of(&edit.latent), document, context, outbox);
            self.keep_edit(document);
        }
    }

    fn request_edit(
        &mut self,
        edit: LatentEdit,
        document: &PhotoDocument,
        context: FillContext<'_>,
        outbox: &mut Outbox,
    ) {
        let (Some(fill), Some(face)) = (document.shown_fill(), document.shown_face()) else { return };
        let Some(fill_index) = document.shown_fill_index() else { return };
        if edit_disabled_reason(document, context.engine).is_some() || self.is_running() {
            return;
        }
        let record = face.record();
        let request = context.request_like(document, fill, face, record.outcome.settings);
        // Without an edit, the face is drawn as it was.
        let request = if edit.is_empty() {
            request.into_latent_drawing(edit.latent.clone())
        } else {
            request.into_edit(edit.clone())
        };
        let id = outbox.request(|id| WorkerCommand::QuickPreview(id, Box::new(request)));
        (self.mix, self.timeline) = (None, None);
        let mut preview = self.edit.take().map(|edit| edit.preview).unwrap_or_default();
        preview.begin(edit.clone());
        let (frame, candidate) = (record.frame, record.look.candidate);
        self.edit = Some(FaceEdit { fill_index, frame, candidate, edit, preview, request: id, is_released: false });
    }

    /// Keeps the edited face as a candidate, as soon as it is drawn.
    pub(super) fn keep_edit(&mut self, document: &mut PhotoDocument) {
        if let Some(edit) = &mut self.edit {
            edit.is_released = true;
        }
        self.keep_edit_if_drawn(document);
    }

    fn keep_edit_if_drawn(&mut self, document: &mut PhotoDocument) {
        let is_drawn = |edit: &mut FaceEdit| edit.is_released && !edit.preview.is_pending();
        let Some(FaceEdit { mut preview, candidate, edit, .. }) = self.edit.take_if(is_drawn) else { return };
        if let Some(preview) = preview.take() {
            let QuickPreview { candidate: drawn, patch, .. } = *preview;
            // With all sliders at 0 it is still the candidate that the sliders belong to.
            let edited = Candidate { edit: Some(Arc::new(edit)), ..drawn };
            let replaced = Some(candidate).filter(|_| shown_edit_is_kept(document));
            document.keep_edited(edited, patch, replaced);
        }
    }

    /// Stores the picture of the edit, if it answers the pending request.
    pub(super) fn edit_drawn(
        &mut self,
        preview: Box<QuickPreview>,
        document: &mut PhotoDocument,
    ) -> Option<Box<QuickPreview>> {
        let Some(edit) = self.edit.as_mut().filter(|edit| edit.request == preview.id) else { return Some(preview) };
        edit.preview.finish_pending(Some(preview));
        self.keep_edit_if_drawn(document);
        None
    }

    /// Drops the edit because it could not be drawn. Returns whether it was the edit that was asked for.
    pub(super) fn edit_failed(&mut self, id: QuickPreviewId, message: &str, outbox: &mut Outbox) -> bool {
        let is_of_edit = self.edit.take_if(|edit| edit.request == id).is_some();
        if is_of_edit {
            let headline = UserMessage::new(Severity::Warning, "Could not draw the edited face");
            outbox.tell(headline.with_details(vec![message.to_owned()]));
        }
        is_of_edit
    }

    /// Drops an edit that is not kept when another face is shown, the hole has changed, or a search runs.
    pub(super) fn drop_stale_edit(&mut self, document: &PhotoDocument) {
        let shown = document.shown_face().map(|face| face.record().look.candidate);
        let is_current = |edit: &FaceEdit| {
            document.is_shown_fill_current()
                && document.shown_fill_index() == Some(edit.fill_index)
                && document.face_frame() == edit.frame
                && shown == Some(edit.candidate)
        };
        let is_running = self.is_running();
        self.edit.take_if(|edit| is_running || !is_current(edit));
    }
}

/// How the shown candidate was edited. One that was not has its own latent, and nothing else.
fn shown_edit(document: &PhotoDocument) -> Option<LatentEdit> {
    let candidate = document.shown_face()?.record().shown_candidate()?;
    Some(candidate.edit.as_deref().cloned().unwrap_or_else(|| LatentEdit::of(&candidate.latent)))
}

/// Whether the shown candidate is one that the user has edited.
fn shown_edit_is_kept(document: &PhotoDocument) -> bool {
    document.shown_face().and_then(|face| face.record().shown_candidate()).is_some_and(|it| it.edit.is_some())
}
