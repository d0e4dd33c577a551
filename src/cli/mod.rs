//! The command line: `countenance [PHOTO]` opens the editor, `countenance COMMAND …` works without a window.
//!
//! One file for each command (`exchange` has import and export, `explore` all that samples), with what only that command needs beside it. Everything that can be
//! known to go wrong (a mask that is not there, a folder that cannot be written to) is said before the first search
//! starts, as a usage error. Surprising: a photo that cannot be opened is *not* a usage error, even when it is the only
//! one. In a batch the others go on, and scripts should not see another exit code because a batch happens to hold one
//! photo.
//!
//! # For scripts
//!
//! ```text
//! countenance fill face.png --mask mask.png --out filled.png
//! countenance fill photos/ --mask masks/ --out filled/ --report filled.json
//! countenance faces photo.jpg --json
//! countenance replay filled.png face.png
//! countenance devices
//! countenance eval faces/ --presets all --json eval.json --sheet eval.png
//! countenance bench --json speed.json
//! countenance prepare photos/ faces/
//! countenance sample --out grid.png
//! countenance latent ann ann.jpg
//! countenance interpolate --from ann --to 7 --out walk.gif
//! countenance import checkpoint.pth --out models/mine.safetensors
//! countenance export models/mine.safetensors --out for-pytorch.safetensors
//! countenance train --data faces.safetensors --out runs/first --resume
//! ```
//!
//! * Results go to files or standard output, messages and progress to standard error; the bar shows on terminals only.
//! * Exit codes: 0 all went well, 1 something failed, 2 the arguments cannot be meant.
//! * A mask is a picture of the photo's size, white on the hole; or a folder of such, each under its photo's file stem;
//!   or a ready-made hole by name. `--face auto` fills the largest face found, `--face N` the N-th of
//!   `countenance faces`; `--face none` takes the picture if it is square, else its largest centred square; `--frame`
//!   places the face by hand.
//! * One photo: `--out`, `--gif` and `--log` are files, `--frames` is a folder. Several photos, or a folder (its
//!   pictures by name, without subfolders and hidden files): `--out` is a folder for `STEM.png`, and the others become
//!   `GIF-STEM.gif`, `LOG-STEM.csv` and `FRAMES/STEM/`. Two photos of one stem are a usage error.
//! * Pictures that exist are replaced only with `--force`, the photos and masks given not even then; `--log` and
//!   `--report` files always are.
//! * `--layer` is a PNG with the fill alone, named like `--gif` in a batch. Unless `--no-record` is given, `--out` and
//!   `--layer` say how they were made. `replay` repeats that: 0 when every pixel comes out the same, 1 when some differ or
//!   something is missing.
//! * A failed fill leaves no picture at `--out`. A search that breaks after it had a result saves that, and counts as
//!   failed: the report then has both `out` and `error`.
//! * `eval` replaces its files without asking, and writes its JSON on the way too.
//! * `prepare` goes on where a run over the same folder was stopped; a dataset that is there is replaced only with
//!   `--force`. One unreadable photo makes the exit code 1, and the dataset is written all the same.
//! * `train` ends by itself, or after the present step when a file `stop` is in its run folder; Ctrl-C ends it at once, and
//!   `--resume` goes on from the newest checkpoint either way.
//! * Frames and film show the best candidate at the first iteration and at every N-th; the last one is the result. The
//!   log's iterations and candidates count from 1.

mod args;
mod batch;
mod bench;
mod choices;
mod devices;
mod eval;
mod exchange;
mod explore;
mod faces;
mod fill;
mod follow;
mod frames;
mod gif;
mod loss_log;
mod masks;
mod models;
mod outputs;
mod plan;
mod prepare;
mod progress;
mod replay;
mod report;
mod settings;
mod train;

#[cfg(test)]
mod tests;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

use args::Command;

/// Warnings and worse. wgpu's driver layer reports every interface that a machine lacks as an error; what matters of it
/// reaches the user as a message of ours.
const DEFAULT_LOG: &str = "warn,wgpu_hal=off";

/// How a command that ran to its end went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    AllWell,
    /// What failed was told on the way.
    SomeFailed,
}

/// The arguments can be parsed but not meant: exit code 2, as for those that cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// A [`UsageError`] on its way up.
fn usage(text: impl Into<String>) -> anyhow::Error {
    UsageError(text.into()).into()
}

/// Parses the arguments and does what they say.
#[must_use]
pub fn main() -> ExitCode {
    start_logging();
    let cli = match args::parse(args::command(), std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed standard output leaves nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let ending = match cli.command {
        None => open_editor(cli.photo),
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
        Some(Command::Import(args)) => exchange::run_import(&args),
        Some(Command::Export(args)) => exchange::run_export(&args),
        Some(Command::Train(args)) => train::run(&args),
    };
    match ending {
        Ok(Ending::AllWell) => ExitCode::SUCCESS,
        Ok(Ending::SomeFailed) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(exit_code_of(&error))
        }
    }
}

fn exit_code_of(error: &anyhow::Error) -> u8 {
    if error.is::<UsageError>() { 2 } else { 1 }
}

/// Log lines go to standard error: what `RUST_LOG` says, else [`DEFAULT_LOG`].
fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOG));
    let in_colour = std::io::stderr().is_terminal();
    // Fails only when somebody has set a logger already, which then serves as well.
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(in_colour).with_writer(std::io::stderr).try_init();
}

fn open_editor(photo: Option<PathBuf>) -> anyhow::Result<Ending> {
    if let Some(path) = &photo
        && !path.exists()
    {
        return Err(usage(format!(
            "there is no file {}: check the name (`countenance --help` lists the commands)",
            path.display()
        )));
    }
    crate::app::run(photo)
        .context("the editor cannot open its window (`countenance fill` works without one)")
        .map(|()| Ending::AllWell)
}

/// Does work on a thread of its own: burn's must stay on one, and debuggers and profilers show its name.
fn on_one_thread<T: Send>(name: &str, work: impl FnOnce() -> anyhow::Result<T> + Send) -> anyhow::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(name.into()).spawn_scoped(scope, work);
        let thread = thread.context("cannot start the thread that computes")?;
        thread.join().map_err(|_| anyhow::anyhow!("the program ran into a fault of its own, told above"))?
    })
}

/// Writes a result to standard output. A reader that has seen enough (`| head`) is no error.
fn print_result(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}
