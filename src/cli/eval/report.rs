//! The JSON report of `eval --json`. Other programs read it, so fields must keep their names and meanings.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::plan::EvalPlan;
use crate::evaluation::{
    BlendMethod, Evaluation, EvaluationProblem, ExternalFills, FillScore, FrameMode, ScoreSummary, SearchMethod,
    summarize_differences, summarize_scores,
};
use crate::fs::{Overwrite, write_atomically};
use crate::perceptual::PerceptualKind;

/// The report of a finished or running evaluation.
#[derive(Serialize)]
struct EvalReport<'a> {
    version: &'static str,
    /// `crops` or `photos`.
    protocol: &'static str,
    model: &'a str,
    model_sha256: &'a str,
    /// Side of the compared pictures. Null for photos, which are compared at their own sizes.
    size_px: Option<u32>,
    /// Null if no search ran. Shares may have used several: they are separated by commas.
    device: Option<String>,
    seed: u64,
    /// Number of faces, in total and done.
    faces: usize,
    faces_done: usize,
    masks: Vec<&'static str>,
    methods: Vec<String>,
    searches: &'a [SearchMethod],
    frames: &'a [FrameMode],
    blends: &'a [BlendMethod],
    /// Null without `--features`.
    perceptual_metric: Option<PerceptualKind>,
    others: &'a [ExternalFills],
    cells: Vec<ScoreSummary>,
    /// The method of `--against`; `differences` are relative to it.
    against: Option<&'a str>,
    differences: Vec<ScoreSummary>,
    scores: &'a [FillScore],
    problems: &'a [EvaluationProblem],
}

/// The report of the results so far.
pub(super) fn report_json(plan: &EvalPlan, evaluation: &Evaluation) -> anyhow::Result<String> {
    let protocol = &plan.protocol;
    let (masks, methods) = (plan.summarized_masks(), protocol.method_names());
    let in_photos = protocol.holes.are_in_photos();
    let report = EvalReport {
        version: env!("CARGO_PKG_VERSION"),
        protocol: protocol.holes.protocol_name(),
        model: &plan.model.name,
        model_sha256: &plan.model.sha256,
        size_px: (!in_photos).then_some(protocol.crop_size_px),
        device: (!evaluation.devices.is_empty()).then(|| evaluation.devices.join(", ")),
        seed: protocol.seed,
        faces: protocol.faces.len(),
        faces_done: evaluation.faces_done,
        masks: protocol.holes.ids(),
        cells: summarize_scores(&evaluation.scores, &masks, &methods),
        against: plan.against.as_deref(),
        differences: plan
            .against
            .as_deref()
            .map_or_else(Vec::new, |against| summarize_differences(&evaluation.scores, &masks, &methods, against)),
        methods,
        searches: &protocol.searches,
        frames: &protocol.frames,
        blends: &protocol.blends,
        perceptual_metric: evaluation.perceptual,
        others: &protocol.external_fills,
        scores: &evaluation.scores,
        problems: &evaluation.problems,
    };
    Ok(serde_json::to_string_pretty(&report).context("cannot write the JSON")? + "\n")
}

/// Writes the report to a file.
pub(super) fn write_report(path: &Path, plan: &EvalPlan, evaluation: &Evaluation) -> anyhow::Result<()> {
    write_atomically(path, report_json(plan, evaluation)?.as_bytes(), Overwrite::Allow).context("cannot write the JSON")
}
