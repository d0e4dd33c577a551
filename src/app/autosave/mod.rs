//! Autosave: writes unsaved work to a recovery file every few seconds, so that a crash loses little.
//!
//! [`Autosave`] only decides when to write or remove the file. A background task does it through the window's [`Slot`],
//! whose lock shows other windows that this one is running.

mod slot;
#[cfg(test)]
mod tests;

pub use slot::{Findings, Recoverable, Slot, find_recoverable};

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Delay between the first change since the last autosave and the next autosave. Short enough that a crash loses only a
/// few seconds of work.
pub const EVERY: Duration = Duration::from_secs(5);

/// Interval between scans while another window owns unsaved work. A crashed program can take seconds to end, and holds
/// its lock until then.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Decides when to autosave.
#[derive(Default)]
pub struct Autosave {
    /// `None` on systems without a folder for it, and in most tests.
    slot: Option<Arc<Slot>>,
    /// This window's recovery file may exist.
    is_there: bool,
    /// The document revision in the file.
    written: Option<u64>,
    /// The document revision that is being written.
    writing: Option<u64>,
    /// A task is writing or removing the file.
    busy: bool,
    changed_at: Option<Instant>,
    /// The user was told that autosave fails.
    failure_told: bool,
}

/// What to do next.
pub enum Step {
    Nothing,
    /// Ask again after this time.
    Wait(Duration),
    Write(Arc<Slot>),
    Remove(Arc<Slot>),
}

/// Decides when to scan again for unsaved work of other windows.
#[derive(Default)]
pub struct Lookout {
    owned_elsewhere: bool,
    since: Option<Instant>,
}

/// Folder for the recovery files of all windows; `None` on systems without such a folder.
pub fn default_folder() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "Countenance")?;
    Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).join("unsaved"))
}

impl Autosave {
    /// Autosaves to a new file in this folder, which is created when needed.
    pub fn in_folder(folder: &Path) -> Self {
        Self { slot: Some(Arc::new(Slot::new(folder))), ..Self::default() }
    }

    /// Path of this window's recovery file, which may not exist.
    pub fn path(&self) -> Option<&Path> {
        self.slot.as_ref().map(|slot| slot.path())
    }

    /// What to do now. `unsaved`: the document's revision, if it has changes that are in no project file.
    pub fn next(&mut self, now: Instant, unsaved: Option<u64>) -> Step {
        // The delay starts at the change, even while a task is running.
        if unsaved.is_some() && ![self.written, self.writing].contains(&unsaved) {
            self.changed_at.get_or_insert(now);
        }
        let Some(slot) = self.slot.as_ref().filter(|_| !self.busy) else { return Step::Nothing };
        let Some(revision) = unsaved else {
            self.changed_at = None;
            if !self.is_there {
                return Step::Nothing;
            }
            (self.busy, self.is_there, self.written) = (true, false, None);
            return Step::Remove(Arc::clone(slot));
        };
        if self.written == Some(revision) {
            self.changed_at = None;
            return Step::Nothing;
        }
        let changed_at = *self.changed_at.get_or_insert(now);
        let left = EVERY.saturating_sub(now.saturating_duration_since(changed_at));
        if !left.is_zero() {
            return Step::Wait(left);
        }
        (self.busy, self.is_there, self.writing, self.changed_at) = (true, true, Some(revision), None);
        Step::Write(Arc::clone(slot))
    }

    /// The task has finished. Returns whether to report a failure: only the first one until a task succeeds again.
    pub fn finished(&mut self, succeeded: bool) -> bool {
        self.busy = false;
        let writing = self.writing.take();
        if succeeded {
            self.written = writing;
            self.failure_told = false;
        }
        !succeeded && !std::mem::replace(&mut self.failure_told, true)
    }

    /// The task did not start, or panicked.
    pub fn interrupted(&mut self) {
        (self.busy, self.writing) = (false, None);
    }

    /// Another document was opened, so the file's content is out of date.
    pub fn document_changed(&mut self) {
        (self.written, self.writing, self.changed_at) = (None, None, None);
    }

    /// Takes over the file that a document with this revision was recovered from. Returns the file used before.
    pub fn adopt(&mut self, slot: Arc<Slot>, revision: u64) -> Option<Arc<Slot>> {
        (self.busy, self.is_there, self.written, self.writing) = (false, true, Some(revision), None);
        self.slot.replace(slot)
    }

    /// Removes the file for good, when the window closes without unsaved work. Waits for a running task.
    pub fn close(&self) {
        if let Some(slot) = &self.slot {
            slot.close();
        }
    }
}

impl Lookout {
    /// A scan has finished.
    pub fn looked(&mut self, findings: &Findings) {
        *self = Self { owned_elsewhere: findings.owned_elsewhere, since: None };
    }

    /// Time until the next scan; zero means now. `None` while no other window has work, or a scan is running.
    pub fn next(&mut self, now: Instant) -> Option<Duration> {
        if !self.owned_elsewhere {
            return None;
        }
        let since = *self.since.get_or_insert(now);
        let left = LOOK_EVERY.saturating_sub(now.saturating_duration_since(since));
        if left.is_zero() {
            *self = Self::default();
        }
        Some(left)
    }
}
