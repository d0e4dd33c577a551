//! A training run, from request to outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::data::{Part, Pictures, fitted};
use super::events::EventFile;
use super::folder::RunFolder;
use super::log::Table;
use super::milestone::{Measuring, finite};
use super::net::Place;
use super::perception::AlexNet;
use super::settings::{Recipe, TrainSettings};
use super::start::{first_state, last_value, parts, told, warn_of_memory};
use super::trainer::{Told, TrainState, Trainer, means, plans};
use super::watch::Watch;
use super::{Ended, Facts, Flow, Observer, Progress, TrainError, TrainOutcome, TrainRequest, checkpoint, memory};
use crate::device;

/// Steps between two rows of the log. Reading metrics stalls a GPU, so they are not read every step.
const LOG_EVERY: u64 = 20;
/// The longest time between two checkpoints. A crash loses at most this much work.
const SAVE_EVERY: Duration = Duration::from_mins(5);

/// Trains a generator until all steps are done, the time limit is reached, or the user stops it.
///
/// `held_out` are the faces for quality metrics. Without them the last tenth of `pictures` is held out, up to a limit.
///
/// # Errors
/// When the run cannot start, when the panic of a driver ends it, or when the last checkpoint cannot be written.
/// Divergence is reported as [`Ended::Failed`] instead.
pub fn train(
    request: &TrainRequest,
    pictures: &dyn Pictures,
    held_out: Option<&dyn Pictures>,
    observer: &mut dyn Observer,
) -> Result<TrainOutcome, TrainError> {
    request.settings.check()?;
    let size_px = request.settings.size_px;
    let (smaller, smaller_held_out) =
        (fitted(pictures, size_px)?, held_out.map(|held_out| fitted(held_out, size_px)).transpose()?.flatten());
    let pictures = smaller.as_ref().map_or(pictures, |smaller| smaller);
    let held_out = smaller_held_out.as_ref().map_or(held_out, |smaller| Some(smaller));
    let (faces, measured) = parts(&request.settings, pictures, held_out, observer);
    // GPU drivers report some errors by panicking.
    let mut has_begun = false;
    let work = AssertUnwindSafe(|| {
        let run = Run::begin(request, faces, &measured, observer)?;
        has_begun = true;
        run.finish()
    });
    let outcome = catch_unwind(work).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
        Err(TrainError::Broke { reason: text.lines().next().unwrap_or(text).to_string() })
    });
    // A session that could not start must not write here: the folder may belong to another run.
    if has_begun {
        let ended = outcome.as_ref().map_or_else(|error| Ended::Failed(told(error)), |outcome| outcome.ended.clone());
        RunFolder::new(&request.out).write_ended(&ended);
    }
    outcome
}

/// A running training session.
struct Run<'a> {
    settings: TrainSettings,
    folder: RunFolder,
    faces: Part<'a>,
    trainer: Trainer,
    measuring: Measuring,
    watch: Watch,
    log: Table,
    events: EventFile,
    observer: &'a mut dyn Observer,
    /// Metrics of the steps since the last row of the log, still on the device.
    unread: Vec<Told>,
    /// Time spent in those steps.
    spent: Duration,
    /// Training time of all sessions, up to the last row.
    elapsed_secs: f64,
    ends: Option<Instant>,
    /// When saving a checkpoint was last tried.
    saved: Instant,
    /// The user was told that the log cannot be written.
    log_is_broken: bool,
    /// Why the newest checkpoint could not be written.
    unsaved: Option<TrainError>,
    /// The step that was last evaluated in this session.
    marked: Option<u64>,
}

