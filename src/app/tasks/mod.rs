//! Background tasks: file access, file dialogs and other slow work. Each task runs on its own thread.
//!
//! Each task returns one [`TaskResult`] through a channel, and the UI thread never waits for it. On a system without
//! file dialogs the result is [`TaskResult::NoDialog`] (see `file_dialog`).

mod export_fill;
mod file_dialog;
mod find_faces;
mod open_photo;
mod project_io;

pub use export_fill::ExportOptions;
pub use file_dialog::with_extension;
pub use project_io::{OpenedProject, ReplacedProject};

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use export_fill::export_fill;
use file_dialog::show_file_dialog;
use find_faces::{find_face_frame, find_faces};
use open_photo::{open_photo, open_sample, sample_thumbnail};
use project_io::{open_project, save_project};

use super::autosave::{RecoveryFile, RecoveryScanResult, find_recoverable};
use super::explore::{LibraryChange, change_library};
use super::preferences::Preferences;
use super::sample_portraits::SamplePortrait;
use super::toasts::{Severity, UserMessage};
use super::training::{TrainingTask, TrainingTaskResult};
use crate::blend::FillPatch;
use crate::catch_panic::catch_panic;
use crate::device::{GpuInfo, list_gpus};
use crate::explore::LatentLibrary;
use crate::fs::{Overwrite, WriteError};
use crate::geometry::FaceFrame;
use crate::job::{ExportContent, FillLook, FillRecord, trim_heap};
use crate::mask::{LoadedMask, Mask, load_mask, save_mask};
use crate::model::{ModelChoice, ModelInfo, find_models, inspect};
use crate::photo::{Photo, SaveError};
use crate::project::{PhotoOrigin, Project};

/// What the user is asked to choose a path for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathPurpose {
    /// A photo or a project.
    OpenPhoto,
    SaveProject,
    Export,
    ExportLayer,
    LoadMask,
    SaveMask,
    OpenModel,
    /// A folder.
    FollowTrainingRun,
}

/// Work to do in the background.
pub enum BackgroundTask {
    /// Ask for a path; the second value is the suggested one.
    ShowFileDialog(PathPurpose, Option<PathBuf>),
    OpenPhoto(PathBuf),
    OpenSample(SamplePortrait),
    /// `is_recovered`: the file is an autosaved copy.
    OpenProject {
        path: PathBuf,
        is_recovered: bool,
    },
    SaveProject {
        path: PathBuf,
        project: Box<Project>,
        replaces: ReplacedProject,
        revision: u64,
        photo: Arc<Photo>,
    },
    /// Autosave unsaved work.
    Autosave {
        file: Arc<RecoveryFile>,
        project: Box<Project>,
    },
    /// Remove this window's autosaved copy, because the work is saved.
    RemoveAutosave(Arc<RecoveryFile>),
    /// Delete an autosaved copy and its lock for good.
    DiscardAutosave(Arc<RecoveryFile>),
    /// Scan this folder for unsaved work of other windows. `own_paths`: the files that belong to this window.
    FindRecoverable {
        folder: PathBuf,
        own_paths: Vec<PathBuf>,
    },
    /// Detect faces.
    DetectFaces(Arc<Photo>),
    /// Find the face frame from the known pixels only, for this state of the mask.
    FindFrame {
        photo: Arc<Photo>,
        hole: Mask,
    },
    LoadMask {
        path: PathBuf,
        width: u32,
        height: u32,
    },
    SaveMask {
        path: PathBuf,
        mask: Mask,
        overwrite: Overwrite,
        revision: u64,
    },
    Export {
        path: PathBuf,
        photo: Arc<Photo>,
        fill: FillRecord,
        options: ExportOptions,
        revision: u64,
    },
    /// Compose the fill with this index at full size, for the screen.
    Compose {
        fill_index: usize,
        photo: Arc<Photo>,
        fill: FillRecord,
    },
    ListGpus,
    FindModels,
    InspectModel(ModelChoice),
    DecodeSampleThumbnails,
    /// Read or change the library of saved faces.
    ChangeLibrary {
        path: PathBuf,
        change: LibraryChange,
    },
    SavePreferences(Box<Preferences>, PathBuf),
    Training(TrainingTask),
}

