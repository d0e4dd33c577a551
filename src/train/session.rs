//! A training run, from request to outcome.

use std::time::{Duration, Instant};

use super::batch::Batch;
use super::checkpoint_eval::{CheckpointEvaluator, non_finite_reason};
use super::divergence::DivergenceMonitor;
use super::face_images::{FaceImages, FaceSubset, scaled_down};
use super::layer_tensors::parameter_count;
use super::metrics_log::MetricsLog;
use super::net::read_values;
use super::run_folder::RunFolder;
use super::session_start::{error_chain, last_value, load_or_initial_state, split_faces, warn_if_low_memory};
use super::settings::{TrainRecipe, TrainSettings};
use super::tensorboard::TensorBoardFile;
use super::trainer::{StepMetrics, TrainState, Trainer, mean_metrics, network_plans};
use super::{
    TrainControl, TrainEnd, TrainError, TrainFacts, TrainObserver, TrainOutcome, TrainProgress, TrainRequest,
    checkpoint, memory_estimate,
};
use crate::catch_panic::catch_panic;
use crate::device;
use crate::perceptual::AlexNet;

/// Steps between two rows of the log. Reading metrics stalls a GPU, so they are not read every step.
const LOG_INTERVAL_STEPS: u64 = 20;
/// The longest time between two checkpoints. A crash loses at most this much work.
const SAVE_INTERVAL: Duration = Duration::from_mins(5);

/// Trains a generator until all steps are done, the time limit is reached, or the user stops it.
///
/// `held_out` are the faces for quality metrics. Without them, the last tenth of `faces` is held out, up to a limit.
///
/// # Errors
/// When the run cannot start, a driver panics, or the last checkpoint cannot be written. Divergence is no error: it is
/// reported as [`TrainEnd::Failed`].
pub fn train(
    request: &TrainRequest,
    faces: &dyn FaceImages,
    held_out: Option<&dyn FaceImages>,
    observer: &mut dyn TrainObserver,
) -> Result<TrainOutcome, TrainError> {
    request.settings.validate()?;
    let size_px = request.settings.size_px;
    let scaled_faces = scaled_down(faces, size_px)?;
    let scaled_held_out = held_out.map(|held_out| scaled_down(held_out, size_px)).transpose()?.flatten();
    let faces = scaled_faces.as_ref().map_or(faces, |scaled| scaled);
    let held_out = scaled_held_out.as_ref().map_or(held_out, |scaled| Some(scaled));
    let (faces, held_out) = split_faces(&request.settings, faces, held_out, observer);
    // GPU drivers report some errors by panicking.
    let mut has_started = false;
    let outcome = catch_panic(|| {
        let session = TrainSession::start(request, faces, &held_out, observer)?;
        has_started = true;
        session.run()
    });
    let outcome = outcome.unwrap_or_else(|reason| Err(TrainError::DeviceFailed { reason }));
    // A session that did not start must not write here: the folder may belong to another run.
    if has_started {
        let failed = |error| TrainEnd::Failed(error_chain(error));
        let end = outcome.as_ref().map_or_else(failed, |outcome| outcome.end.clone());
        RunFolder::new(&request.run_folder).write_session_end(&end);
    }
    outcome
}

/// A running training session.
struct TrainSession<'a> {
    settings: TrainSettings,
    folder: RunFolder,
    faces: FaceSubset<'a>,
    trainer: Trainer,
    evaluator: CheckpointEvaluator,
    divergence: DivergenceMonitor,
    log: MetricsLog,
    events: TensorBoardFile,
    observer: &'a mut dyn TrainObserver,
    /// Metrics of the steps since the last row of the log, still on the device.
    pending_metrics: Vec<StepMetrics>,
    /// Time spent in those steps.
    step_time: Duration,
    /// Training time of all sessions, up to the last row.
    elapsed_secs: f64,
    deadline: Option<Instant>,
    /// When saving a checkpoint was last tried.
    last_save: Instant,
    /// Whether the user was told that the log cannot be written.
    has_log_failed: bool,
    /// Why the newest checkpoint could not be written.
    save_error: Option<TrainError>,
    /// The step that was last evaluated in this session.
    last_evaluated_step: Option<u64>,
}

