//! Opening and saving files: paths, the question about unsaved work, and results of background tasks.
//!
//! Projects, autosave and recovery are in `project_files`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::EditorState;
use crate::app::autosave::{Autosave, RecoverableProject, RecoveryScanTimer};
use crate::app::canvas::ViewCommand;
use crate::app::dialogs::{DocumentSource, PendingClose, SaveAnswer};
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::preferences::Preferences;
use crate::app::sample_portraits::SamplePortrait;
use crate::app::shortcuts::EditorCommand;
use crate::app::tasks::{BackgroundTask, ExportOptions, PathPurpose, TaskResult, with_extension};
use crate::app::toasts::{Severity, UserMessage};
use crate::fs::Overwrite;
use crate::job::ExportContent;
use crate::mask::{LoadedMask, MaskEdit};
use crate::model::ModelChoice;
use crate::photo::Photo;
use crate::project::is_project_path;

/// What is being read and written, and what can be opened.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states of a machine")]
pub struct FileState {
    /// A photo is being opened.
    pub is_opening: bool,
    /// A file is being written.
    pub is_saving: bool,
    /// The preferences are being written.
    pub is_saving_preferences: bool,
    /// Save the project as soon as no search runs and no other file is being written.
    pub(super) save_when_idle: bool,
    /// The window may close now.
    pub may_close: bool,
    /// The window system lets files be dropped onto the window.
    pub can_drop_files: bool,
    /// Thumbnails of the samples, for the start screen.
    pub sample_thumbnails: Vec<(SamplePortrait, egui::ColorImage)>,
    /// Recoverable projects, newest first; projects found by later scans are appended.
    pub recoverable: Vec<RecoverableProject>,
    pub(super) autosave: Autosave,
    pub(super) recovery_scan_timer: RecoveryScanTimer,
}

impl FileState {
    /// Another document is open.
    pub(super) fn document_changed(&mut self) {
        self.autosave.document_changed();
    }
}

impl EditorState {
    /// Opens something. Asks first when there is unsaved work.
    pub(super) fn open(&mut self, source: DocumentSource) {
        self.request_close(PendingClose::Open(source));
    }

    /// Closes the window. Asks first when there is unsaved work.
    pub(super) fn close_window(&mut self) {
        self.request_close(PendingClose::Window);
    }

    /// Closes the document and does `pending`. Asks first when there is unsaved work.
    pub(super) fn request_close(&mut self, pending: PendingClose) {
        let unsaved = self.document.as_ref().is_some_and(PhotoDocument::has_unsaved_work);
        if unsaved { self.dialogs.save_question = Some(pending) } else { self.proceed_with_close(pending) }
    }

    fn proceed_with_close(&mut self, pending: PendingClose) {
        match pending {
            PendingClose::Window => self.files.may_close = true,
            PendingClose::Open(DocumentSource::Dialog) => {
                self.show_file_dialog(PathPurpose::OpenPhoto);
            }
            PendingClose::Open(DocumentSource::Recoverable(path)) => self.open_recoverable(path),
            PendingClose::Open(DocumentSource::File(path)) => {
                self.files.is_opening = true;
                self.outbox.spawn(if is_project_path(&path) {
                    BackgroundTask::OpenProject { path, is_recovered: false }
                } else {
                    BackgroundTask::OpenPhoto(path)
                });
            }
            PendingClose::Open(DocumentSource::Sample(sample)) => {
                self.files.is_opening = true;
                self.outbox.spawn(BackgroundTask::OpenSample(sample));
            }
        }
    }

    pub(super) fn answer_save_question(&mut self, answer: SaveAnswer) {
        let Some(pending) = self.dialogs.save_question.take() else { return };
        match answer {
            SaveAnswer::Cancel => {}
            SaveAnswer::Discard => {
                // Choosing a file in the dialog must not ask the same question again.
                self.document.as_mut().map(PhotoDocument::discard_changes);
                self.proceed_with_close(pending);
            }
            SaveAnswer::Save => self.save_project_then(pending),
        }
    }

    pub(super) fn submit_path(&mut self, replace: bool) {
        let Some(bar) = &self.dialogs.path_bar else { return };
        let typed = bar.text.trim().trim_matches('"');
        if typed.is_empty() {
            return;
        }
        let (purpose, path) = (bar.purpose, with_extension(bar.purpose, &expand_home(typed)));
        let overwrite = if replace { Overwrite::Allow } else { Overwrite::Refuse };
        let save_purposes =
            [PathPurpose::Export, PathPurpose::ExportLayer, PathPurpose::SaveMask, PathPurpose::SaveProject];
        if !save_purposes.contains(&purpose) {
            self.dialogs.path_bar = None;
        }
        self.path_chosen(purpose, path, overwrite);
    }

