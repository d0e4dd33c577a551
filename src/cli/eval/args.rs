//! Arguments of `countenance eval`, with their help texts.

use std::path::PathBuf;

use clap::Args;

use super::plan::SHEET_FACES;
use crate::blend::BlendMode;
use crate::cli::settings::SettingsArgs;
use crate::device::DeviceChoice;
use crate::evaluation::{ExternalFills, HoleKind};
use crate::search::Preset;

/// Measure how close fills come to the original, over many faces and masks
///
/// FACES is a folder of aligned faces (square pictures of any size, with eyes and mouth where the model was trained on
/// them), or a dataset made by `countenance prepare`. Each mask cuts a hole into each face, each method fills it, and the
/// result is compared with the original. The method mean, which fills with the mean of the known pixels, is always
/// measured as a baseline. Standard output gets a table of means with 95 % confidence intervals (Student's t).
///
/// Other programs can be measured the same way: --cases writes the faces with blanked holes, and --others scores the
/// other program's results.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(in crate::cli) struct EvalArgs {
    /// Folder of aligned faces (PNG, JPEG, WebP, TIFF, BMP), used in order of name, or a dataset
    #[arg(value_name = "FACES")]
    pub(super) faces: PathBuf,

    /// Masks, separated by commas: center, half, random, pattern, irregular, mouth, eyes; or all
    ///
    /// center is the middle quarter, half the left half, random 80 % of the pixels, pattern everything except every fourth
    /// pixel of every fourth row, irregular random strokes over a fifth, mouth and eyes strokes over those features. The
    /// same face at the same position of the list always gets the same masks.
    #[arg(long, value_name = "LIST", value_parser = parse_masks, default_value = "all")]
    pub(super) masks: CommaList<HoleKind>,

    /// Presets to measure, separated by commas: best, blog, blog-momentum, paper, hmc; or all, or none
    ///
    /// A preset may be followed by changes, for example best:noise=0:hold=0. Settings have the names of the options of
    /// `countenance fill`.
    #[arg(long, value_name = "LIST", value_parser = parse_presets, default_value = "best")]
    pub(super) presets: CommaList<String>,

    /// Blend modes to measure, separated by commas: poisson, feather, none; or all
    ///
    /// All of them use the same search. With none, a method is named after its preset; otherwise like best+poisson.
    #[arg(long, value_name = "LIST", value_parser = parse_blends, default_value = "none")]
    pub(super) blend: CommaList<BlendMode>,

    /// Measure only the first N faces
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) count: Option<u32>,

    /// Number of candidates, instead of each preset's value
    #[arg(long, value_name = "K")]
    pub(super) candidates: Option<u32>,

    /// Iterations, instead of each preset's value
    #[arg(long, value_name = "N")]
    pub(super) steps: Option<u32>,

    /// Seed for masks and searches
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,

    /// Model: a file, a name in the models folder, or built in: face-128 (default), face-64 (faster)
    #[arg(long, value_name = "PATH")]
    pub(super) model: Option<PathBuf>,

    /// Compute device: auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(super) device: DeviceChoice,

    /// Also show each method's paired difference to this one: mean, a preset's name, or one of --others
    ///
    /// Faces that are hard for one method are hard for all. Paired differences remove this common variation, so their
    /// intervals are narrower than those of the means.
    #[arg(long, value_name = "METHOD")]
    pub(super) against: Option<String>,

    /// JSON with the means and the scores of every face
    ///
    /// Updated every few seconds, so an interrupted run keeps the finished faces. Use - for standard output: the JSON is
    /// then printed at the end instead of the table.
    #[arg(long, value_name = "PATH")]
    pub(super) json: Option<PathBuf>,

    #[arg(long, value_name = "PATH")]
    #[arg(help = format!("PNG with one row for each of the first {SHEET_FACES} faces: the original, then for each mask \
                          the hole and all methods"))]
    pub(super) sheet: Option<PathBuf>,

    /// Folder for other programs: NAME-MASK.png with the hole blanked and NAME-MASK_mask.png with the hole in white
    ///
    /// NAME is the face's file name without extension, or face-00012 for the 13th face of a dataset. The folder is created
    /// if missing; existing pictures with these names are replaced.
    #[arg(long, value_name = "DIR")]
    pub(super) cases: Option<PathBuf>,

    /// Score the results of another program: DIR/NAME-MASK.png for each case. May be given more than once
    ///
    /// Only pixels in the hole are compared. Missing pictures are reported.
    #[arg(long, value_name = "NAME=DIR", value_parser = parse_others)]
    pub(super) others: Vec<ExternalFills>,
}

