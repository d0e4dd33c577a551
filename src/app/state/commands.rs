//! Runs the editor commands of the shortcut table, and gives the reason when a command is disabled.

use super::{CanvasCommand, DocumentSource, EditorState, HelpWindow, PathBar, PendingClose};
use crate::app::canvas::Tool;
use crate::app::document::{FrameOverlap, FrameUndo, PhotoDocument, UndoneChange};
use crate::app::shortcuts::EditorCommand;
use crate::app::tasks::{BackgroundTask, PathPurpose};
use crate::mask::MaskEdit;

/// Each press of `[` or `]` changes the brush by this factor.
const BRUSH_STEP: f32 = 1.2;
/// Each press of + or − changes the zoom by this factor.
const ZOOM_STEP: f32 = 1.25;

impl EditorState {
    /// Why a command is disabled, for its tooltip; `None` when it is enabled.
    pub fn disabled_reason(&self, command: EditorCommand) -> Option<&'static str> {
        let document = self.document.as_ref();
        let is_running = self.fill_controller.is_running();
        let no_photo = document.is_none().then_some("Open a photo first");
        let locked_by_fill = || is_running.then_some("A fill is running: stop it first");
        match command {
            EditorCommand::Open
            | EditorCommand::OpenPath
            | EditorCommand::Shortcuts
            | EditorCommand::About
            | EditorCommand::Quit
            | EditorCommand::Explore
            | EditorCommand::Training => None,
            EditorCommand::SaveProject | EditorCommand::SaveProjectAs => {
                no_photo.or_else(|| self.is_saving.then_some("A file is being saved"))
            }
            EditorCommand::BrushTool
            | EditorCommand::EraserTool
            | EditorCommand::FrameTool
            | EditorCommand::SmallerBrush
            | EditorCommand::LargerBrush
            | EditorCommand::ZoomIn
            | EditorCommand::ZoomOut
            | EditorCommand::ZoomToFit
            | EditorCommand::ZoomToFace
            | EditorCommand::ZoomToActualPixels
            | EditorCommand::LoadMask
            | EditorCommand::InvertMask => no_photo,
            EditorCommand::NextFace => no_photo.or_else(locked_by_fill).or_else(|| {
                let faces = document.and_then(PhotoDocument::detected_faces).unwrap_or_default();
                faces.is_empty().then_some("No face was found: place the frame by hand")
            }),
            EditorCommand::ClearMask | EditorCommand::SaveMask => {
                no_photo.or_else(|| (!document.is_some_and(PhotoDocument::has_hole)).then_some("Nothing is painted"))
            }
            EditorCommand::Undo => no_photo
                .or_else(|| locked_by_fill().filter(|_| !document.is_some_and(PhotoDocument::is_undo_mask_only)))
                .or_else(|| document.and_then(PhotoDocument::undo_name).is_none().then_some("Nothing to undo")),
            EditorCommand::Redo => no_photo
                .or_else(|| locked_by_fill().filter(|_| !document.is_some_and(PhotoDocument::is_redo_mask_only)))
                .or_else(|| document.and_then(PhotoDocument::redo_name).is_none().then_some("Nothing to redo")),
            EditorCommand::Export | EditorCommand::ExportPath | EditorCommand::ExportLayer => no_photo
                .or_else(locked_by_fill)
                .or_else(|| self.is_saving.then_some("A file is being saved"))
                .or_else(|| {
                    (!self.has_shown_fill())
                        .then_some("Nothing to export yet: paint over part of the face and press Fill")
                }),
            EditorCommand::Fill => {
                no_photo.or_else(locked_by_fill).or_else(|| match document.and_then(PhotoDocument::frame_overlap) {
                    None => Some("Paint over the part of the face to replace first"),
                    // The frame may move to the paint.
                    Some(FrameOverlap::Outside) if self.is_frame_pending() => None,
                    Some(FrameOverlap::Outside) => {
                        Some("The paint is outside the face frame: move the frame over it (F), or paint inside")
                    }
                    Some(FrameOverlap::Inside | FrameOverlap::PartlyOutside) => None,
                })
            }
            EditorCommand::Stop if self.is_fill_waiting() => None,
            EditorCommand::Stop | EditorCommand::PauseOrResume | EditorCommand::StepOnce => {
                match self.fill_controller.running() {
                    None => Some("No fill is running"),
                    Some(run) if run.is_stopping => Some("The fill is stopping"),
                    Some(_) => None,
                }
            }
            EditorCommand::ToggleDivider => no_photo.or_else(|| {
                (!is_running && !self.has_shown_fill()).then_some("Nothing to compare yet: press Fill first")
            }),
            EditorCommand::MoreLikeThis => no_photo.or_else(locked_by_fill).or_else(|| self.latent_disabled_reason()),
            EditorCommand::Mix => no_photo.or_else(locked_by_fill).or_else(|| self.mix_disabled_reason()),
            EditorCommand::ShowBestCandidate | EditorCommand::ShowCandidate(_) => {
                (self.candidate_count() == 0).then_some("No candidates yet: press Fill first")
            }
        }
    }

    /// Whether a fill is shown.
    pub fn has_shown_fill(&self) -> bool {
        self.shown_fill().is_some()
    }

    /// Number of candidates to choose from.
    pub fn candidate_count(&self) -> usize {
        match (self.fill_controller.running(), self.shown_fill()) {
            (Some(run), _) => run.preview.as_ref().map_or(0, |preview| preview.candidates.len()),
            (None, Some(fill)) => fill.record.outcome.candidates.len(),
            (None, None) => 0,
        }
    }

    pub(super) fn run_command(&mut self, command: EditorCommand) {
        if self.disabled_reason(command).is_some() {
            return;
        }
        match command {
            EditorCommand::Open => self.request_close(PendingClose::Open(DocumentSource::Dialog)),
            EditorCommand::OpenPath => self.show_path_bar(PathPurpose::OpenPhoto),
            EditorCommand::SaveProject => self.save_project(),
            EditorCommand::SaveProjectAs => self.show_file_dialog(PathPurpose::SaveProject),
            EditorCommand::Export => self.show_file_dialog(PathPurpose::Export),
            EditorCommand::ExportPath => self.show_path_bar(PathPurpose::Export),
            EditorCommand::ExportLayer => self.show_file_dialog(PathPurpose::ExportLayer),
            EditorCommand::LoadMask => self.show_file_dialog(PathPurpose::LoadMask),
            EditorCommand::SaveMask => self.show_file_dialog(PathPurpose::SaveMask),
            EditorCommand::Undo => self.undo_or_redo(PhotoDocument::undo),
            EditorCommand::Redo => self.undo_or_redo(PhotoDocument::redo),
            EditorCommand::BrushTool => self.tool = Tool::Brush,
            EditorCommand::EraserTool => self.tool = Tool::Eraser,
            EditorCommand::FrameTool => self.tool = Tool::Frame,
            EditorCommand::NextFace => self.select_next_face(),
            EditorCommand::SmallerBrush => self.set_brush_radius(self.preferences.brush_radius_px / BRUSH_STEP),
            EditorCommand::LargerBrush => self.set_brush_radius(self.preferences.brush_radius_px * BRUSH_STEP),
            EditorCommand::ClearMask => self.edit_mask(|document| document.edit_mask(&MaskEdit::Clear)),
            EditorCommand::InvertMask => self.edit_mask(|document| document.edit_mask(&MaskEdit::Invert)),
            EditorCommand::ZoomIn => self.canvas_commands.push(CanvasCommand::ZoomBy(ZOOM_STEP)),
            EditorCommand::ZoomOut => self.canvas_commands.push(CanvasCommand::ZoomBy(1.0 / ZOOM_STEP)),
            EditorCommand::ZoomToFit => self.canvas_commands.push(CanvasCommand::Fit),
            EditorCommand::ZoomToFace => {
                let frame = self.document.as_ref().map(PhotoDocument::face_frame);
                self.canvas_commands.extend(frame.map(CanvasCommand::ZoomToFace));
            }
            EditorCommand::ZoomToActualPixels => self.canvas_commands.push(CanvasCommand::ActualPixels),
            EditorCommand::Fill => self.start_fill(),
            EditorCommand::Stop => {
                self.cancel_waiting_fill();
                self.fill_controller.stop();
            }
            EditorCommand::PauseOrResume => self.fill_controller.toggle_pause(),
            EditorCommand::StepOnce => self.fill_controller.step_once(),
            EditorCommand::ToggleDivider => self.divider = self.divider.is_none().then(|| self.hole_center_x()),
            EditorCommand::ShowBestCandidate => self.show_candidate(None),
            EditorCommand::ShowCandidate(position) => {
                if let Some(&index) = self.candidate_order().get(position) {
                    self.show_candidate(Some(index));
                }
            }
            EditorCommand::MoreLikeThis => self.start_more_like_this(),
            EditorCommand::Mix => self.toggle_mix(),
            EditorCommand::Explore => self.toggle_explore_window(),
            EditorCommand::Training => self.toggle_training(),
            EditorCommand::Shortcuts => self.toggle_help_window(HelpWindow::Shortcuts),
            EditorCommand::About => self.toggle_help_window(HelpWindow::About),
            EditorCommand::Quit => self.request_close(PendingClose::Window),
        }
    }

    fn select_next_face(&mut self) {
        self.edit_document(PhotoDocument::select_next_face);
        let frame = self.document.as_ref().map(PhotoDocument::face_frame);
        self.canvas_commands.extend(frame.map(CanvasCommand::FollowFace));
    }

    /// The centre of the hole as a share of the photo's width. In a fitted view, a divider there halves the fill.
    fn hole_center_x(&self) -> f32 {
        let bounds = self.document.as_ref().and_then(|document| document.mask().hole_bounds());
        #[expect(clippy::cast_precision_loss, reason = "photo sides are far below 2^24")]
        let center_x = self.document.as_ref().zip(bounds).map(|(document, bounds)| {
            (bounds.x as f32 + bounds.width as f32 / 2.0) / document.photo.width().max(1) as f32
        });
        center_x.unwrap_or(0.5)
    }

    fn toggle_help_window(&mut self, window: HelpWindow) {
        self.help_window = (self.help_window != Some(window)).then_some(window);
    }

    fn undo_or_redo(&mut self, undo_or_redo: fn(&mut PhotoDocument, FrameUndo) -> Option<UndoneChange>) {
        let frame = if self.is_locked() { FrameUndo::Keep } else { FrameUndo::Restore };
        let Some(change) = self.document.as_mut().and_then(|document| undo_or_redo(document, frame)) else { return };
        self.canvas_commands.extend(change.mask_rect.map(CanvasCommand::MaskChanged));
        if change.is_fill_switched {
            self.bump_scene_version();
        }
    }

    pub(super) fn cancel_drag(&mut self) {
        let rect_in_photo = self.document.as_mut().and_then(PhotoDocument::cancel_drag);
        self.canvas_commands.extend(rect_in_photo.map(CanvasCommand::MaskChanged));
    }

    pub(super) fn show_file_dialog(&self, purpose: PathPurpose) {
        self.spawn(BackgroundTask::ShowFileDialog(purpose, self.suggested_path(purpose)));
    }

    pub(super) fn show_path_bar(&mut self, purpose: PathPurpose) {
        let text = self.suggested_path(purpose).map_or_else(String::new, |path| path.display().to_string());
        if purpose != PathPurpose::SaveProject {
            self.close_after_save = None;
        }
        self.path_bar = Some(PathBar { purpose, text, file_exists: false });
    }

    fn suggested_path(&self, purpose: PathPurpose) -> Option<std::path::PathBuf> {
        let document = self.document.as_ref();
        match purpose {
            PathPurpose::SaveProject => document.map(PhotoDocument::suggested_project_path),
            PathPurpose::Export => document.map(PhotoDocument::suggested_export_path),
            PathPurpose::ExportLayer => document.map(PhotoDocument::suggested_layer_path),
            PathPurpose::SaveMask => document.map(PhotoDocument::suggested_mask_path),
            PathPurpose::FollowTrainingRun => self.preferences.training_run.clone(),
            PathPurpose::OpenPhoto | PathPurpose::LoadMask | PathPurpose::OpenModel => None,
        }
    }
}
