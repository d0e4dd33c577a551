//! `countenance interpolate`: a walk from one face to another.

use std::path::PathBuf;

use clap::Args;
use image::{DynamicImage, RgbImage, imageops};

use super::{FromArgs, SHOWN_PX, Studio, grid, overwrite, write};
use crate::cli::gif::GifFilm;
use crate::cli::progress::Console;
use crate::cli::{Ending, outputs};
use crate::explore::{Source, walk};

/// Pictures in a row of a PNG.
const COLUMNS: usize = 16;
/// How much larger the film shows the pictures than a grid does.
const FILM_SCALE: u32 = 2;

/// Walk from one face to another
///
/// Draws the faces on the straight line between two latents, each a sample's number or a name of the library, in equal
/// steps. A GIF shows them one after the other, a PNG side by side.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(in crate::cli) struct InterpolateArgs {
    /// Where the walk begins: a sample's number, or a name
    #[arg(long, value_name = "N|NAME")]
    from: String,

    /// Where it ends
    #[arg(long, value_name = "N|NAME")]
    to: String,

    /// Pictures, both ends among them
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(2..=1000))]
    steps: u16,

    /// GIF or PNG to write
    #[arg(long, value_name = "PATH")]
    out: PathBuf,

    #[command(flatten)]
    names: FromArgs,

    /// Replace a picture that is there already
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Examples:
  countenance interpolate --from 3 --to 7 --out walk.gif
  countenance interpolate --from \"smiling woman\" --to 12 --steps 8 --out walk.png

Exit status: 0 when all went well, 1 when something failed, 2 when the arguments cannot be meant.";

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
    console.say(&format!("{} goes from {from} to {to} in {} pictures", args.out.display(), args.steps));
    Ok(Ending::AllWell)
}

/// Enlarged by whole pixels; the last picture stays for a while.
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
