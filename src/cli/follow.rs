//! Observes a running fill: progress bar, loss log and frames.

use std::fs::File;
use std::io::BufWriter;

use super::batch::Task;
use super::frames::Recorder;
use super::loss_log::LossLog;
use super::plan::Plan;
use super::progress::Console;
use crate::job::{DeviceInfo, FillOutcome, FillRequest, Flow, Observer};
use crate::model::ModelInfo;
use crate::search::Losses;

/// Observes one search. If the log or a frame cannot be written, that output stops with an error and the search
/// continues: the fill matters more.
pub(super) struct Follower<'a> {
    console: &'a mut Console,
    task: &'a Task,
    log: Option<LossLog<BufWriter<File>>>,
    recorder: Option<Recorder>,
    problems: Vec<anyhow::Error>,
}

impl<'a> Follower<'a> {
    pub(super) fn new(
        console: &'a mut Console,
        plan: &Plan,
        task: &'a Task,
        request: &FillRequest,
    ) -> anyhow::Result<Self> {
        Ok(Self { console, task, log: None, recorder: Recorder::new(plan, task, request)?, problems: Vec::new() })
    }

    /// Completes log and frames. Returns their errors.
    pub(super) fn finish(mut self, outcome: &FillOutcome) -> Vec<anyhow::Error> {
        if let (Some(recorder), Some(best)) = (self.recorder.take(), outcome.candidates.get(outcome.best)) {
            let end = recorder.finish(outcome.steps, &best.pixels, outcome.size_px);
            self.problems.extend(end.err());
        }
        if let Some(log) = self.log.take() {
            self.problems.extend(log.finish().err());
        }
        self.problems
    }

    /// Creates the log at the first losses, so a fill that never starts does not overwrite an old log.
    fn log(&mut self, iteration: u32, losses: &[Losses]) -> anyhow::Result<()> {
        if self.log.is_none()
            && iteration == 1
            && let Some(path) = &self.task.log
        {
            self.log = Some(LossLog::create(path)?);
        }
        match &mut self.log {
            Some(log) => log.add(iteration, losses),
            None => Ok(()),
        }
    }
}

impl Observer for Follower<'_> {
    fn started(&mut self, device: &DeviceInfo, _: &ModelInfo, notes: &[String]) {
        for note in device.notice.iter().chain(notes) {
            self.console.say_once(&format!("note: {note}"));
        }
    }

    fn flow(&mut self) -> Flow {
        Flow::Continue
    }

    fn wants_losses(&mut self, _: u32) -> bool {
        self.console.wants_losses()
    }

    fn losses(&mut self, iteration: u32, losses: &[Losses]) {
        if let Err(error) = self.log(iteration, losses) {
            self.log = None;
            self.problems.push(error);
        }
        let least = losses.iter().map(|losses| losses.total).fold(f32::NAN, f32::min);
        self.console.show(iteration, least);
    }

    fn wants_pictures(&mut self, iteration: u32) -> bool {
        self.recorder.as_ref().is_some_and(|recorder| recorder.wants(iteration))
    }

    fn pictures(&mut self, iteration: u32, size_px: u32, pictures: Vec<Vec<f32>>, best: usize) {
        if let (Some(recorder), Some(fill)) = (&mut self.recorder, pictures.get(best))
            && let Err(error) = recorder.record(iteration, fill, size_px)
        {
            self.recorder = None;
            self.problems.push(error);
        }
    }
}
