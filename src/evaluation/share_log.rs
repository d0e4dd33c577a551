//! The file of a share: JSON lines, the first with what the evaluation measures, every other with the results of a face.
//!
//! It is append-only, so an incomplete end of a program that was killed can be detected and cut off.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::face_results::FaceResults;
use crate::fs::{WriteError, append};

/// Value of `format` in the first line.
pub(super) const FORMAT: &str = "countenance-eval-1";

/// Why a share cannot be stored, continued or taken over.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    #[error("cannot open {path}: choose a folder that can be written to", path = path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("another run is using {path}: wait for it", path = path.display())]
    InUse { path: PathBuf },
    #[error("{path} is not a share of an evaluation: delete it, or choose another file", path = path.display())]
    NotShare { path: PathBuf },
    #[error(
        "{path} belongs to another evaluation (other {differences}): give its options, or delete it to start again",
        path = path.display()
    )]
    OtherEvaluation { path: PathBuf, differences: String },
    #[error("cannot read {path}: delete it to start again", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}: free some space and run it again; it continues from here", path = path.display())]
    Write { path: PathBuf, source: WriteError },
}

/// Every line but the first: a face.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FaceRecord {
    /// Index in the list of all faces.
    pub index: usize,
    /// See [`inputs_sha256`](super::shares::inputs_sha256).
    pub inputs_sha256: String,
    pub results: FaceResults,
}

/// The open file, locked against other runs.
pub(super) struct ShareLog {
    file: File,
    path: PathBuf,
}

impl ShareLog {
    /// Opens or creates the file to append to it. Also returns the faces that it has. `header` is the first line.
    pub fn open(path: &Path, header: &str) -> Result<(Self, Vec<FaceRecord>), ShareError> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|source| ShareError::Open { path: path.into(), source })?;
        check_lock(&file.try_lock(), path)?;
        let mut log = Self { file, path: path.into() };
        let (records, complete_bytes) = read_lines(&log.file, path, header)?;
        let truncated = log.file.set_len(complete_bytes).and_then(|()| log.file.seek(SeekFrom::Start(complete_bytes)));
        truncated.map_err(|source| ShareError::Open { path: path.into(), source })?;
        if complete_bytes == 0 {
            log.write_line(header)?;
        }
        Ok((log, records))
    }

    /// Appends a face. One whose numbers JSON cannot hold, such as an infinite loss, is left out: it is measured again.
    pub fn append(&mut self, record: &FaceRecord) -> Result<(), ShareError> {
        match serde_json::to_string(record) {
            Ok(line) if serde_json::from_str::<FaceRecord>(&line).is_ok_and(|read| read == *record) => {
                self.write_line(&line)
            }
            _ => Ok(()),
        }
    }

    fn write_line(&mut self, line: &str) -> Result<(), ShareError> {
        let written = append(&mut self.file, &self.path, format!("{line}\n").as_bytes());
        written.map_err(|source| ShareError::Write { path: self.path.clone(), source })
    }
}

/// Reads the faces of a file without changing it.
pub(super) fn read_share(path: &Path, header: &str) -> Result<Vec<FaceRecord>, ShareError> {
    let file = File::open(path).map_err(|source| ShareError::Read { path: path.into(), source })?;
    check_lock(&file.try_lock_shared(), path)?;
    Ok(read_lines(&file, path, header)?.0)
}

/// Some file systems do not support locks. There the user must not start two runs.
fn check_lock(lock: &Result<(), TryLockError>, path: &Path) -> Result<(), ShareError> {
    match lock {
        Err(TryLockError::WouldBlock) => Err(ShareError::InUse { path: path.into() }),
        _ => Ok(()),
    }
}

/// The faces of all complete lines, and the length of these lines in bytes.
fn read_lines(file: &File, path: &Path, header: &str) -> Result<(Vec<FaceRecord>, u64), ShareError> {
    let mut reader = BufReader::new(file);
    let (mut records, mut complete_bytes, mut line) = (Vec::new(), 0, Vec::new());
    while reader.read_until(b'\n', &mut line).map_err(|source| ShareError::Read { path: path.into(), source })? > 0 {
        let Some(complete) = line.strip_suffix(b"\n") else {
            if complete_bytes == 0 && !header.as_bytes().starts_with(&line) {
                return Err(ShareError::NotShare { path: path.into() });
            }
            break;
        };
        if complete_bytes == 0 {
            check_header(complete, path, header)?;
        } else {
            records.extend(serde_json::from_slice::<FaceRecord>(complete));
        }
        complete_bytes += line.len() as u64;
        line.clear();
    }
    Ok((records, complete_bytes))
}

/// Refuses the file of another program or evaluation.
fn check_header(line: &[u8], path: &Path, header: &str) -> Result<(), ShareError> {
    if line == header.as_bytes() {
        return Ok(());
    }
    let read = |line: &[u8]| serde_json::from_slice::<Map<String, Value>>(line).ok();
    let is_share = |found: &Map<String, Value>| found.get("format").is_some_and(|format| format == FORMAT);
    match (read(line).filter(is_share), read(header.as_bytes())) {
        (Some(found), Some(expected)) => {
            let differing = expected.iter().filter(|(key, value)| found.get(*key) != Some(value));
            let differences = differing.map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ");
            Err(ShareError::OtherEvaluation { path: path.into(), differences })
        }
        _ => Err(ShareError::NotShare { path: path.into() }),
    }
}
