//! The status of a run, derived from its files.

use std::time::Duration;

use crate::app::language::{t, translate_message};
use crate::app::toasts::Severity;
use crate::train::TrainEnd;

/// A run without file changes for this long counts as silent. Steps and measurements usually take less.
const SILENCE_LIMIT: Duration = Duration::from_mins(3);
/// For slow runs the limit is this many times the interval between two rows of the log.
const SILENCE_LIMIT_ROWS: u32 = 3;

/// The status of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// The log has no row yet.
    Starting,
    Running,
    /// The run was asked to stop after its current step.
    Stopping,
    /// No file has changed for this long: the run may have been killed.
    Silent(Duration),
    /// All steps are done.
    Finished,
    Stopped,
    /// The run failed for this reason.
    Failed(String),
}

/// What the files of a run say about it.
pub struct RunObservation {
    /// How the run ended, if it recorded that.
    pub ended: Option<TrainEnd>,
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run.
    pub steps: u64,
    /// Time since one of its files was last written.
    pub silence: Duration,
    /// Time between the last two rows of its log.
    pub row_interval: Duration,
    pub is_asked_to_stop: bool,
}

impl RunStatus {
    /// Derives the status.
    pub fn from_observation(observation: RunObservation) -> Self {
        let silence_limit = SILENCE_LIMIT.max(observation.row_interval.saturating_mul(SILENCE_LIMIT_ROWS));
        match observation.ended {
            Some(TrainEnd::Done) => Self::Finished,
            Some(TrainEnd::Stopped) => Self::Stopped,
            Some(TrainEnd::Failed(reason)) => Self::Failed(reason),
            None if observation.silence > silence_limit && observation.step >= observation.steps => Self::Finished,
            None if observation.silence > silence_limit => Self::Silent(observation.silence),
            None if observation.is_asked_to_stop => Self::Stopping,
            None if observation.step == 0 => Self::Starting,
            None => Self::Running,
        }
    }

    /// Whether the run is expected to write more.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Stopping)
    }

    /// Tooltip that says why the run cannot be asked to stop; `None` if it can.
    pub fn stop_disabled_reason(&self) -> Option<&'static str> {
        match self {
            Self::Starting | Self::Running | Self::Silent(_) => None,
            Self::Stopping => Some(t!("The run was already asked to stop")),
            Self::Finished | Self::Stopped | Self::Failed(_) => Some(t!("The run has ended")),
        }
    }

    /// Short text for the user, with the next step where one is needed.
    pub fn text(&self) -> String {
        match self {
            Self::Starting => t!("Starting").to_owned(),
            Self::Running => t!("Running").to_owned(),
            Self::Stopping => t!("Stopping after this step").to_owned(),
            Self::Silent(silence) => {
                let time = format_duration(*silence);
                t!("No updates for {time}: if the run was killed, continue with the same command and --resume", time)
            }
            Self::Finished => t!("Finished").to_owned(),
            Self::Stopped => t!("Stopped: continue with the same command and --resume").to_owned(),
            Self::Failed(reason) => t!("Failed: {reason}", reason = translate_message(reason)),
        }
    }

    /// Severity of the status, for its colour.
    pub fn level(&self) -> Severity {
        match self {
            Self::Starting | Self::Running | Self::Stopping | Self::Stopped => Severity::Info,
            Self::Finished => Severity::Success,
            Self::Silent(_) => Severity::Warning,
            Self::Failed(_) => Severity::Error,
        }
    }
}

/// Formats a duration in its one or two largest units.
pub fn format_duration(time: Duration) -> String {
    let secs = time.as_secs();
    let (minutes, hours, days) = (secs / 60, secs / 3600, secs / 86_400);
    if minutes == 0 {
        t!("{secs} s", secs)
    } else if hours == 0 {
        t!("{minutes} min", minutes)
    } else if days == 0 {
        t!("{hours} h {minutes} min", hours, minutes = minutes % 60)
    } else {
        t!("{days} d {hours} h", days, hours = hours % 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation() -> RunObservation {
        RunObservation {
            ended: None,
            step: 100,
            steps: 1000,
            silence: Duration::from_secs(5),
            row_interval: Duration::from_secs(2),
            is_asked_to_stop: false,
        }
    }

    #[test]
    fn recorded_end_overrides_the_step_count() {
        let ended = |ended| RunStatus::from_observation(RunObservation { ended: Some(ended), ..observation() });
        assert_eq!(ended(TrainEnd::Stopped), RunStatus::Stopped);
        assert_eq!(ended(TrainEnd::Done), RunStatus::Finished);
        let failed = ended(TrainEnd::Failed("the generator has collapsed".into()));
        assert_eq!(failed.text(), "Failed: the generator has collapsed");
        assert!(failed.level() == Severity::Error && !failed.is_active() && failed.stop_disabled_reason().is_some());
    }

    #[test]
    fn runs_are_silent_after_three_minutes() {
        let after =
            |secs| RunStatus::from_observation(RunObservation { silence: Duration::from_secs(secs), ..observation() });
        assert_eq!(after(180), RunStatus::Running);
        assert!(after(181).text().starts_with("No updates for 3 min:"), "{:?}", after(181));
        let done = RunObservation { silence: Duration::from_secs(181), step: 1000, ..observation() };
        assert_eq!(RunStatus::from_observation(done), RunStatus::Finished);
    }

    #[test]
    fn slow_runs_are_silent_after_three_rows() {
        let slow = |secs| {
            let row_interval = Duration::from_secs(200);
            RunStatus::from_observation(RunObservation {
                silence: Duration::from_secs(secs),
                row_interval,
                ..observation()
            })
        };
        assert_eq!(slow(600), RunStatus::Running);
        assert!(matches!(slow(601), RunStatus::Silent(_)));
    }

    #[test]
    fn status_goes_from_starting_to_running_to_stopping() {
        assert_eq!(RunStatus::from_observation(RunObservation { step: 0, ..observation() }), RunStatus::Starting);
        assert_eq!(RunStatus::from_observation(observation()), RunStatus::Running);
        let stopping = RunStatus::from_observation(RunObservation { is_asked_to_stop: true, ..observation() });
        assert!(stopping == RunStatus::Stopping && stopping.stop_disabled_reason().is_some());
    }

    #[test]
    fn durations_show_their_largest_units() {
        let texts = [59, 60, 3599, 3660, 90_000].map(|secs| format_duration(Duration::from_secs(secs)));
        assert_eq!(texts, ["59 s", "1 min", "59 min", "1 h 1 min", "1 d 1 h"]);
    }
}
