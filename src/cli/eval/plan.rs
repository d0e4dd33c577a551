//! The plan of an `eval` run: its arguments, resolved and checked before the first search.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::EvalArgs;
use super::lists::DEFAULT_BLEND;
use crate::blend::{Blend, BlendMode};
use crate::cli::outputs::{self, STANDARD_OUTPUT, canonical_output_path};
use crate::cli::settings::SettingsArgs;
use crate::cli::{inputs, model_choice, usage_error};
use crate::dataset::FaceDataset;
use crate::evaluation::{
    ALL_MASKS, BlendMethod, EvaluationFaceSource, EvaluationProtocol, EvaluationShares, ExternalFills, FrameMode,
    SearchMethod,
};
use crate::model::ModelInfo;
use crate::shard::Shard;

/// Number of faces on the sheet.
pub(super) const SHEET_FACES: usize = 24;

/// The measurements to make and the files to write.
#[derive(Debug)]
pub(super) struct EvalPlan {
    pub(super) protocol: EvaluationProtocol,
    pub(super) model: ModelInfo,
    /// A line about what else the folder of faces holds.
    pub(super) skipped: Option<String>,
    /// The method that all others are compared with.
    pub(super) against: Option<String>,
    pub(super) json: Option<PathBuf>,
    pub(super) sheet: Option<PathBuf>,
    /// The share to measure; `None` measures all faces.
    pub(super) shard: Option<Shard>,
    /// Where the shares are: beside the JSON, if that is a file.
    pub(super) shares: Option<EvaluationShares>,
}

impl EvalPlan {
    /// Checks the arguments and creates the folder for cases.
    pub(super) fn new(args: &EvalArgs) -> anyhow::Result<Self> {
        let holes = args.masks.holes(args.photos)?;
        let (faces, skipped) =
            if args.photos { photo_sources(&args.faces, args.count)? } else { face_sources(&args.faces, args.count)? };
        let searches = args.presets.0.iter().map(|name| search_method(name, args)).collect::<anyhow::Result<_>>()?;
        let (choice, model) = model_choice::find_model(args.model.as_deref())?;
        let protocol = EvaluationProtocol {
            faces,
            holes,
            searches,
            frames: args.frame.as_ref().map_or_else(|| vec![FrameMode::Known], |frames| frames.0.clone()),
            blends: args.blend.as_ref().map_or_else(|| vec![default_blend(args.photos)], |blends| blends.0.clone()),
            external_fills: args.others.clone(),
            seed: args.seed,
            model: choice,
            crop_size_px: model.image_size_px,
            features: args.features.clone(),
            measures_uncertainty: args.uncertainty,
            device: args.device,
            cases_folder: args.cases.clone(),
            sheet_face_count: if args.sheet.is_some() { SHEET_FACES } else { 0 },
        };
        check_methods(&protocol, args.against.as_ref())?;
        check_outputs(args, &protocol.faces)?;
        let report = args.json.clone().filter(|path| path != Path::new(STANDARD_OUTPUT));
        if args.shard.is_some() && report.is_none() {
            return Err(usage_error("--shard writes beside the file of --json: give a file"));
        }
        let shares = report.map(|report| EvaluationShares { report, model_sha256: model.sha256.clone() });
        if args.cases.is_some() && shares.as_ref().is_some_and(|shares| !shares.files().is_empty()) {
            let advice = "leave out --cases, or write them with --presets none and without --json";
            return Err(usage_error(format!("the shares beside --json have no cases: {advice}")));
        }
        let EvalArgs { against, json, sheet, shard, .. } = args;
        let (against, json, sheet) = (against.clone(), json.clone(), sheet.clone());
        Ok(Self { protocol, model, skipped, against, json, sheet, shard: *shard, shares })
    }

    /// The masks of the means: each mask, and in photos also all of them together.
    pub(super) fn summarized_masks(&self) -> Vec<&'static str> {
        let mut masks = self.protocol.holes.ids();
        if self.protocol.holes.are_in_photos() {
            masks.push(ALL_MASKS);
        }
        masks
    }

    /// The JSON file of the whole evaluation.
    pub(super) fn report_path(&self) -> Option<&Path> {
        self.shares.as_ref().filter(|_| self.shard.is_none()).map(|shares| shares.report.as_path())
    }

    /// Whether standard output gets the JSON instead of the table.
    pub(super) fn is_json_to_stdout(&self) -> bool {
        self.json.as_deref() == Some(Path::new(STANDARD_OUTPUT))
    }
}

/// A preset, or a preset with changed settings, for example `best:noise=0:hold=0`. These changes override
/// `--candidates` and `--steps`.
fn search_method(name: &str, args: &EvalArgs) -> anyhow::Result<SearchMethod> {
    let settings =
        SettingsArgs::parse(name)?.with_fallback("candidates", args.candidates).with_fallback("steps", args.steps);
    Ok(SearchMethod { name: name.to_string(), settings: settings.settings()? })
}

/// The blend without `--blend`: that of `fill` for photos, the generator's own pixels for crops.
fn default_blend(in_photos: bool) -> BlendMethod {
    if in_photos { BlendMethod { name: DEFAULT_BLEND.into(), blend: Blend::default() } } else { BlendMode::None.into() }
}

