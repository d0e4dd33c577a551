//! The Training window: shows the progress of a `countenance train` run while it runs or after it has ended.
//!
//! A background task takes the [`Follower`](crate::train::Follower), reads the new rows ([`reading`]) and returns it
//! with a `RunView` to draw. Other tasks decode the sample pictures: the shown one and its neighbours
//! ([`pictures`]).
//!
//! Note: an unreadable folder is read again and again, so the user may choose it before the run creates it. The last
//! view stays on the screen when the folder disappears.

mod charts;
mod followed;
mod pictures;
mod reading;
mod samples;
mod status;
mod thinning;
mod view;
mod window;

use std::path::{Path, PathBuf};

pub use followed::Followed;
pub use pictures::{Decoded, SampleRequest};
pub use reading::{Reading, ReadingRequest};
pub use window::TrainingWindow;

use crate::train::{RunFolder, TrainError};

/// A user command from the Training window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainingAction {
    Close,
    /// The user edited the path field; this is its new text.
    Type(String),
    /// Follow the run at the path in the field.
    FollowTyped,
    /// Open a folder dialog.
    Pick,
    /// Show the samples of this step; `None` always shows the newest.
    ShowSample(Option<u64>),
    /// Draw the charts that allow it on a logarithmic scale.
    SetLog(bool),
    /// Ask the run to stop after its current step.
    Stop,
    UseModel(ModelOf),
    /// Show the run folder in the system's file manager.
    ShowFolder,
}

/// One of the model files that a run writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelOf {
    /// The model with the lowest context loss.
    Best,
    /// The model of the newest checkpoint.
    Newest,
}

/// Background work for the Training window.
pub enum TrainingTask {
    Read(ReadingRequest),
    Decode(SampleRequest),
    Stop(RunFolder),
    ShowFolder(PathBuf),
}

/// The result of a [`TrainingTask`].
pub enum TrainingDone {
    Read(Box<Reading>),
    Decoded(Decoded),
    StopAsked(Result<(), TrainError>),
    /// Whether a file manager opened the folder.
    FolderShown {
        path: PathBuf,
        is_shown: bool,
    },
}

impl TrainingTask {
    /// Runs the task. Call it on a background thread.
    pub fn perform(self) -> TrainingDone {
        match self {
            Self::Read(request) => TrainingDone::Read(Box::new(request.perform())),
            Self::Decode(request) => TrainingDone::Decoded(request.perform()),
            Self::Stop(folder) => TrainingDone::StopAsked(folder.ask_to_stop()),
            Self::ShowFolder(path) => {
                let is_shown = show_folder(&path);
                TrainingDone::FolderShown { path, is_shown }
            }
        }
    }
}

/// State of the Training window.
pub struct Training {
    pub is_open: bool,
    /// Text of the path field.
    pub typed: String,
    pub log: bool,
    pub followed: Option<Followed>,
    /// Number of runs followed so far. Identifies stale results of an earlier run.
    runs: u64,
}

impl Training {
    /// Creates the closed window. The path field starts with the last followed run.
    pub fn new(last_run: Option<&Path>) -> Self {
        let typed = last_run.map_or_else(String::new, |path| path.display().to_string());
        Self { is_open: false, typed, log: true, followed: None, runs: 0 }
    }

    /// Starts to follow the run in this folder.
    pub fn follow(&mut self, path: &Path) {
        self.runs += 1;
        self.typed = path.display().to_string();
        self.followed = Some(Followed::new(self.runs, RunFolder::new(path)));
    }
}

/// Opens a folder in the system's file manager. Returns whether that worked.
fn show_folder(path: &Path) -> bool {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let told = std::process::Command::new(program).arg(path).status();
    // Explorer exits with 1 even on success.
    told.is_ok_and(|status| status.success() || cfg!(windows))
}
