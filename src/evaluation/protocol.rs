//! Describes an evaluation: faces, holes, fill methods, model and seed.

use std::path::PathBuf;

use serde::Serialize;

use super::{EvaluationFace, EvaluationFaceSource, FrameMode, HoleKind, PhotoHoleKind};
use crate::blend::{Blend, BlendMode};
use crate::device::DeviceChoice;
use crate::mask::Mask;
use crate::model::ModelChoice;
use crate::search::{OptimizerKind, Settings};

/// Name of the baseline, which is always evaluated: the hole filled with the mean colour of the known pixels.
pub const MEAN_METHOD: &str = "mean";

/// An evaluation to run.
#[derive(Clone, Debug)]
pub struct EvaluationProtocol {
    /// Crops or photos, as the holes. The holes and search starts of a face depend on its index in this list.
    pub faces: Vec<EvaluationFaceSource>,
    pub holes: EvaluationHoles,
    pub searches: Vec<SearchMethod>,
    /// Each search runs once with each of these frames. Crops have known frames.
    pub frames: Vec<FrameMode>,
    /// Each result of a search is scored with each of these blends.
    pub blends: Vec<BlendMethod>,
    pub external_fills: Vec<ExternalFills>,
    /// Seed of the holes and the searches.
    pub seed: u64,
    pub model: ModelChoice,
    /// Side of the model's crop.
    pub crop_size_px: u32,
    /// File of the features for perceptual distances ([`crate::perceptual`]); `None` measures none.
    pub features: Option<PathBuf>,
    /// Whether the map of uncertainty of each search is compared with the truth. Takes about as long as a search.
    pub measures_uncertainty: bool,
    pub device: DeviceChoice,
    /// Existing folder for the case files; `None` writes none.
    pub cases_folder: Option<PathBuf>,
    /// Number of faces on the contact sheet, from the first; 0 for no sheet.
    pub sheet_face_count: usize,
}

/// A search with its settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchMethod {
    /// Name of the preset and the changed settings: `best`, `best:noise=0`.
    pub name: String,
    /// The seed of these settings is ignored: each face gets its own seed.
    pub settings: Settings,
}

/// The holes, which also say which protocol it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluationHoles {
    /// Holes in crops of aligned faces.
    Crops(Vec<HoleKind>),
    /// Holes in whole photos.
    Photos(Vec<PhotoHoleKind>),
}

/// A way to blend the fill into the face.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlendMethod {
    /// Name of the mode and the changes: `poisson`, `poisson:detail=50`.
    pub name: String,
    #[serde(flatten)]
    pub blend: Blend,
}

/// Fills from an external method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExternalFills {
    pub name: String,
    /// Folder with `NAME.png` for each [case](super::external_fills::case_name).
    pub folder: PathBuf,
}

impl EvaluationHoles {
    /// Whether this is the photo protocol.
    #[must_use]
    pub fn are_in_photos(&self) -> bool {
        matches!(self, Self::Photos(_))
    }

    /// The protocol's name in reports.
    #[must_use]
    pub fn protocol_name(&self) -> &'static str {
        if self.are_in_photos() { "photos" } else { "crops" }
    }

    /// The masks' names, in the order of reports.
    #[must_use]
    pub fn ids(&self) -> Vec<&'static str> {
        match self {
            Self::Crops(kinds) => kinds.iter().map(|kind| kind.id()).collect(),
            Self::Photos(kinds) => kinds.iter().map(|kind| kind.id()).collect(),
        }
    }

    /// The hole with this index, in a face.
    pub(super) fn hole_in(&self, index: usize, face: &EvaluationFace, seed: u64) -> Mask {
        let (width, height) = face.pixels.dimensions();
        let hole = match self {
            Self::Crops(kinds) => kinds.get(index).map(|kind| kind.hole_in_crop(width, face.index, seed)),
            Self::Photos(kinds) => kinds.get(index).map(|kind| kind.hole_in_photo(face, seed)),
        };
        hole.unwrap_or_else(|| Mask::empty(width, height))
    }
}

