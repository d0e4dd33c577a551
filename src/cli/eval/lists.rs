//! Lists of names in the arguments of `eval`: masks, presets, blends, frames.

use crate::blend::{Blend, BlendMode};
use crate::cli::settings::SettingsArgs;
use crate::cli::usage_error;
use crate::cli::value_names::COMPLETION;
use crate::evaluation::{BlendMethod, EvaluationHoles, ExternalFills, FrameMode, HoleKind, PhotoHoleKind};
use crate::search::Preset;

/// Name of the blend of `fill`.
pub(super) const DEFAULT_BLEND: &str = "default";

/// A list of names separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct CommaList<T>(pub(super) Vec<T>);

/// Masks of either protocol, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum MaskNames {
    All,
    Named(Vec<&'static str>),
}

impl MaskNames {
    /// The holes of one protocol. A mask of the other one is an error.
    pub(super) fn holes(&self, in_photos: bool) -> anyhow::Result<EvaluationHoles> {
        if in_photos {
            let other = "there is no mask {} with --photos";
            Ok(EvaluationHoles::Photos(self.kinds(&PhotoHoleKind::ALL, PhotoHoleKind::id, other)?))
        } else {
            let other = "the mask {} is for --photos only";
            Ok(EvaluationHoles::Crops(self.kinds(&HoleKind::ALL, HoleKind::id, other)?))
        }
    }

    /// The kinds with these names. The error for an unknown name starts with `unknown`, in which `{}` is the name.
    fn kinds<T: Copy>(&self, all: &[T], id: fn(T) -> &'static str, unknown: &str) -> anyhow::Result<Vec<T>> {
        let Self::Named(names) = self else { return Ok(all.to_vec()) };
        let find = |name: &&str| {
            let kind = all.iter().find(|kind| id(**kind) == *name).copied();
            kind.ok_or_else(|| usage_error(format!("{}: use {}; or all", unknown.replace("{}", name), ids(all, id))))
        };
        names.iter().map(find).collect()
    }
}

/// Names separated by commas.
fn ids<T: Copy>(all: &[T], id: fn(T) -> &'static str) -> String {
    all.iter().map(|value| id(*value)).collect::<Vec<_>>().join(", ")
}

/// Reads items separated by commas. Duplicates are dropped.
fn parse_items<T: PartialEq>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let mut items = Vec::new();
    for name in text.split(',').map(str::trim) {
        let item = parse(name)?;
        if !items.contains(&item) {
            items.push(item);
        }
    }
    Ok(items)
}

pub(super) fn parse_masks(text: &str) -> Result<MaskNames, String> {
    if text == "all" {
        return Ok(MaskNames::All);
    }
    let known = || HoleKind::ALL.map(HoleKind::id).into_iter().chain(PhotoHoleKind::ALL.map(PhotoHoleKind::id));
    let (crops, photos) = (ids(&HoleKind::ALL, HoleKind::id), ids(&PhotoHoleKind::ALL, PhotoHoleKind::id));
    let parse = |name: &str| {
        let unknown = || format!("there is no '{name}': use {crops}; with --photos {photos}; or all");
        known().find(|known| *known == name).ok_or_else(unknown)
    };
    parse_items(text, parse).map(MaskNames::Named)
}

/// Reads presets with changes and checks each of them.
pub(super) fn parse_presets(text: &str) -> Result<CommaList<String>, String> {
    match text {
        "all" => return Ok(CommaList(Preset::ALL.map(|preset| preset.id().to_string()).into())),
        "none" => return Ok(CommaList(Vec::new())),
        _ => {}
    }
    let parse = |name: &str| {
        let preset = name.split(':').next().unwrap_or_default();
        if Preset::from_id(preset).is_none() {
            return Err(format!("there is no '{preset}': use {}; or all, or none", ids(&Preset::ALL, Preset::id)));
        }
        SettingsArgs::parse(name).map_err(|error| format!("{error:#}"))?;
        Ok(name.to_string())
    };
    parse_items(text, parse).map(CommaList)
}

/// Reads blends with changes: `poisson`, `poisson:detail=50:completion=on`.
pub(super) fn parse_blends(text: &str) -> Result<CommaList<BlendMethod>, String> {
    if text == "all" {
        return Ok(CommaList(BlendMode::ALL.map(BlendMethod::from).into()));
    }
    parse_items(text, parse_blend).map(CommaList)
}

fn parse_blend(text: &str) -> Result<BlendMethod, String> {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let mode = BlendMode::ALL.into_iter().find(|mode| mode.id() == name);
    let mut blend = match mode {
        Some(mode) => mode.into(),
        None if name == DEFAULT_BLEND => Blend::default(),
        None => {
            let modes = ids(&BlendMode::ALL, BlendMode::id);
            return Err(format!("there is no '{name}': use {DEFAULT_BLEND}, {modes}; or all"));
        }
    };
    for change in parts {
        match change.split_once('=') {
            Some(("detail", percent)) => {
                let number = percent.parse().ok().filter(|percent| *percent <= 100);
                blend.detail_percent = number.ok_or_else(|| format!("detail is '{percent}': use 0 to 100"))?;
            }
            Some(("completion", choice)) => {
                let found = COMPLETION.iter().find(|(id, ..)| *id == choice);
                blend.completion = found.ok_or_else(|| format!("completion is '{choice}': use on or off"))?.2;
            }
            _ => return Err(format!("'{change}' of '{text}' changes nothing: write detail=50 or completion=on")),
        }
    }
    Ok(BlendMethod { name: text.to_string(), blend })
}

