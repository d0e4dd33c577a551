//! The actions that panels send to the state, and the types of their arguments.

use std::path::PathBuf;

use crate::app::canvas::CanvasAction;
use crate::app::explore::ExploreAction;
use crate::app::sample_portraits::SamplePortrait;
use crate::app::shortcuts::EditorCommand;
use crate::app::tasks::{PathPurpose, TaskResult};
use crate::app::theme::ThemeChoice;
use crate::app::training::TrainingAction;
use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::geometry::{FaceFrame, RectPx};
use crate::mask::MaskPreset;
use crate::model::ModelChoice;
use crate::search::{Preset, Settings};

/// Something to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentSource {
    /// Ask the user with a file dialog.
    Dialog,
    File(PathBuf),
    Sample(SamplePortrait),
    /// The autosaved project in this file.
    Recoverable(PathBuf),
}

/// What to do once the user has decided about unsaved work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingClose {
    Window,
    Open(DocumentSource),
}

/// The answer to "Save before closing?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveAnswer {
    Save,
    Discard,
    Cancel,
}

/// A text field for a path: for systems without a file dialog, and for users who prefer to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathBar {
    pub purpose: PathPurpose,
    pub text: String,
    /// The file exists already: the user must confirm replacing it.
    pub file_exists: bool,
}

/// A non-modal help window over the editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelpWindow {
    Shortcuts,
    About,
}

/// A command that the canvas runs before it is drawn next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CanvasCommand {
    PhotoChanged,
    /// Redraw this rectangle of the mask, in photo pixels.
    MaskChanged(RectPx),
    Fit,
    /// Zoom to this face, or fit the photo when the view shows the face already.
    ZoomToFace(FaceFrame),
    /// This face was chosen: show it if the view showed the face chosen before.
    FollowFace(FaceFrame),
    /// This face was found: zoom to it if it is small on the screen and the user has not moved the view.
    ShowFoundFace(FaceFrame),
    ActualPixels,
    ZoomBy(f32),
}

/// Everything that can change the state.
pub enum Action {
    RunCommand(EditorCommand),
    Open(DocumentSource),
    Canvas(CanvasAction),
    /// Cancel the drag on the canvas and undo its effect.
    CancelDrag,
    AddShape(MaskPreset),
    SetBrushRadius(f32),
    SetPreset(Preset),
    SetSettings(Settings),
    SetBlend(Blend),
    SetDevice(DeviceChoice),
    SetModel(ModelChoice),
    ChooseModelFile,
    SetTheme(ThemeChoice),
    SetLogLosses(bool),
    SetRecordProvenance(bool),
    SetShowFirstGuess(bool),
    SetFaceOnly(bool),
    /// Mix the shown candidate with the one at this index.
    MixWith(usize),
    /// Position of the mix slider, 0 to 1.
    SetMixPosition(f32),
    /// The mix slider was released: keep the mix as a candidate.
    KeepMix,
    /// An action in the Explore window, or on the face that fills start from.
    Explore(ExploreAction),
    ShowBefore(bool),
    SetPathText(String),
    SubmitPath {
        replace: bool,
    },
    ClosePathBar,
    SetStartScreenPath(String),
    CloseHelpWindow,
    /// The window's close button was pressed.
    RequestClose,
    AnswerSaveQuestion(SaveAnswer),
    /// Delete the autosaved project in this file.
    DiscardRecoverable(PathBuf),
    Training(TrainingAction),
    TaskDone(TaskResult),
}
