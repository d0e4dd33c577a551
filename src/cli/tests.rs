//! Parsing of the command line, its refusals and its help.

use clap::{CommandFactory as _, FromArgMatches as _};

use super::args::{self, Cli, Command};
use super::face_choice::FaceChoice;
use crate::blend::{Blend, BlendMode};
use crate::device::DeviceChoice;
use crate::geometry::FaceFrame;
use crate::search::{OptimizerKind, Preset};

fn parse(line: &str) -> Result<Cli, clap::Error> {
    // A fixed width, independent of the terminal that runs the tests.
    let mut command = Cli::command().term_width(100);
    let matches = command.try_get_matches_from_mut(["countenance"].into_iter().chain(line.split_whitespace()))?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

fn fill_args(line: &str) -> Box<args::FillArgs> {
    match parse(line).unwrap().command {
        Some(Command::Fill(args)) => args,
        other => panic!("not a fill: {other:?}"),
    }
}

/// The error text that the user would see.
fn refusal(line: &str) -> String {
    let error = parse(line).unwrap_err();
    assert_eq!(error.exit_code(), 2, "{line}");
    error.to_string()
}

#[test]
fn the_command_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn a_photo_without_command_opens_the_editor() {
    let cli = parse("face.jpg").unwrap();
    assert_eq!(cli.photo, Some("face.jpg".into()));
    assert!(cli.command.is_none());
    assert!(parse("").unwrap().photo.is_none());
    assert!(matches!(parse("devices").unwrap().command, Some(Command::Devices)));
}

#[test]
fn a_path_is_not_taken_for_a_command() {
    let cli = parse("./devices").unwrap();
    assert_eq!(cli.photo, Some("./devices".into()));
    assert!(cli.command.is_none());
}

#[test]
fn every_option_of_fill_is_parsed() {
    let args = fill_args(
        "fill a.png b.png --mask center --out filled --preset paper --steps 5 --lambda 0.5 --candidates 2 --seed 3 \
         --model m.safetensors --device gpu:1 --face none --frame -1,2,30 --blend none --detail 40 --completion off --frames f --every 4 --maps m \
         --layer y.png --no-record --gif g.gif --apng g.png --at 4 --log l.csv --report r.json --force --learning-rate 0.1 --schedule cosine \
         --optimizer hmc \
         --starts prior --start-spread 0.1 --context mean --norm l2 --window 5 --focus 0.5 --gradient 2 --prior saturating \
         --clipping stochastic --hmc-steps 3 --hmc-step-size 0.01 --hmc-beta 0.5 --hmc-anneal 1.1",
    );
    assert_eq!(args.photos.len(), 2);
    assert_eq!(args.device, DeviceChoice::Gpu(Some(1)));
    assert_eq!(args.face, FaceChoice::None);
    assert_eq!(args.frame, Some(FaceFrame { center_in_photo: [-1.0, 2.0], side_px: 30.0, angle_radians: 0.0 }));
    assert_eq!((args.blend, args.detail, args.completion), (BlendMode::None, 40, false));
    assert!(fill_args("fill a.png --mask center --out b.png --completion on").completion);
    assert_eq!((args.output.every, args.output.at, args.output.maps), (Some(4), Some(4), Some("m".into())));
    assert!(args.output.force && args.output.no_record);
    assert_eq!(args.output.layer, Some("y.png".into()));
    assert_eq!(args.settings.preset, Preset::Paper);
    assert_eq!(args.settings.settings().unwrap().optimizer, OptimizerKind::Hmc);
}

#[test]
fn defaults_of_fill_are_as_documented() {
    let args = fill_args("fill a.png --mask center --out b.png");
    assert_eq!((args.settings.preset, args.device), (Preset::Best, DeviceChoice::Auto));
    assert_eq!((args.face, args.blend, args.detail), (FaceChoice::Auto, BlendMode::Poisson, 100));
    assert_eq!(args.completion, Blend::default().completion);
    assert!(!args.output.force && !args.output.no_record);
}

#[test]
fn unknown_values_are_refused() {
    insta::assert_snapshot!("refused-face", refusal("fill a.png --mask center --out b.png --face first"));
    insta::assert_snapshot!("refused-blend", refusal("fill a.png --mask center --out b.png --blend magic"));
    insta::assert_snapshot!("refused-detail", refusal("fill a.png --mask center --out b.png --detail 101"));
}

#[test]
fn parse_errors_say_what_to_do() {
    insta::assert_snapshot!("refused-nothing-given", refusal("fill"));
    insta::assert_snapshot!("refused-preset", refusal("fill a.png --mask center --out b.png --preset fast"));
    insta::assert_snapshot!("refused-device", refusal("fill a.png --mask center --out b.png --device tpu"));
    insta::assert_snapshot!("refused-frame", refusal("fill a.png --mask center --out b.png --frame 1,2"));
    insta::assert_snapshot!("refused-every", refusal("fill a.png --mask center --out b.png --every 5"));
    insta::assert_snapshot!("refused-masks", refusal("eval faces --masks center,chin"));
    insta::assert_snapshot!("refused-every-zero", refusal("fill a.png --mask center --out b.png --gif g --every 0"));
}

#[test]
fn help_texts_are_as_reviewed() {
    let help = |line: &str| parse(line).unwrap_err().to_string();
    insta::assert_snapshot!("help", help("--help"));
    insta::assert_snapshot!("help-faces", help("faces --help"));
    insta::assert_snapshot!("help-devices", help("devices --help"));
    insta::assert_snapshot!("help-replay", help("replay --help"));
    insta::assert_snapshot!("help-eval", help("eval --help"));
    insta::assert_snapshot!("help-bench", help("bench --help"));
    for command in ["sample", "interpolate", "latent", "explain", "prepare", "train", "import", "export"] {
        insta::assert_snapshot!(format!("help-{command}"), help(&format!("{command} --help")));
    }
    insta::assert_snapshot!("help-fill", help("fill --help"));
    insta::assert_snapshot!("help-fill-short", help("fill -h"));
}

#[test]
fn every_option_has_help() {
    let command = Cli::command();
    for subcommand in command.get_subcommands() {
        let (name, arguments) = (subcommand.get_name(), subcommand.get_arguments());
        let silent: Vec<_> = arguments.filter(|arg| arg.get_help().is_none()).map(clap::Arg::get_id).collect();
        assert!(silent.is_empty(), "{name}: {silent:?}");
    }
}

#[test]
fn usage_errors_exit_with_code_two() {
    assert_eq!(super::exit_code_for(&super::usage_error("no")), 2);
    assert_eq!(super::exit_code_for(&anyhow::anyhow!("no")), 1);
}

#[test]
fn a_missing_photo_opens_no_window() {
    let error = super::open_editor(Some("missing/face.jpg".into())).unwrap_err();
    assert_eq!(super::exit_code_for(&error), 2);
    insta::assert_snapshot!(error, @"there is no file missing/face.jpg: check the name (`countenance --help` lists the commands)");
}
