//! The batch window: fills many photos with the same kind of hole, and exports the chosen fills.
//!
//! The photos are filled one after the other on the fill thread, so the editor's own Fill waits until the batch has
//! ended. A finished fill is kept as a project file in a temporary folder, and in memory only as small JPEGs: so
//! hundreds of photos need little memory. Opening and exporting read the photo again.
//!
//! | file | purpose |
//! | --- | --- |
//! | `mod` | the photos, and the actions on them |
//! | `batch_photo` | one photo, its state and its small pictures |
//! | `fill_folder` | the temporary folder of the fills |
//! | `hole_choice` | which hole every photo gets |
//! | `prepare` | opens one photo, and finds its hole and its faces |
//! | `run` | fills the photos in turn |
//! | `keep` | keeps a finished fill, and reads it again |
//! | `export` | exports the fills |
//! | `batch_window`, `photo_grid`, `close_question` | draw the window |
//! | `keys` | the keys of the grid |

mod batch_photo;
mod batch_window;
mod close_question;
mod export;
mod fill_folder;
mod hole_choice;
mod keep;
mod keys;
mod photo_grid;
mod prepare;
mod run;

use std::path::PathBuf;
use std::sync::Arc;

pub use batch_photo::{BatchPhoto, PhotoState};
pub use batch_window::BatchWindow;
pub use close_question::show as show_close_question;
pub use hole_choice::{HoleChoice, HoleKind};
pub use keep::open_kept_fill;
pub use keys::take_pressed_keys;

use super::document::PhotoDocument;
use super::engine::EngineState;
use super::outbox::Outbox;
use super::preferences::Preferences;
use super::tasks::Task;
use super::toasts::{Severity, UserMessage};
use crate::photo::{PictureFormat, sort_out_files};
use export::RunningExport;
use fill_folder::FillFolder;
use run::BatchRun;

/// Something that the user does in the batch window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchAction {
    /// Open or close the window.
    Toggle,
    SetHole(HoleChoice),
    Start,
    Stop,
    /// Select the photo with this index.
    Select(usize),
    /// Move the selection by so many photos.
    MoveSelection(isize),
    /// Show this candidate of the selected photo, counted from the best.
    ShowCandidate(usize),
    /// Show the selected photo before or after the fill.
    ToggleBefore,
    /// Exclude the selected photo from the export, or include it again.
    ToggleExcluded,
    /// Empty the list.
    Clear,
    /// The grid has or does not have the keyboard focus.
    SetFocus(bool),
    /// Number of photos in a row of the grid.
    SetColumns(usize),
}

/// The batch window's state.
#[derive(Default)]
pub struct BatchState {
    pub is_open: bool,
    pub photos: Vec<BatchPhoto>,
    pub hole: HoleChoice,
    /// Index of the selected photo.
    pub selected: usize,
    /// The selected photo is shown without its fill.
    pub shows_before: bool,
    pub has_focus: bool,
    pub columns: usize,
    run: Option<BatchRun>,
    /// Number of runs so far: the id of the newest, by which late results are recognized.
    run_count: u64,
    export: Option<RunningExport>,
    /// Where the fills are kept.
    folder: Option<Arc<FillFolder>>,
}

/// What a batch is filled with.
#[derive(Clone, Copy)]
pub struct BatchContext<'a> {
    pub preferences: &'a Preferences,
    pub engine: &'a EngineState,
    pub document: Option<&'a PhotoDocument>,
}

impl BatchState {
    pub fn update(&mut self, action: BatchAction, context: BatchContext<'_>, outbox: &mut Outbox) {
        match action {
            BatchAction::Toggle => self.is_open = !self.is_open,
            BatchAction::SetHole(hole) => self.hole = hole,
            BatchAction::Start => self.start(context, outbox),
            BatchAction::Stop => self.stop(outbox),
            BatchAction::Select(index) => self.select(index),
            BatchAction::MoveSelection(by) => {
                let last = self.photos.len().saturating_sub(1);
                self.select(self.selected.saturating_add_signed(by).min(last));
            }
            BatchAction::ShowCandidate(rank) => {
                if let Some(photo) = self.selected_photo_mut()
                    && rank < photo.candidate_count()
                {
                    photo.is_exported &= photo.rank == rank;
                    photo.rank = rank;
                    self.shows_before = false;
                }
            }
            BatchAction::ToggleBefore => self.shows_before = !self.shows_before,
            BatchAction::ToggleExcluded => {
                if let Some(photo) = self.selected_photo_mut() {
                    photo.is_excluded = !photo.is_excluded;
                }
            }
            BatchAction::Clear => self.clear(outbox),
            BatchAction::SetFocus(has_focus) => self.has_focus = has_focus,
            BatchAction::SetColumns(columns) => self.columns = columns,
        }
    }

