//! `countenance prepare`: makes a training dataset from a folder of photos.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;

use super::console::{Console, remaining_time};
use super::inputs::{no_picture_in, skipped_line};
use super::outputs::{create_output_folder, overwrite_policy};
use super::{CommandStatus, usage_error};
use crate::dataset::DatasetInfo;
use crate::prepare::{
    CONTACT_SHEET_FILE, DATASET_FILE, FoundPictures, PrepareObserver, PrepareRequest, PrepareSummary,
    RESUME_CROPS_FILE, RESUME_LOG_FILE, TABLE_FILE, Thresholds, find_pictures, measure_share, prepare_dataset,
};
use crate::shard::Shard;

/// At most this many unreadable photos are printed; the table lists all.
const MAX_PRINTED_ERRORS: usize = 20;
/// Without a progress bar, a progress line is printed this often.
const PROGRESS_LINE_INTERVAL: Duration = Duration::from_secs(30);

/// Make a training dataset from a folder of photos
///
/// Finds every face in DIR and its subfolders, aligns the faces, and keeps the good ones without duplicates. Where a face
/// frame extends beyond the photo's border, the photo is mirrored there. OUT gets faces.safetensors (the dataset, one
/// tensor of 8-bit RGB), kept.csv (every face with its measurements and the reason if it was rejected) and sheet.png (a
/// sample of the kept faces, then one row per reason for rejection).
///
/// To continue an interrupted run, run the same command again; the thresholds may change. Unreadable photos are
/// reported and skipped.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct PrepareArgs {
    /// Folder of photos, of any size (PNG, JPEG, WebP, TIFF, BMP)
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Folder for the results, created if missing
    #[arg(value_name = "OUT")]
    out: PathBuf,

    /// Side of the faces in pixels: 64 or 128
    #[arg(long, value_name = "PIXELS", default_value_t = 64, value_parser = parse_size)]
    size: u32,

    /// Keep faces with a detection score above this, 0 to 1
    #[arg(long, value_name = "X", default_value_t = Thresholds::for_size(64).min_score)]
    min_score: f32,

    /// Keep faces turned sideways less than this: the nose's offset from the middle, relative to the eye distance
    #[arg(long, value_name = "X", default_value_t = Thresholds::for_size(64).max_yaw)]
    max_yaw: f32,

    /// Keep faces sharper than this: variance of the Laplacian at 128 pixels
    #[arg(long, value_name = "X", default_value_t = Thresholds::for_size(64).min_sharpness)]
    min_sharpness: f32,

    /// Keep faces whose frame is at least this many pixels wide in the photo [default: --size]
    #[arg(long, value_name = "PIXELS")]
    min_side: Option<f32>,

    /// Keep faces with at most this share of their frame outside the photo, 0 to 0.5
    #[arg(long, value_name = "X", default_value_t = Thresholds::for_size(64).max_outside)]
    max_outside: f32,

    /// Keep duplicate faces
    ///
    /// Without this option, only the largest of several duplicates is kept. Faces are duplicates if their difference hashes
    /// are nearly equal.
    #[arg(long)]
    keep_duplicates: bool,

    /// Source of the photos, recorded in the dataset [default: the folder's name]
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,

    /// Licence of the photos, recorded in the dataset
    #[arg(long, value_name = "TEXT")]
    licence: Option<String>,

    /// Seed for the choice of faces on the sheet
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Only measure every N-th photo, from the I-th on, so that machines can do shares at once
    ///
    /// No dataset is made. Once all shares are measured, run the command without this option: it takes over what they have
    /// measured in OUT, and measures what is missing.
    #[arg(long, value_name = "I/N", value_parser = Shard::parse)]
    shard: Option<Shard>,

    /// Replace an existing dataset in OUT
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Examples:
  countenance prepare photos/ faces/
  countenance prepare photos/ faces/ --size 128 --min-sharpness 20 --source \"my own photos\"
  countenance prepare photos/ faces/ --shard 2/8

Exit status: 0 on success, 1 if a photo cannot be read or no face is kept, 2 if the arguments are invalid.";

fn parse_size(text: &str) -> Result<u32, String> {
    match text {
        "64" => Ok(64),
        "128" => Ok(128),
        _ => Err("use 64 or 128".into()),
    }
}

pub(super) fn run(args: &PrepareArgs) -> anyhow::Result<CommandStatus> {
    let (request, pictures) = prepare_request(args)?;
    run_request(&request, &pictures, args.shard, &mut Console::stderr())
}

/// Checks the arguments, finds the photos and creates the output folder.
fn prepare_request(args: &PrepareArgs) -> anyhow::Result<(PrepareRequest, FoundPictures)> {
    if !args.folder.is_dir() {
        return Err(usage_error(format!("there is no folder {}: give a folder of photos", args.folder.display())));
    }
    let pictures = find_pictures(&args.folder, &args.out).map_err(|error| usage_error(error.to_string()))?;
    if pictures.files.is_empty() {
        let folder = format!("{} and its subfolders", args.folder.display());
        return Err(no_picture_in(&folder, &pictures.passed_over));
    }
    create_output_folder(&args.out, "OUT")?;
    let dataset = args.out.join(DATASET_FILE);
    if dataset.exists() && !args.force {
        return Err(usage_error(format!("{} already exists: choose another OUT, or add --force", dataset.display())));
    }
    let defaults = Thresholds::for_size(args.size);
    let request = PrepareRequest {
        folder: args.folder.clone(),
        results_folder: args.out.clone(),
        size_px: args.size,
        thresholds: Thresholds {
            min_score: args.min_score,
            max_yaw: args.max_yaw,
            min_sharpness: args.min_sharpness,
            min_side_px: args.min_side.unwrap_or(defaults.min_side_px),
            max_outside: args.max_outside,
            duplicate_bits: defaults.duplicate_bits.filter(|_| !args.keep_duplicates),
        },
        dataset_info: DatasetInfo {
            source: args.source.clone().unwrap_or_else(|| folder_name(&args.folder)),
            licence: args.licence.clone(),
        },
        seed: args.seed,
        overwrite: overwrite_policy(args.force),
    };
    Ok((request, pictures))
}

