//! `countenance fill`: fills one photo after the other with the same search as the editor.
//!
//! Ctrl-C ends the program immediately. Pictures are written atomically, so no partial file remains.

#[cfg(test)]
pub(super) mod tests;

use super::CommandStatus;
use super::args::FillArgs;
use super::batch_sheet::BatchSheet;
use super::console::Console;
use super::fill_photo::fill_photo;
use super::fill_plan::FillPlan;
use super::fill_report::{FillReport, PhotoReport};
use super::run_on_named_thread;
use crate::device::DeviceChoice;
use crate::job::{
    FaceMapSet, FillError, FillObserver, FillOutcome, FillRequest, MapRequest, NetworkCache, draw_maps, run_fill,
    run_fills,
};
use crate::model::ModelChoice;

/// Runs the search: the [`NetworkCache`], or a fake in tests.
pub(super) trait FillBackend {
    /// Opens the device and loads the model before the first photo, so that their errors are reported only once.
    fn load_model(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(), FillError>;

    fn run_search(&mut self, request: &FillRequest, observer: &mut dyn FillObserver) -> Result<FillOutcome, FillError>;

    /// Runs several searches; together, if the backend can. Returns their outcomes in order.
    fn run_searches(
        &mut self,
        fills: Vec<(&FillRequest, &mut dyn FillObserver)>,
    ) -> Vec<Result<FillOutcome, FillError>> {
        fills.into_iter().map(|(request, observer)| self.run_search(request, observer)).collect()
    }

    /// Computes maps of a fill.
    fn draw_maps(&mut self, request: &MapRequest) -> Result<Option<FaceMapSet>, FillError>;

    /// Drops device and model, which a panic may have left half-changed. The next search opens them again.
    fn reset(&mut self);
}

impl FillBackend for NetworkCache {
    fn load_model(&mut self, device: DeviceChoice, model: &ModelChoice) -> Result<(), FillError> {
        Self::load(self, device, model).map(|_| ())
    }

    fn run_search(&mut self, request: &FillRequest, observer: &mut dyn FillObserver) -> Result<FillOutcome, FillError> {
        run_fill(self, request, observer)
    }

    fn run_searches(
        &mut self,
        fills: Vec<(&FillRequest, &mut dyn FillObserver)>,
    ) -> Vec<Result<FillOutcome, FillError>> {
        run_fills(self, fills)
    }

    fn draw_maps(&mut self, request: &MapRequest) -> Result<Option<FaceMapSet>, FillError> {
        draw_maps(self, request, &mut |_| true)
    }

    fn reset(&mut self) {
        *self = Self::default();
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
pub(super) fn fill_photos(backend: &mut dyn FillBackend, plan: &FillPlan, console: &mut Console) -> FillReport {
    for line in &plan.skipped {
        console.print(line);
    }
    if let Err(error) = backend.load_model(plan.device, &plan.model) {
        let error = format!("{:#}", anyhow::Error::from(error));
        console.print(&format!("error: {error}"));
        let failed = plan.tasks.iter().map(|task| PhotoReport::new(plan, task).failed(error.clone()));
        return FillReport::new(failed.collect());
    }
    let count = plan.tasks.len();
    let mut photos = Vec::with_capacity(count);
    let mut sheet = BatchSheet::new(plan.sheet.clone(), plan.sheet_gif.clone());
    for (index, task) in plan.tasks.iter().enumerate() {
        let name = task.photo.file_name().unwrap_or_default().display();
        let title = if count == 1 { name.to_string() } else { format!("[{}/{count}] {name}", index + 1) };
        photos.push(fill_photo(backend, plan, task, &title, console, &mut sheet));
    }
    let mut report = FillReport::new(photos);
    if let Err(error) = sheet.save(plan.overwrite) {
        console.print(&format!("error: {error:#}"));
        report.has_sheet_failed = true;
    }
    if let Some(line) = report.failures().filter(|_| count > 1) {
        console.print(&line);
    }
    report
}
