//! Saving and opening projects, autosave, and recovery after a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::EditorState;
use crate::app::autosave::{Autosave, AutosaveAction, RecoveryFile, RecoveryScanResult, find_recoverable};
use crate::app::dialogs::PendingClose;
use crate::app::document::PhotoDocument;
use crate::app::preferences::Preferences;
use crate::app::tasks::{
    OpenedProject, PathPurpose, ReplacedProject, SavedProject, Task, file_name, open_project, save_project,
};
use crate::app::toasts::{Severity, UserMessage};
use crate::fs::Overwrite;
use crate::photo::Photo;
use crate::project::Project;

/// Headline when autosave fails.
const AUTOSAVE_FAILED: &str = "Autosave failed: save the project yourself";

impl EditorState {
    /// Opens a project. `is_recovered`: the file is an autosaved copy.
    pub(super) fn open_project(&self, path: PathBuf, is_recovered: bool) {
        let task = if is_recovered {
            Task::opening("Could not recover the work")
        } else {
            Task::opening_file(format!("Project not opened: {}", file_name(&path)), path.clone())
        };
        self.outbox.spawn(task, move || open_project(path, is_recovered), Self::project_opened);
    }

    /// Saves to the project's file, or asks for a path when there is none.
    pub(super) fn save_project(&mut self) {
        match self.document.as_ref().and_then(PhotoDocument::project_path).map(ToOwned::to_owned) {
            Some(path) => self.save_project_to(path, Overwrite::Refuse),
            None => self.show_file_dialog(PathPurpose::SaveProject),
        }
    }

    /// Saves to this file. [`Overwrite::Refuse`] still replaces the document's own project file, unless another window has
    /// saved it meanwhile.
    pub(super) fn save_project_to(&mut self, path: PathBuf, overwrite: Overwrite) {
        let own = self.document.as_ref().filter(|document| document.project_path() == Some(&path));
        let replaces = match (overwrite, own) {
            (Overwrite::Allow, _) => ReplacedProject::Any,
            (Overwrite::Refuse, None) => ReplacedProject::None,
            (Overwrite::Refuse, Some(document)) => ReplacedProject::Own(document.project_hash().map(str::to_owned)),
        };
        let Some((project, revision, photo)) = self.project_snapshot() else { return };
        self.files.is_saving = true;
        // Only autosaved copies record the path of the project file.
        let project = Box::new(Project { saved_as: None, ..project });
        let save = move || Ok((save_project(&path, &project, &replaces)?, path));
        self.outbox.spawn(Task::saving(), save, move |state, (saved, path)| match saved {
            SavedProject::Saved { hash } => state.project_saved(path, hash, revision, &photo),
            SavedProject::ChangedElsewhere => state.project_changed_elsewhere(&path),
            SavedProject::Exists => {
                state.files.is_saving = false;
                state.dialogs.ask_to_replace(PathPurpose::SaveProject, &path);
            }
        });
    }

    /// The document as a project, its revision, and the photo, which identifies the document.
    fn project_snapshot(&mut self) -> Option<(Project, u64, Arc<Photo>)> {
        let sha256 = self.engine.model.as_ref().map(|info| info.sha256.clone());
        let document = self.document.as_mut()?;
        let project = document.make_project(&self.preferences, sha256);
        Some((project, document.revision(), Arc::clone(&document.photo)))
    }

    /// Another window has saved the document's project file: the user must choose.
    pub(super) fn project_changed_elsewhere(&mut self, path: &Path) {
        self.files.is_saving = false;
        self.dialogs.ask_to_replace(PathPurpose::SaveProject, path);
        let details = vec!["Replace it, or save this work under another name".to_owned()];
        let headline = format!("Not saved: {} was saved elsewhere since it was opened here", path.display());
        self.outbox.tell(UserMessage::new(Severity::Warning, headline).with_details(details));
    }

    pub(super) fn project_saved(&mut self, path: PathBuf, hash: String, revision: u64, photo: &Arc<Photo>) {
        self.files.is_saving = false;
        self.dialogs.path_bar = None;
        self.outbox.notify(Severity::Success, format!("Project saved: {}", path.display()));
        self.preferences.recent_files.add(&path);
        if let Some(document) = self.document_with_photo(photo) {
            document.mark_project_saved(path, Some(hash), revision);
        }
        if let Some(pending) = self.dialogs.after_save.take() {
            self.request_close(pending);
        }
    }

    /// Stops the search and saves the project as soon as possible, then proceeds with `pending`.
    pub(super) fn save_project_then(&mut self, pending: PendingClose) {
        self.fill.stop(&self.outbox);
        (self.dialogs.after_save, self.files.save_when_idle) = (Some(pending), true);
        self.save_project_if_idle();
    }

    pub(super) fn save_project_if_idle(&mut self) {
        if self.files.save_when_idle && !self.fill.is_running() && !self.files.is_saving {
            self.files.save_when_idle = false;
            self.save_project();
        }
    }

