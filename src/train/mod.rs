//! Training a generator: `countenance train`, and the training window of the editor.
//!
//! [`train`] takes a [`TrainRequest`], reports to a [`TrainObserver`] and returns a [`TrainOutcome`]. The training faces
//! come as [`FaceImages`]. [`RunFolder`] reads the files of a run; [`RunMonitor`] reads them while the run goes on.
//!
//! * Each step has a random stream of its own (`rng`). So a resumed run gives the same numbers as an uninterrupted one,
//!   and a checkpoint holds no generator state.
//! * burn's autodiff computes every gradient, on the CPU and on a GPU, and a checkpoint works on both. On the CPU,
//!   hand-written passes were at most 1.5 times as fast at the default width: too little for a second implementation.
//! * Samples and quality metrics come from the exported model on the CPU, as in the editor.
//!
//! | file | content |
//! | --- | --- |
//! | `settings`, `error` | settings and errors |
//! | `face_images`, `rng`, `face_augment`, `random_masks`, `discriminator_augment`, `batch` | the inputs of a step |
//! | `layer_tensors`, `net`, `latent_discriminator`, `feature_losses` | the networks |
//! | `recipe`, `trainer` | one training step |
//! | `quality`, `sample_sheet` | quality metrics and sample images |
//! | `checkpoint`, `export`, `metrics_log`, `tensorboard`, `run_folder` | the files of a run |
//! | `run_monitor` | reads a run while it is being written |
//! | `divergence`, `memory_estimate` | divergence and memory warnings |
//! | `session_start`, `session`, `checkpoint_eval` | the whole run |

mod batch;
mod checkpoint;
mod checkpoint_eval;
mod discriminator_augment;
mod divergence;
mod error;
mod export;
mod face_augment;
mod face_images;
mod feature_losses;
mod latent_discriminator;
mod layer_tensors;
mod memory_estimate;
mod metrics_log;
mod net;
mod quality;
mod random_masks;
mod recipe;
mod rng;
mod run_folder;
mod run_monitor;
mod sample_sheet;
mod session;
mod session_start;
mod settings;
mod tensorboard;
#[cfg(test)]
mod tests;
mod trainer;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::device::DeviceChoice;

pub use error::TrainError;
#[cfg(test)]
pub(crate) use face_images::InMemoryFaceImages;
pub use face_images::{FaceImages, MAX_HELD_OUT};
pub use metrics_log::MetricSeries;
pub use quality::ModelQuality;
pub use run_folder::RunFolder;
pub use run_monitor::{RunMonitor, RunMonitorError};
pub use session::train;
pub use settings::{TrainRecipe, TrainSettings};

/// A request for a training run.
#[derive(Clone, Debug)]
pub struct TrainRequest {
    pub settings: TrainSettings,
    /// The run folder. It is created if it does not exist.
    pub run_folder: PathBuf,
    /// Continue the run in that folder, if there is one.
    pub resume: bool,
    pub device: DeviceChoice,
    /// Stop after this many minutes, with a checkpoint.
    pub max_minutes: Option<f64>,
}

/// Whether training continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainControl {
    Continue,
    /// Stop after the current step, with a checkpoint.
    Stop,
}

/// Facts about a run, known before the first step.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainFacts {
    /// The device's name, for example "CPU" or "NVIDIA RTX 4070 (Vulkan)".
    pub device_name: String,
    /// Number of training faces.
    pub face_count: usize,
    /// Number of held-out faces.
    pub held_out_count: usize,
    /// Number of trained values.
    pub parameter_count: usize,
    /// Estimated memory use of the networks.
    pub estimated_bytes: u64,
    /// Steps done in earlier sessions.
    pub start_step: u64,
}

/// One row of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainProgress {
    /// Steps done, and steps of the whole run.
    pub step: u64,
    pub steps: u64,
    pub images_per_sec: f64,
    /// Estimated time until the last step, without the evaluation of checkpoints.
    pub remaining_secs: f64,
    /// Metrics by name: means over the steps since the last row.
    pub metrics: Vec<(&'static str, f32)>,
}

/// The samples and quality metrics of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointEval {
    pub step: u64,
    pub samples_path: PathBuf,
    pub quality: ModelQuality,
    /// Whether its context loss is the lowest so far.
    pub is_best: bool,
}

/// Receives the events of a run. Every method has a default that does nothing.
pub trait TrainObserver {
    /// Called before the first step.
    fn run_started(&mut self, _facts: &TrainFacts) {}

    /// A message for the user.
    fn note(&mut self, _text: &str) {}

    /// Called before each step.
    fn control(&mut self) -> TrainControl {
        TrainControl::Continue
    }

    /// Called for each new row of the log.
    fn progress(&mut self, _progress: &TrainProgress) {}

    /// Called after the samples and metrics of a checkpoint are written.
    fn checkpoint_evaluated(&mut self, _evaluation: &CheckpointEval) {}
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainEnd {
    /// All steps are done.
    Done,
    /// The user stopped it, or the time limit was reached.
    Stopped,
    /// The run failed. The text gives the reason and the next step.
    Failed(String),
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainOutcome {
    pub end: TrainEnd,
    /// Steps done.
    pub step: u64,
    /// The newest checkpoint to resume from.
    pub checkpoint: Option<PathBuf>,
    /// The model with the lowest context loss.
    pub best_model: Option<PathBuf>,
}