    fn path_chosen(&mut self, purpose: PathPurpose, path: PathBuf, overwrite: Overwrite) {
        match purpose {
            PathPurpose::OpenPhoto => self.open(DocumentSource::File(path)),
            PathPurpose::OpenModel => self.outbox.spawn(BackgroundTask::InspectModel(ModelChoice::File(path))),
            PathPurpose::FollowTrainingRun => self.training.follow(&path, &mut self.preferences),
            PathPurpose::LoadMask => {
                if let Some(photo) = self.document.as_ref().map(|document| &document.photo) {
                    self.outbox.spawn(BackgroundTask::LoadMask { path, width: photo.width(), height: photo.height() });
                }
            }
            PathPurpose::SaveProject => self.save_project_to(path, overwrite),
            PathPurpose::SaveMask => {
                if let Some(document) = &mut self.document {
                    let (mask, revision) = (document.mask().clone(), document.revision());
                    self.files.is_saving = true;
                    self.outbox.spawn(BackgroundTask::SaveMask { path, mask, overwrite, revision });
                }
            }
            PathPurpose::Export => self.export(path, ExportContent::Photo, overwrite),
            PathPurpose::ExportLayer => self.export(path, ExportContent::Layer, overwrite),
        }
    }

    fn export(&mut self, path: PathBuf, content: ExportContent, overwrite: Overwrite) {
        let Some(document) = &self.document else { return };
        let Some(fill) = document.shown_fill().map(|fill| fill.record.clone()) else { return };
        let (photo, revision) = (Arc::clone(&document.photo), document.revision());
        let options = ExportOptions { content, record: self.preferences.record, overwrite };
        self.files.is_saving = true;
        self.outbox.spawn(BackgroundTask::Export { path, photo, fill, options, revision });
    }

    pub(super) fn handle_task_result(&mut self, result: TaskResult) {
        match result {
            TaskResult::PathChosen { purpose, path, confirmed } => {
                let overwrite = if confirmed { Overwrite::Allow } else { Overwrite::Refuse };
                self.path_chosen(purpose, path, overwrite);
            }
            TaskResult::Cancelled => self.dialogs.after_save = None,
            TaskResult::NoDialog(purpose) => self.ask_for_path(purpose),
            TaskResult::PhotoOpened { photo, name, frame, origin } => {
                self.files.is_opening = false;
                self.outbox.spawn(BackgroundTask::DetectFaces(Arc::clone(&photo)));
                self.tell_photo_warnings(&photo);
                self.show_document(PhotoDocument::new(photo, name, frame, origin));
            }
            TaskResult::FacesDetected { photo, frames, error } => {
                // The frame must not move to another face during a fill or after it.
                let is_frame_in_use = self.shown_fill().is_some();
                if let Some(document) = self.document_with_photo(&photo) {
                    document.set_detected_faces(frames, is_frame_in_use);
                    self.outbox.tell(error);
                    self.show_found_face();
                }
            }
            TaskResult::FrameFound { photo, hole, frame, error } => {
                if let Some(document) = self.document.as_mut().filter(|document| Arc::ptr_eq(&document.photo, &photo)) {
                    self.fill.frame_found(&hole, frame, error, document, &mut self.outbox);
                }
            }
            TaskResult::MaskLoaded { path, loaded, photo_size } => self.mask_loaded(&path, loaded, photo_size),
            TaskResult::FileSaved { purpose, path, revision } => self.file_saved(purpose, &path, revision),
            TaskResult::ProjectOpened(opened) => self.project_opened(*opened),
            TaskResult::ProjectSaved { path, hash, revision, photo } => {
                self.project_saved(path, hash, revision, &photo);
            }
            TaskResult::ProjectChangedElsewhere { path } => self.project_changed_elsewhere(&path),
            TaskResult::AutosaveFinished(result) => self.autosave_finished(result),
            TaskResult::RecoverableFound(scan) => self.recoverable_found(scan),
            TaskResult::FileExists { purpose, path } => {
                self.files.is_saving = false;
                self.dialogs.ask_to_replace(purpose, &path);
            }
            TaskResult::FillComposed { fill_index, photo, look, patch } => {
                let (patch, error) = patch.map_or_else(|error| (None, Some(error)), |patch| (Some(patch), None));
                if let Some(fill) =
                    self.document_with_photo(&photo).and_then(|document| document.fill_at_mut(fill_index))
                {
                    fill.composition.finish(&look, patch);
                    self.outbox.tell(error);
                }
            }
            TaskResult::GpusListed(gpus) => self.engine.gpus = gpus,
            TaskResult::ModelsFound(models) => self.engine.model_paths = models,
            TaskResult::ModelInspected(choice, Ok(info)) => {
                self.engine.list_model(&choice);
                self.outbox.notify(Severity::Success, format!("Model {} is ready to use", info.name));
                self.set_preferences(Preferences { model: choice, ..self.preferences.clone() });
                self.engine.model = Some(info);
            }
            TaskResult::ModelInspected(_, Err(error)) => {
                let error = error.context("This file is not a face model; the current model stays in use");
                self.outbox.tell(UserMessage::from_error(&error));
            }
            TaskResult::Training(result) => self.training.handle_result(result, &mut self.outbox),
            TaskResult::SampleThumbnailsDecoded(thumbnails) => self.files.sample_thumbnails = thumbnails,
            TaskResult::LibraryChanged { change, result } => {
                self.explore.library_changed(&change, result, &mut self.outbox);
            }
            TaskResult::PreferencesSaved => self.files.is_saving_preferences = false,
            TaskResult::AutosaveDiscarded => {}
            TaskResult::Failed(message) => {
                (self.files.is_opening, self.files.is_saving) = (false, false);
                (self.files.is_saving_preferences, self.dialogs.after_save) = (false, None);
                self.files.autosave.task_interrupted();
                self.outbox.tell(message);
            }
        }
    }

