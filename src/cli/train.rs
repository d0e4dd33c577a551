//! `countenance train`: runs a training and shows its progress on standard error.

mod args;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::time::Duration;

use indicatif::HumanDuration;

pub(super) use args::TrainArgs;

use super::progress::Console;
use super::{Ending, on_one_thread, usage};
use crate::dataset::Faces;
use crate::train::{
    Ended, Facts, Milestone, Observer, Pictures, Progress, RunFolder, TrainError, TrainOutcome, TrainRequest, train,
};

/// Without a progress bar, a progress line is printed this often.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// Runs the command.
pub(super) fn run(args: &TrainArgs) -> anyhow::Result<Ending> {
    let faces = open(&args.data)?;
    let held_out = args.held_out.as_deref().map(open).transpose()?;
    let former = if args.resume { RunFolder::new(&args.out).settings().map_err(explained)? } else { None };
    let request = TrainRequest {
        settings: args.settings(former, faces.size_px()),
        out: args.out.clone(),
        resume: args.resume,
        device: args.device,
        minutes: args.minutes,
    };
    on_one_thread("training", || follow(&request, &faces, held_out.as_ref(), &mut Console::stderr()))
}

fn open(path: &std::path::Path) -> anyhow::Result<Faces> {
    Faces::open(path).map_err(|error| usage(format!("{:#}", anyhow::Error::from(error))))
}

/// Turns errors caused by the arguments into usage errors.
fn explained(error: TrainError) -> anyhow::Error {
    let is_usage = matches!(
        error,
        TrainError::Setting { .. }
            | TrainError::NoPictures
            | TrainError::Size { .. }
            | TrainError::Occupied { .. }
            | TrainError::Conflict { .. }
            | TrainError::Device(_)
            | TrainError::Features { .. }
    );
    let error = anyhow::Error::from(error);
    if is_usage { usage(format!("{error:#}")) } else { error }
}

/// Runs the training and reports the result.
fn follow(
    request: &TrainRequest,
    faces: &dyn Pictures,
    held_out: Option<&Faces>,
    console: &mut Console,
) -> anyhow::Result<Ending> {
    console.begin("train", request.settings.steps);
    let mut follower = Follower { console, last_line: None };
    let outcome = train(request, faces, held_out.map(|faces| faces as &dyn Pictures), &mut follower);
    console.end();
    let outcome = outcome.map_err(explained)?;
    console.say(&ending(&outcome));
    Ok(if matches!(outcome.ended, Ended::Failed(_)) { Ending::SomeFailed } else { Ending::AllWell })
}

/// The summary printed at the end.
fn ending(outcome: &TrainOutcome) -> String {
    let step = outcome.step;
    let mut text = match &outcome.ended {
        Ended::Done => format!("done after {step} steps"),
        Ended::Stopped => format!("stopped after {step} steps: continue with --resume"),
        Ended::Failed(reason) => format!("error: training failed at step {step}: {reason}"),
    };
    // Writing to a string cannot fail.
    if let (Ended::Failed(_), Some(path)) = (&outcome.ended, &outcome.checkpoint) {
        let _ = write!(text, "\nthe last good checkpoint is {}", path.display());
    }
    if let Some(path) = &outcome.best {
        let _ = write!(text, "\nthe best model is {}", path.display());
    }
    text
}

/// Shows the progress of a training run.
struct Follower<'a> {
    console: &'a mut Console,
    last_line: Option<std::time::Instant>,
}

impl Observer for Follower<'_> {
    fn started(&mut self, facts: &Facts) {
        self.console.say(&format!(
            "{} faces, {} held out; {} on {}; {:.1} million weights, about {:.1} GB of memory",
            facts.faces,
            facts.held_out,
            if facts.step == 0 { "starting".to_string() } else { format!("resuming at step {}", facts.step) },
            facts.device,
            millions(facts.parameters as u64),
            millions(facts.bytes) / 1000.0,
        ));
    }

    fn note(&mut self, text: &str) {
        self.console.say(&format!("note: {text}"));
    }

    fn progress(&mut self, progress: &Progress) {
        let Progress { step, steps, images_per_sec, numbers, .. } = progress;
        let loss = |name: &str| numbers.iter().find(|(known, _)| *known == name).map_or(0.0, |(_, value)| *value);
        let left = HumanDuration(Duration::try_from_secs_f64(progress.remaining_secs.round()).unwrap_or_default());
        let (d, g) = (loss("d_loss"), loss("g_loss"));
        self.console.show_training(*step, &format!("{images_per_sec:.1} faces/s  D {d:.3}  G {g:.3}  {left:#} left"));
        let is_due = self.last_line.is_none_or(|shown| shown.elapsed() >= LINE_EVERY);
        if !self.console.is_on_terminal() && is_due {
            self.last_line = Some(std::time::Instant::now());
            self.console.say(&format!(
                "step {step} of {steps}: {images_per_sec:.1} faces/s, D {d:.3}, G {g:.3}, about {left} left"
            ));
        }
    }

    fn milestone(&mut self, milestone: &Milestone) {
        let quality = &milestone.quality;
        let kid = quality.kid.map_or_else(|| "none".into(), |kid| format!("{kid:.3}"));
        self.console.say(&format!(
            "step {}: context loss {:.4}, distance to faces {kid}, {}{}",
            milestone.step,
            quality.context_loss,
            milestone.samples.display(),
            if milestone.is_best { ", the best so far" } else { "" }
        ));
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn millions(count: u64) -> f64 {
    count as f64 / 1e6
}
