//! The actions that panels ask for, each a part of the state's.

use std::path::PathBuf;
use std::sync::Arc;

use egui::ColorImage;

use crate::app::batch::BatchAction;
use crate::app::dialogs::{DialogAction, DocumentSource, SaveAnswer};
use crate::app::document::DocumentAction;
use crate::app::explain::ExplainAction;
use crate::app::explore::ExploreAction;
use crate::app::fill::FillAction;
use crate::app::maps::MapAction;
use crate::app::outbox::PasteTarget;
use crate::app::preferences::Preferences;
use crate::app::shortcuts::EditorCommand;
use crate::app::tasks::PathPurpose;
use crate::app::training::{RunModel, TrainingAction};
use crate::mask::{FaceRegion, MaskPreset, StrokeKind};

/// Everything that can change the state.
pub enum Action {
    RunCommand(EditorCommand),
    Document(DocumentAction),
    /// Add this shape in the face frame to the hole.
    AddShape(MaskPreset),
    /// Add this part of the face to the hole, or remove it.
    EditRegion(FaceRegion, StrokeKind),
    Fill(FillAction),
    Map(MapAction),
    /// An action in the Explore window, or on the face that fills start from.
    Explore(ExploreAction),
    /// An action in the window that explains the method.
    Explain(ExplainAction),
    Training(TrainingAction),
    Batch(BatchAction),
    /// Stop exporting the fills of the batch window.
    CancelBatchExport,
    /// Close the window although fills of the batch window are not exported.
    CloseWithoutExport,
    Dialog(DialogAction),
    SetPreferences(Box<Preferences>),
    /// Show a file dialog.
    ChooseFile(PathPurpose),
    /// Load the model again after an error.
    RetryModel,
    /// Fill with this model of the followed training run.
    UseTrainedModel(RunModel),
    ShowBefore(bool),
    SetDivider(f32),
    /// Compare the shown fill with this one, or with the photo for `None`.
    CompareWith(Option<usize>),
    Open(DocumentSource),
    /// A picture was pasted.
    Paste(PasteTarget, Arc<ColorImage>),
    /// The path in the path field was confirmed.
    SubmitPath {
        replace: bool,
    },
    /// The window's close button was pressed.
    RequestClose,
    AnswerSaveQuestion(SaveAnswer),
    /// Delete the autosaved project in this file.
    DiscardRecoverable(PathBuf),
}

/// What the panels ask for in one frame.
pub struct Actions {
    list: Vec<Action>,
    /// A copy of the preferences, for the panels to edit.
    pub preferences: Preferences,
}

impl Actions {
    pub fn new(preferences: &Preferences) -> Self {
        Self { list: Vec::new(), preferences: preferences.clone() }
    }

    pub fn push(&mut self, action: Action) {
        self.list.push(action);
    }

    /// The actions in order, the changes of the preferences first.
    pub fn into_list(self, preferences: &Preferences) -> Vec<Action> {
        let is_changed = self.preferences != *preferences;
        let change = is_changed.then(|| Action::SetPreferences(Box::new(self.preferences)));
        change.into_iter().chain(self.list).collect()
    }
}
