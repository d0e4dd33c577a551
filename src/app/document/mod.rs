//! One photo and the work on it: the mask (hole and ignored pixels), face frame, fills, and an undo history of all three.
//!
//! Copies of the mask share the tiles that do not differ. So a fill, an undo step or a background task keeps a copy of
//! the hole that it belongs to, and comparing it with the current hole is cheap.
//!
//! | file | purpose |
//! | --- | --- |
//! | `mod` | the photo, its hole, the actions on it, and whether there are unsaved changes |
//! | `frame_edits` | the face frame and the detected faces |
//! | `frame_search` | the face frame follows the hole |
//! | `frame_overlap` | whether the hole lies in the frame |
//! | `face_split` | the faces that the hole concerns, and the part of each |
//! | `fills` | finished fills, and which one is shown |
//! | `undo` | undo and redo |
//! | `project_conversion` | conversion to and from a project |

mod face_split;
mod fills;
mod frame_edits;
mod frame_overlap;
mod frame_search;
mod project_conversion;
mod undo;

pub use face_split::{FaceSplit, FacesToFill, SplitInput};
pub use fills::{BranchPoint, DocumentFace, DocumentFill};
pub use frame_overlap::FrameOverlap;

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

use frame_edits::PlacedFrame;
use undo::{FrameUndo, MAX_UNDO_BYTES, UndoStep};

use crate::app::tasks::ExportSource;
use crate::geometry::{FaceFrame, Point};
use crate::mask::{Mask, MaskEdit, Stroke, StrokeKind, is_finite};
use crate::photo::{Photo, PictureFormat};
use crate::project::PhotoOrigin;

/// A change of the hole or the face frame.
#[derive(Clone, Debug, PartialEq)]
pub enum DocumentAction {
    /// A stroke with its first point.
    BeginStroke(Stroke),
    ExtendStroke(Point),
    EndStroke,
    /// Cancel the stroke or the drag of the frame, and undo its effect.
    CancelDrag,
    EditMask(MaskEdit),
    /// Place the frame on the detected face with this index.
    PickFace(usize),
    PickNextFace,
    /// Show the fill with this index again, with its hole and frame.
    ShowFill(usize),
    /// A handle of the frame is being dragged.
    SetFrame(FaceFrame),
    /// The drag of a handle ended; undo restores `before`.
    FrameChanged {
        before: FaceFrame,
    },
    Undo,
    Redo,
}

/// The stroke in progress.
struct ActiveStroke {
    kind: StrokeKind,
    radius_px: f32,
    /// Where it ends so far. `None` before its first finite point.
    end_in_photo: Option<Point>,
}

/// A photo and the user's work on it.
pub struct PhotoDocument {
    pub photo: Arc<Photo>,
    /// The name for titles and suggested file names, without extension.
    pub name: String,
    origin: PhotoOrigin,
    /// The project file; `None` until the project is saved.
    project_path: Option<PathBuf>,
    /// Hash of the project file as this window read or wrote it; `None` when unknown.
    project_hash: Option<String>,
    mask: Mask,
    placed_frame: PlacedFrame,
    /// Whether the user or a detected face has placed the frame.
    is_frame_placed: bool,
    /// The frames of the detected faces, largest first; `None` during detection.
    detected_faces: Option<Vec<FaceFrame>>,
    fills: Vec<DocumentFill>,
    shown_fill: Option<usize>,
    undo_steps: Vec<UndoStep>,
    redo_steps: Vec<UndoStep>,
    max_undo_bytes: usize,
    cached_overlap: RefCell<Option<frame_overlap::CachedOverlap>>,
    /// The faces of the newest hole for which they were found.
    face_split: Option<FaceSplit>,
    active_stroke: Option<ActiveStroke>,
    /// The frame at the start of the drag in progress.
    frame_at_drag_start: Option<PlacedFrame>,
    revision: u64,
    /// The revision of the last export or save.
    saved_revision: u64,
    /// The revision of the last save as a project.
    project_revision: u64,
}

impl PhotoDocument {
    /// A document with an empty mask. Without a frame, the face frame is centred.
    pub fn new(photo: Arc<Photo>, name: String, frame: Option<FaceFrame>, origin: PhotoOrigin) -> Self {
        let (width, height) = (photo.width(), photo.height());
        Self {
            mask: Mask::empty(width, height),
            placed_frame: PlacedFrame::unplaced(frame.unwrap_or_else(|| FaceFrame::centered(width, height))),
            is_frame_placed: false,
            detected_faces: None,
            photo,
            name,
            origin,
            project_path: None,
            project_hash: None,
            fills: Vec::new(),
            shown_fill: None,
            undo_steps: Vec::new(),
            redo_steps: Vec::new(),
            max_undo_bytes: MAX_UNDO_BYTES,
            cached_overlap: RefCell::new(None),
            face_split: None,
            active_stroke: None,
            frame_at_drag_start: None,
            revision: 0,
            saved_revision: 0,
            project_revision: 0,
        }
    }

    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    /// Whether there is a hole.
    pub fn has_hole(&self) -> bool {
        !self.mask.is_empty()
    }

    /// Whether anything is painted: a hole or ignored pixels.
    pub fn has_paint(&self) -> bool {
        !self.mask.is_blank()
    }

