//! Exports how the shown fill's search went.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;

use super::EditorState;
use crate::app::fill::searched_candidate;
use crate::app::tasks::{PathPurpose, Task};
use crate::app::toasts::Severity;
use crate::fs::{Overwrite, WriteError};
use crate::job::{ExportContent, FRAME_PREFIX, FrameOutputs, export_search};
use crate::photo::{AnimationFormat, Photo};

/// Most folders of this name that are tried.
const MAX_FOLDERS: u32 = 10_000;

impl EditorState {
    /// Writes the iterations of the shown candidate: an animation, or pictures in a folder.
    pub(super) fn export_search(&mut self, purpose: PathPurpose, path: PathBuf, overwrite: Overwrite) {
        let Some(document) = &self.document else { return };
        let (Some(face), Some(source)) = (document.shown_face(), document.export_source()) else { return };
        let (fill, candidate) = (face.fill.clone(), searched_candidate(face));
        let name = document.name.clone();
        let model = self.preferences.model.clone();
        self.files.is_saving = true;
        let export = move || {
            let is_folder = purpose == PathPurpose::ExportFrames;
            if overwrite == Overwrite::Refuse && !is_folder && path.exists() {
                return Ok(Err(path));
            }
            let path = if is_folder { unused_folder(path, &name) } else { path };
            let outputs = match AnimationFormat::from_path(&path) {
                _ if is_folder => FrameOutputs { folder: Some(path.clone()), ..FrameOutputs::default() },
                Some(AnimationFormat::Apng) => FrameOutputs { apng: Some(path.clone()), ..FrameOutputs::default() },
                _ => FrameOutputs { gif: Some(path.clone()), ..FrameOutputs::default() },
            };
            let result = source.picture(ExportContent::Photo).context("the shown candidate is missing")?;
            // The other faces stand as they are filled.
            let is_alone = source.fill.only_face().is_some();
            let photo = if is_alone { source.photo } else { Arc::new(Photo::from_pixels(result.clone())) };
            match export_search(&photo, &fill, candidate, &model, &result, &outputs, overwrite) {
                Ok(count) => Ok(Ok((path, count))),
                Err(error) => match error.downcast_ref() {
                    Some(WriteError::Exists { path }) => Ok(Err(path.clone())),
                    _ => Err(error),
                },
            }
        };
        self.outbox.notify(Severity::Info, "Exporting the search…");
        self.outbox.spawn(Task::saving().with_pictures(), export, move |state, result| {
            state.search_exported(purpose, result);
        });
    }

    /// The search was written, or not because there is a file already.
    fn search_exported(&mut self, purpose: PathPurpose, result: Result<(PathBuf, usize), PathBuf>) {
        self.files.is_saving = false;
        match result {
            Ok((path, count)) => {
                self.dialogs.path_bar = None;
                let path = path.display();
                self.outbox.notify(Severity::Success, format!("{count} iterations exported: {path}"));
            }
            Err(existing) => self.dialogs.ask_to_replace(purpose, &existing),
        }
    }
}

/// The folder itself if it holds no frames of another search, or else a new one in it.
fn unused_folder(folder: PathBuf, name: &str) -> PathBuf {
    let is_frame = |entry: std::fs::DirEntry| entry.file_name().as_encoded_bytes().starts_with(FRAME_PREFIX.as_bytes());
    if !std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok).any(is_frame) {
        return folder;
    }
    let named = |number: u32| folder.join(format!("{name}-search-{number}"));
    (1..MAX_FOLDERS).map(named).find(|folder| !folder.exists()).unwrap_or(folder)
}