const AFTER_HELP: &str = "\
Examples:
  countenance eval faces/ --count 24 --sheet eval.png
  countenance eval held-out/faces.safetensors --model runs/mine/best.safetensors --count 200
  countenance eval faces/ --presets best,blog --blend none,poisson --json eval.json
  countenance eval faces/ --presets best,best:noise=0,best:candidates=1 --against best
  countenance eval faces/ --presets none --cases cases/
  countenance eval faces/ --others telea=telea/ --others ns=ns/ --against telea

Exit status: 0 on success, 1 if something could not be scored, 2 if the arguments are invalid.";

/// A list of names separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct CommaList<T>(pub(super) Vec<T>);

/// Reads names separated by commas, or `all`. Duplicates are dropped.
fn parse_list<T: Copy + PartialEq>(text: &str, all: &[T], id: fn(T) -> &'static str) -> Result<CommaList<T>, String> {
    if text == "all" {
        return Ok(CommaList(all.to_vec()));
    }
    let mut chosen = Vec::new();
    for name in text.split(',').map(str::trim) {
        let Some(&value) = all.iter().find(|value| id(**value) == name) else {
            let names: Vec<_> = all.iter().map(|value| id(*value)).collect();
            return Err(format!("there is no '{name}': use {}; or all", names.join(", ")));
        };
        if !chosen.contains(&value) {
            chosen.push(value);
        }
    }
    Ok(CommaList(chosen))
}

fn parse_masks(text: &str) -> Result<CommaList<HoleKind>, String> {
    parse_list(text, &HoleKind::ALL, HoleKind::id)
}

/// Reads presets with changes and checks each of them.
fn parse_presets(text: &str) -> Result<CommaList<String>, String> {
    match text {
        "all" => return Ok(CommaList(Preset::ALL.map(|preset| preset.id().to_string()).into())),
        "none" => return Ok(CommaList(Vec::new())),
        _ => {}
    }
    let mut chosen = Vec::new();
    for name in text.split(',').map(str::trim) {
        let preset = name.split(':').next().unwrap_or_default();
        if Preset::from_id(preset).is_none() {
            let ids = Preset::ALL.map(Preset::id).join(", ");
            return Err(format!("there is no '{preset}': use {ids}; or all, or none"));
        }
        SettingsArgs::parse(name).map_err(|error| format!("{error:#}"))?;
        if !chosen.iter().any(|other| other == name) {
            chosen.push(name.to_string());
        }
    }
    Ok(CommaList(chosen))
}

fn parse_blends(text: &str) -> Result<CommaList<BlendMode>, String> {
    parse_list(text, &BlendMode::ALL, BlendMode::id)
}

fn parse_others(text: &str) -> Result<ExternalFills, String> {
    match text.split_once('=') {
        Some((name, folder)) if !name.is_empty() && !folder.is_empty() => {
            Ok(ExternalFills { name: name.into(), folder: folder.into() })
        }
        _ => Err("give a name and a folder, for example telea=outputs/telea".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_comma_separated_names_or_all() {
        assert_eq!(parse_masks("eyes, center,eyes").unwrap(), CommaList(vec![HoleKind::Eyes, HoleKind::Center]));
        assert_eq!(parse_masks("all").unwrap().0, HoleKind::ALL);
        assert_eq!(parse_presets("none").unwrap(), CommaList(Vec::new()));
        assert_eq!(parse_blends("none").unwrap(), CommaList(vec![BlendMode::None]));
    }

    #[test]
    fn an_unknown_name_error_lists_the_names() {
        insta::assert_snapshot!(parse_masks("center,nose").unwrap_err(), @"there is no 'nose': use center, half, random, pattern, irregular, mouth, eyes; or all");
        insta::assert_snapshot!(parse_presets("").unwrap_err(), @"there is no '': use best, blog, blog-momentum, paper, hmc; or all, or none");
    }

    #[test]
    fn changes_to_a_preset_are_checked() {
        let list = parse_presets("best, best:noise=0:hold=0,best").unwrap();
        assert_eq!(list.0, ["best", "best:noise=0:hold=0"]);
        assert_eq!(parse_presets("all").unwrap().0.len(), Preset::ALL.len());
        for (wrong, named) in [
            ("nose:noise=0", "there is no 'nose'"),
            ("best:nose=0", "no setting 'nose'"),
            ("best:noise", "write noise=0"),
            ("best:noise=3", "noise is 3"),
            ("best:steps=many", "many"),
        ] {
            let error = parse_presets(wrong).unwrap_err();
            assert!(error.contains(named) && error.lines().count() == 1, "{wrong}: {error}");
        }
    }

    #[test]
    fn others_are_a_name_and_a_folder() {
        assert_eq!(parse_others("telea=a=b").unwrap(), ExternalFills { name: "telea".into(), folder: "a=b".into() });
        for text in ["telea", "=folder", "telea="] {
            assert!(parse_others(text).is_err(), "{text}");
        }
    }
}
