//! The JSON report of `eval --json`. Other programs read it, so fields must keep their names and meanings.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::plan::EvalPlan;
use crate::evaluation::{
    Evaluation, EvaluationProblem, ExternalFills, FillScore, HoleKind, ScoreSummary, SearchMethod,
    summarize_differences, summarize_scores,
};
use crate::fs::{Overwrite, write_atomically};

/// The report of a finished or running evaluation.
#[derive(Serialize)]
struct EvalReport<'a> {
    version: &'static str,
    model: &'a str,
    model_sha256: &'a str,
    /// Side of the compared pictures.
    size_px: u32,
    /// Null if no search ran.
    device: Option<&'a str>,
    seed: u64,
    /// Number of faces, in total and done.
    faces: usize,
    faces_done: usize,
    masks: &'a [HoleKind],
    methods: Vec<String>,
    searches: &'a [SearchMethod],
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
    let methods = protocol.method_names();
    let report = EvalReport {
        version: env!("CARGO_PKG_VERSION"),
        model: &plan.model.name,
        model_sha256: &plan.model.sha256,
        size_px: protocol.crop_size_px,
        device: evaluation.device.as_ref().map(|device| device.name.as_str()),
        seed: protocol.seed,
        faces: protocol.faces.len(),
        faces_done: evaluation.faces_done,
        masks: &protocol.holes,
        cells: summarize_scores(&evaluation.scores, &protocol.holes, &methods),
        against: plan.against.as_deref(),
        differences: plan.against.as_deref().map_or_else(Vec::new, |against| {
            summarize_differences(&evaluation.scores, &protocol.holes, &methods, against)
        }),
        methods,
        searches: &protocol.searches,
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
