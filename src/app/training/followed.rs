//! The followed run: decides when to read it again and which of its samples to show.

use std::time::{Duration, Instant};

use super::pictures::{Decoded, Pictures, Sample, SampleRequest};
use super::reading::{Reading, ReadingRequest};
use super::view::RunView;
use crate::train::{Follower, RunFolder};

/// Time between two reads of the run folder.
const INTERVAL: Duration = Duration::from_millis(1500);

/// State of the followed run.
pub struct Followed {
    run: u64,
    folder: RunFolder,
    /// `None` while a task reads with it.
    follower: Option<Box<Follower>>,
    /// Time of the next read; `None` means now.
    due: Option<Instant>,
    view: Option<RunView>,
    problem: Option<String>,
    /// The step that the user chose for the samples; `None` shows the newest.
    chosen: Option<u64>,
    restarts: u32,
    pictures: Pictures,
    /// Increases whenever the pictures change.
    pictures_version: u64,
}

impl Followed {
    pub(super) fn new(run: u64, folder: RunFolder) -> Self {
        Self {
            run,
            follower: Some(Box::new(Follower::new(folder.clone()))),
            folder,
            due: None,
            view: None,
            problem: None,
            chosen: None,
            restarts: 0,
            pictures: Pictures::default(),
            pictures_version: 0,
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
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The step that the user chose for the samples; `None` always shows the newest.
    pub fn chosen(&self) -> Option<u64> {
        self.chosen
    }

    /// The step whose samples are shown.
    pub fn shown(&self) -> Option<u64> {
        let samples = &self.view.as_ref()?.samples;
        self.chosen.filter(|step| samples.contains(step)).or_else(|| samples.last().copied())
    }

    /// The sample picture of a step; `None` until it is decoded.
    pub fn picture(&self, step: u64) -> Option<&Sample> {
        self.pictures.get(step)
    }

    pub fn pictures_version(&self) -> u64 {
        self.pictures_version
    }

    /// Shows the samples of a step; `None` goes back to the newest.
    pub fn choose(&mut self, step: Option<u64>) {
        self.chosen = step;
    }

    /// Returns a read request when the next read is due and none is running.
    pub fn next_reading(&mut self, now: Instant) -> Option<ReadingRequest> {
        if self.due.is_some_and(|due| now < due) {
            return None;
        }
        let follower = self.follower.take()?;
        self.due = Some(now + INTERVAL);
        Some(ReadingRequest { run: self.run, follower })
    }

    /// Time until the next read; `None` while a task reads, because its end repaints the window.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        self.follower.as_ref()?;
        Some(self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now)))
    }

    /// Makes the next read due now.
    pub fn hurry(&mut self) {
        self.due = None;
    }

    /// Applies a reading. Readings of another run are dropped.
    pub fn take_reading(&mut self, reading: Reading) {
        if reading.run != self.run {
            return;
        }
        if reading.follower.restarts() != self.restarts {
            self.restarts = reading.follower.restarts();
            self.pictures = Pictures::default();
            self.pictures_version += 1;
        }
        self.follower = Some(reading.follower);
        match reading.seen {
            Ok(view) => {
                self.view = Some(view);
                self.problem = None;
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Returns a request for the next missing picture.
    pub fn next_picture(&mut self) -> Option<SampleRequest> {
        let shown = self.shown()?;
        let samples = &self.view.as_ref()?.samples;
        let step = self.pictures.next(samples, shown)?;
        Some(SampleRequest { run: self.run, restarts: self.restarts, step, path: self.folder.sample_path(step) })
    }

    /// Stores a decoded picture. Pictures of another run, or from before a restart, are dropped.
    pub fn take_picture(&mut self, decoded: Decoded) {
        if (decoded.run, decoded.restarts) == (self.run, self.restarts) {
            self.pictures.take(decoded.step, decoded.sample);
            self.pictures_version += 1;
        }
    }

    #[cfg(test)]
    pub fn picture_count(&self) -> usize {
        self.pictures.count()
    }
}
