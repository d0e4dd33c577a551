//! Means and medians of scores over many faces.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::FillScore;
use super::scores::{SCORE_METRICS, ScoreMetric};
use crate::metrics::{MeanEstimate, median};

/// The mask of summaries over all masks.
pub const ALL_MASKS: &str = "all";

/// Means over all faces for one hole and one method.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreSummary {
    /// Id of the hole's kind, or [`ALL_MASKS`].
    pub mask: &'static str,
    pub method: String,
    /// Number of scored faces.
    pub faces: usize,
    /// Means by [`ScoreMetric::id`]; numbers without any value are missing.
    #[serde(flatten)]
    pub summaries: BTreeMap<&'static str, MeanEstimate>,
    /// Medians by [`ScoreMetric::median_id`].
    #[serde(flatten)]
    pub medians: BTreeMap<&'static str, f64>,
}

/// Averages the scores of each mask and method. Combinations without a score are left out.
///
/// The mask [`ALL_MASKS`] averages the masks of each face first: the scores of one face are not independent, so its
/// interval counts faces. Its median is over all scores.
#[must_use]
pub fn summarize_scores(scores: &[FillScore], masks: &[&'static str], methods: &[String]) -> Vec<ScoreSummary> {
    summarize_values(scores, masks, methods, |score, metric| (metric.value)(score))
}

/// Like [`summarize_scores`], but averages the differences to the method `against`, face by face (paired). The
/// difficulty of a face cancels out, so these intervals are narrower. Faces without a score of `against` are left out.
#[must_use]
pub fn summarize_differences(
    scores: &[FillScore],
    masks: &[&'static str],
    methods: &[String],
    against: &str,
) -> Vec<ScoreSummary> {
    let baseline_scores: HashMap<(&str, &str), &FillScore> = scores
        .iter()
        .filter(|score| score.method == against)
        .map(|score| ((score.face.as_str(), score.mask.as_str()), score))
        .collect();
    let other_methods: Vec<String> = methods.iter().filter(|method| *method != against).cloned().collect();
    let mut cells = summarize_values(scores, masks, &other_methods, |score, metric| {
        let baseline = baseline_scores.get(&(score.face.as_str(), score.mask.as_str()))?;
        Some((metric.value)(score)? - (metric.value)(baseline)?)
    });
    cells.retain(|cell| !cell.summaries.is_empty());
    cells
}

fn summarize_values(
    scores: &[FillScore],
    masks: &[&'static str],
    methods: &[String],
    value: impl Fn(&FillScore, &ScoreMetric) -> Option<f64>,
) -> Vec<ScoreSummary> {
    let pairs = masks.iter().flat_map(|&mask| methods.iter().map(move |method| (mask, method)));
    let cell = |(mask, method): (&'static str, &String)| {
        let is_counted = |score: &&FillScore| (mask == ALL_MASKS || score.mask == mask) && score.method == *method;
        let cell_scores: Vec<&FillScore> = scores.iter().filter(is_counted).collect();
        let (mut summaries, mut medians) = (BTreeMap::new(), BTreeMap::new());
        for metric in &SCORE_METRICS {
            let values = |scores: &[&FillScore]| -> Vec<f64> {
                scores.iter().filter_map(|score| value(score, metric)).collect()
            };
            // The scores of a face follow each other.
            let of_faces: Vec<f64> = cell_scores
                .chunk_by(|one, next| one.face == next.face)
                .filter_map(|scores| MeanEstimate::from_values(&values(scores)).map(|estimate| estimate.mean))
                .collect();
            let Some(summary) = MeanEstimate::from_values(&of_faces) else { continue };
            summaries.insert(metric.id, summary);
            medians.extend(metric.median_id.zip(median(values(&cell_scores))));
        }
        let faces = summaries.values().map(|summary| summary.count).max().unwrap_or(0);
        (!cell_scores.is_empty()).then(|| ScoreSummary { mask, method: method.clone(), faces, summaries, medians })
    };
    pairs.filter_map(cell).collect()
}
