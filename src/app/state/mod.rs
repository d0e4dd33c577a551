//! The editor's state, and the one function that changes it.
//!
//! Panels read [`State`] and return [`Action`]s, which only [`State::handle`] applies. Commands for the canvas (fit,
//! zoom, redraw a part) wait in a queue, [`State::take_canvas_calls`].

mod action;
mod exploring;
mod files;
mod filling;
mod following;
mod mixing;
mod projects;
mod training;
mod verbs;

pub use action::{Action, Answer, CanvasCall, Leaflet, Leave, PathBar, Source};

use std::path::PathBuf;

use following::Guess;
pub use mixing::Mix;

use super::autosave::{Autosave, Lookout, Recoverable};
use super::canvas::{CanvasAction, Tool};
use super::document::Document;
use super::explore::Explorer;
use super::fill::{Engine, Fills};
use super::messages::{Level, Message};
use super::persist::{BRUSH_RADIUS_PX, Remembered};
use super::samples::Sample;
use super::tasks::{Purpose, Task, Tasks};
use super::training::Training;
use crate::device::GpuInfo;
use crate::mask::{Edit, MaskPreset};
use crate::model::ModelInfo;
use crate::photo::RectPx;
use crate::search::Settings;

/// The editor's state.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states of a machine")]
pub struct State {
    pub document: Option<Document>,
    pub fills: Fills,
    pub remembered: Remembered,
    pub tool: Tool,
    /// Position of the before/after divider, as a fraction of the photo's width. `None` when it is off.
    pub divider: Option<f32>,
    pub show_before: bool,
    pub gpus: Vec<GpuInfo>,
    pub models: Vec<PathBuf>,
    /// Thumbnails of the samples, for the start screen.
    pub thumbnails: Vec<(Sample, egui::ColorImage)>,
    /// Text of the path field on the start screen.
    pub start_path: String,
    pub model_info: Option<ModelInfo>,
    /// Data of the Explore window.
    pub explorer: Explorer,
    guess: Option<Guess>,
    /// The mix of two candidates, while its slider is open.
    pub mix: Option<Mix>,
    pub leave: Option<Leave>,
    /// What to do once the project is saved.
    after_save: Option<Leave>,
    /// Save the project as soon as no search runs and no other file is being written.
    save_when_free: bool,
    autosave: Autosave,
    lookout: Lookout,
    /// Recoverable projects, newest first; projects found by later scans are appended.
    pub recoverable: Vec<Recoverable>,
    pub path_bar: Option<PathBar>,
    pub training: Training,
    pub leaflet: Option<Leaflet>,
    /// A photo is being opened.
    pub opening: bool,
    /// A file is being written.
    pub saving: bool,
    /// The preferences are being written.
    pub remembering: bool,
    /// Increases with every change of the pictures on the screen.
    pub scene_version: u64,
    /// The window may close now.
    pub closing: bool,
    tasks: Tasks,
    messages: Vec<Message>,
    canvas_calls: Vec<CanvasCall>,
}

impl State {
    pub fn new(engine: Box<dyn Engine>, tasks: Tasks, remembered: Remembered) -> Self {
        Self {
            document: None,
            fills: Fills::new(engine),
            training: Training::new(remembered.training_run.as_deref()),
            remembered,
            tool: Tool::Brush,
            divider: None,
            show_before: false,
            gpus: Vec::new(),
            models: Vec::new(),
            thumbnails: Vec::new(),
            start_path: String::new(),
            model_info: None,
            explorer: Explorer::default(),
            guess: None,
            mix: None,
            leave: None,
            after_save: None,
            save_when_free: false,
            autosave: Autosave::default(),
            lookout: Lookout::default(),
            recoverable: Vec::new(),
            path_bar: None,
            leaflet: None,
            opening: false,
            saving: false,
            remembering: false,
            scene_version: 0,
            closing: false,
            tasks,
            messages: Vec::new(),
            canvas_calls: Vec::new(),
        }
    }

    /// Starts the slow work of the program start in the background: device, model, model list, sample thumbnails.
    pub fn prepare(&mut self) {
        self.tasks.spawn(Task::ListGpus);
        self.tasks.spawn(Task::FindModels);
        self.tasks.spawn(Task::SampleThumbnails);
        self.warm_up();
    }

    /// Starts a background task.
    pub fn spawn(&self, task: Task) {
        self.tasks.spawn(task);
    }

    /// Handles results of background tasks and updates of the fill thread.
    pub fn poll(&mut self) {
        while let Some(done) = self.tasks.try_done() {
            self.handle(Action::Done(done));
        }
        for news in self.fills.poll() {
            self.take_news(news);
        }
        self.follow_hole();
        self.follow_explorer();
        self.save_if_free();
        self.compose_if_wanted();
    }

    /// Takes the messages that were not shown yet.
    pub fn take_messages(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }

    /// Takes the commands that the canvas has not run yet.
    pub fn take_canvas_calls(&mut self) -> Vec<CanvasCall> {
        std::mem::take(&mut self.canvas_calls)
    }

    /// Whether frame, model and device are locked by a running search. The hole is not: the search adopts its changes.
    pub fn is_locked(&self) -> bool {
        self.fills.is_running()
    }

