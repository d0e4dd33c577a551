//! The resume log: measurements so far, on disk, so that a stopped run can continue.
//!
//! Two append-only files: one line of JSON for each photo, and the concatenated crops of all faces. A line is written
//! after its crops, so an incomplete end can be detected and cut off.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::measure::MeasuredFace;

/// Value of `format` in the first line.
const FORMAT: &str = "countenance-prepare-1";

/// Why measurements cannot be stored or resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeLogError {
    #[error("cannot open {path}: choose a folder that can be written to", path = path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("another run is using {folder}: wait for it, or choose another folder", folder = folder.display())]
    InUse { folder: PathBuf },
    #[error(
        "{path} belongs to a run on {found_folder} at {found_size_px} pixels: finish that run, or delete the file to \
         start again",
        path = path.display()
    )]
    OtherRun { path: PathBuf, found_folder: String, found_size_px: u32 },
    #[error("{path} is not a file of this program: delete it, or choose another folder", path = path.display())]
    NotResumeLog { path: PathBuf },
    #[error("cannot write {path}: free some space and run it again; it continues from here", path = path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot read {path}: delete it to start again", path = path.display())]
    Read { path: PathBuf, source: io::Error },
}

/// The first line of the JSON file.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ResumeLogHeader {
    format: String,
    folder: String,
    size_px: u32,
}

/// Every other line: the result of one photo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ResumeLogEntry {
    /// Path relative to the folder.
    pub file: PathBuf,
    /// Shows whether the photo has changed since.
    pub stamp: FileStamp,
    pub found: PhotoFaces,
    /// Index of this photo's first crop among all crops. Its other crops follow.
    pub first_crop: u64,
}

/// The faces of a photo, or why it could not be measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PhotoFaces {
    /// Largest first.
    Faces(Vec<MeasuredFace>),
    Error(String),
}

/// Size and modification time of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileStamp {
    bytes: u64,
    modified_millis: u64,
}

impl FileStamp {
    /// All zero for a missing file.
    pub fn of(path: &Path) -> Self {
        let Ok(metadata) = path.metadata() else { return Self::default() };
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified_millis = modified.map_or(0, |duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        Self { bytes: metadata.len(), modified_millis }
    }
}

impl ResumeLogEntry {
    /// Number of crops of this photo.
    pub fn crop_count(&self) -> u64 {
        match &self.found {
            PhotoFaces::Faces(faces) => faces.iter().filter(|face| face.crop.is_some()).count() as u64,
            PhotoFaces::Error(_) => 0,
        }
    }
}

/// The two open files, locked against other runs.
pub(super) struct ResumeLog {
    lines_file: File,
    crops_file: File,
    lines_path: PathBuf,
    crops_path: PathBuf,
    crop_bytes: u64,
    crop_count: u64,
}

impl ResumeLog {
    /// Opens or creates the resume log. Also returns its entries by photo file; the newest entry of a file wins.
    pub fn open(
        lines_path: &Path,
        crops_path: &Path,
        folder: &Path,
        size_px: u32,
    ) -> Result<(Self, HashMap<PathBuf, ResumeLogEntry>), ResumeLogError> {
        let open = |path: &Path| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            options.open(path).map_err(|source| ResumeLogError::Open { path: path.into(), source })
        };
        let (lines_file, crops_file) = (open(lines_path)?, open(crops_path)?);
        // Some file systems do not support locks. There the user must not start two runs.
        if matches!(lines_file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(ResumeLogError::InUse { folder: lines_path.parent().unwrap_or(Path::new(".")).into() });
        }
        let mut log = Self {
            lines_file,
            crops_file,
            lines_path: lines_path.into(),
            crops_path: crops_path.into(),
            crop_bytes: 3 * u64::from(size_px) * u64::from(size_px),
            crop_count: 0,
        };
        let header = ResumeLogHeader { format: FORMAT.into(), folder: folder.to_string_lossy().into_owned(), size_px };
        let entries = log.read_entries(&header)?;
        Ok((log, entries))
    }

