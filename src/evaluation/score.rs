//! Numbers of single fills, and what they come to for many.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;

use serde::Serialize;

use super::HoleKind;
use crate::metrics::{Quality, Summary};

/// One face, one hole, one method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    pub face: String,
    pub mask: HoleKind,
    pub method: String,
    #[serde(flatten)]
    pub quality: Quality,
    /// `None` for what is not one of our searches; in JSON its fields are missing then.
    #[serde(flatten)]
    pub search: Option<SearchFacts>,
}

/// How a search went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchFacts {
    pub search_seed: u64,
    /// The search alone, without loading and blending.
    pub seconds: f64,
    /// Iterations done.
    pub steps: u32,
    /// Of the candidate that was taken, as its preset reduces it (Blog: a sum).
    pub context_loss: f64,
    /// The most that any candidate has: what a perfect choice among them would reach.
    pub best_of_k_psnr_hole_db: f64,
    /// Mean absolute difference in the hole between candidates, 0 to 1; `None` for a single one.
    pub diversity: Option<f64>,
}

/// One of a score's numbers.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// As in JSON.
    pub id: &'static str,
    /// `None` where the method has no such number.
    pub of: fn(&Score) -> Option<f64>,
}

/// Reads a number of a search.
fn of_search(score: &Score, read: impl Fn(&SearchFacts) -> Option<f64>) -> Option<f64> {
    score.search.as_ref().and_then(read)
}

/// Every number that cells give a mean of.
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

/// One hole and one method over all faces.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    pub mask: HoleKind,
    pub method: String,
    /// How many faces were scored.
    pub faces: usize,
    /// By [`Measure::id`]; those without any value are missing.
    #[serde(flatten)]
    pub summaries: BTreeMap<&'static str, Summary>,
}

/// Means with intervals, for each hole all methods; cells without a score are left out.
#[must_use]
pub fn cells(scores: &[Score], holes: &[HoleKind], methods: &[String]) -> Vec<Cell> {
    cells_of(scores, holes, methods, |score, measure| (measure.of)(score))
}

/// As [`cells`], of the differences to the method `against`, face by face. How hard a face is cancels out of them, so that
/// their intervals tell methods apart that those of [`cells`] cannot. Faces that `against` has no score for are left out.
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

/// Something that could not be scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The face's name.
    pub face: String,
    /// `None` when it is about the face as a whole.
    pub mask: Option<HoleKind>,
    /// `None` when it is about all methods.
    pub method: Option<String>,
    pub message: String,
}

impl Problem {
    /// From an error, with its causes.
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
    /// As in `ann, center, telea: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = [Some(self.face.as_str()), self.mask.map(HoleKind::id), self.method.as_deref()];
        let place: Vec<&str> = place.into_iter().flatten().collect();
        write!(f, "{}: {}", place.join(", "), self.message)
    }
}
