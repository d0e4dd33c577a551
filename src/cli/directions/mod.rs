//! `countenance directions`: computes latent directions from a folder of faces, and adds them to a model.

mod labels;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use image::{DynamicImage, RgbImage, imageops};

use self::labels::{LabelDirection, Labels};
use super::console::Console;
use super::photo_access::work_on_photo;
use super::{CommandStatus, inputs, model_choice, outputs, usage_error, value_names, write_stdout};
use crate::explore::{FaceAttribute, FaceRenderer, FittedDirection, Latent, fit_directions, is_held_out};
use crate::face::{self, Crop, detect, frames_of, mouth_width, side_light, yaw};
use crate::face_picture::FacePicture;
use crate::geometry::Point;
use crate::mask::Mask;
use crate::model::cpu::{CpuNetworks, LoadMode};
use crate::model::{self, LatentDirection, ModelFile, write_with_directions};
use crate::photo::{self, ContactSheet, DecodeLimits, Photo, PngMetadata, save_png};

/// Faces that were left out of the fit and on which the effect of a direction is measured.
const MEASURED_FACES: usize = 64;
/// Faces on the sheet.
const SHEET_FACES: usize = 4;
/// Amounts on the sheet, in units.
const SHEET_AMOUNTS: [f32; 5] = [-2.0, -1.0, 0.0, 1.0, 2.0];
/// Generated faces are enlarged by this factor before their landmarks are looked for.
const DETECTION_SCALE: u32 = 3;
/// Photos that cannot be read and are named; the others are counted.
const MAX_PRINTED_ERRORS: usize = 10;

/// Compute directions in latent space from a folder of faces, for `fill --edit` and the sliders of the editor
///
/// Finds the largest face of each photo in DIR, and its latent by the model's encoder. Three attributes are measured in
/// the photos: smile (the mouth's width in eye distances), turn (how far the face is turned, positive to the right of the
/// picture) and light (from which side it is lit, positive from the right of the picture). Others come from a table of
/// labels. Each attribute is fitted by a linear function of the latent, and each direction changes one of these functions
/// and leaves the others as they are.
///
/// Writes the model with the directions instead of those that it has. Fills made with either file count as made with the
/// same model. Prints a table: faces with a value, correlation of the fitted function with the values of every fifth face
/// (which are left out of the fit), and by how many standard deviations one unit changes the attribute as it is measured
/// in the generator's faces.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct DirectionsArgs {
    /// Folder of photos, each with a face (without subfolders)
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Model file to write
    #[arg(long, value_name = "MODEL.safetensors")]
    out: PathBuf,

    /// Model: a file, a name in the models folder, or built in: face-128 (default), face-64
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,

    /// Attributes to measure, separated by commas, or none
    #[arg(long, value_name = "NAMES", default_value = "smile,turn,light", value_parser = parse_measures)]
    measure: MeasureList,

    /// Table of labels: a column of file names (name, file, filename or path; else the first), and columns of values
    #[arg(long, value_name = "CSV", requires = "direction")]
    labels: Option<PathBuf>,

    /// Direction from a column of numbers, or of two texts of which HIGH is the positive end; can be repeated
    ///
    /// Ranges such as 20-29 are read as their middle, also when a spreadsheet has made dates of them. Photos whose cell is
    /// empty or says something else are left out.
    #[arg(long, value_name = "NAME=COLUMN[:HIGH/LOW]", requires = "labels", value_parser = LabelDirection::parse)]
    direction: Vec<LabelDirection>,

    /// Use only the first N photos that have labels
    #[arg(long, value_name = "N")]
    count: Option<usize>,

    /// PNG with a row for each direction and face, from -2 to 2 units
    #[arg(long, value_name = "PATH")]
    sheet: Option<PathBuf>,

    /// Replace an existing model or sheet
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Examples:
  countenance directions faces/ --out models/mine.safetensors --sheet directions.png
  countenance directions faces/ --labels labels.csv --direction age=age --direction gender=gender:female/male \\
    --out models/mine.safetensors
  countenance fill photo.jpg --mask mouth --model mine --edit smile=1.5 --out filled.png

