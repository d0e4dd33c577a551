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
//! | `fill_json` | the fill of one face in the JSON document |
//! | `faces_json` | the fill of several faces in the JSON document |
//! | `json_formats` | losses and masks in the JSON document |
//! | `photo_reference` | the reference to the photo, and finding its file |
//! | `files` | opening and saving |
//! | `error` | errors |

mod error;
mod faces_json;
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
use crate::job::{FaceFill, IterationLosses, SearchStart};
use crate::mask::Mask;
use crate::model::ModelChoice;
use crate::search::{Preset, Settings};

pub use error::ProjectError;
pub use files::{content_hash, is_project_path, open, save};
pub use photo_reference::{PhotoOrigin, PhotoReference};

/// Value of `format` in a project file. The number increases when older programs cannot read the file.
pub const FORMAT: &str = "countenance-project-1";

/// The format of a project with ignored pixels, a soft edge, or a fill that continues another one. Programs before it
/// would lose them.
pub const EXTENDED_FORMAT: &str = "countenance-project-2";

/// The format of a project whose fill has several faces. Programs before it would show none of them.
pub const FACES_FORMAT: &str = "countenance-project-3";

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

/// A finished fill.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectFill {
    /// The whole hole.
    pub hole: Mask,
    /// In the order in which they were filled. Not empty.
    pub faces: Vec<ProjectFace>,
    /// Index of the selected face.
    pub selected: usize,
}

/// The fill of one face with its loss curves.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectFace {
    pub fill: FaceFill,
    /// Losses over the iterations, oldest first. A file keeps fewer of them, see [`Project::to_json`].
    pub loss_curves: Vec<IterationLosses>,
}

impl ProjectFill {
    /// The face, if there is only one and its fill covers the whole hole.
    fn only_face(&self) -> Option<&ProjectFace> {
        let [face] = self.faces.as_slice() else { return None };
        let FaceFill { record, part, search_input } = &face.fill;
        (record.hole == self.hole && *part == self.hole && search_input.is_none()).then_some(face)
    }

    /// The masks of the fill.
    fn masks(&self) -> impl Iterator<Item = &Mask> {
        let of_faces = self.faces.iter().flat_map(|face| [&face.fill.record.hole, &face.fill.part]);
        std::iter::once(&self.hole).chain(of_faces)
    }
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
        if self.fill.as_ref().is_some_and(|fill| fill.only_face().is_none()) {
            return FACES_FORMAT;
        }
        let fill_masks = self.fill.iter().flat_map(ProjectFill::masks);
        let has_ignored = std::iter::once(&self.mask).chain(fill_masks).any(Mask::has_ignored);
        let records = || self.fill.iter().flat_map(|fill| &fill.faces).map(|face| &face.fill.record);
        let fill_blends = records().map(|record| record.look.blend);
        let is_soft = std::iter::once(self.blend).chain(fill_blends).any(|blend| blend.soft_edge_px > 0);
        let continues = records().any(|record| matches!(record.outcome.start, SearchStart::Continue { .. }));
        if has_ignored || is_soft || continues { EXTENDED_FORMAT } else { FORMAT }
    }
}
