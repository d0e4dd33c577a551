//! Saving and opening projects, autosave, and recovery after a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{EditorState, PathBar, PendingClose};
use crate::app::autosave::{Autosave, AutosaveAction, RecoveryFile, RecoveryScanResult};
use crate::app::document::PhotoDocument;
use crate::app::tasks::{BackgroundTask, OpenedProject, PathPurpose, ReplacedProject};
use crate::app::toasts::{Severity, UserMessage};
use crate::fs::Overwrite;
use crate::photo::Photo;
use crate::project::Project;

impl EditorState {
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
        self.is_saving = true;
        // Only autosaved copies record the path of the project file.
        let project = Box::new(Project { saved_as: None, ..project });
        self.spawn(BackgroundTask::SaveProject { path, project, replaces, revision, photo });
    }

    /// The document as a project, its revision, and the photo, which identifies the document.
    fn project_snapshot(&mut self) -> Option<(Project, u64, Arc<Photo>)> {
        let sha256 = self.model_info.as_ref().map(|info| info.sha256.clone());
        let document = self.document.as_mut()?;
        let project = document.make_project(&self.preferences, sha256);
        Some((project, document.revision(), Arc::clone(&document.photo)))
    }

    /// Another window has saved the document's project file: the user must choose.
    pub(super) fn project_changed_elsewhere(&mut self, path: &Path) {
        self.is_saving = false;
        self.path_bar =
            Some(PathBar { purpose: PathPurpose::SaveProject, text: path.display().to_string(), file_exists: true });
        let details = vec!["Replace it, or save this work under another name".to_owned()];
        let headline = format!("Not saved: {} was saved elsewhere since it was opened here", path.display());
        self.notify_with_details(Severity::Warning, headline, details);
    }

    pub(super) fn project_saved(&mut self, path: PathBuf, hash: String, revision: u64, photo: &Arc<Photo>) {
        self.is_saving = false;
        self.path_bar = None;
        self.notify(Severity::Success, format!("Project saved: {}", path.display()));
        if let Some(document) = self.document_with_photo(photo) {
            document.mark_project_saved(path, Some(hash), revision);
        }
        if let Some(pending) = self.close_after_save.take() {
            self.request_close(pending);
        }
    }

    /// Stops the search and saves the project as soon as possible, then proceeds with `pending`.
    pub(super) fn save_project_then(&mut self, pending: PendingClose) {
        self.cancel_waiting_fill();
        self.fill_controller.stop();
        (self.close_after_save, self.save_when_idle) = (Some(pending), true);
        self.save_project_if_idle();
    }

    pub(super) fn save_project_if_idle(&mut self) {
        if self.save_when_idle && !self.fill_controller.is_running() && !self.is_saving {
            self.save_when_idle = false;
            self.save_project();
        }
    }

    pub(super) fn project_opened(&mut self, opened: OpenedProject) {
        self.is_opening = false;
        let OpenedProject { photo, name, origin, project, path, hash, is_recovered, warnings } = opened;
        let mut document = PhotoDocument::from_project(Arc::clone(&photo), name, origin, &project);
        if is_recovered {
            document.mark_recovered(project.saved_as.clone(), hash);
        } else {
            document.mark_project_saved(path.clone(), hash, document.revision());
        }
        let revision = document.revision();
        self.show_document(document);
        self.apply_project_settings(&project);
        self.spawn(BackgroundTask::DetectFaces(photo));
        if is_recovered
            && let Some(file) = self.take_recoverable(&path)
            && let Some(previous) = self.autosave.adopt_file(file, revision)
        {
            self.spawn(BackgroundTask::DiscardAutosave(previous));
        }
        if !warnings.is_empty() {
            let headline = "The project is open, but some things have changed";
            self.notify_with_details(Severity::Warning, headline, warnings);
        }
    }

    fn apply_project_settings(&mut self, project: &Project) {
        let previous = (self.preferences.model.clone(), self.preferences.device);
        self.preferences.preset = project.preset;
        self.preferences.settings = project.settings;
        self.preferences.blend = project.blend;
        self.preferences.device = project.device;
        self.preferences.model = project.model.choice.clone();
        self.list_model(&project.model.choice);
        if previous != (self.preferences.model.clone(), self.preferences.device) {
            self.model_info = None;
            self.warm_up_engine();
        }
    }

    /// Turns on autosave in a folder, and scans the folder for work to recover.
    pub fn enable_autosave(&mut self, folder: &Path) {
        self.autosave = Autosave::in_folder(folder);
        self.scan_for_recoverable();
    }

    fn scan_for_recoverable(&self) {
        let Some(path) = self.autosave.path() else { return };
        let Some(folder) = path.parent().map(ToOwned::to_owned) else { return };
        let offered_paths = self.recoverable.iter().map(|project| project.file.path());
        let own_paths = offered_paths.chain([path]).map(ToOwned::to_owned).collect();
        self.spawn(BackgroundTask::FindRecoverable { folder, own_paths });
    }

    /// Autosaves and scans for recoverable work when due. Returns the time until the next call is needed.
    pub fn run_autosave(&mut self, now: Instant) -> Option<Duration> {
        let scan_wait = self.recovery_scan_timer.time_until_scan(now);
        if scan_wait.is_some_and(|wait| wait.is_zero()) {
            self.scan_for_recoverable();
        }
        let write_wait = self.autosave_document(now);
        [scan_wait.filter(|wait| !wait.is_zero()), write_wait].into_iter().flatten().min()
    }

    fn autosave_document(&mut self, now: Instant) -> Option<Duration> {
        let unsaved = self.document.as_ref().filter(|document| document.has_changes_since_project_save());
        match self.autosave.next_action(now, unsaved.map(PhotoDocument::revision)) {
            AutosaveAction::Nothing => None,
            AutosaveAction::Wait(wait) => Some(wait),
            AutosaveAction::Write(file) => {
                if let Some((project, ..)) = self.project_snapshot() {
                    self.spawn(BackgroundTask::Autosave { file, project: Box::new(project) });
                }
                None
            }
            AutosaveAction::Remove(file) => {
                self.spawn(BackgroundTask::RemoveAutosave(file));
                None
            }
        }
    }

    pub(super) fn autosave_finished(&mut self, result: anyhow::Result<()>) {
        let must_report = self.autosave.task_finished(result.is_ok());
        if let Err(error) = result.map_err(|error| error.context("Autosave failed: save the project yourself"))
            && must_report
        {
            self.messages
                .push(UserMessage { severity: Severity::Warning, ..UserMessage::from_error(&error) }.lasting());
        }
    }

    /// Deletes the autosaved copy when the window closes, unless there is unsaved work.
    pub fn close_autosave(&self) {
        if !self.document.as_ref().is_some_and(PhotoDocument::has_unsaved_work) {
            self.autosave.close();
        }
    }

    pub(super) fn recoverable_found(&mut self, scan: RecoveryScanResult) {
        self.recovery_scan_timer.scan_finished(&scan);
        // Appended: the first one is on offer, and "Discard" must not switch to another one under the pointer.
        self.recoverable.extend(scan.projects);
    }

    pub(super) fn open_recoverable(&mut self, path: PathBuf) {
        if !self.is_opening && self.recoverable.iter().any(|project| project.file.path() == path) {
            self.is_opening = true;
            self.spawn(BackgroundTask::OpenProject { path, is_recovered: true });
        }
    }

    pub(super) fn discard_recoverable(&mut self, path: &Path) {
        if let Some(file) = self.take_recoverable(path) {
            self.spawn(BackgroundTask::DiscardAutosave(file));
        }
    }

    fn take_recoverable(&mut self, path: &Path) -> Option<Arc<RecoveryFile>> {
        let index = self.recoverable.iter().position(|project| project.file.path() == path)?;
        Some(self.recoverable.remove(index).file)
    }
}
