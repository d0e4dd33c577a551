//! Runs over manifests with a fake search.

use std::ffi::OsString;
use std::sync::atomic::Ordering;

use super::*;
use crate::cli::console::CapturedConsole;
use crate::cli::fill::tests::fake_backend::{FakeBackend, FillTestFolder, SIDE_PX};

/// Faces are not detected, and every search is short.
const BASE: [&str; 5] = ["--face", "none", "--steps=3", "--blend", "none"];

struct Outcome {
    summary: Summary,
    results: Vec<serde_json::Value>,
    searches: u32,
}

/// A folder with three photos.
fn folder() -> FillTestFolder {
    let folder = FillTestFolder::new();
    for name in ["a.png", "b.png", "c.png"] {
        folder.add_photo(name);
    }
    std::fs::create_dir(folder.path("out")).unwrap();
    folder
}

fn manifest(folder: &FillTestFolder, lines: &[&str]) -> String {
    lines.iter().map(|line| line.replace("DIR", folder.0.path().to_str().unwrap()) + "\n").collect()
}

fn manifest_run(folder: &FillTestFolder, shard: Shard, jobs: u16) -> ManifestRun {
    let base = BASE.map(OsString::from).to_vec();
    ManifestRun { base, folder: folder.path("out"), shard, jobs, prepare: |plan| plan.crop_size_px = SIDE_PX }
}

/// Runs a manifest, one job after the other. `stop_after`: the number of jobs after which the process is asked to stop.
fn run(folder: &FillTestFolder, text: &str, shard: Shard, stop_after: Option<u32>) -> Outcome {
    run_at_once(folder, text, shard, stop_after, 1)
}

/// Runs a manifest with so many jobs at once.
fn run_at_once(folder: &FillTestFolder, text: &str, shard: Shard, stop_after: Option<u32>, jobs: u16) -> Outcome {
    let path = folder.path("out/results.jsonl");
    let before = std::fs::read_to_string(&path).unwrap_or_default().lines().count();
    let results = Results::open(&path).unwrap();
    let mut backend = FakeBackend::default();
    let captured = CapturedConsole::default();
    let stop = AtomicBool::new(false);
    // The flag is looked at before each line: the reader sets it once enough lines were asked for.
    let mut lines = StoppingReader { text: text.as_bytes(), stop: &stop, lines_left: stop_after };
    let run = manifest_run(folder, shard, jobs);
    let summary = run.run(&mut lines, results, &mut backend, &stop, &mut captured.console()).unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    let results = written.lines().skip(before).map(|line| serde_json::from_str(line).unwrap()).collect();
    Outcome { summary, results, searches: backend.searches }
}

/// Asks to stop once so many lines were read.
struct StoppingReader<'a> {
    text: &'a [u8],
    stop: &'a AtomicBool,
    lines_left: Option<u32>,
}

impl std::io::Read for StoppingReader<'_> {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        unreachable!("only lines are read")
    }
}

impl BufRead for StoppingReader<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        Ok(self.text)
    }

    fn consume(&mut self, amount: usize) {
        if amount > 0 {
            self.stop.store(self.lines_left == Some(0), Ordering::Relaxed);
            self.lines_left = self.lines_left.map(|left| left.saturating_sub(1));
        }
        self.text = &self.text[amount..];
    }
}

const JOBS: [&str; 4] = [
    r#"{"photo": "DIR/a.png", "mask": "center"}"#,
    r#"{"photo": "DIR/b.png", "mask": "full", "id": "whole", "seed": 7}"#,
    "",
    r#"{"photo": "DIR/missing.png", "mask": "full"}"#,
];

#[test]
fn each_job_has_an_output_and_a_result() {
    let folder = folder();
    let text = manifest(&folder, &JOBS);
    let Outcome { summary, results, searches } = run(&folder, &text, Shard::WHOLE, None);
    assert_eq!((summary, searches), (Summary { done: 2, kept: 0, failed: 1, stopped: false }, 2));
    assert_eq!(folder.files("out"), ["000001-a.png", "results.jsonl", "whole.png"]);
    let statuses: Vec<_> = results.iter().map(|result| (&result["job"], result["status"].as_str().unwrap())).collect();
    assert_eq!(statuses, [(&1.into(), "done"), (&2.into(), "done"), (&4.into(), "failed")]);
    assert_eq!(results[1]["report"]["seed"], 7);
    assert_eq!(results[1]["report"]["settings"]["steps"], 3, "an option of the run");
    assert!(results[2]["error"].as_str().unwrap().contains("missing.png"));
}

#[test]
fn a_second_run_keeps_what_is_done() {
    let folder = folder();
    let text = manifest(&folder, &JOBS[..2]);
    run(&folder, &text, Shard::WHOLE, None);
    let again = run(&folder, &text, Shard::WHOLE, None);
    assert_eq!((again.summary, again.searches), (Summary { kept: 2, ..Summary::default() }, 0));
    assert!(again.results.is_empty(), "no job is in the results twice");

    // Killed after an output was written, but before its result was.
    std::fs::write(folder.path("out/results.jsonl"), "").unwrap();
    std::fs::remove_file(folder.path("out/whole.png")).unwrap();
    let resumed = run(&folder, &text, Shard::WHOLE, None);
    assert_eq!((resumed.summary, resumed.searches), (Summary { done: 1, kept: 1, ..Summary::default() }, 1));
    assert_eq!(resumed.results.len(), 2);

    // Another job of the same name replaces the output.
    let changed = text.replace("\"seed\": 7", "\"seed\": 8");
    assert_eq!(run(&folder, &changed, Shard::WHOLE, None).summary, Summary { done: 1, kept: 1, ..Summary::default() });
}

