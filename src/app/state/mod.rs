//! The editor's state, and the one function that changes it.
//!
//! Panels read [`EditorState`] and return [`Action`]s, which only [`EditorState::handle`] applies. Commands for the
//! canvas (fit, zoom, redraw a part) wait in a queue, [`EditorState::take_canvas_commands`].

mod actions;
mod candidate_mix;
mod commands;
mod explore_actions;
mod files;
mod fill_results;
mod first_guess;
mod frame_search;
mod project_files;
mod training_run;

pub use actions::{Action, CanvasCommand, DocumentSource, HelpWindow, PathBar, PendingClose, SaveAnswer};
pub use candidate_mix::CandidateMix;
#[cfg(test)]
pub use frame_search::FrameSearchMode;

use std::path::PathBuf;
use std::sync::Arc;

use first_guess::FirstGuess;
use frame_search::FrameSearch;

use super::autosave::{Autosave, RecoverableProject, RecoveryScanTimer};
use super::canvas::{BRUSH_RADIUS_RANGE_PX, CanvasAction, Tool};
use super::document::{DocumentFill, PhotoDocument};
use super::explore::ExploreState;
use super::fill_controller::FillController;
use super::preferences::Preferences;
use super::sample_portraits::SamplePortrait;
use super::tasks::{BackgroundTask, PathPurpose, TaskRunner};
use super::toasts::{Severity, UserMessage};
use super::training::TrainingState;
use crate::device::GpuInfo;
use crate::geometry::RectPx;
use crate::job::WorkerHandle;
use crate::mask::{MaskEdit, MaskPreset};
use crate::model::{ModelChoice, ModelInfo};
use crate::photo::Photo;
use crate::search::Settings;

/// The editor's state.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states of a machine")]
pub struct EditorState {
    pub document: Option<PhotoDocument>,
    pub fill_controller: FillController,
    pub preferences: Preferences,
    pub tool: Tool,
    /// Position of the before/after divider, as a share of the visible photo's width. `None` when it is off.
    pub divider: Option<f32>,
    pub show_before: bool,
    pub gpus: Vec<GpuInfo>,
    pub model_paths: Vec<PathBuf>,
    /// Thumbnails of the samples, for the start screen.
    pub sample_thumbnails: Vec<(SamplePortrait, egui::ColorImage)>,
    /// Text of the path field on the start screen.
    pub start_screen_path: String,
    pub model_info: Option<ModelInfo>,
    /// Data of the Explore window.
    pub explore: ExploreState,
    pub frame_search: FrameSearch,
    first_guess: FirstGuess,
    /// The mix of two candidates, while its slider is open.
    pub mix: Option<CandidateMix>,
    pub pending_close: Option<PendingClose>,
    /// What to do once the project is saved.
    close_after_save: Option<PendingClose>,
    /// Save the project as soon as no search runs and no other file is being written.
    save_when_idle: bool,
    autosave: Autosave,
    recovery_scan_timer: RecoveryScanTimer,
    /// Recoverable projects, newest first; projects found by later scans are appended.
    pub recoverable: Vec<RecoverableProject>,
    pub path_bar: Option<PathBar>,
    pub training: TrainingState,
    pub help_window: Option<HelpWindow>,
    /// Files can be dropped onto the window.
    pub can_drop_files: bool,
    /// A photo is being opened.
    pub is_opening: bool,
    /// A file is being written.
    pub is_saving: bool,
    /// The preferences are being written.
    pub is_saving_preferences: bool,
    /// Increases with every change of the pictures on the screen.
    pub scene_version: u64,
    /// The window may close now.
    pub may_close: bool,
    tasks: TaskRunner,
    messages: Vec<UserMessage>,
    canvas_commands: Vec<CanvasCommand>,
}

impl EditorState {
    pub fn new(worker: WorkerHandle, tasks: TaskRunner, preferences: Preferences) -> Self {
        Self {
            document: None,
            fill_controller: FillController::new(worker),
            training: TrainingState::new(preferences.training_run.as_deref()),
            preferences,
            tool: Tool::Brush,
            divider: None,
            show_before: false,
            gpus: Vec::new(),
            model_paths: Vec::new(),
            sample_thumbnails: Vec::new(),
            start_screen_path: String::new(),
            model_info: None,
            explore: ExploreState::default(),
            frame_search: FrameSearch::default(),
            first_guess: FirstGuess::default(),
            mix: None,
            pending_close: None,
            close_after_save: None,
            save_when_idle: false,
            autosave: Autosave::default(),
            recovery_scan_timer: RecoveryScanTimer::default(),
            recoverable: Vec::new(),
            path_bar: None,
            help_window: None,
            can_drop_files: true,
            is_opening: false,
            is_saving: false,
            is_saving_preferences: false,
            scene_version: 0,
            may_close: false,
            tasks,
            messages: Vec::new(),
            canvas_commands: Vec::new(),
        }
    }

