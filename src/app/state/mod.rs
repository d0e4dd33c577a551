//! The editor's state, in parts, and the one function that changes it.
//!
//! Panels read the parts that they show and return [`Action`]s, which only [`EditorState::handle`] applies. Each part
//! has an `update` function for its own actions; what concerns several parts is here:
//!
//! | part | file |
//! | --- | --- |
//! | the open photo and the work on it | [`PhotoDocument`](super::document) |
//! | fills: running, first guess, mix | [`FillState`](super::fill) |
//! | maps that explain the shown candidate | [`MapState`](super::maps) |
//! | device and model | [`EngineState`](super::engine) |
//! | the Explore and the Training window | [`ExploreState`](super::explore), [`TrainingState`](super::training) |
//! | the window that explains the method | [`ExplainState`](super::explain) |
//! | the batch window | [`BatchState`](super::batch) |
//! | dialogs | [`DialogState`](super::dialogs) |
//! | preferences | [`Preferences`](super::preferences) |
//! | parts of the face that wait for their landmarks | [`RegionEdits`], in `region_edits` |
//! | files being read and written, autosave | [`FileState`], in `files`, `photo_series` and `project_files` |
//! | what leaves the state: tasks, requests, messages | [`Outbox`](super::outbox) |
//!
//! After every action the fills, the Explore window and so on follow the document, so that an action needs not know what
//! depends on it. What several panels show is derived once per frame: see [`Derived`].

mod action;
mod batch;
mod clipboard;
mod commands;
mod derived;
mod files;
mod photo_series;
mod project_files;
mod region_edits;
mod search_export;
mod worker_events;

pub use action::{Action, Actions};
pub use clipboard::default_paste_folder;
pub use commands::CommandStates;
pub use derived::Derived;
pub use files::{FileState, typed_path};

use std::sync::Arc;
use std::time::{Duration, Instant};

use region_edits::RegionEdits;

use super::batch::BatchState;
use super::canvas::{Tool, ViewCommand};
use super::dialogs::DialogState;
use super::document::{DocumentAction, FaceSplit, PhotoDocument, SplitInput};
use super::engine::EngineState;
use super::explain::ExplainState;
use super::explore::ExploreState;
use super::fill::{AddedFills, FillAction, FillContext, FillState};
use super::maps::MapState;
use super::outbox::Outbox;
use super::preferences::Preferences;
use super::sample_portraits::SamplePortrait;
use super::tasks::{Task, TaskRunner, sample_thumbnail};
use super::training::{RunModel, TrainingState};
use crate::blend::FillPatch;
use crate::device::list_gpus;
#[cfg(test)]
use crate::face::FoundFaces;
use crate::geometry::FaceFrame;
use crate::job::{FillLook, JobId, LiveSettings, WorkerHandle};
#[cfg(test)]
use crate::mask::Mask;
use crate::mask::{MaskEdit, MaskPreset};
use crate::model::find_models;
use crate::photo::Photo;
use crate::restore::ImageTask;

/// How the photo is looked at.
#[derive(Default)]
pub struct ViewState {
    pub tool: Tool,
    /// Whether the area tools draw ignored pixels, as the brush selected last does.
    pub areas_ignore: bool,
    /// Position of the before/after divider, as a share of the visible photo's width. `None` when it is off.
    pub divider: Option<f32>,
    pub show_before: bool,
    /// Index of the fill that stands on the left of the divider, in the place of the photo.
    pub compared_fill: Option<usize>,
}

/// The editor's state.
pub struct EditorState {
    pub document: Option<PhotoDocument>,
    pub fill: FillState,
    pub maps: MapState,
    region_edits: RegionEdits,
    pub engine: EngineState,
    pub explore: ExploreState,
    pub explain: ExplainState,
    pub training: TrainingState,
    pub batch: BatchState,
    pub dialogs: DialogState,
    pub files: FileState,
    pub view: ViewState,
    pub preferences: Preferences,
    pub outbox: Outbox,
}

impl EditorState {
    pub fn new(worker: WorkerHandle, tasks: TaskRunner, preferences: Preferences) -> Self {
        Self {
            document: None,
            fill: FillState::default(),
            maps: MapState::default(),
            region_edits: RegionEdits::default(),
            engine: EngineState { is_preparing: true, ..EngineState::default() },
            explore: ExploreState::default(),
            explain: ExplainState::default(),
            training: TrainingState::new(preferences.training_run.as_deref()),
            batch: BatchState::default(),
            dialogs: DialogState::default(),
            files: FileState { can_drop_files: true, ..FileState::default() },
            view: ViewState::default(),
            preferences,
            outbox: Outbox::new(worker, tasks),
        }
    }

    /// Starts the slow work of the program start in the background: device, model, model list, sample thumbnails.
    pub fn start_initial_tasks(&mut self) {
        let Self { outbox, .. } = self;
        outbox.spawn(Task::internal(), || Ok(list_gpus()), |state, gpus| state.engine.gpus = gpus);
        outbox.spawn(Task::internal(), || Ok(find_models()), |state, paths| state.engine.model_paths = paths);
        let decode = |sample| Some((sample, sample_thumbnail(sample).ok()?));
        let decode_all = move || Ok(SamplePortrait::ALL.into_iter().filter_map(decode).collect());
        outbox.spawn(Task::internal(), decode_all, |state, thumbnails| state.files.sample_thumbnails = thumbnails);
        self.warm_up_engine();
    }

