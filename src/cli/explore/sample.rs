//! `countenance sample`: draws a grid of samples, or a sum of named latents.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use super::{ExploreSession, GeneratorArgs, grid_sheet, save_sheet};
use crate::cli::console::Console;
use crate::cli::{CommandStatus, outputs, usage_error};
use crate::explore::{Latent, LatentExpression, VARIATION_HALF_WIDTH, mean_latent, variations};
use crate::photo::ContactSheet;

/// Default number of samples in a grid: eight rows of eight.
const DEFAULT_COUNT: u32 = 64;
/// Default number of variations below a sum, as in the DCGAN paper's figures.
const DEFAULT_VARIATIONS: u32 = 8;
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

    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_COUNT)))]
    #[arg(help = format!("Pictures in the grid [default: {DEFAULT_COUNT}]; with --expr, variations of the result \
                          [default: {DEFAULT_VARIATIONS}]"))]
    count: Option<u32>,

    /// Number of the first sample; with --expr, seed for the variations
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    #[arg(help = format!("Pictures per row [default: a square grid; with --expr: {DEFAULT_VARIATIONS}]"))]
    columns: Option<u32>,

    /// Sum of names and sample numbers, with spaces around + and -, for example "a - b + 0.5 * c"
    #[arg(long, value_name = "SUM", allow_hyphen_values = true)]
    expr: Option<String>,

    /// Save the average of these samples under a name; with --expr, save the result
    #[arg(long, value_name = "NAME=N,N,…|NAME")]
    save: Option<String>,

    #[command(flatten)]
    generator: GeneratorArgs,

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

pub(super) fn run(args: &SampleArgs, console: &mut Console) -> anyhow::Result<CommandStatus> {
    if let Some(out) = &args.out {
        outputs::check_single_output(out, &["png"], [args.generator.library.as_path()], args.force)?;
    }
    let mut session = ExploreSession::open(&args.generator)?;
    match &args.expr {
        Some(text) => draw_sum(args, text, &mut session, console)?,
        None => draw_samples(args, &mut session, console)?,
    }
    Ok(CommandStatus::Success)
}

/// Draws a grid of samples. With `--save`, averages the chosen samples; the grid then shows these and their average.
fn draw_samples(args: &SampleArgs, session: &mut ExploreSession, console: &mut Console) -> anyhow::Result<()> {
    if let Some(save) = &args.save {
        let (name, numbers) = parse_saved_samples(save)?;
        let name = session.check_name(&name, args.force)?;
        let mut latents = session.sample_latents(numbers.iter().copied())?;
        let no_samples = || usage_error("--save needs sample numbers, for example NAME=3,7,12");
        let average = mean_latent(&latents).ok_or_else(no_samples)?;
        let list = numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        if let Some(out) = &args.out {
            latents.push(average.clone());
            draw_grid(args, session, &latents, out)?;
            console.print(&format!("{} shows samples {list}, then their average", out.display()));
        }
        console.print(&session.save_latent(&name, average, &format!("mean of samples {list}"), args.force)?);
        return Ok(());
    }
    let Some(out) = &args.out else { return Ok(()) };
    let count = u64::from(args.count.unwrap_or(DEFAULT_COUNT).max(1));
    let latents = session.sample_latents(args.seed..args.seed.saturating_add(count))?;
    draw_grid(args, session, &latents, out)?;
    let last = args.seed.saturating_add(count - 1);
    console.print(&format!("{} shows samples {} to {last}, row by row", out.display(), args.seed));
    Ok(())
}

fn draw_grid(args: &SampleArgs, session: &mut ExploreSession, latents: &[Latent], out: &Path) -> anyhow::Result<()> {
    let columns = args.columns.map_or_else(|| latents.len().isqrt().max(1), |columns| columns as usize);
    save_sheet(&grid_sheet(session.renderer.draw(latents), columns), out, args.force)
}

/// Draws a row with the operands and the result, and below it variations of the result.
fn draw_sum(args: &SampleArgs, text: &str, session: &mut ExploreSession, console: &mut Console) -> anyhow::Result<()> {
    let expression = LatentExpression::parse(text).map_err(|error| usage_error(format!("--expr: {error}")))?;
    if args.save.as_deref().is_some_and(|name| name.contains('=')) {
        return Err(usage_error("with --expr, --save takes only a name for the result"));
    }
    let name = args.save.as_deref().map(|name| session.check_name(name, args.force)).transpose()?;
    let model = session.renderer.model_info().clone();
    let result = expression
        .evaluate(|source| session.library.find_latent(source, &model))
        .map_err(|error| session.library_error(&error))?;
    if let Some(out) = &args.out {
        let operands = expression.terms.iter().map(|term| session.find_latent(&term.source));
        let mut row = operands.collect::<anyhow::Result<Vec<_>>>()?;
        row.push(result.clone());
        let count = args.count.unwrap_or(DEFAULT_VARIATIONS);
        let variations = variations(&result, count as usize, args.seed);
        let mut sheet = ContactSheet::default();
        sheet.add_row(session.renderer.draw(&row).into_iter().map(Some).collect());
        let columns = args.columns.unwrap_or(DEFAULT_VARIATIONS) as usize;
        for row in session.renderer.draw(&variations).chunks(columns) {
            sheet.add_row(row.iter().cloned().map(Some).collect());
        }
        save_sheet(&sheet, out, args.force)?;
        let terms = expression.terms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let below = format!("; below, {count} variations by up to {VARIATION_HALF_WIDTH}");
        let below = if count == 0 { "" } else { &below };
        console.print(&format!("{} shows, from the left: {terms}, the result{below}", out.display()));
    }
    if let Some(name) = name {
        console.print(&session.save_latent(&name, result, &format!("sum {}", text.trim()), args.force)?);
    }
    Ok(())
}

/// Reads `NAME=3,7,12`.
fn parse_saved_samples(text: &str) -> anyhow::Result<(String, Vec<u64>)> {
    let example = "\"smiling woman=3,7,12\"";
    let error = || usage_error(format!("--save {text}: give a name and sample numbers, for example {example}"));
    let (name, list) = text.rsplit_once('=').ok_or_else(error)?;
    let numbers = list.split(',').map(|number| number.trim().parse().map_err(|_| error()));
    Ok((name.to_string(), numbers.collect::<anyhow::Result<_>>()?))
}
