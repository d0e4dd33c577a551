//! Opening and saving files: paths, the question about unsaved work, and results of background tasks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{CanvasCommand, DocumentSource, EditorState, PathBar, PendingClose, SaveAnswer};
use crate::app::document::PhotoDocument;
use crate::app::shortcuts::EditorCommand;
use crate::app::tasks::{BackgroundTask, ExportOptions, PathPurpose, TaskResult, with_extension};
use crate::app::toasts::{Severity, UserMessage};
use crate::fs::Overwrite;
use crate::job::ExportContent;
use crate::mask::{LoadedMask, MaskEdit};
use crate::model::ModelChoice;
use crate::photo::Photo;
use crate::project::is_project_path;

impl EditorState {
    /// Closes the document and does `pending`. Asks first when there is unsaved work.
    pub(super) fn request_close(&mut self, pending: PendingClose) {
        let unsaved = self.document.as_ref().is_some_and(PhotoDocument::has_unsaved_work);
        if unsaved { self.pending_close = Some(pending) } else { self.proceed_with_close(pending) }
    }

    fn proceed_with_close(&mut self, pending: PendingClose) {
        match pending {
            PendingClose::Window => self.may_close = true,
            PendingClose::Open(DocumentSource::Dialog) => {
                self.spawn(BackgroundTask::ShowFileDialog(PathPurpose::OpenPhoto, None));
            }
            PendingClose::Open(DocumentSource::Recoverable(path)) => self.open_recoverable(path),
            PendingClose::Open(DocumentSource::File(path)) => {
                self.is_opening = true;
                self.spawn(if is_project_path(&path) {
                    BackgroundTask::OpenProject { path, is_recovered: false }
                } else {
                    BackgroundTask::OpenPhoto(path)
                });
            }
            PendingClose::Open(DocumentSource::Sample(sample)) => {
                self.is_opening = true;
                self.spawn(BackgroundTask::OpenSample(sample));
            }
        }
    }

    pub(super) fn answer_save_question(&mut self, answer: SaveAnswer) {
        let Some(pending) = self.pending_close.take() else { return };
        match answer {
            SaveAnswer::Cancel => {}
            SaveAnswer::Discard => {
                // Choosing a file in the dialog must not ask the same question again.
                self.edit_document(PhotoDocument::discard_changes);
                self.proceed_with_close(pending);
            }
            SaveAnswer::Save => self.save_project_then(pending),
        }
    }

