//! The command line's arguments and their help texts.

use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand, value_parser};

use super::bench::BenchArgs;
use super::branch::BranchArg;
use super::directions::DirectionsArgs;
use super::edit_arg::EditArg;
use super::eval::EvalArgs;
use super::explain::ExplainArgs;
use super::explore::{InterpolateArgs, LatentArgs, SampleArgs};
use super::face_choice::FaceChoice;
use super::faces::FacesArgs;
use super::fill_plan;
use super::import_export::{ExportArgs, ImportArgs};
use super::prepare::PrepareArgs;
use super::replay::ReplayArgs;
use super::settings::SettingsArgs;
use super::task_args::TaskArgs;
use super::train::TrainArgs;
use super::value_names;
use crate::blend::{Blend, BlendMode, MAX_SOFT_EDGE_PX};
use crate::device::DeviceChoice;
use crate::geometry::FaceFrame;
use crate::photo::{DEFAULT_JPEG_QUALITY, MAX_ANIMATION_SIDE_PX};
use crate::shard::Shard;

/// Content-aware fill for faces
///
/// Without a command, opens the editor with PHOTO (or a saved project).
#[derive(Debug, Parser)]
#[command(name = "countenance", version, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    /// Photo or .countenance project to open in the editor (write ./fill to open a file named like a command)
    pub(super) photo: Option<PathBuf>,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fill the hole in one or more photos, without a window
    Fill(Box<FillArgs>),
    Faces(FacesArgs),
    Replay(ReplayArgs),
    /// List the compute devices, and the one that `auto` picks
    Devices,
    Eval(Box<EvalArgs>),
    Bench(BenchArgs),
    Sample(SampleArgs),
    Interpolate(InterpolateArgs),
    Latent(LatentArgs),
    Directions(Box<DirectionsArgs>),
    Explain(Box<ExplainArgs>),
    Prepare(PrepareArgs),
    Import(ImportArgs),
    Export(ExportArgs),
    Train(Box<TrainArgs>),
}

/// Fill the hole in one or more photos, without a window
///
/// Searches the face generator for the face that best matches everything outside the mask, and writes the photo with
/// that face in the hole. Every pixel outside the hole stays unchanged (and outside its soft edge, see --soft-edge).
///
/// With one PHOTO, --out is the picture to write. With several photos or a folder (its pictures sorted by name, without
/// subfolders unless --recursive is given), --out is a folder, created if missing, and each result is written there as
/// STEM.png. If a photo fails, the error names it and no picture is written for it; the other photos are still filled.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
#[command(group = ArgGroup::new("moving-pictures").multiple(true).args(["frames", "gif", "apng", "hats", "sheet_gif"]))]
#[command(group = ArgGroup::new("job-lines").args(["manifest", "serve_stdin"]))]
pub(super) struct FillArgs {
    /// Photos, or folders of them (PNG, JPEG, WebP, TIFF, BMP)
    #[arg(required_unless_present_any = ["manifest", "serve_stdin"], value_name = "PHOTO")]
    pub(super) photos: Vec<PathBuf>,

    /// Also fill the photos in subfolders of the folders, into subfolders of --out of the same names
    ///
    /// Masks in a folder are then in such subfolders too, or all in the folder itself. Hidden folders, links to folders and
    /// the folder --out are left out. In the names of other files, such as --log, the subfolder stands before the stem.
    #[arg(long)]
    pub(super) recursive: bool,

    /// Jobs to do instead of PHOTO: a JSON object on each line, with the photo and the options of the job
    ///
    /// For example {"photo": "a.jpg", "mask": "mouth", "id": "a", "seed": 3}. Other options on the command line hold for every
    /// job; a job's own replace them. --out is a folder, created if missing: a job writes ID.png there, without an id its
    /// line number and the photo's name. Ids must differ. results.jsonl in that folder gets a line for each job, and the last line on standard
    /// output is {"summary": {"done", "kept", "failed", "stopped"}}.
    ///
    /// Run it again to go on after a crash or a stop: a job whose output records the same job, with the same photo, mask
    /// and model, is kept. SIGTERM lets the jobs at hand finish, and the exit status is 3.
    #[arg(long, value_name = "JOBS.jsonl", conflicts_with = "photos")]
    pub(super) manifest: Option<PathBuf>,

    /// Do only every N-th job of --manifest, from the I-th on; the results are in results-I-of-N.jsonl
    #[arg(long, value_name = "I/N", requires = "manifest", value_parser = Shard::parse)]
    pub(super) shard: Option<Shard>,

