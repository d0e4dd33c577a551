//! One window's recovery file: the autosaved project, and a lock file that is held while the program runs.
//!
//! The lock is a separate file, because every write replaces the project file. The operating system releases the lock
//! when the program ends, even in a crash. A project whose lock can be taken is therefore free to be recovered.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;

use crate::fs::{Overwrite, write_atomically};
use crate::project::{self, PhotoOrigin, Project, is_project_path};

/// Age from which a lock file without a project counts as stale. A younger one may belong to a first write in progress.
const STALE_LOCK_AGE: Duration = Duration::from_hours(24);

/// A recovery file: an autosaved project and its lock.
#[derive(Debug)]
pub struct RecoveryFile {
    path: PathBuf,
    lock_state: Mutex<LockState>,
}

#[derive(Debug)]
enum LockState {
    /// Nothing was written yet, so there is no lock.
    Unlocked,
    Locked {
        /// Locked as long as the file is open.
        _lock: File,
    },
    /// Closed for good: writes do nothing.
    Closed,
}

/// An autosaved project that no running window owns.
#[derive(Debug)]
pub struct RecoverableProject {
    /// Locked, so that no other window offers the same project.
    pub file: Arc<RecoveryFile>,
    /// The project's or the photo's name.
    pub name: String,
    pub saved_at: SystemTime,
}

impl RecoveryFile {
    /// A file with a unique name in a folder. Nothing is created before the first write.
    pub fn new(folder: &Path) -> Self {
        let name = format!("{}-{:016x}.{}", std::process::id(), rand::random::<u64>(), project::PROJECT_EXTENSION);
        Self { path: folder.join(name), lock_state: Mutex::new(LockState::Unlocked) }
    }

    /// Takes over an existing file.
    ///
    /// # Errors
    /// [`TryLockError::WouldBlock`] while a running window owns it.
    fn claim(project: &Path) -> Result<Self, TryLockError> {
        let lock = File::options().create(true).append(true).open(lock_path(project)).map_err(TryLockError::Error)?;
        lock.try_lock()?;
        Ok(Self { path: project.to_owned(), lock_state: Mutex::new(LockState::Locked { _lock: lock }) })
    }

    /// Path of the project file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the project. Does nothing after [`RecoveryFile::close`].
    ///
    /// # Errors
    /// When the folder or a file cannot be written.
    pub fn write(&self, project: &Project) -> anyhow::Result<()> {
        let json = project.to_json(None)?;
        let mut state = self.lock_state();
        if matches!(*state, LockState::Closed) {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        }
        if matches!(*state, LockState::Unlocked) {
            let lock = File::options().create(true).append(true).open(lock_path(&self.path));
            let lock = lock.with_context(|| format!("cannot write to {}", self.path.display()))?;
            // A file system without locks can still store the project.
            if let Err(error) = lock.try_lock() {
                tracing::warn!("{} cannot be locked: {error}", self.path.display());
            }
            *state = LockState::Locked { _lock: lock };
        }
        Ok(write_atomically(&self.path, json.as_bytes(), Overwrite::Allow)?)
    }

    /// Removes the project file. It can be written again.
    pub fn remove_project(&self) {
        let state = self.lock_state();
        remove(&self.path);
        drop(state);
    }

    /// Removes project and lock for good. Waits for a running write.
    pub fn close(&self) {
        let mut state = self.lock_state();
        remove(&self.path);
        if matches!(*state, LockState::Locked { .. }) {
            remove(&lock_path(&self.path));
        }
        *state = LockState::Closed;
    }

    fn lock_state(&self) -> MutexGuard<'_, LockState> {
        self.lock_state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!("{} cannot be removed: {error}", path.display());
    }
}

/// Result of a scan for recoverable projects.
#[derive(Debug, Default)]
pub struct RecoveryScanResult {
    /// Projects that no running window owns, newest first.
    pub projects: Vec<RecoverableProject>,
    /// Another window owns a project. That window may have crashed and still hold its lock.
    pub owned_elsewhere: bool,
}

/// Scans a folder for unsaved work of other windows. `own_paths`: the files of this window. Keeps unreadable files.
pub fn find_recoverable(folder: &Path, own_paths: &[PathBuf]) -> RecoveryScanResult {
    let paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    for path in paths.iter().filter(|path| path.extension() == Some(OsStr::new("lock"))) {
        remove_stale_lock(path);
    }
    let mut scan = RecoveryScanResult::default();
    for path in paths.iter().filter(|path| is_project_path(path) && !own_paths.contains(path)) {
        match RecoveryFile::claim(path) {
            Ok(file) => scan.projects.extend(read_recoverable(file)),
            Err(TryLockError::WouldBlock) => scan.owned_elsewhere = true,
            Err(TryLockError::Error(error)) => tracing::warn!("{} cannot be locked: {error}", path.display()),
        }
    }
    scan.projects.sort_by_key(|project| std::cmp::Reverse(project.saved_at));
    scan
}

fn read_recoverable(file: RecoveryFile) -> Option<RecoverableProject> {
    let path = file.path();
    let saved_at = fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
    match project::open(path) {
        Ok(project) => Some(RecoverableProject { name: display_name(&project), saved_at, file: Arc::new(file) }),
        Err(error) => {
            tracing::warn!("{} cannot be recovered: {error}", path.display());
            None
        }
    }
}

fn display_name(project: &Project) -> String {
    let file_stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let photo_name = || match &project.photo.origin {
        PhotoOrigin::Sample(name) => Some(name.clone()),
        PhotoOrigin::File { path, .. } => file_stem(path),
    };
    project.saved_as.as_deref().and_then(file_stem).or_else(photo_name).unwrap_or_else(|| "a photo".to_owned())
}

fn remove_stale_lock(lock_path: &Path) {
    let age =
        fs::metadata(lock_path).and_then(|metadata| metadata.modified()).ok().and_then(|time| time.elapsed().ok());
    let is_old = age.is_some_and(|age| age > STALE_LOCK_AGE);
    let project = lock_path.with_extension(project::PROJECT_EXTENSION);
    if is_old
        && !project.exists()
        && let Ok(file) = RecoveryFile::claim(&project)
    {
        file.close();
    }
}

fn lock_path(project: &Path) -> PathBuf {
    project.with_extension("lock")
}
