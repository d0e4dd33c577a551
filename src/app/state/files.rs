//! Opening and saving files: paths, the question about unsaved work, and results of background tasks.
//!
//! Projects, autosave and recovery are in `project_files`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::EditorState;
use super::photo_series::PhotoSeries;
use crate::app::autosave::{Autosave, RecoverableProject, RecoveryScanTimer};
use crate::app::canvas::ViewCommand;
use crate::app::dialogs::{BatchQuestion, DocumentSource, PendingClose, SaveAnswer};
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::preferences::Preferences;
use crate::app::sample_portraits::SamplePortrait;
use crate::app::shortcuts::EditorCommand;
use crate::app::tasks::{
    DialogAnswer, ExportOptions, OpenedPhoto, PathPurpose, Task, existing_file, export_fill, file_name, open_photo,
    open_sample, with_extension,
};
use crate::app::toasts::{Severity, UserMessage};
use crate::face::face_frames;
use crate::fs::Overwrite;
use crate::geometry::FaceFrame;
use crate::job::ExportContent;
use crate::mask::{LoadedMask, MaskEdit, load_mask, save_mask};
use crate::model::{ModelChoice, inspect};
use crate::photo::{Photo, PictureFormat};
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
    /// Pasted photos become files in this folder; `None` on systems without a data folder, and in most tests.
    pub paste_folder: Option<PathBuf>,
    /// Thumbnails of the samples, for the start screen.
    pub sample_thumbnails: Vec<(SamplePortrait, egui::ColorImage)>,
    /// Recoverable projects, newest first; projects found by later scans are appended.
    pub recoverable: Vec<RecoverableProject>,
    pub(super) series: PhotoSeries,
    pub(super) autosave: Autosave,
    pub(super) recovery_scan_timer: RecoveryScanTimer,
}

