//! Background tasks: file access, file dialogs and other slow work, each on a thread of its own.
//!
//! Each task returns one [`Done`] through a channel, and the UI thread never waits for it. On a system without file
//! dialogs the result is [`Done::NoDialog`] (see `file_dialog`).

mod file_dialog;
mod opening;
mod picture;
mod projects;

pub use file_dialog::with_extension;
pub use picture::Picture;
pub use projects::OpenedProject;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;

use file_dialog::ask;
use opening::{find_faces, open_photo, open_sample, opened, thumbnail};
use picture::{compose, export};
use projects::{open_project, save_project};

use super::autosave::{Findings, Slot, find_recoverable};
use super::document::Look;
use super::explore::{ShelfChange, change_shelf};
use super::messages::Message;
use super::persist::Remembered;
use super::samples::Sample;
use super::training::{TrainingDone, TrainingTask};
use crate::blend::Patch;
use crate::device::{GpuInfo, list_gpus};
use crate::explore::Library;
use crate::face::FaceFrame;
use crate::job::{Content, give_memory_back};
use crate::mask::{Mask, load_mask, save_mask};
use crate::model::{ModelChoice, ModelInfo, find_models, inspect};
use crate::photo::{Overwrite, Photo, SaveError};
use crate::project::{PhotoOrigin, Project};

/// What the user is asked to choose a path for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A photo or a project.
    OpenPhoto,
    SaveProject,
    Export,
    ExportLayer,
    LoadMask,
    SaveMask,
    OpenModel,
    /// A folder.
    FollowRun,
}

/// Work to do in the background.
pub enum Task {
    /// Ask for a path.
    Dialog(Purpose, Option<PathBuf>),
    OpenPhoto(PathBuf),
    OpenSample(Sample),
    /// `recovered`: the file is an autosaved copy.
    OpenProject {
        path: PathBuf,
        recovered: bool,
    },
    SaveProject {
        path: PathBuf,
        project: Box<Project>,
        overwrite: Overwrite,
        revision: u64,
        photo: Arc<Photo>,
    },
    /// Autosave unsaved work.
    Autosave {
        slot: Arc<Slot>,
        project: Box<Project>,
    },
    /// Remove this window's autosaved copy, because the work is saved.
    RemoveAutosave(Arc<Slot>),
    /// Delete an autosaved copy and its lock for good.
    DiscardAutosave(Arc<Slot>),
    /// Scan this folder for unsaved work of other windows. `known`: the files that belong to this window.
    FindRecoverable {
        folder: PathBuf,
        known: Vec<PathBuf>,
    },
    /// Detect faces.
    FindFaces(Arc<Photo>),
    LoadMask {
        path: PathBuf,
        width: u32,
        height: u32,
    },
    SaveMask {
        path: PathBuf,
        mask: Arc<Mask>,
        overwrite: Overwrite,
        revision: u64,
    },
    Export {
        path: PathBuf,
        picture: Box<Picture>,
        content: Content,
        /// Whether to embed how the fill was made.
        record: bool,
        overwrite: Overwrite,
        revision: u64,
    },
    /// Compose the fill with this index at full size, for the screen.
    Compose {
        fill_index: usize,
        picture: Box<Picture>,
    },
    ListGpus,
    FindModels,
    InspectModel(ModelChoice),
    SampleThumbnails,
    /// Read or change the library of saved faces.
    ChangeShelf {
        path: PathBuf,
        change: ShelfChange,
    },
    Remember(Box<Remembered>, PathBuf),
    Training(TrainingTask),
}

impl Task {
    /// Whether the task allocates whole pictures. Only then is freed memory returned to the system, which can stall
    /// other threads.
    fn is_large(&self) -> bool {
        matches!(
            self,
            Self::OpenPhoto(_)
                | Self::OpenSample(_)
                | Self::OpenProject { .. }
                | Self::FindFaces(_)
                | Self::LoadMask { .. }
                | Self::Export { .. }
                | Self::Compose { .. }
        )
    }
}

/// The result of a task.
pub enum Done {
    /// The user chose a path. `confirmed`: the dialog has already asked whether to replace the file.
    Picked {
        purpose: Purpose,
        path: PathBuf,
        confirmed: bool,
    },
    /// The dialog was cancelled.
    Cancelled,
    /// There is no file dialog on this system.
    NoDialog(Purpose),
    Photo {
        photo: Arc<Photo>,
        name: String,
        frame: Option<FaceFrame>,
        origin: PhotoOrigin,
    },
    Project(Box<OpenedProject>),
    ProjectSaved {
        path: PathBuf,
        revision: u64,
        /// The photo of the saved project, which identifies the document.
        photo: Arc<Photo>,
    },
    /// This window's copy of unsaved work was written or removed.
    Autosaved(anyhow::Result<()>),
    Discarded,
    Recoverable(Findings),
    /// The frames of the detected faces, largest face first.
    Faces {
        photo: Arc<Photo>,
        frames: Vec<FaceFrame>,
        /// Why the detection failed.
        problem: Option<Message>,
    },
    Mask {
        mask: Arc<Mask>,
        photo_size: (u32, u32),
    },
    Saved {
        purpose: Purpose,
        path: PathBuf,
        revision: u64,
    },
    /// Nothing was written, because the file exists.
    Exists {
        purpose: Purpose,
        path: PathBuf,
    },
    Composed {
        fill_index: usize,
        photo: Arc<Photo>,
        look: Look,
        patch: Patch,
    },
    Gpus(Vec<GpuInfo>),
    Models(Vec<PathBuf>),
    Model(ModelChoice, anyhow::Result<ModelInfo>),
    Thumbnails(Vec<(Sample, egui::ColorImage)>),
    /// The library's content after the change.
    Shelf {
        change: ShelfChange,
        result: Result<Library, Message>,
    },
    Remembered,
    Training(TrainingDone),
    Failed(Message),
}

