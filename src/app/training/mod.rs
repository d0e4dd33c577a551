//! The Training window: shows the progress of a `countenance train` run while it runs or after it has ended.
//!
//! A background task takes the [`RunMonitor`](crate::train::RunMonitor), reads the new rows ([`run_reader`]) and
//! returns it with a `RunView` to draw. Other tasks decode the sample pictures: the shown one and its neighbours
//! ([`samples`]).
//!
//! An unreadable folder is read again and again, so the user may choose it before the run creates it. When the folder
//! disappears, the last view stays on the screen.

mod charts;
mod downsample;
mod followed_run;
mod run_reader;
mod run_status;
mod run_view;
mod sample_panel;
mod samples;
mod training_window;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use followed_run::FollowedRun;
pub use training_window::TrainingWindow;

use samples::decode_sample;

use super::outbox::Outbox;
use super::preferences::Preferences;
use super::state::typed_path;
use super::tasks::Task;
use super::toasts::{Severity, UserMessage};
use crate::train::RunFolder;

/// A user command from the Training window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainingAction {
    /// Open the window and follow the last run again, or close it.
    Toggle,
    /// The user edited the path field; this is its new text.
    EditPath(String),
    /// Follow the run at the path in the field.
    FollowTypedPath,
    /// Show the samples of this step; `None` always shows the newest.
    ShowSample(Option<u64>),
    /// Draw the charts that allow it on a logarithmic scale.
    SetLogScale(bool),
    /// Ask the run to stop after its current step.
    StopRun,
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

    pub fn update(&mut self, action: TrainingAction, preferences: &mut Preferences, outbox: &Outbox) {
        match action {
            TrainingAction::Toggle => self.toggle(preferences),
            TrainingAction::EditPath(text) => self.path_text = text,
            TrainingAction::FollowTypedPath => {
                if let Some(path) = typed_path(&self.path_text) {
                    self.follow(&path, preferences);
                }
            }
            TrainingAction::SetLogScale(is_log) => self.is_log_scale = is_log,
            TrainingAction::ShowSample(step) => {
                if let Some(followed) = &mut self.followed {
                    followed.select_step(step);
                }
                self.decode_next_sample(outbox);
            }
            TrainingAction::StopRun => {
                if let Some(folder) = self.followed.as_ref().map(|run| run.folder().clone()) {
                    let task = Task::new("Could not ask the run to stop");
                    outbox.spawn(
                        task,
                        move || Ok(folder.request_stop()?),
                        |state, ()| {
                            let headline = "The run stops after its current step and saves a checkpoint";
                            state.outbox.notify(Severity::Info, headline);
                            state.training.read_soon();
                        },
                    );
                }
            }
            TrainingAction::ShowFolder => {
                if let Some(path) = self.followed.as_ref().map(|run| run.folder().path().to_owned()) {
                    let open = move || Ok((open_in_file_manager(&path), path));
                    outbox.spawn(Task::internal(), open, |state, (is_shown, path)| {
                        state.outbox.tell((!is_shown).then(|| folder_not_shown(&path)));
                    });
                }
            }
        }
    }

    /// The model file that the followed run writes.
    pub fn model_path(&self, model: RunModel) -> Option<PathBuf> {
        let folder = self.followed.as_ref()?.folder();
        Some(match model {
            RunModel::Best => folder.best_model_path(),
            RunModel::Newest => folder.model_path(),
        })
    }

    fn read_soon(&mut self) {
        if let Some(followed) = &mut self.followed {
            followed.read_soon();
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

    /// Decodes the next missing sample picture in the background.
    fn decode_next_sample(&mut self, outbox: &Outbox) {
        if let Some((id, path)) = self.followed.as_mut().and_then(FollowedRun::begin_sample) {
            outbox.spawn(
                Task::internal(),
                move || Ok(decode_sample(&path)),
                move |state, sample| {
                    if let Some(followed) = &mut state.training.followed {
                        followed.add_sample(id, sample);
                    }
                    state.training.decode_next_sample(&state.outbox);
                },
            );
        }
    }

    /// Reads the followed run when due, while the window is open. Returns the time until the next read.
    pub fn poll(&mut self, now: Instant, outbox: &Outbox) -> Option<Duration> {
        let followed = self.followed.as_mut().filter(|_| self.is_open)?;
        let reading = followed.take_read_request(now);
        let wait = followed.time_until_next_read(now);
        if let Some(reading) = reading {
            outbox.spawn(
                Task::internal(),
                move || Ok(reading.read()),
                |state, reading| {
                    if let Some(followed) = &mut state.training.followed {
                        followed.apply_reading(reading);
                    }
                    state.training.decode_next_sample(&state.outbox);
                },
            );
        }
        wait
    }
}

/// The message when no file manager opens a folder.
pub fn folder_not_shown(path: &Path) -> UserMessage {
    let headline = "Could not open the folder in a file manager: copy its path instead";
    UserMessage::new(Severity::Warning, headline).with_details(vec![path.display().to_string()])
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
