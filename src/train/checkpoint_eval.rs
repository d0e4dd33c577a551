//! The evaluation of a checkpoint: samples, quality metrics, histograms of the weights and the exported model.

use super::face_images::FaceImages;
use super::metrics_log::{self, MetricsLog};
use super::quality::QualityEvaluator;
use super::run_folder::RunFolder;
use super::sample_sheet::{SampleSheet, encode_sheet};
use super::settings::TrainSettings;
use super::tensorboard::TensorBoardFile;
use super::trainer::TrainState;
use super::{CheckpointEval, TrainError, export};
use crate::model::cpu::{CpuNetworks, LoadMode};

/// Evaluates the checkpoints of a run and remembers the best one.
pub(super) struct CheckpointEvaluator {
    sample_sheet: SampleSheet,
    quality: QualityEvaluator,
    quality_log: MetricsLog,
    /// The lowest context loss so far.
    lowest_context_loss: Option<f64>,
}

impl CheckpointEvaluator {
    /// Prepares the evaluation on the held-out faces and reads the metrics logged up to `step`.
    pub fn open(
        settings: &TrainSettings,
        folder: &RunFolder,
        step: u64,
        held_out: &dyn FaceImages,
    ) -> Result<Self, TrainError> {
        let quality_log = MetricsLog::open(&folder.quality_path(), step)?;
        let series = metrics_log::read_series(&folder.quality_path())?;
        let losses = series.iter().find(|series| series.name == "context_loss");
        let lowest_context_loss =
            losses.and_then(|series| series.points.iter().map(|(_, loss)| *loss).min_by(f64::total_cmp));
        let (sample_sheet, quality) =
            (SampleSheet::new(settings, held_out), QualityEvaluator::new(settings, held_out)?);
        Ok(Self { sample_sheet, quality, quality_log, lowest_context_loss })
    }

    /// Exports the model, writes samples and quality metrics, and keeps the model as the best one if its context loss
    /// is the lowest.
    pub fn evaluate(
        &mut self,
        settings: &TrainSettings,
        folder: &RunFolder,
        state: &TrainState,
        events: &mut TensorBoardFile,
    ) -> Result<CheckpointEval, TrainError> {
        let step = state.step;
        let (bytes, file) = export::to_model_file(settings, state)?;
        let sheet = self.sample_sheet.render(&CpuNetworks::load(&file, LoadMode::Direct)?);
        let size_px = [sheet.width(), sheet.height()];
        let samples = folder.sample_path(step);
        let png = encode_sheet(sheet).map_err(|source| TrainError::Save { path: samples.clone(), source })?;
        RunFolder::write_file(&samples, &png)?;
        events.image(step, "samples", size_px, png)?;
        events.histograms(step, weights(state))?;
        RunFolder::write_file(folder.model_path(), &bytes)?;
        let quality = self.quality.evaluate(&file)?;
        self.quality_log.append_row(step, &quality.columns())?;
        #[expect(clippy::cast_possible_truncation, reason = "`TensorBoard` shows single precision")]
        let scalars = quality.columns().into_iter().map(|(name, value)| (name, value as f32));
        events.scalars(step, scalars)?;
        let is_best = self.lowest_context_loss.is_none_or(|lowest| quality.context_loss < lowest);
        if is_best {
            RunFolder::write_file(folder.best_model_path(), &bytes)?;
            self.lowest_context_loss = Some(quality.context_loss);
        }
        Ok(CheckpointEval { step, samples_path: samples, quality, is_best })
    }
}

/// The trained values of every network, as in `generator/up.0/weight`.
fn weights(state: &TrainState) -> impl Iterator<Item = (String, &[f32])> {
    state.nets.iter().flat_map(|(net, tensors)| {
        let learned = tensors.tensors.iter().filter(|(_, tensor)| tensor.moments.is_some());
        learned.map(move |(name, tensor)| {
            let layer_len = name.rfind(".norm.").or_else(|| name.rfind('.')).unwrap_or(0);
            let (layer, kind) = name.split_at(layer_len);
            (format!("{net}/{layer}/{}", kind.trim_start_matches('.')), &tensor.values[..])
        })
    })
}

/// Returns an error text if the state holds a NaN or infinite value.
pub(super) fn non_finite_reason(state: &TrainState) -> Option<String> {
    let (name, _) = state.nets.iter().find(|(_, net)| !net.is_finite())?;
    Some(format!("the {name} holds a NaN or infinite value: continue with a lower learning rate or a larger batch"))
}
