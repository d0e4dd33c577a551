//! `countenance sample`: draws a grid of samples, or a sum of named latents.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use super::{FromArgs, Studio, grid, write};
use crate::cli::progress::Console;
use crate::cli::{Ending, outputs, usage};
use crate::explore::{Expression, Latent, Source, VARIATION, mean, varied};
use crate::photo::Sheet;

/// Default number of samples in a grid: eight rows of eight.
const COUNT: u32 = 64;
/// Default number of variations below a sum, as in the DCGAN paper's figures.
const VARIATIONS: u32 = 8;
/// Largest number of pictures in a grid.
const MAX_COUNT: u32 = 4096;

/// Draw random faces of the generator, or sums of named faces
///
/// Each sample has a number: sample 7 is the same face in every grid. The grid has --count samples, starting with number
/// --seed, row by row. --save averages samples and saves the result under a name. --expr adds and subtracts named faces
/// and samples, and draws the operands, the result, and below them variations of the result.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
#[command(group = ArgGroup::new("results").required(true).multiple(true).args(["out", "save"]))]
pub(in crate::cli) struct SampleArgs {
    /// PNG to write
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,

    /// Pictures in the grid [default: 64]; with --expr, variations of the result [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_COUNT)))]
    count: Option<u32>,

    /// Number of the first sample; with --expr, seed for the variations
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Pictures per row [default: a square grid; with --expr: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    columns: Option<u32>,

    /// Sum of names and sample numbers, with spaces around + and -, for example "a - b + 0.5 * c"
    #[arg(long, value_name = "SUM", allow_hyphen_values = true)]
    expr: Option<String>,

    /// Save the average of these samples under a name; with --expr, save the result
    #[arg(long, value_name = "NAME=N,N,…|NAME")]
    save: Option<String>,

    #[command(flatten)]
    from: FromArgs,

    /// Replace an existing picture or name
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Examples:
  countenance sample --out grid.png
  countenance sample --count 16 --seed 64 --columns 4 --out more.png
  countenance sample --save \"smiling woman=3,7,12\"
  countenance sample --expr \"smiling woman - neutral woman + neutral man\" --out smiling-man.png

Exit status: 0 on success, 1 if something failed, 2 if the arguments are invalid.";

pub(super) fn run(args: &SampleArgs, console: &mut Console) -> anyhow::Result<Ending> {
    if let Some(out) = &args.out {
        outputs::check_one(out, &["png"], [args.from.library.as_path()], args.force)?;
    }
    let mut studio = Studio::open(&args.from)?;
    match &args.expr {
        Some(text) => sum(args, text, &mut studio, console)?,
        None => samples(args, &mut studio, console)?,
    }
    Ok(Ending::AllWell)
}

/// Draws a grid of samples. With `--save`, averages the picked samples; the grid then shows these and their average.
fn samples(args: &SampleArgs, studio: &mut Studio, console: &mut Console) -> anyhow::Result<()> {
    if let Some(save) = &args.save {
        let (name, numbers) = picked(save)?;
        let name = studio.check_name(&name, args.force)?;
        let sources = numbers.iter().map(|&number| studio.find(&Source::Sample(number)));
        let mut latents = sources.collect::<anyhow::Result<Vec<_>>>()?;
        let average = mean(&latents).ok_or_else(|| usage("--save needs sample numbers, for example NAME=3,7,12"))?;
        let list = numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        if let Some(out) = &args.out {
            latents.push(average.clone());
            draw(args, studio, &latents, out)?;
            console.say(&format!("{} shows samples {list}, then their average", out.display()));
        }
        console.say(&studio.save(&name, average, &format!("mean of samples {list}"), args.force)?);
        return Ok(());
    }
    let Some(out) = &args.out else { return Ok(()) };
    let count = u64::from(args.count.unwrap_or(COUNT).max(1));
    let numbers = args.seed..args.seed.saturating_add(count);
    let sources = numbers.map(|number| studio.find(&Source::Sample(number)));
    let latents = sources.collect::<anyhow::Result<Vec<_>>>()?;
    draw(args, studio, &latents, out)?;
    let last = args.seed.saturating_add(count - 1);
    console.say(&format!("{} shows samples {} to {last}, row by row", out.display(), args.seed));
    Ok(())
}

fn draw(args: &SampleArgs, studio: &mut Studio, latents: &[Latent], out: &Path) -> anyhow::Result<()> {
    let columns = args.columns.map_or_else(|| latents.len().isqrt().max(1), |columns| columns as usize);
    write(&grid(studio.gallery.draw(latents), columns), out, args.force)
}

/// Draws a row with the operands and the result, and below it variations of the result.
fn sum(args: &SampleArgs, text: &str, studio: &mut Studio, console: &mut Console) -> anyhow::Result<()> {
    let expression = Expression::parse(text).map_err(|error| usage(format!("--expr: {error}")))?;
    let name = match args.save.as_deref() {
        Some(save) if save.contains('=') => {
            return Err(usage("with --expr, --save takes only a name for the result"));
        }
        Some(save) => Some(studio.check_name(save, args.force)?),
        None => None,
    };
    let model = studio.gallery.model().clone();
    let result =
        expression.evaluate(|source| studio.library.find(source, &model)).map_err(|error| studio.told(&error))?;
    if let Some(out) = &args.out {
        let operands = expression.terms.iter().map(|term| studio.find(&term.source));
        let mut row = operands.collect::<anyhow::Result<Vec<_>>>()?;
        row.push(result.clone());
        let count = args.count.unwrap_or(VARIATIONS);
        let variations = varied(&result, count as usize, args.seed);
        let mut sheet = Sheet::default();
        sheet.add_row(studio.gallery.draw(&row).into_iter().map(Some).collect());
        let columns = args.columns.unwrap_or(VARIATIONS) as usize;
        for row in studio.gallery.draw(&variations).chunks(columns) {
            sheet.add_row(row.iter().cloned().map(Some).collect());
        }
        write(&sheet, out, args.force)?;
        let shown = expression.terms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let below =
            if count == 0 { String::new() } else { format!("; below, {count} variations by up to {VARIATION}") };
        console.say(&format!("{} shows, from the left: {shown}, the result{below}", out.display()));
    }
    if let Some(name) = name {
        console.say(&studio.save(&name, result, &format!("sum {}", text.trim()), args.force)?);
    }
    Ok(())
}

/// Reads `NAME=3,7,12`.
fn picked(text: &str) -> anyhow::Result<(String, Vec<u64>)> {
    let wrong =
        || usage(format!("--save {text}: give a name and sample numbers, for example \"smiling woman=3,7,12\""));
    let (name, list) = text.rsplit_once('=').ok_or_else(wrong)?;
    let numbers = list.split(',').map(|number| number.trim().parse().map_err(|_| wrong()));
    Ok((name.to_string(), numbers.collect::<anyhow::Result<_>>()?))
}