    pub(super) fn project_opened(&mut self, opened: OpenedProject) {
        self.files.is_opening = false;
        let OpenedProject { photo, opened_photo, name, origin, project, path, hash, is_recovered, warnings } = opened;
        let mut document = PhotoDocument::from_project(Arc::clone(&photo), opened_photo, name, origin, &project);
        if is_recovered {
            document.mark_recovered(project.saved_as.clone(), hash);
        } else {
            document.mark_project_saved(path.clone(), hash, document.revision());
            self.preferences.recent_files.add(&path);
        }
        let revision = document.revision();
        self.show_document(document);
        self.use_project_settings(&project);
        self.detect_faces(photo);
        if is_recovered
            && let Some(file) = self.take_recoverable(&path)
            && let Some(previous) = self.files.autosave.adopt_file(file, revision)
        {
            self.close_recovery_file(previous);
        }
        if !warnings.is_empty() {
            let headline = "The project is open, but some things have changed";
            self.outbox.tell(UserMessage::new(Severity::Warning, headline).with_details(warnings));
        }
    }

    fn use_project_settings(&mut self, project: &Project) {
        let &Project { preset, settings, blend, device, .. } = project;
        let model = project.model.choice.clone();
        self.engine.list_model(&model);
        // The project's fills keep their own blends.
        self.preferences.blend = blend;
        self.set_preferences(Preferences { preset, settings, blend, device, model, ..self.preferences.clone() });
    }

    /// Turns on autosave in a folder, and scans the folder for work to recover.
    pub fn enable_autosave(&mut self, folder: &Path) {
        self.files.autosave = Autosave::in_folder(folder);
        self.scan_for_recoverable();
    }

    fn scan_for_recoverable(&self) {
        let Some(path) = self.files.autosave.path() else { return };
        let Some(folder) = path.parent().map(ToOwned::to_owned) else { return };
        let offered_paths = self.files.recoverable.iter().map(|project| project.file.path());
        let own_paths: Vec<_> = offered_paths.chain([path]).map(ToOwned::to_owned).collect();
        let scan = move || Ok(find_recoverable(&folder, &own_paths));
        self.outbox.spawn(Task::internal(), scan, Self::recoverable_found);
    }

    /// Autosaves and scans for recoverable work when due. Returns the time until the next call is needed.
    pub fn run_autosave(&mut self, now: Instant) -> Option<Duration> {
        let scan_wait = self.files.recovery_scan_timer.time_until_scan(now);
        if scan_wait.is_some_and(|wait| wait.is_zero()) {
            self.scan_for_recoverable();
        }
        let write_wait = self.autosave_document(now);
        [scan_wait.filter(|wait| !wait.is_zero()), write_wait].into_iter().flatten().min()
    }

    fn autosave_document(&mut self, now: Instant) -> Option<Duration> {
        let unsaved = self.document.as_ref().filter(|document| document.has_changes_since_project_save());
        match self.files.autosave.next_action(now, unsaved.map(PhotoDocument::revision)) {
            AutosaveAction::Nothing => None,
            AutosaveAction::Wait(wait) => Some(wait),
            AutosaveAction::Write(file) => {
                if let Some((project, ..)) = self.project_snapshot() {
                    self.spawn_autosave(move || file.write(&project));
                }
                None
            }
            AutosaveAction::Remove(file) => {
                self.spawn_autosave(move || {
                    file.remove_project();
                    Ok(())
                });
                None
            }
        }
    }

    fn spawn_autosave(&self, write: impl FnOnce() -> anyhow::Result<()> + Send + 'static) {
        let task = Task::new(AUTOSAVE_FAILED).losing_work();
        let task = task.with_reset(|state| state.files.autosave.task_interrupted());
        self.outbox.spawn(task, move || Ok(write()), Self::autosave_finished);
    }

    /// Deletes an autosaved copy and its lock for good.
    fn close_recovery_file(&self, file: Arc<RecoveryFile>) {
        let close = move || {
            file.close();
            Ok(())
        };
        self.outbox.spawn(Task::internal(), close, |_, ()| {});
    }

    pub(super) fn autosave_finished(&mut self, result: anyhow::Result<()>) {
        let must_report = self.files.autosave.task_finished(result.is_ok());
        if let Err(error) = result.map_err(|error| error.context(AUTOSAVE_FAILED))
            && must_report
        {
            let message = UserMessage { severity: Severity::Warning, ..UserMessage::from_error(&error) };
            self.outbox.tell(message.lasting());
        }
    }

    /// Deletes the autosaved copy when the window closes, unless there is unsaved work.
    pub fn close_autosave(&self) {
        if !self.document.as_ref().is_some_and(PhotoDocument::has_unsaved_work) {
            self.files.autosave.close();
        }
    }

    pub(super) fn recoverable_found(&mut self, scan: RecoveryScanResult) {
        self.files.recovery_scan_timer.scan_finished(&scan);
        // Appended: the first one is on offer, and "Discard" must not switch to another one under the pointer.
        self.files.recoverable.extend(scan.projects);
    }

    pub(super) fn open_recoverable(&mut self, path: PathBuf) {
        if !self.files.is_opening && self.files.recoverable.iter().any(|project| project.file.path() == path) {
            self.files.is_opening = true;
            self.open_project(path, true);
        }
    }

    pub(super) fn discard_recoverable(&mut self, path: &Path) {
        if let Some(file) = self.take_recoverable(path) {
            self.close_recovery_file(file);
        }
    }

    fn take_recoverable(&mut self, path: &Path) -> Option<Arc<RecoveryFile>> {
        let index = self.files.recoverable.iter().position(|project| project.file.path() == path)?;
        Some(self.files.recoverable.remove(index).file)
    }
}
