//! `countenance train`: runs a training and shows its progress on standard error.

mod args;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::time::Duration;

use indicatif::HumanDuration;

pub(super) use args::TrainArgs;

use super::console::Console;
use super::{CommandStatus, run_on_named_thread, usage_error};
use crate::dataset::FaceDataset;
use crate::train::{
    CheckpointEval, FaceImages, RunFolder, TrainEnd, TrainError, TrainFacts, TrainObserver, TrainOutcome,
    TrainProgress, TrainRequest, train,
};

/// Without a progress bar, a progress line is printed this often.
const PROGRESS_LINE_INTERVAL: Duration = Duration::from_secs(15);

/// Runs the command.
pub(super) fn run(args: &TrainArgs) -> anyhow::Result<CommandStatus> {
    let faces = open_dataset(&args.data)?;
    let held_out = args.held_out.as_deref().map(open_dataset).transpose()?;
    let previous = if args.resume { RunFolder::new(&args.out).read_settings().map_err(to_usage_error)? } else { None };
    let request = TrainRequest {
        settings: args.settings(previous, faces.size_px()),
        run_folder: args.out.clone(),
        resume: args.resume,
        device: args.device,
        max_minutes: args.minutes,
    };
    run_on_named_thread("training", || run_training(&request, &faces, held_out.as_ref(), &mut Console::stderr()))
}

fn open_dataset(path: &std::path::Path) -> anyhow::Result<FaceDataset> {
    FaceDataset::open(path).map_err(|error| usage_error(format!("{:#}", anyhow::Error::from(error))))
}

/// Turns errors caused by the arguments into usage errors.
fn to_usage_error(error: TrainError) -> anyhow::Error {
    let is_usage = matches!(
        error,
        TrainError::InvalidSetting { .. }
            | TrainError::NoFaces
            | TrainError::ImageSize { .. }
            | TrainError::FolderHasRun { .. }
            | TrainError::SettingsConflict { .. }
            | TrainError::Device(_)
            | TrainError::Features(_)
    );
    let error = anyhow::Error::from(error);
    if is_usage { usage_error(format!("{error:#}")) } else { error }
}

/// Runs the training and reports the result.
fn run_training(
    request: &TrainRequest,
    faces: &dyn FaceImages,
    held_out: Option<&FaceDataset>,
    console: &mut Console,
) -> anyhow::Result<CommandStatus> {
    console.start_bar("train", request.settings.steps);
    let mut observer = ConsoleTrainObserver { console, last_line_at: None };
    let outcome = train(request, faces, held_out.map(|faces| faces as &dyn FaceImages), &mut observer);
    console.clear_bar();
    let outcome = outcome.map_err(to_usage_error)?;
    console.print(&training_summary(&outcome));
    Ok(CommandStatus::from_success(!matches!(outcome.end, TrainEnd::Failed(_))))
}

/// The summary printed at the end.
fn training_summary(outcome: &TrainOutcome) -> String {
    let step = outcome.step;
    let mut text = match &outcome.end {
        TrainEnd::Done => format!("done after {step} steps"),
        TrainEnd::Stopped => format!("stopped after {step} steps: continue with --resume"),
        TrainEnd::Failed(reason) => format!("error: training failed at step {step}: {reason}"),
    };
    // Writing to a string cannot fail.
    if let (TrainEnd::Failed(_), Some(path)) = (&outcome.end, &outcome.checkpoint) {
        let _ = write!(text, "\nthe last good checkpoint is {}", path.display());
    }
    if let Some(path) = &outcome.best_model {
        let _ = write!(text, "\nthe best model is {}", path.display());
    }
    text
}

/// Shows the progress of a training run.
struct ConsoleTrainObserver<'a> {
    console: &'a mut Console,
    last_line_at: Option<std::time::Instant>,
}

impl TrainObserver for ConsoleTrainObserver<'_> {
    fn run_started(&mut self, facts: &TrainFacts) {
        let start = match facts.start_step {
            0 => "starting".to_string(),
            step => format!("resuming at step {step}"),
        };
        self.console.print(&format!(
            "{} faces, {} held out; {start} on {}; {:.1} million weights, about {:.1} GB of memory",
            facts.face_count,
            facts.held_out_count,
            facts.device_name,
            millions(facts.parameter_count as u64),
            millions(facts.estimated_bytes) / 1000.0,
        ));
    }

    fn note(&mut self, text: &str) {
        self.console.print(&format!("note: {text}"));
    }

    fn progress(&mut self, progress: &TrainProgress) {
        let TrainProgress { step, steps, images_per_sec, metrics, remaining_secs, .. } = progress;
        let loss = |name: &str| metrics.iter().find(|(key, _)| *key == name).map_or(0.0, |(_, value)| *value);
        let remaining = HumanDuration(Duration::try_from_secs_f64(remaining_secs.round()).unwrap_or_default());
        let (d, g) = (loss("d_loss"), loss("g_loss"));
        let text = format!("{images_per_sec:.1} faces/s  D {d:.3}  G {g:.3}  {remaining:#} left");
        self.console.show_training(*step, &text);
        let is_due = self.last_line_at.is_none_or(|printed_at| printed_at.elapsed() >= PROGRESS_LINE_INTERVAL);
        if !self.console.is_on_terminal() && is_due {
            self.last_line_at = Some(std::time::Instant::now());
            self.console.print(&format!(
                "step {step} of {steps}: {images_per_sec:.1} faces/s, D {d:.3}, G {g:.3}, about {remaining} left"
            ));
        }
    }

    fn checkpoint_evaluated(&mut self, checkpoint: &CheckpointEval) {
        let quality = &checkpoint.quality;
        let kid = quality.kid.map_or_else(|| "none".into(), |kid| format!("{kid:.3}"));
        self.console.print(&format!(
            "step {}: context loss {:.4}, distance to faces {kid}, {}{}",
            checkpoint.step,
            quality.context_loss,
            checkpoint.samples_path.display(),
            if checkpoint.is_best { ", the best so far" } else { "" }
        ));
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn millions(count: u64) -> f64 {
    count as f64 / 1e6
}