    /// Starts the slow work of the program start in the background: device, model, model list, sample thumbnails.
    pub fn start_initial_tasks(&mut self) {
        self.tasks.spawn(BackgroundTask::ListGpus);
        self.tasks.spawn(BackgroundTask::FindModels);
        self.tasks.spawn(BackgroundTask::DecodeSampleThumbnails);
        self.warm_up_engine();
    }

    /// Starts a background task.
    pub fn spawn(&self, task: BackgroundTask) {
        self.tasks.spawn(task);
    }

    /// The most compositions that ran at the same time.
    #[cfg(test)]
    pub fn most_compositions(&self) -> usize {
        self.tasks.compositions.most()
    }

    /// Handles results of background tasks and updates of the fill thread.
    pub fn poll(&mut self) {
        while let Some(result) = self.tasks.try_result() {
            self.handle(Action::TaskDone(result));
        }
        for event in self.fill_controller.take_events() {
            self.handle_worker_event(event);
        }
        self.update_for_hole();
        self.update_explore();
        self.save_project_if_idle();
        self.compose_if_needed();
    }

    /// Takes the messages that were not shown yet.
    pub fn take_messages(&mut self) -> Vec<UserMessage> {
        std::mem::take(&mut self.messages)
    }

    /// Takes the commands that the canvas has not run yet.
    pub fn take_canvas_commands(&mut self) -> Vec<CanvasCommand> {
        std::mem::take(&mut self.canvas_commands)
    }

    /// Whether frame, model and device are locked by a running search. The hole is not: the search adopts its changes.
    pub fn is_locked(&self) -> bool {
        self.fill_controller.is_running()
    }

    /// Applies an action.
    pub fn handle(&mut self, action: Action) {
        self.apply(action);
        self.update_for_hole();
        self.update_explore();
    }

    fn apply(&mut self, action: Action) {
        match action {
            Action::RunCommand(command) => self.run_command(command),
            Action::Open(source) => self.request_close(PendingClose::Open(source)),
            Action::Canvas(action) => self.handle_canvas_action(action),
            Action::CancelDrag => self.cancel_drag(),
            Action::AddShape(preset) => self.add_shape(preset),
            Action::SetBrushRadius(radius_px) => self.set_brush_radius(radius_px),
            Action::SetPreset(preset) => {
                let seed = self.preferences.settings.seed;
                self.preferences.preset = preset;
                self.set_settings(Settings { seed, ..preset.settings() });
            }
            Action::SetSettings(settings) => self.set_settings(settings),
            Action::SetBlend(blend) => self.set_blend(blend),
            Action::SetDevice(device) => {
                self.preferences.device = device;
                self.warm_up_engine();
            }
            Action::SetModel(model) => {
                self.preferences.model = model;
                self.model_info = None;
                self.warm_up_engine();
            }
            Action::ChooseModelFile => self.spawn(BackgroundTask::ShowFileDialog(PathPurpose::OpenModel, None)),
            Action::SetTheme(theme) => self.preferences.theme = theme,
            Action::SetLogLosses(is_log) => self.preferences.log_losses = is_log,
            Action::SetRecordProvenance(record) => self.preferences.record = record,
            Action::SetShowFirstGuess(show) => self.preferences.first_guess = show,
            Action::SetFaceOnly(is_face_only) => self.preferences.face_only = is_face_only,
            Action::MixWith(candidate) => self.mix_with(candidate),
            Action::SetMixPosition(position) => self.set_mix_position(position),
            Action::KeepMix => self.keep_mix(),
            Action::Explore(action) => self.handle_explore(action),
            Action::ShowBefore(show) => self.show_before = show,
            Action::SetPathText(text) => self.set_path_text(text),
            Action::SubmitPath { replace } => self.submit_path(replace),
            Action::ClosePathBar => {
                self.path_bar = None;
                self.close_after_save = None;
            }
            Action::SetStartScreenPath(text) => self.start_screen_path = text,
            Action::CloseHelpWindow => self.help_window = None,
            Action::RequestClose => self.request_close(PendingClose::Window),
            Action::AnswerSaveQuestion(answer) => self.answer_save_question(answer),
            Action::DiscardRecoverable(path) => self.discard_recoverable(&path),
            Action::Training(action) => self.handle_training(action),
            Action::TaskDone(result) => self.handle_task_result(result),
        }
    }