    /// Work on so many jobs at once: their searches go through the networks together, while other jobs read and save
    ///
    /// Meant for GPUs: a GPU has nothing to do while a photo is read or saved, and does several searches in the time of
    /// one. On a CPU it helps only where a search is small. Needs the memory of so many photos. The fills are the same, on
    /// a GPU up to rounding; results come in the order in which jobs end.
    #[arg(long, value_name = "N", default_value = "1", requires = "job-lines", value_parser = value_parser!(u16).range(1..=256))]
    pub(super) jobs: u16,

    /// Read jobs as in --manifest from standard input, and write a line for each to standard output as soon as it is done
    ///
    /// The model stays loaded between jobs. Ends with the input.
    #[arg(long, conflicts_with_all = ["photos", "manifest"])]
    pub(super) serve_stdin: bool,

    /// What to replace: a mask picture (hole in white), a folder of them, parts of the face such as mouth or eyes,brows, or center, half, left, random, random-20, grid, lowres, full
    ///
    /// A mask picture must have the photo's size; with several photos it is used for all. A folder holds one mask for each
    /// photo, named by the photo's file stem.
    ///
    /// Parts of the face are eyes, left-eye, right-eye, brows, nose, mouth, chin, left-half, right-half and skin (the face
    /// without eyes, brows and mouth), one or several separated by commas. They follow the face that is found in each
    /// photo. Left and right are as seen in the picture.
    ///
    /// center, half (the lower half), left, random, random-20, grid, lowres and full are mask presets placed over the face
    /// frame. center and random come from the paper (random keeps a fifth of the pixels), random-20 (a fifth is missing),
    /// grid and lowres from the blog. lowres keeps one pixel of each block of 8×8; to enlarge a photo whose pixels are means
    /// of blocks, use --task superres. Write ./center or ./mouth for a file of that name.
    ///
    /// Only --task fill needs a mask.
    #[arg(long, value_name = "MASK")]
    pub(super) mask: Option<PathBuf>,

    /// Margin of --mask center: the share of the face frame's side that stays on each side, from 0 to below 0.5 [default: 0.25]
    ///
    /// The blog's code calls it centerScale. The hole of the default is half as wide and high as the frame.
    #[arg(long, value_name = "SHARE", value_parser = fill_plan::parse_center_scale)]
    pub(super) center_scale: Option<f64>,

    /// What to keep but not to believe, such as a hand or sunglasses: a picture (white is ignored), or a folder of them
    ///
    /// Ignored pixels stay exactly as they are, also where the mask is white, and the fill does not depend on them. The
    /// picture must have the photo's size; with several photos it is used for all. A folder holds pictures named by the
    /// photos' file stems; photos without one have nothing ignored. Pure red (255, 0, 0) in a mask picture ignores too, as
    /// in masks that the editor saves.
    #[arg(long, value_name = "PICTURE")]
    pub(super) ignore: Option<PathBuf>,

    /// Model: a file, a name in the models folder, or built in: face-128 (default), face-64 (faster)
    #[arg(long, value_name = "PATH")]
    pub(super) model: Option<PathBuf>,

    /// Compute device: auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)
    ///
    /// auto uses the first hardware GPU, or the CPU if there is none.
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(super) device: DeviceChoice,

    /// Which face to fill: auto, none, or a number from 1, the largest face first
    ///
    /// With a mask picture, faces are found without looking under the hole: auto fills every face under the hole, one after
    /// the other, and N fills that one only, counting the faces found that way. With parts of the face or a mask preset, auto uses
    /// the largest face, and N is a number from `countenance faces`. none skips face detection and uses the whole photo if it is square, otherwise its largest
    /// centred square.
    #[arg(long, value_name = "auto|none|N", value_parser = FaceChoice::parse, default_value = "auto")]
    pub(super) face: FaceChoice,

    /// Place the face frame by hand: centre, side length and clockwise rotation, in photo pixels and degrees
    ///
    /// Replaces --face. The model was trained on upright faces with the eyes at 30 % and the mouth at 71 % of the
    /// frame's height.
    #[arg(long, value_name = "CX,CY,SIDE[,DEGREES]", allow_hyphen_values = true, value_parser = fill_plan::parse_frame)]
    pub(super) frame: Option<FaceFrame>,

    /// How to blend the fill into the photo
    ///
    /// In a photo with transparency, poisson and feather also continue the transparency around the hole into it. With none,
    /// the fill is opaque.
    #[arg(long, value_parser = value_names::blend_parser(), default_value = "poisson")]
    pub(super) blend: BlendMode,