Exit status: 0 on success, 1 if directions cannot be computed, 2 if the arguments are invalid.";

/// An attribute that is measured in a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Smile,
    Turn,
    Light,
}

const MEASURES: value_names::Choices<Measure> = &[
    ("smile", "Width of the mouth", Measure::Smile),
    ("turn", "Turn of the head to the right of the picture", Measure::Turn),
    ("light", "Light from the right of the picture", Measure::Light),
];

impl Measure {
    fn of(self, landmarks: &[Point; 5], crop: &Crop) -> Option<f32> {
        match self {
            Self::Smile => mouth_width(landmarks),
            Self::Turn => yaw(landmarks),
            Self::Light => side_light(crop),
        }
    }

    fn name(self) -> &'static str {
        value_names::name_of(MEASURES, &self)
    }
}

#[derive(Clone, Debug, Default)]
struct MeasureList(Vec<Measure>);

fn parse_measures(text: &str) -> Result<MeasureList, String> {
    if text == "none" {
        return Ok(MeasureList::default());
    }
    let measure = |name: &str| {
        let found = MEASURES.iter().find(|(known, ..)| *known == name.trim());
        found
            .map(|(.., measure)| *measure)
            .ok_or_else(|| format!("'{name}' is not measured: use smile, turn and light"))
    };
    text.split(',').map(measure).collect::<Result<_, _>>().map(MeasureList)
}

/// Runs the command.
pub(super) fn run(args: &DirectionsArgs) -> anyhow::Result<CommandStatus> {
    let table = compute(args, &mut Console::stderr())?;
    write_stdout(&table)?;
    Ok(CommandStatus::Success)
}

/// Computes the directions and writes the model. Returns the table.
fn compute(args: &DirectionsArgs, console: &mut Console) -> anyhow::Result<String> {
    let measures = &args.measure.0;
    check_arguments(args)?;
    let labels = args.labels.as_deref().map(|path| Labels::read(path, &args.direction)).transpose()?;
    let (choice, info) = model_choice::find_model(args.model.as_deref())?;
    if !info.has_encoder {
        return Err(usage_error(format!("{} has no encoder, which finds the latents of the photos", info.name)));
    }
    let (mut photos, skipped) = inputs::pictures_in(&args.folder)?;
    if let Some(line) = skipped {
        console.print(&line);
    }
    if let Some(labels) = &labels {
        photos.retain(|photo| labels.of(photo).is_some());
    }
    photos.truncate(args.count.unwrap_or(usize::MAX));
    let file = model::load(&choice)?;
    let networks = CpuNetworks::load(&file, LoadMode::Direct)?;
    let faces = read_faces(&photos, measures, &networks, info.image_size_px, console);
    if faces.is_empty() {
        bail!("no face was found in {} photos of {}", photos.len(), args.folder.display());
    }
    let attributes = attributes(&faces, measures, &args.direction, labels.as_ref());
    let codes: Vec<Latent> = faces.iter().map(|face| face.code.clone()).collect();
    let fitted = fit_directions(&codes, &attributes)?;
    let held_out: Vec<&Latent> =
        codes.iter().enumerate().filter(|(face, _)| is_held_out(*face)).map(|(_, code)| code).collect();
    let mut renderer = FaceRenderer::new(&file)?;
    let effects = fitted.iter().enumerate().map(|(index, fitted)| {
        let measure = *measures.get(index)?;
        let faces = &held_out[..held_out.len().min(MEASURED_FACES)];
        Some(effect(&mut renderer, fitted, measure, faces)? / fitted.deviation)
    });
    let table = table(&fitted, &effects.collect::<Vec<_>>());
    if let Some(path) = &args.sheet {
        save_sheet(&mut renderer, &fitted, &held_out, path, args.force)?;
        let names: Vec<&str> = fitted.iter().map(|fitted| fitted.direction.name.as_str()).collect();
        console.print(&format!(
            "{} shows {} faces for each of {}, from -2 to 2 units",
            path.display(),
            held_out.len().min(SHEET_FACES),
            names.join(", ")
        ));
    }
    write_model(args, &file, &fitted, faces.len())?;
    console.print(&format!("{} is {} with {} directions", args.out.display(), file.info.name, fitted.len()));
    Ok(table)
}