#[test]
fn a_stopped_run_finishes_the_job_at_hand() {
    let folder = folder();
    let text = manifest(&folder, &JOBS[..2]);
    let stopped = run(&folder, &text, Shard::WHOLE, Some(1));
    assert_eq!((stopped.summary, stopped.searches), (Summary { done: 1, stopped: true, ..Summary::default() }, 1));
    let resumed = run(&folder, &text, Shard::WHOLE, None);
    assert_eq!((resumed.summary, resumed.searches), (Summary { done: 1, kept: 1, ..Summary::default() }, 1));
}

#[test]
fn shares_do_every_job_once() {
    let folder = folder();
    let text = manifest(&folder, &JOBS[..2]);
    for index in [1, 2] {
        let outcome = run(&folder, &text, Shard { index, count: 2 }, None);
        assert_eq!((outcome.summary.done, outcome.results[0]["job"].as_u64()), (1, Some(index)));
    }
}

#[test]
fn a_stream_gets_a_line_for_each_job() {
    let folder = folder();
    let mut written = Vec::new();
    let results = Results::Stream(&mut written);
    let run = manifest_run(&folder, Shard::WHOLE, 1);
    let text = manifest(&folder, &[JOBS[0], "no job", JOBS[0]]);
    let console = &mut CapturedConsole::default().console();
    let (stop, backend) = (AtomicBool::new(false), &mut FakeBackend::default());
    let summary = run.run(&mut text.as_bytes(), results, backend, &stop, console).unwrap();
    assert_eq!(summary, Summary { done: 2, failed: 1, ..Summary::default() }, "the third has its own name");
    let lines: Vec<_> = std::str::from_utf8(&written).unwrap().lines().collect();
    assert!(lines.len() == 3 && lines[1].contains("this is no job"), "{lines:?}");
}

#[test]
fn jobs_at_once_give_the_same_fills() {
    let text = (1..=9).map(|seed| {
        let photo = ["a", "b", "c"][seed % 3];
        format!("{{\"photo\": \"DIR/{photo}.png\", \"mask\": \"center\", \"seed\": {seed}}}")
    });
    let text: Vec<String> = text.collect();
    let lines: Vec<&str> = text.iter().map(String::as_str).chain(["no job"]).collect();
    let [alone, at_once] = [1, 4].map(|jobs| {
        let folder = folder();
        let text = manifest(&folder, &lines);
        let outcome = run_at_once(&folder, &text, Shard::WHOLE, None, jobs);
        assert_eq!(outcome.summary, Summary { done: 9, failed: 1, ..Summary::default() });
        assert_eq!(outcome.searches, 9);
        let mut numbers: Vec<_> = outcome.results.iter().map(|result| result["job"].as_u64().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=10).collect::<Vec<_>>(), "each job once");
        let again = run_at_once(&folder, &text, Shard::WHOLE, None, jobs);
        assert_eq!(again.summary, Summary { kept: 9, failed: 1, ..Summary::default() });
        let files: Vec<String> = folder.files("out").into_iter().filter(|name| name != "results.jsonl").collect();
        let pixels = |name: &String| image::open(folder.path("out").join(name)).unwrap().into_rgb8();
        files.iter().map(|name| (name.clone(), pixels(name))).collect::<Vec<_>>()
    });
    assert_eq!(alone.len(), 9);
    assert!(alone == at_once);
}

#[test]
fn a_stopped_run_finishes_all_jobs_at_hand() {
    let folder = folder();
    let lines: Vec<String> = (1..=8).map(|seed| JOBS[0].replace('}', &format!(", \"seed\": {seed}}}"))).collect();
    let text = manifest(&folder, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let stopped = run_at_once(&folder, &text, Shard::WHOLE, Some(3), 3);
    assert_eq!(stopped.summary, Summary { done: 3, stopped: true, ..Summary::default() });
    assert_eq!(stopped.results.len(), 3);
    let resumed = run_at_once(&folder, &text, Shard::WHOLE, None, 3);
    assert_eq!(resumed.summary, Summary { done: 5, kept: 3, ..Summary::default() });
}

#[test]
fn a_job_whose_search_failed_is_done_again() {
    let folder = folder();
    let text = manifest(&folder, &JOBS[..1]);
    let run_with = |mut backend: FakeBackend| {
        let results = Results::open(&folder.path("out/results.jsonl")).unwrap();
        let console = &mut CapturedConsole::default().console();
        let run = manifest_run(&folder, Shard::WHOLE, 1);
        run.run(&mut text.as_bytes(), results, &mut backend, &AtomicBool::new(false), console).unwrap()
    };
    let failed = run_with(FakeBackend { fails_at: Some(2), ..FakeBackend::default() });
    assert_eq!((failed.failed, folder.path("out/000001-a.png").exists()), (1, true), "the best so far is saved");
    assert_eq!(run_with(FakeBackend::default()).done, 1);
}

/// A search that panics fails its job, and those it was searched with; the others go on.
#[test]
fn a_panic_in_a_search_does_not_stop_the_run() {
    let folder = folder();
    let lines: Vec<String> = (1..=6).map(|seed| JOBS[0].replace('}', &format!(", \"seed\": {seed}}}"))).collect();
    let text = manifest(&folder, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let results = Results::open(&folder.path("out/results.jsonl")).unwrap();
    let mut backend = FakeBackend { panics_at: Some(2), ..FakeBackend::default() };
    let console = &mut CapturedConsole::default().console();
    let run = manifest_run(&folder, Shard::WHOLE, 2);
    let summary = run.run(&mut text.as_bytes(), results, &mut backend, &AtomicBool::new(false), console).unwrap();
    assert_eq!((summary.done + summary.failed, backend.resets), (6, 1));
    assert!((1..=2).contains(&summary.failed), "{summary:?}");
}
