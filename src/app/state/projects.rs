//! Saving and opening projects, autosave, and recovery after a crash.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Leave, State};
use crate::app::autosave::{Autosave, Findings, Slot, Step};
use crate::app::document::Document;
use crate::app::messages::{Level, Message};
use crate::app::tasks::{OpenedProject, Purpose, Task};
use crate::model::ModelChoice;
use crate::photo::{Overwrite, Photo};
use crate::project::Project;

impl State {
    /// Saves to the project's file, or asks for a path when there is none.
    pub(super) fn save_project(&mut self) {
        match self.document.as_ref().and_then(Document::project_path).map(ToOwned::to_owned) {
            Some(path) => self.save_project_to(path, Overwrite::Allow),
            None => self.ask_for_path(Purpose::SaveProject),
        }
    }

    pub(super) fn save_project_to(&mut self, path: PathBuf, overwrite: Overwrite) {
        let is_own = self.document.as_ref().and_then(Document::project_path) == Some(&path);
        let overwrite = if is_own { Overwrite::Allow } else { overwrite };
        let Some((project, revision, photo)) = self.snapshot() else { return };
        self.saving = true;
        // Only autosaved copies record the path of the project file.
        let project = Box::new(Project { saved_as: None, ..project });
        self.spawn(Task::SaveProject { path, project, overwrite, revision, photo });
    }

    /// The document as a project, its revision, and its photo, which identifies the document.
    fn snapshot(&mut self) -> Option<(Project, u64, Arc<Photo>)> {
        let sha256 = self.model_info.as_ref().map(|info| info.sha256.clone());
        let document = self.document.as_mut()?;
        let project = document.project(&self.remembered, sha256);
        Some((project, document.revision(), Arc::clone(&document.photo)))
    }

    pub(super) fn take_project_saved(&mut self, path: PathBuf, revision: u64, photo: &Arc<Photo>) {
        self.saving = false;
        self.path_bar = None;
        self.tell(Level::Success, format!("Project saved: {}", path.display()));
        if let Some(document) = self.document.as_mut().filter(|document| Arc::ptr_eq(&document.photo, photo)) {
            document.mark_project_saved(path, revision);
        }
        if let Some(leave) = self.after_save.take() {
            self.leave_for(leave);
        }
    }

    /// Stops the search and saves the project as soon as possible, then proceeds with `leave`.
    pub(super) fn save_before(&mut self, leave: Leave) {
        self.fills.stop();
        (self.after_save, self.save_when_free) = (Some(leave), true);
        self.save_if_free();
    }

    pub(super) fn save_if_free(&mut self) {
        if self.save_when_free && !self.fills.is_running() && !self.saving {
            self.save_when_free = false;
            self.save_project();
        }
    }

    pub(super) fn take_project(&mut self, opened: OpenedProject) {
        self.opening = false;
        let OpenedProject { photo, name, origin, project, path, recovered, warnings } = opened;
        let mut document = Document::from_project(Arc::clone(&photo), name, origin, &project);
        if recovered {
            document.mark_recovered(project.saved_as.clone());
        } else {
            document.mark_project_saved(path.clone(), document.revision());
        }
        let revision = document.revision();
        self.show_document(document);
        self.take_settings(&project);
        self.spawn(Task::FindFaces(photo));
        if let Some(place) = self.recoverable.iter().position(|work| recovered && work.slot.path() == path) {
            let slot = self.recoverable.remove(place).slot;
            if let Some(slot) = self.autosave.adopt(slot, revision) {
                self.spawn(Task::DiscardAutosave(slot));
            }
        }
        if !warnings.is_empty() {
            let headline = "The project is open, but some things have changed";
            self.messages.push(Message::new(Level::Warning, headline).with_details(warnings));
        }
    }

    fn take_settings(&mut self, project: &Project) {
        let before = (self.remembered.model.clone(), self.remembered.device);
        self.remembered.preset = project.preset;
        self.remembered.settings = project.settings;
        self.remembered.blend = project.blend;
        self.remembered.device = project.device;
        self.remembered.model = project.model.choice.clone();
        if let ModelChoice::File(path) = &self.remembered.model
            && !self.models.contains(path)
        {
            self.models.push(path.clone());
        }
        if before != (self.remembered.model.clone(), self.remembered.device) {
            self.model_info = None;
            self.warm_up();
        }
    }

    /// Turns on autosave in a folder, and scans the folder for work to recover.
    pub fn autosave_in(&mut self, folder: &Path) {
        self.autosave = Autosave::in_folder(folder);
        self.look_for_work();
    }

    fn look_for_work(&self) {
        let Some(path) = self.autosave.path() else { return };
        let Some(folder) = path.parent().map(ToOwned::to_owned) else { return };
        let offered = self.recoverable.iter().map(|work| work.slot.path());
        let known = offered.chain([path]).map(ToOwned::to_owned).collect();
        self.spawn(Task::FindRecoverable { folder, known });
    }

    /// Autosaves and scans for recoverable work when due. Returns the time until the next call is needed.
    pub fn autosave(&mut self, now: Instant) -> Option<Duration> {
        let look = self.lookout.next(now);
        if look.is_some_and(|left| left.is_zero()) {
            self.look_for_work();
        }
        let write = self.keep_unsaved(now);
        [look.filter(|left| !left.is_zero()), write].into_iter().flatten().min()
    }

    fn keep_unsaved(&mut self, now: Instant) -> Option<Duration> {
        let unsaved = self.document.as_ref().filter(|document| document.differs_from_project());
        match self.autosave.next(now, unsaved.map(Document::revision)) {
            Step::Nothing => None,
            Step::Wait(left) => Some(left),
            Step::Write(slot) => {
                if let Some((project, ..)) = self.snapshot() {
                    self.spawn(Task::Autosave { slot, project: Box::new(project) });
                }
                None
            }
            Step::Remove(slot) => {
                self.spawn(Task::RemoveAutosave(slot));
                None
            }
        }
    }

    pub(super) fn take_autosaved(&mut self, result: anyhow::Result<()>) {
        let is_news = self.autosave.finished(result.is_ok());
        if let Err(error) = result.map_err(|error| error.context("Autosave failed: save the project yourself"))
            && is_news
        {
            self.messages.push(Message { level: Level::Warning, ..Message::from_error(&error) });
        }
    }

    /// Deletes the autosaved copy when the window closes, unless there is unsaved work.
    pub fn close_autosave(&self) {
        if !self.document.as_ref().is_some_and(Document::is_unsaved) {
            self.autosave.close();
        }
    }

    pub(super) fn take_recoverable(&mut self, findings: Findings) {
        self.lookout.looked(&findings);
        // Appended: the first one is on offer, and "Discard" must not switch to another one under the pointer.
        self.recoverable.extend(findings.recoverable);
    }

    pub(super) fn recover(&mut self, path: PathBuf) {
        if !self.opening && self.recoverable.iter().any(|work| work.slot.path() == path) {
            self.opening = true;
            self.spawn(Task::OpenProject { path, recovered: true });
        }
    }

    pub(super) fn discard_recoverable(&mut self, path: &Path) {
        if let Some(place) = self.recoverable.iter().position(|work| work.slot.path() == path) {
            let slot: Arc<Slot> = self.recoverable.remove(place).slot;
            self.spawn(Task::DiscardAutosave(slot));
        }
    }
}
