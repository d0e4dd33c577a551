//! Working through a folder of photos: the next photo, the hole of the photo before, and exporting without a question.

use std::path::PathBuf;
use std::sync::Arc;

use super::EditorState;
use crate::app::dialogs::DocumentSource;
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::tasks::{PathPurpose, Task, export_under_unused_name, file_name, neighbour_photo};
use crate::app::toasts::Severity;
use crate::fs::Overwrite;
use crate::geometry::FaceFrame;
use crate::job::ExportContent;
use crate::mask::{Mask, MaskEdit};
use crate::photo::{Photo, PictureFormat};

/// What one photo of a series leaves for the next.
#[derive(Default)]
pub struct PhotoSeries {
    /// The hole of the photo before, and its face frame.
    pub(super) last_hole: Option<(Mask, FaceFrame)>,
    /// The photo that gets this hole as soon as its face is found.
    same_hole_for: Option<PathBuf>,
    /// The format of the last export.
    pub(super) export_format: PictureFormat,
}

impl PhotoSeries {
    /// Another document is open instead of this one.
    pub(super) fn document_changed(&mut self, previous: Option<&PhotoDocument>) {
        if let Some(previous) = previous.filter(|previous| previous.has_hole()) {
            self.last_hole = Some((previous.mask().clone(), previous.face_frame()));
        }
    }
}

impl EditorState {
    /// Opens the next photo of the folder, or the one before.
    pub(super) fn open_neighbour(&mut self, is_forward: bool) {
        let Some(path) = self.document.as_ref().and_then(|document| document.photo.source.clone()) else { return };
        let find = move || Ok(neighbour_photo(&path, is_forward)?);
        let task = Task::new("The folder of this photo cannot be read");
        self.outbox.spawn(task, find, move |state, found| {
            if let Some(path) = found {
                state.files.series.same_hole_for = state.preferences.keep_hole.then(|| path.clone());
                state.open(DocumentSource::File(path));
            } else {
                let last = "This is the last photo in its folder";
                let headline = if is_forward { last } else { "This is the first photo in its folder" };
                state.outbox.notify(Severity::Info, headline);
            }
        });
    }

    /// Paints the hole of the photo before at the same place of this photo's face.
    pub(super) fn use_last_hole(&mut self) {
        let (Some(document), Some((hole, frame))) = (&self.document, self.files.series.last_hole.clone()) else {
            return;
        };
        let (photo, to_frame) = (Arc::clone(&document.photo), document.face_frame());
        let move_hole = move || {
            let hole = hole.moved_to_face(&frame, [photo.width(), photo.height()], &to_frame);
            Ok((hole, photo))
        };
        self.outbox.spawn(Task::internal(), move_hole, |state, (hole, photo)| {
            if state.document_with_photo(&photo).is_some() {
                state.update_document(DocumentAction::EditMask(MaskEdit::Replace(hole)));
            }
        });
    }

    /// The faces of a photo are known: paints the hole of the photo before, if the user wants it on every photo.
    pub(super) fn faces_known_in_series(&mut self, photo: &Photo) {
        let Some(path) = self.files.series.same_hole_for.take_if(|path| photo.source.as_ref() == Some(path)) else {
            return;
        };
        let Some(document) = self.document.as_ref().filter(|document| !document.has_hole()) else { return };
        if self.files.series.last_hole.is_none() {
            return;
        }
        if document.detected_faces().is_some_and(|faces| !faces.is_empty()) {
            self.use_last_hole();
        } else {
            let headline = format!("{}: no face found, so the hole was not painted", file_name(&path));
            self.outbox.notify(Severity::Warning, headline);
        }
    }

    /// Exports the filled photo beside the photo under an unused name, then opens the next photo of the folder.
    pub(super) fn export_and_open_next(&mut self) {
        let Some(document) = &self.document else { return };
        let Some(source) = document.export_source() else { return };
        let revision = document.revision();
        let path = document.suggested_export_path(self.files.series.export_format);
        let options = self.export_options(ExportContent::Photo, Overwrite::Refuse);
        self.files.is_saving = true;
        let export = move || {
            let (path, notes) = export_under_unused_name(&path, &source, &options)?;
            Ok((path, notes, source.photo))
        };
        self.outbox.spawn(Task::saving().with_pictures(), export, move |state, (path, notes, photo)| {
            state.file_saved(PathPurpose::Export, &path, None, revision, notes);
            if state.document_with_photo(&photo).is_some() {
                state.open_neighbour(true);
            }
        });
    }
}