impl FileState {
    /// Another document is open instead of this one.
    pub(super) fn document_changed(&mut self, previous: Option<&PhotoDocument>) {
        self.series.document_changed(previous);
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
            PendingClose::Window if self.batch.unexported_count() > 0 => {
                self.dialogs.batch_question = Some(BatchQuestion::CloseWindow);
            }
            PendingClose::Window => self.files.may_close = true,
            PendingClose::Open(DocumentSource::BatchFill { project, rank }) => self.open_batch_fill(project, rank),
            PendingClose::Open(DocumentSource::Dialog) => {
                self.show_file_dialog(PathPurpose::OpenPhoto);
            }
            PendingClose::Open(DocumentSource::Recoverable(path)) => self.open_recoverable(path),
            PendingClose::Open(DocumentSource::File(path)) => {
                self.files.is_opening = true;
                if is_project_path(&path) {
                    self.open_project(path, false);
                } else {
                    self.open_photo(path);
                }
            }
            PendingClose::Open(DocumentSource::Sample(sample)) => {
                self.files.is_opening = true;
                let task = Task::opening(format!("Photo not opened: {}", sample.file_stem()));
                self.outbox.spawn(task, move || open_sample(sample), Self::photo_opened);
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
        let Some(path) = typed_path(&bar.text) else { return };
        let (purpose, path) = (bar.purpose, with_extension(bar.purpose, &path));
        let overwrite = if replace { Overwrite::Allow } else { Overwrite::Refuse };
        let save_purposes = [
            PathPurpose::Export,
            PathPurpose::ExportLayer,
            PathPurpose::ExportSearch,
            PathPurpose::SaveMask,
            PathPurpose::SaveProject,
        ];
        if !save_purposes.contains(&purpose) {
            self.dialogs.path_bar = None;
        }
        self.path_chosen(purpose, path, overwrite);
    }

    fn path_chosen(&mut self, purpose: PathPurpose, path: PathBuf, overwrite: Overwrite) {
        match purpose {
            PathPurpose::OpenPhoto => self.open(DocumentSource::File(path)),
            PathPurpose::OpenModel => self.open_model(path),
            PathPurpose::FollowTrainingRun => self.training.follow(&path, &mut self.preferences),
            PathPurpose::BatchFolder
            | PathPurpose::BatchPhotos
            | PathPurpose::BatchMasks
            | PathPurpose::BatchExport => self.batch_paths_chosen(purpose, vec![path]),
            PathPurpose::LoadMask => {
                if let Some(photo) = self.document.as_ref().map(|document| Arc::clone(&document.photo)) {
                    let task = Task::new(format!("Mask not loaded: {}", file_name(&path))).with_pictures();
                    let load = move || Ok((load_mask(&path, photo.width(), photo.height())?, path, photo));
                    self.outbox.spawn(task, load, |state, (mask, path, photo)| state.mask_loaded(&path, mask, &photo));
                }
            }
            PathPurpose::SaveProject => self.save_project_to(path, overwrite),
            PathPurpose::SaveMask => {
                if let Some(document) = &mut self.document {
                    let (mask, revision) = (document.mask().clone(), document.revision());
                    self.files.is_saving = true;
                    let save = move || Ok((existing_file(save_mask(&path, &mask, overwrite))?, path));
                    self.outbox.spawn(Task::saving(), save, move |state, (existing, path)| {
                        state.file_saved(purpose, &path, existing.as_deref(), revision, Vec::new());
                    });
                }
            }
            PathPurpose::Export | PathPurpose::ExportLayer => self.export(purpose, path, overwrite),
            PathPurpose::ExportSearch | PathPurpose::ExportFrames => self.export_search(purpose, path, overwrite),
        }
    }

    fn export(&mut self, purpose: PathPurpose, path: PathBuf, overwrite: Overwrite) {
        let Some(document) = &self.document else { return };
        let Some(source) = document.export_source() else { return };
        let revision = document.revision();
        let content = if purpose == PathPurpose::Export { ExportContent::Photo } else { ExportContent::Layer };
        let options = self.export_options(content, overwrite);
        self.files.is_saving = true;
        let export = move || {
            let mut notes = Vec::new();
            let saved = export_fill(&path, &source, &options).map(|told| notes = told);
            Ok((existing_file(saved)?, path, notes))
        };
        self.outbox.spawn(Task::saving().with_pictures(), export, move |state, (existing, path, notes)| {
            state.file_saved(purpose, &path, existing.as_deref(), revision, notes);
        });
    }

    pub(super) fn export_options(&self, content: ExportContent, overwrite: Overwrite) -> ExportOptions {
        let Preferences { record, jpeg_quality, .. } = self.preferences;
        ExportOptions { content, record, jpeg_quality, overwrite }
    }

    /// The system's file dialog was closed.
    pub fn dialog_closed(&mut self, purpose: PathPurpose, answer: DialogAnswer) {
        match answer {
            DialogAnswer::Chosen { path, confirmed } => {
                let overwrite = if confirmed { Overwrite::Allow } else { Overwrite::Refuse };
                self.path_chosen(purpose, path, overwrite);
            }
            DialogAnswer::ChosenFiles(paths) => self.batch_paths_chosen(purpose, paths),
            DialogAnswer::Cancelled => self.dialogs.after_save = None,
            DialogAnswer::NoDialog => self.ask_for_path(purpose),
        }
    }

    fn open_photo(&mut self, path: PathBuf) {
        let task = Task::opening_file(format!("Photo not opened: {}", file_name(&path)), path.clone());
        let open = move || Ok((open_photo(&path)?, path));
        self.outbox.spawn(task, open, |state, (photo, path)| {
            // A pasted picture is a file only for projects.
            if !state.files.paste_folder.as_ref().is_some_and(|folder| path.starts_with(folder)) {
                state.preferences.recent_files.add(&path);
            }
            state.photo_opened(photo);
        });
    }

    /// Shows an opened photo, and looks for faces in it.
    pub fn photo_opened(&mut self, opened: OpenedPhoto) {
        let OpenedPhoto { photo, name, frame, origin } = opened;
        self.files.is_opening = false;
        self.detect_faces(Arc::clone(&photo));
        self.tell_photo_warnings(&photo);
        self.show_document(PhotoDocument::new(photo, name, frame, origin));
    }

    pub(super) fn detect_faces(&self, photo: Arc<Photo>) {
        let task = Task::new("Face detection failed").with_pictures().with_reset({
            let photo = Arc::clone(&photo);
            move |state| state.faces_detected(&photo, Vec::new())
        });
        let detect = move || Ok((face_frames(&photo)?, photo));
        self.outbox.spawn(task, detect, |state, (frames, photo)| state.faces_detected(&photo, frames));
    }

    /// Stores the faces of a photo.
    pub fn faces_detected(&mut self, photo: &Arc<Photo>, frames: Vec<FaceFrame>) {
        // The frame must not move to another face during a fill or after it.
        let is_frame_in_use = self.shown_fill().is_some();
        if let Some(document) = self.document_with_photo(photo) {
            document.set_detected_faces(frames, is_frame_in_use);
            self.show_found_face();
            self.faces_known_in_series(photo);
        }
    }

    /// Uses a model file, once it is known to be one.
    pub fn open_model(&self, path: PathBuf) {
        let task = Task::new("This file is not a face model; the current model stays in use");
        let choice = ModelChoice::File(path);
        let inspect = move || Ok((inspect(&choice)?, choice));
        self.outbox.spawn(task, inspect, |state, (model, choice)| {
            state.engine.list_model(&choice);
            state.outbox.notify(Severity::Success, format!("Model {} is ready to use", model.name));
            state.set_preferences(Preferences { model: choice, ..state.preferences.clone() });
            state.engine.model = Some(model);
        });
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

    pub(super) fn mask_loaded(&mut self, path: &Path, loaded: LoadedMask, photo: &Arc<Photo>) {
        if self.document_with_photo(photo).is_none() {
            return;
        }
        let LoadedMask { mask, looks_upside_down, warnings } = loaded;
        self.update_document(DocumentAction::EditMask(MaskEdit::Replace(mask)));
        if let Some((first, others)) = warnings.split_first() {
            let name = path.file_name().map_or_else(|| "Pasted mask".into(), |name| name.to_string_lossy());
            let message = UserMessage::new(Severity::Warning, format!("{name}: {first}"));
            let message = message.with_details(others.to_vec());
            let invert = EditorCommand::InvertMask;
            self.outbox.tell(if looks_upside_down { message.with_button("Invert the mask", invert) } else { message });
        }
    }

    /// A file was written, or not because there is one already (`existing`). `notes` tell what its format changed.
    pub(super) fn file_saved(
        &mut self,
        purpose: PathPurpose,
        path: &Path,
        existing: Option<&Path>,
        revision: u64,
        notes: Vec<String>,
    ) {
        self.files.is_saving = false;
        if let Some(existing) = existing {
            self.dialogs.ask_to_replace(purpose, existing);
            return;
        }
        self.dialogs.path_bar = None;
        let is_export = matches!(purpose, PathPurpose::Export | PathPurpose::ExportLayer);
        if let Some(document) = &mut self.document
            && (is_export || document.shown_fill().is_none())
        {
            document.mark_saved(revision);
        }
        if purpose == PathPurpose::Export {
            self.files.series.export_format = PictureFormat::from_path(path).unwrap_or_default();
        }
        let path = path.display();
        let headline = match purpose {
            PathPurpose::Export => format!("Exported: {path}"),
            PathPurpose::ExportLayer => format!("Layer exported: {path}"),
            _ => format!("Mask saved: {path}"),
        };
        self.outbox.tell(UserMessage::new(Severity::Success, headline).with_details(notes));
    }
}

/// The path that was typed, without quotation marks; `None` for an empty text. A leading `~/` becomes the home folder,
/// as in shells.
pub fn typed_path(text: &str) -> Option<PathBuf> {
    let typed = text.trim().trim_matches('"');
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    let path = match (typed.strip_prefix("~/"), home) {
        (Some(relative), Some(home)) => home.join(relative),
        _ => PathBuf::from(typed),
    };
    (!typed.is_empty()).then_some(path)
}
