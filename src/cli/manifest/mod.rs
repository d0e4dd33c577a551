//! `fill --manifest JOBS.jsonl`: many fills, each with its own options, for engines that spread work over machines.
//!
//! A job is done when its output's record has the job's hash. So a run that was killed goes on where it was: what is done
//! is kept, and what was not finished left no output. The manifest is read line by line, and only short hashes are kept.
//!
//! `run` does the jobs, several at once if asked to; their searches share a thread (`shared_backend`).

mod job;
mod results;
mod run;
mod shared_backend;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;

use self::job::base_options;
use self::results::{Results, Summary};
use self::run::ManifestRun;
use super::args::FillArgs;
use super::console::Console;
use super::outputs::create_output_folder;
use super::{CommandStatus, run_on_named_thread, usage_error, write_stdout};
use crate::job::NetworkCache;
use crate::shard::Shard;

/// Runs all jobs of a manifest, or of standard input.
pub(super) fn run(args: &FillArgs) -> anyhow::Result<CommandStatus> {
    check_arguments(args)?;
    let base = base_options(std::env::args_os());
    create_output_folder(&args.output.out, "--out")?;
    let stop = stop_flag()?;
    let run = |lines: &mut (dyn BufRead + Send), results: Results<'_>| {
        let run = ManifestRun {
            base,
            folder: args.output.out.clone(),
            shard: args.shard.unwrap_or(Shard::WHOLE),
            jobs: args.jobs,
            prepare: |_| {},
        };
        run.run(lines, results, &mut NetworkCache::default(), &stop, &mut Console::stderr())
    };
    let summary = match &args.manifest {
        Some(path) => {
            let file = File::open(path);
            let file = file.map_err(|error| usage_error(format!("cannot read {}: {error}", path.display())))?;
            let results = Results::open(&args.output.out.join(results_name(args.shard)))?;
            run_on_named_thread("fill", || run(&mut BufReader::new(file), results))?
        }
        None => run_on_named_thread("fill", || {
            let mut stdout = std::io::stdout();
            run(&mut BufReader::new(std::io::stdin()), Results::Stream(&mut stdout))
        })?,
    };
    write_stdout(&(serde_json::json!({ "summary": summary }).to_string() + "\n"))?;
    Ok(match summary {
        Summary { stopped: true, .. } => CommandStatus::Stopped,
        Summary { failed, .. } => CommandStatus::from_success(failed == 0),
    })
}

/// Refuses options that have no meaning with jobs.
fn check_arguments(args: &FillArgs) -> anyhow::Result<()> {
    let options = [
        (args.output.report.is_some(), "--report (each line of the results has it)"),
        (args.output.no_record, "--no-record (the records tell which jobs are done)"),
        (args.output.layer.is_some(), "--layer"),
        (args.output.frames.is_some(), "--frames"),
        (args.output.gif.is_some(), "--gif"),
        (args.output.apng.is_some(), "--apng"),
        (args.output.hats.is_some(), "--hats"),
        (args.output.sheet.is_some(), "--sheet"),
        (args.output.sheet_gif.is_some(), "--sheet-gif"),
        (args.recursive, "--recursive"),
        (args.output.maps.is_some(), "--maps"),
        (args.output.log.is_some(), "--log"),
        (args.branch.is_some(), "--branch"),
    ];
    match options.iter().find(|(is_given, _)| *is_given) {
        Some((_, option)) => Err(usage_error(format!("with jobs there can be no {option}: leave it out"))),
        None => Ok(()),
    }
}

/// Set when the process is asked to end: the jobs at hand are finished first.
fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGTERM, Arc::clone(&stop)).context("cannot listen to SIGTERM")?;
    Ok(stop)
}

/// The file of results in the folder of outputs. Each share has its own, because they may run at once.
fn results_name(shard: Option<Shard>) -> String {
    match shard {
        Some(shard) => format!("results-{}.jsonl", shard.name()),
        None => "results.jsonl".into(),
    }
}
