//! Fills the photos of a batch in turn, on the fill thread.
//!
//! A photo is prepared in a background task, each of its faces is searched on the fill thread, and a task adds each fill
//! to the photo. Stop takes effect at once: late results name another run and are dropped.

use std::sync::Arc;

use anyhow::Context as _;

use super::batch_photo::{KeptFill, PhotoState};
use super::fill_folder::FillFolder;
use super::hole_choice::HoleSource;
use super::keep::FinishedFill;
use super::prepare::PreparedPhoto;
use super::{BatchContext, BatchState};
use crate::app::document::DocumentFace;
use crate::app::loss_history::LossHistory;
use crate::app::outbox::Outbox;
use crate::app::preferences::Preferences;
use crate::app::state::EditorState;
use crate::app::tasks::Task;
use crate::app::toasts::{Severity, UserMessage};
use crate::job::{
    FaceFill, FillOutcome, FillProgress, FillRecord, FillRequest, JobId, SearchStart, WorkerCommand, search_input,
};
use crate::mask::Mask;
use crate::restore::ImageTask;

/// A batch that is being filled.
pub(super) struct BatchRun {
    id: u64,
    hole: HoleSource,
    /// As they were at the start.
    preferences: Preferences,
    /// Index of the photo at hand.
    index: usize,
    /// What is done with it; `None` while a background task has it.
    search: Option<PhotoSearch>,
}

/// The search for one face of the photo at hand.
struct PhotoSearch {
    job: JobId,
    photo: PhotoInTurn,
    loss_history: LossHistory,
    request: FillRequest,
}

/// A photo whose faces are filled in turn.
struct PhotoInTurn {
    prepared: PreparedPhoto,
    face_count: usize,
    done: Vec<DocumentFace>,
}

/// What a background task has made of a photo.
enum Step {
    Search(Box<PhotoInTurn>),
    Kept(KeptFill),
}

impl BatchState {
    /// Starts to fill the photos that are not filled yet.
    pub(super) fn start(&mut self, context: BatchContext<'_>, outbox: &mut Outbox) {
        if self.is_running() || self.start_disabled_reason(context, false).is_some() {
            return;
        }
        let BatchContext { preferences, engine, document } = context;
        let source = self.hole.source(document, engine.crop_size_px(), preferences.settings.seed);
        let Some(hole) = source else { return };
        if self.folder.is_none() {
            match FillFolder::new() {
                Ok(folder) => self.folder = Some(Arc::new(folder)),
                Err(error) => {
                    outbox.tell(UserMessage::from_error(&error.context("There is no room for the fills")));
                    return;
                }
            }
        }
        for photo in &mut self.photos {
            if matches!(photo.state, PhotoState::Failed(_)) {
                photo.state = PhotoState::Waiting;
            }
        }
        self.run_count += 1;
        let (id, mut preferences) = (self.run_count, preferences.clone());
        // The other tasks change whole photos, one at a time.
        preferences.set_task(ImageTask::Fill);
        self.run = Some(BatchRun { id, hole, preferences, index: 0, search: None });
        self.fill_next_photo(outbox);
    }

    /// Stops at once. The photo at hand waits again.
    pub(super) fn stop(&mut self, outbox: &Outbox) {
        let Some(run) = self.run.take() else { return };
        if run.search.is_some() {
            outbox.send(WorkerCommand::Cancel);
        }
        for photo in &mut self.photos {
            if matches!(photo.state, PhotoState::Running(_)) {
                photo.state = PhotoState::Waiting;
            }
        }
    }

    fn fill_next_photo(&mut self, outbox: &mut Outbox) {
        let Some(run) = &mut self.run else { return };
        let next = self.photos.iter_mut().enumerate().find(|(_, photo)| matches!(photo.state, PhotoState::Waiting));
        let Some((index, photo)) = next else {
            self.run = None;
            self.tell_of_end(outbox);
            return;
        };
        photo.state = PhotoState::Running(0.0);
        run.index = index;
        let (path, hole) = (photo.path.clone(), run.hole.clone());
        let prepare = move || {
            let prepared = PreparedPhoto::open(&path, &hole)?;
            let face_count = prepared.parts.len();
            Ok(Step::Search(Box::new(PhotoInTurn { prepared, face_count, done: Vec::new() })))
        };
        self.spawn_step(prepare, outbox);
    }

    /// Does slow work on the photo at hand in the background.
    fn spawn_step(&self, step: impl FnOnce() -> anyhow::Result<Step> + Send + 'static, outbox: &Outbox) {
        let Some(id) = self.run.as_ref().map(|run| run.id) else { return };
        let internal = || Err("The program hit an internal error: please report this photo".to_owned());
        let task = Task::internal().with_pictures().with_reset(move |state| {
            let EditorState { batch, outbox, .. } = state;
            batch.step_done(id, internal(), outbox);
        });
        let step = move || Ok(step().map_err(|error| format!("{error:#}")));
        outbox.spawn(task, step, move |state, result| {
            let EditorState { batch, outbox, .. } = state;
            batch.step_done(id, result, outbox);
        });
    }

    fn step_done(&mut self, id: u64, result: Result<Step, String>, outbox: &mut Outbox) {
        if self.run.as_ref().is_none_or(|run| run.id != id) {
            return;
        }
        match result {
            Ok(Step::Search(photo)) => self.search_face(*photo, outbox),
            Ok(Step::Kept(fill)) => self.photo_done(PhotoState::Done(fill), outbox),
            Err(error) => self.photo_done(PhotoState::Failed(error), outbox),
        }
    }

