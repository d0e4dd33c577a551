//! Unsaved work, written down every few seconds, so that a crash costs little.
//!
//! What would surprise: nothing here touches a file. [`Autosave`] only says when what has to be written or removed; a
//! background task does it through the window's [`Slot`], whose lock tells other windows that this one is alive.

mod slot;
#[cfg(test)]
mod tests;

pub use slot::{Findings, Recoverable, Slot, find_recoverable};

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Unsaved work is written down this long after its first change since the last time. With the writing itself, a crash
/// costs less than ten seconds of work.
pub const EVERY: Duration = Duration::from_secs(5);

/// Work of another window is looked at this often. A program that crashed may take seconds to be gone, and owns its work
/// so long.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);

/// When what is written.
#[derive(Default)]
pub struct Autosave {
    /// `None` where the system has no folder for it, and in most tests.
    slot: Option<Arc<Slot>>,
    /// A file of this window's work may be there.
    is_there: bool,
    /// The document's revision in that file.
    written: Option<u64>,
    /// The revision that is being written.
    writing: Option<u64>,
    /// A task of this window is at the file.
    busy: bool,
    changed_at: Option<Instant>,
    /// The user knows that it does not work.
    failure_told: bool,
}

/// What has to be done.
pub enum Step {
    Nothing,
    /// Look again after this time.
    Wait(Duration),
    Write(Arc<Slot>),
    Remove(Arc<Slot>),
}

/// When to look for work of other windows again.
#[derive(Default)]
pub struct Lookout {
    owned_elsewhere: bool,
    since: Option<Instant>,
}

/// Where unsaved work of all windows is kept; `None` where the system has no such folder.
pub fn default_folder() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "Countenance")?;
    Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).join("unsaved"))
}

impl Autosave {
    /// Keeps this window's work in a folder, which need not be there yet.
    pub fn in_folder(folder: &Path) -> Self {
        Self { slot: Some(Arc::new(Slot::new(folder))), ..Self::default() }
    }

    /// The file of this window's work, whether it is there or not.
    pub fn path(&self) -> Option<&Path> {
        self.slot.as_ref().map(|slot| slot.path())
    }

    /// What to do at this time. `unsaved`: the document's revision if it holds work that no project file has.
    pub fn next(&mut self, now: Instant, unsaved: Option<u64>) -> Step {
        // Counted from the change on, also while a task is at the file.
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

    /// The task has ended. Answers whether the user has to be told that it failed: once, until it works again.
    pub fn finished(&mut self, succeeded: bool) -> bool {
        self.busy = false;
        let writing = self.writing.take();
        if succeeded {
            self.written = writing;
            self.failure_told = false;
        }
        !succeeded && !std::mem::replace(&mut self.failure_told, true)
    }

    /// A task that never ran, or was cut short.
    pub fn interrupted(&mut self) {
        (self.busy, self.writing) = (false, None);
    }

    /// Another document is open: what is in the file is no longer this one.
    pub fn document_changed(&mut self) {
        (self.written, self.writing, self.changed_at) = (None, None, None);
    }

    /// Goes on with the file that a document with this revision was recovered from. Answers the slot that is no longer
    /// needed.
    pub fn adopt(&mut self, slot: Arc<Slot>, revision: u64) -> Option<Arc<Slot>> {
        (self.busy, self.is_there, self.written, self.writing) = (false, true, Some(revision), None);
        self.slot.replace(slot)
    }

    /// The window closes, and nothing in it is worth keeping. Waits for a task that is at the file.
    pub fn close(&self) {
        if let Some(slot) = &self.slot {
            slot.close();
        }
    }
}

impl Lookout {
    /// A look has ended.
    pub fn looked(&mut self, findings: &Findings) {
        *self = Self { owned_elsewhere: findings.owned_elsewhere, since: None };
    }

    /// The time until the next look; zero says to look now. `None`: no other window has work, or a look is under way.
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
