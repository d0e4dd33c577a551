//! The command line: `countenance [PHOTO]` opens the editor, `countenance COMMAND …` works without a window.
//!
//! Each command has its own file or folder. `import_export` holds `import` and `export`; `explore` holds `sample`,
//! `interpolate` and `latent`. Mistakes that can be detected early (a missing mask, a folder without write permission)
//! are reported as usage errors before the first search starts.
//!
//! Note: a photo that cannot be opened is *not* a usage error, even if it is the only photo. A batch continues with its
//! other photos, and the exit code must not depend on whether a batch holds one photo or several.
//!
//! # For scripts
//!
//! ```text
//! countenance fill face.png --mask mask.png --out filled.png
//! countenance fill photos/ --mask masks/ --out filled/ --report filled.json
//! countenance faces photo.jpg --json
//! countenance fill --manifest jobs.jsonl --out filled/
//! countenance replay filled.png face.png
//! countenance devices
//! countenance eval faces/ --presets all --json eval.json --sheet eval.png
//! countenance bench --json speed.json
//! countenance prepare photos/ faces/
//! countenance sample --out grid.png
//! countenance latent ann ann.jpg
//! countenance interpolate --from ann --to 7 --out walk.gif
//! countenance explain --out how-it-works
//! countenance directions faces/ --out models/mine.safetensors
//! countenance import checkpoint.pth --out models/mine.safetensors
//! countenance export models/mine.safetensors --out for-pytorch.safetensors
//! countenance train --data faces.safetensors --out runs/first --resume
//! ```
//!
//! * Results go to files or to standard output. Messages and progress go to standard error. The progress bar appears on
//!   terminals only.
//! * Exit codes: 0 success, 1 something failed, 2 invalid arguments, 3 jobs that were stopped by SIGTERM.
//! * A mask is a picture of the photo's size with the hole in white, a folder of masks named by the photos' file stems,
//!   or the name of a mask preset. `--face auto` fills every face under a mask picture, one after the other, or the
//!   largest face with a preset; `--face N` fills only face N; `--face none` uses the whole photo if it is square,
//!   otherwise its largest centred square; `--frame` places the face by hand.
//! * What of a hole lies in no face frame stays as it was. A warning says how much, `unfilled_share` in the report too,
//!   and the exit code is 1 unless it is a few stray pixels.
//! * One photo: `--out`, `--gif` and `--log` are files, `--frames` is a folder. Several photos, or a folder (its
//!   pictures sorted by name, without subfolders and hidden files): `--out` is a folder for `STEM.png`, and the other
//!   outputs become `GIF-STEM.gif`, `LOG-STEM.csv` and `FRAMES/STEM/`. Two photos with the same stem are a usage error.
//!   The second face of a photo has a `GIF-face2.gif`, a `LOG-face2.csv` and a folder `FRAMES/face2/` of its own.
//! * A line tells what a folder holds besides pictures. A picture of a kind that cannot be opened (HEIC, raw) fails like
//!   any other photo, except beside a picture of the same stem that can be opened: cameras write both.
//! * A mask without white is an error that says what it shows instead. A mask that is white nearly everywhere is used
//!   with a warning, and one that is white everywhere is an error.
//! * Existing pictures are replaced only with `--force`. Input photos and masks are never replaced. `--log` and
//!   `--report` files are always replaced.
//! * The extension of `--out` and `--layer` decides the format: PNG, JPEG, TIFF or WebP. A note tells what the format
//!   changed or left out. What it cannot hold at all is refused before the search.
//! * `--layer` is a picture that holds only the fill; in a batch it is named like `--gif`. Without `--no-record`, the PNGs
//!   of `--out` and `--layer` record how they were made. `replay` repeats that fill. It exits with 0 if every pixel is the same,
//!   and with 1 if pixels differ or something is missing.
//! * A failed fill leaves no picture at `--out`. A search that fails after it had a result saves that result and counts
//!   as failed: the report then has both `out` and `error`.
//! * `eval` replaces its output files without asking, and updates its JSON while it runs.
//! * `prepare` continues an interrupted run over the same folder. It replaces an existing dataset only with `--force`.
//!   An unreadable photo makes the exit code 1, but the dataset is still written.
//! * `train` ends by itself, or after the current step when a file `stop` appears in its run folder. Ctrl-C ends it
//!   immediately. Either way, `--resume` continues from the newest checkpoint.
//! * Frames, GIF and APNG show the best candidate at the first iteration and at every N-th; the last frame is the result.
//!   The log counts iterations and candidates from 1. Beside `LOG.csv`, `LOG.latents.safetensors` has the latents of
//!   every iteration. `--at N` makes iteration N the result,
//!   and `--branch LOG.latents.safetensors@N` goes on from it.

