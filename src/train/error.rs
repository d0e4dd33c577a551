//! The errors of a training run.

use std::path::PathBuf;

use crate::device::DeviceError;
use crate::model::ModelError;
use crate::perceptual::FeaturesError;
use crate::photo::SaveError;

/// Why a run cannot start or had to end, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("the {what} is {found}: {expected}")]
    InvalidSetting { what: &'static str, found: String, expected: &'static str },
    #[error("there are no faces to train on: choose a dataset with faces")]
    NoFaces,
    #[error(
        "the faces are {found} px wide, which is not a multiple of {expected}: prepare them at {expected} px, or train at \
         their size"
    )]
    ImageSize { found: u32, expected: u32 },
    #[error("{folder} already holds a run: continue it with --resume, or choose another folder", folder = folder.display())]
    FolderHasRun { folder: PathBuf },
    #[error("the run in {folder} has {what} {saved}, not {requested}: use the run's value, or choose another folder", folder = folder.display())]
    SettingsConflict { folder: PathBuf, what: &'static str, requested: String, saved: String },
    #[error("{path} does not hold valid run settings: repair it, or choose another folder", path = path.display())]
    InvalidConfig { path: PathBuf, source: serde_json::Error },
    #[error("cannot read {path}: check that it exists and can be read", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a training log: repair it, or move it away", path = path.display())]
    InvalidLog { path: PathBuf, source: csv::Error },
    #[error("cannot write {path}: check that the folder exists and the disk has space", path = path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot write {path}", path = path.display())]
    Save { path: PathBuf, source: SaveError },
    #[error("the checkpoint {path} is damaged ({reason})", path = path.display())]
    DamagedCheckpoint { path: PathBuf, reason: String },
    #[error("no checkpoint in {folder} can be used (the newest: {reason}): start a new run in another folder", folder = folder.display())]
    NoUsableCheckpoint { folder: PathBuf, reason: String },
    #[error(transparent)]
    Features(#[from] FeaturesError),
    #[error("cannot export the networks as a model")]
    Export(#[from] ModelError),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error("the device failed ({reason}): continue with --resume, and use another --device if it fails again")]
    DeviceFailed { reason: String },
}
