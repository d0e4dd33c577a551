//! Project files: the work on one photo, kept so that it survives closing, moving and crashing.
//!
//! A project is one JSON document ([`FORMAT`]): which photo it belongs to, the mask, the face frame, the settings, and the
//! fill on the screen with every candidate's latent and picture. What would surprise: the photo itself is not inside, but
//! named and recognised by its SHA-256; pictures and latents are stored bit for bit, so that reopening needs no search, no
//! model and no device; and nothing that a file says is believed before it was checked ([`Project::from_json`]).
//!
//! | file | what |
//! | --- | --- |
//! | `document` | the JSON document and the checks |
//! | `fill` | the part of it that holds a fill |
//! | `encoding` | numbers and masks as text |
//! | `photo` | which photo it is, and finding it again |
//! | `disk` | opening and saving |
//! | `error` | what can be wrong |

mod disk;
mod document;
mod encoding;
mod error;
mod fill;
mod photo;
#[cfg(test)]
pub(crate) mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::face::FaceFrame;
use crate::job::{FillOutcome, IterationLosses};
use crate::mask::Mask;
use crate::model::ModelChoice;
use crate::search::{Preset, Settings};

pub use disk::{is_project_path, open, save};
pub use error::ProjectError;
pub use photo::{FoundPhoto, PhotoOrigin, PhotoReference, sha256_of};

/// What a project file calls itself. The number grows when older programs could no longer read it.
pub const FORMAT: &str = "countenance-project-1";

/// The extension of project files.
pub const EXTENSION: &str = "countenance";

/// The work on one photo. Cloning is cheap: masks and fills are shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    pub photo: PhotoReference,
    /// Of the photo's size.
    pub mask: Arc<Mask>,
    pub frame: FaceFrame,
    /// The user, or a face that was found, has placed the frame: it stays where it is.
    pub frame_is_placed: bool,
    pub preset: Preset,
    pub settings: Settings,
    pub blend: Blend,
    pub model: ModelReference,
    pub device: DeviceChoice,
    /// The fill on the screen.
    pub fill: Option<ProjectFill>,
    /// In an autosaved copy: the project file that the work belongs to.
    pub saved_as: Option<PathBuf>,
}

/// A finished fill and what is shown of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectFill {
    pub outcome: Arc<FillOutcome>,
    /// What was filled; `None` when it is the project's mask.
    pub hole: Option<Arc<Mask>>,
    pub frame: FaceFrame,
    /// The candidate that is shown, an index into the outcome's.
    pub candidate: usize,
    /// How it joins the photo.
    pub blend: Blend,
    /// The losses over the iterations, oldest first. A file keeps at most 301 of them: see [`Project::to_json`].
    pub curves: Vec<IterationLosses>,
}

/// Which model the next fill uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelReference {
    pub choice: ModelChoice,
    /// SHA-256 of its file in hexadecimal, if that was known.
    pub sha256: Option<String>,
}
