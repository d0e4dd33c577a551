//! Opening and saving files: paths, the question about unsaved work, and results of background tasks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::filling::shown_picture;
use super::{Answer, Leave, PathBar, Source, State};
use crate::app::document::Document;
use crate::app::messages::{Level, Message};
use crate::app::tasks::{Done, Purpose, Task, with_extension};
use crate::job::Content;
use crate::mask::{Edit, Mask};
use crate::model::ModelChoice;
use crate::photo::Overwrite;
use crate::project::is_project_path;

impl State {
    /// Closes the document for `leave`. Asks first when there is unsaved work.
    pub(super) fn leave_for(&mut self, leave: Leave) {
        let unsaved = self.document.as_ref().is_some_and(Document::is_unsaved);
        if unsaved { self.leave = Some(leave) } else { self.go(leave) }
    }

    fn go(&mut self, leave: Leave) {
        match leave {
            Leave::Close => self.closing = true,
            Leave::Open(Source::Dialog) => self.spawn(Task::Dialog(Purpose::OpenPhoto, None)),
            Leave::Open(Source::Recoverable(path)) => self.recover(path),
            Leave::Open(Source::File(path)) => {
                self.opening = true;
                self.spawn(if is_project_path(&path) {
                    Task::OpenProject { path, recovered: false }
                } else {
                    Task::OpenPhoto(path)
                });
            }
            Leave::Open(Source::Sample(sample)) => {
                self.opening = true;
                self.spawn(Task::OpenSample(sample));
            }
        }
    }

    pub(super) fn take_answer(&mut self, answer: Answer) {
        let Some(leave) = self.leave.take() else { return };
        match answer {
            Answer::Stay => {}
            Answer::Discard => {
                // Choosing a file in the dialog must not ask the same question again.
                if let Some(document) = &mut self.document {
                    document.give_up_changes();
                }
                self.go(leave);
            }
            Answer::Save => self.save_before(leave),
        }
    }

    pub(super) fn type_path(&mut self, text: String) {
        if let Some(bar) = &mut self.path_bar {
            bar.exists = false;
            bar.text = text;
        }
    }

    pub(super) fn submit_path(&mut self, replace: bool) {
        let Some(bar) = &self.path_bar else { return };
        let typed = bar.text.trim().trim_matches('"');
        if typed.is_empty() {
            return;
        }
        let (purpose, path) = (bar.purpose, with_extension(bar.purpose, &expand_home(typed)));
        let overwrite = if replace { Overwrite::Allow } else { Overwrite::Refuse };
        let saves = [Purpose::Export, Purpose::ExportLayer, Purpose::SaveMask, Purpose::SaveProject];
        if !saves.contains(&purpose) {
            self.path_bar = None;
        }
        self.use_path(purpose, path, overwrite);
    }

    fn use_path(&mut self, purpose: Purpose, path: PathBuf, overwrite: Overwrite) {
        match purpose {
            Purpose::OpenPhoto => self.leave_for(Leave::Open(Source::File(path))),
            Purpose::OpenModel => self.spawn(Task::InspectModel(ModelChoice::File(path))),
            Purpose::FollowRun => self.follow_training_run(&path),
            Purpose::LoadMask => {
                if let Some(photo) = self.document.as_ref().map(|document| &document.photo) {
                    self.spawn(Task::LoadMask { path, width: photo.width(), height: photo.height() });
                }
            }
            Purpose::SaveProject => self.save_project_to(path, overwrite),
            Purpose::SaveMask => {
                if let Some(document) = &mut self.document {
                    let (mask, revision) = (document.shared_mask(), document.revision());
                    self.saving = true;
                    self.spawn(Task::SaveMask { path, mask, overwrite, revision });
                }
            }
            Purpose::Export => self.export(path, Content::Photo, overwrite),
            Purpose::ExportLayer => self.export(path, Content::Layer, overwrite),
        }
    }

    fn export(&mut self, path: PathBuf, content: Content, overwrite: Overwrite) {
        let Some(document) = &self.document else { return };
        let Some((_, picture)) = shown_picture(document) else { return };
        let (picture, revision, record) = (Box::new(picture), document.revision(), self.remembered.record);
        self.saving = true;
        self.spawn(Task::Export { path, picture, content, record, overwrite, revision });
    }

