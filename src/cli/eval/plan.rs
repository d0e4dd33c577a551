//! The plan of an `eval` run: its arguments, resolved and checked before the first search.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::EvalArgs;
use crate::cli::outputs::{STANDARD_OUTPUT, check_distinct, check_folders, folder_of, identity, make_folder};
use crate::cli::settings::SettingsArgs;
use crate::cli::{batch, models, usage};
use crate::dataset::Faces;
use crate::evaluation::{FaceSource, Others, Protocol, SearchMethod};
use crate::model::ModelInfo;

/// Number of faces on the sheet.
const SHEET_FACES: usize = 24;

/// The measurements to make and the files to write.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) protocol: Protocol,
    pub(super) model: ModelInfo,
    /// The method that all others are compared with.
    pub(super) against: Option<String>,
    pub(super) json: Option<PathBuf>,
    pub(super) sheet: Option<PathBuf>,
}

impl Plan {
    /// Checks the arguments and creates the folder for cases.
    pub(super) fn new(args: &EvalArgs) -> anyhow::Result<Self> {
        let faces = faces(&args.faces, args.count)?;
        let searches =
            args.presets.0.iter().map(|name| search_method(name, args)).collect::<anyhow::Result<Vec<_>>>()?;
        let (choice, model) = models::choose(args.model.as_deref())?;
        let protocol = Protocol {
            faces,
            holes: args.masks.0.clone(),
            searches,
            blends: args.blend.0.clone(),
            others: args.others.clone(),
            seed: args.seed,
            model: choice,
            crop_size_px: model.image_size_px,
            device: args.device,
            cases: args.cases.clone(),
            sheet_faces: if args.sheet.is_some() { SHEET_FACES } else { 0 },
        };
        check_methods(&protocol, args.against.as_ref())?;
        check_outputs(args, &protocol.faces)?;
        Ok(Self { protocol, model, against: args.against.clone(), json: args.json.clone(), sheet: args.sheet.clone() })
    }

    /// Whether standard output gets the JSON instead of the table.
    pub(super) fn prints_json(&self) -> bool {
        self.json.as_deref() == Some(Path::new(STANDARD_OUTPUT))
    }
}

/// A preset, or a preset with changed settings, for example `best:noise=0:hold=0`. These changes win over the options that
/// apply to all presets.
fn search_method(name: &str, args: &EvalArgs) -> anyhow::Result<SearchMethod> {
    let settings = SettingsArgs::parse(name)?.or("candidates", args.candidates).or("steps", args.steps);
    Ok(SearchMethod { name: name.to_string(), settings: settings.settings()? })
}

/// The faces of a folder, sorted by name, or those of a dataset.
fn faces(path: &Path, count: Option<u32>) -> anyhow::Result<Vec<FaceSource>> {
    let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
    if path.is_file() {
        let faces = Faces::open(path).map_err(|error| usage(format!("{error}, or give a folder of faces")))?;
        let faces = Arc::new(faces);
        return Ok((0..faces.len().min(count)).map(|index| FaceSource::Packed(faces.clone(), index)).collect());
    }
    Ok(pictures(path, count)?.into_iter().map(FaceSource::File).collect())
}

/// The pictures of a folder. Two with the same stem are an error: cases and reports use the stem as their name.
fn pictures(folder: &Path, count: usize) -> anyhow::Result<Vec<PathBuf>> {
    let mut pictures = batch::pictures_in(folder)?;
    pictures.truncate(count);
    let mut by_stem = HashMap::new();
    for picture in &pictures {
        if let Some(other) = by_stem.insert(picture.file_stem(), picture) {
            return Err(usage(format!(
                "{} and {} would have the same name: rename one",
                other.display(),
                picture.display()
            )));
        }
    }
    Ok(pictures)
}

/// Checks that the folders of `--others` exist, method names are unique, and the method of `--against` exists.
fn check_methods(protocol: &Protocol, against: Option<&String>) -> anyhow::Result<()> {
    for Others { name, folder } in &protocol.others {
        if !folder.is_dir() {
            return Err(usage(format!("there is no folder {} for --others {name}: check the name", folder.display())));
        }
    }
    let methods = protocol.methods();
    if let Some((_, name)) = methods.iter().enumerate().find(|(index, name)| methods[..*index].contains(name)) {
        return Err(usage(format!("two methods are called {name}: give --others another name")));
    }
    match against.filter(|name| !methods.contains(name)) {
        Some(name) => Err(usage(format!("there is no method {name} for --against: use {}", methods.join(", ")))),
        None => Ok(()),
    }
}

/// Refuses outputs that would replace an input or lie among the faces, where the next run would read them as faces.
fn check_outputs(args: &EvalArgs, faces: &[FaceSource]) -> anyhow::Result<()> {
    let among_faces = |folder: &Path| identity(folder) == identity(&args.faces);
    if let Some(folder) = &args.cases {
        make_folder(folder, "--cases")?;
        if among_faces(folder) {
            return Err(usage(format!("--cases {} is the folder of the faces: choose another", folder.display())));
        }
        if args.others.iter().any(|others| identity(&others.folder) == identity(folder)) {
            return Err(usage(format!("--cases {} is also a folder of --others: choose another", folder.display())));
        }
    }
    let json = args.json.as_deref().filter(|path| *path != Path::new(STANDARD_OUTPUT));
    let files: Vec<(&'static str, &Path)> = json
        .map(|path| ("--json", path))
        .into_iter()
        .chain(args.sheet.as_deref().map(|path| ("--sheet", path)))
        .collect();
    check_folders(&files)?;
    let pictures = faces.iter().filter_map(|face| match face {
        FaceSource::File(path) => Some(path.as_path()),
        FaceSource::Packed(..) => None,
    });
    let dataset = args.faces.is_file().then_some(args.faces.as_path());
    check_distinct(&files, pictures.chain(dataset))?;
    match &args.sheet {
        Some(sheet) if !sheet.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png")) => {
            Err(usage(format!("--sheet {} does not end in .png: the sheet is saved as PNG", sheet.display())))
        }
        Some(sheet) if among_faces(folder_of(sheet)) => {
            Err(usage(format!("--sheet {} lies in the folder of the faces: choose another folder", sheet.display())))
        }
        _ => Ok(()),
    }
}
