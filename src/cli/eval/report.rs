//! The JSON that `--json` writes. Other programs read it: fields keep their names and meanings.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use super::plan::Plan;
use crate::evaluation::{Cell, Evaluation, HoleKind, Others, Problem, Score, SearchMethod, cells, differences};
use crate::photo::{Overwrite, write_atomically};

/// An evaluation, finished or not.
#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    model: &'a str,
    model_sha256: &'a str,
    /// Side of the pictures that were compared.
    size_px: u32,
    /// Null without a search.
    device: Option<&'a str>,
    seed: u64,
    /// Faces there are, and those whose turn has come.
    faces: usize,
    faces_done: usize,
    masks: &'a [HoleKind],
    methods: Vec<String>,
    searches: &'a [SearchMethod],
    others: &'a [Others],
    cells: Vec<Cell>,
    /// The method of `--against`, and the others' differences to it.
    against: Option<&'a str>,
    differences: Vec<Cell>,
    scores: &'a [Score],
    problems: &'a [Problem],
}

/// The report of what there is so far.
pub(super) fn json(plan: &Plan, evaluation: &Evaluation) -> anyhow::Result<String> {
    let protocol = &plan.protocol;
    let methods = protocol.methods();
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        model: &plan.model.name,
        model_sha256: &plan.model.sha256,
        size_px: protocol.crop_size_px,
        device: evaluation.device.as_ref().map(|device| device.name.as_str()),
        seed: protocol.seed,
        faces: protocol.faces.len(),
        faces_done: evaluation.faces_done,
        masks: &protocol.holes,
        cells: cells(&evaluation.scores, &protocol.holes, &methods),
        against: plan.against.as_deref(),
        differences: plan
            .against
            .as_deref()
            .map_or_else(Vec::new, |against| differences(&evaluation.scores, &protocol.holes, &methods, against)),
        methods,
        searches: &protocol.searches,
        others: &protocol.others,
        scores: &evaluation.scores,
        problems: &evaluation.problems,
    };
    Ok(serde_json::to_string_pretty(&report).context("the JSON cannot be written")? + "\n")
}

/// Writes the report to a file.
pub(super) fn write(path: &Path, plan: &Plan, evaluation: &Evaluation) -> anyhow::Result<()> {
    write_atomically(path, json(plan, evaluation)?.as_bytes(), Overwrite::Allow).context("the JSON cannot be written")
}