    pub(super) fn take_done(&mut self, done: Done) {
        match done {
            Done::Picked { purpose, path, confirmed } => {
                let overwrite = if confirmed { Overwrite::Allow } else { Overwrite::Refuse };
                self.use_path(purpose, path, overwrite);
            }
            Done::Cancelled => self.after_save = None,
            Done::NoDialog(purpose) => self.show_path_bar(purpose),
            Done::Photo { photo, name, frame, origin } => {
                self.opening = false;
                self.spawn(Task::FindFaces(Arc::clone(&photo)));
                self.show_document(Document::new(photo, name, frame, origin));
            }
            Done::Faces { photo, frames, problem } => {
                // The frame must not move to another face during a fill or after it.
                let in_use = self.is_locked() || self.has_result();
                if let Some(document) = self.document.as_mut().filter(|document| Arc::ptr_eq(&document.photo, &photo)) {
                    document.set_faces(frames, in_use);
                    self.messages.extend(problem);
                }
            }
            Done::Mask { mask, photo_size } => self.take_mask(mask, photo_size),
            Done::Saved { purpose, path, revision } => self.take_saved(purpose, &path, revision),
            Done::Project(opened) => self.take_project(*opened),
            Done::ProjectSaved { path, revision, photo } => self.take_project_saved(path, revision, &photo),
            Done::Autosaved(result) => self.take_autosaved(result),
            Done::Recoverable(found) => self.take_recoverable(found),
            Done::Exists { purpose, path } => {
                self.saving = false;
                self.path_bar = Some(PathBar { purpose, text: path.display().to_string(), exists: true });
            }
            Done::Composed { fill_index, photo, look, patch } => self.take_composed(fill_index, &photo, look, patch),
            Done::Gpus(gpus) => self.gpus = gpus,
            Done::Models(models) => self.models = models,
            Done::Model(choice, Ok(info)) => {
                if let ModelChoice::File(path) = &choice
                    && !self.models.contains(path)
                {
                    self.models.push(path.clone());
                }
                self.tell(Level::Success, format!("Model {} is ready to use", info.name));
                self.handle(super::Action::SetModel(choice));
                self.model_info = Some(info);
            }
            Done::Model(_, Err(error)) => {
                let error = error.context("This file is not a face model; the current model stays in use");
                self.messages.push(Message::from_error(&error));
            }
            Done::Training(done) => self.take_training(done),
            Done::Thumbnails(thumbnails) => self.thumbnails = thumbnails,
            Done::Shelf { change, result } => self.take_shelf(&change, result),
            Done::Remembered => self.remembering = false,
            Done::Discarded => {}
            Done::Failed(message) => {
                (self.opening, self.saving, self.after_save) = (false, false, None);
                self.autosave.interrupted();
                self.messages.push(message);
            }
        }
    }

    fn take_mask(&mut self, mask: Arc<Mask>, photo_size: (u32, u32)) {
        let fits = self
            .document
            .as_ref()
            .is_some_and(|document| (document.photo.width(), document.photo.height()) == photo_size);
        if fits {
            self.change_hole(|document| document.edit(Edit::Replace(mask)));
        }
    }

    fn take_saved(&mut self, purpose: Purpose, path: &Path, revision: u64) {
        self.saving = false;
        self.path_bar = None;
        let has_result = self.has_result();
        let is_export = matches!(purpose, Purpose::Export | Purpose::ExportLayer);
        if let Some(document) = &mut self.document
            && (is_export || !has_result)
        {
            document.mark_saved(revision);
        }
        let what = match purpose {
            Purpose::Export => "Exported",
            Purpose::ExportLayer => "Layer exported",
            _ => "Mask saved",
        };
        self.tell(Level::Success, format!("{what}: {}", path.display()));
    }
}

/// Replaces a leading `~/` by the home folder, as shells do.
pub(super) fn expand_home(typed: &str) -> PathBuf {
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    match (typed.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(typed),
    }
}