impl<'a> Run<'a> {
    /// Prepares the session and reports its facts to the observer.
    fn begin(
        request: &TrainRequest,
        faces: Part<'a>,
        held_out: &dyn Pictures,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, TrainError> {
        let settings = request.settings.clone();
        let folder = RunFolder::new(&request.out);
        let state = first_state(request, &folder, observer)?;
        let opened = device::open_for_burn(request.device)?;
        if let Some(notice) = &opened.notice {
            observer.note(notice);
        }
        let place = Place { device: opened.device, by_hand: !opened.is_gpu };
        let features = settings.features.as_deref();
        let features =
            features.map(|path| AlexNet::read(path, settings.size_px as usize, &place.device)).transpose()?;
        observer.started(&Facts {
            device: opened.name,
            faces: faces.len(),
            held_out: held_out.len(),
            parameters: plans(&settings).iter().map(super::plan::NetPlan::parameter_count).sum(),
            bytes: memory::needed(&settings, place.by_hand),
            step: state.step,
        });
        warn_of_memory(&settings, &place, observer);
        folder.write_settings(&settings)?;
        folder.forget_end();
        let log = Table::open(&folder.log_path(), state.step)?;
        let elapsed_secs = last_value(&folder.log_path(), "elapsed_secs")?;
        let now = Instant::now();
        Ok(Self {
            measuring: Measuring::begin(&settings, &folder, state.step, held_out)?,
            trainer: Trainer::new(&settings, &state, &place, features),
            watch: Watch::default(),
            log,
            events: EventFile::create(folder.path(), state.step + 1)?,
            unread: Vec::new(),
            spent: Duration::ZERO,
            elapsed_secs,
            ends: request.minutes.map(|minutes| now + Duration::from_secs_f64(minutes.clamp(0.0, 1e7) * 60.0)),
            saved: now,
            log_is_broken: false,
            unsaved: None,
            marked: None,
            settings,
            folder,
            faces,
            observer,
        })
    }

    /// Trains until the run ends.
    fn finish(mut self) -> Result<TrainOutcome, TrainError> {
        let mut ended = Ended::Done;
        while self.trainer.step < self.settings.steps {
            if self.wants_to_stop() {
                ended = Ended::Stopped;
                break;
            }
            if let Some(reason) = self.advance() {
                ended = Ended::Failed(reason);
                break;
            }
        }
        if !matches!(ended, Ended::Failed(_)) {
            let mut reason = self.write_row();
            if reason.is_none() && self.marked != Some(self.trainer.step) {
                reason = self.mark();
            }
            if let Some(error) = self.unsaved.filter(|_| reason.is_none()) {
                return Err(error);
            }
            ended = reason.map_or(ended, Ended::Failed);
        }
        let _ = std::fs::remove_file(self.folder.stop_path());
        let newest = self.folder.newest_step().map(|step| checkpoint::path(self.folder.path(), step));
        let best = self.folder.best_path();
        Ok(TrainOutcome { ended, step: self.trainer.step, checkpoint: newest, best: best.exists().then_some(best) })
    }

    fn wants_to_stop(&mut self) -> bool {
        let is_late = self.ends.is_some_and(|ends| Instant::now() >= ends);
        is_late || self.observer.flow() == Flow::Stop || self.folder.is_asked_to_stop()
    }

    /// Runs one step, then logs, evaluates and saves when due. Returns the reason if the run failed.
    fn advance(&mut self) -> Option<String> {
        let started = Instant::now();
        let batch = Batch::draw(&self.settings, &self.faces, self.trainer.step + 1, self.trainer.strength);
        let told = self.trainer.advance(&batch);
        self.unread.push(told);
        self.spent += started.elapsed();
        let step = self.trainer.step;
        let is_milestone = step.is_multiple_of(self.settings.every);
        let saves = is_milestone || self.saved.elapsed() >= SAVE_EVERY;
        if saves || step.is_multiple_of(LOG_EVERY) {
            let reason = self.write_row();
            if reason.is_some() {
                return reason;
            }
        }
        if is_milestone {
            return self.mark();
        }
        if saves {
            self.save(&self.trainer.state());
        }
        None
    }

    /// Writes a row with the metrics since the last one. Returns the reason if training has diverged.
    fn write_row(&mut self) -> Option<String> {
        let started = Instant::now();
        let mut numbers = means(&self.unread);
        self.spent += started.elapsed();
        if numbers.is_empty() {
            return None;
        }
        if self.settings.recipe == Recipe::Encoder {
            // This column comes last, because logs of older runs do not have it.
            numbers.push(("strong_views", self.trainer.strength));
        }
        let step = self.trainer.step;
        let secs = self.spent.as_secs_f64();
        let steps_per_sec = count(self.unread.len() as u64) / secs.max(1e-9);
        let images_per_sec = steps_per_sec * f64::from(self.settings.batch);
        self.elapsed_secs += secs;
        self.unread.clear();
        self.spent = Duration::ZERO;
        let images = step.saturating_mul(u64::from(self.settings.batch));
        let mut row =
            vec![("images", count(images)), ("elapsed_secs", self.elapsed_secs), ("images_per_sec", images_per_sec)];
        row.extend(numbers.iter().map(|(name, value)| (*name, f64::from(*value))));
        let logged = self.log.add(step, &row);
        let shown = self.events.scalars(step, numbers.iter().map(|(name, value)| (*name, *value)));
        self.tell_once([logged, shown]);
        let remaining_secs = count(self.settings.steps.saturating_sub(step)) / steps_per_sec;
        let reason = self.watch.row(&numbers);
        let steps = self.settings.steps;
        self.observer.progress(&Progress { step, steps, images_per_sec, remaining_secs, numbers });
        reason
    }

    /// Reports a write error of the log once. Training continues without the log.
    fn tell_once(&mut self, written: [Result<(), TrainError>; 2]) {
        for error in written.into_iter().filter_map(Result::err) {
            if !std::mem::replace(&mut self.log_is_broken, true) {
                self.observer.note(&format!("{}; training continues without the log", told(&error)));
            }
        }
    }

    /// Writes samples, quality metrics and a checkpoint. Returns the reason if training has diverged or collapsed.
    fn mark(&mut self) -> Option<String> {
        let state = self.trainer.state();
        if let Some(reason) = finite(&state) {
            return Some(reason);
        }
        self.marked = Some(state.step);
        let milestone = self.measuring.measure(&self.settings, &self.folder, &state, &mut self.events);
        let mut reason = None;
        match milestone {
            Ok(milestone) => {
                reason = self.watch.diversity(milestone.quality.diversity);
                self.observer.milestone(&milestone);
            }
            // The samples may not fit on a full disk where the checkpoint still does. So training continues.
            Err(error) => self.observer.note(&told(&error)),
        }
        // Only the newest checkpoints are kept, so a collapsed run must not replace good ones.
        if reason.is_none() {
            self.save(&state);
        }
        reason
    }

    /// Writes a checkpoint. On failure it tells the user, and the previous checkpoint stays.
    fn save(&mut self, state: &TrainState) {
        // Values that are not finite end the run at the next row. The last good checkpoint must stay.
        if !state.is_finite() {
            return;
        }
        self.saved = Instant::now();
        self.unsaved = checkpoint::save(self.folder.path(), state).err();
        if let Some(error) = &self.unsaved {
            let former = self.folder.newest_step();
            let stays = former.map_or_else(String::new, |step| format!("; the checkpoint of step {step} is kept"));
            self.observer.note(&format!("{}{stays}", told(error)));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of steps and images, far below 2^52")]
fn count(value: u64) -> f64 {
    value as f64
}
