//! Errors of a fill.

use crate::device::DeviceError;
use crate::face::CropError;
use crate::model::ModelError;
use crate::search::SettingsError;

/// Why a fill gave no result.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    #[error("nothing to fill: paint over the part of the face to replace")]
    EmptyHole,
    #[error("the hole lies outside the face frame: move the frame over it, or paint inside the frame")]
    HoleOutsideFrame,
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the start latents do not fit {model}: choose the model that they were found with")]
    StartLatents { model: String },
    #[error("{model} has no direction '{name}': {}", known_directions(known))]
    UnknownDirection { model: String, name: String, known: Vec<String> },
    #[error(transparent)]
    Crop(#[from] CropError),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("stopped before the first iteration")]
    StoppedEarly,
    #[error(
        "the search failed on {device} before its first iteration ({reason}): choose the CPU as device and try again"
    )]
    DeviceFailed { device: String, reason: String },
    #[error("the program hit an internal error ({reason}): try again, and please report it with this photo")]
    Internal { reason: String },
}

fn known_directions(known: &[String]) -> String {
    match known {
        [] => "it has none; `countenance directions` computes them from labelled photos".into(),
        known => format!("it has {}", known.join(", ")),
    }
}