impl<'a> TrainSession<'a> {
    /// Prepares the session and reports its facts to the observer.
    fn start(
        request: &TrainRequest,
        faces: FaceSubset<'a>,
        held_out: &dyn FaceImages,
        observer: &'a mut dyn TrainObserver,
    ) -> Result<Self, TrainError> {
        let settings = request.settings.clone();
        let folder = RunFolder::new(&request.run_folder);
        let state = load_or_initial_state(request, &folder, observer)?;
        let opened = device::open(request.device)?;
        let burn_device = opened.for_burn();
        if let Some(notice) = &opened.notice {
            observer.note(notice);
        }
        let alexnet = settings.features.as_deref().map(|path| AlexNet::read(path, &burn_device)).transpose()?;
        let alexnet = alexnet.map(|alexnet| alexnet.enlarging(settings.size_px as usize));
        observer.run_started(&TrainFacts {
            device_name: opened.name,
            face_count: faces.len(),
            held_out_count: held_out.len(),
            parameter_count: network_plans(&settings).iter().map(parameter_count).sum(),
            estimated_bytes: memory_estimate::estimated_bytes(&settings),
            start_step: state.step,
        });
        if opened.gpu.is_none() {
            warn_if_low_memory(&settings, observer);
        }
        folder.write_settings(&settings)?;
        folder.clear_session_end();
        let log = MetricsLog::open(&folder.log_path(), state.step)?;
        let elapsed_secs = last_value(&folder.log_path(), "elapsed_secs")?;
        let mut events = TensorBoardFile::create(folder.path(), state.step + 1)?;
        if state.step == 0 {
            events.graph(&network_plans(&settings))?;
        }
        let now = Instant::now();
        Ok(Self {
            evaluator: CheckpointEvaluator::open(&settings, &folder, state.step, held_out)?,
            trainer: Trainer::new(&settings, &state, &burn_device, alexnet),
            divergence: DivergenceMonitor::default(),
            log,
            events,
            pending_metrics: Vec::new(),
            step_time: Duration::ZERO,
            elapsed_secs,
            deadline: request.max_minutes.map(|minutes| now + Duration::from_secs_f64(minutes.clamp(0.0, 1e7) * 60.0)),
            last_save: now,
            has_log_failed: false,
            save_error: None,
            last_evaluated_step: None,
            settings,
            folder,
            faces,
            observer,
        })
    }

    /// Trains until the run ends.
    fn run(mut self) -> Result<TrainOutcome, TrainError> {
        let mut end = TrainEnd::Done;
        while self.trainer.step < self.settings.steps {
            if self.should_stop() {
                end = TrainEnd::Stopped;
                break;
            }
            if let Some(reason) = self.run_step() {
                end = TrainEnd::Failed(reason);
                break;
            }
        }
        if !matches!(end, TrainEnd::Failed(_)) {
            let mut reason = self.write_log_row();
            if reason.is_none() && self.last_evaluated_step != Some(self.trainer.step) {
                reason = self.evaluate_and_save();
            }
            if let Some(error) = self.save_error.filter(|_| reason.is_none()) {
                return Err(error);
            }
            end = reason.map_or(end, TrainEnd::Failed);
        }
        let _ = std::fs::remove_file(self.folder.stop_path());
        let checkpoint = self.folder.newest_checkpoint_step().map(|step| checkpoint::path(self.folder.path(), step));
        let best_model = Some(self.folder.best_model_path()).filter(|path| path.exists());
        Ok(TrainOutcome { end, step: self.trainer.step, checkpoint, best_model })
    }

    fn should_stop(&mut self) -> bool {
        let is_past_deadline = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        is_past_deadline || self.observer.control() == TrainControl::Stop || self.folder.is_stop_requested()
    }

    /// Runs one step, then logs, evaluates and saves when due. Returns the reason if the run failed.
    fn run_step(&mut self) -> Option<String> {
        let started = Instant::now();
        let batch = Batch::random(&self.settings, &self.faces, self.trainer.step + 1, self.trainer.augment_strength);
        self.pending_metrics.push(self.trainer.train_step(&batch));
        self.step_time += started.elapsed();
        let step = self.trainer.step;
        let should_evaluate = step.is_multiple_of(self.settings.every);
        let should_save = should_evaluate || self.last_save.elapsed() >= SAVE_INTERVAL;
        if (should_save || step.is_multiple_of(LOG_INTERVAL_STEPS))
            && let Some(reason) = self.write_log_row()
        {
            return Some(reason);
        }
        if should_evaluate {
            return self.evaluate_and_save();
        }
        if should_save {
            self.save_checkpoint(&self.trainer.state());
        }
        None
    }

