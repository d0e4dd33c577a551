//! Reads a run folder on a background thread.

use std::time::{Duration, SystemTime};

use super::run_view::RunView;
use crate::train::{RunMonitor, RunMonitorError};

/// A request to read the new rows of a run.
pub struct ReadRunRequest {
    /// Id of the followed run.
    pub run: u64,
    pub monitor: Box<RunMonitor>,
}

/// The result of a [`ReadRunRequest`]: returns the monitor with the view of the run.
pub struct RunReading {
    pub run: u64,
    pub monitor: Box<RunMonitor>,
    /// The view, or an error text that says what to do next.
    pub view: Result<RunView, String>,
}

impl ReadRunRequest {
    /// Reads the new rows.
    pub fn read(mut self) -> RunReading {
        let view = match self.monitor.read_new_rows().cloned() {
            Ok(settings) => Ok(RunView::new(&self.monitor, settings, time_since_last_write(&self.monitor))),
            Err(error) => Err(error_text(&error)),
        };
        RunReading { run: self.run, monitor: self.monitor, view }
    }
}

/// Time since a file of the run was last written; zero if the clock was set back since then.
fn time_since_last_write(monitor: &RunMonitor) -> Duration {
    let modified = monitor.folder().last_modified();
    modified.and_then(|modified| SystemTime::now().duration_since(modified).ok()).unwrap_or_default()
}

/// The error and its causes as one sentence.
fn error_text(error: &RunMonitorError) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::RunFolder;

    #[test]
    fn a_file_from_the_future_counts_as_new() {
        let folder = tempfile::tempdir().unwrap();
        let monitor = RunMonitor::new(RunFolder::new(folder.path()));
        assert_eq!(time_since_last_write(&monitor), Duration::ZERO, "no file yet");
        let file = std::fs::File::create(folder.path().join("log.csv")).unwrap();
        for (time, is_old) in
            [(SystemTime::now() + Duration::from_hours(9), false), (SystemTime::now() - Duration::from_hours(9), true)]
        {
            file.set_modified(time).unwrap();
            assert_eq!(time_since_last_write(&monitor) > Duration::from_hours(8), is_old);
        }
    }
}