    /// Handles results of background tasks and events of the fill thread.
    pub fn poll(&mut self) {
        while let Some(result) = self.outbox.try_task_result() {
            result(self);
        }
        for event in self.outbox.take_worker_events() {
            self.handle_worker_event(event);
        }
        self.follow_up();
        self.follow_batch();
        self.save_project_if_idle();
        let compared = self.compared_index();
        if let Some(document) = &mut self.document {
            self.fill.compose_if_needed(compared, document, &self.outbox);
        }
    }

    /// Applies an action.
    pub fn handle(&mut self, action: Action) {
        self.apply(action);
        self.follow_up();
        self.follow_batch();
    }

    fn apply(&mut self, action: Action) {
        match action {
            Action::RunCommand(command) => self.run_command(command),
            Action::Document(action) => self.update_document(action),
            Action::AddShape(preset) => self.add_shape(preset),
            Action::EditRegion(region, kind) => self.edit_region(region, kind),
            Action::Fill(action) => self.update_fill(action),
            Action::Map(action) => self.maps.update(action),
            Action::Explore(action) => self.explore.update(action, &mut self.outbox),
            Action::Explain(action) => self.explain.update(action),
            Action::Training(action) => self.training.update(action, &mut self.preferences, &self.outbox),
            Action::Batch(action) => self.update_batch(action),
            Action::CancelBatchExport => self.batch.cancel_export(),
            Action::CloseWithoutExport => self.files.may_close = true,
            Action::Dialog(action) => self.dialogs.update(action),
            Action::SetPreferences(preferences) => self.set_preferences(*preferences),
            Action::ChooseFile(purpose) => self.show_file_dialog(purpose),
            Action::RetryModel => self.warm_up_engine(),
            Action::UseTrainedModel(model) => self.use_trained_model(model),
            Action::ShowBefore(show) => self.view.show_before = show,
            Action::CompareWith(fill) => self.compare_with(fill),
            Action::SetDivider(position) => self.view.divider = Some(position.clamp(0.0, 1.0)),
            Action::Open(source) => self.open(source),
            Action::Paste(target, picture) => self.paste(target, picture),
            Action::SubmitPath { replace } => self.submit_path(replace),
            Action::RequestClose => self.close_window(),
            Action::AnswerSaveQuestion(answer) => self.answer_save_question(answer),
            Action::DiscardRecoverable(path) => self.discard_recoverable(&path),
        }
    }

    /// Brings everything up to date that depends on what has changed.
    fn follow_up(&mut self) {
        self.follow_region_edits();
        let Self { document, fill, maps, engine, explore, explain, preferences, outbox, .. } = self;
        if let Some(document) = document {
            let context = FillContext { preferences, engine, start_face: explore.start_face() };
            fill.follow_document(document, context, outbox);
        }
        maps.follow(document.as_ref(), fill, (preferences, engine), outbox);
        if let Some(model) = &engine.model {
            explore.follow_model(model, preferences, outbox);
        }
        explain.follow(document.as_ref(), preferences, outbox);
    }

    /// The document, if it still has this photo: results of tasks can arrive after another photo was opened.
    fn document_with_photo(&mut self, photo: &Arc<Photo>) -> Option<&mut PhotoDocument> {
        self.document.as_mut().filter(|document| Arc::ptr_eq(&document.photo, photo))
    }

    fn update_document(&mut self, action: DocumentAction) {
        let Some(document) = &mut self.document else { return };
        let photo = Arc::clone(&document.photo);
        document.update(action, self.fill.is_running());
        if !Arc::ptr_eq(&photo, &document.photo) {
            self.photo_replaced();
        }
    }

    /// The document has another photo of the same face: what was begun for the photo before is dropped.
    fn photo_replaced(&mut self) {
        self.fill.document_changed(&self.outbox);
        self.region_edits = RegionEdits::default();
        self.view.compared_fill = None;
        self.change_view_to_frame(ViewCommand::ShowFoundFace);
    }

    /// Replaces the photo by the one that was prepared for a task, and starts the fill that waits for it. `None`: it could
    /// not be prepared.
    pub fn photo_prepared(&mut self, shown: &Arc<Photo>, task: ImageTask, photo: Option<Arc<Photo>>) {
        let is_shown = self.document.as_ref().is_some_and(|document| Arc::ptr_eq(&document.photo, shown));
        if !is_shown || !self.fill.photo_prepared(task, photo.as_ref()) {
            return;
        }
        if let (Some(document), Some(photo)) = (&mut self.document, photo) {
            document.set_prepared_photo(photo, task);
            self.photo_replaced();
            self.update_fill(FillAction::Start);
        }
    }

