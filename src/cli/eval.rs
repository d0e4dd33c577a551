//! `countenance eval`: runs the evaluation protocol on a folder of faces or photos, or on a dataset.
//!
//! Ctrl-C ends the program immediately, as in `fill`. The JSON is updated during the run, so finished faces are kept. A share
//! (`--shard`) goes on with them.

mod args;
mod lists;
mod plan;
mod report;
mod table;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use image::DynamicImage;

pub(super) use args::EvalArgs;

use super::console::{Console, remaining_time};
use super::{CommandStatus, run_on_named_thread, usage_error, write_stdout};
use crate::evaluation::{
    self, Evaluation, EvaluationError, EvaluationObserver, EvaluationProblem, ShareError, evaluate_share,
};
use crate::fs::Overwrite;
use crate::job::NetworkCache;
use crate::photo::{ContactSheet, PngMetadata, save_png};
use plan::EvalPlan;
use report::{report_json, write_report};
use table::eval_tables;

/// How often the JSON is updated during the run. Each update writes the whole file, so more updates would slow down
/// long runs.
const JSON_UPDATE_INTERVAL: Duration = Duration::from_secs(10);

/// Runs the command.
pub(super) fn run(args: &EvalArgs) -> anyhow::Result<CommandStatus> {
    let plan = EvalPlan::new(args)?;
    let result = run_on_named_thread("evaluation", || run_evaluation(&plan, &mut Console::stderr()))?;
    write_stdout(&result.text)?;
    Ok(result.status)
}

/// Result of an evaluation.
struct EvalResult {
    status: CommandStatus,
    /// For standard output.
    text: String,
}

/// Evaluates, and writes the requested files.
fn run_evaluation(plan: &EvalPlan, console: &mut Console) -> anyhow::Result<EvalResult> {
    let protocol = &plan.protocol;
    if let Some(line) = &plan.skipped {
        console.print(line);
    }
    let now = Instant::now();
    let mut observer =
        ConsoleEvalObserver { plan, console, gradients: 0, faces: 0, faces_done: 0, started: now, saved_at: now };
    let (mut networks, shares) = (NetworkCache::default(), plan.shares.as_ref());
    let evaluation = match shares.zip(plan.shard) {
        Some((shares, shard)) => evaluate_share(&mut networks, protocol, shares, shard, &mut observer),
        None => evaluation::run_evaluation(&mut networks, protocol, shares, &mut observer),
    };
    console.clear_bar();
    let evaluation = evaluation.map_err(to_usage_error)?;
    let text = if let Some((shares, shard)) = shares.zip(plan.shard) {
        let (count, path) = (evaluation.faces_done, shares.path(shard));
        console.print(&format!(
            "{} has the {count} faces of the share: run the command without --shard once all shares are measured",
            path.display()
        ));
        String::new()
    } else {
        write_results(plan, &evaluation, console)?
    };
    let problems = evaluation.problems.len();
    if problems > 0 {
        console.print(&format!("{problems} could not be scored: see the errors above"));
    }
    Ok(EvalResult { status: CommandStatus::from_success(problems == 0), text })
}

/// Writes the JSON and the sheet. Returns the text for standard output.
fn write_results(plan: &EvalPlan, evaluation: &Evaluation, console: &mut Console) -> anyhow::Result<String> {
    if let Some(path) = plan.report_path() {
        write_report(path, plan, evaluation)?;
    }
    if let Some(path) = &plan.sheet {
        if evaluation.sheet.is_empty() {
            console.print("no face was evaluated: the sheet is not written");
        } else {
            let picture = DynamicImage::ImageRgb8(evaluation.sheet.render(ContactSheet::LARGE_SIDE_PX));
            save_png(path, &picture, &PngMetadata::default(), Overwrite::Allow).context("cannot write the sheet")?;
            let columns = plan.protocol.sheet_columns().join(", ");
            console.print(&format!("{} shows, from the left: {columns}", path.display()));
        }
    }
    if plan.is_json_to_stdout() { report_json(plan, evaluation) } else { Ok(eval_tables(plan, evaluation)) }
}

/// Turns errors caused by the arguments into usage errors.
fn to_usage_error(error: EvaluationError) -> anyhow::Error {
    match error {
        EvaluationError::Features(error) => usage_error(error.to_string()),
        EvaluationError::Share(error @ ShareError::OtherEvaluation { .. }) => usage_error(error.to_string()),
        EvaluationError::Share(error) => error.into(),
        EvaluationError::Fill(error) => error.into(),
    }
}

/// Shows the progress and updates the JSON.
struct ConsoleEvalObserver<'a> {
    plan: &'a EvalPlan,
    console: &'a mut Console,
    gradients: u64,
    /// Faces to measure in this run, and those done.
    faces: usize,
    faces_done: usize,
    started: Instant,
    saved_at: Instant,
}

impl ConsoleEvalObserver<'_> {
    /// Without a progress bar, prints a line with the estimated time left after each face.
    fn print_progress(&mut self) {
        let (done, all) = (self.faces_done, self.faces);
        if self.console.is_on_terminal() || done == all {
            return;
        }
        let remaining = remaining_time(self.started, done, all - done);
        self.console.print(&format!("{done} of {all} faces done, about {remaining} left"));
    }
}

impl EvaluationObserver for ConsoleEvalObserver<'_> {
    fn started(&mut self, measured_before: usize, faces: usize) {
        if measured_before > 0 {
            self.console.print(&format!("{measured_before} of {faces} faces are already measured"));
        }
        self.faces = faces - measured_before;
        self.started = Instant::now();
        self.console.start_bar("eval", self.plan.protocol.gradients_per_face() * self.faces as u64);
    }

    fn note(&mut self, text: &str) {
        self.console.print_once(&format!("note: {text}"));
    }

    fn face_warning(&mut self, face: &str, warning: &str) {
        self.console.print(&format!("warning: {face}: {warning}"));
    }

    fn before_gradient(&mut self) {
        self.gradients += 1;
        let title = format!("face {} of {}", self.faces_done + 1, self.faces);
        self.console.show_position(&title, self.gradients);
    }

    fn problem_found(&mut self, problem: &EvaluationProblem) {
        self.console.print(&format!("error: {problem}"));
    }

    fn face_done(&mut self, evaluation: &Evaluation) {
        self.faces_done += 1;
        // Includes searches that failed or ended early.
        self.gradients = self.plan.protocol.gradients_per_face() * self.faces_done as u64;
        self.print_progress();
        let Some(path) = self.plan.report_path() else { return };
        if self.saved_at.elapsed() >= JSON_UPDATE_INTERVAL {
            if let Err(error) = write_report(path, self.plan, evaluation) {
                self.console.print_once(&format!("error: {error:#}; trying again later"));
            }
            self.saved_at = Instant::now();
        }
    }
}