mod args;
mod batch_sheet;
mod bench;
mod branch;
mod console;
mod devices;
mod directions;
mod edit_arg;
mod eval;
mod explain;
mod explore;
mod face_choice;
mod faces;
mod faces_to_fill;
mod fill;
mod fill_observer;
mod fill_photo;
mod fill_plan;
mod fill_report;
mod hats;
mod import_export;
mod inputs;
mod latent_log;
mod loss_log;
mod manifest;
mod maps;
mod mask_source;
mod model_choice;
mod outputs;
mod photo_access;
mod prepare;
mod replay;
mod settings;
mod task_args;
mod train;
mod value_names;

#[cfg(test)]
mod tests;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use args::Command;

/// Warnings and errors. wgpu's driver layer logs an error for every graphics API that the machine lacks, so it is off;
/// the program reports device problems itself.
const DEFAULT_LOG: &str = "warn,wgpu_hal=off";

/// Result of a command that no error ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CommandStatus {
    Success,
    /// The failures were reported when they happened.
    SomeFailed,
    /// The command was asked to stop, and can go on later.
    Stopped,
}

impl CommandStatus {
    fn from_success(all_succeeded: bool) -> Self {
        if all_succeeded { Self::Success } else { Self::SomeFailed }
    }
}

/// The arguments parse but are invalid. Exit code 2, as for a parse error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// Makes a [`UsageError`].
fn usage_error(text: impl Into<String>) -> anyhow::Error {
    UsageError(text.into()).into()
}

/// Parses the arguments and runs the command.
#[must_use]
pub fn main() -> ExitCode {
    init_logging();
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing can be reported when the output is closed.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let status = match cli.command {
        None => open_editor(cli.photo),
        Some(Command::Fill(args)) if args.has_jobs() => manifest::run(&args),
        Some(Command::Fill(args)) => fill::run(&args),
        Some(Command::Faces(args)) => faces::run(&args),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Devices) => devices::run(),
        Some(Command::Eval(args)) => eval::run(&args),
        Some(Command::Bench(args)) => bench::run(&args),
        Some(Command::Prepare(args)) => prepare::run(&args),
        Some(Command::Sample(args)) => explore::run_sample(&args),
        Some(Command::Interpolate(args)) => explore::run_interpolate(&args),
        Some(Command::Latent(args)) => explore::run_latent(&args),
        Some(Command::Directions(args)) => directions::run(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Import(args)) => import_export::run_import(&args),
        Some(Command::Export(args)) => import_export::run_export(&args),
        Some(Command::Train(args)) => train::run(&args),
    };
    match status {
        Ok(CommandStatus::Success) => ExitCode::SUCCESS,
        Ok(CommandStatus::SomeFailed) => ExitCode::from(1),
        Ok(CommandStatus::Stopped) => ExitCode::from(3),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(exit_code_for(&error))
        }
    }
}

fn exit_code_for(error: &anyhow::Error) -> u8 {
    if error.is::<UsageError>() { 2 } else { 1 }
}

/// Sends log lines to standard error, filtered by `RUST_LOG` or by [`DEFAULT_LOG`].
fn init_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOG));
    let colors = std::io::stderr().is_terminal();
    // Fails only if a logger is already set; that logger is then used.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colors).with_writer(std::io::stderr).try_init();
}

fn open_editor(photo: Option<PathBuf>) -> anyhow::Result<CommandStatus> {
    if let Some(path) = &photo
        && !path.exists()
    {
        let path = path.display();
        return Err(usage_error(format!(
            "there is no file {path}: check the name (`countenance --help` lists the commands)"
        )));
    }
    crate::app::run(photo)
        .context("the editor cannot open its window (`countenance fill` works without one)")
        .map(|()| CommandStatus::Success)
}

/// Runs `work` on a thread of its own, because burn's work must stay on one thread. Debuggers show the name.
fn run_on_named_thread<T: Send>(name: &str, work: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(name.into()).spawn_scoped(scope, work);
        let thread = thread.context("cannot start the compute thread")?;
        let crashed = |_| anyhow::anyhow!("the program crashed: see the message above; finished files are saved");
        thread.join().map_err(crashed)?
    })
}

/// Writes a result to standard output. A closed pipe (`| head`) is not an error.
fn write_stdout(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}
