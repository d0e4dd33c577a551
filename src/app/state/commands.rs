//! Runs the editor commands of the shortcut table, and gives the reason when a command is disabled.

use super::EditorState;
use crate::app::batch::BatchAction;
use crate::app::canvas::{Tool, ViewCommand};
use crate::app::dialogs::{DialogAction, DocumentSource, HelpWindow};
use crate::app::document::{DocumentAction, PhotoDocument};
use crate::app::explain::ExplainAction;
use crate::app::fill::{
    FillAction, ShownFill, branch_disabled_reason, latent_disabled_reason, mix_disabled_reason,
    timeline_disabled_reason,
};
use crate::app::language::{self, translate};
use crate::app::maps::MapAction;
use crate::app::outbox::PasteTarget;
use crate::app::shortcuts::{COMMANDS, EditorCommand};
use crate::app::tasks::{PathPurpose, Task, show_file_dialog};
use crate::app::training::TrainingAction;
use crate::mask::MaskEdit;
use crate::restore::ImageTask;

/// Each press of `[` or `]` changes the brush by this factor.
const BRUSH_STEP: f32 = 1.2;
/// Each press of + or − changes the zoom by this factor.
const ZOOM_STEP: f32 = 1.25;

/// Why no search starts beside the batch window's.
pub(super) const BATCH_RUNS: &str = "The batch window is filling photos: stop it first, or wait";

/// The commands that write the filled photo.
const EXPORTS: [EditorCommand; 5] = [
    EditorCommand::Export,
    EditorCommand::ExportPath,
    EditorCommand::ExportLayer,
    EditorCommand::ExportAndNext,
    EditorCommand::CopyPicture,
];

/// Why each command is disabled, in the language of the interface and in the order of [`COMMANDS`].
pub struct CommandStates(Vec<Option<&'static str>>);

impl CommandStates {
    pub fn new(disabled_reason: impl Fn(EditorCommand) -> Option<&'static str>) -> Self {
        Self(COMMANDS.iter().map(|entry| disabled_reason(entry.command).map(translate)).collect())
    }

    /// Why a command is disabled, for its tooltip; `None` when it is enabled.
    pub fn disabled_reason(&self, command: EditorCommand) -> Option<&'static str> {
        let index = COMMANDS.iter().position(|entry| entry.command == command)?;
        self.0.get(index).copied().flatten()
    }
}

