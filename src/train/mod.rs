//! Training a generator of one's own: `countenance train`, and what the editor shows of it.
//!
//! [`train`] runs from a [`TrainRequest`] to a [`TrainOutcome`] and tells an [`Observer`] how it goes; [`RunFolder`] reads what
//! a run has written, and [`Follower`] while it goes on. Faces come as [`Pictures`].
//!
//! What would surprise:
//!
//! * Nothing random is carried from step to step: each step draws from its own stream (`draws`). So a resumed run comes to the
//!   same numbers as one that was never stopped, and a checkpoint needs no state of a generator.
//! * On the CPU the networks are computed by hand, on a GPU by burn (`net`); the losses are written once (`recipe`). The same
//!   checkpoint serves for both.
//! * Samples and measurements are made with the exported model, on the CPU, as the editor would.
//!
//! | file | what |
//! | --- | --- |
//! | `settings`, `error` | what can be set, what can go wrong |
//! | `data`, `draws`, `jitter`, `masks`, `views`, `batch` | what a step learns from |
//! | `plan`, `net`, `critic`, `perception` | the networks |
//! | `recipe`, `trainer` | one step |
//! | `quality`, `samples` | how good it is by now |
//! | `checkpoint`, `export`, `log`, `events`, `folder` | what is written |
//! | `follow` | reading it while it grows |
//! | `watch`, `memory` | what may go wrong on the way |
//! | `start`, `run`, `milestone` | the run as a whole |

mod batch;
mod checkpoint;
mod critic;
mod data;
mod draws;
mod error;
mod events;
mod export;
mod folder;
mod follow;
mod jitter;
mod log;
mod masks;
mod memory;
mod milestone;
mod net;
mod perception;
mod plan;
mod quality;
mod recipe;
mod run;
mod samples;
mod settings;
mod start;
#[cfg(test)]
mod tests;
mod trainer;
mod views;
mod watch;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::device::DeviceChoice;

pub use data::{Pictures, PicturesInMemory};
pub use error::TrainError;
pub use folder::RunFolder;
pub use follow::{FollowError, Follower};
pub use log::Curve;
pub use quality::Quality;
pub use run::train;
pub use settings::{Recipe, TrainSettings};

/// A run that somebody wants.
#[derive(Clone, Debug)]
pub struct TrainRequest {
    pub settings: TrainSettings,
    /// The run folder, made if need be.
    pub out: PathBuf,
    /// Go on with the run in that folder, if there is one.
    pub resume: bool,
    pub device: DeviceChoice,
    /// End after so many minutes, with a checkpoint.
    pub minutes: Option<f64>,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Continue,
    /// End after the present step, with a checkpoint.
    Stop,
}

/// What is known before the first step.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// As in "CPU" or "NVIDIA RTX 4070 (Vulkan)".
    pub device: String,
    /// Faces trained on, and held out for measuring.
    pub faces: usize,
    pub held_out: usize,
    /// Numbers that are learned.
    pub parameters: usize,
    /// Memory that the networks will take, roughly.
    pub bytes: u64,
    /// Steps done before.
    pub step: u64,
}

/// A row of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Steps done, and those of the whole run.
    pub step: u64,
    pub steps: u64,
    pub images_per_sec: f64,
    /// Until the last step at this speed, without measurements.
    pub remaining_secs: f64,
    /// Means over the steps since the last row, by name.
    pub numbers: Vec<(&'static str, f32)>,
}

/// A checkpoint with its samples and measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct Milestone {
    pub step: u64,
    pub samples: PathBuf,
    pub quality: Quality,
    /// Better than all before, by the context loss.
    pub is_best: bool,
}

/// Follows a run. Every method has a default that does nothing.
pub trait Observer {
    /// The first step is about to begin.
    fn started(&mut self, _facts: &Facts) {}

    /// Something that one should know.
    fn note(&mut self, _text: &str) {}

    /// Asked before each step.
    fn flow(&mut self) -> Flow {
        Flow::Continue
    }

    /// There is a new row of the log.
    fn progress(&mut self, _progress: &Progress) {}

    /// There is a new checkpoint with samples and measurements.
    fn milestone(&mut self, _milestone: &Milestone) {}
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// All steps are done.
    Done,
    /// Somebody stopped it, or its time was up.
    Stopped,
    /// It went wrong; the text says how, and what to do next.
    Failed(String),
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainOutcome {
    pub ended: Ended,
    /// Steps done.
    pub step: u64,
    /// The newest checkpoint that can be gone on from.
    pub checkpoint: Option<PathBuf>,
    /// The model of the best measurement.
    pub best: Option<PathBuf>,
}
