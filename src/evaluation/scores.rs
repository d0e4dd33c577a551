//! Scores of single fills, and their means over many faces.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;

use serde::Serialize;

use super::HoleKind;
use crate::metrics::{FillQuality, MeanEstimate};

/// The score of one face, hole and method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FillScore {
    pub face: String,
    pub mask: HoleKind,
    pub method: String,
    #[serde(flatten)]
    pub quality: FillQuality,
    /// `None` if the method is not a search; its fields are then missing in JSON.
    #[serde(flatten)]
    pub search: Option<SearchStats>,
}

/// Statistics of a search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchStats {
    pub search_seed: u64,
    /// Time of the search alone, without loading and blending.
    pub seconds: f64,
    /// Iterations done.
    pub steps: u32,
    /// Context loss of the chosen candidate: a mean or a sum, as its preset says.
    pub context_loss: f64,
    /// Highest PSNR of any candidate: the result of a perfect choice among them.
    pub best_of_k_psnr_hole_db: f64,
    /// Mean absolute difference in the hole between candidates, 0 to 1; `None` for a single candidate.
    pub diversity: Option<f64>,
}

/// One number of a [`FillScore`].
#[derive(Clone, Copy, Debug)]
pub struct ScoreMetric {
    /// Its JSON key.
    pub id: &'static str,
    /// Reads the number; `None` if the method does not have it.
    pub value: fn(&FillScore) -> Option<f64>,
}

/// Reads a number of the search; `None` if the method is not a search.
fn search_value(score: &FillScore, read: impl Fn(&SearchStats) -> Option<f64>) -> Option<f64> {
    score.search.as_ref().and_then(read)
}

/// All numbers that a [`ScoreSummary`] averages.
pub const SCORE_METRICS: [ScoreMetric; 13] = [
    ScoreMetric { id: "psnr_hole_db", value: |score| Some(score.quality.psnr_hole_db) },
    ScoreMetric { id: "ssim_hole", value: |score| Some(score.quality.ssim_hole) },
    ScoreMetric { id: "l1_hole", value: |score| Some(score.quality.l1_hole) },
    ScoreMetric { id: "seam_jump", value: |score| score.quality.seam_jump },
    ScoreMetric { id: "sharpness", value: |score| score.quality.sharpness },
    ScoreMetric { id: "psnr_whole_db", value: |score| Some(score.quality.psnr_whole_db) },
    ScoreMetric { id: "ssim_whole", value: |score| Some(score.quality.ssim_whole) },
    ScoreMetric { id: "l1_whole", value: |score| Some(score.quality.l1_whole) },
    ScoreMetric { id: "seconds", value: |score| search_value(score, |search| Some(search.seconds)) },
    ScoreMetric { id: "steps", value: |score| search_value(score, |search| Some(search.steps.into())) },
    ScoreMetric { id: "context_loss", value: |score| search_value(score, |search| Some(search.context_loss)) },
    ScoreMetric {
        id: "best_of_k_psnr_hole_db",
        value: |score| search_value(score, |search| Some(search.best_of_k_psnr_hole_db)),
    },
    ScoreMetric { id: "diversity", value: |score| search_value(score, |search| search.diversity) },
];

/// Means over all faces for one hole and one method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreSummary {
    pub mask: HoleKind,
    pub method: String,
    /// Number of scored faces.
    pub faces: usize,
    /// Means by [`ScoreMetric::id`]; numbers without any value are missing.
    #[serde(flatten)]
    pub summaries: BTreeMap<&'static str, MeanEstimate>,
}

/// Averages the scores of each hole and method. Combinations without a score are left out.
#[must_use]
pub fn summarize_scores(scores: &[FillScore], holes: &[HoleKind], methods: &[String]) -> Vec<ScoreSummary> {
    summarize_values(scores, holes, methods, |score, metric| (metric.value)(score))
}

/// Like [`summarize_scores`], but averages the differences to the method `against`, face by face (paired). The
/// difficulty of a face cancels out, so these intervals are narrower. Faces without a score of `against` are left out.
#[must_use]
pub fn summarize_differences(
    scores: &[FillScore],
    holes: &[HoleKind],
    methods: &[String],
    against: &str,
) -> Vec<ScoreSummary> {
    let baseline_scores: HashMap<(&str, HoleKind), &FillScore> = scores
        .iter()
        .filter(|score| score.method == against)
        .map(|score| ((score.face.as_str(), score.mask), score))
        .collect();
    let other_methods: Vec<String> = methods.iter().filter(|method| *method != against).cloned().collect();
    let mut cells = summarize_values(scores, holes, &other_methods, |score, metric| {
        let baseline = baseline_scores.get(&(score.face.as_str(), score.mask))?;
        Some((metric.value)(score)? - (metric.value)(baseline)?)
    });
    cells.retain(|cell| !cell.summaries.is_empty());
    cells
}

fn summarize_values(
    scores: &[FillScore],
    holes: &[HoleKind],
    methods: &[String],
    value: impl Fn(&FillScore, &ScoreMetric) -> Option<f64>,
) -> Vec<ScoreSummary> {
    let pairs = holes.iter().flat_map(|&mask| methods.iter().map(move |method| (mask, method)));
    let cell = |(mask, method): (HoleKind, &String)| {
        let cell_scores: Vec<_> = scores.iter().filter(|score| score.mask == mask && score.method == *method).collect();
        let summary = |metric: &ScoreMetric| {
            let values: Vec<f64> = cell_scores.iter().filter_map(|score| value(score, metric)).collect();
            MeanEstimate::from_values(&values).map(|summary| (metric.id, summary))
        };
        let summaries: BTreeMap<_, _> = SCORE_METRICS.iter().filter_map(summary).collect();
        let faces = summaries.values().map(|summary| summary.count).max().unwrap_or(0);
        (!cell_scores.is_empty()).then(|| ScoreSummary { mask, method: method.clone(), faces, summaries })
    };
    pairs.filter_map(cell).collect()
}

/// A failure of the evaluation: something could not be scored or written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvaluationProblem {
    /// Name of the face.
    pub face: String,
    /// `None` if the whole face failed.
    pub mask: Option<HoleKind>,
    /// `None` if all methods failed.
    pub method: Option<String>,
    pub message: String,
}

impl EvaluationProblem {
    /// Creates a problem from an error and its causes.
    pub(super) fn new(face: &str, mask: Option<HoleKind>, method: Option<&str>, error: &(dyn Error + 'static)) -> Self {
        let chain = std::iter::successors(Some(error), |error| (*error).source()).map(ToString::to_string);
        let message = chain.collect::<Vec<_>>().join(": ");
        Self { face: face.into(), mask, method: method.map(Into::into), message }
    }
}

impl fmt::Display for EvaluationProblem {
    /// Formats as `ann, center, telea: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = [Some(self.face.as_str()), self.mask.map(HoleKind::id), self.method.as_deref()];
        let location: Vec<&str> = location.into_iter().flatten().collect();
        write!(f, "{}: {}", location.join(", "), self.message)
    }
}
