//! Starting fills, handling their results, and composing them at full size.

use std::sync::Arc;

use super::first_guess::FirstGuess;
use super::{CanvasCommand, EditorState};
use crate::app::document::{DocumentFill, PhotoDocument};
use crate::app::tasks::BackgroundTask;
use crate::app::toasts::{Severity, UserMessage};
use crate::blend::{Blend, FillPatch};
use crate::job::{FillLook, FillRequest, LiveSettings, StopReason, WorkerEvent};
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
        if self.document.as_ref().is_none_or(PhotoDocument::has_active_stroke) {
            return;
        }
        if self.is_frame_pending() {
            self.start_fill_when_frame_is_found();
            return;
        }
        let start = self.fill_start();
        if let Some(request) = self.fill_request() {
            self.fill_controller.start(FillRequest { start, ..request });
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
            document.change_look(|look| look.blend = blend);
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
            let best = document.shown_fill().map_or(0, |fill| fill.record.outcome.best);
            document.change_look(|look| look.candidate = candidate.unwrap_or(best));
        }
    }

    /// The current losses of the shown candidate.
    pub fn shown_losses(&self) -> Option<Losses> {
        if let Some(mix) = self.drawn_mix() {
            return Some(mix.losses);
        }
        match (self.fill_controller.running(), self.shown_fill()) {
            (Some(run), _) => run.loss_history.latest_losses(run.shown_candidate()),
            (None, Some(fill)) => fill.record.shown_candidate().map(|candidate| candidate.losses),
            (None, None) => None,
        }
    }

    /// Handles an event of the fill thread.
    pub(super) fn handle_worker_event(&mut self, event: WorkerEvent) {
        match event {
            WorkerEvent::WarmedUp { device, model } => {
                self.fill_controller.device_prepared(Some(device));
                self.explore.thumbnails.set_error(None);
                self.model_info = Some(model);
            }
            WorkerEvent::WarmUpFailed { message } => {
                self.fill_controller.device_prepared(None);
                self.explore.thumbnails.set_error(Some(message.clone()));
                let advice = "Choose another device or model in the settings, or press Fill to try again".to_owned();
                let headline = "The device or the model could not be prepared";
                self.notify_with_details(Severity::Warning, headline, vec![message, advice]);
            }
            WorkerEvent::Started { job, device, notes } => {
                let Some(run) = self.fill_controller.run_of(job) else { return };
                run.is_started = true;
                self.fill_controller.device_prepared(Some(device));
                for note in notes {
                    self.notify(Severity::Info, note);
                }
            }
            WorkerEvent::Progress(progress) => {
                if let Some(run) = self.fill_controller.run_of(progress.job) {
                    run.add_progress(progress);
                }
            }
            WorkerEvent::Preview(preview) => {
                if let Some(run) = self.fill_controller.run_of(preview.job) {
                    run.preview = Some(preview);
                    self.bump_scene_version();
                }
            }
            WorkerEvent::Finished { job, outcome, hole } => {
                if let Some(run) = self.fill_controller.end_run(job) {
                    self.fill_finished(run.into_fill(outcome, hole));
                }
            }
            WorkerEvent::Failed { job, message, causes } => {
                let Some(run) = self.fill_controller.end_run(job) else { return };
                // A request that came during the search has no answer: it is asked again.
                self.first_guess = FirstGuess::default();
                if run.is_stopping {
                    self.notify(Severity::Info, "Stopped before the first iteration: the photo is unchanged");
                } else {
                    self.notify_lasting(message, causes);
                }
                self.bump_scene_version();
            }
            WorkerEvent::QuickPreview(preview) => {
                if !self.first_guess_drawn(preview.id, Some(preview.patch.clone())) {
                    self.mix_drawn(preview);
                }
            }
            WorkerEvent::QuickPreviewFailed { id, message } => {
                // A failed first guess shows no message: the hole stays tinted, and the next fill reports the error.
                if !self.first_guess_drawn(id, None) {
                    self.mix_failed(id, message);
                }
            }
            WorkerEvent::Faces(faces) => self.thumbnails_drawn(faces),
            WorkerEvent::FacesFailed { id, message } => self.thumbnails_failed(id, message),
        }
    }

    fn fill_finished(&mut self, fill: DocumentFill) {
        let summary = format!("The best of {} iterations is kept", fill.record.outcome.steps);
        match &fill.record.outcome.stopped {
            None => {}
            Some(StopReason::Cancelled) => self.notify(Severity::Info, format!("Stopped. {summary}")),
            Some(StopReason::Failed(error)) => {
                let details = vec![error.clone(), format!("{summary}. Try again, or choose the CPU as the device")];
                self.notify_lasting("The fill stopped because of an error", details);
            }
        }
        if let Some(warning) = fill.record.outcome.fit_warning() {
            self.notify_with_details(Severity::Warning, warning.message, vec![warning.advice.to_owned()]);
        }
        self.model_info = Some(fill.record.outcome.model.clone());
        self.edit_document(|document| document.add_fill(fill));
        self.bump_scene_version();
    }

    /// Composes the shown fill at full size in the background, unless that is already done. One composition runs at a
    /// time: a slider that is dragged builds up no queue.
    pub(super) fn compose_if_needed(&mut self) {
        if self.fill_controller.is_running() {
            return;
        }
        let Some(document) = &mut self.document else { return };
        let (Some(fill_index), photo) = (document.shown_fill_index(), Arc::clone(&document.photo)) else { return };
        let Some(DocumentFill { record, composition, .. }) = document.shown_fill_mut() else { return };
        if !composition.is_pending() && composition.is_missing(&record.look) {
            composition.begin(record.look);
            let fill = record.clone();
            self.spawn(BackgroundTask::Compose { fill_index, photo, fill });
        }
    }

    /// Handles the result of [`BackgroundTask::Compose`].
    pub(super) fn fill_composed(
        &mut self,
        index: usize,
        photo: &Arc<Photo>,
        look: &FillLook,
        patch: Result<FillPatch, UserMessage>,
    ) {
        let Some(fill) = self.document_with_photo(photo).and_then(|document| document.fill_at_mut(index)) else {
            return;
        };
        let (patch, error) = patch.map_or_else(|error| (None, Some(error)), |patch| (Some(patch), None));
        if fill.composition.finish(look, patch) {
            self.bump_scene_version();
        }
        self.messages.extend(error);
    }

    /// Shows a newly opened document, and drops everything that belonged to the previous one.
    pub(super) fn show_document(&mut self, document: PhotoDocument) {
        self.fill_controller.abandon();
        (self.first_guess, self.mix) = (FirstGuess::default(), None);
        self.frame_search.document_changed();
        self.document = Some(document);
        self.autosave.document_changed();
        self.show_before = false;
        self.canvas_commands.clear();
        self.canvas_commands.push(CanvasCommand::PhotoChanged);
        self.bump_scene_version();
    }
}
