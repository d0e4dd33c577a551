//! A run over the jobs of a manifest, several at once.

use std::ffi::OsString;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, anyhow, ensure};

use super::check_arguments;
use super::job::Job;
use super::results::{JobResult, JobStatus, Results, Summary};
use super::shared_backend::shared_backend;
use crate::catch_panic::catch_panic;
use crate::cli::console::Console;
use crate::cli::fill::{FillBackend, fill_photos};
use crate::cli::fill_plan::FillPlan;
use crate::job::Provenance;
use crate::shard::Shard;

/// A run over a manifest.
pub(super) struct ManifestRun {
    /// Options of the run, which hold for every job.
    pub(super) base: Vec<OsString>,
    /// The folder of outputs.
    pub(super) folder: PathBuf,
    pub(super) shard: Shard,
    /// The most jobs at once.
    pub(super) jobs: u16,
    /// Changes the plan of each job; for tests.
    pub(super) prepare: fn(&mut FillPlan),
}

/// What the jobs of a run share.
struct Progress<'a, 'r> {
    /// The next lines; `None` once no other job is to begin.
    lines: Mutex<Option<NumberedLines<'a>>>,
    results: Mutex<(Results<'r>, Summary)>,
    /// The process is asked to end.
    stop: &'a AtomicBool,
}

type NumberedLines<'a> = Box<dyn Iterator<Item = (u64, std::io::Result<String>)> + Send + 'a>;

impl ManifestRun {
    /// Does the jobs of the share. After `stop` is set, no other job begins.
    pub(super) fn run(
        &self,
        lines: &mut (dyn BufRead + Send),
        results: Results<'_>,
        backend: &mut dyn FillBackend,
        stop: &AtomicBool,
        console: &mut Console,
    ) -> anyhow::Result<Summary> {
        let shard = self.shard;
        let is_job = move |(number, line): &(u64, std::io::Result<String>)| {
            line.as_ref().map_or(true, |line| !line.trim().is_empty() && shard.holds(*number))
        };
        let progress = Progress {
            lines: Mutex::new(Some(Box::new((1..).zip(lines.lines()).filter(is_job)))),
            results: Mutex::new((results, Summary::default())),
            stop,
        };
        if self.jobs == 1 {
            self.do_jobs(&progress, backend, console)?;
        } else {
            self.do_jobs_at_once(&progress, backend, console)?;
        }
        let (_, summary) = progress.results.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(summary)
    }

    /// Each job has a thread of its own; the searches run on this one.
    fn do_jobs_at_once(
        &self,
        progress: &Progress<'_, '_>,
        backend: &mut dyn FillBackend,
        console: &Console,
    ) -> anyhow::Result<()> {
        let (shared, search_thread) = shared_backend();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=self.jobs)
                .map(|number| {
                    let (mut backend, mut console) = (shared.clone(), console.without_bar());
                    let work = move || self.do_jobs(progress, &mut backend, &mut console);
                    std::thread::Builder::new().name(format!("job {number}")).spawn_scoped(scope, work)
                })
                .collect();
            // The search thread ends when no job has its end.
            drop(shared);
            search_thread.run(backend);
            for thread in threads {
                let thread = thread.context("cannot start a thread: give a smaller --jobs")?;
                thread.join().map_err(|_| anyhow!("the program crashed: see the message above"))??;
            }
            Ok(())
        })
    }

    /// Does one job after the other until there is none.
    fn do_jobs(
        &self,
        progress: &Progress<'_, '_>,
        backend: &mut dyn FillBackend,
        console: &mut Console,
    ) -> anyhow::Result<()> {
        while let Some((number, line)) = progress.next_job()? {
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
            progress.record(&result)?;
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

impl Progress<'_, '_> {
    /// The next line with its number, from 1. After an error there is no next line.
    fn next_job(&self) -> anyhow::Result<Option<(u64, String)>> {
        let mut lines = lock(&self.lines);
        let Some((number, line)) = lines.as_mut().and_then(Iterator::next) else { return Ok(None) };
        if line.is_err() {
            *lines = None;
        }
        let line = line.context("the manifest cannot be read on")?;
        if self.stop.load(Ordering::Relaxed) {
            *lines = None;
            lock(&self.results).1.stopped = true;
            return Ok(None);
        }
        Ok(Some((number, line)))
    }

    /// Counts a job, and writes its result unless it is there.
    fn record(&self, result: &JobResult) -> anyhow::Result<()> {
        let mut guard = lock(&self.results);
        let (results, summary) = &mut *guard;
        let count = match result.status {
            JobStatus::Done => &mut summary.done,
            JobStatus::Kept => &mut summary.kept,
            JobStatus::Failed => &mut summary.failed,
        };
        *count += 1;
        let is_known = result.status == JobStatus::Kept && result.hash.as_deref().is_some_and(|it| results.has(it));
        let written = if is_known { Ok(()) } else { results.write(result) };
        drop(guard);
        if written.is_err() {
            *lock(&self.lines) = None;
        }
        written.context("the results cannot be written")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this output was written by the job with this hash. A damaged file counts as none.
fn is_done(out: &Path, hash: &str) -> bool {
    let Ok(bytes) = std::fs::read(out) else { return false };
    let provenance = catch_panic(|| Provenance::read(&bytes));
    matches!(provenance, Ok(Ok(provenance)) if provenance.job.as_deref() == Some(hash))
}