    /// Grain and sharpness added to the fill to match the photo, in percent; 0 adds none
    ///
    /// Both are measured in the known pixels around the hole. The same photo, mask and face frame give the same grain. A
    /// face that is hardly larger than the model's output gets none.
    #[arg(long, value_name = "0..100", default_value_t = 100, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) detail: u8,

    /// Width in photo pixels over which the fill passes over into the photo, around the hole
    ///
    /// With 0, every pixel outside the hole stays exactly as it is. Otherwise so does every pixel outside the hole and this
    /// edge. The search still looks at the edge, and ignored pixels in it stay as they are.
    #[arg(long, value_name = "0..200", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=i64::from(MAX_SOFT_EDGE_PX)))]
    pub(super) soft_edge: u16,

    /// Whether a completion network redraws the hole after the search, sharper than the generator can
    ///
    /// It draws 192 pixels a side from the known pixels and the generator's face. Known pixels stay exactly as they are.
    /// It is for face-128, and for other models of 128 pixels trained on faces from `countenance prepare`; fills of all
    /// other models stay as the generator drew them.
    #[arg(long, value_parser = value_names::completion_parser(), action = ArgAction::Set)]
    #[arg(default_value = value_names::name_of(value_names::COMPLETION, &Blend::default().completion))]
    pub(super) completion: bool,

    /// Go on from iteration N of an earlier search, whose latents --log wrote, with the mask and the settings given here
    ///
    /// Takes the latents of all its candidates instead of new starts. At least half of the steps follow. For one face.
    #[arg(long, value_name = "LATENTS@N", value_parser = BranchArg::parse, conflicts_with_all = ["candidates", "starts"])]
    pub(super) branch: Option<BranchArg>,

    /// Change attributes of each face after its search, in standard deviations: for example smile=1.5,age=-1
    ///
    /// Moves the best candidate along directions of the model: face-128 and face-64 have smile, turn, light, age and gender
    /// (positive is a wider mouth, turned to the right of the picture, lit from there, older, female), from -3 to 3.
    /// other-half, from 0 to 1, makes the hole resemble the visible other half of the face. A few more steps keep the
    /// known pixels. How much a face changes depends on how much of it is hidden: the photo decides about the rest.
    #[arg(long, value_name = "NAME=AMOUNT,...", allow_hyphen_values = true, value_parser = EditArg::parse)]
    pub(super) edit: Option<EditArg>,

    #[command(flatten)]
    pub(super) task: TaskArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

impl FillArgs {
    /// Whether the photos come from jobs.
    pub(super) fn has_jobs(&self) -> bool {
        self.manifest.is_some() || self.serve_stdin
    }
}

/// Output files of `fill`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Picture to write: .png, .jpg, .tif or .webp; with several photos, the folder for PNGs
    ///
    /// The extension decides the format. Only a PNG keeps everything: every pixel outside the fill, all metadata, and what
    /// `countenance replay` needs. TIFF and WebP are lossless too, but WebP holds 8 bits per channel. JPEG changes every
    /// pixel a little and holds no transparency. A note tells what the format changed or could not hold.
    #[arg(long, value_name = "PATH")]
    pub(super) out: PathBuf,

    /// Quality of a JPEG, 1 to 100
    #[arg(long, value_name = "1..100", default_value_t = DEFAULT_JPEG_QUALITY)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(super) quality: u8,

    /// Also write only the fill: a picture of the photo's size, transparent outside the hole, to use as a layer in another editor
    ///
    /// A .png, .tif or .webp.
    ///
    /// With several photos, -STEM is added to PATH before its extension.
    #[arg(long, value_name = "PATH")]
    pub(super) layer: Option<PathBuf>,

    /// Do not record in the pictures how they were made
    ///
    /// Without this option, PNGs of --out and --layer contain what `countenance replay` needs to repeat the fill (settings,
    /// seed, mask, hashes of photo and model). In all formats, the XMP metadata declares that the picture has generated
    /// parts.
    #[arg(long)]
    pub(super) no_record: bool,

    /// Replace existing pictures
    ///
    /// Without this option, an existing picture is an error, reported before anything is computed. Input photos and masks
    /// are never replaced. --log and --report files are always replaced.
    #[arg(long)]
    pub(super) force: bool,

    /// Folder for frames of the search: frame-00001.png, then one every N iterations, then the result
    ///
    /// The number is the iteration. With several photos, each photo gets a subfolder named by its file stem. The frames of
    /// a second face that is filled are in a subfolder face2, and so on.
    #[arg(long, value_name = "DIR")]
    pub(super) frames: Option<PathBuf>,

