//! Parsing of the arguments, and a complete run with tiny networks.

use super::*;
use crate::cli::args::{self, Command};
use crate::cli::console::CapturedConsole;
use crate::device::DeviceChoice;
use crate::train::{InMemoryFaceImages, TrainRecipe, TrainSettings};
use clap::Parser as _;

fn train_args(line: &str) -> TrainArgs {
    let words = ["countenance", "train", "--data", "d", "--out", "o"].into_iter().chain(line.split_whitespace());
    match args::Cli::try_parse_from(words).unwrap().command {
        Some(Command::Train(args)) => *args,
        other => panic!("not a training: {other:?}"),
    }
}

#[test]
fn missing_options_come_from_the_run_then_defaults() {
    let settings = train_args("").settings(None, 128);
    assert_eq!(settings, TrainSettings { size_px: 128, ..TrainSettings::default() });
    let blog = train_args("--recipe blog --width 8").settings(None, 64);
    assert_eq!((blog.recipe, blog.batch, blog.width), (TrainRecipe::Blog, 64, 8));
    let previous = TrainSettings { recipe: TrainRecipe::Blog, batch: 12, seed: 5, size_px: 32, ..blog };
    let resumed = train_args("--resume --steps 9").settings(Some(previous.clone()), 64);
    assert_eq!(resumed, TrainSettings { steps: 9, ..previous });
}

#[test]
fn every_option_is_parsed() {
    let args = train_args(
        "--resume --recipe encoder --steps 9 --batch 4 --width 2 --size 16 --seed 3 --learning-rate 0.001 --r1 2 \
         --every 5 --minutes 1.5 --held-out h --device cpu",
    );
    let expected = TrainSettings {
        size_px: 16,
        width: 2,
        batch: 4,
        steps: 9,
        seed: 3,
        learning_rate: 0.001,
        r1: 2.0,
        every: 5,
        ..TrainSettings::default()
    };
    assert_eq!(args.settings(None, 64), expected);
    assert_eq!((args.minutes, args.device, args.held_out), (Some(1.5), DeviceChoice::Cpu, Some("h".into())));
}

#[test]
fn a_run_reports_progress_and_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TrainSettings {
        size_px: 16,
        width: 2,
        latent_dim: 4,
        batch: 4,
        steps: 2,
        every: 2,
        ..TrainSettings::default()
    };
    let out = folder.path().to_path_buf();
    let request =
        TrainRequest { settings, run_folder: out, resume: false, device: DeviceChoice::Cpu, max_minutes: None };
    let faces = InMemoryFaceImages::new(16, (0..=255u8).cycle().take(20 * 768).collect());
    let captured = CapturedConsole::default();
    let status = run_training(&request, &faces, None, &mut captured.console()).unwrap();
    assert_eq!(status, CommandStatus::Success);
    let text = captured.take();
    for part in ["18 faces, 2 held out; starting on CPU", "step 2 of 2", "context loss", "the best model is"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let again = run_training(&request, &faces, None, &mut captured.console()).unwrap_err();
    assert_eq!(crate::cli::exit_code_for(&again), 2);
}

#[test]
fn a_failed_run_names_its_last_good_checkpoint() {
    let outcome = TrainOutcome {
        end: TrainEnd::Failed("g_loss is NaN or infinite".into()),
        step: 30,
        checkpoint: Some("run/step-20".into()),
        best_model: None,
    };
    insta::assert_snapshot!(training_summary(&outcome), @r"
    error: training failed at step 30: g_loss is NaN or infinite
    the last good checkpoint is run/step-20
    ");
}

#[test]
fn missing_data_is_a_usage_error() {
    let error = run(&train_args("")).unwrap_err();
    assert_eq!(crate::cli::exit_code_for(&error), 2, "{error:#}");
}
