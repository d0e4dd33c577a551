//! `countenance fill`: fills one photo after the other with the same search as the editor.
//!
//! Ctrl-C ends the program immediately. Pictures are written atomically, so no partial file remains.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::args::FillArgs;
use super::console::Console;
use super::fill_observer::ConsoleFillObserver;
use super::fill_plan::FillPlan;
use super::fill_report::{FillReport, PhotoReport};
use super::inputs::FillTask;
use super::{CommandStatus, run_on_named_thread};
use crate::device::DeviceChoice;
use crate::fs::Overwrite;
use crate::job::{
    ExportContent, FillError, FillExport, FillObserver, FillOutcome, FillRequest, NetworkCache, Provenance,
    SearchStart, StopReason, run_fill,
};
use crate::model::ModelChoice;
use crate::photo::{self, DecodeLimits, save_png};

/// Runs the search: the [`NetworkCache`], or a fake in tests.
trait FillBackend {
    /// Opens the device and loads the model before the first photo, so that their errors are reported only once.
    fn load_model(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(), FillError>;

    fn run_search(&mut self, request: &FillRequest, observer: &mut dyn FillObserver) -> Result<FillOutcome, FillError>;
}

impl FillBackend for NetworkCache {
    fn load_model(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(), FillError> {
        Self::load(self, device, model).map(|_| ())
    }

    fn run_search(&mut self, request: &FillRequest, observer: &mut dyn FillObserver) -> Result<FillOutcome, FillError> {
        run_fill(self, request, observer)
    }
}

/// Runs the command.
pub(super) fn run(args: &FillArgs) -> anyhow::Result<CommandStatus> {
    let plan = FillPlan::new(args)?;
    let fill = || Ok(fill_photos(&mut NetworkCache::default(), &plan, &mut Console::stderr()));
    let report = run_on_named_thread("fill", fill)?;
    if let Some(path) = &args.output.report {
        report.write(path)?;
    }
    Ok(CommandStatus::from_success(report.all_succeeded()))
}

/// Fills every photo and reports the results.
fn fill_photos(backend: &mut dyn FillBackend, plan: &FillPlan, console: &mut Console) -> FillReport {
    if let Err(error) = backend.load_model(plan.device, &plan.model) {
        let error = format!("{:#}", anyhow::Error::from(error));
        console.print(&format!("error: {error}"));
        let failed = plan.tasks.iter().map(|task| PhotoReport::new(plan, task, None).failed(error.clone()));
        return FillReport::new(failed.collect());
    }
    let count = plan.tasks.len();
    let mut photos = Vec::with_capacity(count);
    for (index, task) in plan.tasks.iter().enumerate() {
        let name = task.photo.file_name().unwrap_or_default().display();
        let title = if count == 1 { name.to_string() } else { format!("[{}/{count}] {name}", index + 1) };
        console.start_bar(&title, plan.settings.steps);
        let request = fill_request(plan, task, console);
        let frame = request.as_ref().ok().map(|request| request.frame);
        let result = request.and_then(|request| fill_photo(backend, plan, task, &request, console));
        console.clear_bar();
        let report = PhotoReport::new(plan, task, frame);
        photos.push(match result {
            Ok(SavedFill { outcome, error }) => {
                console.print(&fill_summary(task, &outcome));
                if let Some(warning) = outcome.fit_warning() {
                    let photo = task.photo.display();
                    console.print(&format!("warning: {photo}: {}. {}", warning.message, warning.advice));
                }
                if let Some(error) = &error {
                    console.print(&photo_error_line(task, error));
                }
                report.filled(task, &outcome, error)
            }
            Err(error) => {
                let error = format!("{error:#}");
                console.print(&photo_error_line(task, &error));
                report.failed(error)
            }
        });
    }
    let report = FillReport::new(photos);
    let failed = report.photos.iter().filter(|photo| photo.error.is_some()).count();
    if count > 1 && failed > 0 {
        console.print(&format!("{failed} of {count} photos failed"));
    }
    report
}

/// A saved fill.
struct SavedFill {
    outcome: FillOutcome,
    /// An error that did not prevent the fill.
    error: Option<String>,
}

/// Opens a photo, and finds its hole and its face frame.
fn fill_request(plan: &FillPlan, task: &FillTask, console: &mut Console) -> anyhow::Result<FillRequest> {
    let photo = photo::open(&task.photo, DecodeLimits::default())?;
    let (hole, frame, note) = plan.hole_and_frame(&task.stem, &photo)?;
    if let Some(note) = note {
        console.print(&format!("{}: {note}", task.photo.display()));
    }
    Ok(FillRequest {
        photo: Arc::new(photo),
        hole: Arc::new(hole),
        frame,
        settings: plan.settings,
        start: SearchStart::FromSettings,
        blend: plan.blend,
        model: plan.model.clone(),
        device: plan.device,
    })
}

/// Fills one photo and saves it. On an error, no file is written.
fn fill_photo(
    backend: &mut dyn FillBackend,
    plan: &FillPlan,
    task: &FillTask,
    request: &FillRequest,
    console: &mut Console,
) -> anyhow::Result<SavedFill> {
    let mut observer = ConsoleFillObserver::new(console, plan, task, request)?;
    let outcome = backend.run_search(request, &mut observer)?;
    let FillRequest { photo, hole, frame, blend, .. } = request;
    let export = FillExport { photo, hole, frame: *frame, blend: *blend, outcome: &outcome, candidate: outcome.best };
    let provenance = plan.records_provenance.then(|| Provenance::new(&export)).transpose()?;
    let save = |content, path: &Path| save_fill(&export, content, provenance.as_ref(), path, plan.overwrite);
    save(ExportContent::Photo, &task.out)?;
    let layer_result = task.layer.as_deref().map_or(Ok(()), |path| save(ExportContent::Layer, path));

    let search_error = match &outcome.stopped {
        Some(StopReason::Failed(reason)) => {
            Some(format!("the search failed at iteration {} ({reason}): the best fill so far is saved", outcome.steps))
        }
        Some(StopReason::Cancelled) | None => None,
    };
    let output_errors = layer_result.err().into_iter().chain(observer.finish(&export));
    let output_errors = output_errors.map(|error| format!("the fill is saved, but {error:#}"));
    let errors: Vec<String> = search_error.into_iter().chain(output_errors).collect();
    let error = (!errors.is_empty()).then(|| errors.join("; "));
    Ok(SavedFill { outcome, error })
}

/// Writes the photo or the layer, as `content` says.
pub(super) fn save_fill(
    export: &FillExport<'_>,
    content: ExportContent,
    provenance: Option<&Provenance>,
    path: &Path,
    overwrite: Overwrite,
) -> anyhow::Result<()> {
    let picture = export.picture(content).context("the search returned no face")?;
    save_png(path, &picture, &export.png_metadata(content, provenance), overwrite)?;
    Ok(())
}

/// Adds the photo's name, unless the error already contains it.
fn photo_error_line(task: &FillTask, error: &str) -> String {
    let photo = task.photo.display().to_string();
    if error.contains(&photo) { format!("error: {error}") } else { format!("error: {photo}: {error}") }
}

/// For example `face.jpg → filled.png: 150 steps in 2.3 s on CPU, total loss 0.2101 → 0.0432`.
fn fill_summary(task: &FillTask, outcome: &FillOutcome) -> String {
    let start = outcome.first_losses.total;
    let end = outcome.candidates.get(outcome.best).map_or(start, |best| best.losses.total);
    let steps = if outcome.steps == 1 { "step" } else { "steps" };
    format!(
        "{} → {}: {} {steps} in {:.1} s on {}, total loss {start:.4} → {end:.4}",
        task.photo.display(),
        task.out.display(),
        outcome.steps,
        outcome.search_secs,
        outcome.device.name,
    )
}
