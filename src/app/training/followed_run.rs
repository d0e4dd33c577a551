//! The followed run: decides when to read it again and which of its samples to show.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::run_reader::{ReadRunRequest, RunReading};
use super::run_view::RunView;
use super::samples::{SampleImage, shown_and_neighbours};
use crate::app::picture_cache::PictureCache;
use crate::train::{RunFolder, RunMonitor};

/// Time between two reads of the run folder.
const READ_INTERVAL: Duration = Duration::from_millis(1500);

/// What a sample picture belongs to: the followed run, and how often it had restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleId {
    run: u64,
    restarts: u32,
}

/// State of the followed run.
pub struct FollowedRun {
    /// Id of this followed run.
    run: u64,
    folder: RunFolder,
    /// `None` while a task reads with it.
    monitor: Option<Box<RunMonitor>>,
    /// Time of the next read; `None` means now.
    next_read_at: Option<Instant>,
    view: Option<RunView>,
    error: Option<String>,
    /// The step that the user chose for the samples; `None` shows the newest.
    selected_step: Option<u64>,
    restarts: u32,
    samples: PictureCache<u64, SampleImage>,
}

impl FollowedRun {
    pub(super) fn new(run: u64, folder: RunFolder) -> Self {
        Self {
            run,
            monitor: Some(Box::new(RunMonitor::new(folder.clone()))),
            folder,
            next_read_at: None,
            view: None,
            error: None,
            selected_step: None,
            restarts: 0,
            samples: PictureCache::default(),
        }
    }

    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// The last view of the run. It stays when the folder becomes unreadable.
    pub fn view(&self) -> Option<&RunView> {
        self.view.as_ref()
    }

    /// Why the folder cannot be read now.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// The step that the user chose for the samples; `None` always shows the newest.
    pub fn selected_step(&self) -> Option<u64> {
        self.selected_step
    }

    /// The step whose samples are shown.
    pub fn shown_step(&self) -> Option<u64> {
        let samples = &self.view.as_ref()?.sample_steps;
        self.selected_step.filter(|step| samples.contains(step)).or_else(|| samples.last().copied())
    }

    /// The sample picture of a step; `None` until it is decoded.
    pub fn sample(&self, step: u64) -> Option<&SampleImage> {
        self.samples.get(&step)
    }

    /// Shows the samples of a step; `None` goes back to the newest.
    pub fn select_step(&mut self, step: Option<u64>) {
        self.selected_step = step;
    }

    /// Returns a read request when the next read is due and none is running.
    pub fn take_read_request(&mut self, now: Instant) -> Option<ReadRunRequest> {
        if self.next_read_at.is_some_and(|due| now < due) {
            return None;
        }
        let monitor = self.monitor.take()?;
        self.next_read_at = Some(now + READ_INTERVAL);
        Some(ReadRunRequest { run: self.run, monitor })
    }

    /// Time until the next read; `None` while a task reads, because its end repaints the window.
    pub fn time_until_next_read(&self, now: Instant) -> Option<Duration> {
        self.monitor.as_ref()?;
        Some(self.next_read_at.map_or(Duration::ZERO, |due| due.saturating_duration_since(now)))
    }

    /// Makes the next read due now.
    pub fn read_soon(&mut self) {
        self.next_read_at = None;
    }

    /// Applies a reading. Readings of another run are dropped.
    pub fn apply_reading(&mut self, reading: RunReading) {
        if reading.run != self.run {
            return;
        }
        if reading.monitor.restart_count() != self.restarts {
            self.restarts = reading.monitor.restart_count();
            self.samples = PictureCache::default();
        }
        self.monitor = Some(reading.monitor);
        match reading.view {
            Ok(view) => {
                self.view = Some(view);
                self.error = None;
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// The pictures to hold: of the shown step and its neighbours.
    fn wanted_samples(&self) -> Vec<u64> {
        let steps = self.view.as_ref().map_or(&[][..], |view| &view.sample_steps);
        self.shown_step().map_or_else(Vec::new, |shown| shown_and_neighbours(steps, shown))
    }

    /// Begins to decode the next missing picture. Returns its id and its path.
    pub fn begin_sample(&mut self) -> Option<(SampleId, PathBuf)> {
        let step = self.samples.missing(self.wanted_samples(), |step| *step, 1).pop()?;
        self.samples.begin_request(vec![step]);
        Some((SampleId { run: self.run, restarts: self.restarts }, self.folder.sample_path(step)))
    }

    /// Stores a decoded picture. Pictures of another run, or from before a restart, are dropped.
    pub fn add_sample(&mut self, id: SampleId, sample: SampleImage) {
        if id == (SampleId { run: self.run, restarts: self.restarts }) {
            self.samples.finish_request([sample], &self.wanted_samples());
        }
    }

    #[cfg(test)]
    pub fn cached_sample_count(&self) -> usize {
        self.samples.count()
    }
}