impl EditorState {
    /// Why a command is disabled, for its tooltip; `None` when it is enabled.
    #[expect(clippy::too_many_lines, reason = "a table of commands")]
    pub fn disabled_reason(&self, command: EditorCommand) -> Option<&'static str> {
        let document = self.document.as_ref();
        let is_running = self.fill.is_running();
        let shown_fill = document.and_then(PhotoDocument::shown_fill);
        let candidate_count = self.candidate_count();
        let saving = || self.files.is_saving.then_some("A file is being saved");
        let no_photo = document.is_none().then_some("Open a photo first");
        let no_folder = || {
            let is_file = document.is_some_and(|document| document.photo.source.is_some());
            (!is_file).then_some("This photo is in no folder")
        };
        let no_fill = || shown_fill.is_none().then(|| self.nothing_to_export());
        let no_iteration = |document| self.iteration_disabled_reason(command, document);
        let locked_by_batch = || self.batch.is_running().then_some(BATCH_RUNS);
        let locked_by_fill = || is_running.then_some("A fill is running: stop it first");
        match command {
            EditorCommand::Open
            | EditorCommand::OpenPath
            | EditorCommand::Shortcuts
            | EditorCommand::HowItWorks
            | EditorCommand::About
            | EditorCommand::Quit
            | EditorCommand::Explore
            | EditorCommand::Batch
            | EditorCommand::Training
            | EditorCommand::PastePicture => None,
            EditorCommand::SaveProject | EditorCommand::SaveProjectAs => no_photo.or_else(saving),
            EditorCommand::NextPhoto | EditorCommand::PreviousPhoto => no_photo.or_else(no_folder),
            EditorCommand::SameHole => {
                no_photo.or_else(locked_by_fill).or_else(|| self.same_hole_disabled_reason(document?))
            }
            EditorCommand::ToggleDivider | EditorCommand::NextMap | EditorCommand::PreviousMap => {
                no_photo.or_else(|| self.nothing_shown_reason(command))
            }
            EditorCommand::BrushTool
            | EditorCommand::EraserTool
            | EditorCommand::IgnoreTool
            | EditorCommand::RectangleTool
            | EditorCommand::EllipseTool
            | EditorCommand::LassoTool
            | EditorCommand::PolygonTool
            | EditorCommand::FrameTool
            | EditorCommand::SmallerBrush
            | EditorCommand::LargerBrush
            | EditorCommand::ZoomIn
            | EditorCommand::ZoomOut
            | EditorCommand::ZoomToFit
            | EditorCommand::ZoomToFace
            | EditorCommand::ZoomToActualPixels
            | EditorCommand::PasteMask
            | EditorCommand::LoadMask
            | EditorCommand::InvertMask => no_photo,
            EditorCommand::NextFace => no_photo.or_else(locked_by_fill).or_else(|| {
                let faces = document.and_then(PhotoDocument::detected_faces).unwrap_or_default();
                let has_filled_faces = document.is_some_and(|document| document.selectable_faces() > 1);
                (faces.is_empty() && !has_filled_faces).then_some("No face was found: place the frame by hand")
            }),
            EditorCommand::ClearMask => {
                no_photo.or_else(|| (!document.is_some_and(PhotoDocument::has_paint)).then_some("Nothing is painted"))
            }
            EditorCommand::SaveMask | EditorCommand::GrowMask | EditorCommand::ShrinkMask => {
                no_photo.or_else(|| (!document.is_some_and(PhotoDocument::has_hole)).then_some("Nothing is painted"))
            }
            EditorCommand::Undo => no_photo
                .or_else(|| locked_by_fill().filter(|_| !document.is_some_and(PhotoDocument::is_undo_mask_only)))
                .or_else(|| document.and_then(PhotoDocument::undo_name).is_none().then_some("Nothing to undo")),
            EditorCommand::Redo => no_photo
                .or_else(|| locked_by_fill().filter(|_| !document.is_some_and(PhotoDocument::is_redo_mask_only)))
                .or_else(|| document.and_then(PhotoDocument::redo_name).is_none().then_some("Nothing to redo")),
            EditorCommand::Export
            | EditorCommand::ExportPath
            | EditorCommand::ExportLayer
            | EditorCommand::CopyPicture => no_photo.or_else(locked_by_fill).or_else(saving).or_else(no_fill),
            EditorCommand::ExportAndNext => self.disabled_reason(EditorCommand::Export).or_else(no_folder),
            EditorCommand::Fill => no_photo.or_else(locked_by_batch).or_else(|| self.fill_disabled_reason(document?)),
            EditorCommand::NextTask => locked_by_fill(),
            EditorCommand::Stop if self.fill.is_waiting() => None,
            EditorCommand::NextIteration if !is_running => no_photo.or_else(|| no_iteration(document?)),
            EditorCommand::Stop | EditorCommand::PauseOrResume | EditorCommand::NextIteration => {
                match self.fill.running() {
                    None => Some("No fill is running"),
                    Some(run) if run.is_stopping => Some("The fill is stopping"),
                    Some(_) => None,
                }
            }
            EditorCommand::MoreLikeThis => no_photo
                .or_else(locked_by_fill)
                .or_else(locked_by_batch)
                .or_else(|| latent_disabled_reason(document?, &self.engine)),
            EditorCommand::PreviousIteration
            | EditorCommand::PlayIterations
            | EditorCommand::KeepIteration
            | EditorCommand::Branch
            | EditorCommand::ExportSearch
            | EditorCommand::ExportFrames => {
                no_photo.or_else(locked_by_fill).or_else(locked_by_batch).or_else(|| no_iteration(document?))
            }
            EditorCommand::Mix => no_photo
                .or_else(locked_by_fill)
                .or_else(locked_by_batch)
                .or_else(|| document.and_then(|document| mix_disabled_reason(document, &self.engine))),
            EditorCommand::ShowBestCandidate | EditorCommand::ShowCandidate(_) | EditorCommand::EditFace => {
                (candidate_count == 0).then_some("No candidates yet: press Fill first")
            }
        }
    }

    fn fill_disabled_reason(&self, document: &PhotoDocument) -> Option<&'static str> {
        self.fill.start_disabled_reason(document, self.preferences.settings.task)
    }

    fn nothing_to_export(&self) -> &'static str {
        if self.preferences.settings.task.is_fill() {
            "Nothing to export yet: paint over part of the face and press Fill"
        } else {
            "Nothing to export yet: press Fill"
        }
    }

    /// Why a command that concerns the shown fill is disabled without one.
    fn nothing_shown_reason(&self, command: EditorCommand) -> Option<&'static str> {
        let reason = match command {
            EditorCommand::ToggleDivider => "Nothing to compare yet: press Fill first",
            _ => "Nothing to explain yet: press Fill first",
        };
        self.shown_fill().is_none().then_some(reason)
    }

    fn same_hole_disabled_reason(&self, document: &PhotoDocument) -> Option<&'static str> {
        match &self.files.series.last_hole {
            None => Some("No hole yet on another photo"),
            Some(_) if document.detected_faces().is_none() => Some("Looking for faces"),
            Some(_) => None,
        }
    }

    /// Why a command on the timeline is disabled while no search runs.
    fn iteration_disabled_reason(&self, command: EditorCommand, document: &PhotoDocument) -> Option<&'static str> {
        let is_export = matches!(command, EditorCommand::ExportSearch | EditorCommand::ExportFrames);
        let saving = (is_export && self.files.is_saving).then_some("A file is being saved");
        saving.or_else(|| timeline_disabled_reason(document, &self.engine)).or_else(|| match command {
            EditorCommand::Branch if self.batch.is_running() => Some(BATCH_RUNS),
            EditorCommand::Branch => branch_disabled_reason(document, &self.engine),
            EditorCommand::KeepIteration if self.fill.timeline_preview().is_none() => {
                Some("The result is shown: choose an iteration first")
            }
            EditorCommand::KeepIteration => latent_disabled_reason(document, &self.engine),
            _ => None,
        })
    }

    pub(super) fn run_command(&mut self, command: EditorCommand) {
        if self.disabled_reason(command).is_some() {
            return;
        }
        if EXPORTS.contains(&command)
            && let Some(document) = &mut self.document
        {
            // What is seen is exported.
            self.fill.keep_iteration(document);
        }
        match command {
            EditorCommand::Open => self.open(DocumentSource::Dialog),
            EditorCommand::OpenPath => self.ask_for_path(PathPurpose::OpenPhoto),
            EditorCommand::NextPhoto => self.open_neighbour(true),
            EditorCommand::ExportAndNext => self.export_and_open_next(),
            EditorCommand::PreviousPhoto => self.open_neighbour(false),
            EditorCommand::SaveProject => self.save_project(),
            EditorCommand::SaveProjectAs => self.show_file_dialog(PathPurpose::SaveProject),
            EditorCommand::Export => self.show_file_dialog(PathPurpose::Export),
            EditorCommand::ExportPath => self.ask_for_path(PathPurpose::Export),
            EditorCommand::ExportLayer => self.show_file_dialog(PathPurpose::ExportLayer),
            EditorCommand::LoadMask => self.show_file_dialog(PathPurpose::LoadMask),
            EditorCommand::SaveMask => self.show_file_dialog(PathPurpose::SaveMask),
            EditorCommand::CopyPicture => self.copy_picture(),
            EditorCommand::PastePicture => self.outbox.request_paste(PasteTarget::Photo),
            EditorCommand::PasteMask => self.outbox.request_paste(PasteTarget::Mask),
            EditorCommand::Undo => self.update_document(DocumentAction::Undo),
            EditorCommand::Redo => self.update_document(DocumentAction::Redo),
            EditorCommand::ClearMask => self.update_document(DocumentAction::EditMask(MaskEdit::Clear)),
            EditorCommand::InvertMask => self.update_document(DocumentAction::EditMask(MaskEdit::Invert)),
            EditorCommand::SameHole => self.use_last_hole(),
            EditorCommand::GrowMask => self.grow_mask(1.0),
            EditorCommand::ShrinkMask => self.grow_mask(-1.0),
            EditorCommand::NextFace => {
                self.update_document(DocumentAction::PickNextFace);
                self.change_view_to_frame(ViewCommand::FollowFace);
            }
            EditorCommand::BrushTool => (self.view.tool, self.view.areas_ignore) = (Tool::Brush, false),
            EditorCommand::EraserTool => self.view.tool = Tool::Eraser,
            EditorCommand::IgnoreTool => (self.view.tool, self.view.areas_ignore) = (Tool::Ignore, true),
            EditorCommand::RectangleTool => self.view.tool = Tool::Rectangle,
            EditorCommand::EllipseTool => self.view.tool = Tool::Ellipse,
            EditorCommand::LassoTool => self.view.tool = Tool::Lasso,
            EditorCommand::PolygonTool => self.view.tool = Tool::Polygon,
            EditorCommand::FrameTool => self.view.tool = Tool::Frame,
            EditorCommand::SmallerBrush => self.scale_brush(1.0 / BRUSH_STEP),
            EditorCommand::LargerBrush => self.scale_brush(BRUSH_STEP),
            EditorCommand::ZoomIn => self.outbox.change_view(ViewCommand::ZoomBy(ZOOM_STEP)),
            EditorCommand::ZoomOut => self.outbox.change_view(ViewCommand::ZoomBy(1.0 / ZOOM_STEP)),
            EditorCommand::ZoomToFit => self.outbox.change_view(ViewCommand::Fit),
            EditorCommand::ZoomToFace => self.change_view_to_frame(ViewCommand::ZoomToFace),
            EditorCommand::ZoomToActualPixels => self.outbox.change_view(ViewCommand::ActualPixels),
            EditorCommand::Fill => self.update_fill(FillAction::Start),
            EditorCommand::Stop => self.update_fill(FillAction::Stop),
            EditorCommand::PauseOrResume => self.update_fill(FillAction::PauseOrResume),
            EditorCommand::NextIteration if self.fill.is_running() => self.update_fill(FillAction::StepOnce),
            EditorCommand::NextIteration => self.update_fill(FillAction::StepTimeline(1)),
            EditorCommand::PreviousIteration => self.update_fill(FillAction::StepTimeline(-1)),
            EditorCommand::PlayIterations => self.update_fill(FillAction::TogglePlay),
            EditorCommand::KeepIteration => self.update_fill(FillAction::KeepIteration),
            EditorCommand::Branch => self.update_fill(FillAction::Branch),
            EditorCommand::ExportSearch => self.show_file_dialog(PathPurpose::ExportSearch),
            EditorCommand::ExportFrames => self.show_file_dialog(PathPurpose::ExportFrames),
            EditorCommand::ToggleDivider => {
                self.view.divider = self.view.divider.is_none().then(|| self.hole_center_x());
            }
            EditorCommand::NextMap => self.maps.update(MapAction::Next),
            EditorCommand::PreviousMap => self.maps.update(MapAction::Previous),
            EditorCommand::ShowBestCandidate => self.update_fill(FillAction::ShowCandidate(None)),
            EditorCommand::ShowCandidate(position) => {
                let order = self.shown_fill().map(ShownFill::candidate_order).unwrap_or_default();
                if let Some(&index) = order.get(position) {
                    self.update_fill(FillAction::ShowCandidate(Some(index)));
                }
            }
            EditorCommand::MoreLikeThis => self.update_fill(FillAction::MoreLikeThis),
            EditorCommand::Mix => self.update_fill(FillAction::ToggleMix),
            EditorCommand::EditFace => self.preferences.edits_face = !self.preferences.edits_face,
            EditorCommand::NextTask => self.choose_next_task(),
            EditorCommand::Explore => self.preferences.explore = !self.preferences.explore,
            EditorCommand::Batch => self.update_batch(BatchAction::Toggle),
            EditorCommand::Training => {
                self.training.update(TrainingAction::Toggle, &mut self.preferences, &self.outbox);
            }
            EditorCommand::Shortcuts => self.dialogs.update(DialogAction::ToggleHelpWindow(HelpWindow::Shortcuts)),
            EditorCommand::HowItWorks => self.explain.update(ExplainAction::Toggle),
            EditorCommand::About => self.dialogs.update(DialogAction::ToggleHelpWindow(HelpWindow::About)),
            EditorCommand::Quit => self.close_window(),
        }
    }

    fn choose_next_task(&mut self) {
        let current = self.preferences.settings.task;
        let position = ImageTask::ALL.iter().position(|task| task.is_same_kind(&current)).unwrap_or_default();
        let next = ImageTask::ALL[(position + 1) % ImageTask::ALL.len()];
        let mut preferences = self.preferences.clone();
        preferences.set_task(next);
        self.set_preferences(preferences);
    }

    /// Grows the hole by the distance in the preferences, or shrinks it for the factor -1.
    fn grow_mask(&mut self, factor: f32) {
        let distance_px = factor * self.preferences.grow_px;
        self.update_document(DocumentAction::EditMask(MaskEdit::Grow(distance_px)));
    }

    fn scale_brush(&mut self, factor: f32) {
        self.preferences.set_brush_radius(self.preferences.brush_radius_px * factor);
    }

    /// The centre of the hole as a share of the photo's width. In a fitted view, a divider there halves the fill.
    pub(super) fn hole_center_x(&self) -> f32 {
        let bounds = self.document.as_ref().and_then(|document| document.mask().hole_bounds());
        #[expect(clippy::cast_precision_loss, reason = "photo sides are far below 2^24")]
        let center_x = self.document.as_ref().zip(bounds).map(|(document, bounds)| {
            (bounds.x as f32 + bounds.width as f32 / 2.0) / document.photo.width().max(1) as f32
        });
        center_x.unwrap_or(0.5)
    }

    pub(super) fn show_file_dialog(&self, purpose: PathPurpose) {
        let suggested = self.suggested_path(purpose);
        let language = language::current();
        let show = move || {
            language::set(language);
            Ok(show_file_dialog(purpose, suggested.as_deref()))
        };
        self.outbox.spawn(Task::internal(), show, move |state, answer| state.dialog_closed(purpose, answer));
    }

    /// Opens the path field.
    pub(super) fn ask_for_path(&mut self, purpose: PathPurpose) {
        let suggested = self.suggested_path(purpose);
        self.dialogs.ask_for_path(purpose, suggested.as_deref());
    }

    fn suggested_path(&self, purpose: PathPurpose) -> Option<std::path::PathBuf> {
        let document = self.document.as_ref();
        match purpose {
            PathPurpose::SaveProject => document.map(PhotoDocument::suggested_project_path),
            PathPurpose::Export => {
                document.map(|document| document.suggested_export_path(self.files.series.export_format))
            }
            PathPurpose::ExportLayer => document.map(PhotoDocument::suggested_layer_path),
            PathPurpose::ExportSearch => document.map(PhotoDocument::suggested_search_path),
            PathPurpose::SaveMask => document.map(PhotoDocument::suggested_mask_path),
            PathPurpose::FollowTrainingRun => self.preferences.training_run.clone(),
            PathPurpose::OpenPhoto
            | PathPurpose::LoadMask
            | PathPurpose::OpenModel
            | PathPurpose::ExportFrames
            | PathPurpose::BatchFolder
            | PathPurpose::BatchPhotos
            | PathPurpose::BatchMasks
            | PathPurpose::BatchExport => None,
        }
    }
}