fn check_arguments(args: &DirectionsArgs) -> anyhow::Result<()> {
    let inputs = [args.model.as_deref(), args.labels.as_deref()].into_iter().flatten();
    outputs::check_single_output(&args.out, &["safetensors"], inputs, args.force)?;
    if let Some(sheet) = &args.sheet {
        outputs::check_single_output(sheet, &["png"], [args.out.as_path()], args.force)?;
    }
    let measured = args.measure.0.iter().map(|measure| measure.name());
    let mut names: Vec<&str> = measured.chain(args.direction.iter().map(|direction| direction.name.as_str())).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    match count {
        0 => Err(usage_error("there is nothing to compute: use --measure, or --labels with --direction")),
        _ if names.len() < count => {
            Err(usage_error("two directions have the same name: choose another with --direction"))
        }
        _ => Ok(()),
    }
}

/// A face of a photo.
struct LabelledFace {
    photo: PathBuf,
    code: Latent,
    /// One for each measure.
    measured: Vec<Option<f32>>,
}

/// The largest face of each photo. Photos without one, and photos that cannot be read, are left out and counted.
fn read_faces(
    photos: &[PathBuf],
    measures: &[Measure],
    networks: &CpuNetworks,
    size_px: u32,
    console: &mut Console,
) -> Vec<LabelledFace> {
    let (mut faces, mut without_face, mut unreadable) = (Vec::new(), 0, 0);
    console.start_bar("directions", photos.len() as u64);
    for (index, path) in photos.iter().enumerate() {
        console.show_position(&format!("photo {} of {}", index + 1, photos.len()), index as u64);
        match work_on_photo(path, || read_face(path, measures, networks, size_px)) {
            Ok(Some(face)) => faces.push(face),
            Ok(None) => without_face += 1,
            Err(error) => {
                unreadable += 1;
                if unreadable <= MAX_PRINTED_ERRORS {
                    console.print(&format!("warning: {}: {error:#}", path.display()));
                }
            }
        }
    }
    console.clear_bar();
    console.print(&format!(
        "{} faces in {} photos; {without_face} photos without a face, {unreadable} cannot be read",
        faces.len(),
        photos.len()
    ));
    faces
}

fn read_face(
    path: &Path,
    measures: &[Measure],
    networks: &CpuNetworks,
    size_px: u32,
) -> anyhow::Result<Option<LabelledFace>> {
    let photo = photo::open(path, DecodeLimits::default())?;
    let Some((landmarks, crop)) = largest_face(&photo, size_px)? else { return Ok(None) };
    let face = FacePicture::from_planes(&crop.pixels);
    let code = networks.encode(1, face.pixels.as_flattened(), &crop.known).context("the model has no encoder")?;
    let values = measures.iter().map(|measure| measure.of(&landmarks, &crop)).collect();
    Ok(Some(LabelledFace { photo: path.to_path_buf(), code, measured: values }))
}

/// The landmarks of the largest face of a photo, and its crop.
fn largest_face(photo: &Photo, size_px: u32) -> anyhow::Result<Option<([Point; 5], Crop)>> {
    let mut detections = detect(photo)?;
    detections.truncate(1);
    let Some((detection, frame)) = detections.first().zip(frames_of(photo, &detections)?.into_iter().next()) else {
        return Ok(None);
    };
    let no_hole = Mask::empty(photo.width(), photo.height());
    Ok(Some((detection.landmarks_in_photo, face::crop(photo, &no_hole, &frame, size_px)?)))
}

