//! Reads a run folder on a background thread.

use std::time::{Duration, SystemTime};

use super::view::RunView;
use crate::train::{FollowError, Follower};

/// A request to read the new rows of a run.
pub struct ReadingRequest {
    /// Number of the followed run.
    pub run: u64,
    pub follower: Box<Follower>,
}

/// The result of a [`ReadingRequest`]: returns the follower with the view of the run.
pub struct Reading {
    pub run: u64,
    pub follower: Box<Follower>,
    /// The view, or an error text that says what to do next.
    pub seen: Result<RunView, String>,
}

impl ReadingRequest {
    /// Reads the new rows.
    pub fn perform(mut self) -> Reading {
        let settings = self.follower.read().cloned();
        let seen = match settings {
            Ok(settings) => Ok(RunView::of(&self.follower, settings, silence(&self.follower))),
            Err(error) => Err(told(&error)),
        };
        Reading { run: self.run, follower: self.follower, seen }
    }
}

/// Time since a file of the run was last written; zero if the clock was set back since then.
fn silence(follower: &Follower) -> Duration {
    let last = follower.folder().last_change();
    last.and_then(|last| SystemTime::now().duration_since(last).ok()).unwrap_or_default()
}

/// The error and its causes as one sentence.
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