    #[arg(long, value_name = "N", requires = "moving-pictures", value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(help = format!("Iterations between two frames of --frames, --gif, --apng, --hats and --sheet-gif [default: {}]", Self::DEFAULT_EVERY))]
    pub(super) every: Option<u32>,

    /// Folder for maps that explain the fill, drawn over the photo with a legend
    ///
    /// uncertainty.png shows what was invented: the spread of 32 faces that match the known pixels about as well, in grey
    /// levels of 255. weights.png shows how much each known pixel counts, residual.png where the photo and the drawn face
    /// differ, context-gradient.png how the context loss would change the drawn face, and prior-gradient.png what the
    /// discriminator objects to. maps.safetensors holds the values. With several photos, each photo gets a subfolder named
    /// by its file stem. The maps of a second face that is filled are in a subfolder face2, and so on. The report then has
    /// the uncertainty of each face, in the whole hole and in each part of the face. A small photo gets no legend.
    #[arg(long, value_name = "DIR")]
    pub(super) maps: Option<PathBuf>,

    #[arg(long, value_name = "PATH")]
    #[arg(help = format!("The same frames as an animated GIF, at most {MAX_ANIMATION_SIDE_PX} pixels on the longer side. \
                          With several photos, -STEM is added to PATH before its extension, and -face2 for a second \
                          face in a photo"))]
    pub(super) gif: Option<PathBuf>,

    /// The same as an animated PNG, with all colours; named like --gif
    #[arg(long, value_name = "PATH")]
    pub(super) apng: Option<PathBuf>,

    /// Folder for the generator's whole faces during the search, without the photo: 0001.png, then one every N iterations, then the last
    ///
    /// The blog's code calls their folder `hats_imgs`. They have the size of the model's pictures. Subfolders are as those of --frames.
    #[arg(long, value_name = "DIR")]
    pub(super) hats: Option<PathBuf>,

    /// One picture of all filled photos: before, masked (the hole in grey) and completed, side by side
    ///
    /// It shows the part of each photo with the faces that are filled. Photos that failed are left out.
    #[arg(long, value_name = "PATH.png")]
    pub(super) sheet: Option<PathBuf>,

    /// The sheet during the search as an animated GIF: every photo at the same iteration
    #[arg(long, value_name = "PATH.gif")]
    pub(super) sheet_gif: Option<PathBuf>,

    /// Iteration whose fill is the result, counted from 1, instead of the best one
    ///
    /// The search runs to its end, and the candidate with the lowest total loss at that iteration is drawn from its
    /// latents. They are in the file that --log writes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) at: Option<u32>,

    /// CSV of the losses: iteration,candidate,context,prior,total (iterations and candidates count from 1)
    ///
    /// prior is the loss before multiplication by lambda. Beside PATH.csv, PATH.latents.safetensors holds the latents of
    /// every iteration (`latents`, [iterations, candidates, latent length], and `iterations`, their numbers) and those of
    /// the result (`result`). With several photos, -STEM is added to PATH before its
    /// extension, and -face2 for a second face in a photo.
    #[arg(long, value_name = "PATH")]
    pub(super) log: Option<PathBuf>,

    /// JSON report on every photo: faces, settings, seed, model, device, time, losses and warnings
    ///
    /// `fills` lists the faces of a photo in the order in which they were filled; frame, steps, seconds and losses of the
    /// photo are those of the first. `unfilled_share` is the share of the hole that stayed as it was. Use - for standard
    /// output.
    #[arg(long, value_name = "PATH")]
    pub(super) report: Option<PathBuf>,
}

impl OutputArgs {
    /// Default of `--every`: iterations between two frames.
    pub(super) const DEFAULT_EVERY: u32 = 10;
}

const AFTER_HELP: &str = "\
Examples:
  countenance fill face.png --mask mask.png --out filled.png
  countenance fill face.png --mask center --preset paper --out filled.png --gif search.gif
  countenance fill photos/ --mask masks/ --out filled/ --report filled.json
  countenance fill photos/ --mask eyes,brows --out filled/
  countenance fill photos/ --recursive --mask center --out filled/ --sheet sheet.png --sheet-gif sheet.gif
  countenance fill face.png --mask mouth --edit smile=1.5 --out smiling.png
  countenance fill small.png --task superres --factor 4 --out large.png
  countenance fill grey.jpg --task colorize --out coloured.png
  countenance fill --manifest jobs.jsonl --shard 2/8 --out filled/

A hole in no face frame stays as it was: a warning says how much of it.

Exit status: 0 if every hole is filled, 1 if a photo failed or a part of its hole stayed as it was (more than a \
thousandth and 8 pixels), 2 if the arguments are invalid, 3 if --manifest or --serve-stdin was stopped.";
