//! Arguments of `countenance eval`, with their help texts.

use std::path::PathBuf;

use clap::Args;

use super::lists::{CommaList, MaskNames, parse_blends, parse_frames, parse_masks, parse_others, parse_presets};
use super::plan::SHEET_FACES;
use crate::device::DeviceChoice;
use crate::evaluation::{BlendMethod, ExternalFills, FrameMode};
use crate::shard::Shard;

/// Measure how close fills come to the original, over many faces and masks
///
/// FACES is a folder of aligned faces (square pictures of any size, with eyes and mouth where the model was trained on
/// them), or a dataset made by `countenance prepare`. Each mask cuts a hole into each face, each method fills it, and the
/// result is compared with the original. The method mean, which fills with the mean of the known pixels, is always
/// measured as a baseline. Standard output gets a table of means with 95 % confidence intervals (Student's t).
///
/// With --photos, FACES is a folder of whole photos, or one photo. The holes are parts of the largest face, and the
/// fills are compared at the photo's size, as they are seen.
///
/// Other programs can be measured the same way: --cases writes the faces with blanked holes, and --others scores the
/// other program's results.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(in crate::cli) struct EvalArgs {
    /// Folder of aligned faces (PNG, JPEG, WebP, TIFF, BMP), used in order of name, or a dataset; see also --photos
    #[arg(value_name = "FACES")]
    pub(super) faces: PathBuf,

    /// FACES are whole photos: cut holes into the largest face of each, and compare at the photo's size
    ///
    /// The landmarks of the face, which are found in the whole photo, give its true frame and the holes. PSNR, SSIM, L1,
    /// seam and sharpness are those of the hole at the photo's resolution. Photos without a face are reported.
    #[arg(long)]
    pub(super) photos: bool,

    /// Masks, separated by commas: center, half, random, pattern, irregular, mouth, eyes; with --photos: mouth, eye, eyes,
    /// nose, lower-half, half, scratches, glasses; or all
    ///
    /// center is the middle quarter, half the left half, random 80 % of the pixels, pattern everything except every fourth
    /// pixel of every fourth row, irregular random strokes over a fifth, mouth and eyes strokes over those features. The
    /// same face at the same position of the list always gets the same masks.
    ///
    /// In photos, eye is the one on the left, lower-half everything below the nose, scratches are three to five thin
    /// strokes across the face, and glasses is a band over both eyes from temple to temple.
    #[arg(long, value_name = "LIST", value_parser = parse_masks, default_value = "all")]
    pub(super) masks: MaskNames,

    /// Face frames to measure in photos, separated by commas: known, found [default: known]
    ///
    /// known is the true frame, which measures the fill alone. found is the frame that the program finds without the
    /// pixels under the hole, which measures both; the table then shows its error: the mean distance of eyes and mouth
    /// corners from their true places, divided by the distance of the eyes. Its methods are named like
    /// best+default@found.
    #[arg(long, value_name = "LIST", value_parser = parse_frames, requires = "photos")]
    pub(super) frame: Option<CommaList<FrameMode>>,

    /// Presets to measure, separated by commas: best, blog, blog-momentum, paper, hmc; or all, or none
    ///
    /// A preset may be followed by changes, for example best:noise=0:hold=0. Settings have the names of the options of
    /// `countenance fill`.
    #[arg(long, value_name = "LIST", value_parser = parse_presets, default_value = "best")]
    pub(super) presets: CommaList<String>,

    /// Blends to measure, separated by commas: default, poisson, feather, none; or all [default: none; with --photos:
    /// default]
    ///
    /// default is what `countenance fill` does; the others are modes without added detail and without the completion
    /// network. A blend may be followed by changes, for example poisson:detail=50:completion=on. All blends use the same
    /// search. With none, a method is named after its preset; otherwise like best+poisson.
    #[arg(long, value_name = "LIST", value_parser = parse_blends)]
    pub(super) blend: Option<CommaList<BlendMethod>>,

    /// Measure only the first N faces
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) count: Option<u32>,

    /// Number of candidates, instead of each preset's value
    #[arg(long, value_name = "K")]
    pub(super) candidates: Option<u32>,

    /// Iterations, instead of each preset's value
    #[arg(long, value_name = "N")]
    pub(super) steps: Option<u32>,

    /// Seed for masks and searches
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,

    /// Model: a file, a name in the models folder, or built in: face-128 (default), face-64 (faster)
    #[arg(long, value_name = "PATH")]
    pub(super) model: Option<PathBuf>,

    /// Compute device: auto, cpu, cpu:f32, gpu or gpu:N (see `countenance devices`)
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(super) device: DeviceChoice,

    /// Also measure LPIPS, on the features of torchvision's alexnet-owt-7be5be79.pth, or the same tensors as .safetensors
    ///
    /// LPIPS (arXiv 1801.03924) agrees with what people see better than PSNR does; lower is nearer to the original. It
    /// compares whole crops, or the face frames of photos, at 256 pixels. Its learned weights are read from the file's
    /// tensors lpips0 to lpips4. Without them all features count the same, and the column is called "features" instead of
    /// "LPIPS": its values can only be compared with each other.
    #[arg(long, value_name = "FILE")]
    pub(super) features: Option<PathBuf>,

    /// Also compare the map of uncertainty (`fill --maps`) with the truth, for each search
    ///
    /// A table shows the rank correlation (Spearman) of the map's spread and the true error of the drawn face, over the
    /// pixels of the hole, and for comparison that of the distance to the nearest known pixel; the mean spread and the mean
    /// error, in grey levels of 255; and the error of the tenths of the pixels with the lowest, a middle and the highest
    /// spread. Another table shows the error of the parts of the face by what the editor says about them. Takes about as
    /// long as the search.
    #[arg(long)]
    pub(super) uncertainty: bool,

    /// Also show each method's paired difference to this one: mean, a preset's name, or one of --others
    ///
    /// Faces that are hard for one method are hard for all. Paired differences remove this common variation, so their
    /// intervals are narrower than those of the means.
    #[arg(long, value_name = "METHOD")]
    pub(super) against: Option<String>,

    /// JSON with the means and the scores of every face
    ///
    /// Updated every few seconds, so an interrupted run keeps the finished faces. Use - for standard output: the JSON is
    /// then printed at the end instead of the table.
    #[arg(long, value_name = "PATH")]
    pub(super) json: Option<PathBuf>,

    /// Only measure every N-th face, from the I-th on, so that machines can do shares at once
    ///
    /// The scores go to a file beside that of --json: with --json eval.json to eval-I-of-N.jsonl. A share that was stopped
    /// goes on when the command is run again. Once all shares are measured, run the command without this option: it takes
    /// over what they have measured, measures what is missing, and writes the tables, the JSON and the sheet of all faces.
    /// All need the same options, except for the device. Faces for a --sheet that their share did not have are measured
    /// again.
    #[arg(long, value_name = "I/N", value_parser = Shard::parse, requires = "json", conflicts_with = "cases")]
    pub(super) shard: Option<Shard>,

    #[arg(long, value_name = "PATH")]
    #[arg(help = format!("PNG with one row for each of the first {SHEET_FACES} faces: the original, then for each mask \
                          the hole and all methods; with --photos, one row for each mask of these faces"))]
    pub(super) sheet: Option<PathBuf>,

    /// Folder for other programs: NAME-MASK.png with the hole blanked and NAME-MASK_mask.png with the hole in white
    ///
    /// NAME is the face's file name without extension, or face-00012 for the 13th face of a dataset. The folder is created
    /// if missing; existing pictures with these names are replaced.
    #[arg(long, value_name = "DIR")]
    pub(super) cases: Option<PathBuf>,

    /// Score the results of another program: DIR/NAME-MASK.png for each case. May be given more than once
    ///
    /// Only pixels in the hole are compared. Missing pictures are reported.
    #[arg(long, value_name = "NAME=DIR", value_parser = parse_others)]
    pub(super) others: Vec<ExternalFills>,
}

const AFTER_HELP: &str = "\
Examples:
  countenance eval faces/ --count 24 --sheet eval.png
  countenance eval held-out/faces.safetensors --model runs/mine/best.safetensors --count 200
  countenance eval faces/ --presets best,blog --blend none,poisson --json eval.json
  countenance eval faces/ --presets best,best:noise=0,best:candidates=1 --against best
  countenance eval faces/ --presets none --cases cases/
  countenance eval faces/ --others telea=telea/ --others ns=ns/ --against telea
  countenance eval portraits/ --photos --features alexnet-owt-7be5be79.pth --sheet eval.png
  countenance eval portraits/ --photos --frame known,found --blend default,default:completion=off
  countenance eval faces/ --json results/eval.json --shard 2/8

Exit status: 0 on success, 1 if something could not be scored, 2 if the arguments are invalid.";