impl BackgroundTask {
    /// Whether the task allocates whole pictures. Only then is freed memory returned to the system, which can stall
    /// other threads.
    fn allocates_pictures(&self) -> bool {
        matches!(
            self,
            Self::OpenPhoto(_)
                | Self::OpenSample(_)
                | Self::OpenProject { .. }
                | Self::DetectFaces(_)
                | Self::FindFrame { .. }
                | Self::LoadMask { .. }
                | Self::Export { .. }
                | Self::Compose { .. }
        )
    }
}

impl BackgroundTask {
    /// The message when the program fails in this task.
    fn failure_message(&self) -> UserMessage {
        let (headline, loses_work) = match self {
            Self::OpenPhoto(path) => (format!("Photo not opened: {}", file_name(path)), false),
            Self::OpenProject { path, .. } => (format!("Project not opened: {}", file_name(path)), false),
            Self::LoadMask { path, .. } => (format!("Mask not loaded: {}", file_name(path)), false),
            Self::SaveProject { .. } | Self::Export { .. } | Self::SaveMask { .. } => (NOT_SAVED.to_owned(), true),
            Self::Autosave { .. } => ("Autosave failed: save the project yourself".to_owned(), true),
            Self::DetectFaces(_) | Self::FindFrame { .. } => ("Face detection failed".to_owned(), false),
            _ => ("A task in the background failed".to_owned(), false),
        };
        let message = internal_error(headline);
        if loses_work { message.lasting() } else { message }
    }
}

/// The message when the program fails in a task.
fn internal_error(headline: String) -> UserMessage {
    let advice = "The program hit an internal error: try again or with another file, and please report it";
    UserMessage::new(Severity::Error, headline).with_details(vec![advice.to_owned()])
}

/// Headline when a file could not be written.
const NOT_SAVED: &str = "Not saved; your work is still here";

/// The name of a file for headlines.
fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The result of a task.
pub enum TaskResult {
    /// The user chose a path. `confirmed`: the dialog has already asked whether to replace the file.
    PathChosen {
        purpose: PathPurpose,
        path: PathBuf,
        confirmed: bool,
    },
    /// The dialog was cancelled.
    Cancelled,
    /// There is no file dialog on this system.
    NoDialog(PathPurpose),
    PhotoOpened {
        photo: Arc<Photo>,
        name: String,
        frame: Option<FaceFrame>,
        origin: PhotoOrigin,
    },
    ProjectOpened(Box<OpenedProject>),
    ProjectSaved {
        path: PathBuf,
        /// Hash of the file.
        hash: String,
        revision: u64,
        /// The photo of the saved project, which identifies the document.
        photo: Arc<Photo>,
    },
    /// Nothing was written, because another window has saved the project file meanwhile.
    ProjectChangedElsewhere {
        path: PathBuf,
    },
    /// This window's copy of unsaved work was written or removed.
    AutosaveFinished(anyhow::Result<()>),
    AutosaveDiscarded,
    RecoverableFound(RecoveryScanResult),
    /// The frames of the detected faces, largest face first.
    FacesDetected {
        photo: Arc<Photo>,
        frames: Vec<FaceFrame>,
        /// Why the detection failed.
        error: Option<UserMessage>,
    },
    /// The face frame for a state of the mask; `None` when no face was found.
    FrameFound {
        photo: Arc<Photo>,
        hole: Mask,
        frame: Option<FaceFrame>,
        /// Why the search failed.
        error: Option<UserMessage>,
    },
    MaskLoaded {
        path: PathBuf,
        loaded: LoadedMask,
        photo_size: (u32, u32),
    },
    FileSaved {
        purpose: PathPurpose,
        path: PathBuf,
        revision: u64,
    },
    /// Nothing was written, because the file exists.
    FileExists {
        purpose: PathPurpose,
        path: PathBuf,
    },
    FillComposed {
        fill_index: usize,
        photo: Arc<Photo>,
        look: FillLook,
        patch: Result<Arc<FillPatch>, UserMessage>,
    },
    GpusListed(Vec<GpuInfo>),
    ModelsFound(Vec<PathBuf>),
    ModelInspected(ModelChoice, anyhow::Result<ModelInfo>),
    SampleThumbnailsDecoded(Vec<(SamplePortrait, egui::ColorImage)>),
    /// The library's content after the change.
    LibraryChanged {
        change: LibraryChange,
        result: Result<LatentLibrary, UserMessage>,
    },
    PreferencesSaved,
    Training(TrainingTaskResult),
    Failed(UserMessage),
}