    /// Whether the settings differ from the preset. Presets have no seed, so it is ignored.
    pub fn has_modified_preset(&self) -> bool {
        let seed = self.preferences.settings.seed;
        self.preferences.settings != Settings { seed, ..self.preferences.preset.settings() }
    }

    /// The shown finished fill, if any.
    pub fn shown_fill(&self) -> Option<&DocumentFill> {
        self.document.as_ref()?.shown_fill()
    }

    /// The document, if it still has this photo: results of tasks can arrive after another photo was opened.
    fn document_with_photo(&mut self, photo: &Arc<Photo>) -> Option<&mut PhotoDocument> {
        self.document.as_mut().filter(|document| Arc::ptr_eq(&document.photo, photo))
    }

    fn edit_document(&mut self, edit: impl FnOnce(&mut PhotoDocument)) {
        if let Some(document) = &mut self.document {
            edit(document);
        }
    }

    /// Adds a model file to the list of models.
    fn list_model(&mut self, model: &ModelChoice) {
        if let ModelChoice::File(path) = model
            && !self.model_paths.contains(path)
        {
            self.model_paths.push(path.clone());
        }
    }

    fn notify(&mut self, severity: Severity, headline: impl Into<String>) {
        self.notify_with_details(severity, headline, Vec::new());
    }

    /// Tells the user about lost work.
    fn notify_lasting(&mut self, headline: impl Into<String>, details: Vec<String>) {
        self.messages.push(UserMessage::new(Severity::Error, headline).with_details(details).lasting());
    }

    fn notify_with_details(&mut self, severity: Severity, headline: impl Into<String>, details: Vec<String>) {
        self.messages.push(UserMessage::new(severity, headline).with_details(details));
    }

    fn bump_scene_version(&mut self) {
        self.scene_version += 1;
    }

    fn set_brush_radius(&mut self, radius_px: f32) {
        if radius_px.is_finite() {
            self.preferences.brush_radius_px =
                radius_px.clamp(*BRUSH_RADIUS_RANGE_PX.start(), *BRUSH_RADIUS_RANGE_PX.end());
        }
    }

    fn handle_canvas_action(&mut self, action: CanvasAction) {
        match action {
            CanvasAction::SetBrushRadius(radius_px) => self.set_brush_radius(radius_px),
            CanvasAction::SetDivider(position) => self.divider = Some(position.clamp(0.0, 1.0)),
            CanvasAction::BeginStroke(stroke) => self.edit_mask(|document| document.begin_stroke(stroke)),
            CanvasAction::ExtendStroke(point) => self.edit_mask(|document| document.extend_stroke(point)),
            CanvasAction::EndStroke => self.edit_document(PhotoDocument::end_stroke),
            CanvasAction::FrameChanged { before } => self.edit_document(|document| document.end_frame_drag(before)),
            CanvasAction::PickFace(_) | CanvasAction::SetFrame(_) if self.is_locked() => {}
            CanvasAction::PickFace(index) => self.edit_document(|document| document.select_face(index)),
            CanvasAction::SetFrame(frame) => self.edit_document(|document| document.drag_frame_to(frame)),
        }
    }

    /// Crop side before the model is loaded: that of the default model.
    const DEFAULT_CROP_SIZE_PX: u32 = 128;

    fn add_shape(&mut self, preset: MaskPreset) {
        let crop_size_px = self.model_info.as_ref().map_or(Self::DEFAULT_CROP_SIZE_PX, |info| info.image_size_px);
        let seed = self.preferences.settings.seed;
        self.edit_mask(|document| {
            let frame = document.face_frame();
            document.edit_mask(&MaskEdit::Preset { preset, frame, crop_size_px, seed })
        });
    }

    /// Edits the mask. `edit` returns the changed rectangle, which the canvas redraws.
    fn edit_mask(&mut self, edit: impl FnOnce(&mut PhotoDocument) -> RectPx) {
        let rect_in_photo = self.document.as_mut().map(edit);
        self.canvas_commands.extend(rect_in_photo.map(CanvasCommand::MaskChanged));
    }
}
