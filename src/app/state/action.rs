//! The actions that panels send to the state, and the types of their arguments.

use std::path::PathBuf;

use crate::app::canvas::CanvasAction;
use crate::app::explore::Wish;
use crate::app::samples::Sample;
use crate::app::shortcuts::Verb;
use crate::app::tasks::{Done, Purpose};
use crate::app::theme::ThemeChoice;
use crate::app::training::TrainingAction;
use crate::blend::Blend;
use crate::device::DeviceChoice;
use crate::mask::MaskPreset;
use crate::model::ModelChoice;
use crate::photo::RectPx;
use crate::search::{Preset, Settings};

/// Something to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Ask the user with a file dialog.
    Dialog,
    File(PathBuf),
    Sample(Sample),
    /// The autosaved project in this file.
    Recoverable(PathBuf),
}

/// What to do once the user has decided about unsaved work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leave {
    Close,
    Open(Source),
}

/// The answer to "Save before closing?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Save,
    Discard,
    Stay,
}

/// A text field for a path: for systems without a file dialog, and for users who prefer to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathBar {
    pub purpose: Purpose,
    pub text: String,
    /// The file exists already: the user must confirm replacing it.
    pub exists: bool,
}

/// A non-modal help window over the editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaflet {
    Shortcuts,
    About,
}

/// A command that the canvas runs before it is drawn next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CanvasCall {
    PhotoChanged,
    HoleChanged(RectPx),
    Fit,
    ActualPixels,
    ZoomBy(f32),
}

/// Everything that can change the state.
pub enum Action {
    Do(Verb),
    Open(Source),
    Canvas(CanvasAction),
    /// Cancel the drag on the canvas and undo its effect.
    CancelDrag,
    Shape(MaskPreset),
    SetBrushRadius(f32),
    SetPreset(Preset),
    SetSettings(Settings),
    SetBlend(Blend),
    SetDevice(DeviceChoice),
    SetModel(ModelChoice),
    PickModel,
    SetTheme(ThemeChoice),
    SetLogLosses(bool),
    SetRecord(bool),
    SetFirstGuess(bool),
    /// Mix the shown candidate with the one at this index.
    MixWith(usize),
    /// Position of the mix slider, 0 to 1.
    SetMixShare(f32),
    /// The mix slider was released: keep the mix as a candidate.
    LetMixGo,
    /// An action in the Explore window, or on the face that fills start from.
    Explore(Wish),
    ShowBefore(bool),
    TypePath(String),
    SubmitPath {
        replace: bool,
    },
    ClosePathBar,
    TypeStartPath(String),
    CloseLeaflet,
    /// The window's close button was pressed.
    RequestClose,
    Answer(Answer),
    /// Delete the autosaved project in this file.
    DiscardRecoverable(PathBuf),
    Training(TrainingAction),
    Done(Done),
}
