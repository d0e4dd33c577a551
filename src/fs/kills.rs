//! Kills a program while it writes, for tests: what is on the disk afterwards must be whole.
//!
//! The program is this test program itself, which runs one ignored test: the writer. A writer gets its folder from
//! [`writer_folder`] and writes until it is killed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use super::faults::file_names;
use super::leftovers;

const FOLDER: &str = "COUNTENANCE_TEST_WRITER_FOLDER";
/// What a writer prints before its first write.
const READY: &str = "the writer starts";

/// The folder of a writer; `None` when the test is not run as one.
pub(crate) fn writer_folder() -> Option<PathBuf> {
    let folder = std::env::var_os(FOLDER)?.into();
    eprintln!("{READY}");
    Some(folder)
}

/// Starts a writer `count` times and kills it after up to `longest`. Calls `check` after each kill, then ages the
/// leftovers, so that the next writer removes them. At the end at most one writer's leftovers may remain.
///
/// `writer`: the full name of the ignored test. `folders`: what it gets from [`writer_folder`], and where it writes.
pub(crate) fn kill_writers(
    writer: &str,
    [given, written]: [&Path; 2],
    count: u32,
    longest: Duration,
    mut check: impl FnMut(),
) {
    for _ in 0..count {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([writer, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env(FOLDER, given)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains(READY)), "there is no writer {writer}");
        std::thread::sleep(longest.mul_f64(rand::random()));
        assert!(child.try_wait().unwrap().is_none(), "the writer ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
        check();
        let is_leftover = |name: &String| name.starts_with(leftovers::PREFIX) && name.ends_with(leftovers::SUFFIX);
        let names: Vec<_> = file_names(written).into_iter().filter(is_leftover).collect();
        assert!(names.len() <= 1, "leftovers grow: {names:?}");
        for name in names {
            let file = std::fs::File::options().write(true).open(written.join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_hours(1)).unwrap();
        }
    }
}
