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

pub use followed_run::FollowedRun;
pub use run_reader::{ReadRunRequest, RunReading};
pub use sample_cache::{DecodeSampleRequest, DecodedSample};
pub use training_window::TrainingWindow;

use crate::train::{RunFolder, TrainError};

/// A user command from the Training window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainingAction {
    Close,
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

    /// Starts to follow the run in this folder.
    pub fn follow(&mut self, path: &Path) {
        self.run_count += 1;
        self.path_text = path.display().to_string();
        self.followed = Some(FollowedRun::new(self.run_count, RunFolder::new(path)));
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
