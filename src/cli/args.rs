//! What can be typed, and the help about it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use super::bench::BenchArgs;
use super::choices::{self, BLENDS};
use super::eval::EvalArgs;
use super::exchange::{ExportArgs, ImportArgs};
use super::explore::{InterpolateArgs, LatentArgs, SampleArgs};
use super::faces::{Face, FacesArgs};
use super::plan;
use super::prepare::PrepareArgs;
use super::replay::ReplayArgs;
use super::settings::{self, SettingsArgs};
use super::train::TrainArgs;
use crate::blend::BlendMode;
use crate::device::DeviceChoice;
use crate::face::FaceFrame;

/// Content-aware fill for faces
///
/// Without a command: the editor, with PHOTO (or a saved project) opened.
#[derive(Debug, Parser)]
#[command(name = "countenance", version, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    /// Photo or .countenance project to open in the editor (write ./fill for a file that is named like a command)
    pub(super) photo: Option<PathBuf>,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fill the hole of one photo or of many, without a window
    Fill(Box<FillArgs>),
    Faces(FacesArgs),
    Replay(ReplayArgs),
    /// List compute devices, and which one `auto` picks
    Devices,
    Eval(Box<EvalArgs>),
    Bench(BenchArgs),
    Sample(SampleArgs),
    Interpolate(InterpolateArgs),
    Latent(LatentArgs),
    Prepare(PrepareArgs),
    Import(ImportArgs),
    Export(ExportArgs),
    Train(Box<TrainArgs>),
}

/// Fill the hole of one photo or of many, without a window
///
/// Searches the face generator for the face that agrees with everything outside the mask, and writes the photo with
/// that face in the hole. Every pixel outside the hole stays as it was.
///
/// One PHOTO: --out is the PNG to write. Several, or a folder (its pictures, by name, without subfolders): --out is a
/// folder, made if need be, and each fill is written there as STEM.png. A photo that fails is named on standard error
/// and leaves no output; the others go on.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
#[command(group = ArgGroup::new("moving-pictures").multiple(true).args(["frames", "gif"]))]
pub(super) struct FillArgs {
    /// Photos, or folders of them (PNG, JPEG, WebP, TIFF, BMP)
    #[arg(required = true, value_name = "PHOTO")]
    pub(super) photos: Vec<PathBuf>,

    /// What to replace: a picture with white on the hole, a folder of such, or center, half, left, random, grid, lowres, full
    ///
    /// A picture must have the photo's size; with several photos it serves for all. A folder holds one mask for each
    /// photo, under the photo's file stem. The names are ready-made holes, laid over the face (write ./center for a
    /// file of that name): center and random are those of the paper (random keeps a fifth of the pixels), grid and
    /// lowres those of the blog.
    #[arg(long, value_name = "MASK")]
    pub(super) mask: PathBuf,

    /// Model file, name of one in the models folder, or built in: face-128 (default), face-64 (faster)
    #[arg(long, value_name = "PATH")]
    pub(super) model: Option<PathBuf>,

    /// Where to compute: auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)
    ///
    /// auto takes the first real GPU, else the CPU.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(super) device: DeviceChoice,

    /// Which face to fill: auto, none, or a number of `countenance faces`
    ///
    /// auto takes the largest face that is found. none looks for no face: the picture if it is square, else its largest
    /// centred square.
    #[arg(long, value_name = "auto|none|N", value_parser = Face::parse, default_value = "auto")]
    pub(super) face: Face,

    /// Place the face by hand: middle, side and clockwise turn, in photo pixels and degrees
    ///
    /// Takes the place of --face. The network was trained on upright faces with the eyes at 30 % and the mouth at
    /// 71 % of the frame's height.
    #[arg(long, value_name = "CX,CY,SIDE[,DEGREES]", allow_hyphen_values = true, value_parser = plan::parse_frame)]
    pub(super) frame: Option<FaceFrame>,

    /// How the fill joins the photo
    #[arg(long, value_parser = choices::parser(BLENDS), default_value = "poisson")]
    pub(super) blend: BlendMode,

    /// How much of the photo's grain and sharpness the fill is given, in percent; 0 leaves it as soft as the generator draws it
    ///
    /// Both are measured in the known pixels around the hole; the same photo, mask and face give the same grain. A face
    /// that is hardly larger than the network's picture needs none and gets none.
    #[arg(long, value_name = "0..100", default_value_t = 100, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) detail: u8,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

/// What is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// PNG to write; with several photos the folder for them
    #[arg(long, value_name = "PATH")]
    pub(super) out: PathBuf,

    /// The fill alone as well: a PNG of the photo's size, transparent around it, to lay over the photo in another editor
    ///
    /// With several photos: PATH with -STEM before its extension.
    #[arg(long, value_name = "PATH")]
    pub(super) layer: Option<PathBuf>,

    /// Do not record in the files how they were made
    ///
    /// Without it, --out and --layer hold what `countenance replay` needs to repeat the fill (settings, seed, mask,
    /// hashes of photo and model), and their XMP says that the picture holds generated parts.
    #[arg(long)]
    pub(super) no_record: bool,

    /// Replace pictures that are there already
    ///
    /// Without it, a picture that exists is a usage error before anything is computed. The photos and masks that were
    /// given are never replaced. --log and --report files always are.
    #[arg(long)]
    pub(super) force: bool,

    /// Folder for pictures of the search: frame-00001.png, then one every N iterations, then the result
    ///
    /// The number is the iteration. With several photos, each has a folder of its file stem in there.
    #[arg(long, value_name = "DIR")]
    pub(super) frames: Option<PathBuf>,

    /// Iterations between two frames of --frames and --gif [default: 10]
    #[arg(long, value_name = "N", requires = "moving-pictures", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) every: Option<u32>,

    /// The same pictures as an animated GIF, at most 512 pixels on the longer side
    ///
    /// With several photos: PATH with -STEM before its extension.
    #[arg(long, value_name = "PATH")]
    pub(super) gif: Option<PathBuf>,

    /// CSV of every iteration's losses: iteration,candidate,context,prior,total (both counted from 1)
    ///
    /// prior is the loss before multiplication by lambda. With several photos: PATH with -STEM before its extension.
    #[arg(long, value_name = "PATH")]
    pub(super) log: Option<PathBuf>,

    /// JSON about every photo: settings, seed, model, device, time and losses
    ///
    /// A single - writes it to standard output.
    #[arg(long, value_name = "PATH")]
    pub(super) report: Option<PathBuf>,
}

impl OutputArgs {
    /// Iterations between two frames, unless said otherwise.
    pub(super) const DEFAULT_EVERY: u32 = 10;
}

const AFTER_HELP: &str = "\
Examples:
  countenance fill face.png --mask mask.png --out filled.png
  countenance fill face.png --mask center --preset paper --out filled.png --gif search.gif
  countenance fill photos/ --mask masks/ --out filled/ --report filled.json

Exit status: 0 when all went well, 1 when some photo failed, 2 when the arguments cannot be meant.";

/// The parser, with what only the code knows (the presets' values) added to the help.
pub(super) fn command() -> clap::Command {
    Cli::command().mut_subcommand("fill", settings::with_preset_values)
}

/// Parses a command line, the program's name first.
pub(super) fn parse(
    mut command: clap::Command,
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Cli, clap::Error> {
    let matches = command.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}
