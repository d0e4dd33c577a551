//! What is to be evaluated.

use std::path::PathBuf;

use serde::Serialize;

use super::{FaceSource, HoleKind};
use crate::blend::BlendMode;
use crate::device::DeviceChoice;
use crate::model::ModelChoice;
use crate::search::{OptimizerKind, Settings};

/// The method that is always there: the hole in the mean colour of the known pixels.
pub const MEAN: &str = "mean";

/// Faces, holes and ways to fill them.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// Square pictures of aligned faces. A face's place in the list is part of what its holes and starts are drawn from.
    pub faces: Vec<FaceSource>,
    pub holes: Vec<HoleKind>,
    pub searches: Vec<SearchMethod>,
    /// Each search is scored with each of them; a search runs once.
    pub blends: Vec<BlendMode>,
    pub others: Vec<Others>,
    /// Of holes and searches.
    pub seed: u64,
    pub model: ModelChoice,
    /// Side of the model's crop.
    pub crop_size_px: u32,
    pub device: DeviceChoice,
    /// Where cases are written, if anywhere; a folder that is there.
    pub cases: Option<PathBuf>,
    /// So many faces, from the first, are shown on the sheet; 0 for no sheet.
    pub sheet_faces: usize,
}

/// One of our searches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchMethod {
    /// A preset's, with what differs from it: `best`, `best:noise=0`.
    pub name: String,
    /// The seed is replaced by one for each face.
    pub settings: Settings,
}

/// Somebody else's fills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Others {
    pub name: String,
    /// Holds `NAME.png` for each [case](super::case_name).
    pub folder: PathBuf,
}

impl SearchMethod {
    /// What the search is called with a blend: `best`, `best+poisson`.
    #[must_use]
    pub fn name_with(&self, blend: BlendMode) -> String {
        match blend {
            BlendMode::None => self.name.clone(),
            BlendMode::Poisson | BlendMode::Feather => format!("{}+{}", self.name, blend.id()),
        }
    }

    /// How often one search differentiates its losses.
    fn gradients(&self) -> u64 {
        let each = match self.settings.optimizer {
            OptimizerKind::Hmc => self.settings.hmc.leapfrog_steps,
            OptimizerKind::Adam | OptimizerKind::Momentum => 1,
        };
        u64::from(self.settings.steps) * u64::from(each)
    }
}

impl Protocol {
    /// The names of all methods, in the order they are told about: the floor, ours, others'.
    #[must_use]
    pub fn methods(&self) -> Vec<String> {
        let ours = self.searches.iter().flat_map(|search| self.blends.iter().map(|&blend| search.name_with(blend)));
        let others = self.others.iter().map(|others| others.name.clone());
        std::iter::once(MEAN.to_string()).chain(ours).chain(others).collect()
    }

    /// What the columns of the sheet show.
    #[must_use]
    pub fn sheet_columns(&self) -> Vec<String> {
        let methods = self.methods();
        let of_hole = |kind: &HoleKind| {
            let hole = kind.id();
            let shown = std::iter::once("hole").chain(methods.iter().map(String::as_str));
            shown.map(|name| format!("{hole}: {name}")).collect::<Vec<_>>()
        };
        std::iter::once("truth".to_string()).chain(self.holes.iter().flat_map(of_hole)).collect()
    }

    /// Gradient evaluations that one face takes: nearly all of its time.
    #[must_use]
    pub fn gradients_a_face(&self) -> u64 {
        self.holes.len() as u64 * self.searches.iter().map(SearchMethod::gradients).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_in_the_order_they_stand() {
        let holes = vec![HoleKind::Center, HoleKind::Eyes];
        let others = vec![Others { name: "telea".into(), folder: "telea".into() }];
        let protocol = Protocol { holes, others, ..crate::evaluation::tests::protocol(Vec::new()) };
        assert_eq!(
            protocol.sheet_columns().join(", "),
            "truth, center: hole, center: mean, center: telea, eyes: hole, eyes: mean, eyes: telea"
        );
    }
}