/// Starts tasks and collects their results.
pub struct TaskRunner {
    sender: mpsc::Sender<TaskResult>,
    receiver: mpsc::Receiver<TaskResult>,
    context: egui::Context,
    #[cfg(test)]
    pub compositions: Arc<CompositionCount>,
}

impl TaskRunner {
    pub fn new(context: egui::Context) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self {
            sender,
            receiver,
            context,
            #[cfg(test)]
            compositions: Arc::default(),
        }
    }

    /// Starts a task.
    pub fn spawn(&self, task: BackgroundTask) {
        #[cfg(test)]
        let composition = matches!(task, BackgroundTask::Compose { .. }).then(|| self.compositions.begin());
        let (sender, context) = (self.sender.clone(), self.context.clone());
        let allocates_pictures = task.allocates_pictures();
        let spawned = std::thread::Builder::new().name("task".to_owned()).spawn(move || {
            // A decoder that panics on a malicious file must not crash the editor.
            let failure = task.failure_message();
            let result = catch_panic(|| run_task(task)).unwrap_or_else(|reason| {
                tracing::error!("{}: {reason}", failure.headline);
                TaskResult::Failed(failure)
            });
            #[cfg(test)]
            drop(composition);
            // Fails only when the window is already closed.
            let _ = sender.send(result);
            context.request_repaint();
            if allocates_pictures {
                trim_heap();
            }
        });
        if let Err(error) = spawned {
            let error = anyhow::Error::new(error).context("Cannot start a thread: close other programs and try again");
            let _ = self.sender.send(task_failed(&error));
        }
    }

    /// The next waiting result.
    pub fn try_result(&self) -> Option<TaskResult> {
        self.receiver.try_recv().ok()
    }
}

