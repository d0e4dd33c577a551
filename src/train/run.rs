//! A run as a whole: from a request to an outcome.

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

/// Steps between two rows of the log. Reading stalls a GPU.
const LOG_EVERY: u64 = 20;
/// At least this often there is a checkpoint: what a plain Ctrl-C or a power cut may cost.
const SAVE_EVERY: Duration = Duration::from_mins(5);

/// Trains a generator until its steps are done, its time is up, or somebody stops it.
///
/// `held_out` are faces to measure with; without them the last tenth of `pictures` is held out, 512 at most.
///
/// # Errors
/// When it cannot start, or can write nothing any more. A run that goes wrong otherwise is an outcome.
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
    // Drivers of GPUs break down in panics.
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
    // The folder of a session that could not begin may be another's.
    if has_begun {
        let ended = outcome.as_ref().map_or_else(|error| Ended::Failed(told(error)), |outcome| outcome.ended.clone());
        RunFolder::new(&request.out).write_ended(&ended);
    }
    outcome
}

/// A run under way.
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
    /// What the steps since the last row of the log told.
    unread: Vec<Told>,
    /// Time spent in these steps.
    spent: Duration,
    /// Of all sessions, up to the last row.
    elapsed_secs: f64,
    ends: Option<Instant>,
    /// When a checkpoint was last written or tried.
    saved: Instant,
    /// It was told that the log cannot be written.
    log_is_broken: bool,
    /// Why the newest checkpoint could not be written.
    unsaved: Option<TrainError>,
    /// The step that was last measured in this session.
    marked: Option<u64>,
}

impl<'a> Run<'a> {
    /// Prepares everything, and says what there is.
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

    /// Steps until something ends it.
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

    /// One step, and what is due after it. Answers what went wrong.
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

    /// Writes what the steps since the last row came to. Answers what is wrong with it.
    fn write_row(&mut self) -> Option<String> {
        let started = Instant::now();
        let mut numbers = means(&self.unread);
        self.spent += started.elapsed();
        if numbers.is_empty() {
            return None;
        }
        if self.settings.recipe == Recipe::Encoder {
            // Last, since a run from before there were strong views has the other columns already.
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

    /// A log that cannot be written is no reason to lose what is learned: said once, and on it goes.
    fn tell_once(&mut self, written: [Result<(), TrainError>; 2]) {
        for error in written.into_iter().filter_map(Result::err) {
            if !std::mem::replace(&mut self.log_is_broken, true) {
                self.observer.note(&format!("{}; going on without", told(&error)));
            }
        }
    }

    /// Writes a checkpoint, samples and measurements. Answers what is wrong with them.
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
            // Without room for pictures the weights may still fit, and what is learned is worth more.
            Err(error) => self.observer.note(&told(&error)),
        }
        // A collapsed run must not push out the checkpoints from before.
        if reason.is_none() {
            self.save(&state);
        }
        reason
    }

    /// Writes a checkpoint; says so if that fails, and goes on with the former.
    fn save(&mut self, state: &TrainState) {
        // Numbers that are none end the run with the next row; the last good checkpoint must stay.
        if !state.is_finite() {
            return;
        }
        self.saved = Instant::now();
        self.unsaved = checkpoint::save(self.folder.path(), state).err();
        if let Some(error) = &self.unsaved {
            let former = self.folder.newest_step();
            let stays = former.map_or_else(String::new, |step| format!("; that of step {step} stays"));
            self.observer.note(&format!("{}{stays}", told(error)));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of steps and images, far below 2^52")]
fn count(value: u64) -> f64 {
    value as f64
}