    /// Reads all complete entries and cuts off an incomplete end.
    fn read_entries(&mut self, header: &ResumeLogHeader) -> Result<HashMap<PathBuf, ResumeLogEntry>, ResumeLogError> {
        let unreadable = |path: &Path| {
            let path = path.to_path_buf();
            move |source| ResumeLogError::Read { path, source }
        };
        let complete_crops = self.crops_file.metadata().map_err(unreadable(&self.crops_path))?.len() / self.crop_bytes;
        let mut reader = BufReader::new(&self.lines_file);
        let (mut entries, mut complete_bytes, mut line) = (HashMap::new(), 0, Vec::new());
        let mut crop_count = 0;
        while reader.read_until(b'\n', &mut line).map_err(unreadable(&self.lines_path))? > 0 {
            if complete_bytes == 0 {
                if !self.check_header(&line, header)? {
                    break;
                }
            } else {
                let entry: Option<ResumeLogEntry> =
                    serde_json::from_slice(&line).ok().filter(|_| line.ends_with(b"\n"));
                let end = |entry: &ResumeLogEntry| entry.first_crop.saturating_add(entry.crop_count());
                let fits = |entry: &ResumeLogEntry| entry.first_crop == crop_count && end(entry) <= complete_crops;
                let Some(entry) = entry.filter(fits) else { break };
                crop_count = end(&entry);
                entries.insert(entry.file.clone(), entry);
            }
            complete_bytes += line.len() as u64;
            line.clear();
        }
        drop(reader);
        self.crop_count = crop_count;
        self.truncate(complete_bytes)?;
        if complete_bytes == 0 {
            self.write_line(header)?;
        }
        Ok(entries)
    }

    /// Whether the first line is complete. A header of another run or program is an error.
    fn check_header(&self, line: &[u8], header: &ResumeLogHeader) -> Result<bool, ResumeLogError> {
        let path = self.lines_path.clone();
        if !line.ends_with(b"\n") && serde_json::to_vec(header).is_ok_and(|expected| expected.starts_with(line)) {
            return Ok(false);
        }
        let found: ResumeLogHeader =
            serde_json::from_slice(line).map_err(|_| ResumeLogError::NotResumeLog { path: path.clone() })?;
        if found.format != FORMAT {
            return Err(ResumeLogError::NotResumeLog { path });
        }
        if found != *header {
            let (found_folder, found_size_px) = (found.folder, found.size_px);
            return Err(ResumeLogError::OtherRun { path, found_folder, found_size_px });
        }
        Ok(true)
    }

    /// Truncates the lines to `line_bytes` bytes, and the crops to `crop_count`.
    fn truncate(&mut self, line_bytes: u64) -> Result<(), ResumeLogError> {
        let crops_end = self.crop_count * self.crop_bytes;
        for (file, path, end) in
            [(&mut self.lines_file, &self.lines_path, line_bytes), (&mut self.crops_file, &self.crops_path, crops_end)]
        {
            let truncated = file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end)));
            truncated.map_err(|source| ResumeLogError::Write { path: path.clone(), source })?;
        }
        Ok(())
    }

    /// Appends the result of a photo. `crops` are the crops of those faces that have one, in order.
    pub fn append(
        &mut self,
        file: &Path,
        stamp: FileStamp,
        found: PhotoFaces,
        crops: &[u8],
    ) -> Result<ResumeLogEntry, ResumeLogError> {
        let entry = ResumeLogEntry { file: file.into(), stamp, found, first_crop: self.crop_count };
        let unwritable = |source| ResumeLogError::Write { path: self.crops_path.clone(), source };
        self.crops_file.seek(SeekFrom::Start(self.crop_count * self.crop_bytes)).map_err(unwritable)?;
        self.crops_file.write_all(crops).map_err(unwritable)?;
        self.crop_count += entry.crop_count();
        self.write_line(&entry)?;
        Ok(entry)
    }

    /// Reads one crop, `[size, size, 3]` RGB.
    pub fn read_crop(&mut self, index: u64) -> Result<Vec<u8>, ResumeLogError> {
        let mut pixels = vec![0; usize::try_from(self.crop_bytes).unwrap_or(0)];
        let start = SeekFrom::Start(index * self.crop_bytes);
        let read = self.crops_file.seek(start).and_then(|_| self.crops_file.read_exact(&mut pixels));
        read.map_err(|source| ResumeLogError::Read { path: self.crops_path.clone(), source })?;
        Ok(pixels)
    }

    /// Deletes both files.
    pub fn delete(self) -> Result<(), ResumeLogError> {
        let Self { lines_file, crops_file, lines_path, crops_path, .. } = self;
        drop((lines_file, crops_file));
        for path in [lines_path, crops_path] {
            std::fs::remove_file(&path).map_err(|source| ResumeLogError::Write { path, source })?;
        }
        Ok(())
    }

    fn write_line(&mut self, line: &impl Serialize) -> Result<(), ResumeLogError> {
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut bytes| {
            bytes.push(b'\n');
            self.lines_file.write_all(&bytes)
        });
        written.map_err(|source| ResumeLogError::Write { path: self.lines_path.clone(), source })
    }
}

#[cfg(test)]
mod tests;