/// The measured attributes, then those of the table.
fn attributes(
    faces: &[LabelledFace],
    measures: &[Measure],
    directions: &[LabelDirection],
    labels: Option<&Labels>,
) -> Vec<FaceAttribute> {
    let from_photos = measures.iter().enumerate().map(|(index, measure)| FaceAttribute {
        name: measure.name().to_string(),
        values: faces.iter().map(|face| face.measured[index]).collect(),
    });
    let label = |face: &LabelledFace, index: usize| labels?.of(&face.photo)?.get(index).copied().flatten();
    let from_table = directions.iter().enumerate().map(|(index, direction)| FaceAttribute {
        name: direction.name.clone(),
        values: faces.iter().map(|face| label(face, index)).collect(),
    });
    from_photos.chain(from_table).collect()
}

/// A latent moved along a direction.
fn moved(latent: &[f32], direction: &LatentDirection, amount: f32) -> Latent {
    latent.iter().zip(&direction.vector).map(|(value, step)| (value + amount * step).clamp(-1.0, 1.0)).collect()
}

/// By how much one unit changes the measured attribute of the generator's faces, from -1 to 1, on average. `None` when no
/// face is found in them.
fn effect(renderer: &mut FaceRenderer, fitted: &FittedDirection, measure: Measure, latents: &[&Latent]) -> Option<f64> {
    let ends = latents.iter().flat_map(|latent| [-1.0, 1.0].map(|amount| moved(latent, &fitted.direction, amount)));
    let pictures = renderer.draw(&ends.collect::<Vec<_>>());
    let size_px = renderer.model_info().image_size_px;
    let value = |picture: &RgbImage| {
        let side = DETECTION_SCALE * picture.width();
        let enlarged = imageops::resize(picture, side, side, imageops::FilterType::Triangle);
        let photo = Photo::from_pixels(DynamicImage::ImageRgb8(enlarged));
        let (landmarks, crop) = largest_face(&photo, size_px).ok().flatten()?;
        measure.of(&landmarks, &crop).map(f64::from)
    };
    let differences = pictures.chunks(2).filter_map(|pair| Some((value(pair.get(1)?)? - value(pair.first()?)?) / 2.0));
    let (sum, count) = differences.fold((0.0, 0.0), |(sum, count), difference| (sum + difference, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

fn table(fitted: &[FittedDirection], effects: &[Option<f64>]) -> String {
    let title = format!("{:<16} {:>6} {:>12} {:>7}\n", "direction", "faces", "correlation", "effect");
    let rows = fitted.iter().zip(effects).map(|(fitted, effect)| {
        let FittedDirection { direction, faces, held_out_correlation, .. } = fitted;
        let effect = effect.map_or_else(|| "–".to_string(), |effect| format!("{effect:.2}"));
        format!("{:<16} {faces:>6} {held_out_correlation:>12.2} {effect:>7}\n", direction.name)
    });
    std::iter::once(title).chain(rows).collect()
}

fn save_sheet(
    renderer: &mut FaceRenderer,
    fitted: &[FittedDirection],
    latents: &[&Latent],
    path: &Path,
    force: bool,
) -> anyhow::Result<()> {
    let mut sheet = ContactSheet::default();
    for FittedDirection { direction, .. } in fitted {
        for latent in latents.iter().take(SHEET_FACES) {
            let latents = SHEET_AMOUNTS.map(|amount| moved(latent, direction, amount));
            sheet.add_row(renderer.draw(&latents).into_iter().map(Some).collect());
        }
    }
    let picture = DynamicImage::ImageRgb8(sheet.render(ContactSheet::LARGE_SIDE_PX));
    Ok(save_png(path, &picture, &PngMetadata::default(), outputs::overwrite_policy(force))?)
}

fn write_model(
    args: &DirectionsArgs,
    file: &ModelFile,
    fitted: &[FittedDirection],
    faces: usize,
) -> anyhow::Result<()> {
    let folder = args.folder.file_name().unwrap_or_default().to_string_lossy();
    let notes = BTreeMap::from([("directions_data".to_string(), format!("{faces} faces of {folder}"))]);
    let directions: Vec<_> = fitted.iter().map(|fitted| fitted.direction.clone()).collect();
    let overwrite = outputs::overwrite_policy(args.force);
    write_with_directions(file, &directions, &notes, &args.out, overwrite)?;
    Ok(())
}