    /// Whether photos are being filled.
    pub fn is_running(&self) -> bool {
        self.run.is_some()
    }

    pub fn is_exporting(&self) -> bool {
        self.export.is_some()
    }

    fn selected_photo(&self) -> Option<&BatchPhoto> {
        self.photos.get(self.selected)
    }

    fn selected_photo_mut(&mut self) -> Option<&mut BatchPhoto> {
        self.photos.get_mut(self.selected)
    }

    fn select(&mut self, index: usize) {
        if index != self.selected && index < self.photos.len() {
            (self.selected, self.shows_before) = (index, false);
        }
    }

    /// Number of filled photos that are to be exported and are not yet.
    pub fn unexported_count(&self) -> usize {
        self.photos.iter().filter(|photo| photo.is_to_export() && !photo.is_exported).count()
    }

    fn clear(&mut self, outbox: &Outbox) {
        self.stop(outbox);
        (self.photos, self.selected, self.folder) = (Vec::new(), 0, None);
    }

    /// Why no batch can start; `None` when one can.
    pub fn start_disabled_reason(&self, context: BatchContext<'_>, is_fill_running: bool) -> Option<&'static str> {
        let waits = |photo: &BatchPhoto| matches!(photo.state, PhotoState::Waiting | PhotoState::Failed(_));
        if self.photos.is_empty() {
            return Some("Choose photos first");
        }
        if is_fill_running {
            return Some("A fill is running: stop it first");
        }
        if !self.photos.iter().any(waits) {
            return Some("All photos are filled: choose more, or clear the list to use another hole");
        }
        self.hole.disabled_reason(context.document)
    }

    /// Adds the photos of folders and files, in the background.
    pub fn add_paths(&mut self, paths: Vec<PathBuf>, outbox: &Outbox) {
        self.is_open = true;
        let task = Task::new("The photos cannot be listed");
        outbox.spawn(
            task,
            move || list_photos(&paths),
            |state, (found, note)| {
                state.outbox.tell(note);
                state.batch.add_photos(found);
            },
        );
    }

    fn add_photos(&mut self, found: Vec<PathBuf>) {
        for path in found {
            if !self.photos.iter().any(|photo| photo.path == path) {
                self.photos.push(BatchPhoto::new(path));
            }
        }
    }
}

/// The photos of folders and files, and a message about what is passed over.
fn list_photos(paths: &[PathBuf]) -> anyhow::Result<(Vec<PathBuf>, Option<UserMessage>)> {
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for path in paths {
        let path = std::path::absolute(path)?;
        if path.is_dir() {
            let names = std::fs::read_dir(&path)?.filter_map(|entry| Some(entry.ok()?.file_name()));
            let names = names.filter(|name| !path.join(name).is_dir());
            let sorted = sort_out_files(&path, names);
            found.extend(sorted.photos);
            notes.extend((!sorted.passed_over.is_empty()).then(|| sorted.passed_over.to_string()));
        } else if path.exists() {
            found.push(path);
        } else {
            anyhow::bail!("{} does not exist: check the path", path.display());
        }
    }
    if found.is_empty() {
        let message = UserMessage::new(Severity::Warning, "There are no photos in this folder");
        return Ok((found, Some(message.with_details(notes))));
    }
    let note = UserMessage::new(Severity::Info, "Some files of the folder are passed over");
    Ok((found, (!notes.is_empty()).then(|| note.with_details(notes))))
}

/// The extension of exported files.
fn export_extension(format: PictureFormat) -> &'static str {
    format.extensions().first().copied().unwrap_or("png")
}
