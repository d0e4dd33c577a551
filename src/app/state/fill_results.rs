//! Starting fills, handling their results, and composing them at full size.

use std::sync::Arc;

use super::{CanvasCommand, EditorState};
use crate::app::document::{DocumentFill, FillVariant, PhotoDocument};
use crate::app::fill_controller::FillUpdate;
use crate::app::tasks::{BackgroundTask, FillSnapshot};
use crate::app::toasts::Severity;
use crate::blend::{Blend, FillPatch};
use crate::job::{FillRequest, LiveSettings, StopReason};
use crate::photo::Photo;
use crate::search::{Losses, Settings};

impl EditorState {
    pub(super) fn warm_up_engine(&mut self) {
        if !self.fill_controller.is_running() {
            self.explore.thumbnails.set_error(None);
            let preferences = &self.preferences;
            self.fill_controller.warm_up(preferences.device, preferences.model.clone());
        }
    }

    pub(super) fn start_fill(&mut self) {
        let Some(document) = self.document.as_ref().filter(|document| !document.has_active_stroke()) else { return };
        let mask_id = document.mask_id();
        if self.is_frame_pending() {
            self.start_fill_when_frame_is_found();
            return;
        }
        let start = self.fill_start();
        if let Some(request) = self.fill_request() {
            self.fill_controller.start(FillRequest { start, ..request }, mask_id);
            self.bump_scene_version();
        }
    }

    pub(super) fn set_settings(&mut self, settings: Settings) {
        let previous = std::mem::replace(&mut self.preferences.settings, settings);
        if (settings.lambda, settings.steps) != (previous.lambda, previous.steps) {
            self.fill_controller.update_settings(LiveSettings { lambda: settings.lambda, steps: settings.steps });
        }
    }

    pub(super) fn set_blend(&mut self, blend: Blend) {
        self.preferences.blend = blend;
        if self.fill_controller.is_running() {
            self.fill_controller.set_blend(blend);
        } else if let Some(document) = &mut self.document {
            document.change_variant(|variant| variant.blend = blend);
        }
    }

    /// Shows one candidate, or the best one for `None`.
    pub(super) fn show_candidate(&mut self, candidate: Option<usize>) {
        if candidate.is_some_and(|index| index >= self.candidate_count()) {
            return;
        }
        self.close_mix();
        if self.fill_controller.is_running() {
            self.fill_controller.show_candidate(candidate);
        } else if let Some(document) = &mut self.document {
            let best = document.shown_fill().map_or(0, |fill| fill.outcome.best);
            document.change_variant(|variant| variant.candidate = candidate.unwrap_or(best));
        }
    }

    /// The current losses of the shown candidate.
    pub fn shown_losses(&self) -> Option<Losses> {
        if let Some(mix) = self.drawn_mix() {
            return Some(mix.losses);
        }
        match (self.fill_controller.running(), self.shown_fill()) {
            (Some(run), _) => run.loss_history.latest_losses(run.shown_candidate()),
            (None, Some(fill)) => fill.outcome.candidates.get(fill.variant.candidate).map(|candidate| candidate.losses),
            (None, None) => None,
        }
    }

