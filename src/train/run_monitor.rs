//! Reads a run while it is being written. Each read takes only the new bytes of its tables.
//!
//! A resumed run replaces its tables by shorter ones, which grow again. So each read first compares the last bytes of
//! the previous read. If they have changed, it reads the table from the start.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::{MetricSeries, RunFolder, TrainError, TrainSettings};

/// Number of already read bytes that are compared. This is more than one row, and the times in a row differ between
/// sessions.
const COMPARED_BYTES: usize = 512;
/// Maximum number of bytes per read. The next read gets the rest.
const MAX_READ_BYTES: u64 = 32 << 20;

/// Why a run cannot be read now. A later read may succeed.
#[derive(Debug, thiserror::Error)]
pub enum RunMonitorError {
    #[error("there is no folder {folder}: check the path, or wait until the run has created it", folder = folder.display())]
    NoFolder { folder: PathBuf },
    #[error("{folder} holds no run: choose the --out folder of `countenance train`", folder = folder.display())]
    NoRun { folder: PathBuf },
    #[error("{path} is not a training log: choose another folder, or move the file away", path = path.display())]
    NotALog { path: PathBuf },
    #[error(transparent)]
    Train(#[from] TrainError),
}

/// The contents of a run folder so far.
#[derive(Debug)]
pub struct RunMonitor {
    folder: RunFolder,
    settings: Option<TrainSettings>,
    log: CsvTail,
    quality: CsvTail,
}

impl RunMonitor {
    /// Prepares to read the run in this folder. Reads nothing yet.
    #[must_use]
    pub fn new(folder: RunFolder) -> Self {
        let (log, quality) = (CsvTail::new(folder.log_path()), CsvTail::new(folder.quality_path()));
        Self { folder, settings: None, log, quality }
    }

    #[must_use]
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Reads the rows written since the last call. Leaves an incomplete row for a later call.
    ///
    /// # Errors
    /// When there is no run, or its files cannot be read. The values read before stay.
    pub fn read_new_rows(&mut self) -> Result<&TrainSettings, RunMonitorError> {
        let folder = self.folder.path();
        if !folder.is_dir() {
            return Err(RunMonitorError::NoFolder { folder: folder.into() });
        }
        let settings = self.folder.read_settings()?.ok_or_else(|| RunMonitorError::NoRun { folder: folder.into() })?;
        self.log.read_new_rows()?;
        self.quality.read_new_rows()?;
        Ok(self.settings.insert(settings))
    }

    /// The metrics of the log, then the quality metrics.
    pub fn metrics(&self) -> impl Iterator<Item = &MetricSeries> {
        self.log.series.iter().chain(&self.quality.series)
    }

    /// The points of one metric, empty if it does not exist yet.
    #[must_use]
    pub fn points(&self, name: &str) -> &[(u64, f64)] {
        self.metrics().find(|series| series.name == name).map_or(&[], |series| &series.points)
    }

    /// The step of the newest row of the log.
    #[must_use]
    pub fn last_step(&self) -> Option<u64> {
        self.log.last_step
    }

    /// How often the log was found replaced, because the run was resumed or started again.
    #[must_use]
    pub fn restart_count(&self) -> u32 {
        self.log.restarts
    }
}

/// A CSV table that grows while it is read.
#[derive(Debug, Default)]
struct CsvTail {
    path: PathBuf,
    /// The bytes before this offset have been read.
    offset: u64,
    /// The last bytes before the offset.
    last_bytes: Vec<u8>,
    series: Vec<MetricSeries>,
    has_header: bool,
    last_step: Option<u64>,
    restarts: u32,
}

impl CsvTail {
    fn new(path: PathBuf) -> Self {
        Self { path, ..Self::default() }
    }

    fn restart(&mut self) {
        *self = Self { restarts: self.restarts + 1, ..Self::new(std::mem::take(&mut self.path)) };
    }

    fn read_new_rows(&mut self) -> Result<(), RunMonitorError> {
        let start = self.offset - self.last_bytes.len() as u64;
        let Some(bytes) = read_file_from(&self.path, start)? else {
            if self.offset > 0 {
                self.restart();
            }
            return Ok(());
        };
        if let Some(new_bytes) = bytes.strip_prefix(self.last_bytes.as_slice()) {
            return self.parse_lines(new_bytes);
        }
        self.restart();
        match read_file_from(&self.path, 0)? {
            Some(bytes) => self.parse_lines(&bytes),
            None => Ok(()),
        }
    }

    /// Parses all complete lines.
    fn parse_lines(&mut self, new_bytes: &[u8]) -> Result<(), RunMonitorError> {
        let length = new_bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |index| index + 1);
        let complete = new_bytes.get(..length).unwrap_or_default();
        for line in String::from_utf8_lossy(complete).lines() {
            if self.has_header {
                self.parse_row(line);
            } else {
                let names = line.strip_prefix("step,");
                let names = names.ok_or_else(|| RunMonitorError::NotALog { path: self.path.clone() })?;
                let empty = |name: &str| MetricSeries { name: name.to_string(), points: Vec::new() };
                self.series = names.split(',').map(empty).collect();
                self.has_header = true;
            }
        }
        self.offset += length as u64;
        self.last_bytes.extend_from_slice(complete);
        self.last_bytes.drain(..self.last_bytes.len().saturating_sub(COMPARED_BYTES));
        Ok(())
    }

