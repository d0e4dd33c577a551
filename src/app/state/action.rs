//! The words of the editor: what panels ask for, and the small types that these requests are made of.

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
    /// Whatever the user picks in a dialog.
    Dialog,
    File(PathBuf),
    Sample(Sample),
    /// The automatically saved copy in this file.
    Recoverable(PathBuf),
}

/// What has to wait until the user has said what becomes of unsaved work.
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

/// A field for a path, where there is no file dialog or the user prefers to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathBar {
    pub purpose: Purpose,
    pub text: String,
    /// A file of this name exists; replacing it has to be said.
    pub exists: bool,
}

/// A window over the editor that keeps it usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaflet {
    Shortcuts,
    About,
}

/// What the canvas has to do before it is drawn next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CanvasCall {
    PhotoChanged,
    HoleChanged(RectPx),
    Fit,
    ActualPixels,
    ZoomBy(f32),
}

/// Everything that can happen.
pub enum Action {
    Do(Verb),
    Open(Source),
    Canvas(CanvasAction),
    /// The drag on the canvas is to be as if it had not begun.
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
    /// Mix the shown candidate with this one, an index into the fill's.
    MixWith(usize),
    /// Where the mix stands, 0 to 1.
    SetMixShare(f32),
    /// Keep the mix as it stands.
    LetMixGo,
    /// In the Explore window, or to the face that fills start at.
    Explore(Wish),
    ShowBefore(bool),
    TypePath(String),
    SubmitPath {
        replace: bool,
    },
    ClosePathBar,
    TypeStartPath(String),
    CloseLeaflet,
    /// The window's close button.
    RequestClose,
    Answer(Answer),
    /// Work that an earlier window has left in this file is not wanted.
    DiscardRecoverable(PathBuf),
    Training(TrainingAction),
    Done(Done),
}
