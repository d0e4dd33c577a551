//! A snapshot of a run for drawing. It is built in the background, and its size does not grow with the run.

use std::time::Duration;

use super::downsample::downsample;
use super::run_status::{RunObservation, RunStatus};
use crate::train::{MetricSeries, RunMonitor, TrainSettings};

/// One column of a run's tables, downsampled for drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotCurve {
    /// Column name in the table.
    pub name: String,
    /// `[step, value]` pairs, ascending by step, all finite.
    pub points: Vec<[f64; 2]>,
}

/// The measurement with the lowest context loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestStep {
    pub step: u64,
    pub context_loss: f64,
}

/// Everything that the window draws of a run, except the sample pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    pub settings: TrainSettings,
    pub status: RunStatus,
    /// Steps done, according to the log.
    pub step: u64,
    pub images_per_sec: Option<f64>,
    /// Estimated time to the last step at this speed, excluding measurements. `None` while nothing runs.
    pub remaining: Option<Duration>,
    pub curves: Vec<PlotCurve>,
    pub best: Option<BestStep>,
    /// Whether the model with the lowest context loss exists.
    pub has_best_model: bool,
    /// Whether the model of the newest checkpoint exists.
    pub has_newest_model: bool,
    /// Steps that have a sample picture, ascending.
    pub sample_steps: Vec<u64>,
}

/// The speed is the mean over this many newest rows of the log.
const SPEED_ROWS: usize = 10;

impl RunView {
    /// Builds the view from the run monitor. `silence` is the time since a file of the run was last written.
    pub fn new(monitor: &RunMonitor, settings: TrainSettings, silence: Duration) -> Self {
        let folder = monitor.folder();
        let step = monitor.last_step().unwrap_or(0);
        let observation = RunObservation {
            ended: folder.session_end(),
            step,
            steps: settings.steps,
            silence,
            row_interval: row_interval(monitor.points("elapsed_secs")),
            is_asked_to_stop: folder.is_stop_requested(),
        };
        let status = RunStatus::from_observation(observation);
        let images_per_sec = mean_speed(monitor.points("images_per_sec"));
        let remaining_images = settings.steps.saturating_sub(step).saturating_mul(u64::from(settings.batch));
        let remaining_secs =
            images_per_sec.filter(|_| status.is_active() && step > 0).map(|speed| to_f64(remaining_images) / speed);
        let curve = |series: &MetricSeries| PlotCurve { name: series.name.clone(), points: downsample(&series.points) };
        Self {
            status,
            step,
            images_per_sec,
            remaining: remaining_secs.and_then(|secs| Duration::try_from_secs_f64(secs).ok()),
            curves: monitor.metrics().map(curve).collect(),
            best: best_step(monitor.points("context_loss")),
            has_best_model: folder.best_model_path().is_file(),
            has_newest_model: folder.model_path().is_file(),
            sample_steps: folder.sample_images().into_iter().map(|(step, _)| step).collect(),
            settings,
        }
    }

    /// The points of one column; empty if the column does not exist.
    pub fn points(&self, name: &str) -> &[[f64; 2]] {
        self.curves.iter().find(|curve| curve.name == name).map_or(&[], |curve| &curve.points)
    }
}

/// The mean speed of the newest rows; `None` without usable rows.
fn mean_speed(points: &[(u64, f64)]) -> Option<f64> {
    let newest = points.iter().rev().map(|(_, speed)| *speed).filter(|speed| speed.is_finite() && *speed > 0.0);
    let newest: Vec<f64> = newest.take(SPEED_ROWS).collect();
    (!newest.is_empty()).then(|| newest.iter().sum::<f64>() / to_f64(newest.len() as u64))
}

/// Time between the last two rows, from a curve of elapsed seconds.
fn row_interval(seconds: &[(u64, f64)]) -> Duration {
    let [.., (_, before), (_, last)] = seconds else { return Duration::ZERO };
    Duration::try_from_secs_f64(last - before).unwrap_or_default()
}

fn best_step(losses: &[(u64, f64)]) -> Option<BestStep> {
    let finite = losses.iter().filter(|(_, loss)| loss.is_finite());
    // On a tie the run keeps the first.
    let least = finite.min_by(|(_, a), (_, b)| a.total_cmp(b));
    least.map(|&(step, context_loss)| BestStep { step, context_loss })
}

#[expect(clippy::cast_precision_loss, reason = "counts of images and rows, far below 2^52")]
fn to_f64(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_step_has_the_lowest_finite_context_loss() {
        assert_eq!(best_step(&[]), None);
        let found = best_step(&[(100, 0.3), (200, f64::NAN), (300, 0.1), (400, 0.1)]);
        assert_eq!(found, Some(BestStep { step: 300, context_loss: 0.1 }));
    }

    #[test]
    fn speed_is_the_mean_of_the_newest_rows() {
        assert_eq!(mean_speed(&[]), None);
        let rows: Vec<(u64, f64)> = (0..30).map(|row| (row, if row < 20 { 1.0 } else { 5.0 })).collect();
        assert_eq!(mean_speed(&rows), Some(5.0));
        assert_eq!(mean_speed(&[(1, 0.0), (2, f64::NAN)]), None);
    }

    #[test]
    fn decreasing_elapsed_seconds_give_no_row_interval() {
        assert_eq!(row_interval(&[(20, 5.0), (40, 7.5)]), Duration::from_millis(2500));
        assert_eq!(row_interval(&[(20, 5.0), (40, 1.0)]), Duration::ZERO);
        assert_eq!(row_interval(&[(20, 5.0)]), Duration::ZERO);
    }
}
