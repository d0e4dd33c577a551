//! The JSON document and its checks.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::faces_json::FacesJson;
use super::fill_json::FillJson;
use super::json_formats::MaskJson;
use super::photo_reference::PhotoJson;
use super::{EXTENDED_FORMAT, FACES_FORMAT, FORMAT, ModelReference, Project, ProjectError, ProjectFill};
use crate::blend::{Blend, MAX_SOFT_EDGE_PX};
use crate::device::DeviceChoice;
use crate::geometry::FaceFrame;
use crate::mask::Mask;
use crate::model::ModelChoice;
use crate::search::{Preset, Settings};

/// Largest coordinate and side of a frame: ten times the longest photo that can be opened.
const MAX_FRAME_COORDINATE_PX: f32 = 1e9;

#[derive(Serialize, Deserialize)]
struct ProjectJson {
    format: String,
    /// Name and version of the program that wrote the file, for information only.
    #[serde(default)]
    program: String,
    photo: PhotoJson,
    /// Left out when nothing is painted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mask: Option<MaskJson>,
    frame: FaceFrame,
    #[serde(default)]
    frame_is_placed: bool,
    /// Missing in files from before frames followed the hole: there, a placed frame stays.
    #[serde(default)]
    frame_is_by_hand: Option<bool>,
    #[serde(default)]
    preset: Preset,
    #[serde(default)]
    settings: Settings,
    #[serde(default)]
    blend: Blend,
    #[serde(default)]
    model: ModelJson,
    #[serde(default)]
    device: DeviceChoice,
    #[serde(default)]
    fill: Option<FillJson>,
    /// Instead of `fill`, when the fill has several faces or only a part of its hole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    faces: Option<FacesJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    saved_as: Option<PathBuf>,
}

/// Without a path: the default model. The path of a built-in model is its name.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct ModelJson {
    #[serde(rename = "path")]
    choice: ModelChoice,
    sha256: Option<String>,
}

/// Only the field that identifies the format.
#[derive(Deserialize)]
struct ProjectHeader {
    format: String,
}

impl Project {
    /// The JSON document for a file in `folder`, the base of the photo's relative path. `None` leaves out the relative
    /// path.
    ///
    /// Loss curves are downsampled to at most 300 points and the newest one. Infinite losses become NaN. Everything
    /// else is kept bit for bit.
    ///
    /// # Errors
    /// When a path is not valid Unicode, or the mask cannot be encoded.
    pub fn to_json(&self, folder: Option<&Path>) -> Result<String, ProjectError> {
        let only_face = self.fill.as_ref().and_then(ProjectFill::only_face);
        let json = ProjectJson {
            format: self.format().to_owned(),
            program: concat!("Countenance ", env!("CARGO_PKG_VERSION")).to_owned(),
            photo: PhotoJson::new(&self.photo, folder),
            mask: (!self.mask.is_blank()).then(|| MaskJson(self.mask.clone())),
            frame: self.frame,
            frame_is_placed: self.frame_is_placed,
            frame_is_by_hand: Some(self.frame_is_by_hand),
            preset: self.preset,
            settings: self.settings,
            blend: self.blend,
            model: ModelJson { choice: self.model.choice.clone(), sha256: self.model.sha256.clone() },
            device: self.device,
            fill: only_face.map(|face| FillJson::new(face, &self.mask)),
            faces: self.fill.as_ref().filter(|_| only_face.is_none()).map(|fill| FacesJson::new(fill, &self.mask)),
            saved_as: self.saved_as.clone(),
        };
        serde_json::to_string_pretty(&json).map_err(|source| ProjectError::Encode { source })
    }

    /// Reads a document and checks its version, sizes, lengths, indices and ranges, and that numbers are finite.
    ///
    /// # Errors
    /// When it is not a project, is from a newer program, is broken, or has inconsistent values.
    pub fn from_json(json: &str) -> Result<Self, ProjectError> {
        check_format(json)?;
        let json: ProjectJson = serde_json::from_str(json).map_err(|source| ProjectError::Broken { source })?;
        json.into_project()
    }
}

