//! Reading a run folder, on the thread of a task.

use std::time::{Duration, SystemTime};

use super::view::RunView;
use crate::train::{FollowError, Follower};

/// A follower on its way to a task.
pub struct ReadingRequest {
    /// Which run it follows.
    pub run: u64,
    pub follower: Box<Follower>,
}

/// The follower on its way back, with what it has seen.
pub struct Reading {
    pub run: u64,
    pub follower: Box<Follower>,
    /// Or why nothing could be read, and what to do next.
    pub seen: Result<RunView, String>,
}

impl ReadingRequest {
    /// Reads what is new.
    pub fn perform(mut self) -> Reading {
        let settings = self.follower.read().cloned();
        let seen = match settings {
            Ok(settings) => Ok(RunView::of(&self.follower, settings, silence(&self.follower))),
            Err(error) => Err(told(&error)),
        };
        Reading { run: self.run, follower: self.follower, seen }
    }
}

/// Since a file of the run was last written. A clock that was set back since counts as none.
fn silence(follower: &Follower) -> Duration {
    let last = follower.folder().last_change();
    last.and_then(|last| SystemTime::now().duration_since(last).ok()).unwrap_or_default()
}

/// An error and its causes as a sentence.
fn told(error: &FollowError) -> String {
    let mut text = error.to_string();
    if let Some(first) = text.get(..1) {
        text = format!("{}{}", first.to_uppercase(), text.get(1..).unwrap_or_default());
    }
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text} ({inner})");
        cause = inner.source();
    }
    text
}