    fn photo_done(&mut self, state: PhotoState, outbox: &mut Outbox) {
        let Some(run) = &mut self.run else { return };
        run.search = None;
        if let Some(photo) = self.photos.get_mut(run.index) {
            (photo.state, photo.rank, photo.is_exported) = (state, 0, false);
        }
        self.fill_next_photo(outbox);
    }

    fn search_face(&mut self, photo: PhotoInTurn, outbox: &mut Outbox) {
        let Some(run) = &mut self.run else { return };
        let Some(frame) = photo.prepared.parts.front().map(|part| part.frame) else { return };
        let Preferences { settings, blend, model, device, .. } = &run.preferences;
        let request = FillRequest {
            photo: Arc::clone(photo.prepared.turns.photo()),
            hole: photo.prepared.turns.hole().clone(),
            frame,
            settings: *settings,
            start: SearchStart::FromSettings,
            blend: *blend,
            model: model.clone(),
            device: *device,
        };
        let job = outbox.request(|job| WorkerCommand::Start(job, Box::new(request.clone())));
        run.search = Some(PhotoSearch { job, photo, loss_history: LossHistory::default(), request });
    }

    /// The search of the photo at hand, if it is this job.
    fn search_of(&mut self, job: JobId) -> Option<&mut PhotoSearch> {
        self.run.as_mut()?.search.as_mut().filter(|search| search.job == job)
    }

    /// A search has advanced.
    pub fn search_advanced(&mut self, progress: FillProgress) {
        let Some(search) = self.search_of(progress.job) else { return };
        search.loss_history.extend(progress.iterations);
        #[expect(clippy::cast_precision_loss, reason = "iterations and faces stay below 2^24")]
        let share = {
            let of_face = search.loss_history.latest_iteration() as f32 / search.request.settings.steps.max(1) as f32;
            (search.photo.done.len() as f32 + of_face.min(1.0)) / search.photo.face_count.max(1) as f32
        };
        let index = self.run.as_ref().map_or(0, |run| run.index);
        if let Some(photo) = self.photos.get_mut(index) {
            photo.state = PhotoState::Running(share);
        }
    }

    /// A search has ended. Its fill is added to the photo, and kept if it was the last.
    pub fn search_finished(&mut self, job: JobId, outcome: Arc<FillOutcome>, hole: Mask, outbox: &Outbox) {
        if self.search_of(job).is_none() {
            return;
        }
        let Some(run) = &mut self.run else { return };
        let Some(PhotoSearch { photo, loss_history, request, .. }) = run.search.take() else { return };
        let preferences = run.preferences.clone();
        let kept_path = self.folder.as_ref().map(|folder| folder.path().join(format!("{job}.countenance")));
        let step = move || {
            let mut photo = photo;
            photo.add(FillRecord { hole, ..FillRecord::of_best(&request, (*outcome).clone()) }, loss_history)?;
            if !photo.prepared.parts.is_empty() {
                return Ok(Step::Search(Box::new(photo)));
            }
            let path = kept_path.context("the folder of the fills is gone")?;
            Ok(Step::Kept(photo.finish().keep(path, &preferences)?))
        };
        self.spawn_step(step, outbox);
    }

    /// A search gave no result.
    pub fn search_failed(&mut self, job: JobId, message: &str, causes: &[String], outbox: &mut Outbox) {
        if self.search_of(job).is_some() {
            let error = std::iter::once(message.to_owned()).chain(causes.iter().cloned()).collect::<Vec<_>>();
            self.photo_done(PhotoState::Failed(error.join(": ")), outbox);
        }
    }

    fn tell_of_end(&self, outbox: &mut Outbox) {
        let failed = self.photos.iter().filter(|photo| matches!(photo.state, PhotoState::Failed(_))).count();
        let filled = self.photos.iter().filter(|photo| photo.kept_fill().is_some()).count();
        if failed == 0 {
            outbox.notify(Severity::Success, format!("{filled} photos are filled"));
        } else {
            let headline = format!("{filled} photos are filled, {failed} failed: point at one to read why");
            outbox.notify(Severity::Warning, headline);
        }
    }
}

impl PhotoInTurn {
    /// Adds the fill of the face at hand to the photo.
    fn add(&mut self, record: FillRecord, loss_history: LossHistory) -> anyhow::Result<()> {
        let part = self.prepared.parts.pop_front().context("there is no face at hand")?.hole;
        let turns = &mut self.prepared.turns;
        let size_px = record.outcome.model.image_size_px;
        let search_input = search_input(turns.photo(), &record.hole, &record.frame, size_px);
        turns.add(&record, &part).context("the shown candidate is missing")?;
        let fill = if self.face_count == 1 {
            FaceFill::of_whole_hole(record)
        } else {
            FaceFill { record, part, search_input }
        };
        self.done.push(DocumentFace { fill, loss_history });
        Ok(())
    }

    fn finish(self) -> FinishedFill {
        let PreparedPhoto { photo, origin, hole, turns, .. } = self.prepared;
        FinishedFill { photo, origin, hole, faces: self.done, rest_px: turns.hole().hole_count() }
    }
}