    pub(super) fn set_path_text(&mut self, text: String) {
        if let Some(bar) = &mut self.path_bar {
            bar.file_exists = false;
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
        let save_purposes =
            [PathPurpose::Export, PathPurpose::ExportLayer, PathPurpose::SaveMask, PathPurpose::SaveProject];
        if !save_purposes.contains(&purpose) {
            self.path_bar = None;
        }
        self.path_chosen(purpose, path, overwrite);
    }

    fn path_chosen(&mut self, purpose: PathPurpose, path: PathBuf, overwrite: Overwrite) {
        match purpose {
            PathPurpose::OpenPhoto => self.request_close(PendingClose::Open(DocumentSource::File(path))),
            PathPurpose::OpenModel => self.spawn(BackgroundTask::InspectModel(ModelChoice::File(path))),
            PathPurpose::FollowTrainingRun => self.follow_training_run(&path),
            PathPurpose::LoadMask => {
                if let Some(photo) = self.document.as_ref().map(|document| &document.photo) {
                    self.spawn(BackgroundTask::LoadMask { path, width: photo.width(), height: photo.height() });
                }
            }
            PathPurpose::SaveProject => self.save_project_to(path, overwrite),
            PathPurpose::SaveMask => {
                if let Some(document) = &mut self.document {
                    let (mask, revision) = (document.mask().clone(), document.revision());
                    self.is_saving = true;
                    self.spawn(BackgroundTask::SaveMask { path, mask, overwrite, revision });
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
        self.is_saving = true;
        self.spawn(BackgroundTask::Export { path, photo, fill, options, revision });
    }

    pub(super) fn handle_task_result(&mut self, result: TaskResult) {
        match result {
            TaskResult::PathChosen { purpose, path, confirmed } => {
                let overwrite = if confirmed { Overwrite::Allow } else { Overwrite::Refuse };
                self.path_chosen(purpose, path, overwrite);
            }
            TaskResult::Cancelled => self.close_after_save = None,
            TaskResult::NoDialog(purpose) => self.show_path_bar(purpose),
            TaskResult::PhotoOpened { photo, name, frame, origin } => {
                self.is_opening = false;
                self.spawn(BackgroundTask::DetectFaces(Arc::clone(&photo)));
                self.tell_photo_warnings(&photo);
                self.show_document(PhotoDocument::new(photo, name, frame, origin));
            }
            TaskResult::FacesDetected { photo, frames, error } => {
                // The frame must not move to another face during a fill or after it.
                let is_frame_in_use = self.is_locked() || self.has_shown_fill();
                if let Some(document) = self.document_with_photo(&photo) {
                    document.set_detected_faces(frames, is_frame_in_use);
                    self.messages.extend(error);
                    self.show_found_face();
                }
            }
            TaskResult::FrameFound { photo, hole, frame, error } => self.frame_found(&photo, &hole, frame, error),
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
                self.is_saving = false;
                self.path_bar = Some(PathBar { purpose, text: path.display().to_string(), file_exists: true });
            }
            TaskResult::FillComposed { fill_index, photo, look, patch } => {
                self.fill_composed(fill_index, &photo, &look, patch);
            }
            TaskResult::GpusListed(gpus) => self.gpus = gpus,
            TaskResult::ModelsFound(models) => self.model_paths = models,
            TaskResult::ModelInspected(choice, Ok(info)) => {
                self.list_model(&choice);
                self.notify(Severity::Success, format!("Model {} is ready to use", info.name));
                self.handle(super::Action::SetModel(choice));
                self.model_info = Some(info);
            }
            TaskResult::ModelInspected(_, Err(error)) => {
                let error = error.context("This file is not a face model; the current model stays in use");
                self.messages.push(UserMessage::from_error(&error));
            }
            TaskResult::Training(result) => self.handle_training_result(result),
            TaskResult::SampleThumbnailsDecoded(thumbnails) => self.sample_thumbnails = thumbnails,
            TaskResult::LibraryChanged { change, result } => self.library_changed(&change, result),
            TaskResult::PreferencesSaved => self.is_saving_preferences = false,
            TaskResult::AutosaveDiscarded => {}
            TaskResult::Failed(message) => {
                (self.is_opening, self.is_saving, self.close_after_save) = (false, false, None);
                self.is_saving_preferences = false;
                self.autosave.task_interrupted();
                self.messages.push(message);
            }
        }
    }

    /// Lets the canvas zoom to the face that was found, unless the user has begun to work.
    fn show_found_face(&mut self) {
        #[cfg(test)]
        if self.frame_search.mode == super::FrameSearchMode::Off {
            // A test that paints on the sample must not find the view moved when its face is found.
            return;
        }
        let Some(document) = &self.document else { return };
        let is_framed = document.detected_faces().is_some_and(|faces| faces.contains(&document.face_frame()));
        if is_framed && !document.has_hole() && !document.has_active_drag() {
            self.canvas_commands.push(CanvasCommand::ShowFoundFace(document.face_frame()));
        }
    }

    /// Tells what was repaired or skipped in a photo that was opened.
    fn tell_photo_warnings(&mut self, photo: &Photo) {
        let Some((first, others)) = photo.warnings.split_first() else { return };
        let name = photo.source.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        self.notify_with_details(Severity::Warning, format!("{name}: {first}"), others.to_vec());
    }

    fn mask_loaded(&mut self, path: &Path, loaded: LoadedMask, photo_size: (u32, u32)) {
        let photo = self.document.as_ref().map(|document| &document.photo);
        if photo.is_none_or(|photo| (photo.width(), photo.height()) != photo_size) {
            return;
        }
        let LoadedMask { mask, looks_upside_down, warnings } = loaded;
        self.edit_mask(|document| document.edit_mask(&MaskEdit::Replace(mask)));
        if let Some((first, others)) = warnings.split_first() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let message = UserMessage::new(Severity::Warning, format!("{name}: {first}"));
            let message = message.with_details(others.to_vec());
            let invert = EditorCommand::InvertMask;
            self.messages.push(if looks_upside_down {
                message.with_button("Invert the mask", invert)
            } else {
                message
            });
        }
    }

    fn file_saved(&mut self, purpose: PathPurpose, path: &Path, revision: u64) {
        self.is_saving = false;
        self.path_bar = None;
        let has_shown_fill = self.has_shown_fill();
        let is_export = matches!(purpose, PathPurpose::Export | PathPurpose::ExportLayer);
        if let Some(document) = &mut self.document
            && (is_export || !has_shown_fill)
        {
            document.mark_saved(revision);
        }
        let action = match purpose {
            PathPurpose::Export => "Exported",
            PathPurpose::ExportLayer => "Layer exported",
            _ => "Mask saved",
        };
        self.notify(Severity::Success, format!("{action}: {}", path.display()));
    }
}

/// Replaces a leading `~/` by the home folder, as shells do.
pub(super) fn expand_home(typed: &str) -> PathBuf {
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    match (typed.strip_prefix("~/"), home) {
        (Some(relative), Some(home)) => home.join(relative),
        _ => PathBuf::from(typed),
    }
}
