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

use super::progress::Console;
use super::{Ending, on_one_thread, print_result};
use crate::evaluation::{self, Evaluation, Problem, Watcher};
use crate::job::Engine;
use crate::photo::{Extras, Overwrite, Sheet, save_png};
use plan::Plan;

/// How often the JSON is updated during the run. Each update writes the whole file, so more updates would slow down long
/// runs.
const WRITE_EVERY: Duration = Duration::from_secs(10);

/// Runs the command.
pub(super) fn run(args: &EvalArgs) -> anyhow::Result<Ending> {
    let plan = Plan::new(args)?;
    let done = on_one_thread("evaluation", || evaluate(&plan, &mut Console::stderr()))?;
    print_result(&done.text)?;
    Ok(done.ending)
}

/// Result of an evaluation.
struct Done {
    ending: Ending,
    /// For standard output.
    text: String,
}

/// Evaluates, and writes the requested files.
fn evaluate(plan: &Plan, console: &mut Console) -> anyhow::Result<Done> {
    let protocol = &plan.protocol;
    console.begin("eval", protocol.gradients_a_face() * protocol.faces.len() as u64);
    let mut live =
        Live { plan, console, gradients: 0, faces_done: 0, started: Instant::now(), last_written: Instant::now() };
    let evaluation = evaluation::run(&mut Engine::default(), protocol, &mut live);
    console.end();
    let evaluation = evaluation?;
    if let Some(path) = plan.json.as_deref().filter(|_| !plan.prints_json()) {
        report::write(path, plan, &evaluation)?;
    }
    if let Some(path) = &plan.sheet {
        if evaluation.sheet.is_empty() {
            console.say("no face was evaluated: the sheet is not written");
        } else {
            let picture = DynamicImage::ImageRgb8(evaluation.sheet.draw(Sheet::LARGE_PX));
            save_png(path, &picture, &Extras::default(), Overwrite::Allow).context("cannot write the sheet")?;
            let columns = protocol.sheet_columns().join(", ");
            console.say(&format!("{} shows, from the left: {columns}", path.display()));
        }
    }
    let problems = evaluation.problems.len();
    if problems > 0 {
        console.say(&format!("{problems} could not be scored: see the errors above"));
    }
    Ok(Done {
        ending: if problems == 0 { Ending::AllWell } else { Ending::SomeFailed },
        text: if plan.prints_json() { report::json(plan, &evaluation)? } else { table::table(plan, &evaluation) },
    })
}

/// Shows the progress and updates the JSON.
struct Live<'a> {
    plan: &'a Plan,
    console: &'a mut Console,
    gradients: u64,
    faces_done: usize,
    started: Instant,
    last_written: Instant,
}

impl Live<'_> {
    /// Without a progress bar, prints a line with the estimated time left after each face.
    fn tell_place(&mut self) {
        let (done, all) = (self.faces_done, self.plan.protocol.faces.len());
        if self.console.is_on_terminal() || done == all {
            return;
        }
        let shares = u32::try_from(done).unwrap_or(u32::MAX).max(1);
        let left = self.started.elapsed() / shares * u32::try_from(all - done).unwrap_or(u32::MAX);
        self.console.say(&format!("{done} of {all} faces done, about {} left", HumanDuration(left)));
    }
}

impl Watcher for Live<'_> {
    fn note(&mut self, text: &str) {
        self.console.say_once(&format!("note: {text}"));
    }

    fn gradient(&mut self) {
        self.gradients += 1;
        let title = format!("face {} of {}", self.faces_done + 1, self.plan.protocol.faces.len());
        self.console.show_place(&title, self.gradients);
    }

    fn problem(&mut self, problem: &Problem) {
        self.console.say(&format!("error: {problem}"));
    }

    fn face_done(&mut self, so_far: &Evaluation) {
        self.faces_done = so_far.faces_done;
        // Includes searches that failed or ended early.
        self.gradients = self.plan.protocol.gradients_a_face() * so_far.faces_done as u64;
        self.tell_place();
        let Some(path) = self.plan.json.as_deref().filter(|_| !self.plan.prints_json()) else { return };
        if self.last_written.elapsed() >= WRITE_EVERY {
            if let Err(error) = report::write(path, self.plan, so_far) {
                self.console.say_once(&format!("error: {error:#}; trying again later"));
            }
            self.last_written = Instant::now();
        }
    }
}
