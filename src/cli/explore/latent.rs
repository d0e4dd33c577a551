//! `countenance latent`: finds the latent of a face in photos and saves it under a name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use image::RgbImage;

use super::{ExploreSession, GeneratorArgs, save_sheet};
use crate::cli::console::Console;
use crate::cli::face_choice::FaceChoice;
use crate::cli::inputs::{self, PhotoInputs};
use crate::cli::photo_access::{error_line, open_photo, work_on_photo};
use crate::cli::{CommandStatus, model_choice, outputs, usage_error};
use crate::explore::{InvertedFace, invert, invert_settings, mean_latent};
use crate::face::{Crop, crop};
use crate::mask::Mask;
use crate::model::cpu::CpuPrecision;
use crate::model::{self, Networks};
use crate::photo::ContactSheet;
use crate::search::Settings;

/// Find the latent of a face in photos and give it a name
///
/// Searches the latent whose picture best matches the face in each photo, and saves the average as NAME in the library.
/// An average over several photos of one kind (all smiling, all with glasses) represents their common feature; a single
/// face has many other features too. Photos that cannot be used are reported and skipped.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(in crate::cli) struct LatentArgs {
    /// Name in the library
    #[arg(value_name = "NAME")]
    name: String,

    /// Photos, or folders of them
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,

    /// Which face of each photo: auto, none, or a number from `countenance faces`
    #[arg(long, value_name = "auto|none|N", value_parser = FaceChoice::parse, default_value = "auto")]
    face: FaceChoice,

    /// Iterations of each search
    #[arg(long, value_name = "N")]
    steps: Option<u32>,

    /// Latents searched together; the best one is used
    #[arg(long, value_name = "K")]
    candidates: Option<u32>,

    /// Seed for the searches
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// PNG with every face above the generator's picture of it; the average is last
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,

    #[command(flatten)]
    generator: GeneratorArgs,

    /// Replace an existing name or picture
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Examples:
  countenance latent ann ann.jpg --out ann-found.png
  countenance latent \"smiling woman\" smiling-women/
  countenance sample --expr \"ann - neutral woman + smiling woman\" --out ann-smiles.png

Exit status: 0 on success, 1 if a photo cannot be used, 2 if the arguments are invalid.";

pub(super) fn run(args: &LatentArgs, console: &mut Console) -> anyhow::Result<CommandStatus> {
    let (photos, skipped) = inputs::expand_folders(&args.photos, None)?;
    let photos = match photos {
        PhotoInputs::One(photo) => vec![photo],
        PhotoInputs::Many(photos) => photos.into_iter().map(|photo| photo.path).collect(),
    };
    for line in skipped {
        console.print(&line);
    }
    if let Some(out) = &args.out {
        let inputs = photos.iter().map(PathBuf::as_path).chain([args.generator.library.as_path()]);
        outputs::check_single_output(out, &["png"], inputs, args.force)?;
    }
    let mut settings = invert_settings(args.seed);
    settings.steps = args.steps.unwrap_or(settings.steps);
    settings.candidates = args.candidates.unwrap_or(settings.candidates);
    settings.validate().map_err(|error| usage_error(error.to_string()))?;
    let mut session = ExploreSession::open(&args.generator)?;
    let name = session.check_name(&args.name, args.force)?;

    let (choice, _) = model_choice::find_model(args.generator.model.as_deref())?;
    let networks = Arc::new(Networks::load_on_cpu(&model::load(&choice)?, CpuPrecision::fastest())?);
    let mut faces = Vec::new();
    console.start_bar("latent", photos.len() as u64);
    for (index, photo) in photos.iter().enumerate() {
        console.show_position(&format!("photo {} of {}", index + 1, photos.len()), index as u64);
        match work_on_photo(photo, || invert_face(photo, args.face, &networks, settings, console)) {
            Ok((crop, inverted, note)) => {
                if let Some(note) = note {
                    console.print(&format!("note: {}: {note}", photo.display()));
                }
                let loss = inverted.context_loss;
                console.print(&format!("{}: mean difference to the photo {loss:.3} (at most 2)", photo.display()));
                faces.push((photo, crop, inverted));
            }
            Err(error) => console.print(&error_line(photo, &format!("{error:#}"))),
        }
    }
    console.clear_bar();
    let latents: Vec<_> = faces.iter().map(|(.., inverted)| inverted.latent.clone()).collect();
    let Some(average) = mean_latent(&latents) else { bail!("none of {} photos could be used", photos.len()) };
    if let Some(out) = &args.out {
        let mut generated: Vec<_> = session.renderer.draw(&latents).into_iter().map(Some).collect();
        generated.extend(session.renderer.draw(std::slice::from_ref(&average)).into_iter().map(Some));
        let mut sheet = ContactSheet::default();
        let picture = |crop: &Crop| RgbImage::from_raw(crop.size_px, crop.size_px, crop.to_rgb8());
        sheet.add_row(faces.iter().map(|(_, crop, _)| picture(crop)).collect());
        sheet.add_row(generated);
        save_sheet(&sheet, out, args.force)?;
        let path = out.display();
        console.print(&format!("{path} shows the faces, below them the generator's pictures, and last the average"));
    }
    let made_from = match faces.as_slice() {
        [(photo, ..)] => format!("face in {}", photo.display()),
        _ => format!("mean of {} faces in photos", faces.len()),
    };
    console.print(&session.save_latent(&name, average, &made_from, args.force)?);
    Ok(CommandStatus::from_success(faces.len() == photos.len()))
}

/// The face crop of a photo at the model's size, its latent, and a note for the user.
fn invert_face(
    path: &Path,
    face: FaceChoice,
    networks: &Arc<Networks>,
    settings: Settings,
    console: &mut Console,
) -> anyhow::Result<(Crop, InvertedFace, Option<String>)> {
    let photo = open_photo(path, console)?;
    let (frame, note) = face.locate(&photo)?;
    let no_hole = Mask::empty(photo.width(), photo.height());
    let crop = crop(&photo, &no_hole, &frame, networks.info.image_size_px)?;
    let inverted = invert(networks, &crop, settings).context("its latent cannot be found")?;
    Ok((crop, inverted, note))
}
