//! `countenance interpolate`: draws the faces between two latents.

use std::path::PathBuf;

use clap::Args;
use image::{DynamicImage, RgbImage, imageops};

use super::{FromArgs, SHOWN_PX, Studio, grid, overwrite, write};
use crate::cli::gif::GifFilm;
use crate::cli::progress::Console;
use crate::cli::{Ending, outputs};
use crate::explore::{Source, walk};

/// Pictures per row of a PNG.
const COLUMNS: usize = 16;
/// Scale of the pictures in a GIF, relative to a grid.
const FILM_SCALE: u32 = 2;

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
    names: FromArgs,

    /// Replace an existing picture
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Examples:
  countenance interpolate --from 3 --to 7 --out walk.gif
  countenance interpolate --from \"smiling woman\" --to 12 --steps 8 --out walk.png

Exit status: 0 on success, 1 if something failed, 2 if the arguments are invalid.";

pub(super) fn run(args: &InterpolateArgs, console: &mut Console) -> anyhow::Result<Ending> {
    outputs::check_one(&args.out, &["gif", "png"], [args.names.library.as_path()], args.force)?;
    let mut studio = Studio::open(&args.names)?;
    let [from, to] = [&args.from, &args.to].map(|text| Source::parse(text));
    let latents = walk(&studio.find(&from)?, &studio.find(&to)?, args.steps);
    let pictures = studio.gallery.draw(&latents);
    let is_film = args.out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gif"));
    if is_film {
        film(args, &pictures)?;
    } else {
        write(&grid(pictures, COLUMNS), &args.out, args.force)?;
    }
    console.say(&format!("{} shows {from} to {to} in {} pictures", args.out.display(), args.steps));
    Ok(Ending::AllWell)
}

/// Writes a GIF. Pictures are enlarged by a whole factor; the last one stays longer.
fn film(args: &InterpolateArgs, pictures: &[RgbImage]) -> anyhow::Result<()> {
    let shown = |picture: &RgbImage| {
        let side = picture.width() * (SHOWN_PX * FILM_SCALE / picture.width()).max(1);
        let large = imageops::resize(picture, side, side, imageops::FilterType::Nearest);
        DynamicImage::ImageRgb8(large).into_rgba8()
    };
    let mut film = GifFilm::new(args.out.clone(), overwrite(args.force))?;
    let Some((last, others)) = pictures.split_last() else { return Ok(()) };
    for picture in others {
        film.add(&shown(picture))?;
    }
    film.finish(&shown(last))
}