    /// Applies an action.
    pub fn handle(&mut self, action: Action) {
        self.take_action(action);
        self.follow_hole();
        self.follow_explorer();
    }

    fn take_action(&mut self, action: Action) {
        match action {
            Action::Do(verb) => self.do_verb(verb),
            Action::Open(source) => self.leave_for(Leave::Open(source)),
            Action::Canvas(action) => self.handle_canvas(action),
            Action::CancelDrag => self.cancel_drag(),
            Action::Shape(preset) => self.add_shape(preset),
            Action::SetBrushRadius(radius_px) => self.set_brush_radius(radius_px),
            Action::SetPreset(preset) => {
                let seed = self.remembered.settings.seed;
                self.remembered.preset = preset;
                self.set_settings(Settings { seed, ..preset.settings() });
            }
            Action::SetSettings(settings) => self.set_settings(settings),
            Action::SetBlend(blend) => self.set_blend(blend),
            Action::SetDevice(device) => {
                self.remembered.device = device;
                self.warm_up();
            }
            Action::SetModel(model) => {
                self.remembered.model = model;
                self.model_info = None;
                self.warm_up();
            }
            Action::PickModel => self.spawn(Task::Dialog(Purpose::OpenModel, None)),
            Action::SetTheme(theme) => self.remembered.theme = theme,
            Action::SetLogLosses(log) => self.remembered.log_losses = log,
            Action::SetRecord(record) => self.remembered.record = record,
            Action::SetFirstGuess(wanted) => self.remembered.first_guess = wanted,
            Action::MixWith(candidate) => self.mix_with(candidate),
            Action::SetMixShare(share) => self.set_mix_share(share),
            Action::LetMixGo => self.let_mix_go(),
            Action::Explore(wish) => self.take_wish(wish),
            Action::ShowBefore(show) => self.show_before = show,
            Action::TypePath(text) => self.type_path(text),
            Action::SubmitPath { replace } => self.submit_path(replace),
            Action::ClosePathBar => {
                self.path_bar = None;
                self.after_save = None;
            }
            Action::TypeStartPath(text) => self.start_path = text,
            Action::CloseLeaflet => self.leaflet = None,
            Action::RequestClose => self.leave_for(Leave::Close),
            Action::Answer(answer) => self.take_answer(answer),
            Action::DiscardRecoverable(path) => self.discard_recoverable(&path),
            Action::Training(action) => self.handle_training(action),
            Action::Done(done) => self.take_done(done),
        }
    }

    /// Whether the settings differ from the preset. Presets have no seed, so it is ignored.
    pub fn is_preset_changed(&self) -> bool {
        let seed = self.remembered.settings.seed;
        self.remembered.settings != Settings { seed, ..self.remembered.preset.settings() }
    }

    fn tell(&mut self, level: Level, headline: impl Into<String>) {
        self.messages.push(Message::new(level, headline));
    }

    fn pictures_changed(&mut self) {
        self.scene_version += 1;
    }

    fn set_brush_radius(&mut self, radius_px: f32) {
        if radius_px.is_finite() {
            self.remembered.brush_radius_px = radius_px.clamp(*BRUSH_RADIUS_PX.start(), *BRUSH_RADIUS_PX.end());
        }
    }

    fn handle_canvas(&mut self, action: CanvasAction) {
        match action {
            CanvasAction::SetBrushRadius(radius_px) => self.set_brush_radius(radius_px),
            CanvasAction::SetDivider(share) => self.divider = Some(share.clamp(0.0, 1.0)),
            CanvasAction::EndStroke => {
                if let Some(document) = &mut self.document {
                    document.end_stroke();
                }
            }
            CanvasAction::BeginStroke(stroke) => self.change_hole(|document| document.begin_stroke(stroke)),
            CanvasAction::ExtendStroke(point) => self.change_hole(|document| document.extend_stroke(point)),
            CanvasAction::FrameChanged { before } => {
                if let Some(document) = &mut self.document {
                    document.frame_changed(before);
                }
            }
            CanvasAction::PickFace(_) | CanvasAction::SetFrame(_) if self.is_locked() => {}
            CanvasAction::PickFace(index) => {
                if let Some(document) = &mut self.document {
                    document.pick_face(index);
                }
            }
            CanvasAction::SetFrame(frame) => {
                if let Some(document) = &mut self.document {
                    document.set_frame(frame);
                }
            }
        }
    }

    /// Crop side before the model is loaded: that of the default model.
    const USUAL_CROP_SIZE_PX: u32 = 128;

    fn add_shape(&mut self, preset: MaskPreset) {
        let crop_size_px = self.model_info.as_ref().map_or(Self::USUAL_CROP_SIZE_PX, |info| info.image_size_px);
        let seed = self.remembered.settings.seed;
        self.change_hole(|document| {
            let frame = document.frame();
            document.edit(Edit::Preset { preset, frame, crop_size_px, seed })
        });
    }

    fn change_hole(&mut self, change: impl FnOnce(&mut Document) -> RectPx) {
        if let Some(document) = &mut self.document {
            let changed = change(document);
            self.canvas_calls.push(CanvasCall::HoleChanged(changed));
        }
    }
}
