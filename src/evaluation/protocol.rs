//! Describes an evaluation: faces, holes, fill methods, model and seed.

use std::path::PathBuf;

use serde::Serialize;

use super::{EvaluationFaceSource, HoleKind};
use crate::blend::BlendMode;
use crate::device::DeviceChoice;
use crate::model::ModelChoice;
use crate::search::{OptimizerKind, Settings};

/// Name of the baseline, which is always evaluated: the hole filled with the mean colour of the known pixels.
pub const MEAN_METHOD: &str = "mean";

/// An evaluation to run.
#[derive(Clone, Debug)]
pub struct EvaluationProtocol {
    /// Square pictures of aligned faces. The holes and search starts of a face depend on its index in this list.
    pub faces: Vec<EvaluationFaceSource>,
    pub holes: Vec<HoleKind>,
    pub searches: Vec<SearchMethod>,
    /// Each search runs once and is scored with each of these blends.
    pub blends: Vec<BlendMode>,
    pub external_fills: Vec<ExternalFills>,
    /// Seed of the holes and the searches.
    pub seed: u64,
    pub model: ModelChoice,
    /// Side of the model's crop.
    pub crop_size_px: u32,
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

/// Fills from an external method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExternalFills {
    pub name: String,
    /// Folder with `NAME.png` for each [case](super::external_fills::case_name).
    pub folder: PathBuf,
}

impl SearchMethod {
    /// Method name of the search with a blend: `best`, `best+poisson`.
    #[must_use]
    pub fn method_name(&self, blend: BlendMode) -> String {
        match blend {
            BlendMode::None => self.name.clone(),
            BlendMode::Poisson | BlendMode::Feather => format!("{}+{}", self.name, blend.id()),
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
        let search_names =
            self.searches.iter().flat_map(|search| self.blends.iter().map(|&blend| search.method_name(blend)));
        let external_names = self.external_fills.iter().map(|fills| fills.name.clone());
        std::iter::once(MEAN_METHOD.to_string()).chain(search_names).chain(external_names).collect()
    }

    /// Titles of the columns of the contact sheet.
    #[must_use]
    pub fn sheet_columns(&self) -> Vec<String> {
        let methods = self.method_names();
        let columns_of_hole = |kind: &HoleKind| {
            let hole = kind.id();
            let pictures = std::iter::once("hole").chain(methods.iter().map(String::as_str));
            pictures.map(|name| format!("{hole}: {name}")).collect::<Vec<_>>()
        };
        std::iter::once("truth".to_string()).chain(self.holes.iter().flat_map(columns_of_hole)).collect()
    }

    /// Gradient evaluations for one face. They take nearly all of its time, so progress counts them.
    #[must_use]
    pub fn gradients_per_face(&self) -> u64 {
        self.holes.len() as u64 * self.searches.iter().map(SearchMethod::gradient_count).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_columns_are_named_in_order() {
        let holes = vec![HoleKind::Center, HoleKind::Eyes];
        let external_fills = vec![ExternalFills { name: "telea".into(), folder: "telea".into() }];
        let protocol = EvaluationProtocol { holes, external_fills, ..crate::evaluation::tests::protocol(Vec::new()) };
        assert_eq!(
            protocol.sheet_columns().join(", "),
            "truth, center: hole, center: mean, center: telea, eyes: hole, eyes: mean, eyes: telea"
        );
    }
}