    /// Applies an action. `is_frame_locked`: a running search uses the frame, so it must stay.
    pub fn update(&mut self, action: DocumentAction, is_frame_locked: bool) {
        let frame_undo = if is_frame_locked { FrameUndo::Keep } else { FrameUndo::Restore };
        match action {
            DocumentAction::BeginStroke(stroke) => self.begin_stroke(stroke),
            DocumentAction::ExtendStroke(point) => self.extend_stroke(point),
            DocumentAction::EndStroke => self.end_stroke(),
            DocumentAction::CancelDrag => self.cancel_drag(),
            DocumentAction::EditMask(edit) => self.edit_mask(&edit),
            DocumentAction::PickFace(_)
            | DocumentAction::PickNextFace
            | DocumentAction::ShowFill(_)
            | DocumentAction::SetFrame(_)
                if is_frame_locked => {}
            DocumentAction::PickFace(index) => self.select_face(index),
            DocumentAction::PickNextFace => self.select_next_face(),
            DocumentAction::ShowFill(index) => self.show_fill(index),
            DocumentAction::SetFrame(frame) => self.drag_frame_to(frame),
            DocumentAction::FrameChanged { before } => self.end_frame_drag(before),
            DocumentAction::Undo => self.undo(frame_undo),
            DocumentAction::Redo => self.redo(frame_undo),
        }
    }

    /// Starts a stroke; the whole stroke is one undo step.
    fn begin_stroke(&mut self, stroke: Stroke) {
        let Stroke { kind, radius_px, ref points_in_photo } = stroke;
        let end_in_photo = points_in_photo.iter().rev().copied().find(|point| is_finite(*point));
        self.edit_mask(&MaskEdit::Stroke(stroke));
        self.active_stroke = Some(ActiveStroke { kind, radius_px, end_in_photo });
    }

    /// Continues the stroke in progress, if any.
    fn extend_stroke(&mut self, point_in_photo: Point) {
        if let Some(stroke) = self.active_stroke.as_mut().filter(|_| is_finite(point_in_photo)) {
            let from = stroke.end_in_photo.replace(point_in_photo).unwrap_or(point_in_photo);
            self.revision += 1;
            self.mask.draw_segment(from, point_in_photo, stroke.radius_px, stroke.kind);
        }
    }

    fn end_stroke(&mut self) {
        self.active_stroke = None;
    }

    pub fn has_active_stroke(&self) -> bool {
        self.active_stroke.is_some()
    }

    /// Whether a stroke in progress takes pixels out of the hole.
    pub fn is_uncovering(&self) -> bool {
        self.active_stroke.as_ref().is_some_and(|stroke| stroke.kind != StrokeKind::Paint)
    }

    /// Whether a stroke or a drag of the frame is in progress.
    pub fn has_active_drag(&self) -> bool {
        self.active_stroke.is_some() || self.frame_at_drag_start.is_some()
    }

    /// Edits the mask, as an undo step.
    pub fn edit_mask(&mut self, edit: &MaskEdit) {
        self.active_stroke = None;
        self.push_step(UndoStep::Painting { mask: self.mask.clone(), frame: self.placed_frame, bytes: 0 });
        self.placed_frame = self.placed_frame.after_edit(edit);
        self.mask.apply(edit);
    }

    /// Counts the changes that are worth saving.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Records that the document was exported as of `revision`.
    pub fn mark_saved(&mut self, revision: u64) {
        self.saved_revision = revision;
    }

    /// Whether closing would lose strokes or a fill.
    pub fn has_unsaved_work(&self) -> bool {
        self.has_work() && self.revision != self.saved_revision
    }

    fn has_work(&self) -> bool {
        self.has_paint() || self.shown_fill.is_some()
    }

    /// The shown fill and the photo, for a background task.
    pub fn export_source(&self) -> Option<ExportSource> {
        let shown = self.shown_fill()?;
        let composed = shown.composed().and_then(<[_]>::first).cloned();
        let fill = shown.photo_fill();
        Some(ExportSource { photo: Arc::clone(&self.photo), fill, composed })
    }

    /// The suggested path for an export: `NAME-filled` in the photo's folder, with the extension of this format.
    pub fn suggested_export_path(&self, format: PictureFormat) -> PathBuf {
        let extension = format.extensions().first().unwrap_or(&"png");
        self.path_beside_photo(&format!("{}-filled.{extension}", self.name))
    }

    /// The suggested path for exporting the fill as a layer.
    pub fn suggested_layer_path(&self) -> PathBuf {
        self.path_beside_photo(&format!("{}-layer.png", self.name))
    }

    /// The suggested path for exporting how the search went.
    pub fn suggested_search_path(&self) -> PathBuf {
        self.path_beside_photo(&format!("{}-search.gif", self.name))
    }

    /// The suggested path for saving the mask.
    pub fn suggested_mask_path(&self) -> PathBuf {
        self.path_beside_photo(&format!("{}-mask.png", self.name))
    }

    fn path_beside_photo(&self, file_name: &str) -> PathBuf {
        let folder = self.photo.source.as_deref().and_then(std::path::Path::parent);
        folder.map_or_else(|| PathBuf::from(file_name), |folder| folder.join(file_name))
    }
}