    /// Appends one row. Skips a row that does not fit the header, or whose step is not larger than the last one.
    fn parse_row(&mut self, line: &str) {
        let mut cells = line.split(',');
        let Some(step) = cells.next().and_then(|step| step.parse::<u64>().ok()) else { return };
        let values: Vec<&str> = cells.collect();
        if values.len() != self.series.len() || self.last_step.is_some_and(|last| step <= last) {
            return;
        }
        for (column, value) in self.series.iter_mut().zip(values) {
            column.points.extend(value.parse().ok().map(|value| (step, value)));
        }
        self.last_step = Some(step);
    }
}

/// The bytes of a file from an offset on; `None` if the file does not exist.
fn read_file_from(path: &Path, start: u64) -> Result<Option<Vec<u8>>, TrainError> {
    let failed = |source| TrainError::Read { path: path.to_path_buf(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
    };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    file.take(MAX_READ_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn run() -> (tempfile::TempDir, RunMonitor) {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::new(folder.path());
        run.write_settings(&TrainSettings::default()).unwrap();
        (folder, RunMonitor::new(run))
    }

    fn append(monitor: &RunMonitor, text: &str) {
        let path = monitor.folder.log_path();
        let before = fs::read(&path).unwrap_or_default();
        fs::write(&path, [&before, text.as_bytes()].concat()).unwrap();
    }

    #[test]
    fn incomplete_rows_are_read_once_complete() {
        let (_folder, mut monitor) = run();
        monitor.read_new_rows().unwrap();
        assert_eq!((monitor.last_step(), monitor.metrics().count()), (None, 0));
        append(&monitor, "step,g_loss,d_loss\n20,0.5,1.5\n40,0.2");
        monitor.read_new_rows().unwrap();
        assert_eq!(monitor.points("g_loss"), [(20, 0.5)]);
        append(&monitor, "5,NaN\n60,not,3\n80,1\n");
        monitor.read_new_rows().unwrap();
        assert_eq!(monitor.points("g_loss"), [(20, 0.5), (40, 0.25)]);
        assert!(monitor.points("d_loss")[1].1.is_nan());
        assert_eq!((monitor.last_step(), monitor.restart_count()), (Some(60), 0));
    }

    #[test]
    fn old_rows_are_not_read_again() {
        let (_folder, mut monitor) = run();
        let rows: Vec<String> = (1..200).map(|step| format!("{step},0.5\n")).collect();
        append(&monitor, &format!("step,g_loss\n{}", rows.concat()));
        monitor.read_new_rows().unwrap();
        let offset = monitor.log.offset;
        assert!(monitor.log.last_bytes.len() == COMPARED_BYTES && offset > COMPARED_BYTES as u64);
        // Only a full read would see a change far before the offset.
        let path = monitor.folder.log_path();
        let text = fs::read_to_string(&path).unwrap().replacen("1,0.5", "1,9.5", 1);
        fs::write(&path, text).unwrap();
        append(&monitor, "200,0.5\n");
        monitor.read_new_rows().unwrap();
        assert_eq!((monitor.points("g_loss")[0], monitor.last_step()), ((1, 0.5), Some(200)));
    }

    #[test]
    fn a_resumed_run_is_read_from_the_start() {
        let (_folder, mut monitor) = run();
        append(&monitor, "step,elapsed_secs\n20,1.0\n40,2.0\n60,3.0\n");
        monitor.read_new_rows().unwrap();
        // The resumed run cut the log after its checkpoint at step 20, then wrote more rows than before.
        let path = monitor.folder.log_path();
        fs::write(&path, "step,elapsed_secs\n20,1.0\n40,2.5\n60,3.5\n80,4.5\n").unwrap();
        monitor.read_new_rows().unwrap();
        assert_eq!(monitor.points("elapsed_secs"), [(20, 1.0), (40, 2.5), (60, 3.5), (80, 4.5)]);
        fs::write(&path, "step,elapsed_secs\n20,1.0\n").unwrap();
        monitor.read_new_rows().unwrap();
        assert_eq!((monitor.points("elapsed_secs").len(), monitor.restart_count()), (1, 2));
        fs::remove_file(&path).unwrap();
        monitor.read_new_rows().unwrap();
        assert_eq!((monitor.metrics().count(), monitor.restart_count()), (0, 3));
    }

    #[test]
    fn errors_are_reported_and_old_values_stay() {
        let (folder, mut monitor) = run();
        append(&monitor, "step,g_loss\n20,0.5\n");
        monitor.read_new_rows().unwrap();
        fs::remove_file(folder.path().join("config.json")).unwrap();
        assert!(matches!(monitor.read_new_rows(), Err(RunMonitorError::NoRun { .. })));
        folder.close().unwrap();
        assert!(matches!(monitor.read_new_rows(), Err(RunMonitorError::NoFolder { .. })));
        assert_eq!(monitor.last_step(), Some(20));
        let (_folder, mut monitor) = run();
        append(&monitor, "a letter\n");
        assert!(matches!(monitor.read_new_rows(), Err(RunMonitorError::NotALog { .. })));
    }
}
