//! What `countenance eval` can be told, and its help.

use std::path::PathBuf;

use clap::Args;

use crate::blend::BlendMode;
use crate::cli::settings::SettingsArgs;
use crate::device::DeviceChoice;
use crate::evaluation::{HoleKind, Others};
use crate::search::Preset;

/// Measure how near fills come to the truth, over many faces and masks
///
/// FACES holds pictures of aligned faces (square, any size; eyes and mouth at the places the model was trained on): a
/// folder of them, or a dataset of `countenance prepare`. In each one every mask makes a hole, every method fills it, and
/// the result is compared with what was there. The mean of the known pixels (method mean) is always measured too, as the
/// floor. Numbers go to standard output as a table of means with 95 % intervals (Student's t).
///
/// Others are measured the same way: --cases writes the pictures with their holes blanked, and --others scores what
/// another program made of them.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(in crate::cli) struct EvalArgs {
    /// Folder of aligned faces (PNG, JPEG, WebP, TIFF, BMP), taken by name, or a dataset, in its order
    #[arg(value_name = "FACES")]
    pub(super) faces: PathBuf,

    /// Masks, with commas: center, half, random, pattern, irregular, mouth, eyes; or all
    ///
    /// center is the middle quarter, half the left half, random 80 % of the pixels, pattern all but every fourth pixel of
    /// every fourth row, irregular strokes over a fifth; mouth and eyes are what they say. The same face in the same place
    /// of the list always has the same masks.
    #[arg(long, value_name = "LIST", value_parser = masks, default_value = "all")]
    pub(super) masks: List<HoleKind>,

    /// Presets to measure, with commas: best, blog, blog-momentum, paper, hmc; or all, or none
    ///
    /// A preset may be followed by changes to it, as in best:noise=0:hold=0; they are called as the options of
    /// `countenance fill`.
    #[arg(long, value_name = "LIST", value_parser = presets, default_value = "best")]
    pub(super) presets: List<String>,

    /// How fills join the known pixels, with commas: poisson, feather, none; or all
    ///
    /// One search serves for all of them. With none a method is named after its preset, else as in best+poisson.
    #[arg(long, value_name = "LIST", value_parser = blends, default_value = "none")]
    pub(super) blend: List<BlendMode>,

    /// Only the first N faces
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) count: Option<u32>,

    /// Latents searched together, instead of each preset's own number
    #[arg(long, value_name = "K")]
    pub(super) candidates: Option<u32>,

    /// Iterations, instead of each preset's own number
    #[arg(long, value_name = "N")]
    pub(super) steps: Option<u32>,

    /// Seed of masks and searches
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,

    /// Model file, name of one in the models folder, or built in: face-128 (default), face-64 (faster)
    #[arg(long, value_name = "PATH")]
    pub(super) model: Option<PathBuf>,

    /// Where to compute: auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(super) device: DeviceChoice,

    /// Also tell every method's difference to this one, face by face: mean, a preset's name, or one of --others
    ///
    /// Faces that are hard for one method are hard for all. Their differences show what the means' own intervals cannot.
    #[arg(long, value_name = "METHOD")]
    pub(super) against: Option<String>,

    /// JSON with the means and every face's numbers
    ///
    /// Replaced every few seconds with what there is so far, so that a run that is cut short leaves the faces it has done.
    /// A single - writes it to standard output, at the end and in place of the table.
    #[arg(long, value_name = "PATH")]
    pub(super) json: Option<PathBuf>,

    /// PNG of the first 24 faces, a row each: the truth, then for each mask the hole and all methods
    #[arg(long, value_name = "PATH")]
    pub(super) sheet: Option<PathBuf>,

    /// Folder for others: NAME-MASK.png with the hole blanked and NAME-MASK_mask.png, white in the hole
    ///
    /// NAME is the face's file name without extension, or face-00012 for the 13th of a dataset. Made if need be; pictures
    /// of these names are replaced.
    #[arg(long, value_name = "DIR")]
    pub(super) cases: Option<PathBuf>,

    /// Score the pictures of another program: DIR/NAME-MASK.png for each case. May be given more than once
    ///
    /// Only what they have in the hole counts. Pictures that are missing are named.
    #[arg(long, value_name = "NAME=DIR", value_parser = others)]
    pub(super) others: Vec<Others>,
}