/// The faces, and a line about what else their folder holds.
type FaceSources = (Vec<EvaluationFaceSource>, Option<String>);

/// The first photos of a folder, sorted by name, or one photo.
fn photo_sources(path: &Path, count: Option<u32>) -> anyhow::Result<FaceSources> {
    if path.is_file() {
        return Ok((vec![EvaluationFaceSource::Photo(path.into())], None));
    }
    let (pictures, skipped) = distinct_pictures(path, max_count(count))?;
    Ok((pictures.into_iter().map(EvaluationFaceSource::Photo).collect(), skipped))
}

/// The value of `--count`; all faces without it.
fn max_count(count: Option<u32>) -> usize {
    count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX)
}

/// The first faces of a folder, sorted by name, or those of a dataset.
fn face_sources(path: &Path, count: Option<u32>) -> anyhow::Result<FaceSources> {
    let count = max_count(count);
    if path.is_file() {
        let dataset = FaceDataset::open(path).map(Arc::new);
        let dataset = dataset.map_err(|error| usage_error(format!("{error}, or give a folder of faces")))?;
        let face = |index| EvaluationFaceSource::Dataset(dataset.clone(), index);
        return Ok(((0..dataset.len().min(count)).map(face).collect(), None));
    }
    let (pictures, skipped) = distinct_pictures(path, count)?;
    Ok((pictures.into_iter().map(EvaluationFaceSource::File).collect(), skipped))
}

/// The pictures of a folder. Two with the same stem are an error: cases and reports use the stem as their name.
fn distinct_pictures(folder: &Path, count: usize) -> anyhow::Result<(Vec<PathBuf>, Option<String>)> {
    let (mut pictures, skipped) = inputs::pictures_in(folder)?;
    pictures.truncate(count);
    let mut by_stem = HashMap::new();
    for picture in &pictures {
        if let Some(other) = by_stem.insert(picture.file_stem(), picture) {
            let (other, picture) = (other.display(), picture.display());
            return Err(usage_error(format!("{other} and {picture} would have the same name: rename one")));
        }
    }
    Ok((pictures, skipped))
}

/// Checks that the folders of `--others` exist, method names are unique, and the method of `--against` exists.
fn check_methods(protocol: &EvaluationProtocol, against: Option<&String>) -> anyhow::Result<()> {
    for ExternalFills { name, folder } in &protocol.external_fills {
        if !folder.is_dir() {
            let folder = folder.display();
            return Err(usage_error(format!("there is no folder {folder} for --others {name}: check the name")));
        }
    }
    let methods = protocol.method_names();
    if let Some((_, name)) = methods.iter().enumerate().find(|(index, name)| methods[..*index].contains(name)) {
        return Err(usage_error(format!("two methods are called {name}: give --others another name")));
    }
    match against.filter(|name| !methods.contains(name)) {
        Some(name) => Err(usage_error(format!("there is no method {name} for --against: use {}", methods.join(", ")))),
        None => Ok(()),
    }
}

/// Refuses outputs that would replace an input or lie among the faces, where the next run would read them as faces.
fn check_outputs(args: &EvalArgs, faces: &[EvaluationFaceSource]) -> anyhow::Result<()> {
    let is_faces_folder = |folder: &Path| canonical_output_path(folder) == canonical_output_path(&args.faces);
    if let Some(folder) = &args.cases {
        outputs::create_output_folder(folder, "--cases")?;
        let name = folder.display();
        if is_faces_folder(folder) {
            return Err(usage_error(format!("--cases {name} is the folder of the faces: choose another")));
        }
        if args.others.iter().any(|fills| canonical_output_path(&fills.folder) == canonical_output_path(folder)) {
            return Err(usage_error(format!("--cases {name} is also a folder of --others: choose another")));
        }
    }
    let json = args.json.as_deref().filter(|path| *path != Path::new(STANDARD_OUTPUT));
    let sheet = args.sheet.as_deref().map(|path| ("--sheet", path));
    let files: Vec<_> = json.map(|path| ("--json", path)).into_iter().chain(sheet).collect();
    outputs::check_parent_folders(&files)?;
    let pictures = faces.iter().filter_map(|face| match face {
        EvaluationFaceSource::File(path) | EvaluationFaceSource::Photo(path) => Some(path.as_path()),
        EvaluationFaceSource::Dataset(..) => None,
    });
    let dataset = (args.faces.is_file() && !args.photos).then_some(args.faces.as_path());
    outputs::check_no_path_conflicts(&files, pictures.chain(dataset).chain(args.features.as_deref()))?;
    let Some(sheet) = &args.sheet else { return Ok(()) };
    let name = sheet.display();
    if !outputs::has_extension(sheet, &["png"]) {
        return Err(usage_error(format!("--sheet {name} does not end in .png: the sheet is saved as PNG")));
    }
    if is_faces_folder(outputs::parent_folder(sheet)) {
        return Err(usage_error(format!("--sheet {name} lies in the folder of the faces: choose another folder")));
    }
    Ok(())
}
