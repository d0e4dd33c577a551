//! The Training window: a run of `countenance train`, followed while it goes on or looked at afterwards.
//!
//! A [`Follower`](crate::train::Follower) travels between this thread and a task that lets it read what is new
//! ([`reading`]) and comes back with a [`RunView`], small and ready to draw. Sample pictures are decoded by tasks of their
//! own, the shown one and its neighbours only ([`pictures`]).
//!
//! What would surprise: a folder that cannot be read is looked at again and again, so that one may choose it before the
//! run has made it, and what was read stays on the screen when it disappears.

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

/// What the window asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrainingAction {
    Close,
    /// The path field holds this.
    Type(String),
    /// Follow the run whose path was typed.
    FollowTyped,
    /// Choose a folder in a dialog.
    Pick,
    /// Samples of this step, or always the newest.
    ShowSample(Option<u64>),
    /// Logarithmic curves where that helps.
    SetLog(bool),
    /// The run is to end after its present step.
    Stop,
    UseModel(ModelOf),
    /// Show the folder in the system's file manager.
    ShowFolder,
}

/// One of the models that a run leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelOf {
    /// With the least context loss.
    Best,
    /// Of the newest checkpoint.
    Newest,
}

/// Something to do in the background.
pub enum TrainingTask {
    Read(ReadingRequest),
    Decode(SampleRequest),
    Stop(RunFolder),
    ShowFolder(PathBuf),
}

/// What became of it.
pub enum TrainingDone {
    Read(Box<Reading>),
    Decoded(Decoded),
    StopAsked(Result<(), TrainError>),
    /// Whether a file manager took the folder.
    FolderShown {
        path: PathBuf,
        is_shown: bool,
    },
}

impl TrainingTask {
    /// Does it, on the thread of a task.
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

/// What the editor knows of the window.
pub struct Training {
    pub is_open: bool,
    /// In the path field.
    pub typed: String,
    pub log: bool,
    pub followed: Option<Followed>,
    /// Runs followed so far: tells answers about an earlier one from those about this.
    runs: u64,
}

impl Training {
    /// Closed. The field offers the run that was followed last.
    pub fn new(last_run: Option<&Path>) -> Self {
        let typed = last_run.map_or_else(String::new, |path| path.display().to_string());
        Self { is_open: false, typed, log: true, followed: None, runs: 0 }
    }

    /// Follows the run in this folder from now on.
    pub fn follow(&mut self, path: &Path) {
        self.runs += 1;
        self.typed = path.display().to_string();
        self.followed = Some(Followed::new(self.runs, RunFolder::new(path)));
    }
}

/// Hands a folder to the system's file manager; answers whether one took it.
fn show_folder(path: &Path) -> bool {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let told = std::process::Command::new(program).arg(path).status();
    // Explorer ends with 1 also when all is well.
    told.is_ok_and(|status| status.success() || cfg!(windows))
}