impl From<BlendMode> for BlendMethod {
    /// The mode without added detail and without the completion network.
    fn from(mode: BlendMode) -> Self {
        Self { name: mode.id().into(), blend: mode.into() }
    }
}

impl SearchMethod {
    /// Method name of the search with a blend and a frame: `best`, `best+poisson`, `best+default@found`.
    #[must_use]
    pub fn method_name(&self, blend: &BlendMethod, frame: FrameMode) -> String {
        let mut name = self.name.clone();
        if blend.name != BlendMode::None.id() {
            name = format!("{name}+{}", blend.name);
        }
        match frame {
            FrameMode::Known => name,
            FrameMode::Found => format!("{name}@{}", frame.id()),
        }
    }

    /// Gradient evaluations of one search.
    fn gradient_count(&self) -> u64 {
        let gradients_per_step = match self.settings.optimizer {
            OptimizerKind::Hmc => self.settings.hmc.leapfrog_steps,
            OptimizerKind::Adam | OptimizerKind::Momentum => 1,
        };
        u64::from(self.settings.steps) * u64::from(gradients_per_step)
    }
}

impl EvaluationProtocol {
    /// The names of all methods in the order of reports: the baseline, the searches, the external fills.
    #[must_use]
    pub fn method_names(&self) -> Vec<String> {
        let names_of = |search: &SearchMethod, frame: FrameMode| -> Vec<String> {
            self.blends.iter().map(|blend| search.method_name(blend, frame)).collect()
        };
        let with_frames = |search| self.frames.iter().flat_map(move |&frame| names_of(search, frame));
        let search_names = self.searches.iter().flat_map(with_frames);
        let external_names = self.external_fills.iter().map(|fills| fills.name.clone());
        std::iter::once(MEAN_METHOD.to_string()).chain(search_names).chain(external_names).collect()
    }

    /// Titles of the columns of the contact sheet.
    #[must_use]
    pub fn sheet_columns(&self) -> Vec<String> {
        let pictures: Vec<String> = std::iter::once("hole".to_string()).chain(self.method_names()).collect();
        let truth = std::iter::once("truth".to_string());
        if self.holes.are_in_photos() {
            return pictures.into_iter().chain(truth).collect();
        }
        let columns_of_hole = |mask| pictures.iter().map(move |name| format!("{mask}: {name}"));
        truth.chain(self.holes.ids().into_iter().flat_map(columns_of_hole)).collect()
    }

    /// Gradient evaluations for one face. They take nearly all of its time, so progress counts them.
    #[must_use]
    pub fn gradients_per_face(&self) -> u64 {
        let searches_of_face = (self.holes.ids().len() * self.frames.len()) as u64;
        searches_of_face * self.searches.iter().map(SearchMethod::gradient_count).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_columns_are_named_in_order() {
        let holes = EvaluationHoles::Crops(vec![HoleKind::Center, HoleKind::Eyes]);
        let external_fills = vec![ExternalFills { name: "telea".into(), folder: "telea".into() }];
        let protocol = EvaluationProtocol { holes, external_fills, ..crate::evaluation::tests::protocol(Vec::new()) };
        assert_eq!(
            protocol.sheet_columns().join(", "),
            "truth, center: hole, center: mean, center: telea, eyes: hole, eyes: mean, eyes: telea"
        );
    }

    #[test]
    fn method_names_show_blend_and_frame() {
        let default = BlendMethod { name: "default".into(), blend: Blend::default() };
        let search = SearchMethod { name: "best".into(), settings: Settings::default() };
        let protocol = EvaluationProtocol {
            holes: EvaluationHoles::Photos(vec![PhotoHoleKind::Nose]),
            searches: vec![search],
            frames: FrameMode::ALL.into(),
            blends: vec![default, BlendMode::None.into()],
            ..crate::evaluation::tests::protocol(Vec::new())
        };
        let names = protocol.method_names().join(", ");
        assert_eq!(names, "mean, best+default, best, best+default@found, best@found");
        assert_eq!(protocol.sheet_columns().join(", "), format!("hole, {names}, truth"));
        assert_eq!(protocol.gradients_per_face(), 2 * u64::from(Settings::default().steps));
    }
}
