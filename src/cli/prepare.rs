//! `countenance prepare`: makes a training dataset from a folder of photos.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use indicatif::HumanDuration;

use super::outputs::make_folder;
use super::progress::Console;
use super::{Ending, usage};
use crate::dataset::About;
use crate::photo::{EXTENSIONS, Overwrite};
use crate::prepare::{
    CROPS, DATASET, JOURNAL, Pictures, Prepared, Reason, Request, SHEET, TABLE, Thresholds, Watcher, find_pictures,
    prepare,
};

/// At most this many unreadable photos are printed; the table lists all.
const MAX_NAMED: usize = 20;
/// Without a progress bar, a progress line is printed this often.
const TELL_EVERY: Duration = Duration::from_secs(30);

/// Make a training dataset from a folder of photos
///
/// Finds every face in DIR and its subfolders, aligns the faces, and keeps the good ones without duplicates. Where a face
/// frame extends beyond the photo's border, the photo is mirrored there. OUT gets faces.safetensors (the dataset, one tensor of
/// 8-bit RGB), kept.csv (every face with its measurements and the reason if it was rejected) and sheet.png (a sample of
/// the kept faces, then one row per reason for rejection).
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
    #[arg(long, value_name = "PIXELS", default_value_t = 64, value_parser = size)]
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
    /// differ in at most 24 of 256 bits.
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

    /// Replace an existing dataset in OUT
    #[arg(long)]
    force: bool,
}

const AFTER_HELP: &str = "\
Examples:
  countenance prepare photos/ faces/
  countenance prepare photos/ faces/ --size 128 --min-sharpness 20 --source \"my own photos\"

Exit status: 0 on success, 1 if a photo cannot be read or no face is kept, 2 if the arguments are invalid.";

fn size(text: &str) -> Result<u32, String> {
    match text {
        "64" => Ok(64),
        "128" => Ok(128),
        _ => Err("use 64 or 128".into()),
    }
}

pub(super) fn run(args: &PrepareArgs) -> anyhow::Result<Ending> {
    let (request, pictures) = plan(args)?;
    run_plan(&request, &pictures, &mut Console::stderr())
}

/// Checks the arguments, finds the photos and creates the output folder.
fn plan(args: &PrepareArgs) -> anyhow::Result<(Request, Pictures)> {
    if !args.folder.is_dir() {
        return Err(usage(format!("there is no folder {}: give a folder of photos", args.folder.display())));
    }
    let pictures = find_pictures(&args.folder, &args.out).map_err(|error| usage(error.to_string()))?;
    if pictures.files.is_empty() {
        let known = EXTENSIONS.join(", ");
        return Err(usage(format!(
            "there is no picture in {} and its subfolders: file names must end in one of {known}",
            args.folder.display()
        )));
    }
    make_folder(&args.out, "OUT")?;
    let dataset = args.out.join(DATASET);
    if dataset.exists() && !args.force {
        return Err(usage(format!("{} already exists: choose another OUT, or add --force", dataset.display())));
    }
    let defaults = Thresholds::for_size(args.size);
    let request = Request {
        folder: args.folder.clone(),
        out: args.out.clone(),
        size_px: args.size,
        thresholds: Thresholds {
            min_score: args.min_score,
            max_yaw: args.max_yaw,
            min_sharpness: args.min_sharpness,
            min_side_px: args.min_side.unwrap_or(defaults.min_side_px),
            max_outside: args.max_outside,
            duplicate_bits: defaults.duplicate_bits.filter(|_| !args.keep_duplicates),
        },
        about: About {
            source: args.source.clone().unwrap_or_else(|| name_of(&args.folder)),
            licence: args.licence.clone(),
        },
        seed: args.seed,
        overwrite: if args.force { Overwrite::Allow } else { Overwrite::Refuse },
    };
    Ok((request, pictures))
}

fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    whole.file_name().map_or_else(|| "photos".into(), |name| name.to_string_lossy().into_owned())
}

fn run_plan(request: &Request, pictures: &Pictures, console: &mut Console) -> anyhow::Result<Ending> {
    for closed in &pictures.closed {
        console.say(&format!("error: the folder {} cannot be listed and is skipped", closed.display()));
    }
    let mut live = Live { console, unreadable: 0, done: 0, left: 0, started: Instant::now(), told: Instant::now() };
    let prepared = prepare(request, pictures, &mut live);
    let Live { console, unreadable, .. } = live;
    console.end();
    if unreadable > MAX_NAMED {
        console.say(&format!("{} more cannot be read: {TABLE} lists them", unreadable - MAX_NAMED));
    }
    let prepared = prepared.with_context(|| format!("no dataset was made from {}", request.folder.display()))?;
    for line in lines(request, &prepared) {
        console.say(&line);
    }
    Ok(if unreadable == 0 && pictures.closed.is_empty() { Ending::AllWell } else { Ending::SomeFailed })
}

/// Summary of the results.
fn lines(request: &Request, prepared: &Prepared) -> Vec<String> {
    let Prepared { photos, faces, kept, reasons, sheet_rows } = prepared;
    let parts: Vec<_> = reasons.iter().map(|(reason, count)| format!("{count} {}", Reason::told(*reason))).collect();
    let others = if parts.is_empty() { String::new() } else { format!("; {}", parts.join(", ")) };
    vec![
        format!("{kept} of {faces} faces in {photos} photos kept{others}"),
        format!("{} has the dataset, {TABLE} lists every face", request.out.join(DATASET).display()),
        format!("{SHEET} shows, from the top: {}", sheet_rows.join(", ")),
    ]
}

/// Shows the progress.
struct Live<'a> {
    console: &'a mut Console,
    unreadable: usize,
    done: usize,
    left: usize,
    started: Instant,
    told: Instant,
}

impl Watcher for Live<'_> {
    fn begin(&mut self, measured_before: usize, photos: usize) {
        self.left = photos - measured_before;
        self.started = Instant::now();
        if measured_before > 0 {
            self.console.say(&format!("resuming: {measured_before} of {photos} photos are already measured"));
        } else {
            self.console.say(&format!("{photos} photos; an interrupted run can be continued ({JOURNAL} and {CROPS})"));
        }
        self.console.begin("prepare", self.left as u64);
    }

    fn unreadable(&mut self, file: &Path, error: &str) {
        self.unreadable += 1;
        if self.unreadable <= MAX_NAMED {
            self.console.say(&format!("error: {}: {error}", file.display()));
        }
    }

    fn photo_done(&mut self) {
        self.done += 1;
        self.left = self.left.saturating_sub(1);
        self.console.show_place("prepare", self.done as u64);
        if !self.console.is_on_terminal() && self.left > 0 && self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            let each = self.started.elapsed() / u32::try_from(self.done).unwrap_or(u32::MAX);
            let left = HumanDuration(each * u32::try_from(self.left).unwrap_or(u32::MAX));
            self.console.say(&format!("{} photos done, {} to go, about {left} left", self.done, self.left));
        }
    }
}

#[cfg(test)]
mod tests;