fn folder_name(folder: &Path) -> String {
    let path = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    path.file_name().map_or_else(|| "photos".into(), |name| name.to_string_lossy().into_owned())
}

fn run_request(
    request: &PrepareRequest,
    pictures: &FoundPictures,
    shard: Option<Shard>,
    console: &mut Console,
) -> anyhow::Result<CommandStatus> {
    if let Some(line) = skipped_line(&request.folder, &pictures.passed_over) {
        console.print(&line);
    }
    for folder in &pictures.unlistable_folders {
        console.print(&format!("error: the folder {} cannot be listed and is skipped", folder.display()));
    }
    let (started, last_line_at) = (Instant::now(), Instant::now());
    let mut observer = ConsolePrepareObserver { console, unreadable: 0, done: 0, remaining: 0, started, last_line_at };
    let prepared = match shard {
        Some(shard) => measure_share(request, pictures, shard, &mut observer).map(Prepared::Share),
        None => prepare_dataset(request, pictures, &mut observer).map(Prepared::Dataset),
    };
    let ConsolePrepareObserver { console, unreadable, .. } = observer;
    console.clear_bar();
    if unreadable > MAX_PRINTED_ERRORS {
        console.print(&format!("{} more cannot be read: {TABLE_FILE} lists them", unreadable - MAX_PRINTED_ERRORS));
    }
    let prepared = prepared.with_context(|| format!("no dataset was made from {}", request.folder.display()))?;
    match prepared {
        Prepared::Share(count) => console.print(&format!(
            "{count} photos of the share are measured: run the command without --shard once all shares are"
        )),
        Prepared::Dataset(summary) => {
            for line in summary_lines(request, &summary) {
                console.print(&line);
            }
        }
    }
    Ok(CommandStatus::from_success(unreadable == 0 && pictures.unlistable_folders.is_empty()))
}

/// What a run has made.
enum Prepared {
    /// The number of photos in the share.
    Share(usize),
    Dataset(PrepareSummary),
}

/// Summary of the results.
fn summary_lines(request: &PrepareRequest, prepared: &PrepareSummary) -> Vec<String> {
    let PrepareSummary { photos, faces, kept, reasons, sheet_captions } = prepared;
    let rejected = reasons.iter().map(|(reason, count)| format!("{count} {}", reason.description()));
    let rejected = rejected.collect::<Vec<_>>().join(", ");
    let separator = if rejected.is_empty() { "" } else { "; " };
    let dataset = request.results_folder.join(DATASET_FILE);
    vec![
        format!("{kept} of {faces} faces in {photos} photos kept{separator}{rejected}"),
        format!("{} has the dataset, {TABLE_FILE} lists every face", dataset.display()),
        format!("{CONTACT_SHEET_FILE} shows, from the top: {}", sheet_captions.join(", ")),
    ]
}

/// Shows the progress.
struct ConsolePrepareObserver<'a> {
    console: &'a mut Console,
    unreadable: usize,
    /// Photos measured in this run, and those still to measure.
    done: usize,
    remaining: usize,
    started: Instant,
    last_line_at: Instant,
}

impl PrepareObserver for ConsolePrepareObserver<'_> {
    fn started(&mut self, measured_before: usize, photos: usize) {
        self.remaining = photos - measured_before;
        self.started = Instant::now();
        if measured_before > 0 {
            self.console.print(&format!("resuming: {measured_before} of {photos} photos are already measured"));
        } else {
            self.console.print(&format!(
                "{photos} photos; an interrupted run can be continued ({RESUME_LOG_FILE} and {RESUME_CROPS_FILE})"
            ));
        }
        self.console.start_bar("prepare", self.remaining as u64);
    }

    fn unreadable(&mut self, file: &Path, error: &str) {
        self.unreadable += 1;
        if self.unreadable <= MAX_PRINTED_ERRORS {
            self.console.print(&format!("error: {}: {error}", file.display()));
        }
    }

    fn warned(&mut self, file: &Path, warning: &str) {
        self.console.print(&format!("warning: {}: {warning}", file.display()));
    }

    fn photo_done(&mut self) {
        self.done += 1;
        self.remaining = self.remaining.saturating_sub(1);
        let (done, remaining) = (self.done, self.remaining);
        self.console.show_position("prepare", done as u64);
        let is_line_due = !self.console.is_on_terminal() && self.last_line_at.elapsed() >= PROGRESS_LINE_INTERVAL;
        if is_line_due && remaining > 0 {
            self.last_line_at = Instant::now();
            let time = remaining_time(self.started, done, remaining);
            self.console.print(&format!("{done} photos done, {remaining} to go, about {time} left"));
        }
    }
}

#[cfg(test)]
mod tests;
