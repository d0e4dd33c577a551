//! One photo and the work on it: hole, face frame, fills, and an undo history of all three.
//!
//! Each state of the mask has an id ([`MaskId`]), which undo restores. So a fill can be matched to its hole without
//! comparing pixels.
//!
//! | file | purpose |
//! | --- | --- |
//! | `mod` | the photo, its hole, and whether there are unsaved changes |
//! | `frame` | the face frame and the detected faces |
//! | `reach` | whether the hole lies in the frame |
//! | `fill` | finished fills, and which one is shown |
//! | `undo` | undo and redo |
//! | `project` | conversion to and from a project |

mod fill;
mod frame;
mod project;
mod reach;
mod undo;

pub use fill::{Fill, Look};
pub use reach::HoleReach;
pub use undo::Change;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;

use undo::Step;

use crate::face::FaceFrame;
use crate::mask::{Edit, History, Mask, Stroke, StrokeKind};
use crate::photo::{Photo, Point, RectPx};
use crate::project::PhotoOrigin;

/// Identifies a state of the mask. 0 is the empty mask.
pub type MaskId = u64;

/// A photo and the user's work on it.
pub struct Document {
    pub photo: Arc<Photo>,
    /// The name for titles and suggested file names, without extension.
    pub name: String,
    origin: PhotoOrigin,
    /// The project file; `None` until the project is saved.
    project_path: Option<PathBuf>,
    history: History,
    frame: FaceFrame,
    /// Whether the user or a detected face has placed the frame.
    frame_is_placed: bool,
    /// The frames of the detected faces, largest first; `None` during detection.
    faces: Option<Vec<FaceFrame>>,
    fills: Vec<Fill>,
    current_fill: Option<usize>,
    undo: Vec<Step>,
    redo: Vec<Step>,
    mask_id: MaskId,
    next_mask_id: MaskId,
    /// The shared copy of a mask state, made on demand.
    snapshot: Option<(MaskId, Arc<Mask>)>,
    has_hole: bool,
    reach: Cell<Option<reach::Known>>,
    /// The kind of the stroke in progress.
    open_stroke: Option<StrokeKind>,
    /// The frame at the start of the drag in progress.
    frame_before_drag: Option<FaceFrame>,
    revision: u64,
    /// The revision of the last export or save.
    saved_revision: u64,
    /// The revision of the last save as a project.
    project_revision: u64,
}

impl Document {
    /// A document with an empty mask. Without a `frame`, the face frame is centred.
    pub fn new(photo: Arc<Photo>, name: String, frame: Option<FaceFrame>, origin: PhotoOrigin) -> Self {
        let (width, height) = (photo.width(), photo.height());
        Self {
            history: History::new(width, height),
            frame: frame.unwrap_or_else(|| FaceFrame::centered(width, height)),
            frame_is_placed: false,
            faces: None,
            photo,
            name,
            origin,
            project_path: None,
            fills: Vec::new(),
            current_fill: None,
            undo: Vec::new(),
            redo: Vec::new(),
            mask_id: 0,
            next_mask_id: 1,
            snapshot: None,
            has_hole: false,
            reach: Cell::new(None),
            open_stroke: None,
            frame_before_drag: None,
            revision: 0,
            saved_revision: 0,
            project_revision: 0,
        }
    }

    pub fn mask(&self) -> &Mask {
        self.history.mask()
    }

    pub fn mask_id(&self) -> MaskId {
        self.mask_id
    }

    /// A shared copy of the mask, made at most once per mask state.
    pub fn shared_mask(&mut self) -> Arc<Mask> {
        match &self.snapshot {
            Some((id, mask)) if *id == self.mask_id => Arc::clone(mask),
            _ => {
                let mask = Arc::new(self.history.mask().clone());
                self.snapshot = Some((self.mask_id, Arc::clone(&mask)));
                mask
            }
        }
    }

    /// Whether anything is painted. During a stroke this is the answer as of its first point.
    pub fn has_hole(&self) -> bool {
        self.has_hole
    }

    /// Starts a stroke, which is one undo step as a whole. Returns the changed part of the mask.
    pub fn begin_stroke(&mut self, stroke: Stroke) -> RectPx {
        let kind = stroke.kind;
        let changed = self.edit(Edit::Stroke(stroke));
        self.open_stroke = Some(kind);
        changed
    }

    /// Continues the stroke in progress, if any. Returns the changed part of the mask.
    pub fn extend_stroke(&mut self, point_in_photo: Point) -> RectPx {
        if self.open_stroke.is_none() {
            return RectPx::default();
        }
        self.snapshot = None;
        self.revision += 1;
        self.history.extend_stroke(point_in_photo)
    }

    pub fn end_stroke(&mut self) {
        self.open_stroke = None;
        self.has_hole = self.look_for_hole();
        self.reach.set(None);
    }

    pub fn is_stroke_open(&self) -> bool {
        self.open_stroke.is_some()
    }

    /// Whether an erasing stroke is in progress.
    pub fn is_erasing(&self) -> bool {
        self.open_stroke == Some(StrokeKind::Erase)
    }

    /// Whether a stroke or a drag of the frame is in progress.
    pub fn is_drag_open(&self) -> bool {
        self.open_stroke.is_some() || self.frame_before_drag.is_some()
    }

    /// Edits the mask, as an undo step. Returns the changed part.
    pub fn edit(&mut self, edit: Edit) -> RectPx {
        self.open_stroke = None;
        let changed = self.history.push(edit);
        let step = Step::Mask { before: self.mask_id, after: self.next_mask_id };
        self.mask_id = self.next_mask_id;
        self.next_mask_id += 1;
        self.push(step);
        self.has_hole = self.look_for_hole();
        changed
    }

    /// The number of changes that are worth saving.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Records that the document was exported as of `revision`.
    pub fn mark_saved(&mut self, revision: u64) {
        self.saved_revision = revision;
    }

    /// Whether closing would lose strokes or a fill.
    pub fn is_unsaved(&self) -> bool {
        self.has_work() && self.revision != self.saved_revision
    }

    fn has_work(&self) -> bool {
        self.mask_id != 0 || self.current_fill.is_some()
    }

    /// The suggested path for an export: `NAME-filled.png` in the photo's folder.
    pub fn suggested_export(&self) -> PathBuf {
        self.beside(&format!("{}-filled.png", self.name))
    }

    /// The suggested path for exporting the fill as a layer.
    pub fn suggested_layer(&self) -> PathBuf {
        self.beside(&format!("{}-layer.png", self.name))
    }

    /// The suggested path for saving the mask.
    pub fn suggested_mask(&self) -> PathBuf {
        self.beside(&format!("{}-mask.png", self.name))
    }

    fn beside(&self, file_name: &str) -> PathBuf {
        let folder = self.photo.source.as_deref().and_then(std::path::Path::parent);
        folder.map_or_else(|| PathBuf::from(file_name), |folder| folder.join(file_name))
    }

    fn look_for_hole(&self) -> bool {
        self.history.mask().pixels().contains(&Mask::HOLE)
    }
}
