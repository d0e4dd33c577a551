//! Scores of single fills, and their means over many faces.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;

use serde::Serialize;

use super::HoleKind;
use crate::metrics::{Quality, Summary};

/// The score of one face, hole and method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    pub face: String,
    pub mask: HoleKind,
    pub method: String,
    #[serde(flatten)]
    pub quality: Quality,
    /// `None` if the method is not a search; its fields are then missing in JSON.
    #[serde(flatten)]
    pub search: Option<SearchFacts>,
}

/// Statistics of a search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchFacts {
    pub search_seed: u64,
    /// Time of the search alone, without loading and blending.
    pub seconds: f64,
    /// Iterations done.
    pub steps: u32,
    /// Context loss of the chosen candidate, in the reduction of its preset (Blog: a sum).
    pub context_loss: f64,
    /// Highest PSNR of any candidate: the result of a perfect choice among them.
    pub best_of_k_psnr_hole_db: f64,
    /// Mean absolute difference in the hole between candidates, 0 to 1; `None` for a single candidate.
    pub diversity: Option<f64>,
}

/// One number of a [`Score`].
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Its JSON key.
    pub id: &'static str,
    /// Reads the number; `None` if the method does not have it.
    pub of: fn(&Score) -> Option<f64>,
}

/// Reads a number of the search; `None` if the method is not a search.
fn of_search(score: &Score, read: impl Fn(&SearchFacts) -> Option<f64>) -> Option<f64> {
    score.search.as_ref().and_then(read)
}

/// All numbers that a [`Cell`] averages.
pub const MEASURES: [Measure; 13] = [
    Measure { id: "psnr_hole_db", of: |score| Some(score.quality.psnr_hole_db) },
    Measure { id: "ssim_hole", of: |score| Some(score.quality.ssim_hole) },
    Measure { id: "l1_hole", of: |score| Some(score.quality.l1_hole) },
    Measure { id: "seam_jump", of: |score| score.quality.seam_jump },
    Measure { id: "sharpness", of: |score| score.quality.sharpness },
    Measure { id: "psnr_whole_db", of: |score| Some(score.quality.psnr_whole_db) },
    Measure { id: "ssim_whole", of: |score| Some(score.quality.ssim_whole) },
    Measure { id: "l1_whole", of: |score| Some(score.quality.l1_whole) },
    Measure { id: "seconds", of: |score| of_search(score, |search| Some(search.seconds)) },
    Measure { id: "steps", of: |score| of_search(score, |search| Some(search.steps.into())) },
    Measure { id: "context_loss", of: |score| of_search(score, |search| Some(search.context_loss)) },
    Measure {
        id: "best_of_k_psnr_hole_db",
        of: |score| of_search(score, |search| Some(search.best_of_k_psnr_hole_db)),
    },
    Measure { id: "diversity", of: |score| of_search(score, |search| search.diversity) },
];

/// Means over all faces for one hole and one method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    pub mask: HoleKind,
    pub method: String,
    /// Number of scored faces.
    pub faces: usize,
    /// Means by [`Measure::id`]; numbers without any value are missing.
    #[serde(flatten)]
    pub summaries: BTreeMap<&'static str, Summary>,
}

/// Averages the scores of each hole and method. Cells without a score are left out.
#[must_use]
pub fn cells(scores: &[Score], holes: &[HoleKind], methods: &[String]) -> Vec<Cell> {
    cells_of(scores, holes, methods, |score, measure| (measure.of)(score))
}

/// Like [`cells`], but averages the differences to the method `against`, face by face (paired). The difficulty of a
/// face cancels out, so these intervals can separate methods that those of [`cells`] cannot. Faces that `against` has
/// no score for are left out.
#[must_use]
pub fn differences(scores: &[Score], holes: &[HoleKind], methods: &[String], against: &str) -> Vec<Cell> {
    let base: HashMap<(&str, HoleKind), &Score> = scores
        .iter()
        .filter(|score| score.method == against)
        .map(|score| ((score.face.as_str(), score.mask), score))
        .collect();
    let others: Vec<String> = methods.iter().filter(|method| *method != against).cloned().collect();
    let mut cells = cells_of(scores, holes, &others, |score, measure| {
        let base = base.get(&(score.face.as_str(), score.mask))?;
        Some((measure.of)(score)? - (measure.of)(base)?)
    });
    cells.retain(|cell| !cell.summaries.is_empty());
    cells
}

fn cells_of(
    scores: &[Score],
    holes: &[HoleKind],
    methods: &[String],
    value: impl Fn(&Score, &Measure) -> Option<f64>,
) -> Vec<Cell> {
    let pairs = holes.iter().flat_map(|&mask| methods.iter().map(move |method| (mask, method)));
    let cell = |(mask, method): (HoleKind, &String)| {
        let own: Vec<&Score> = scores.iter().filter(|score| score.mask == mask && score.method == *method).collect();
        let summary = |measure: &Measure| {
            let values: Vec<f64> = own.iter().filter_map(|score| value(score, measure)).collect();
            Summary::of(&values).map(|summary| (measure.id, summary))
        };
        let summaries: BTreeMap<_, _> = MEASURES.iter().filter_map(summary).collect();
        let faces = summaries.values().map(|summary| summary.count).max().unwrap_or(0);
        (!own.is_empty()).then(|| Cell { mask, method: method.clone(), faces, summaries })
    };
    pairs.filter_map(cell).collect()
}

/// A failure of the evaluation: something could not be scored or written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Name of the face.
    pub face: String,
    /// `None` if the whole face failed.
    pub mask: Option<HoleKind>,
    /// `None` if all methods failed.
    pub method: Option<String>,
    pub message: String,
}

impl Problem {
    /// Creates a problem from an error and its causes.
    pub(super) fn new(face: &str, mask: Option<HoleKind>, method: Option<&str>, error: &(dyn Error + 'static)) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            message = format!("{message}: {inner}");
            cause = inner.source();
        }
        Self { face: face.into(), mask, method: method.map(Into::into), message }
    }
}

impl fmt::Display for Problem {
    /// Formats as `ann, center, telea: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = [Some(self.face.as_str()), self.mask.map(HoleKind::id), self.method.as_deref()];
        let place: Vec<&str> = place.into_iter().flatten().collect();
        write!(f, "{}: {}", place.join(", "), self.message)
    }
}