/// Starts tasks and collects their results.
pub struct Tasks {
    sender: mpsc::Sender<Done>,
    receiver: mpsc::Receiver<Done>,
    context: egui::Context,
}

impl Tasks {
    pub fn new(context: egui::Context) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver, context }
    }

    /// Starts a task.
    pub fn spawn(&self, task: Task) {
        let (sender, context) = (self.sender.clone(), self.context.clone());
        let is_large = task.is_large();
        let started = std::thread::Builder::new().name("task".to_owned()).spawn(move || {
            // A decoder that panics on a malicious file must not crash the editor.
            let done = catch_unwind(AssertUnwindSafe(|| perform(task))).unwrap_or_else(|_| {
                Done::Failed(Message::from_error(&anyhow::anyhow!(
                    "The program hit an internal error with this file: try another file, and please report this one"
                )))
            });
            // Fails only when the window is already closed.
            let _ = sender.send(done);
            context.request_repaint();
            if is_large {
                give_memory_back();
            }
        });
        if let Err(error) = started {
            let error = anyhow::Error::new(error).context("Cannot start a thread: close other programs and try again");
            let _ = self.sender.send(Done::Failed(Message::from_error(&error)));
        }
    }

    /// The next waiting result.
    pub fn try_done(&self) -> Option<Done> {
        self.receiver.try_recv().ok()
    }
}

fn perform(task: Task) -> Done {
    match task {
        Task::Dialog(purpose, suggested) => ask(purpose, suggested.as_deref()),
        Task::OpenPhoto(path) => opened(open_photo(&path)),
        Task::OpenSample(sample) => opened(open_sample(sample)),
        Task::OpenProject { path, recovered } => open_project(path, recovered),
        Task::SaveProject { path, project, overwrite, revision, photo } => {
            save_project(path, &project, overwrite, revision, photo)
        }
        Task::Autosave { slot, project } => Done::Autosaved(slot.write(&project)),
        Task::RemoveAutosave(slot) => {
            slot.clear();
            Done::Autosaved(Ok(()))
        }
        Task::DiscardAutosave(slot) => {
            slot.close();
            Done::Discarded
        }
        Task::FindRecoverable { folder, known } => Done::Recoverable(find_recoverable(&folder, &known)),
        Task::FindFaces(photo) => find_faces(photo),
        Task::LoadMask { path, width, height } => match load_mask(&path, width, height) {
            Ok(mask) => Done::Mask { mask: Arc::new(mask), photo_size: (width, height) },
            Err(error) => failed(&anyhow::Error::new(error).context("Mask not loaded")),
        },
        Task::SaveMask { path, mask, overwrite, revision } => {
            saved(Purpose::SaveMask, save_mask(&path, &mask, overwrite), path, revision)
        }
        Task::Export { path, picture, content, record, overwrite, revision } => {
            let purpose = match content {
                Content::Photo => Purpose::Export,
                Content::Layer => Purpose::ExportLayer,
            };
            saved(purpose, export(&path, &picture, content, record, overwrite), path, revision)
        }
        Task::Compose { fill_index, picture } => compose(fill_index, &picture),
        Task::ListGpus => Done::Gpus(list_gpus()),
        Task::FindModels => Done::Models(find_models()),
        Task::InspectModel(choice) => {
            let info = inspect(&choice).map_err(anyhow::Error::new);
            Done::Model(choice, info)
        }
        Task::SampleThumbnails => Done::Thumbnails(
            Sample::ALL.into_iter().filter_map(|sample| Some((sample, thumbnail(sample).ok()?))).collect(),
        ),
        Task::ChangeShelf { path, change } => {
            let result = change_shelf(&path, change.clone()).map_err(|error| Message::from_error(&error.into()));
            Done::Shelf { change, result }
        }
        Task::Training(task) => Done::Training(task.perform()),
        Task::Remember(remembered, path) => {
            if let Err(error) = remembered.save(&path) {
                tracing::warn!("settings not saved to {}: {error:#}", path.display());
            }
            Done::Remembered
        }
    }
}

fn failed(error: &anyhow::Error) -> Done {
    Done::Failed(Message::from_error(error))
}

fn saved(purpose: Purpose, result: Result<(), SaveError>, path: PathBuf, revision: u64) -> Done {
    match result {
        Ok(()) => Done::Saved { purpose, path, revision },
        Err(SaveError::Exists { path }) => Done::Exists { purpose, path },
        Err(error) => failed(&anyhow::Error::new(error).context("Not saved; your work is still here")),
    }
}
