//! A fill of several faces in the JSON document.

use serde::{Deserialize, Serialize};

use super::fill_json::FillJson;
use super::json_formats::MaskJson;
use super::{ProjectError, ProjectFace, ProjectFill};
use crate::job::FaceFill;
use crate::mask::Mask;

/// Most accepted faces: far more than a photo has.
const MAX_FACES: usize = 1000;

#[derive(Serialize, Deserialize)]
pub(super) struct FacesJson {
    /// Left out when it equals the project's mask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hole: Option<MaskJson>,
    faces: Vec<FaceJson>,
    #[serde(default)]
    selected: usize,
}

#[derive(Serialize, Deserialize)]
struct FaceJson {
    part: MaskJson,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    search_input: Option<String>,
    fill: FillJson,
}

impl FacesJson {
    /// `mask` is the project's.
    pub fn new(fill: &ProjectFill, mask: &Mask) -> Self {
        let face = |face: &ProjectFace| FaceJson {
            part: MaskJson(face.fill.part.clone()),
            search_input: face.fill.search_input.clone(),
            fill: FillJson::new(face, mask),
        };
        let hole = (fill.hole != *mask).then(|| MaskJson(fill.hole.clone()));
        Self { hole, faces: fill.faces.iter().map(face).collect(), selected: fill.selected }
    }

    /// Checks everything except the masks' sizes and the frames, which `ProjectJson::into_project` checks. `mask` is the
    /// project's.
    pub fn into_fill(self, mask: &Mask) -> Result<ProjectFill, ProjectError> {
        let count = self.faces.len();
        if !(1..=MAX_FACES).contains(&count) || self.selected >= count {
            return Err(ProjectError::invalid(format!("face {} of {count}", self.selected.saturating_add(1))));
        }
        let face = |face: FaceJson| {
            let ProjectFace { fill, loss_curves } = face.fill.into_face(mask)?;
            let fill = FaceFill { part: face.part.0, search_input: face.search_input, ..fill };
            Ok(ProjectFace { fill, loss_curves })
        };
        Ok(ProjectFill {
            hole: self.hole.map_or_else(|| mask.clone(), |hole| hole.0),
            faces: self.faces.into_iter().map(face).collect::<Result<_, ProjectError>>()?,
            selected: self.selected,
        })
    }
}
