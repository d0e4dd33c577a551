//! The batch window's part in the state: it shares the fill thread with the editor, and opens and exports files.

use std::path::PathBuf;

use super::EditorState;
use crate::app::batch::{BatchAction, BatchContext, open_kept_fill};
use crate::app::tasks::{PathPurpose, Task};
use crate::fs::Overwrite;
use crate::job::ExportContent;

impl EditorState {
    pub(super) fn update_batch(&mut self, action: BatchAction) {
        if action == BatchAction::Start && self.batch_disabled_reason().is_some() {
            return;
        }
        let Self { batch, preferences, engine, document, outbox, .. } = self;
        batch.update(action, BatchContext { preferences, engine, document: document.as_ref() }, outbox);
    }

    /// Why no batch can start; `None` when one can.
    pub fn batch_disabled_reason(&self) -> Option<&'static str> {
        let Self { batch, preferences, engine, document, .. } = self;
        let context = BatchContext { preferences, engine, document: document.as_ref() };
        batch.start_disabled_reason(context, self.fill.is_running() || self.fill.is_waiting())
    }

    /// Keeps the editor's quick previews away from the fill thread while a batch runs.
    pub(super) fn follow_batch(&mut self) {
        let is_running = self.batch.is_running();
        let has_ended = self.engine.is_used_by_batch && !is_running;
        self.engine.is_used_by_batch = is_running;
        if has_ended {
            // The model or the device may have been changed meanwhile.
            self.warm_up_engine();
        }
    }

    /// A folder or photos were chosen for the batch window.
    pub(super) fn batch_paths_chosen(&mut self, purpose: PathPurpose, paths: Vec<PathBuf>) {
        let Self { batch, outbox, .. } = self;
        match purpose {
            PathPurpose::BatchMasks => {
                batch.hole.masks = paths.into_iter().next();
            }
            PathPurpose::BatchExport => {
                let options = self.export_options(ExportContent::Photo, Overwrite::Refuse);
                let format = self.files.series.export_format;
                if let Some(folder) = paths.into_iter().next() {
                    self.batch.export_to(folder, format, options, &self.outbox);
                }
            }
            _ => batch.add_paths(paths, outbox),
        }
    }

    /// Opens a fill of the batch window in the editor.
    pub(super) fn open_batch_fill(&mut self, project: PathBuf, rank: usize) {
        self.files.is_opening = true;
        let task = Task::opening("The fill cannot be opened in the editor");
        self.outbox.spawn(task, move || open_kept_fill(&project, rank), Self::project_opened);
    }
}
