//! The run that is followed: when it is read next, and which samples of it are shown.

use std::time::{Duration, Instant};

use super::pictures::{Decoded, Pictures, Sample, SampleRequest};
use super::reading::{Reading, ReadingRequest};
use super::view::RunView;
use crate::train::{Follower, RunFolder};

/// From one reading to the next.
const INTERVAL: Duration = Duration::from_millis(1500);

/// A run that is followed.
pub struct Followed {
    run: u64,
    folder: RunFolder,
    /// Away while a task reads.
    follower: Option<Box<Follower>>,
    /// When it is to be read next; `None`: now.
    due: Option<Instant>,
    view: Option<RunView>,
    problem: Option<String>,
    /// The step whose samples are shown; `None`: the newest.
    chosen: Option<u64>,
    restarts: u32,
    pictures: Pictures,
    /// Changes whenever the pictures do.
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

    /// What was read last. It stays when nothing can be read any more.
    pub fn view(&self) -> Option<&RunView> {
        self.view.as_ref()
    }

    /// Why nothing can be read now.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The step that the user has put the samples to; `None`: always the newest.
    pub fn chosen(&self) -> Option<u64> {
        self.chosen
    }

    /// The step whose samples are shown.
    pub fn shown(&self) -> Option<u64> {
        let samples = &self.view.as_ref()?.samples;
        self.chosen.filter(|step| samples.contains(step)).or_else(|| samples.last().copied())
    }

    /// The picture of a step, once it is there.
    pub fn picture(&self, step: u64) -> Option<&Sample> {
        self.pictures.get(step)
    }

    pub fn pictures_version(&self) -> u64 {
        self.pictures_version
    }

    /// Puts the samples to a step, or back to the newest.
    pub fn choose(&mut self, step: Option<u64>) {
        self.chosen = step;
    }

    /// What is to be read now, if anything is due.
    pub fn next_reading(&mut self, now: Instant) -> Option<ReadingRequest> {
        if self.due.is_some_and(|due| now < due) {
            return None;
        }
        let follower = self.follower.take()?;
        self.due = Some(now + INTERVAL);
        Some(ReadingRequest { run: self.run, follower })
    }

    /// How long until something is due; `None` while a task is at it, which wakes the window.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        self.follower.as_ref()?;
        Some(self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now)))
    }

    /// Read as soon as possible.
    pub fn hurry(&mut self) {
        self.due = None;
    }

    /// Takes in what was read. An answer about another run is dropped.
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

    /// The picture to decode next, if one is missing.
    pub fn next_picture(&mut self) -> Option<SampleRequest> {
        let shown = self.shown()?;
        let samples = &self.view.as_ref()?.samples;
        let step = self.pictures.next(samples, shown)?;
        Some(SampleRequest { run: self.run, restarts: self.restarts, step, path: self.folder.sample_path(step) })
    }

    /// Takes in a picture. One of another run, or from before a restart, is dropped.
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
