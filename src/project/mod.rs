//! Project files: the work on one photo.
//!
//! A project is one JSON document ([`FORMAT`]): a reference to the photo, the mask, the face frame, the settings, and
//! the shown fill with the latents and pictures of all candidates. The photo itself is not included; it is identified
//! by path and SHA-256. Pictures and latents are stored bit for bit, so that reopening needs no search, no model and no
//! device. All values are checked on reading ([`Project::from_json`]).
//!
//! | file | what |
//! | --- | --- |
//! | `project_json` | the JSON document and the checks |
//! | `fill_json` | the fill in the JSON document |
//! | `json_formats` | losses and masks in the JSON document |
//! | `photo_reference` | the reference to the photo, and finding its file |
//! | `files` | opening and saving |
//! | `error` | errors |

mod error;
mod files;
mod fill_json;
mod json_formats;
mod photo_reference;
mod project_json;
#[cfg(test)]
pub(crate) mod tests;

use std::path::PathBuf;

use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::geometry::FaceFrame;
use crate::job::{FillRecord, IterationLosses};
use crate::mask::Mask;
use crate::model::ModelChoice;
use crate::search::{Preset, Settings};

pub use error::ProjectError;
pub use files::{content_hash, is_project_path, open, save};
pub use photo_reference::{PhotoOrigin, PhotoReference};

/// Value of `format` in a project file. The number increases when older programs cannot read the file.
pub const FORMAT: &str = "countenance-project-1";

/// The format of a project with ignored pixels or a soft edge. Programs before it would lose them.
pub const EXTENDED_FORMAT: &str = "countenance-project-2";

/// The format of a project with a task other than a fill. Programs before it would fill, or refuse the photo's size.
pub const TASK_FORMAT: &str = "countenance-project-3";

/// The extension of project files.
pub const PROJECT_EXTENSION: &str = "countenance";

/// The work on one photo. Cloning is cheap: masks and fills are shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    pub photo: PhotoReference,
    /// The same size as the photo.
    pub mask: Mask,
    pub frame: FaceFrame,
    /// The user or the face detector has placed the frame, so it must not move by itself.
    pub frame_is_placed: bool,
    /// The user has placed the frame, so it must not follow the hole.
    pub frame_is_by_hand: bool,
    pub preset: Preset,
    pub settings: Settings,
    pub blend: Blend,
    pub model: ModelReference,
    pub device: DeviceChoice,
    /// The shown fill.
    pub fill: Option<ProjectFill>,
    /// In an autosaved copy: path of the user's project file.
    pub saved_as: Option<PathBuf>,
}

/// A finished fill with its loss curves.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectFill {
    pub record: FillRecord,
    /// Losses over the iterations, oldest first. A file keeps fewer of them, see [`Project::to_json`].
    pub loss_curves: Vec<IterationLosses>,
}

/// Which model the next fill uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelReference {
    pub choice: ModelChoice,
    /// SHA-256 of the model file in hexadecimal, if known.
    pub sha256: Option<String>,
}

impl Project {
    /// The format that a file of this project needs.
    fn format(&self) -> &'static str {
        let fill_hole = self.fill.as_ref().map(|fill| &fill.record.hole);
        let has_ignored = std::iter::once(&self.mask).chain(fill_hole).any(Mask::has_ignored);
        let fill_blend = self.fill.as_ref().map(|fill| fill.record.look.blend);
        let is_soft = std::iter::once(self.blend).chain(fill_blend).any(|blend| blend.soft_edge_px > 0);
        let fill_task = self.fill.as_ref().map(|fill| fill.record.task());
        let tasks = [Some(self.settings.task), Some(self.photo.prepared_for), fill_task];
        match () {
            () if tasks.into_iter().flatten().any(|task| !task.is_fill()) => TASK_FORMAT,
            () if has_ignored || is_soft => EXTENDED_FORMAT,
            () => FORMAT,
        }
    }
}
