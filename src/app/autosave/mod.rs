//! Autosave: writes unsaved work to a recovery file every few seconds, so that a crash loses little.
//!
//! [`Autosave`] only decides when to write or remove the file. A background task does it through the window's
//! [`RecoveryFile`], whose lock shows other windows that this one is running.

mod recovery_file;
#[cfg(test)]
mod tests;

pub use recovery_file::{RecoverableProject, RecoveryFile, RecoveryScanResult, find_recoverable};

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Delay between the first unsaved change and the next autosave: a crash loses only a few seconds of work.
pub const AUTOSAVE_DELAY: Duration = Duration::from_secs(5);

/// Interval between scans while another window owns unsaved work. A crashed program releases its lock seconds later.
pub const RECOVERY_SCAN_INTERVAL: Duration = Duration::from_secs(5);

/// Decides when to autosave.
#[derive(Default)]
pub struct Autosave {
    /// `None` on systems without a folder for it, and in most tests.
    file: Option<Arc<RecoveryFile>>,
    /// This window's recovery file may exist.
    file_may_exist: bool,
    /// The document revision in the file.
    written_revision: Option<u64>,
    /// The document revision that is being written.
    writing_revision: Option<u64>,
    /// A task is writing or removing the file.
    is_busy: bool,
    changed_at: Option<Instant>,
    /// A message has reported that autosave fails.
    failure_reported: bool,
}

/// What to do next.
pub enum AutosaveAction {
    Nothing,
    /// Ask again after this time.
    Wait(Duration),
    Write(Arc<RecoveryFile>),
    Remove(Arc<RecoveryFile>),
}

/// Decides when to scan again for unsaved work of other windows.
#[derive(Default)]
pub struct RecoveryScanTimer {
    owned_elsewhere: bool,
    waiting_since: Option<Instant>,
}

/// Folder for the recovery files of all windows; `None` on systems without such a folder.
pub fn default_autosave_folder() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "Countenance")?;
    Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).join("unsaved"))
}

impl Autosave {
    /// Autosaves to a new file in this folder, which is created when needed.
    pub fn in_folder(folder: &Path) -> Self {
        Self { file: Some(Arc::new(RecoveryFile::new(folder))), ..Self::default() }
    }

    /// Path of this window's recovery file, which may not exist.
    pub fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| file.path())
    }

    /// What to do now. `unsaved`: the document's revision, if it has changes that are in no project file.
    pub fn next_action(&mut self, now: Instant, unsaved: Option<u64>) -> AutosaveAction {
        // The delay starts at the change, even while a task is running.
        if unsaved.is_some() && ![self.written_revision, self.writing_revision].contains(&unsaved) {
            self.changed_at.get_or_insert(now);
        }
        let Some(file) = self.file.as_ref().filter(|_| !self.is_busy) else { return AutosaveAction::Nothing };
        let Some(revision) = unsaved else {
            self.changed_at = None;
            if !self.file_may_exist {
                return AutosaveAction::Nothing;
            }
            (self.is_busy, self.file_may_exist, self.written_revision) = (true, false, None);
            return AutosaveAction::Remove(Arc::clone(file));
        };
        if self.written_revision == Some(revision) {
            self.changed_at = None;
            return AutosaveAction::Nothing;
        }
        let changed_at = *self.changed_at.get_or_insert(now);
        let wait = AUTOSAVE_DELAY.saturating_sub(now.saturating_duration_since(changed_at));
        if !wait.is_zero() {
            return AutosaveAction::Wait(wait);
        }
        (self.is_busy, self.file_may_exist, self.writing_revision, self.changed_at) =
            (true, true, Some(revision), None);
        AutosaveAction::Write(Arc::clone(file))
    }

    /// The task has finished. Returns whether to report a failure: only the first one until a task succeeds again.
    pub fn task_finished(&mut self, succeeded: bool) -> bool {
        self.is_busy = false;
        let writing = self.writing_revision.take();
        if succeeded {
            self.written_revision = writing;
            self.failure_reported = false;
        }
        !succeeded && !std::mem::replace(&mut self.failure_reported, true)
    }

    /// The task did not start, or panicked.
    pub fn task_interrupted(&mut self) {
        (self.is_busy, self.writing_revision) = (false, None);
    }

    /// Another document was opened, so the file's content is out of date.
    pub fn document_changed(&mut self) {
        (self.written_revision, self.writing_revision, self.changed_at) = (None, None, None);
    }

    /// Takes over the file that a document with this revision was recovered from. Returns the file used before.
    pub fn adopt_file(&mut self, file: Arc<RecoveryFile>, revision: u64) -> Option<Arc<RecoveryFile>> {
        (self.is_busy, self.file_may_exist, self.written_revision, self.writing_revision) =
            (false, true, Some(revision), None);
        self.file.replace(file)
    }

    /// Removes the file for good, when the window closes without unsaved work. Waits for a running task.
    pub fn close(&self) {
        if let Some(file) = &self.file {
            file.close();
        }
    }
}

impl RecoveryScanTimer {
    /// A scan has finished.
    pub fn scan_finished(&mut self, scan: &RecoveryScanResult) {
        *self = Self { owned_elsewhere: scan.owned_elsewhere, waiting_since: None };
    }

    /// Time until the next scan; zero means now. `None` while no other window has work, or a scan is running.
    pub fn time_until_scan(&mut self, now: Instant) -> Option<Duration> {
        if !self.owned_elsewhere {
            return None;
        }
        let since = *self.waiting_since.get_or_insert(now);
        let wait = RECOVERY_SCAN_INTERVAL.saturating_sub(now.saturating_duration_since(since));
        if wait.is_zero() {
            *self = Self::default();
        }
        Some(wait)
    }
}
