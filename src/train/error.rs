//! Why a run cannot start, or had to end.

use std::path::PathBuf;

use crate::device::DeviceError;
use crate::model::ModelError;
use crate::photo::SaveError;

/// What went wrong, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("the {what} is {found}: {expected}")]
    Setting { what: &'static str, found: String, expected: &'static str },
    #[error("there are no faces to train on: give a data set that holds some")]
    NoPictures,
    #[error(
        "the faces are {found} px wide, which is no multiple of {wanted}: prepare them at {wanted} px, or train at their size"
    )]
    Size { found: u32, wanted: u32 },
    #[error("{folder} holds a run already: go on with --resume, or choose another folder", folder = folder.display())]
    Occupied { folder: PathBuf },
    #[error("the run in {folder} has {what} {there}, not {here}: give what it has, or choose another folder", folder = folder.display())]
    Conflict { folder: PathBuf, what: &'static str, here: String, there: String },
    #[error("{path} cannot be read as the settings of a run: choose another folder, or mend it", path = path.display())]
    Configuration { path: PathBuf, source: serde_json::Error },
    #[error("cannot read {path}: check that it exists and can be read", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path} is not a log of a run: mend it, or move it away", path = path.display())]
    Log { path: PathBuf, source: csv::Error },
    #[error("cannot write {path}: check that the folder exists and has room", path = path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot write {path}", path = path.display())]
    Save { path: PathBuf, source: SaveError },
    #[error("the checkpoint {path} is damaged ({reason})", path = path.display())]
    Checkpoint { path: PathBuf, reason: String },
    #[error("no checkpoint in {folder} can be used, the newest because {reason}: start anew in another folder", folder = folder.display())]
    NoGoodCheckpoint { folder: PathBuf, reason: String },
    #[error("{path} does not hold AlexNet's convolutions ({reason}): give torchvision's alexnet-owt-7be5be79.pth, or the same tensors as .safetensors", path = path.display())]
    Features { path: PathBuf, reason: String },
    #[error("the networks cannot be made a model")]
    Export(#[from] ModelError),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error("the device broke down ({reason}): go on with --resume, with another --device if it happens again")]
    Broke { reason: String },
}