    /// Lets the canvas zoom to the face that was found, unless the user has begun to work.
    fn show_found_face(&mut self) {
        #[cfg(test)]
        if self.fill.frame_search.mode == crate::app::fill::FrameSearchMode::Off {
            // A test that paints on the sample must not find the view moved when its face is found.
            return;
        }
        let Some(document) = &self.document else { return };
        let is_framed = document.detected_faces().is_some_and(|faces| faces.contains(&document.face_frame()));
        if is_framed && !document.has_hole() && !document.has_active_drag() {
            self.outbox.change_view(ViewCommand::ShowFoundFace(document.face_frame()));
        }
    }

    /// Tells what was repaired or skipped in a photo that was opened.
    fn tell_photo_warnings(&mut self, photo: &Photo) {
        let Some((first, others)) = photo.warnings.split_first() else { return };
        let name = photo.source.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let message = UserMessage::new(Severity::Warning, format!("{name}: {first}"));
        self.outbox.tell(message.with_details(others.to_vec()));
    }

    fn mask_loaded(&mut self, path: &Path, loaded: LoadedMask, photo_size: (u32, u32)) {
        let photo = self.document.as_ref().map(|document| &document.photo);
        if photo.is_none_or(|photo| (photo.width(), photo.height()) != photo_size) {
            return;
        }
        let LoadedMask { mask, looks_upside_down, warnings } = loaded;
        self.update_document(DocumentAction::EditMask(MaskEdit::Replace(mask)));
        if let Some((first, others)) = warnings.split_first() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let message = UserMessage::new(Severity::Warning, format!("{name}: {first}"));
            let message = message.with_details(others.to_vec());
            let invert = EditorCommand::InvertMask;
            self.outbox.tell(if looks_upside_down { message.with_button("Invert the mask", invert) } else { message });
        }
    }

    fn file_saved(&mut self, purpose: PathPurpose, path: &Path, revision: u64) {
        self.files.is_saving = false;
        self.dialogs.path_bar = None;
        let is_export = matches!(purpose, PathPurpose::Export | PathPurpose::ExportLayer);
        if let Some(document) = &mut self.document
            && (is_export || document.shown_fill().is_none())
        {
            document.mark_saved(revision);
        }
        let action = match purpose {
            PathPurpose::Export => "Exported",
            PathPurpose::ExportLayer => "Layer exported",
            _ => "Mask saved",
        };
        self.outbox.notify(Severity::Success, format!("{action}: {}", path.display()));
    }
}

/// Replaces a leading `~/` by the home folder, as shells do.
pub fn expand_home(typed: &str) -> PathBuf {
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    match (typed.strip_prefix("~/"), home) {
        (Some(relative), Some(home)) => home.join(relative),
        _ => PathBuf::from(typed),
    }
}
