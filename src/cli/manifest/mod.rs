//! `fill --manifest JOBS.jsonl`: many fills, each with its own options, for engines that spread work over machines.
//!
//! A job is done when its output's record has the job's hash. So a run that was killed goes on where it was: what is done
//! is kept, and what was not finished left no output. The manifest is read line by line, and only short hashes are kept.

mod job;
mod results;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, ensure};

use self::job::{Job, base_options};
use self::results::{JobResult, JobStatus, Results, Summary};
use super::args::FillArgs;
use super::console::Console;
use super::fill::{FillBackend, fill_photos};
use super::fill_plan::FillPlan;
use super::outputs::create_output_folder;
use super::{CommandStatus, run_on_named_thread, usage_error, write_stdout};
use crate::catch_panic::catch_panic;
use crate::job::{NetworkCache, Provenance};
use crate::shard::Shard;

/// Runs all jobs of a manifest, or of standard input.
pub(super) fn run(args: &FillArgs) -> anyhow::Result<CommandStatus> {
    check_arguments(args)?;
    let base = base_options(std::env::args_os());
    create_output_folder(&args.output.out, "--out")?;
    let stop = stop_flag()?;
    let run = |lines: &mut (dyn BufRead + Send), results: Results<'_>| {
        let mut run = ManifestRun {
            base,
            folder: args.output.out.clone(),
            shard: args.shard.unwrap_or(Shard::WHOLE),
            results,
            summary: Summary::default(),
            prepare: |_| {},
        };
        run.run(lines, &mut NetworkCache::default(), &stop, &mut Console::stderr())?;
        Ok(run.summary)
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

/// Set when the process is asked to end: the job at hand is finished first.
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

/// A run over a manifest.
struct ManifestRun<'a> {
    /// Options of the run, which hold for every job.
    base: Vec<OsString>,
    /// The folder of outputs.
    folder: PathBuf,
    shard: Shard,
    results: Results<'a>,
    summary: Summary,
    /// Changes the plan of each job; for tests.
    prepare: fn(&mut FillPlan),
}

impl ManifestRun<'_> {
    /// Does the jobs of the share, one after the other.
    fn run(
        &mut self,
        lines: &mut dyn BufRead,
        backend: &mut dyn FillBackend,
        stop: &AtomicBool,
        console: &mut Console,
    ) -> anyhow::Result<()> {
        for (number, line) in (1..).zip(lines.lines()) {
            let line = line.context("the manifest cannot be read on")?;
            if line.trim().is_empty() || !self.shard.holds(number) {
                continue;
            }
            if stop.load(Ordering::Relaxed) {
                self.summary.stopped = true;
                break;
            }
            let mut result = JobResult {
                job: number,
                id: None,
                status: JobStatus::Failed,
                hash: None,
                out: None,
                error: None,
                report: None,
            };
            if let Err(error) = self.do_job(number, &line, backend, console, &mut result) {
                console.print(&format!("error: job {number}: {error:#}"));
                result.error = Some(format!("{error:#}"));
            }
            let count = match result.status {
                JobStatus::Done => &mut self.summary.done,
                JobStatus::Kept => &mut self.summary.kept,
                JobStatus::Failed => &mut self.summary.failed,
            };
            *count += 1;
            let is_known =
                result.status == JobStatus::Kept && result.hash.as_deref().is_some_and(|it| self.results.has(it));
            if !is_known {
                self.results.write(&result).context("the results cannot be written")?;
            }
        }
        Ok(())
    }

    fn do_job(
        &self,
        number: u64,
        line: &str,
        backend: &mut dyn FillBackend,
        console: &mut Console,
        result: &mut JobResult,
    ) -> anyhow::Result<()> {
        let job = Job::parse(line)?;
        let name = job.name(number);
        let out = self.folder.join(format!("{name}.png"));
        result.id = Some(name);
        result.out = Some(out.to_string_lossy().into_owned());
        let args = job.arguments(&self.base, &out)?;
        check_arguments(&args)?;
        let hash = job.hash(&self.base, &args)?;
        result.hash = Some(hash.clone());
        if is_done(&out, &hash) {
            result.status = JobStatus::Kept;
            return Ok(());
        }
        let mut plan = FillPlan::new(&args)?;
        plan.job_hash = Some(hash);
        (self.prepare)(&mut plan);
        let report = fill_photos(backend, &plan, console);
        let photo = report.photos.into_iter().next().context("the job has no photo")?;
        ensure!(photo.error.is_none(), "{}", photo.error.unwrap_or_default());
        result.status = JobStatus::Done;
        result.report = Some(photo);
        Ok(())
    }
}

/// Whether this output was written by the job with this hash. A damaged file counts as none.
fn is_done(out: &Path, hash: &str) -> bool {
    let Ok(bytes) = std::fs::read(out) else { return false };
    let provenance = catch_panic(|| Provenance::read(&bytes));
    matches!(provenance, Ok(Ok(provenance)) if provenance.job.as_deref() == Some(hash))
}
