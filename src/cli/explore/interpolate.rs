//! `countenance interpolate`: draws the faces between two latents.

use std::path::PathBuf;

use clap::Args;
use image::{DynamicImage, RgbImage, imageops};

use super::{ExploreSession, GeneratorArgs, MIN_CELL_PX, grid_sheet, save_sheet};
use crate::cli::console::Console;
use crate::cli::{CommandStatus, outputs};
use crate::explore::{LatentSource, interpolate};
use crate::photo::{AnimationFormat, AnimationWriter};

/// Pictures per row of a PNG.
const STRIP_COLUMNS: usize = 16;
/// Scale of the pictures in a GIF, relative to a grid.
const GIF_SCALE: u32 = 2;

/// Draw the faces between two faces
///
/// Interpolates linearly between two latents in equal steps. Each latent is a sample's number or a name in the library. A
/// GIF shows the faces one after the other, a PNG side by side.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(in crate::cli) struct InterpolateArgs {
    /// First face: a sample's number or a name
    #[arg(long, value_name = "N|NAME")]
    from: String,

    /// Last face: a sample's number or a name
    #[arg(long, value_name = "N|NAME")]
    to: String,

    /// Number of pictures, including both ends
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(2..=1000))]
    steps: u16,

    /// GIF or PNG to write
    #[arg(long, value_name = "PATH")]
    out: PathBuf,

    #[command(flatten)]
    generator: GeneratorArgs,

    /// Replace an existing picture
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Examples:
  countenance interpolate --from 3 --to 7 --out walk.gif
  countenance interpolate --from \"smiling woman\" --to 12 --steps 8 --out walk.png

Exit status: 0 on success, 1 if something failed, 2 if the arguments are invalid.";

pub(super) fn run(args: &InterpolateArgs, console: &mut Console) -> anyhow::Result<CommandStatus> {
    outputs::check_single_output(&args.out, &["gif", "png"], [args.generator.library.as_path()], args.force)?;
    let mut session = ExploreSession::open(&args.generator)?;
    let [from, to] = [&args.from, &args.to].map(|text| LatentSource::parse(text));
    let latents = interpolate(&session.find_latent(&from)?, &session.find_latent(&to)?, args.steps);
    let pictures = session.renderer.draw(&latents);
    if outputs::has_extension(&args.out, &["gif"]) {
        write_gif(args, &pictures)?;
    } else {
        save_sheet(&grid_sheet(pictures, STRIP_COLUMNS), &args.out, args.force)?;
    }
    console.print(&format!("{} shows {from} to {to} in {} pictures", args.out.display(), args.steps));
    Ok(CommandStatus::Success)
}

/// Writes a GIF. Pictures are enlarged by a whole factor; the last one stays longer.
fn write_gif(args: &InterpolateArgs, pictures: &[RgbImage]) -> anyhow::Result<()> {
    let enlarge = |picture: &RgbImage| {
        let side = picture.width() * (MIN_CELL_PX * GIF_SCALE / picture.width()).max(1);
        let enlarged = imageops::resize(picture, side, side, imageops::FilterType::Nearest);
        DynamicImage::ImageRgb8(enlarged).into_rgba8()
    };
    let overwrite = outputs::overwrite_policy(args.force);
    let mut gif = AnimationWriter::new(args.out.clone(), AnimationFormat::Gif, overwrite)?;
    let Some((last, others)) = pictures.split_last() else { return Ok(()) };
    for picture in others {
        gif.add_frame(&enlarge(picture))?;
    }
    gif.finish(&enlarge(last))
}
