//! The Training window: shows the progress of a `countenance train` run while it runs or after it has ended.
//!
//! A background task takes the [`RunMonitor`](crate::train::RunMonitor), reads the new rows ([`run_reader`]) and
//! returns it with a `RunView` to draw. Other tasks decode the sample pictures: the shown one and its neighbours
//! ([`sample_cache`]).
//!
//! An unreadable folder is read again and again, so the user may choose it before the run creates it. When the folder
//! disappears, the last view stays on the screen.

mod charts;
mod downsample;
mod followed_run;
mod run_reader;
mod run_status;
mod run_view;
mod sample_cache;
mod sample_panel;
mod training_window;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use followed_run::FollowedRun;
pub use run_reader::{ReadRunRequest, RunReading};
pub use sample_cache::{DecodeSampleRequest, DecodedSample};
pub use training_window::TrainingWindow;

use super::outbox::Outbox;
use super::preferences::Preferences;
use super::state::expand_home;
use super::tasks::{BackgroundTask, PathPurpose};
use super::toasts::{Severity, UserMessage};
use crate::model::ModelChoice;
use crate::train::{RunFolder, TrainError};

/// A user command from the Training window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainingAction {
    /// Open the window and follow the last run again, or close it.
    Toggle,
    /// The user edited the path field; this is its new text.
    EditPath(String),
    /// Follow the run at the path in the field.
    FollowTypedPath,
    /// Open a folder dialog.
    ChooseFolder,
    /// Show the samples of this step; `None` always shows the newest.
    ShowSample(Option<u64>),
    /// Draw the charts that allow it on a logarithmic scale.
    SetLogScale(bool),
    /// Ask the run to stop after its current step.
    StopRun,
    UseModel(RunModel),
    /// Show the run folder in the system's file manager.
    ShowFolder,
}

/// One of the model files that a run writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunModel {
    /// The model with the lowest context loss.
    Best,
    /// The model of the newest checkpoint.
    Newest,
}

/// Background work for the Training window.
pub enum TrainingTask {
    ReadRun(ReadRunRequest),
    DecodeSample(DecodeSampleRequest),
    StopRun(RunFolder),
    ShowFolder(PathBuf),
}

/// The result of a [`TrainingTask`].
pub enum TrainingTaskResult {
    RunRead(Box<RunReading>),
    SampleDecoded(DecodedSample),
    StopRequested(Result<(), TrainError>),
    /// Whether a file manager opened the folder.
    FolderShown {
        path: PathBuf,
        is_shown: bool,
    },
}

impl TrainingTask {
    /// Runs the task. Call it on a background thread.
    pub fn run(self) -> TrainingTaskResult {
        match self {
            Self::ReadRun(request) => TrainingTaskResult::RunRead(Box::new(request.read())),
            Self::DecodeSample(request) => TrainingTaskResult::SampleDecoded(request.decode()),
            Self::StopRun(folder) => TrainingTaskResult::StopRequested(folder.request_stop()),
            Self::ShowFolder(path) => {
                let is_shown = open_in_file_manager(&path);
                TrainingTaskResult::FolderShown { path, is_shown }
            }
        }
    }
}

/// State of the Training window.
pub struct TrainingState {
    pub is_open: bool,
    /// Text of the path field.
    pub path_text: String,
    pub is_log_scale: bool,
    pub followed: Option<FollowedRun>,
    /// Number of runs followed so far: the id of the newest, by which stale results are recognized.
    run_count: u64,
}

impl TrainingState {
    /// Creates the closed window. The path field starts with the last followed run.
    pub fn new(last_run: Option<&Path>) -> Self {
        let path_text = last_run.map_or_else(String::new, |path| path.display().to_string());
        Self { is_open: false, path_text, is_log_scale: true, followed: None, run_count: 0 }
    }

