//! The results: a JSON line for each job.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::cli::fill_report::PhotoReport;
use crate::fs::append;

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum JobStatus {
    Done,
    /// An earlier run has done it.
    Kept,
    Failed,
}

/// A line of the results.
#[derive(Serialize)]
pub(super) struct JobResult {
    /// The line of the manifest, from 1.
    pub(super) job: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) status: JobStatus,
    /// Identifies what was done; null for a job that could not be read.
    pub(super) hash: Option<String>,
    pub(super) out: Option<String>,
    pub(super) error: Option<String>,
    /// As in `--report`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) report: Option<PhotoReport>,
}

/// How many jobs ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    pub(super) done: u64,
    pub(super) kept: u64,
    pub(super) failed: u64,
    /// The run was asked to stop before the last job.
    pub(super) stopped: bool,
}

/// Where the results go.
pub(super) enum Results<'a> {
    File {
        file: File,
        path: PathBuf,
        /// Hashes of the jobs that the file has as done: the first eight bytes.
        done: HashSet<u64>,
    },
    Stream(&'a mut (dyn Write + Send)),
}

impl Results<'_> {
    /// Opens the file to append to it. An incomplete last line, of a program that was killed, is removed.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let named = || path.display().to_string();
        let file = OpenOptions::new().read(true).append(true).create(true).open(path).with_context(named)?;
        let (mut done, mut complete) = (HashSet::new(), 0);
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).with_context(named)? > 0 {
            if line.ends_with(b"\n") {
                complete += line.len() as u64;
                done.extend(hash_of_done(&line));
            }
            line.clear();
        }
        file.set_len(complete).with_context(named)?;
        (&file).seek(SeekFrom::End(0)).with_context(named)?;
        Ok(Self::File { file, path: path.into(), done })
    }

    /// Whether the file has this job as done.
    pub(super) fn has(&self, hash: &str) -> bool {
        match self {
            Self::File { done, .. } => short_hash(hash).is_some_and(|hash| done.contains(&hash)),
            Self::Stream(_) => false,
        }
    }

    pub(super) fn write(&mut self, result: &JobResult) -> anyhow::Result<()> {
        let line = serde_json::to_string(result)? + "\n";
        match self {
            Self::File { file, path, done } => {
                append(file, path, line.as_bytes())?;
                let is_done = result.status != JobStatus::Failed;
                done.extend(result.hash.as_deref().filter(|_| is_done).and_then(short_hash));
            }
            Self::Stream(stream) => {
                stream.write_all(line.as_bytes())?;
                stream.flush()?;
            }
        }
        Ok(())
    }
}

fn short_hash(hash: &str) -> Option<u64> {
    u64::from_str_radix(hash.get(..16)?, 16).ok()
}

fn hash_of_done(line: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Line {
        status: JobStatus,
        hash: Option<String>,
    }
    let Line { status, hash } = serde_json::from_slice(line).ok()?;
    (status != JobStatus::Failed).then(|| short_hash(&hash?)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(job: u64, status: JobStatus, hash: &str) -> JobResult {
        JobResult { job, id: None, status, hash: Some(hash.to_string()), out: None, error: None, report: None }
    }

    #[test]
    fn an_incomplete_line_is_removed_and_done_jobs_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.jsonl");
        let [a, b, c] = ["a", "b", "c"].map(|digit| digit.repeat(64));
        let mut results = Results::open(&path).unwrap();
        results.write(&result(1, JobStatus::Done, &a)).unwrap();
        results.write(&result(2, JobStatus::Failed, &b)).unwrap();
        assert!(results.has(&a) && !results.has(&b));
        drop(results);
        let complete = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&complete[..], b"{\"job\":3,\"status\":\"do"].concat()).unwrap();
        let mut results = Results::open(&path).unwrap();
        assert!(results.has(&a) && !results.has(&b) && !results.has(&c));
        assert_eq!(std::fs::read(&path).unwrap(), complete);
        results.write(&result(3, JobStatus::Kept, &c)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3);
    }
}
