//! The evaluation of a checkpoint: samples, quality metrics and the exported model.

use super::data::Pictures;
use super::events::EventFile;
use super::folder::RunFolder;
use super::log::{self, Table};
use super::quality::Yardstick;
use super::samples::{Showcase, encode};
use super::settings::TrainSettings;
use super::trainer::TrainState;
use super::{Milestone, TrainError, export};
use crate::model::host::{HostNetworks, Purpose};

/// Evaluates the checkpoints of a run and remembers the best one.
pub(super) struct Measuring {
    showcase: Showcase,
    yardstick: Yardstick,
    table: Table,
    /// The lowest context loss so far.
    best: Option<f64>,
}

impl Measuring {
    /// Prepares the evaluation on the held-out faces and reads the metrics logged up to `step`.
    pub fn begin(
        settings: &TrainSettings,
        folder: &RunFolder,
        step: u64,
        held_out: &dyn Pictures,
    ) -> Result<Self, TrainError> {
        let table = Table::open(&folder.quality_path(), step)?;
        let former = log::curves(&folder.quality_path())?;
        let losses = former.iter().find(|curve| curve.name == "context_loss");
        let best = losses.and_then(|curve| curve.points.iter().map(|(_, loss)| *loss).min_by(f64::total_cmp));
        let (showcase, yardstick) = (Showcase::new(settings, held_out), Yardstick::new(settings, held_out)?);
        Ok(Self { showcase, yardstick, table, best })
    }

    /// Exports the model, writes samples and quality metrics, and keeps the model as the best one if its context loss
    /// is the lowest.
    pub fn measure(
        &mut self,
        settings: &TrainSettings,
        folder: &RunFolder,
        state: &TrainState,
        events: &mut EventFile,
    ) -> Result<Milestone, TrainError> {
        let step = state.step;
        let (bytes, file) = export::model(settings, state)?;
        let grid = self.showcase.draw(&HostNetworks::load(&file, Purpose::Plain)?);
        let size_px = [grid.width(), grid.height()];
        let samples = folder.sample_path(step);
        let png = encode(grid).map_err(|source| TrainError::Save { path: samples.clone(), source })?;
        RunFolder::write(&samples, &png)?;
        events.picture(step, "samples", size_px, png)?;
        RunFolder::write(folder.model_path(), &bytes)?;
        let quality = self.yardstick.measure(&file)?;
        self.table.add(step, &quality.numbers())?;
        #[expect(clippy::cast_possible_truncation, reason = "shown in single precision")]
        let shown = quality.numbers().into_iter().map(|(name, value)| (name, value as f32));
        events.scalars(step, shown)?;
        let is_best = self.best.is_none_or(|best| quality.context_loss < best);
        if is_best {
            RunFolder::write(folder.best_path(), &bytes)?;
            self.best = Some(quality.context_loss);
        }
        Ok(Milestone { step, samples, quality, is_best })
    }
}

/// Returns an error text if the state holds a value that is not finite.
pub(super) fn finite(state: &TrainState) -> Option<String> {
    let (name, _) = state.nets.iter().find(|(_, net)| !net.is_finite())?;
    Some(format!("the {name} holds a NaN or infinite value: continue with a lower learning rate or a larger batch"))
}