    pub(super) fn handle_fill_update(&mut self, update: FillUpdate) {
        match update {
            FillUpdate::Ready(info) => {
                self.explore.thumbnails.set_error(None);
                self.model_info = Some(info);
            }
            FillUpdate::WarmUpFailed(message) => {
                self.explore.thumbnails.set_error(Some(message.clone()));
                let advice = "Choose another device or model in the settings, or press Fill to try again".to_owned();
                let headline = "The device or the model could not be prepared";
                self.notify_with_details(Severity::Warning, headline, vec![message, advice]);
            }
            FillUpdate::Started(notes) => {
                for note in notes {
                    self.notify(Severity::Info, note);
                }
            }
            FillUpdate::Preview => self.bump_scene_version(),
            FillUpdate::Finished(fill) => self.fill_finished(*fill),
            FillUpdate::QuickPreviewDrawn(preview) => {
                if !self.first_guess_drawn(preview.id, Some(preview.patch.clone())) {
                    self.mix_drawn(preview);
                }
            }
            FillUpdate::QuickPreviewFailed(id, message) => {
                // A failed first guess shows no message: the hole stays tinted, and the next fill reports the error.
                if !self.first_guess_drawn(id, None) {
                    self.mix_failed(id, message);
                }
            }
            FillUpdate::ThumbnailsDrawn(faces) => self.thumbnails_drawn(faces),
            FillUpdate::ThumbnailsFailed(id, message) => self.thumbnails_failed(id, message),
            FillUpdate::Failed { cancelled: true, .. } => {
                self.notify(Severity::Info, "Stopped before the first iteration: the photo is unchanged");
                self.bump_scene_version();
            }
            FillUpdate::Failed { message, causes, cancelled: false } => {
                self.notify_lasting(message, causes);
                self.bump_scene_version();
            }
        }
    }

    fn fill_finished(&mut self, fill: DocumentFill) {
        let summary = format!("The best of {} iterations is kept", fill.outcome.steps);
        match &fill.outcome.stopped {
            None => {}
            Some(StopReason::Cancelled) => self.notify(Severity::Info, format!("Stopped. {summary}")),
            Some(StopReason::Failed(error)) => {
                let details = vec![error.clone(), format!("{summary}. Try again, or choose the CPU as the device")];
                self.notify_lasting("The fill stopped because of an error", details);
            }
        }
        if let Some(warning) = fill.outcome.fit_warning() {
            self.notify_with_details(Severity::Warning, warning.message, vec![warning.advice.to_owned()]);
        }
        self.model_info = Some(fill.outcome.model.clone());
        self.edit_document(|document| document.add_fill(fill));
        self.bump_scene_version();
    }

    /// Composes the shown fill at full size in the background, unless that is already done.
    pub(super) fn compose_if_needed(&mut self) {
        if self.fill_controller.is_running() {
            return;
        }
        let Some(document) = &mut self.document else { return };
        let Some((fill_index, snapshot)) = shown_fill_snapshot(document) else { return };
        let Some(fill) = document.shown_fill_mut() else { return };
        if let Some(variant) = fill.variant_to_compose() {
            fill.requested_variant = Some(variant);
            self.spawn(BackgroundTask::Compose { fill_index, snapshot: Box::new(snapshot) });
        }
    }

    /// Handles the result of [`BackgroundTask::Compose`].
    pub(super) fn fill_composed(&mut self, index: usize, photo: &Arc<Photo>, variant: FillVariant, patch: FillPatch) {
        let Some(document) = self.document_with_photo(photo) else { return };
        let is_shown = document.shown_fill_index() == Some(index);
        if let Some(fill) = document.fill_at_mut(index).filter(|fill| is_shown && fill.variant == variant) {
            (fill.patch, fill.full_size_variant, fill.requested_variant) = (Some(patch), Some(variant), None);
            self.bump_scene_version();
        }
    }

    /// Shows a newly opened document, and drops everything that belonged to the previous one.
    pub(super) fn show_document(&mut self, document: PhotoDocument) {
        self.fill_controller.abandon();
        (self.first_guess, self.mix) = (None, None);
        self.frame_search.document_changed();
        self.document = Some(document);
        self.autosave.document_changed();
        self.show_before = false;
        self.canvas_commands.clear();
        self.canvas_commands.push(CanvasCommand::PhotoChanged);
        self.bump_scene_version();
    }
}

/// The shown fill's index, and a snapshot of the data needed to render it.
pub(super) fn shown_fill_snapshot(document: &PhotoDocument) -> Option<(usize, FillSnapshot)> {
    let (index, fill) = (document.shown_fill_index()?, document.shown_fill()?);
    let snapshot = FillSnapshot {
        photo: Arc::clone(&document.photo),
        hole: Arc::clone(&fill.mask),
        frame: fill.frame,
        outcome: Arc::clone(&fill.outcome),
        variant: fill.variant,
    };
    Some((index, snapshot))
}
