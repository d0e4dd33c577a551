//! Reads a run while it is being written. Each read takes only the new bytes of its tables.
//!
//! Note: a resumed run replaces its tables by shorter ones that grow again. So the last bytes read are compared on each
//! read, and a table that has changed is read again from the start.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::{Curve, RunFolder, TrainError, TrainSettings};

/// Number of already read bytes that are compared. This is more than one row, and the seconds in a row differ from
/// session to session.
const REMEMBERED: usize = 512;
/// The most bytes of one read. The next read gets the rest.
const MOST_BYTES: u64 = 32 << 20;

/// Why a run cannot be read now. A later read may succeed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error("there is no folder {folder}: check the path, or wait until the run has created it", folder = folder.display())]
    NoFolder { folder: PathBuf },
    #[error("{folder} holds no run: choose the --out folder of `countenance train`", folder = folder.display())]
    NoRun { folder: PathBuf },
    #[error("{path} is not a training log: choose another folder, or move the file away", path = path.display())]
    NoTable { path: PathBuf },
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// The contents of a run folder so far.
#[derive(Debug)]
pub struct Follower {
    folder: RunFolder,
    settings: Option<TrainSettings>,
    log: Tail,
    quality: Tail,
}

impl Follower {
    /// Prepares to read the run in this folder. Reads nothing yet.
    #[must_use]
    pub fn new(folder: RunFolder) -> Self {
        let (log, quality) = (Tail::new(folder.log_path()), Tail::new(folder.quality_path()));
        Self { folder, settings: None, log, quality }
    }

    #[must_use]
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Reads the rows written since the last call. An incomplete row is read by a later call.
    ///
    /// # Errors
    /// When there is no run, or its files cannot be read. The values read before stay.
    pub fn read(&mut self) -> Result<&TrainSettings, FollowError> {
        let folder = self.folder.path();
        if !folder.is_dir() {
            return Err(FollowError::NoFolder { folder: folder.into() });
        }
        let settings = self.folder.settings()?.ok_or_else(|| FollowError::NoRun { folder: folder.into() })?;
        self.log.read()?;
        self.quality.read()?;
        Ok(self.settings.insert(settings))
    }

    /// The metrics of the log, then the quality metrics.
    pub fn curves(&self) -> impl Iterator<Item = &Curve> {
        self.log.curves.iter().chain(&self.quality.curves)
    }

    /// The points of one metric, empty if it does not exist yet.
    #[must_use]
    pub fn points(&self, name: &str) -> &[(u64, f64)] {
        self.curves().find(|curve| curve.name == name).map_or(&[], |curve| &curve.points)
    }

    /// The step of the newest row of the log.
    #[must_use]
    pub fn step(&self) -> Option<u64> {
        self.log.step
    }

    /// How often the log was found replaced, because the run was resumed or started again.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.log.restarts
    }
}

/// A CSV table that grows.
#[derive(Debug)]
struct Tail {
    path: PathBuf,
    /// The bytes before this offset are read.
    offset: u64,
    /// The last bytes before the offset.
    before: Vec<u8>,
    curves: Vec<Curve>,
    has_head: bool,
    step: Option<u64>,
    restarts: u32,
}

impl Tail {
    fn new(path: PathBuf) -> Self {
        Self { path, offset: 0, before: Vec::new(), curves: Vec::new(), has_head: false, step: None, restarts: 0 }
    }

    fn restart(&mut self) {
        *self = Self { restarts: self.restarts + 1, ..Self::new(std::mem::take(&mut self.path)) };
    }

    fn read(&mut self) -> Result<(), FollowError> {
        let from = self.offset - self.before.len() as u64;
        let Some(bytes) = read_from(&self.path, from)? else {
            if self.offset > 0 {
                self.restart();
            }
            return Ok(());
        };
        if let Some(fresh) = bytes.strip_prefix(self.before.as_slice()) {
            return self.take(fresh);
        }
        self.restart();
        match read_from(&self.path, 0)? {
            Some(bytes) => self.take(&bytes),
            None => Ok(()),
        }
    }

    /// Parses all complete lines.
    fn take(&mut self, fresh: &[u8]) -> Result<(), FollowError> {
        let length = fresh.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let whole = fresh.get(..length).unwrap_or_default();
        for line in String::from_utf8_lossy(whole).lines() {
            if self.has_head {
                self.take_row(line);
            } else {
                let names =
                    line.strip_prefix("step,").ok_or_else(|| FollowError::NoTable { path: self.path.clone() })?;
                let curve = |name: &str| Curve { name: name.to_string(), points: Vec::new() };
                self.curves = names.split(',').map(curve).collect();
                self.has_head = true;
            }
        }
        self.offset += length as u64;
        self.before.extend_from_slice(whole);
        self.before.drain(..self.before.len().saturating_sub(REMEMBERED));
        Ok(())
    }

