//! Dialogs: the path field, the help windows, and the question about unsaved changes.
//!
//! [`DialogState`] says which are open. The other files draw them.

pub mod help_window;
pub mod path_bar;
pub mod save_question;

use std::path::{Path, PathBuf};

use super::sample_portraits::SamplePortrait;
use super::tasks::PathPurpose;

/// Something to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentSource {
    /// Ask the user with a file dialog.
    Dialog,
    File(PathBuf),
    Sample(SamplePortrait),
    /// The autosaved project in this file.
    Recoverable(PathBuf),
    /// A fill of the batch window, with the candidate of this rank.
    BatchFill {
        project: PathBuf,
        rank: usize,
    },
}

/// What to do once the user has decided about unsaved work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingClose {
    Window,
    Open(DocumentSource),
}

/// What would lose the fills of the batch window that are not exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchQuestion {
    CloseWindow,
    ClearList,
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

/// A change of the dialogs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogAction {
    SetPathText(String),
    ClosePathBar,
    /// Open this help window, or close it.
    ToggleHelpWindow(HelpWindow),
    CloseHelpWindow,
    AskBatchQuestion(BatchQuestion),
    CloseBatchQuestion,
}

/// Which dialogs are open.
#[derive(Default)]
pub struct DialogState {
    pub path_bar: Option<PathBar>,
    pub help_window: Option<HelpWindow>,
    /// The question about unsaved work is open: what to do after the answer.
    pub save_question: Option<PendingClose>,
    /// The question about fills of the batch window is open.
    pub batch_question: Option<BatchQuestion>,
    /// What to do once the project is saved.
    pub after_save: Option<PendingClose>,
}

impl DialogState {
    pub fn update(&mut self, action: DialogAction) {
        match action {
            DialogAction::SetPathText(text) => {
                if let Some(bar) = &mut self.path_bar {
                    (bar.text, bar.file_exists) = (text, false);
                }
            }
            DialogAction::ClosePathBar => (self.path_bar, self.after_save) = (None, None),
            DialogAction::ToggleHelpWindow(window) => {
                self.help_window = (self.help_window != Some(window)).then_some(window);
            }
            DialogAction::CloseHelpWindow => self.help_window = None,
            DialogAction::AskBatchQuestion(question) => self.batch_question = Some(question),
            DialogAction::CloseBatchQuestion => self.batch_question = None,
        }
    }

    /// Opens the path field.
    pub fn ask_for_path(&mut self, purpose: PathPurpose, suggested: Option<&Path>) {
        if purpose != PathPurpose::SaveProject {
            self.after_save = None;
        }
        let text = suggested.map_or_else(String::new, |path| path.display().to_string());
        self.path_bar = Some(PathBar { purpose, text, file_exists: false });
    }

    /// Opens the path field with a file that exists: replace it, or choose another name.
    pub fn ask_to_replace(&mut self, purpose: PathPurpose, path: &Path) {
        self.path_bar = Some(PathBar { purpose, text: path.display().to_string(), file_exists: true });
    }
}
