//! `countenance fill`: fills one photo after the other with the same search as the editor.
//!
//! Ctrl-C ends the program immediately. Pictures are written atomically, so no partial file remains.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, anyhow};

use super::Ending;
use super::args::FillArgs;
use super::batch::Task;
use super::follow::Follower;
use super::plan::Plan;
use super::progress::Console;
use super::report::{PhotoReport, Report};
use crate::device::DeviceChoice;
use crate::job::{
    Content, Engine, FillError, FillOutcome, FillRequest, Made, Observer, Recipe, Start, StopReason, run_fill,
};
use crate::model::ModelChoice;
use crate::photo::{self, DecodeLimits, Overwrite, save_png};

/// Runs the search: the [`Engine`], or a fake in tests.
trait Searcher {
    /// Opens the device and loads the model. Their errors are then reported once and not for every photo.
    fn prepare(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(), FillError>;

    fn search(&mut self, request: &FillRequest, observer: &mut dyn Observer) -> Result<FillOutcome, FillError>;
}

impl Searcher for Engine {
    fn prepare(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(), FillError> {
        Self::prepare(self, device, model).map(|_| ())
    }

    fn search(&mut self, request: &FillRequest, observer: &mut dyn Observer) -> Result<FillOutcome, FillError> {
        run_fill(self, request, observer)
    }
}

/// Runs the command.
pub(super) fn run(args: &FillArgs) -> anyhow::Result<Ending> {
    let plan = Plan::new(args)?;
    // burn requires that its work stays on one thread; debuggers and profilers show the name.
    let report = thread::scope(|scope| {
        let fills = thread::Builder::new()
            .name("fill".into())
            .spawn_scoped(scope, || fill_all(&mut Engine::default(), &plan, &mut Console::stderr()))
            .context("cannot start the compute thread")?;
        fills.join().map_err(|_| anyhow!("the program crashed: see the message above; finished fills are saved"))
    })?;
    if let Some(path) = &args.output.report {
        report.write(path)?;
    }
    Ok(if report.all_well() { Ending::AllWell } else { Ending::SomeFailed })
}

/// Fills every photo and reports the results.
fn fill_all(searcher: &mut dyn Searcher, plan: &Plan, console: &mut Console) -> Report {
    if let Err(error) = searcher.prepare(plan.device, &plan.model) {
        let error = format!("{:#}", anyhow::Error::from(error));
        console.say(&format!("error: {error}"));
        let failed = plan.tasks.iter().map(|task| PhotoReport::failed(plan, task, error.clone()));
        return Report::new(failed.collect());
    }
    let count = plan.tasks.len();
    let mut photos = Vec::with_capacity(count);
    for (index, task) in plan.tasks.iter().enumerate() {
        let name = task.photo.file_name().unwrap_or_default().display();
        let title = if count == 1 { name.to_string() } else { format!("[{}/{count}] {name}", index + 1) };
        console.begin(&title, plan.settings.steps);
        let result = fill_one(searcher, plan, task, console);
        console.end();
        photos.push(match result {
            Ok(Filled { outcome, problem }) => {
                console.say(&summary(task, &outcome));
                if let Some(doubt) = outcome.doubt() {
                    console.say(&format!("warning: {}: {}. {}", task.photo.display(), doubt.what, doubt.next));
                }
                if let Some(problem) = &problem {
                    console.say(&error_line(task, problem));
                }
                PhotoReport::filled(plan, task, &outcome, problem)
            }
            Err(error) => {
                let error = format!("{error:#}");
                console.say(&error_line(task, &error));
                PhotoReport::failed(plan, task, error)
            }
        });
    }
    let report = Report::new(photos);
    let failed = report.photos.iter().filter(|photo| photo.error.is_some()).count();
    if count > 1 && failed > 0 {
        console.say(&format!("{failed} of {count} photos failed"));
    }
    report
}

/// A saved fill.
struct Filled {
    outcome: FillOutcome,
    /// An error that did not prevent the fill.
    problem: Option<String>,
}

/// Fills one photo and saves it. On an error, no file is written.
fn fill_one(searcher: &mut dyn Searcher, plan: &Plan, task: &Task, console: &mut Console) -> anyhow::Result<Filled> {
    let photo = photo::open(&task.photo, DecodeLimits::default())?;
    let (frame, note) = plan.frame_of(&photo)?;
    if let Some(note) = note {
        console.say(&format!("{}: {note}", task.photo.display()));
    }
    let hole = plan.mask.hole(&task.stem, &photo, &frame, plan.crop_size_px, plan.settings.seed)?;
    let request = FillRequest {
        photo: Arc::new(photo),
        hole: Arc::new(hole),
        frame,
        settings: plan.settings,
        start: Start::AsSet,
        blend: plan.blend,
        model: plan.model.clone(),
        device: plan.device,
    };
    let mut follower = Follower::new(console, plan, task, &request)?;
    let outcome = searcher.search(&request, &mut follower)?;
    let FillRequest { photo, hole, .. } = &request;
    let made = Made { photo, hole, frame, blend: plan.blend, outcome: &outcome, candidate: outcome.best };
    let recipe = plan.record.then(|| Recipe::new(&made)).transpose()?;
    let save = |content, path: &Path| save(&made, content, recipe.as_ref(), path, plan.overwrite);
    save(Content::Photo, &task.out)?;
    let layer = task.layer.as_deref().map_or(Ok(()), |path| save(Content::Layer, path));

    let broke = match &outcome.stopped {
        Some(StopReason::Failed(reason)) => {
            Some(format!("the search failed at iteration {} ({reason}): the best fill so far is saved", outcome.steps))
        }
        Some(StopReason::Cancelled) | None => None,
    };
    let beside = layer
        .err()
        .into_iter()
        .chain(follower.finish(&outcome))
        .map(|error| format!("the fill is saved, but {error:#}"));
    let problems: Vec<String> = broke.into_iter().chain(beside).collect();
    let problem = (!problems.is_empty()).then(|| problems.join("; "));
    Ok(Filled { outcome, problem })
}

/// Writes the photo or the layer, as `content` says.
pub(super) fn save(
    made: &Made<'_>,
    content: Content,
    recipe: Option<&Recipe>,
    path: &Path,
    overwrite: Overwrite,
) -> anyhow::Result<()> {
    let picture = made.picture(content).context("the search returned no face")?;
    save_png(path, &picture, &made.extras(content, recipe), overwrite)?;
    Ok(())
}

/// Adds the photo's name, unless the error already contains it.
fn error_line(task: &Task, error: &str) -> String {
    let photo = task.photo.display().to_string();
    if error.contains(&photo) { format!("error: {error}") } else { format!("error: {photo}: {error}") }
}

/// For example `face.jpg → filled.png: 150 steps in 2.3 s on CPU, total loss 0.2101 → 0.0432`.
fn summary(task: &Task, outcome: &FillOutcome) -> String {
    let start = outcome.first_losses.total;
    let end = outcome.candidates.get(outcome.best).map_or(start, |best| best.losses.total);
    let steps = if outcome.steps == 1 { "step" } else { "steps" };
    format!(
        "{} → {}: {} {steps} in {:.1} s on {}, total loss {start:.4} → {end:.4}",
        task.photo.display(),
        task.out.display(),
        outcome.steps,
        outcome.seconds,
        outcome.device.name,
    )
}