pub(super) fn parse_frames(text: &str) -> Result<CommaList<FrameMode>, String> {
    let parse = |name: &str| {
        let unknown = || format!("there is no '{name}': use {}", ids(&FrameMode::ALL, FrameMode::id));
        FrameMode::ALL.into_iter().find(|mode| mode.id() == name).ok_or_else(unknown)
    };
    parse_items(text, parse).map(CommaList)
}

pub(super) fn parse_others(text: &str) -> Result<ExternalFills, String> {
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
    fn masks_are_comma_separated_names_or_all() {
        let holes = |text: &str, in_photos| parse_masks(text).unwrap().holes(in_photos);
        let crops = holes("eyes, center,eyes", false).unwrap();
        assert_eq!(crops, EvaluationHoles::Crops(vec![HoleKind::Eyes, HoleKind::Center]));
        assert_eq!(holes("all", false).unwrap(), EvaluationHoles::Crops(HoleKind::ALL.into()));
        let photos = holes("nose,eyes", true).unwrap();
        assert_eq!(photos, EvaluationHoles::Photos(vec![PhotoHoleKind::Nose, PhotoHoleKind::Eyes]));
        assert_eq!(holes("all", true).unwrap(), EvaluationHoles::Photos(PhotoHoleKind::ALL.into()));
    }

    #[test]
    fn masks_of_the_other_protocol_are_refused() {
        let refused = |text: &str, in_photos| parse_masks(text).unwrap().holes(in_photos).unwrap_err().to_string();
        insta::assert_snapshot!(refused("eyes,nose", false), @"the mask nose is for --photos only: use center, half, random, pattern, irregular, mouth, eyes; or all");
        insta::assert_snapshot!(refused("center", true), @"there is no mask center with --photos: use mouth, eye, eyes, nose, lower-half, half, scratches, glasses; or all");
    }

    #[test]
    fn an_unknown_name_error_lists_the_names() {
        insta::assert_snapshot!(parse_masks("center,chin").unwrap_err(), @"there is no 'chin': use center, half, random, pattern, irregular, mouth, eyes; with --photos mouth, eye, eyes, nose, lower-half, half, scratches, glasses; or all");
        insta::assert_snapshot!(parse_presets("").unwrap_err(), @"there is no '': use best, blog, blog-momentum, paper, hmc; or all, or none");
        insta::assert_snapshot!(parse_frames("known,lost").unwrap_err(), @"there is no 'lost': use known, found");
    }

    #[test]
    fn changes_to_a_preset_are_checked() {
        let list = parse_presets("best, best:noise=0:hold=0,best").unwrap();
        assert_eq!(list.0, ["best", "best:noise=0:hold=0"]);
        assert_eq!(parse_presets("all").unwrap().0.len(), Preset::ALL.len());
        assert_eq!(parse_presets("none").unwrap(), CommaList(Vec::new()));
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
    fn blends_are_modes_with_changes() {
        let blends = |text: &str| parse_blends(text).unwrap().0;
        assert_eq!(blends("none"), [BlendMethod::from(BlendMode::None)]);
        assert_eq!(blends("all").len(), 3);
        let [poisson, default, sharp] = &blends("poisson,default,default:completion=off:detail=30")[..] else {
            panic!("three blends")
        };
        assert_eq!(
            poisson.blend,
            Blend { mode: BlendMode::Poisson, detail_percent: 0, completion: false, soft_edge_px: 0 }
        );
        assert_eq!((default.name.as_str(), default.blend), ("default", Blend::default()));
        assert_eq!(sharp.name, "default:completion=off:detail=30");
        assert_eq!(sharp.blend, Blend { detail_percent: 30, completion: false, ..Blend::default() });
        assert!(parse_blends("feather:completion=on").unwrap().0[0].blend.completion);
    }

    #[test]
    fn invalid_blends_are_refused() {
        let refused = |text: &str| parse_blends(text).unwrap_err();
        insta::assert_snapshot!(refused("magic"), @"there is no 'magic': use default, poisson, feather, none; or all");
        insta::assert_snapshot!(refused("poisson:detail=101"), @"detail is '101': use 0 to 100");
        insta::assert_snapshot!(refused("poisson:completion=yes"), @"completion is 'yes': use on or off");
        insta::assert_snapshot!(refused("none,poisson:grain=3"), @"'grain=3' of 'poisson:grain=3' changes nothing: write detail=50 or completion=on");
    }

    #[test]
    fn others_are_a_name_and_a_folder() {
        assert_eq!(parse_others("telea=a=b").unwrap(), ExternalFills { name: "telea".into(), folder: "a=b".into() });
        for text in ["telea", "=folder", "telea="] {
            assert!(parse_others(text).is_err(), "{text}");
        }
    }
}