    fn add_shape(&mut self, preset: MaskPreset) {
        let Some(frame) = self.document.as_ref().map(PhotoDocument::face_frame) else { return };
        let (crop_size_px, seed) = (self.engine.crop_size_px(), self.preferences.settings.seed);
        self.update_document(DocumentAction::EditMask(MaskEdit::Preset { preset, frame, crop_size_px, seed }));
    }

    /// Compares the shown fill with another one, and shows the divider for it.
    fn compare_with(&mut self, fill: Option<usize>) {
        self.view.compared_fill = fill;
        if fill.is_some() {
            let center = self.hole_center_x();
            self.view.divider.get_or_insert(center);
        }
    }

    /// Shows the next iteration while the timeline plays. Returns when to ask again.
    pub fn play_timeline(&mut self, now: Instant) -> Option<Duration> {
        let wait = self.fill.play_timeline(self.document.as_ref()?, now);
        self.follow_up();
        wait
    }

    fn update_fill(&mut self, action: FillAction) {
        let Self { document: Some(document), fill, engine, explore, preferences, outbox, .. } = self else { return };
        let context = FillContext { preferences, engine, start_face: explore.start_face() };
        fill.update(action, document, context, outbox);
    }

    /// Stores a composed fill, or `None` if that failed.
    pub fn fill_composed(
        &mut self,
        index: usize,
        photo: &Arc<Photo>,
        looks: &Vec<FillLook>,
        patches: Option<Vec<Arc<FillPatch>>>,
    ) {
        if let Some(fill) = self.document_with_photo(photo).and_then(|document| document.fill_at_mut(index)) {
            fill.composition.finish(looks, patches);
        }
    }

    /// Stores the faces that were found for this hole, and places the face frame.
    pub fn faces_found(&mut self, input: &SplitInput, split: FaceSplit) {
        if let Some(document) = self.document.as_mut().filter(|document| Arc::ptr_eq(&document.photo, &input.photo)) {
            self.fill.faces_found(input, split, document);
        }
    }

    /// New fills were added to the photo of a running fill; `None` if that failed.
    pub fn fills_added(&mut self, job: JobId, added: Option<AddedFills>) {
        if let Some(document) = &mut self.document {
            self.fill.fills_added(job, added, document, &mut self.outbox);
        }
    }

    /// Answers the search for the face of a hole, as the background task does.
    #[cfg(test)]
    pub fn frame_found(&mut self, photo: &Arc<Photo>, hole: &Mask, frame: Option<FaceFrame>) {
        let found = FoundFaces { frame, at_hole: Vec::new() };
        self.answer_face_search(photo, hole, found);
    }

    /// Answers the search for the faces of a hole, as the background task does.
    #[cfg(test)]
    pub fn answer_face_search(&mut self, photo: &Arc<Photo>, hole: &Mask, found: FoundFaces) {
        let Some(document) = &self.document else { return };
        let mut input = document.split_input();
        (input.photo, input.hole) = (Arc::clone(photo), hole.clone());
        let split = input.split_between(found);
        self.faces_found(&input, split);
    }

    fn use_trained_model(&mut self, model: RunModel) {
        if let Some(path) = self.training.model_path(model).filter(|_| !self.fill.is_running()) {
            self.open_model(path);
        }
    }

    /// Opens the device and loads the model ahead of the first fill.
    fn warm_up_engine(&mut self) {
        // A batch has its own model and device until it ends.
        if !self.fill.is_running() && !self.batch.is_running() {
            self.explore.thumbnail_error = None;
            self.engine.warm_up(&self.preferences, &self.outbox);
        }
    }

    /// Replaces the preferences, and applies those that have an effect now.
    fn set_preferences(&mut self, preferences: Preferences) {
        let before = std::mem::replace(&mut self.preferences, preferences);
        let (settings, blend) = (self.preferences.settings, self.preferences.blend);
        if (settings.lambda, settings.steps) != (before.settings.lambda, before.settings.steps) {
            let live = LiveSettings { lambda: settings.lambda, steps: settings.steps };
            self.fill.set_live_settings(live, &self.outbox);
        }
        if blend != before.blend {
            self.fill.set_blend(blend, self.document.as_mut(), &self.outbox);
        }
        let is_other_model = self.preferences.model != before.model;
        if is_other_model {
            self.engine.model = None;
        }
        if is_other_model || self.preferences.device != before.device {
            self.warm_up_engine();
        }
    }

    /// Shows a newly opened document, and drops everything that belonged to the previous one.
    fn show_document(&mut self, document: PhotoDocument) {
        self.fill.document_changed(&self.outbox);
        self.maps.document_changed(&self.outbox);
        self.region_edits = RegionEdits::default();
        self.files.document_changed(self.document.as_ref());
        (self.view.show_before, self.view.compared_fill) = (false, None);
        self.outbox.take_view_commands();
        self.document = Some(document);
    }

    /// Changes the canvas's view to the face frame.
    fn change_view_to_frame(&mut self, command: fn(FaceFrame) -> ViewCommand) {
        if let Some(document) = &self.document {
            self.outbox.change_view(command(document.face_frame()));
        }
    }
}
