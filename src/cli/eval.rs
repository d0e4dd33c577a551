//! `countenance eval`: runs the evaluation protocol on a folder of faces or on a dataset.
//!
//! Ctrl-C ends the program immediately, as in `fill`. The JSON is updated during the run, so finished faces are kept.

mod args;
mod plan;
mod report;
mod table;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use image::DynamicImage;
use indicatif::HumanDuration;

pub(super) use args::EvalArgs;

use super::console::Console;
use super::{CommandStatus, run_on_named_thread, write_stdout};
use crate::evaluation::{self, Evaluation, EvaluationObserver, EvaluationProblem};
use crate::fs::Overwrite;
use crate::job::NetworkCache;
use crate::photo::{ContactSheet, PngMetadata, save_png};
use plan::EvalPlan;

/// How often the JSON is updated during the run. Each update writes the whole file, so more updates would slow down long
/// runs.
const JSON_UPDATE_INTERVAL: Duration = Duration::from_secs(10);

/// Runs the command.
pub(super) fn run(args: &EvalArgs) -> anyhow::Result<CommandStatus> {
    let plan = EvalPlan::new(args)?;
    let done = run_on_named_thread("evaluation", || run_evaluation(&plan, &mut Console::stderr()))?;
    write_stdout(&done.text)?;
    Ok(done.status)
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
    console.start_bar("eval", protocol.gradients_per_face() * protocol.faces.len() as u64);
    let mut observer = ConsoleEvalObserver {
        plan,
        console,
        gradients: 0,
        faces_done: 0,
        started: Instant::now(),
        last_written: Instant::now(),
    };
    let evaluation = evaluation::run_evaluation(&mut NetworkCache::default(), protocol, &mut observer);
    console.clear_bar();
    let evaluation = evaluation?;
    if let Some(path) = plan.json.as_deref().filter(|_| !plan.is_json_to_stdout()) {
        report::write_report(path, plan, &evaluation)?;
    }
    if let Some(path) = &plan.sheet {
        if evaluation.sheet.is_empty() {
            console.print("no face was evaluated: the sheet is not written");
        } else {
            let picture = DynamicImage::ImageRgb8(evaluation.sheet.render(ContactSheet::LARGE_SIDE_PX));
            save_png(path, &picture, &PngMetadata::default(), Overwrite::Allow).context("cannot write the sheet")?;
            let columns = protocol.sheet_columns().join(", ");
            console.print(&format!("{} shows, from the left: {columns}", path.display()));
        }
    }
    let problems = evaluation.problems.len();
    if problems > 0 {
        console.print(&format!("{problems} could not be scored: see the errors above"));
    }
    Ok(EvalResult {
        status: if problems == 0 { CommandStatus::Success } else { CommandStatus::SomeFailed },
        text: if plan.is_json_to_stdout() {
            report::report_json(plan, &evaluation)?
        } else {
            table::eval_tables(plan, &evaluation)
        },
    })
}

/// Shows the progress and updates the JSON.
struct ConsoleEvalObserver<'a> {
    plan: &'a EvalPlan,
    console: &'a mut Console,
    gradients: u64,
    faces_done: usize,
    started: Instant,
    last_written: Instant,
}

impl ConsoleEvalObserver<'_> {
    /// Without a progress bar, prints a line with the estimated time left after each face.
    fn print_progress(&mut self) {
        let (done, all) = (self.faces_done, self.plan.protocol.faces.len());
        if self.console.is_on_terminal() || done == all {
            return;
        }
        let shares = u32::try_from(done).unwrap_or(u32::MAX).max(1);
        let left = self.started.elapsed() / shares * u32::try_from(all - done).unwrap_or(u32::MAX);
        self.console.print(&format!("{done} of {all} faces done, about {} left", HumanDuration(left)));
    }
}

impl EvaluationObserver for ConsoleEvalObserver<'_> {
    fn note(&mut self, text: &str) {
        self.console.print_once(&format!("note: {text}"));
    }

    fn before_gradient(&mut self) {
        self.gradients += 1;
        let title = format!("face {} of {}", self.faces_done + 1, self.plan.protocol.faces.len());
        self.console.show_position(&title, self.gradients);
    }

    fn problem_found(&mut self, problem: &EvaluationProblem) {
        self.console.print(&format!("error: {problem}"));
    }

    fn face_done(&mut self, so_far: &Evaluation) {
        self.faces_done = so_far.faces_done;
        // Includes searches that failed or ended early.
        self.gradients = self.plan.protocol.gradients_per_face() * so_far.faces_done as u64;
        self.print_progress();
        let Some(path) = self.plan.json.as_deref().filter(|_| !self.plan.is_json_to_stdout()) else { return };
        if self.last_written.elapsed() >= JSON_UPDATE_INTERVAL {
            if let Err(error) = report::write_report(path, self.plan, so_far) {
                self.console.print_once(&format!("error: {error:#}; trying again later"));
            }
            self.last_written = Instant::now();
        }
    }
}