fn run_task(task: BackgroundTask) -> TaskResult {
    match task {
        BackgroundTask::ShowFileDialog(purpose, suggested) => show_file_dialog(purpose, suggested.as_deref()),
        BackgroundTask::OpenPhoto(path) => open_photo(&path),
        BackgroundTask::OpenSample(sample) => open_sample(sample),
        BackgroundTask::OpenProject { path, is_recovered } => open_project(path, is_recovered),
        BackgroundTask::SaveProject { path, project, replaces, revision, photo } => {
            save_project(path, &project, &replaces, revision, photo)
        }
        BackgroundTask::Autosave { file, project } => TaskResult::AutosaveFinished(file.write(&project)),
        BackgroundTask::RemoveAutosave(file) => {
            file.remove_project();
            TaskResult::AutosaveFinished(Ok(()))
        }
        BackgroundTask::DiscardAutosave(file) => {
            file.close();
            TaskResult::AutosaveDiscarded
        }
        BackgroundTask::FindRecoverable { folder, own_paths } => {
            TaskResult::RecoverableFound(find_recoverable(&folder, &own_paths))
        }
        BackgroundTask::DetectFaces(photo) => find_faces(photo),
        BackgroundTask::FindFrame { photo, hole } => find_face_frame(photo, hole),
        BackgroundTask::LoadMask { path, width, height } => match load_mask(&path, width, height) {
            Ok(loaded) => TaskResult::MaskLoaded { path, loaded, photo_size: (width, height) },
            Err(error) => {
                task_failed(&anyhow::Error::new(error).context(format!("Mask not loaded: {}", file_name(&path))))
            }
        },
        BackgroundTask::SaveMask { path, mask, overwrite, revision } => {
            save_result(PathPurpose::SaveMask, save_mask(&path, &mask, overwrite), path, revision)
        }
        BackgroundTask::Export { path, photo, fill, options, revision } => {
            let purpose = match options.content {
                ExportContent::Photo => PathPurpose::Export,
                ExportContent::Layer => PathPurpose::ExportLayer,
            };
            save_result(purpose, export_fill(&path, &photo, &fill, &options), path, revision)
        }
        BackgroundTask::Compose { fill_index, photo, fill } => {
            // A failed composition must be answered, too: the next one waits for it.
            let patch =
                catch_panic(|| Arc::new(fill.compose(&photo).expect("the shown candidate exists"))).map_err(|reason| {
                    tracing::error!("composing a fill: {reason}");
                    internal_error("The fill cannot be drawn at full size".to_owned())
                });
            TaskResult::FillComposed { fill_index, photo, look: fill.look, patch }
        }
        BackgroundTask::ListGpus => TaskResult::GpusListed(list_gpus()),
        BackgroundTask::FindModels => TaskResult::ModelsFound(find_models()),
        BackgroundTask::InspectModel(choice) => {
            let info = inspect(&choice).map_err(anyhow::Error::new);
            TaskResult::ModelInspected(choice, info)
        }
        BackgroundTask::DecodeSampleThumbnails => {
            let decode = |sample| Some((sample, sample_thumbnail(sample).ok()?));
            TaskResult::SampleThumbnailsDecoded(SamplePortrait::ALL.into_iter().filter_map(decode).collect())
        }
        BackgroundTask::ChangeLibrary { path, change } => {
            let result = change_library(&path, change.clone()).map_err(|error| UserMessage::from_error(&error.into()));
            TaskResult::LibraryChanged { change, result }
        }
        BackgroundTask::Training(task) => TaskResult::Training(task.run()),
        BackgroundTask::SavePreferences(preferences, path) => {
            if let Err(error) = preferences.save(&path) {
                tracing::warn!("settings not saved to {}: {error:#}", path.display());
            }
            TaskResult::PreferencesSaved
        }
    }
}

fn task_failed(error: &anyhow::Error) -> TaskResult {
    TaskResult::Failed(UserMessage::from_error(error))
}

fn save_result(purpose: PathPurpose, result: Result<(), SaveError>, path: PathBuf, revision: u64) -> TaskResult {
    match result {
        Ok(()) => TaskResult::FileSaved { purpose, path, revision },
        Err(SaveError::Write(WriteError::Exists { path })) => TaskResult::FileExists { purpose, path },
        Err(error) => save_failed(error.into()),
    }
}

/// A file could not be written.
fn save_failed(error: anyhow::Error) -> TaskResult {
    TaskResult::Failed(UserMessage::from_error(&error.context(NOT_SAVED)).lasting())
}

/// Counts the compositions that run at the same time.
#[cfg(test)]
#[derive(Default)]
pub struct CompositionCount {
    running: std::sync::atomic::AtomicUsize,
    most: std::sync::atomic::AtomicUsize,
}

#[cfg(test)]
impl CompositionCount {
    /// Counts one until the result is dropped.
    fn begin(self: &Arc<Self>) -> impl Drop + use<> {
        struct End(Arc<CompositionCount>);
        impl Drop for End {
            fn drop(&mut self) {
                self.0.running.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let running = self.running.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        self.most.fetch_max(running, std::sync::atomic::Ordering::SeqCst);
        End(Arc::clone(self))
    }

    /// The most so far.
    pub fn most(&self) -> usize {
        self.most.load(std::sync::atomic::Ordering::SeqCst)
    }
}
