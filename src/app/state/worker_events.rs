//! Events of the fill thread, handed to the parts that they concern.

use super::EditorState;
use crate::app::toasts::{Severity, UserMessage};
use crate::job::WorkerEvent;

impl EditorState {
    pub(super) fn handle_worker_event(&mut self, event: WorkerEvent) {
        let Self { document, fill, maps, engine, explore, batch, outbox, .. } = self;
        match event {
            WorkerEvent::WarmedUp { device, model } => {
                engine.device_prepared(Some(device));
                engine.model = Some(model);
                explore.thumbnail_error = None;
            }
            WorkerEvent::WarmUpFailed { message } => {
                engine.device_prepared(None);
                explore.thumbnail_error = Some(message.clone());
                let advice = "Choose another device or model in the settings, or press Fill to try again".to_owned();
                let headline = "The device or the model could not be prepared";
                outbox.tell(UserMessage::new(Severity::Warning, headline).with_details(vec![message, advice]));
            }
            WorkerEvent::Started { job, device, notes } => {
                let Some(run) = fill.run_of(job) else { return };
                run.is_started = true;
                engine.device_prepared(Some(device));
                for note in notes {
                    outbox.notify(Severity::Info, note);
                }
            }
            WorkerEvent::Progress(progress) => {
                if let Some(run) = fill.run_of(progress.job) {
                    run.add_progress(progress);
                } else {
                    batch.search_advanced(progress);
                }
            }
            WorkerEvent::Preview(preview) => {
                if let Some(run) = fill.run_of(preview.job) {
                    run.preview = Some(preview);
                }
            }
            WorkerEvent::Finished { job, outcome, hole } => {
                if let (Some(document), Some(_)) = (document, fill.run_of(job)) {
                    engine.model = Some(outcome.model.clone());
                    fill.finished(job, outcome, hole, document, outbox);
                } else {
                    batch.search_finished(job, outcome, hole, outbox);
                }
            }
            WorkerEvent::Failed { job, message, causes } => {
                batch.search_failed(job, &message, &causes, outbox);
                fill.failed(job, message, causes, document.as_mut(), outbox);
            }
            WorkerEvent::QuickPreview(preview) => fill.quick_preview_drawn(preview, document.as_mut()),
            WorkerEvent::QuickPreviewFailed { id, message } => fill.quick_preview_failed(id, message, outbox),
            WorkerEvent::MapProgress { id, share } => maps.progressed(id, share),
            WorkerEvent::Maps { id, maps: computed } => maps.finished(id, Ok(computed)),
            WorkerEvent::MapsFailed { id, message } => maps.finished(id, Err(message)),
            WorkerEvent::Faces(faces) => explore.thumbnails_drawn(faces),
            WorkerEvent::FacesFailed { id, message } => explore.thumbnails_failed(id, message),
        }
    }
}
