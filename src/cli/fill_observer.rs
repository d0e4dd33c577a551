//! Observes a running fill: progress bar, loss log, frames and generated faces.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::Arc;

use image::DynamicImage;

use super::batch_sheet::SheetPhoto;
use super::console::Console;
use super::fill_plan::FillPlan;
use super::hats::HatsFolder;
use super::inputs::{FillTask, with_suffix};
use super::latent_log;
use super::loss_log::LossLog;
use crate::face_picture::FacePicture;
use crate::job::{
    DeviceInfo, FillControl, FillObserver, FillOutcome, FillRequest, FrameOutputs, FramePlace, FrameRecorder,
};
use crate::mask::Mask;
use crate::model::ModelInfo;
use crate::search::Losses;

/// Output files of one search.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SearchOutputs {
    pub(super) frames: FrameOutputs,
    pub(super) hats: Option<PathBuf>,
    pub(super) log: Option<PathBuf>,
}

impl SearchOutputs {
    /// Those of the photo for the first face, and with `face2` in the name for the second.
    pub(super) fn new(task: &FillTask, turn: usize) -> Self {
        let FillTask { frames: FrameOutputs { folder, gif, apng }, hats, log, .. } = task;
        if turn == 1 {
            return Self { frames: task.frames.clone(), hats: hats.clone(), log: log.clone() };
        }
        let face = format!("face{turn}");
        let named = |path: &Option<PathBuf>| path.as_deref().map(|path| with_suffix(path, face.as_ref()));
        let [folder, hats] = [folder, hats].map(|folder| folder.as_ref().map(|folder| folder.join(&face)));
        Self { frames: FrameOutputs { folder, gif: named(gif), apng: named(apng) }, hats, log: named(log) }
    }
}

/// Observes one search. If the log or a frame cannot be written, that output stops with an error and the search
/// continues: the fill matters more.
pub(super) struct ConsoleFillObserver<'a> {
    console: &'a mut Console,
    outputs: &'a SearchOutputs,
    log: Option<LossLog<BufWriter<File>>>,
    recorder: Option<FrameRecorder>,
    hats: Option<HatsFolder>,
    on_sheet: Option<&'a mut SheetPhoto>,
    frame_interval: u32,
    errors: Vec<anyhow::Error>,
}

impl<'a> ConsoleFillObserver<'a> {
    /// `part` is the part of the request's hole that is filled.
    pub(super) fn new(
        console: &'a mut Console,
        plan: &FillPlan,
        outputs: &'a SearchOutputs,
        request: &FillRequest,
        part: &'a Mask,
        on_sheet: Option<&'a mut SheetPhoto>,
    ) -> anyhow::Result<Self> {
        let FillRequest { photo, hole, frame, blend, settings, .. } = request;
        let place = FramePlace { photo, hole, part, frame, blend: *blend, task: settings.task };
        let frames = &outputs.frames;
        let on_sheet = on_sheet.filter(|photo| photo.wants_frames());
        let wants_recorder = !frames.is_empty() || on_sheet.is_some();
        let recorder = wants_recorder.then(|| FrameRecorder::new(&place, frames, plan.overwrite)).transpose()?;
        let hats = outputs.hats.clone().map(HatsFolder::create).transpose()?;
        let frame_interval = plan.frame_interval.max(1);
        Ok(Self { console, outputs, log: None, recorder, hats, on_sheet, frame_interval, errors: Vec::new() })
    }

    /// Writes the latents of every iteration beside the log.
    pub(super) fn log_latents(&mut self, outcome: &FillOutcome) {
        if let Some(log) = &self.outputs.log {
            self.errors.extend(latent_log::write(&latent_log::latents_path(log), outcome).err());
        }
    }

    /// Completes log and frames. `steps` is the number of iterations, `picture` the photo with the fill, and `drawn` the
    /// generator's face in it. Returns their errors.
    pub(super) fn finish(
        mut self,
        steps: u32,
        picture: &DynamicImage,
        drawn: Option<&FacePicture>,
    ) -> Vec<anyhow::Error> {
        if let (Some(hats), Some(drawn)) = (&self.hats, drawn) {
            self.errors.extend(hats.write(steps, drawn).err());
        }
        if let Some(recorder) = self.recorder.take() {
            self.errors.extend(recorder.finish(steps, picture).err());
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
            && let Some(path) = &self.outputs.log
        {
            self.log = Some(LossLog::create(path)?);
        }
        match &mut self.log {
            Some(log) => log.add_iteration(iteration, losses),
            None => Ok(()),
        }
    }
}

/// Observes a drawing without a search: there is nothing to tell.
pub(super) struct SilentObserver;

impl FillObserver for SilentObserver {
    fn started(&mut self, _: &DeviceInfo, _: &ModelInfo, _: &[String]) {}

    fn control(&mut self) -> FillControl {
        FillControl::Continue
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
        // The first iteration, and every N-th.
        (self.recorder.is_some() || self.hats.is_some())
            && (iteration == 1 || iteration.is_multiple_of(self.frame_interval))
    }

    fn pictures(&mut self, iteration: u32, pictures: Vec<Arc<FacePicture>>, best: usize) {
        let Some(drawn) = pictures.get(best) else { return };
        if let Some(recorder) = &mut self.recorder {
            match recorder.record(iteration, drawn) {
                Ok(()) => self.on_sheet.iter_mut().for_each(|photo| photo.add_frame(recorder.frame())),
                Err(error) => {
                    self.recorder = None;
                    self.errors.push(error);
                }
            }
        }
        if let Some(hats) = &self.hats
            && let Err(error) = hats.write(iteration, drawn)
        {
            self.hats = None;
            self.errors.push(error);
        }
    }
}
