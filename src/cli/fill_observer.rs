//! Observes a running fill: progress bar, loss log and frames.

use std::fs::File;
use std::io::BufWriter;

use super::console::Console;
use super::fill_plan::FillPlan;
use super::frames::FrameRecorder;
use super::inputs::FillTask;
use super::loss_log::LossLog;
use crate::job::{DeviceInfo, FillControl, FillExport, FillObserver, FillRequest};
use crate::model::ModelInfo;
use crate::search::Losses;

/// Observes one search. If the log or a frame cannot be written, that output stops with an error and the search
/// continues: the fill matters more.
pub(super) struct ConsoleFillObserver<'a> {
    console: &'a mut Console,
    task: &'a FillTask,
    log: Option<LossLog<BufWriter<File>>>,
    recorder: Option<FrameRecorder>,
    errors: Vec<anyhow::Error>,
}

impl<'a> ConsoleFillObserver<'a> {
    pub(super) fn new(
        console: &'a mut Console,
        plan: &FillPlan,
        task: &'a FillTask,
        request: &FillRequest,
    ) -> anyhow::Result<Self> {
        Ok(Self { console, task, log: None, recorder: FrameRecorder::new(plan, task, request)?, errors: Vec::new() })
    }

    /// Completes log and frames. The last frame shows the fill as it is exported. Returns their errors.
    pub(super) fn finish(mut self, export: &FillExport<'_>) -> Vec<anyhow::Error> {
        if let Some(recorder) = self.recorder.take() {
            self.errors.extend(recorder.finish(export).err());
        }
        if let Some(log) = self.log.take() {
            self.errors.extend(log.finish().err());
        }
        self.errors
    }

    /// Creates the log at the first losses, so a fill that never starts does not overwrite an old log.
    fn log_losses(&mut self, iteration: u32, losses: &[Losses]) -> anyhow::Result<()> {
        if self.log.is_none()
            && iteration == 1
            && let Some(path) = &self.task.log
        {
            self.log = Some(LossLog::create(path)?);
        }
        match &mut self.log {
            Some(log) => log.add_iteration(iteration, losses),
            None => Ok(()),
        }
    }
}

impl FillObserver for ConsoleFillObserver<'_> {
    fn started(&mut self, device: &DeviceInfo, _: &ModelInfo, notes: &[String]) {
        for note in device.notice.iter().chain(notes) {
            self.console.print_once(&format!("note: {note}"));
        }
    }

    fn control(&mut self) -> FillControl {
        FillControl::Continue
    }

    fn wants_losses(&mut self, _: u32) -> bool {
        self.console.is_update_due()
    }

    fn losses(&mut self, iteration: u32, losses: &[Losses]) {
        if let Err(error) = self.log_losses(iteration, losses) {
            self.log = None;
            self.errors.push(error);
        }
        self.console.show_losses(iteration, losses);
    }

    fn wants_pictures(&mut self, iteration: u32) -> bool {
        self.recorder.as_ref().is_some_and(|recorder| recorder.is_frame_due(iteration))
    }

    fn pictures(&mut self, iteration: u32, size_px: u32, pictures: Vec<Vec<f32>>, best: usize) {
        if let (Some(recorder), Some(fill)) = (&mut self.recorder, pictures.get(best))
            && let Err(error) = recorder.record(iteration, fill, size_px)
        {
            self.recorder = None;
            self.errors.push(error);
        }
    }
}