    /// Writes a row with the metrics since the last one. Returns the reason if training has diverged.
    fn write_log_row(&mut self) -> Option<String> {
        let started = Instant::now();
        let mut metrics = mean_metrics(&self.pending_metrics);
        self.step_time += started.elapsed();
        if metrics.is_empty() {
            return None;
        }
        if self.settings.recipe == TrainRecipe::Encoder {
            // This column comes last, because logs of older runs do not have it.
            metrics.push(("strong_views", self.trainer.augment_strength));
        }
        let step = self.trainer.step;
        let secs = self.step_time.as_secs_f64();
        let steps_per_sec = to_f64(self.pending_metrics.len() as u64) / secs.max(1e-9);
        let images_per_sec = steps_per_sec * f64::from(self.settings.batch);
        self.elapsed_secs += secs;
        self.pending_metrics.clear();
        self.step_time = Duration::ZERO;
        let images = step.saturating_mul(u64::from(self.settings.batch));
        let mut row =
            vec![("images", to_f64(images)), ("elapsed_secs", self.elapsed_secs), ("images_per_sec", images_per_sec)];
        row.extend(metrics.iter().map(|(name, value)| (*name, f64::from(*value))));
        let logged = self.log.append_row(step, &row);
        let plotted = self.events.scalars(step, metrics.iter().map(|(name, value)| (*name, *value)));
        let histograms = self.write_histograms();
        self.note_log_error_once([logged, plotted, histograms]);
        let remaining_secs = to_f64(self.settings.steps.saturating_sub(step)) / steps_per_sec;
        let reason = self.divergence.check_metrics(&metrics);
        let steps = self.settings.steps;
        self.observer.progress(&TrainProgress { step, steps, images_per_sec, remaining_secs, metrics });
        reason
    }

    /// Writes histograms of the latents and of D's probabilities in the last step, under the names of the blog's code.
    fn write_histograms(&mut self) -> Result<(), TrainError> {
        let Some(values) = self.trainer.last_values.take() else { return Ok(()) };
        let named = [("z", values.latents), ("d", values.real_probabilities), ("d_", values.fake_probabilities)];
        let named = named.map(|(name, tensor)| (name.to_string(), read_values(tensor)));
        self.events.histograms(self.trainer.step, named.iter().map(|(name, values)| (name.clone(), &values[..])))
    }

    /// Reports a write error of the log once. Training continues without the log.
    fn note_log_error_once(&mut self, results: [Result<(), TrainError>; 3]) {
        for error in results.into_iter().filter_map(Result::err) {
            if !std::mem::replace(&mut self.has_log_failed, true) {
                self.observer.note(&format!("{}; training continues without the log", error_chain(&error)));
            }
        }
    }

    /// Writes samples, quality metrics and a checkpoint. Returns the reason if training has diverged or collapsed.
    fn evaluate_and_save(&mut self) -> Option<String> {
        let state = self.trainer.state();
        if let Some(reason) = non_finite_reason(&state) {
            return Some(reason);
        }
        self.last_evaluated_step = Some(state.step);
        let mut reason = None;
        match self.evaluator.evaluate(&self.settings, &self.folder, &state, &mut self.events) {
            Ok(evaluation) => {
                reason = self.divergence.check_diversity(evaluation.quality.diversity);
                self.observer.checkpoint_evaluated(&evaluation);
            }
            // On a full disk, the checkpoint may still fit where the samples do not. So training continues.
            Err(error) => self.observer.note(&error_chain(&error)),
        }
        // Only the newest checkpoints are kept, so a collapsed run must not replace good ones.
        if reason.is_none() {
            self.save_checkpoint(&state);
        }
        reason
    }

    /// Writes a checkpoint. If that fails, tells the user and keeps the previous checkpoint.
    fn save_checkpoint(&mut self, state: &TrainState) {
        // NaN or infinite values end the run at its next log row. The last good checkpoint must stay.
        if !state.is_finite() {
            return;
        }
        self.last_save = Instant::now();
        self.save_error = checkpoint::save(self.folder.path(), state).err();
        if let Some(error) = &self.save_error {
            let previous = self.folder.newest_checkpoint_step();
            let kept = previous.map_or_else(String::new, |step| format!("; the checkpoint of step {step} is kept"));
            self.observer.note(&format!("{}{kept}", error_chain(error)));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of steps and images, far below 2^52")]
fn to_f64(value: u64) -> f64 {
    value as f64
}
