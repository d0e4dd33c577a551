//! Starting fills, handling their results, and composing them at full size.

use std::sync::Arc;

use super::{CanvasCall, State};
use crate::app::document::{Document, Fill};
use crate::app::fill::News;
use crate::app::messages::{Level, Message};
use crate::app::tasks::{Picture, Task};
use crate::blend::{Blend, Patch};
use crate::job::{FillRequest, LiveSettings, StopReason};
use crate::search::{Losses, Settings};

impl State {
    pub(super) fn warm_up(&mut self) {
        if !self.fills.is_running() {
            self.explorer.album.set_trouble(None);
            let remembered = &self.remembered;
            self.fills.warm_up(remembered.device, remembered.model.clone());
        }
    }

    pub(super) fn start_fill(&mut self) {
        let Some(document) = self.document.as_ref().filter(|document| !document.is_stroke_open()) else { return };
        let mask_id = document.mask_id();
        let start = self.chosen_start();
        if let Some(request) = self.request() {
            self.fills.start(FillRequest { start, ..request }, mask_id);
            self.pictures_changed();
        }
    }

    pub(super) fn set_settings(&mut self, settings: Settings) {
        let before = self.remembered.settings;
        self.remembered.settings = settings;
        let live = LiveSettings { lambda: settings.lambda, steps: settings.steps };
        if live != (LiveSettings { lambda: before.lambda, steps: before.steps }) {
            self.fills.update(live);
        }
    }

    pub(super) fn set_blend(&mut self, blend: Blend) {
        self.remembered.blend = blend;
        if self.fills.is_running() {
            self.fills.set_blend(blend);
        } else if let Some(document) = &mut self.document {
            document.set_look(|look| look.blend = blend);
        }
    }

    /// Shows one candidate, or the best one for `None`.
    pub(super) fn choose(&mut self, candidate: Option<usize>) {
        if candidate.is_some_and(|index| index >= self.candidate_count()) {
            return;
        }
        self.close_mix();
        if self.fills.is_running() {
            self.fills.show(candidate);
        } else if let Some(document) = &mut self.document {
            let best = document.fill().map_or(0, |fill| fill.outcome.best);
            document.set_look(|look| look.candidate = candidate.unwrap_or(best));
        }
    }

    /// The current losses of the shown candidate.
    pub fn shown_losses(&self) -> Option<Losses> {
        if let Some(mix) = self.mixed_candidate() {
            return Some(mix.losses);
        }
        match (self.fills.run(), self.document.as_ref().and_then(Document::fill)) {
            (Some(run), _) => run.curves.newest(run.shown()),
            (None, Some(fill)) => fill.outcome.candidates.get(fill.look.candidate).map(|candidate| candidate.losses),
            (None, None) => None,
        }
    }

    pub(super) fn take_news(&mut self, news: News) {
        match news {
            News::Ready(info) => {
                self.explorer.album.set_trouble(None);
                self.model_info = Some(info);
            }
            News::NotReady(message) => {
                self.explorer.album.set_trouble(Some(message.clone()));
                let next = "Choose another device or model in the settings, or press Fill to try again".to_owned();
                self.messages.push(
                    Message::new(Level::Warning, "The device or the model could not be prepared")
                        .with_details(vec![message, next]),
                );
            }
            News::Started(notes) => {
                for note in notes {
                    self.tell(Level::Info, note);
                }
            }
            News::Preview => self.pictures_changed(),
            News::Finished(fill) => self.finish(*fill),
            News::Sketched(sketch) => {
                if !self.take_guess(sketch.id, Some(sketch.patch.clone())) {
                    self.take_mix(sketch);
                }
            }
            News::NotSketched(sketch, message) => {
                // A failed first guess shows no message: the hole stays tinted, and the next fill reports the error.
                if !self.take_guess(sketch, None) {
                    self.lose_mix(sketch, message);
                }
            }
            News::Drawn(faces) => self.take_faces(faces),
            News::NotDrawn(faces, message) => self.lose_faces(faces, message),
            News::Failed { cancelled: true, .. } => {
                self.tell(Level::Info, "Stopped before the first iteration: the photo is unchanged");
                self.pictures_changed();
            }
            News::Failed { message, causes, cancelled: false } => {
                self.messages.push(Message::new(Level::Error, message).with_details(causes));
                self.pictures_changed();
            }
        }
    }

    fn finish(&mut self, fill: Fill) {
        let steps = fill.outcome.steps;
        let best_of = format!("The best of {steps} iterations is kept");
        match &fill.outcome.stopped {
            None => {}
            Some(StopReason::Cancelled) => self.tell(Level::Info, format!("Stopped. {best_of}")),
            Some(StopReason::Failed(why)) => {
                let next = format!("{best_of}. Try again, or choose the CPU as the device");
                let message = Message::new(Level::Error, "The fill stopped because of an error")
                    .with_details(vec![why.clone(), next]);
                self.messages.push(message);
            }
        }
        if let Some(doubt) = fill.outcome.doubt() {
            let message = Message::new(Level::Warning, doubt.what).with_details(vec![doubt.next.to_owned()]);
            self.messages.push(message);
        }
        self.model_info = Some(fill.outcome.model.clone());
        if let Some(document) = &mut self.document {
            document.add_fill(fill);
        }
        self.pictures_changed();
    }

    /// Composes the shown fill at full size in the background, unless that is already done.
    pub(super) fn compose_if_wanted(&mut self) {
        if self.fills.is_running() {
            return;
        }
        let Some(document) = &mut self.document else { return };
        let Some((fill_index, picture)) = shown_picture(document) else { return };
        let Some(fill) = document.fill_mut() else { return };
        if let Some(look) = fill.wants_compose() {
            fill.requested = Some(look);
            self.spawn(Task::Compose { fill_index, picture: Box::new(picture) });
        }
    }

    /// Handles the result of [`Task::Compose`].
    pub(super) fn take_composed(
        &mut self,
        fill_index: usize,
        photo: &Arc<crate::photo::Photo>,
        look: crate::app::document::Look,
        patch: Patch,
    ) {
        let Some(document) = self.document.as_mut().filter(|document| Arc::ptr_eq(&document.photo, photo)) else {
            return;
        };
        let is_shown = document.fill_index() == Some(fill_index);
        if let Some(fill) = document.fill_at(fill_index).filter(|fill| is_shown && fill.look == look) {
            (fill.patch, fill.composed, fill.requested) = (Some(patch), Some(look), None);
            self.pictures_changed();
        }
    }

    /// Shows a newly opened document, and drops everything that belonged to the previous one.
    pub(super) fn show_document(&mut self, document: Document) {
        self.fills.abandon();
        (self.guess, self.mix) = (None, None);
        self.document = Some(document);
        self.autosave.document_changed();
        self.show_before = false;
        self.canvas_calls.clear();
        self.canvas_calls.push(CanvasCall::PhotoChanged);
        self.pictures_changed();
    }
}

/// The shown fill's index, and a snapshot of the data needed to render it.
pub(super) fn shown_picture(document: &Document) -> Option<(usize, Picture)> {
    let (index, fill) = (document.fill_index()?, document.fill()?);
    let picture = Picture {
        photo: Arc::clone(&document.photo),
        hole: Arc::clone(&fill.hole),
        frame: fill.frame,
        outcome: Arc::clone(&fill.outcome),
        look: fill.look,
    };
    Some((index, picture))
}