const AFTER_HELP: &str = "\
Examples:
  countenance eval faces/ --count 24 --sheet eval.png
  countenance eval held-out/faces.safetensors --model runs/mine/best.safetensors --count 200
  countenance eval faces/ --presets best,blog --blend none,poisson --json eval.json
  countenance eval faces/ --presets best,best:noise=0,best:candidates=1 --against best
  countenance eval faces/ --presets none --cases cases/
  countenance eval faces/ --others telea=telea/ --others ns=ns/ --against telea

Exit status: 0 when all went well, 1 when something could not be scored, 2 when the arguments cannot be meant.";

/// Names with commas between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct List<T>(pub(super) Vec<T>);

/// Reads names with commas, or `all`. Each name counts once.
fn list<T: Copy + PartialEq>(text: &str, all: &[T], id: fn(T) -> &'static str) -> Result<List<T>, String> {
    if text == "all" {
        return Ok(List(all.to_vec()));
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
    Ok(List(chosen))
}

fn masks(text: &str) -> Result<List<HoleKind>, String> {
    list(text, &HoleKind::ALL, HoleKind::id)
}

/// Each is checked with its changes.
fn presets(text: &str) -> Result<List<String>, String> {
    match text {
        "all" => return Ok(List(Preset::ALL.map(|preset| preset.id().to_string()).into())),
        "none" => return Ok(List(Vec::new())),
        _ => {}
    }
    let mut chosen = Vec::new();
    for name in text.split(',').map(str::trim) {
        let preset = name.split(':').next().unwrap_or_default();
        if Preset::from_id(preset).is_none() {
            let ids = Preset::ALL.map(Preset::id).join(", ");
            return Err(format!("there is no '{preset}': use {ids}; or all, or none"));
        }
        SettingsArgs::changed(name).map_err(|error| format!("{error:#}"))?;
        if !chosen.iter().any(|other| other == name) {
            chosen.push(name.to_string());
        }
    }
    Ok(List(chosen))
}

fn blends(text: &str) -> Result<List<BlendMode>, String> {
    list(text, &BlendMode::ALL, BlendMode::id)
}

fn others(text: &str) -> Result<Others, String> {
    match text.split_once('=') {
        Some((name, folder)) if !name.is_empty() && !folder.is_empty() => {
            Ok(Others { name: name.into(), folder: folder.into() })
        }
        _ => Err("give a name and a folder, as in telea=outputs/telea".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_names_with_commas_or_all() {
        assert_eq!(masks("eyes, center,eyes").unwrap(), List(vec![HoleKind::Eyes, HoleKind::Center]));
        assert_eq!(masks("all").unwrap().0, HoleKind::ALL);
        assert_eq!(presets("none").unwrap(), List(Vec::new()));
        assert_eq!(blends("none").unwrap(), List(vec![BlendMode::None]));
    }

    #[test]
    fn an_unknown_name_is_refused_with_those_there_are() {
        insta::assert_snapshot!(masks("center,nose").unwrap_err(), @"there is no 'nose': use center, half, random, pattern, irregular, mouth, eyes; or all");
        insta::assert_snapshot!(presets("").unwrap_err(), @"there is no '': use best, blog, blog-momentum, paper, hmc; or all, or none");
    }

    #[test]
    fn a_preset_may_be_changed_and_each_change_is_checked() {
        let list = presets("best, best:noise=0:hold=0,best").unwrap();
        assert_eq!(list.0, ["best", "best:noise=0:hold=0"]);
        assert_eq!(presets("all").unwrap().0.len(), Preset::ALL.len());
        for (wrong, named) in [
            ("nose:noise=0", "there is no 'nose'"),
            ("best:nose=0", "--nose"),
            ("best:noise", "write noise=0"),
            ("best:noise=3", "noise is 3"),
            ("best:steps=many", "many"),
        ] {
            let error = presets(wrong).unwrap_err();
            assert!(error.contains(named) && error.lines().count() == 1, "{wrong}: {error}");
        }
    }

    #[test]
    fn others_are_a_name_and_a_folder() {
        assert_eq!(others("telea=a=b").unwrap(), Others { name: "telea".into(), folder: "a=b".into() });
        for text in ["telea", "=folder", "telea="] {
            assert!(others(text).is_err(), "{text}");
        }
    }
}