    /// Appends one row. Skips a row that does not fit the header, or whose step is not larger than the last one.
    fn take_row(&mut self, line: &str) {
        let mut cells = line.split(',');
        let Some(step) = cells.next().and_then(|step| step.parse::<u64>().ok()) else { return };
        let values: Vec<&str> = cells.collect();
        if values.len() != self.curves.len() || self.step.is_some_and(|last| step <= last) {
            return;
        }
        for (curve, value) in self.curves.iter_mut().zip(values) {
            curve.points.extend(value.parse().ok().map(|value| (step, value)));
        }
        self.step = Some(step);
    }
}

/// The bytes of a file from an offset on; `None` if the file does not exist.
fn read_from(path: &Path, from: u64) -> Result<Option<Vec<u8>>, TrainError> {
    let failed = |source| TrainError::Read { path: path.to_path_buf(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
    };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from)).map_err(failed)?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn run() -> (tempfile::TempDir, Follower) {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::new(folder.path());
        run.write_settings(&TrainSettings::default()).unwrap();
        (folder, Follower::new(run))
    }

    fn append(follower: &Follower, text: &str) {
        let path = follower.folder.log_path();
        let before = fs::read(&path).unwrap_or_default();
        fs::write(&path, [&before, text.as_bytes()].concat()).unwrap();
    }

    #[test]
    fn incomplete_rows_are_read_once_complete() {
        let (_folder, mut follower) = run();
        follower.read().unwrap();
        assert_eq!((follower.step(), follower.curves().count()), (None, 0));
        append(&follower, "step,g_loss,d_loss\n20,0.5,1.5\n40,0.2");
        follower.read().unwrap();
        assert_eq!(follower.points("g_loss"), [(20, 0.5)]);
        append(&follower, "5,NaN\n60,not,3\n80,1\n");
        follower.read().unwrap();
        assert_eq!(follower.points("g_loss"), [(20, 0.5), (40, 0.25)]);
        assert!(follower.points("d_loss")[1].1.is_nan());
        assert_eq!((follower.step(), follower.restarts()), (Some(60), 0));
    }

    #[test]
    fn old_rows_are_not_read_again() {
        let (_folder, mut follower) = run();
        let rows: Vec<String> = (1..200).map(|step| format!("{step},0.5\n")).collect();
        append(&follower, &format!("step,g_loss\n{}", rows.concat()));
        follower.read().unwrap();
        let offset = follower.log.offset;
        assert!(follower.log.before.len() == REMEMBERED && offset > REMEMBERED as u64);
        // Only a full read would see a change far before the offset.
        let path = follower.folder.log_path();
        let text = fs::read_to_string(&path).unwrap().replacen("1,0.5", "1,9.5", 1);
        fs::write(&path, text).unwrap();
        append(&follower, "200,0.5\n");
        follower.read().unwrap();
        assert_eq!((follower.points("g_loss")[0], follower.step()), ((1, 0.5), Some(200)));
    }

    #[test]
    fn a_resumed_run_is_read_from_the_start() {
        let (_folder, mut follower) = run();
        append(&follower, "step,elapsed_secs\n20,1.0\n40,2.0\n60,3.0\n");
        follower.read().unwrap();
        // The resumed run cut the log after its checkpoint at step 20, then wrote more rows than before.
        let path = follower.folder.log_path();
        fs::write(&path, "step,elapsed_secs\n20,1.0\n40,2.5\n60,3.5\n80,4.5\n").unwrap();
        follower.read().unwrap();
        assert_eq!(follower.points("elapsed_secs"), [(20, 1.0), (40, 2.5), (60, 3.5), (80, 4.5)]);
        fs::write(&path, "step,elapsed_secs\n20,1.0\n").unwrap();
        follower.read().unwrap();
        assert_eq!((follower.points("elapsed_secs").len(), follower.restarts()), (1, 2));
        fs::remove_file(&path).unwrap();
        follower.read().unwrap();
        assert_eq!((follower.curves().count(), follower.restarts()), (0, 3));
    }

    #[test]
    fn errors_are_reported_and_old_values_stay() {
        let (folder, mut follower) = run();
        append(&follower, "step,g_loss\n20,0.5\n");
        follower.read().unwrap();
        fs::remove_file(folder.path().join("config.json")).unwrap();
        assert!(matches!(follower.read(), Err(FollowError::NoRun { .. })));
        folder.close().unwrap();
        assert!(matches!(follower.read(), Err(FollowError::NoFolder { .. })));
        assert_eq!(follower.step(), Some(20));
        let (_folder, mut follower) = run();
        append(&follower, "a letter\n");
        assert!(matches!(follower.read(), Err(FollowError::NoTable { .. })));
    }
}
