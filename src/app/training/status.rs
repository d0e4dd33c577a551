//! How a run stands, from what can be seen of it.

use std::time::Duration;

use crate::app::messages::Level;
use crate::train::Ended;

/// Without news for so long, a run is said to be silent: longer than steps and measurements usually take.
const PATIENCE: Duration = Duration::from_mins(3);
/// Slow runs may be silent for so many intervals between two rows.
const PATIENCE_ROWS: u32 = 3;

/// How a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// It has written no row of the log yet.
    Starting,
    Running,
    /// It was asked to end after its present step.
    Stopping,
    /// It may have been killed.
    Silent(Duration),
    /// All steps are done.
    Finished,
    Stopped,
    /// With the reason.
    Failed(String),
}

/// What can be seen of a run.
pub struct Seen {
    /// How it says that it ended.
    pub ended: Option<Ended>,
    /// Steps done, and those of the whole run.
    pub step: u64,
    pub steps: u64,
    /// Since one of its files was last written.
    pub silence: Duration,
    /// Between the last two rows of its log.
    pub row_interval: Duration,
    pub is_asked_to_stop: bool,
}

impl RunStatus {
    /// What that means.
    pub fn of(seen: Seen) -> Self {
        let patience = PATIENCE.max(seen.row_interval.saturating_mul(PATIENCE_ROWS));
        match seen.ended {
            Some(Ended::Done) => Self::Finished,
            Some(Ended::Stopped) => Self::Stopped,
            Some(Ended::Failed(reason)) => Self::Failed(reason),
            None if seen.silence > patience && seen.step >= seen.steps => Self::Finished,
            None if seen.silence > patience => Self::Silent(seen.silence),
            None if seen.is_asked_to_stop => Self::Stopping,
            None if seen.step == 0 => Self::Starting,
            None => Self::Running,
        }
    }

    /// Whether news are expected.
    pub fn is_going_on(&self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Stopping)
    }

    /// Why the run cannot be asked to stop; `None` when it can. The text is for a tooltip.
    pub fn obstacle_to_stopping(&self) -> Option<&'static str> {
        match self {
            Self::Starting | Self::Running | Self::Silent(_) => None,
            Self::Stopping => Some("It has been asked to stop"),
            Self::Finished | Self::Stopped | Self::Failed(_) => Some("The run has ended"),
        }
    }

    /// In a few words, with what to do next where something is to be done.
    pub fn text(&self) -> String {
        match self {
            Self::Starting => "Starting".to_owned(),
            Self::Running => "Running".to_owned(),
            Self::Stopping => "Stopping after this step".to_owned(),
            Self::Silent(silence) => {
                format!("No news for {}: if it was ended, go on with the same command and --resume", duration(*silence))
            }
            Self::Finished => "Finished".to_owned(),
            Self::Stopped => "Stopped: the same command with --resume goes on".to_owned(),
            Self::Failed(reason) => format!("Failed: {reason}"),
        }
    }

    /// How bad it is.
    pub fn level(&self) -> Level {
        match self {
            Self::Starting | Self::Running | Self::Stopping | Self::Stopped => Level::Info,
            Self::Finished => Level::Success,
            Self::Silent(_) => Level::Warning,
            Self::Failed(_) => Level::Error,
        }
    }
}

/// A time to wait, in its two largest units.
pub fn duration(time: Duration) -> String {
    let secs = time.as_secs();
    let (minutes, hours, days) = (secs / 60, secs / 3600, secs / 86_400);
    if minutes == 0 {
        format!("{secs} s")
    } else if hours == 0 {
        format!("{minutes} min")
    } else if days == 0 {
        format!("{hours} h {} min", minutes % 60)
    } else {
        format!("{days} d {} h", hours % 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> Seen {
        Seen {
            ended: None,
            step: 100,
            steps: 1000,
            silence: Duration::from_secs(5),
            row_interval: Duration::from_secs(2),
            is_asked_to_stop: false,
        }
    }

    #[test]
    fn what_a_run_says_about_its_end_counts_more_than_its_steps() {
        let ended = |ended| RunStatus::of(Seen { ended: Some(ended), ..seen() });
        assert_eq!(ended(Ended::Stopped), RunStatus::Stopped);
        assert_eq!(ended(Ended::Done), RunStatus::Finished);
        let failed = ended(Ended::Failed("the generator has collapsed".into()));
        assert_eq!(failed.text(), "Failed: the generator has collapsed");
        assert!(failed.level() == Level::Error && !failed.is_going_on() && failed.obstacle_to_stopping().is_some());
    }

    #[test]
    fn without_news_for_three_minutes_it_may_have_been_killed() {
        let after = |secs| RunStatus::of(Seen { silence: Duration::from_secs(secs), ..seen() });
        assert_eq!(after(180), RunStatus::Running);
        assert!(after(181).text().starts_with("No news for 3 min:"), "{:?}", after(181));
        let done = Seen { silence: Duration::from_secs(181), step: 1000, ..seen() };
        assert_eq!(RunStatus::of(done), RunStatus::Finished);
    }

    #[test]
    fn a_slow_run_is_given_the_time_of_three_rows() {
        let slow = |secs| {
            let row_interval = Duration::from_secs(200);
            RunStatus::of(Seen { silence: Duration::from_secs(secs), row_interval, ..seen() })
        };
        assert_eq!(slow(600), RunStatus::Running);
        assert!(matches!(slow(601), RunStatus::Silent(_)));
    }

    #[test]
    fn a_run_begins_runs_and_is_asked_to_stop() {
        assert_eq!(RunStatus::of(Seen { step: 0, ..seen() }), RunStatus::Starting);
        assert_eq!(RunStatus::of(seen()), RunStatus::Running);
        let stopping = RunStatus::of(Seen { is_asked_to_stop: true, ..seen() });
        assert!(stopping == RunStatus::Stopping && stopping.obstacle_to_stopping().is_some());
    }

    #[test]
    fn times_are_told_in_their_largest_units() {
        let told = [59, 60, 3599, 3660, 90_000].map(|secs| duration(Duration::from_secs(secs)));
        assert_eq!(told, ["59 s", "1 min", "59 min", "1 h 1 min", "1 d 1 h"]);
    }
}