fn check_format(json: &str) -> Result<(), ProjectError> {
    let format = match serde_json::from_str::<ProjectHeader>(json) {
        Ok(header) => header.format,
        // It starts like a project, so it is a damaged or truncated project.
        Err(source)
            if json.trim_start().starts_with('{')
                && [FORMAT, EXTENDED_FORMAT, FACES_FORMAT].iter().any(|format| json.contains(format)) =>
        {
            return Err(ProjectError::Broken { source });
        }
        Err(_) => return Err(ProjectError::NotAProject),
    };
    let version =
        |format: &str| format.strip_prefix("countenance-project-").and_then(|number| number.parse::<u64>().ok());
    match (version(&format), version(FACES_FORMAT)) {
        _ if [FORMAT, EXTENDED_FORMAT, FACES_FORMAT].contains(&format.as_str()) => Ok(()),
        (Some(found), Some(current)) if found > current => Err(ProjectError::Newer { format }),
        _ => Err(ProjectError::NotAProject),
    }
}

impl ProjectJson {
    fn into_project(self) -> Result<Project, ProjectError> {
        if let Err(error) = self.settings.validate() {
            return Err(ProjectError::invalid(error.to_string()));
        }
        if self.blend.detail_percent > 100 {
            return Err(ProjectError::invalid(format!("detail of {} %", self.blend.detail_percent)));
        }
        if self.blend.soft_edge_px > MAX_SOFT_EDGE_PX {
            return Err(ProjectError::invalid(format!("a soft edge of {} pixels", self.blend.soft_edge_px)));
        }
        check_frame(&self.frame)?;
        let photo = self.photo.into_reference()?;
        let mask = match self.mask {
            Some(MaskJson(mask)) => mask,
            None => Mask::empty(photo.width_px, photo.height_px),
        };
        let of_one_face = |fill: FillJson| {
            let face = fill.into_face(&mask)?;
            Ok::<_, ProjectError>(ProjectFill { hole: face.fill.record.hole.clone(), faces: vec![face], selected: 0 })
        };
        let fill = match (self.faces, self.fill) {
            (Some(faces), _) => Some(faces.into_fill(&mask)?),
            (None, fill) => fill.map(of_one_face).transpose()?,
        };
        for face in fill.iter().flat_map(|fill| &fill.faces) {
            check_frame(&face.fill.record.frame)?;
        }
        for mask in std::iter::once(&mask).chain(fill.iter().flat_map(ProjectFill::masks)) {
            let [(width, height), (photo_width, photo_height)] =
                [(mask.width(), mask.height()), (photo.width_px, photo.height_px)];
            if (width, height) != (photo_width, photo_height) {
                let what = format!("a mask of {width}×{height} on a photo of {photo_width}×{photo_height} pixels");
                return Err(ProjectError::invalid(what));
            }
        }
        Ok(Project {
            photo,
            mask,
            frame: self.frame,
            frame_is_placed: self.frame_is_placed,
            frame_is_by_hand: self.frame_is_by_hand.unwrap_or(self.frame_is_placed),
            preset: self.preset,
            settings: self.settings,
            blend: self.blend,
            model: ModelReference { choice: self.model.choice, sha256: self.model.sha256 },
            device: self.device,
            fill,
            saved_as: self.saved_as,
        })
    }
}

fn check_frame(frame: &FaceFrame) -> Result<(), ProjectError> {
    let FaceFrame { center_in_photo: [x, y], side_px, angle_radians } = *frame;
    let is_near = [x, y].iter().all(|coordinate| coordinate.abs() <= MAX_FRAME_COORDINATE_PX);
    // NaN fails every comparison. A very large angle has no precision left.
    let is_valid = is_near && side_px > 0.0 && side_px <= MAX_FRAME_COORDINATE_PX && angle_radians.abs() <= 1e3;
    if is_valid { Ok(()) } else { Err(ProjectError::invalid("the face frame is not valid")) }
}
