//! Scores of single fills, and problems.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{FrameStats, UncertaintyScore};
use crate::metrics::FillQuality;
use crate::perceptual::PerceptualKind;

/// The score of one face, hole and method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FillScore {
    pub face: String,
    /// Id of the hole's kind.
    pub mask: String,
    pub method: String,
    /// In a photo, the "whole picture" is the bounding rectangle of the true face frame.
    #[serde(flatten)]
    pub quality: FillQuality,
    /// `None` without a file of features; its field is then missing in JSON.
    #[serde(flatten)]
    pub perceptual: Option<PerceptualScore>,
    /// `None` if the method is not a search; its fields are then missing in JSON.
    #[serde(flatten)]
    pub search: Option<SearchStats>,
    /// `None` for crops; its fields are then missing in JSON.
    #[serde(flatten)]
    pub frame: Option<FrameStats>,
    /// `None` if it is not measured; its fields are then missing in JSON. The same for all blends of a search.
    #[serde(flatten)]
    pub uncertainty: Option<UncertaintyScore>,
}

/// The perceptual distance between the true face frame and the filled one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PerceptualScore {
    #[serde(rename = "lpips")]
    Lpips(f64),
    /// See [`PerceptualKind::FeatureDistance`].
    #[serde(rename = "feature_distance")]
    FeatureDistance(f64),
}

impl PerceptualScore {
    /// A distance of this kind.
    #[must_use]
    pub fn new(kind: PerceptualKind, distance: f64) -> Self {
        match kind {
            PerceptualKind::Lpips => Self::Lpips(distance),
            PerceptualKind::FeatureDistance => Self::FeatureDistance(distance),
        }
    }
}

/// Statistics of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchStats {
    pub search_seed: u64,
    /// Time of the search alone, without loading and blending.
    pub seconds: f64,
    /// Iterations done.
    pub steps: u32,
    /// Context loss of the chosen candidate: a mean or a sum, as its preset says.
    pub context_loss: f64,
    /// Highest PSNR of any candidate: the result of a perfect choice among them. Not measured in photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_of_k_psnr_hole_db: Option<f64>,
    /// Mean absolute difference in the hole between candidates, 0 to 1; `None` for a single candidate and in photos.
    pub diversity: Option<f64>,
}

/// One number of a [`FillScore`].
#[derive(Clone, Copy, Debug)]
pub struct ScoreMetric {
    /// Its JSON key.
    pub id: &'static str,
    /// The JSON key of its median, if summaries have one.
    pub median_id: Option<&'static str>,
    /// Reads the number; `None` if the method does not have it.
    pub value: fn(&FillScore) -> Option<f64>,
}

impl ScoreMetric {
    const fn new(id: &'static str, value: fn(&FillScore) -> Option<f64>) -> Self {
        Self { id, median_id: None, value }
    }
}

/// Reads a number of the search; `None` if the method is not a search.
fn search_value(score: &FillScore, read: impl Fn(&SearchStats) -> Option<f64>) -> Option<f64> {
    score.search.as_ref().and_then(read)
}

/// Reads a number of the map of uncertainty; `None` if it is not measured.
fn uncertainty_value(score: &FillScore, read: impl Fn(&UncertaintyScore) -> Option<f64>) -> Option<f64> {
    score.uncertainty.as_ref().and_then(read)
}

fn lpips(score: &FillScore) -> Option<f64> {
    match score.perceptual {
        Some(PerceptualScore::Lpips(distance)) => Some(distance),
        _ => None,
    }
}

fn feature_distance(score: &FillScore) -> Option<f64> {
    match score.perceptual {
        Some(PerceptualScore::FeatureDistance(distance)) => Some(distance),
        _ => None,
    }
}

/// All numbers that a [`ScoreSummary`](super::ScoreSummary) averages.
pub const SCORE_METRICS: [ScoreMetric; 24] = [
    ScoreMetric::new("psnr_hole_db", |score| Some(score.quality.psnr_hole_db)),
    ScoreMetric::new("ssim_hole", |score| Some(score.quality.ssim_hole)),
    ScoreMetric::new("l1_hole", |score| Some(score.quality.l1_hole)),
    ScoreMetric::new("seam_jump", |score| score.quality.seam_jump),
    ScoreMetric::new("sharpness", |score| score.quality.sharpness),
    ScoreMetric::new("psnr_whole_db", |score| Some(score.quality.psnr_whole_db)),
    ScoreMetric::new("ssim_whole", |score| Some(score.quality.ssim_whole)),
    ScoreMetric::new("l1_whole", |score| Some(score.quality.l1_whole)),
    ScoreMetric { id: "lpips", median_id: Some("lpips_median"), value: lpips },
    ScoreMetric { id: "feature_distance", median_id: Some("feature_distance_median"), value: feature_distance },
    ScoreMetric::new("seconds", |score| search_value(score, |search| Some(search.seconds))),
    ScoreMetric::new("steps", |score| search_value(score, |search| Some(search.steps.into()))),
    ScoreMetric::new("context_loss", |score| search_value(score, |search| Some(search.context_loss))),
    ScoreMetric::new("best_of_k_psnr_hole_db", |score| search_value(score, |search| search.best_of_k_psnr_hole_db)),
    ScoreMetric::new("diversity", |score| search_value(score, |search| search.diversity)),
    ScoreMetric::new("uncertainty_rank", |score| uncertainty_value(score, |it| it.uncertainty_rank)),
    ScoreMetric::new("distance_rank", |score| uncertainty_value(score, |it| it.distance_rank)),
    ScoreMetric::new("spread", |score| uncertainty_value(score, |it| Some(it.spread))),
    ScoreMetric::new("drawn_error", |score| uncertainty_value(score, |it| Some(it.drawn_error))),
    ScoreMetric::new("error_in_lowest_tenth", |score| uncertainty_value(score, |it| Some(it.error_by_tenth[0]))),
    ScoreMetric::new("error_in_fifth_tenth", |score| uncertainty_value(score, |it| Some(it.error_by_tenth[4]))),
    ScoreMetric::new("error_in_highest_tenth", |score| uncertainty_value(score, |it| Some(it.error_by_tenth[9]))),
    ScoreMetric::new("misfit_ratio", |score| uncertainty_value(score, |it| it.misfit_ratio.map(f64::from))),
    ScoreMetric::new("frame_error", |score| score.frame.and_then(|frame| frame.frame_error)),
];

/// A failure of the evaluation: something could not be scored or written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationProblem {
    /// Name of the face.
    pub face: String,
    /// `None` if the whole face failed.
    pub mask: Option<String>,
    /// `None` if all methods failed.
    pub method: Option<String>,
    pub message: String,
}

impl EvaluationProblem {
    /// Creates a problem from an error and its causes.
    pub(super) fn new(face: &str, mask: Option<&str>, method: Option<&str>, error: &(dyn Error + 'static)) -> Self {
        let chain = std::iter::successors(Some(error), |error| (*error).source()).map(ToString::to_string);
        let message = chain.collect::<Vec<_>>().join(": ");
        Self { face: face.into(), mask: mask.map(Into::into), method: method.map(Into::into), message }
    }
}

impl fmt::Display for EvaluationProblem {
    /// Formats as `ann, center, telea: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = [Some(self.face.as_str()), self.mask.as_deref(), self.method.as_deref()];
        let location: Vec<&str> = location.into_iter().flatten().collect();
        write!(f, "{}: {}", location.join(", "), self.message)
    }
}