    pub fn update(&mut self, action: TrainingAction, preferences: &mut Preferences, outbox: &mut Outbox) {
        match action {
            TrainingAction::Toggle => self.toggle(preferences),
            TrainingAction::EditPath(text) => self.path_text = text,
            TrainingAction::FollowTypedPath => {
                let typed = self.path_text.trim().trim_matches('"').to_owned();
                if !typed.is_empty() {
                    self.follow(&expand_home(&typed), preferences);
                }
            }
            TrainingAction::ChooseFolder => {
                let suggested = preferences.training_run.clone();
                outbox.spawn(BackgroundTask::ShowFileDialog(PathPurpose::FollowTrainingRun, suggested));
            }
            TrainingAction::SetLogScale(is_log) => self.is_log_scale = is_log,
            TrainingAction::ShowSample(step) => self.update_run(outbox, |run| run.select_step(step)),
            TrainingAction::StopRun => self.spawn_for_run(outbox, |run| TrainingTask::StopRun(run.folder().clone())),
            TrainingAction::ShowFolder => {
                self.spawn_for_run(outbox, |run| TrainingTask::ShowFolder(run.folder().path().to_owned()));
            }
            TrainingAction::UseModel(model) => {
                if let Some(followed) = &self.followed {
                    let path = match model {
                        RunModel::Best => followed.folder().best_model_path(),
                        RunModel::Newest => followed.folder().model_path(),
                    };
                    outbox.spawn(BackgroundTask::InspectModel(ModelChoice::File(path)));
                }
            }
        }
    }

    fn toggle(&mut self, preferences: &mut Preferences) {
        self.is_open = !self.is_open;
        match (&mut self.followed, preferences.training_run.clone()) {
            _ if !self.is_open => {}
            (Some(followed), _) => followed.read_soon(),
            (None, Some(path)) => self.follow(&path, preferences),
            (None, None) => {}
        }
    }

    /// Opens the window, and starts to follow the run in this folder.
    pub fn follow(&mut self, path: &Path, preferences: &mut Preferences) {
        self.run_count += 1;
        self.is_open = true;
        self.path_text = path.display().to_string();
        self.followed = Some(FollowedRun::new(self.run_count, RunFolder::new(path)));
        preferences.training_run = Some(path.to_owned());
    }

    /// Updates the followed run, then requests the next missing sample picture.
    fn update_run(&mut self, outbox: &Outbox, update: impl FnOnce(&mut FollowedRun)) {
        let Some(followed) = &mut self.followed else { return };
        update(followed);
        if let Some(request) = followed.next_decode_request() {
            outbox.spawn(BackgroundTask::Training(TrainingTask::DecodeSample(request)));
        }
    }

    fn spawn_for_run(&self, outbox: &Outbox, task: impl FnOnce(&FollowedRun) -> TrainingTask) {
        if let Some(followed) = &self.followed {
            outbox.spawn(BackgroundTask::Training(task(followed)));
        }
    }

    pub fn handle_result(&mut self, result: TrainingTaskResult, outbox: &mut Outbox) {
        match result {
            TrainingTaskResult::RunRead(reading) => self.update_run(outbox, |run| run.apply_reading(*reading)),
            TrainingTaskResult::SampleDecoded(sample) => self.update_run(outbox, |run| run.add_sample(sample)),
            TrainingTaskResult::StopRequested(Ok(())) => {
                outbox.notify(Severity::Info, "The run stops after its current step and saves a checkpoint");
                if let Some(followed) = &mut self.followed {
                    followed.read_soon();
                }
            }
            TrainingTaskResult::StopRequested(Err(error)) => {
                let error = anyhow::Error::new(error).context("Could not ask the run to stop");
                outbox.tell(UserMessage::from_error(&error));
            }
            TrainingTaskResult::FolderShown { is_shown: true, .. } => {}
            TrainingTaskResult::FolderShown { path, is_shown: false } => {
                let headline = "Could not open the folder in a file manager: copy its path instead";
                let message = UserMessage::new(Severity::Warning, headline);
                outbox.tell(message.with_details(vec![path.display().to_string()]));
            }
        }
    }

    /// Reads the followed run when due, while the window is open. Returns the time until the next read.
    pub fn poll(&mut self, now: Instant, outbox: &Outbox) -> Option<Duration> {
        let followed = self.followed.as_mut().filter(|_| self.is_open)?;
        let reading = followed.take_read_request(now);
        let wait = followed.time_until_next_read(now);
        if let Some(reading) = reading {
            outbox.spawn(BackgroundTask::Training(TrainingTask::ReadRun(reading)));
        }
        wait
    }
}

/// Opens a folder in the system's file manager. Returns whether that worked.
fn open_in_file_manager(path: &Path) -> bool {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let status = std::process::Command::new(program).arg(path).status();
    // Explorer exits with 1 even on success.
    status.is_ok_and(|status| status.success() || cfg!(windows))
}
